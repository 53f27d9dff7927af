/*
 * Rows of all tables by several sessions at once, in the snapshot of one. Each process reads parts
 * of tables, in the order of the stream; ours puts them behind one another, so that each table is
 * one block.
 *
 * A table that somebody is waiting to have for himself is not to be had by another session: he
 * stands before it in the queue, and waits for the session that holds the snapshot. So that session
 * reads it: it has its lock.
 */
#include <stdatomic.h>

#include "backup_sql.h"
#include "private.h"

#define LOCKS_KEPT 64 /* parts that a reader reads in one transaction, which keeps their locks */
#define LOCK_NOT_AVAILABLE "55P03"

struct streams {
    const struct streaming *streaming;
    struct spool spool;
    atomic_uint *n_begun; /* processes; shared */
    atomic_bool *is_left; /* each table: ours reads it; shared */
    /* in ours */
    size_t part; /* the next one */
    bool has_begun;
    char *room; /* for what ours reads */
    /* in a process of the crew */
    struct db *db;
    unsigned stream;
    struct chunks chunks;
    size_t at;     /* the part at hand */
    bool has_sent; /* a piece of it */
    unsigned n_locked;
};

/* --- in a process of the crew --- */

static bool next_room(void *context, char **ret_room, struct error *err)
{
    struct streams *streams = context;
    return spool_room(&streams->spool, streams->stream, ret_room, err);
}

static bool send_room(void *context, size_t size, struct error *err)
{
    struct streams *streams = context;
    const struct piece piece = {.part = streams->at, .size = size};
    (void)err;
    streams->has_sent = true;
    spool_put(&streams->spool, streams->stream, &piece);
    return true;
}

static bool speak_as_pg_dump(struct db *db, const char *encoding, struct error *err)
{
    msec deadline = deadline_in(LOOK_PATIENCE);
    return db_execute(db, &SQL_BACKUP_MANNER, DB_PARAMS(encoding, ""), deadline, err) &&
           db_execute(db, &SQL_BACKUP_READER, DB_NO_PARAMS, deadline, err);
}

static bool prepare(void *context, struct error *err)
{
    struct streams *streams = context;
    const struct streaming *streaming = streams->streaming;
    const struct db_options options = {.purpose = "backup", .read_only = true};
    streams->stream = atomic_fetch_add(streams->n_begun, 1);
    streams->chunks = (struct chunks){
        .next = next_room, .full = send_room, .context = streams, .hasher = row_hasher_new()};
    return db_open(streaming->conninfo, &options, deadline_in(CONNECT_PATIENCE), &streams->db,
                   err) &&
           speak_as_pg_dump(streams->db, streaming->held->encoding, err);
}

static bool join_snapshot(struct streams *streams, struct error *err)
{
    msec deadline = deadline_in(LOOK_PATIENCE);
    if (db_in_transaction(streams->db) && streams->n_locked++ < LOCKS_KEPT) {
        return true;
    }
    streams->n_locked = 1;
    return (!db_in_transaction(streams->db) || db_commit(streams->db, deadline, err)) &&
           db_execute(streams->db, &SQL_BACKUP_BEGIN, DB_NO_PARAMS, deadline, err) &&
           db_run_named(streams->db, &SQL_BACKUP_READER_SNAPSHOT,
                        DB_PARAMS(streams->streaming->snapshot), deadline, err);
}

/* The rows that the server says it has sent are those that we have seen. */
static bool copy_part(struct db *db, const struct held *held, const struct part *part,
                      struct chunks *chunks, struct row_digest *ret_digest, struct error *err)
{
    CLEANUP(mem_freep) char *statement = part_statement(held, part);
    const struct dump_entry *entry = held->tables[part->table].entry;
    int64_t rows = 0;
    if (!db_copy_out_counted(db, statement, DEADLINE_NONE, chunks_add, chunks, &rows, err)) {
        return error_prefix(err, "table %s.%s", entry->schema, entry->tag);
    }
    chunks_digest(chunks, ret_digest);
    return ret_digest->rows == (uint64_t)rows ||
           error_set(err, ERROR_BACKUP, "table %s.%s: the server sent %lld rows, %llu came",
                     entry->schema, entry->tag, (long long)rows,
                     (unsigned long long)ret_digest->rows);
}

static bool end_part(struct streams *streams, const struct piece *piece, struct error *err)
{
    if (streams->chunks.room == NULL && !next_room(streams, &streams->chunks.room, err)) {
        return false;
    }
    struct piece last = *piece;
    last.size = chunks_leave(&streams->chunks);
    spool_put(&streams->spool, streams->stream, &last);
    return true;
}

/* Somebody waits for it, and nothing of this part is on its way yet. */
static bool may_leave(struct streams *streams, const struct part *part, struct error *err)
{
    if (!text_equal(err->sqlstate, LOCK_NOT_AVAILABLE) || streams->has_sent) {
        return false;
    }
    error_clear(err);
    db_rollback(streams->db);
    atomic_store(&streams->is_left[part->table], true);
    return true;
}

static bool work(void *context, size_t item, struct error *err)
{
    struct streams *streams = context;
    const struct held *held = streams->streaming->held;
    struct part part = held_part(held, item);
    struct piece last = {.part = item, .is_last = true};
    streams->at = item;
    streams->has_sent = false;
    last.is_left = atomic_load(&streams->is_left[part.table]);
    if (!last.is_left && (!join_snapshot(streams, err) ||
                          !copy_part(streams->db, held, &part, &streams->chunks, &last.digest,
                                     err))) {
        if (!may_leave(streams, &part, err)) {
            return false;
        }
        last.is_left = true;
    }
    return end_part(streams, &last, err);
}

/* --- in ours: what is left --- */

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

static bool read_here(struct streams *streams, const struct part *part,
                      struct row_digest *ret_digest, struct error *err)
{
    const struct streaming *streaming = streams->streaming;
    CLEANUP(free_hasher)
    struct chunks chunks = {
        .next = own_room, .full = keep_room, .context = streams, .hasher = row_hasher_new()};
    if (!aside_begin(streaming->db, err) ||
        !speak_as_pg_dump(streaming->db, streaming->held->encoding, err) ||
        !copy_part(streaming->db, streaming->held, part, &chunks, ret_digest, err)) {
        return false;
    }
    aside_undo(streaming->db);
    return chunks.room == NULL || chunks_hand_over(&chunks, err);
}

/* --- in ours: blocks --- */

static bool begin_block(const struct streaming *streaming, size_t table, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf head = STRBUF_INIT;
    const struct dump_entry *entry = streaming->held->tables[table].entry;
    streaming->blocks[table] =
        (struct dump_block){.entry = entry, .at = streaming->members->taken};
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

static bool take_piece(struct streams *streams, struct piece *piece, const char *room,
                       struct error *err)
{
    const struct streaming *streaming = streams->streaming;
    struct part part = held_part(streaming->held, streams->part);
    if (part.is_first && !streams->has_begun && !begin_block(streaming, part.table, err)) {
        return false;
    }
    streams->has_begun = true;
    bool kept = piece->is_left ? read_here(streams, &part, &piece->digest, err)
                               : members_add(streaming->members, room, piece->size, err);
    if (!kept || !piece->is_last) {
        return kept;
    }
    row_digest_add(&streaming->blocks[part.table].digest, &piece->digest);
    streams->has_begun = false;
    streams->part++;
    return !part.is_last || end_block(streaming, part.table, err);
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
                              .prepare = prepare,
                              .work = work,
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
    size_t size_of_left = streaming->held->n * sizeof *streams.is_left;
    void *begun = NULL, *left = NULL;
    bool done = shared_new(sizeof *streams.n_begun, &begun, err) &&
                shared_new(size_of_left, &left, err) && spool_open(n, &streams.spool, err);
    streams.n_begun = begun;
    streams.is_left = left;
    done = done && run(&streams, n, err);
    spool_clear(&streams.spool);
    shared_free(begun, sizeof *streams.n_begun);
    shared_free(left, size_of_left);
    mem_free(streams.room);
    return done;
}
