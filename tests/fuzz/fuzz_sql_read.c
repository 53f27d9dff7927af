/* Any bytes as a text of SQL: the statements lie in it, one behind the other, and what stands
 * between them is blank, comment, or a semicolon as far as one can see without reading it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "headgate/mem.h"
#include "headgate/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_name(const struct sql_name *name)
{
    assert(name->name != NULL || name->schema == NULL);
    assert(name->name == NULL || name->name[0] != '\0');
}

static void look_at(const struct sql_statement *statement)
{
    assert(statement->size > 0 && statement->verb != NULL && statement->verb[0] != '\0');
    assert(statement->kind < SQL_KIND_MAX);
    look_at_name(&statement->name);
    look_at_name(&statement->table);
    for (size_t i = 0; i < statement->n_locks; i++) {
        look_at_name(&statement->locks[i]);
        CLEANUP(mem_freep) char *quoted = sql_name_quoted(&statement->locks[i]);
        assert(strlen(quoted) > 2);
    }
}

/* A statement, read alone, is one statement of the same kind. (Not so where a backslash now
 * begins a line, or a BOM the text.) */
static void read_again(const char *text, const struct sql_statement *statement)
{
    if (text[0] == '\\' || text[0] == '\xEF') {
        return;
    }
    CLEANUP(sql_script_clear) struct sql_script script;
    sql_read(text, statement->size, &script);
    assert(script.n == 1);
    assert(script.statements[0].size == statement->size);
    assert(script.statements[0].kind == statement->kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t behind = 0;
    CLEANUP(sql_script_clear) struct sql_script script;
    sql_read(text, size, &script);
    for (size_t i = 0; i < script.n; i++) {
        const struct sql_statement *statement = &script.statements[i];
        assert(statement->offset >= behind && statement->offset <= size);
        assert(statement->size <= size - statement->offset);
        behind = statement->offset + statement->size;
        look_at(statement);
        if (i < 8) {
            read_again(text + statement->offset, statement);
        }
    }
    return 0;
}
