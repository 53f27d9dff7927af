/*
 * The stream: the table of contents, then blocks. A block is a byte for its kind, the number of its
 * entry, and chunks (a length and so many bytes) up to one without bytes; for large objects each
 * object's oid and chunks, up to an oid of 0.
 *
 * pg_dump writes each row as a chunk of its own. What the handler gets is therefore gathered: a
 * call for each row would cost more than the row.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define GATHERED ((size_t)64 << 10)

enum place { IN_TOC, AT_BLOCK, AT_BLOCK_ID, AT_CHUNK, IN_CHUNK, AT_OBJECT };

struct dump_reader {
    struct dump_handler handler;
    struct toc_reader own;
    const struct dump_toc *toc; /* NULL before it was read */
    uint64_t toc_end, at;
    bool is_part; /* blocks alone: other entries may be without one */
    bool is_enough;
    enum place place;
    struct number number;
    uint64_t left; /* of the chunk */
    struct dump_block block;
    struct row_hasher *hasher;
    char *gathered;
    size_t n_gathered;
    const struct dump_entry **by_id; /* those that have data */
    bool *seen;
    size_t n_by_id;
    struct dump_block *blocks;
    size_t n_blocks, room;
};

struct dump_reader *dump_reader_new(const struct dump_handler *handler)
{
    struct dump_reader *reader = mem_new(1, sizeof *reader);
    reader->handler = *handler;
    toc_reader_init(&reader->own);
    reader->hasher = row_hasher_new();
    if (handler->without_digests) {
        row_hasher_only_count(reader->hasher);
    }
    return reader;
}

void dump_reader_freep(struct dump_reader **reader)
{
    if (*reader != NULL) {
        toc_reader_clear(&(*reader)->own);
        row_hasher_freep(&(*reader)->hasher);
        mem_free((*reader)->gathered);
        mem_free((*reader)->by_id);
        mem_free((*reader)->seen);
        mem_free((*reader)->blocks);
        mem_free(*reader);
        *reader = NULL;
    }
}

static int by_id(const void *a, const void *b)
{
    const struct dump_entry *left = *(const struct dump_entry *const *)a;
    const struct dump_entry *right = *(const struct dump_entry *const *)b;
    return (left->id > right->id) - (left->id < right->id);
}

static void index_toc(struct dump_reader *reader, const struct dump_toc *toc)
{
    reader->toc = toc;
    reader->by_id = mem_new(toc->n + 1, sizeof *reader->by_id);
    reader->seen = mem_new(toc->n + 1, sizeof *reader->seen);
    for (size_t i = 0; i < toc->n; i++) {
        if (toc->entries[i].has_data) {
            reader->by_id[reader->n_by_id++] = &toc->entries[i];
        }
    }
    qsort(reader->by_id, reader->n_by_id, sizeof *reader->by_id, by_id);
    reader->place = AT_BLOCK;
}

struct dump_reader *dump_reader_at_block(const struct dump_toc *toc,
                                         const struct dump_handler *handler)
{
    struct dump_reader *reader = dump_reader_new(handler);
    reader->is_part = true;
    index_toc(reader, toc);
    return reader;
}

const struct dump_toc *dump_reader_toc(const struct dump_reader *reader)
{
    return reader->toc;
}

uint64_t dump_reader_toc_end(const struct dump_reader *reader)
{
    return reader->toc_end;
}

bool dump_reader_is_enough(const struct dump_reader *reader)
{
    return reader->is_enough;
}

const struct dump_block *dump_reader_blocks(const struct dump_reader *reader, size_t *ret_n)
{
    *ret_n = reader->n_blocks;
    return reader->blocks;
}

/* --- what the handler gets --- */

static bool flush(struct dump_reader *reader, struct error *err)
{
    size_t n = reader->n_gathered;
    reader->n_gathered = 0;
    return n == 0 ||
           reader->handler.rows(reader->handler.context, &reader->block, reader->gathered, n, err);
}

static bool hand_over(struct dump_reader *reader, const char *bytes, size_t n, struct error *err)
{
    if (n == 0 || reader->handler.rows == NULL) {
        return true;
    }
    if (n > GATHERED - reader->n_gathered && !flush(reader, err)) {
        return false;
    }
    if (n > GATHERED / 2 && reader->n_gathered == 0) {
        return reader->handler.rows(reader->handler.context, &reader->block, bytes, n, err);
    }
    if (reader->gathered == NULL) {
        reader->gathered = mem_new(GATHERED, 1);
    }
    memcpy(reader->gathered + reader->n_gathered, bytes, n);
    reader->n_gathered += n;
    return true;
}

static bool take_rows(struct dump_reader *reader, const char *bytes, size_t n, struct error *err)
{
    size_t released = 0;
    size_t text = row_hasher_scan(reader->hasher, bytes, n, &released);
    return hand_over(reader, row_end_mark, released, err) && hand_over(reader, bytes, text, err);
}

/* --- blocks --- */

static bool begin_block(struct dump_reader *reader, struct cursor *cursor, struct error *err)
{
    char type = cursor->bytes[0];
    if (type != BLOCK_ROWS && type != BLOCK_OBJECTS) {
        return dump_damaged(err, cursor->at, "there is no block of data of the kind %d", type);
    }
    reader->block = (struct dump_block){.at = cursor->at, .is_blobs = type == BLOCK_OBJECTS};
    cursor_skip(cursor, 1);
    reader->place = AT_BLOCK_ID;
    return true;
}

static bool take_block_id(struct dump_reader *reader, int64_t id, uint64_t at, struct error *err)
{
    struct dump_entry wanted = {.id = id > 0 ? (int)id : 0};
    const struct dump_entry *key = &wanted;
    const struct dump_entry **found =
        bsearch(&key, reader->by_id, reader->n_by_id, sizeof *reader->by_id, by_id);
    if (found == NULL) {
        return dump_damaged(err, at, "a block of data belongs to no entry");
    }
    bool *seen = &reader->seen[found - reader->by_id];
    CLEANUP(mem_freep) char *display = dump_entry_display(*found);
    if (*seen) {
        return dump_damaged(err, at, "%s has a second block of data", display);
    }
    if (reader->block.is_blobs != (strcmp((*found)->kind, "BLOBS") == 0)) {
        return dump_damaged(err, at, "%s has a block of data of another kind", display);
    }
    *seen = true;
    reader->block.entry = *found;
    reader->place = reader->block.is_blobs ? AT_OBJECT : AT_CHUNK;
    return true;
}

static void end_block(struct dump_reader *reader, uint64_t at)
{
    row_hasher_take(reader->hasher, &reader->block.digest);
    reader->block.size = at - reader->block.at;
    if (reader->n_blocks == reader->room) {
        reader->room = reader->room * 2 + 16;
        reader->blocks = mem_resize(reader->blocks, reader->room, sizeof *reader->blocks);
    }
    reader->blocks[reader->n_blocks++] = reader->block;
    if (reader->handler.block != NULL) {
        reader->handler.block(reader->handler.context, &reader->blocks[reader->n_blocks - 1]);
    }
    reader->place = AT_BLOCK;
}

static bool end_rows(struct dump_reader *reader, uint64_t at, struct error *err)
{
    size_t released = row_hasher_end(reader->hasher);
    if (reader->block.entry->copy != NULL && !row_hasher_has_ended(reader->hasher)) {
        CLEANUP(mem_freep) char *display = dump_entry_display(reader->block.entry);
        return dump_damaged(err, at, "%s ends without \"\\.\"", display);
    }
    if (!hand_over(reader, row_end_mark, released, err) || !flush(reader, err)) {
        return false;
    }
    end_block(reader, at);
    return true;
}

static bool take_length(struct dump_reader *reader, int64_t size, uint64_t at, struct error *err)
{
    if (size < 0) {
        return dump_damaged(err, at, "a piece of data has an impossible length");
    }
    if (size > 0) {
        reader->left = (uint64_t)size;
        reader->place = IN_CHUNK;
        return true;
    }
    if (!reader->block.is_blobs) {
        return end_rows(reader, at, err);
    }
    row_hasher_end_object(reader->hasher);
    reader->place = AT_OBJECT;
    return true;
}

static bool take_object(struct dump_reader *reader, int64_t oid, uint64_t at, struct error *err)
{
    if (oid == NUMBER_BAD) {
        return dump_damaged(err, at, "the oid of a large object is no number");
    }
    if (oid == 0) {
        end_block(reader, at);
        return true;
    }
    row_hasher_begin_object(reader->hasher, (uint32_t)oid); /* it was written as an int */
    reader->place = AT_CHUNK;
    return true;
}

static bool take_chunk(struct dump_reader *reader, struct cursor *cursor, struct error *err)
{
    size_t n = reader->left < cursor->n ? (size_t)reader->left : cursor->n;
    const char *bytes = cursor->bytes;
    reader->left -= n;
    cursor_skip(cursor, n);
    if (reader->left == 0) {
        reader->place = AT_CHUNK;
    }
    if (reader->block.is_blobs) {
        row_hasher_add_object(reader->hasher, bytes, n);
        return true;
    }
    return take_rows(reader, bytes, n, err);
}

static bool take_block(struct dump_reader *reader, struct cursor *cursor, struct error *err)
{
    int64_t value;
    if (reader->place == IN_CHUNK) {
        return take_chunk(reader, cursor, err);
    }
    if (reader->place == AT_BLOCK) {
        return begin_block(reader, cursor, err);
    }
    if (!number_take(&reader->number, cursor, &value)) {
        return true;
    }
    if (reader->place == AT_BLOCK_ID) {
        return take_block_id(reader, value, cursor->at, err);
    }
    return reader->place == AT_OBJECT ? take_object(reader, value, cursor->at, err)
                                      : take_length(reader, value, cursor->at, err);
}

/* --- the whole --- */

static bool have_toc(struct dump_reader *reader, uint64_t at, struct error *err)
{
    index_toc(reader, &reader->own.toc);
    reader->toc_end = at;
    for (size_t i = 1; i < reader->n_by_id; i++) {
        if (reader->by_id[i - 1]->id == reader->by_id[i]->id) {
            return dump_damaged(err, at, "two entries have the number %d", reader->by_id[i]->id);
        }
    }
    reader->is_enough =
        reader->handler.toc != NULL && !reader->handler.toc(reader->handler.context, reader->toc);
    return true;
}

static bool feed_toc(struct dump_reader *reader, struct cursor *cursor, struct error *err)
{
    bool done = false;
    return toc_reader_feed(&reader->own, cursor, &done, err) &&
           (!done || have_toc(reader, cursor->at, err));
}

bool dump_reader_feed(struct dump_reader *reader, const char *bytes, size_t n, struct error *err)
{
    struct cursor cursor = {bytes, n, reader->at};
    while (cursor.n > 0 && !reader->is_enough) {
        bool ok = reader->place == IN_TOC ? feed_toc(reader, &cursor, err)
                                          : take_block(reader, &cursor, err);
        if (!ok) {
            return false;
        }
    }
    reader->at = cursor.at;
    return true;
}

bool dump_reader_finish(struct dump_reader *reader, struct error *err)
{
    if (reader->is_enough) {
        return true;
    }
    if (reader->place != AT_BLOCK || (reader->is_part && reader->n_blocks == 0)) {
        return error_set(err, ERROR_BACKUP, "the dump is cut: it ends at byte %llu, in %s",
                         (unsigned long long)reader->at,
                         reader->place == IN_TOC ? "its table of contents" : "a block of data");
    }
    for (size_t i = 0; i < reader->n_by_id && !reader->is_part; i++) {
        if (!reader->seen[i]) {
            CLEANUP(mem_freep) char *display = dump_entry_display(reader->by_id[i]);
            return error_set(err, ERROR_BACKUP,
                             "the dump is cut: it ends at byte %llu, before the data of %s",
                             (unsigned long long)reader->at, display);
        }
    }
    return true;
}
