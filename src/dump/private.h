/* What the files of this module share. */
#pragma once

#include <limits.h>

#include "headgate/arena.h"
#include "headgate/dump.h"
#include "headgate/strbuf.h"

/* What is left of the piece that was fed, and where that stands in the stream. */
struct cursor {
    const char *bytes;
    size_t n;
    uint64_t at;
};
void cursor_skip(struct cursor *cursor, size_t n);

/* An integer as pg_dump writes it: a byte for the sign, four of magnitude, lowest first. */
#define NUMBER_SIZE 5
#define NUMBER_BAD INT64_MIN /* its sign is none, or it is too large for an int */
struct number {
    unsigned char bytes[NUMBER_SIZE];
    size_t n; /* so many of them came with earlier pieces */
};
/* False where the piece ends before it is complete. */
bool number_take(struct number *number, struct cursor *cursor, int64_t *ret_value);

enum { BLOCK_ROWS = 1, BLOCK_OBJECTS = 3 }; /* the kinds of a block, as they stand in the stream */

/* ERROR_BACKUP: "the dump is damaged at byte 12: ...". */
bool dump_damaged(struct error *err, uint64_t at, const char *format, ...) PRINTF_LIKE(3, 4);

/* --- the table of contents, as it comes --- */

struct toc_reader {
    struct dump_toc toc;
    int step;
    int times;        /* parts of the date that have been read */
    int64_t expected; /* entries, as the header says */
    size_t room;      /* of toc.entries */
    struct number number;
    struct strbuf text; /* grows with what comes in, not with what a length promises */
    int64_t left;       /* of the text */
    bool in_text;
    size_t offset_size;
};
void toc_reader_init(struct toc_reader *reader);
void toc_reader_clear(struct toc_reader *reader);
bool toc_reader_feed(struct toc_reader *reader, struct cursor *cursor, bool *ret_done,
                     struct error *err);

/* --- rows --- */

/* The first bytes of a row are held back as long as they may become "\.\n". *ret_released of them
 * turned out to be text; the result is how many of these bytes are text behind them. */
size_t row_hasher_scan(struct row_hasher *hasher, const char *bytes, size_t n,
                       size_t *ret_released);
extern const char row_end_mark[];
/* There is no more. The result is how many of the bytes held back are text. */
size_t row_hasher_end(struct row_hasher *hasher);
/* Was there a "\."? */
bool row_hasher_has_ended(const struct row_hasher *hasher);
/* Rows are counted, not digested. */
void row_hasher_only_count(struct row_hasher *hasher);
/* A large object is one row. */
void row_hasher_begin_object(struct row_hasher *hasher, uint32_t oid);
void row_hasher_add_object(struct row_hasher *hasher, const char *bytes, size_t n);
void row_hasher_end_object(struct row_hasher *hasher);

/* --- comparing --- */

/* The names between the parentheses of a COPY statement, in the order of their bytes: "a, b". */
char *copy_columns(const char *copy);
/* What is different between two entries of one name, as a sentence. */
void say_difference(const struct dump_entry *expected, const struct dump_entry *found,
                    struct strlist *sentences);
