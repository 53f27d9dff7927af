/* Arrays as parameters. */
#include "headgate/db.h"
#include "headgate/strbuf.h"

static void add_item(struct strbuf *array, const char *text)
{
    strbuf_add_char(array, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            strbuf_add_char(array, '\\');
        }
        strbuf_add_char(array, *text);
    }
    strbuf_add_char(array, '"');
}

char *db_array(const struct strlist *list)
{
    struct strbuf array = STRBUF_INIT;
    if (list == NULL) {
        return NULL;
    }
    strbuf_add_char(&array, '{');
    for (size_t i = 0; i < list->n; i++) {
        strbuf_add(&array, i > 0 ? "," : "");
        add_item(&array, list->items[i]);
    }
    strbuf_add_char(&array, '}');
    return strbuf_take(&array);
}
