/* A process that reads parts of tables, in the snapshot of the backup's own session. */
#include "backup_sql.h"
#include "streams.h"

#define LOCKS_KEPT 64 /* parts that a reader reads in one transaction, which keeps their locks */
#define LOCK_NOT_AVAILABLE "55P03"

static bool next_room(void *context, char **ret_room, struct error *err)
{
    struct streams *streams = context;
    return spool_room(&streams->spool, streams->stream, ret_room, err);
}

static bool send_room(void *context, size_t size, struct error *err)
{
    struct streams *streams = context;
    const struct piece piece = {.part = streams->at, .size = size, .text = streams->chunks.text};
    (void)err;
    streams->has_sent = true;
    streams->chunks.text = 0;
    spool_put(&streams->spool, streams->stream, &piece);
    return true;
}

bool stream_speak_as_pg_dump(struct db *db, const char *encoding, struct error *err)
{
    msec deadline = deadline_in(LOOK_PATIENCE);
    return db_execute(db, &SQL_BACKUP_MANNER, DB_PARAMS(encoding, ""), deadline, err) &&
           db_execute(db, &SQL_BACKUP_READER, DB_NO_PARAMS, deadline, err);
}

static bool open_session(struct streams *streams, struct error *err)
{
    const struct streaming *streaming = streams->streaming;
    const struct db_options options = {.purpose = "backup", .read_only = true};
    return db_open(streaming->conninfo, &options, deadline_in(CONNECT_PATIENCE), &streams->db,
                   err) &&
           stream_speak_as_pg_dump(streams->db, streaming->held->encoding, err);
}

bool stream_prepare(void *context, struct error *err)
{
    struct streams *streams = context;
    streams->stream = atomic_fetch_add(streams->n_begun, 1);
    streams->chunks = (struct chunks){
        .next = next_room, .full = send_room, .context = streams, .hasher = row_hasher_new()};
    return open_session(streams, err);
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
bool stream_copy_part(struct db *db, const struct held *held, const struct part *part,
                      size_t longest, struct chunks *chunks, struct row_digest *ret_digest,
                      struct error *err)
{
    const struct db_copy_rows all = {.take = chunks_add, .context = chunks, .longest = longest};
    CLEANUP(mem_freep) char *statement = part_statement(held, part);
    const struct dump_entry *entry = held->tables[part->table].entry;
    int64_t rows = 0;
    if (!db_copy_out_counted(db, statement, &all, DEADLINE_NONE, &rows, err)) {
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
    last.text = streams->chunks.text;
    streams->chunks.text = 0;
    spool_put(&streams->spool, streams->stream, &last);
    return true;
}

/* Nothing of what has come of it since the last piece is sent. */
static void forget(struct streams *streams)
{
    struct row_digest ignored;
    row_hasher_take(streams->chunks.hasher, &ignored);
    streams->chunks.filled = 0;
    streams->chunks.open = 0;
    streams->chunks.text = 0;
}

/* Of a table that somebody waits for nothing has come; of one with a long row what has come is the
 * beginning of it. */
static bool may_leave(struct streams *streams, struct error *err, enum left *ret_left)
{
    bool is_locked = text_equal(err->sqlstate, LOCK_NOT_AVAILABLE) && !streams->has_sent;
    bool is_too_long = text_equal(err->sqlstate, DB_ROW_TOO_LONG) && !db_is_alive(streams->db);
    if (!is_locked && !is_too_long) {
        return false;
    }
    *ret_left = is_locked ? LEFT_LOCKED : LEFT_TOO_LONG;
    error_clear(err);
    forget(streams);
    if (is_locked) {
        db_rollback(streams->db);
        return true;
    }
    db_closep(&streams->db);
    return open_session(streams, err);
}

bool stream_work(void *context, size_t item, struct error *err)
{
    struct streams *streams = context;
    const struct held *held = streams->streaming->held;
    struct part part = held_part(held, item);
    struct piece last = {.part = item, .is_last = true};
    streams->at = item;
    streams->has_sent = false;
    last.left = (enum left)atomic_load(&streams->left[part.table]);
    if (last.left == LEFT_NOTHING &&
        (!join_snapshot(streams, err) || !stream_copy_part(streams->db, held, &part, ROW_LONGEST,
                                                           &streams->chunks, &last.digest, err))) {
        if (!may_leave(streams, err, &last.left)) {
            return false;
        }
        atomic_store(&streams->left[part.table], (int)last.left);
    }
    return end_part(streams, &last, err);
}
