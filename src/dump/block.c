/*
 * A block of rows, written as pg_dump writes it; only that it makes a chunk of each row, which
 * costs whoever reads it more than the row does.
 */
#include <assert.h>

#include "private.h"

/* What pg_dump sends behind the last row, as a chunk of its own. */
static const char behind_rows[] = "\\.\n\n\n";

static void write_number(char *bytes, size_t value)
{
    assert(value <= INT_MAX);
    bytes[0] = 0; /* not negative */
    for (size_t i = 1; i < NUMBER_SIZE; i++) {
        bytes[i] = (char)(value & 0xff);
        value >>= 8;
    }
}

static void add_number(size_t value, struct strbuf *out)
{
    char bytes[NUMBER_SIZE];
    write_number(bytes, value);
    strbuf_add_n(out, bytes, sizeof bytes);
}

void dump_chunk_head(char *head, size_t size)
{
    _Static_assert(DUMP_CHUNK_HEAD == NUMBER_SIZE, "a chunk begins with a number");
    write_number(head, size);
}

void dump_block_begin(int id, struct strbuf *out)
{
    assert(id > 0);
    strbuf_add_char(out, BLOCK_ROWS);
    add_number((size_t)id, out);
}

void dump_block_end(struct strbuf *out)
{
    add_number(sizeof behind_rows - 1, out);
    strbuf_add_n(out, behind_rows, sizeof behind_rows - 1);
    add_number(0, out);
}
