#include "text.h"

#include <ctype.h>
#include <strings.h>

#include "request.h"

bool text_copy(const char *text, size_t size, char **ret_text, struct error *err)
{
    if (memchr(text, '\0', size) != NULL) {
        return error_set(err, ERROR_CONFIG, "cannot send a statement that contains a zero byte");
    }
    *ret_text = mem_copy_n(text, size);
    return true;
}

bool text_may_be_sent(const struct db *db, struct error *err)
{
    if (!db->identity.pooled) {
        return true;
    }
    error_set(err, ERROR_REFUSED, "cannot run migrations on %s through a connection pooler",
              db->display);
    return error_hint(err, "Use a connection string that leads to the server itself.");
}

bool text_may_copy(const char *text, size_t size)
{
    while (size > 0 && isspace((unsigned char)*text)) {
        text++;
        size--;
    }
    return size > 0 &&
           (*text == '-' || *text == '/' || (size > 4 && strncasecmp(text, "copy", 4) == 0));
}

bool db_run_text(struct db *db, const char *text, size_t size, msec deadline, struct error *err)
{
    CLEANUP(mem_freep) char *copy = NULL;
    if (!text_may_be_sent(db, err) || !text_copy(text, size, &copy, err)) {
        return false;
    }
    struct request request = {.text = copy, .drop_rows = true, .deadline = deadline};
    return session_request(db, &request, NULL, err);
}
