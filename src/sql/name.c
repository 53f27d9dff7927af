/* Names as a text of SQL has them. */
#include "headgate/sql.h"
#include "headgate/strbuf.h"

static void add_quoted(struct strbuf *out, const char *name)
{
    strbuf_add_char(out, '"');
    for (; *name != '\0'; name++) {
        strbuf_add_repeated(out, *name, *name == '"' ? 2 : 1);
    }
    strbuf_add_char(out, '"');
}

char *sql_name_quoted(const struct sql_name *name)
{
    struct strbuf out = STRBUF_INIT;
    if (name->schema != NULL) {
        add_quoted(&out, name->schema);
        strbuf_add_char(&out, '.');
    }
    add_quoted(&out, name->name);
    return strbuf_take(&out);
}
