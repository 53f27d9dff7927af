#include "rows.h"

#include <assert.h>
#include <stdlib.h>

#include "headgate/mem.h"

struct db_rows {
    PGresult *result;
};

struct db_rows *rows_new(PGresult *result)
{
    struct db_rows *rows = mem_new(1, sizeof *rows);
    rows->result = result;
    return rows;
}

size_t db_rows_count(const struct db_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

const char *db_text(const struct db_rows *rows, size_t row, int column)
{
    assert(row < db_rows_count(rows) && column >= 0 && column < PQnfields(rows->result));
    bool is_null = PQgetisnull(rows->result, (int)row, column) == 1;
    return is_null ? NULL : PQgetvalue(rows->result, (int)row, column);
}

int64_t db_integer(const struct db_rows *rows, size_t row, int column)
{
    const char *text = db_text(rows, row, column);
    char *end = NULL;
    int64_t value = text == NULL ? 0 : strtoll(text, &end, 10);
    assert(text == NULL || (end != text && *end == '\0'));
    return value;
}

bool db_bool(const struct db_rows *rows, size_t row, int column)
{
    return text_equal(db_text(rows, row, column), "t");
}

void db_rows_free(struct db_rows *rows)
{
    if (rows != NULL) {
        PQclear(rows->result);
        mem_free(rows);
    }
}

void db_rows_freep(struct db_rows **rows)
{
    db_rows_free(*rows);
    *rows = NULL;
}
