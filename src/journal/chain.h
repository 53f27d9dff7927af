/*
 * Lines that are chained: each is a JSON object that ends in the hash of the line before it and its
 * own, which is the SHA-256 of that hash, a line break, and the bytes of the line up to its own.
 * Journals and the ledger consist of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/hash.h"
#include "headgate/json_data.h"
#include "headgate/strbuf.h"

/* What stands in the first line as the hash before it. */
extern const char chain_start[HASH_HEX_SIZE];

/* `line` holds an object whose end is still open: adds both hashes, the end and a line break. */
void chain_close(struct strbuf *line, const char *before, char ret_hash[HASH_HEX_SIZE]);

struct chain_line {
    struct json_data *json;
    const char *before, *hash; /* in it */
};
/* One line without its break. False: these are not the bytes that were written; whether it follows
 * from the line before it is another question. */
bool chain_read(const char *line, size_t size, struct chain_line *ret_line);
void chain_line_clear(struct chain_line *line);

/* Cuts a text into its lines. */
struct chain_cursor {
    const char *text;
    size_t size, at;
};
struct chain_piece {
    const char *line;
    size_t size;
    bool is_whole; /* it has its line break */
    bool is_last;
};
bool chain_next(struct chain_cursor *cursor, struct chain_piece *ret_piece);
