/* Statements about objects by name, which cannot be parameters. */
#include <assert.h>
#include <ctype.h>

#include "headgate/db_copy.h"
#include "headgate/strbuf.h"
#include "line.h"
#include "request.h"

/* libpq refuses what is not text in the session's encoding. */
static bool add_quoted(struct db *db, char kind, const char *value, struct strbuf *out,
                       struct error *err)
{
    assert(value != NULL);
    char *quoted = kind == 'I' ? PQescapeIdentifier(db->conn, value, strlen(value))
                               : PQescapeLiteral(db->conn, value, strlen(value));
    if (quoted == NULL) {
        CLEANUP(strbuf_clear) struct strbuf reason = STRBUF_INIT;
        line_add(&reason, PQerrorMessage(db->conn));
        return error_set(err, ERROR_CONFIG, "cannot quote a name or a value for %s: %s",
                         db->display, reason.text);
    }
    strbuf_add(out, quoted);
    PQfreemem(quoted);
    return true;
}

/* One of %%, %1$I and %1$L; the statements are ours, so anything else is a mistake of ours. */
static bool add_place(struct db *db, const char **place, struct db_params names, struct strbuf *out,
                      struct error *err)
{
    const char *c = *place + 1;
    size_t number = 0;
    if (*c == '%') {
        strbuf_add_char(out, '%');
        *place = c + 1;
        return true;
    }
    while (isdigit((unsigned char)*c)) {
        number = number * 10 + (size_t)(*c++ - '0');
    }
    assert(number >= 1 && number <= names.n && c[0] == '$' && (c[1] == 'I' || c[1] == 'L'));
    *place = c + 2;
    return add_quoted(db, c[1], names.values[number - 1], out, err);
}

static bool fill_in(struct db *db, const char *text, struct db_params names, struct strbuf *out,
                    struct error *err)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "%");
        strbuf_add_n(out, text, n);
        text += n;
        if (*text == '%' && !add_place(db, &text, names, out, err)) {
            return false;
        }
    }
    return true;
}

bool db_run_named(struct db *db, const struct db_statement *statement, struct db_params names,
                  msec deadline, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!db_is_alive(db)) {
        error_set(err, ERROR_UNREACHABLE, "the connection to %s is closed", db->display);
        err->retryable = true;
        return false;
    }
    if (!fill_in(db, statement->text, names, &text, err)) {
        return false;
    }
    struct request request = {.text = text.text, .drop_rows = true, .deadline = deadline};
    PGresult *result = NULL;
    bool done = session_request_reminded(db, &request, &result, err);
    PQclear(result);
    return done;
}
