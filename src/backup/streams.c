/*
 * Rows of all tables by several sessions at once, in the snapshot of one. Each process reads parts
 * of tables, in the order of the stream; ours puts them behind one another, so that each table is
 * one block.
 *
 * A table that somebody is waiting to have for himself is not to be had by another session: he
 * stands before it in the queue, and waits for the session that holds the snapshot. So that session
 * reads it: it has its lock. A row that is too long to be held whole pg_dump holds for us, which
 * then reads its table to the end.
 */
#include "streams.h"

/* --- what is left --- */

static bool own_room(void *context, char **ret_room, struct error *err)
{
    struct streams *streams = context;
    (void)err;
    if (streams->room == NULL) {
        streams->room = mem_new(CHUNKS_ROOM, 1);
    }
    *ret_room = streams->room;
    return true;
}

static bool keep_room(void *context, size_t size, struct error *err)
{
    struct streams *streams = context;
    return members_add(streams->streaming->members, streams->room, size, err);
}

static void free_hasher(struct chunks *chunks)
{
    row_hasher_freep(&chunks->hasher);
}

/* By the session that has it locked. */
static bool read_locked(struct streams *streams, const struct part *part,
                        struct row_digest *ret_digest, struct error *err)
{
    const struct streaming *streaming = streams->streaming;
    CLEANUP(free_hasher)
    struct chunks chunks = {
        .next = own_room, .full = keep_room, .context = streams, .hasher = row_hasher_new()};
    if (!aside_begin(streaming->db, err) ||
        !stream_speak_as_pg_dump(streaming->db, streaming->held->encoding, err) ||
        !stream_copy_part(streaming->db, streaming->held, part, 0, &chunks, ret_digest, err)) {
        return false;
    }
    aside_undo(streaming->db);
    return chunks.room == NULL || chunks_hand_over(&chunks, err);
}

/* The text of a table from its first row on, of which a beginning is in the archive already. */
struct rest {
    uint64_t skip;
    struct row_hasher *hasher;
    struct chunks chunks;
};

static void rest_clear(struct rest *rest)
{
    row_hasher_freep(&rest->hasher);
    row_hasher_freep(&rest->chunks.hasher);
}

static bool take_rest(void *context, const char *bytes, size_t n, struct error *err)
{
    struct rest *rest = context;
    size_t known = rest->skip < n ? (size_t)rest->skip : n;
    row_hasher_add(rest->hasher, bytes, n);
    rest->skip -= known;
    return chunks_add(&rest->chunks, bytes + known, n - known, err);
}

/* By pg_dump, to the end of the table: it reads the same rows in the same order. */
static bool read_too_long(struct streams *streams, const struct part *part, struct error *err)
{
    const struct streaming *streaming = streams->streaming;
    CLEANUP(rest_clear)
    struct rest rest = {
        .skip = streams->text,
        .hasher = row_hasher_new(),
        .chunks = {
            .next = own_room, .full = keep_room, .context = streams, .hasher = row_hasher_new()}};
    const struct dump_entry *entry = streaming->held->tables[part->table].entry;
    if (!ask_rows(streaming->pg_dump, streaming->snapshot, entry, take_rest, &rest, err) ||
        (rest.chunks.room != NULL && !chunks_hand_over(&rest.chunks, err))) {
        return error_prefix(err, "table %s.%s", entry->schema, entry->tag);
    }
    streams->is_whole = true;
    row_hasher_take(rest.hasher, &streaming->blocks[part->table].digest);
    return rest.skip == 0 ||
           error_set(err, ERROR_BACKUP, "table %s.%s: pg_dump read less of it than we did",
                     entry->schema, entry->tag);
}

/* --- blocks --- */

static bool begin_block(const struct streaming *streaming, size_t table, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf head = STRBUF_INIT;
    const struct dump_entry *entry = streaming->held->tables[table].entry;
    streaming->blocks[table] = (struct dump_block){.entry = entry, .at = streaming->members->taken};
    dump_block_begin(entry->id, &head);
    return members_add(streaming->members, head.text, head.size, err);
}

static bool end_block(const struct streaming *streaming, size_t table, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf end = STRBUF_INIT;
    struct dump_block *block = &streaming->blocks[table];
    dump_block_end(&end);
    if (!members_add(streaming->members, end.text, end.size, err)) {
        return false;
    }
    block->size = streaming->members->taken - block->at;
    return true;
}

static bool keep_piece(struct streams *streams, const struct part *part, struct piece *piece,
                       const char *room, struct error *err)
{
    streams->text += piece->text;
    if (!members_add(streams->streaming->members, room, piece->size, err)) {
        return false;
    }
    if (piece->left == LEFT_TOO_LONG) {
        return read_too_long(streams, part, err);
    }
    if (piece->left == LEFT_LOCKED) {
        if (!read_locked(streams, part, &piece->digest, err)) {
            return false;
        }
        streams->text += piece->digest.bytes;
    }
    if (piece->is_last) {
        row_digest_add(&streams->streaming->blocks[part->table].digest, &piece->digest);
    }
    return true;
}

static bool take_piece(struct streams *streams, struct piece *piece, const char *room,
                       struct error *err)
{
    const struct streaming *streaming = streams->streaming;
    struct part part = held_part(streaming->held, streams->part);
    if (!streams->has_begun) {
        streams->has_begun = true;
        streams->is_whole = false;
        streams->text = 0;
        if (!begin_block(streaming, part.table, err)) {
            return false;
        }
    }
    if (!streams->is_whole && !keep_piece(streams, &part, piece, room, err)) {
        return false;
    }
    streams->part += piece->is_last ? 1 : 0;
    if (!piece->is_last || !part.is_last) {
        return true;
    }
    streams->has_begun = false;
    return end_block(streaming, part.table, err);
}

static bool hear(void *context, struct error *err)
{
    struct streams *streams = context;
    struct piece piece;
    const char *room = NULL;
    unsigned stream = 0;
    while (streams->part < streams->streaming->held->n_parts &&
           spool_next(&streams->spool, streams->part, &stream, &piece, &room)) {
        if (!take_piece(streams, &piece, room, err)) {
            return false;
        }
        spool_drop(&streams->spool, stream);
    }
    return true;
}

static void tick(void *context)
{
    const struct streams *streams = context;
    const struct held *held = streams->streaming->held;
    const char *what = NULL;
    if (streams->part < held->n_parts) {
        what = held->tables[held_part(held, streams->part).table].entry->tag;
    }
    stage_tell(streams->streaming->stage, streams->streaming->members->taken, what);
}

/* --- all of it --- */

static unsigned streams_meant(const struct held *held)
{
    unsigned n = jobs_or_processors(0);
    n = n < STREAMS_MOST ? n : STREAMS_MOST;
    return n < held->n_parts ? n : (unsigned)held->n_parts;
}

static bool run(struct streams *streams, unsigned n, struct error *err)
{
    const struct crew crew = {.n_items = streams->streaming->held->n_parts,
                              .jobs = n,
                              .prepare = stream_prepare,
                              .work = stream_work,
                              .tick = tick,
                              .hear = hear,
                              .bell = streams->spool.bell,
                              .context = streams};
    if (!crew_run(&crew, err)) {
        return false;
    }
    return streams->part == streams->streaming->held->n_parts ||
           error_set(err, ERROR_INTERNAL, "%zu of %zu parts were read", streams->part,
                     streams->streaming->held->n_parts);
}

bool stream_rows(const struct streaming *streaming, struct error *err)
{
    struct streams streams = {.streaming = streaming, .spool = SPOOL_INIT};
    unsigned n = streams_meant(streaming->held);
    size_t size_of_left = streaming->held->n * sizeof *streams.left;
    void *begun = NULL, *left = NULL;
    bool done = shared_new(sizeof *streams.n_begun, &begun, err) &&
                shared_new(size_of_left, &left, err) && spool_open(n, &streams.spool, err);
    streams.n_begun = begun;
    streams.left = left;
    done = done && run(&streams, n, err);
    spool_clear(&streams.spool);
    shared_free(begun, sizeof *streams.n_begun);
    shared_free(left, size_of_left);
    mem_free(streams.room);
    return done;
}
