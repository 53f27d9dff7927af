/*
 * Rows of all tables, in by COPY or out to be digested, from several processes. Large tables come
 * first, one by one; small ones that lie in the same member of the archive go together, so that no
 * member is unpacked for each of them.
 */
#include <stdatomic.h>

#include "backup_sql.h"
#include "private.h"

#define TOGETHER 32 /* small tables at most */

struct heap { /* of tables: from, n in `order` */
    size_t from, n;
    uint64_t size;
};

struct moving {
    const struct load_request *request;
    struct contents *contents;
    size_t *order; /* indexes of the manifest's tables */
    struct heap *heaps;
    size_t n_heaps;
    struct shared {
        atomic_ulong done; /* bytes */
        atomic_size_t at;  /* the table that was begun last, from 1; 0: none */
    } * shared;
    struct row_digest *digests; /* shared; NULL: rows go in */
    struct stage stage;
    /* in a process of the crew */
    struct db *db;
    struct row_hasher *hasher;
};

static const struct manifest_table *table_of(const struct moving *moving, size_t i)
{
    return &moving->contents->archive->manifest->tables[moving->order[i]];
}

/* --- what belongs together --- */

static int larger_first(const void *a, const void *b)
{
    const struct heap *one = a, *other = b;
    if (one->size != other->size) {
        return one->size < other->size ? 1 : -1;
    }
    return one->from < other->from ? -1 : 1;
}

static bool goes_with(const struct heap *heap, const struct manifest_table *table)
{
    return heap->n > 0 && heap->n < TOGETHER && heap->size + table->size <= PACK_ROOM;
}

static void sort_out(struct moving *moving)
{
    const struct manifest *manifest = moving->contents->archive->manifest;
    size_t n = 0;
    moving->order = mem_new(manifest->n_tables + 1, sizeof *moving->order);
    moving->heaps = mem_new(manifest->n_tables + 1, sizeof *moving->heaps);
    for (size_t i = 0; i < manifest->n_tables; i++) { /* they are in the order of the stream */
        const struct manifest_table *table = &manifest->tables[i];
        struct heap *last = moving->n_heaps > 0 ? &moving->heaps[moving->n_heaps - 1] : NULL;
        if (!load_wants(moving->request, table->schema, table->name)) {
            continue;
        }
        if (last == NULL || !goes_with(last, table)) {
            last = &moving->heaps[moving->n_heaps++];
            *last = (struct heap){.from = n};
        }
        moving->order[n++] = i;
        last->n++;
        last->size += table->size;
    }
    if (moving->n_heaps > 0) {
        qsort(moving->heaps, moving->n_heaps, sizeof *moving->heaps, larger_first);
    }
}

static void moving_clear(struct moving *moving)
{
    mem_free(moving->order);
    mem_free(moving->heaps);
    shared_free(moving->shared, sizeof *moving->shared);
}

/* --- in --- */

static bool put_rows(void *context, const struct dump_block *block, const char *bytes, size_t n,
                     struct error *err)
{
    struct moving *moving = context;
    (void)block;
    atomic_fetch_add(&moving->shared->done, n);
    return db_copy_in_put(moving->db, bytes, n, DEADLINE_NONE, err);
}

static bool feed(void *context, const char *bytes, size_t n, struct error *err)
{
    return dump_reader_feed(context, bytes, n, err);
}

/* A table of an extension was there before, with rows of its own. */
static bool is_made_by_us(const struct moving *moving, const struct dump_entry *data)
{
    return dump_toc_find(moving->contents->toc, "TABLE", data->schema, data->tag) != NULL;
}

static bool copy_in(struct moving *moving, const struct manifest_table *table,
                    const struct copy *to, bool frozen, struct error *err)
{
    CLEANUP(mem_freep)
    char *copy = copy_statement(to, to->schema, to->name,
                                frozen ? "FROM stdin WITH (FREEZE)" : "FROM stdin");
    const struct dump_handler handler = {
        .rows = put_rows, .context = moving, .without_digests = true};
    CLEANUP(dump_reader_freep)
    struct dump_reader *reader = dump_reader_at_block(moving->contents->toc, &handler);
    int64_t rows = 0;
    if (!db_copy_in_begin(moving->db, copy, DEADLINE_NONE, err) ||
        !contents_read(moving->contents, table->at, table->size, feed, reader, err) ||
        !dump_reader_finish(reader, err) ||
        !db_copy_in_end(moving->db, DEADLINE_NONE, &rows, err)) {
        return false;
    }
    return (uint64_t)rows == table->digest.rows ||
           error_set(err, ERROR_BACKUP, "%lu rows were to be restored, %ld were",
                     (unsigned long)table->digest.rows, (long)rows);
}

/* Names are taken from the dump: a manifest is UTF-8, and the database may be in another encoding,
 * or in none. */
static bool find_copy(const struct moving *moving, const struct manifest_table *table,
                      const struct dump_entry **ret_data, struct copy *ret_copy, struct error *err)
{
    *ret_data = contents_entry(moving->contents, table->dump_id);
    return (*ret_data != NULL && copy_read((*ret_data)->copy, ret_copy)) ||
           error_set(err, ERROR_BACKUP, "it is not in the dump's table of contents");
}

/* Emptied in the same transaction, where nobody else's rows can be in it: then they are frozen. */
static bool load_table(struct moving *moving, const struct manifest_table *table, struct error *err)
{
    CLEANUP(copy_clear) struct copy to = {0};
    const struct dump_entry *data = NULL;
    if (!find_copy(moving, table, &data, &to, err)) {
        return false;
    }
    bool alone = text_equal(to.schema, data->schema) && text_equal(to.name, data->tag) &&
                 is_made_by_us(moving, data);
    if (!db_begin(moving->db, DEADLINE_NONE, err) ||
        (alone && !db_run_named(moving->db, &SQL_BACKUP_TRUNCATE,
                                DB_PARAMS(data->schema, data->tag), DEADLINE_NONE, err)) ||
        !copy_in(moving, table, &to, alone, err)) {
        return false;
    }
    return db_commit(moving->db, DEADLINE_NONE, err);
}

/* --- out --- */

static bool hash_rows(void *context, const char *bytes, size_t n, struct error *err)
{
    struct moving *moving = context;
    (void)err;
    atomic_fetch_add(&moving->shared->done, n);
    row_hasher_add(moving->hasher, bytes, n);
    return true;
}

/* Of a table that an extension has made, pg_dump took the rows that the extension calls the user's.
 */
static bool rows_statement(const struct moving *moving, const struct dump_entry *data,
                           const struct copy *columns, char **ret_copy, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!is_made_by_us(moving, data) &&
        !db_query(moving->db, &SQL_BACKUP_CONDITION, DB_PARAMS(data->schema, data->tag),
                  deadline_in(LOOK_PATIENCE), &rows, err)) {
        return false;
    }
    const char *condition = rows != NULL && db_rows_count(rows) > 0 ? db_text(rows, 0, 0) : NULL;
    *ret_copy = condition == NULL || condition[0] == '\0'
                    ? copy_statement(columns, data->schema, data->tag, "TO stdout")
                    : copy_some_statement(columns, data->schema, data->tag, condition);
    return true;
}

/* Its rows are read from the first on, and not by us. */
static bool digest_long_rows(struct moving *moving, const struct dump_entry *entry,
                             struct error *err)
{
    struct row_digest ignored;
    const struct tool_place place = {.folder = moving->request->programs,
                                     .conninfo = moving->request->conninfo};
    if (!text_equal(err->sqlstate, DB_ROW_TOO_LONG) || db_is_alive(moving->db)) {
        return false;
    }
    error_clear(err);
    db_closep(&moving->db);
    row_hasher_take(moving->hasher, &ignored);
    return session_open(moving->request, true, &moving->db, err) &&
           ask_rows(&place, NULL, entry, hash_rows, moving, err);
}

static bool digest_table(struct moving *moving, const struct manifest_table *table, size_t index,
                         struct error *err)
{
    CLEANUP(copy_clear) struct copy columns = {0};
    const struct dump_entry *data = NULL;
    CLEANUP(mem_freep) char *copy = NULL;
    if (!find_copy(moving, table, &data, &columns, err) ||
        !rows_statement(moving, data, &columns, &copy, err)) {
        return false;
    }
    const struct db_copy_rows rows = {.take = hash_rows, .context = moving, .longest = ROW_LONGEST};
    int64_t n = 0;
    bool done = db_copy_out_counted(moving->db, copy, &rows, DEADLINE_NONE, &n, err) ||
                digest_long_rows(moving, data, err);
    row_hasher_take(moving->hasher, &moving->digests[index]);
    return done;
}

/* --- each process --- */

static bool prepare(void *context, struct error *err)
{
    struct moving *moving = context;
    moving->hasher = row_hasher_new();
    return session_open(moving->request, moving->digests != NULL, &moving->db, err);
}

static bool work(void *context, size_t item, struct error *err)
{
    struct moving *moving = context;
    const struct heap *heap = &moving->heaps[item];
    for (size_t i = heap->from; i < heap->from + heap->n; i++) {
        const struct manifest_table *table = table_of(moving, i);
        atomic_store(&moving->shared->at, moving->order[i] + 1);
        bool done = moving->digests != NULL ? digest_table(moving, table, moving->order[i], err)
                                            : load_table(moving, table, err);
        if (!done) {
            return error_prefix(err, "table %s.%s", table->schema, table->name);
        }
    }
    return true;
}

static void tick(void *context)
{
    struct moving *moving = context;
    size_t at = atomic_load(&moving->shared->at);
    const struct manifest *manifest = moving->contents->archive->manifest;
    stage_tell(&moving->stage, atomic_load(&moving->shared->done),
               at > 0 ? manifest->tables[at - 1].name : NULL);
}

static bool move_rows(struct moving *moving, const char *stage, struct error *err)
{
    void *memory = NULL;
    uint64_t total = 0;
    if (!shared_new(sizeof *moving->shared, &memory, err)) {
        return false;
    }
    moving->shared = memory;
    sort_out(moving);
    for (size_t i = 0; i < moving->n_heaps; i++) {
        total += moving->heaps[i].size;
    }
    moving->stage = stage_begin(&moving->request->observer, stage, total);
    const struct crew crew = {.n_items = moving->n_heaps,
                              .jobs = moving->request->jobs,
                              .prepare = prepare,
                              .work = work,
                              .tick = tick,
                              .context = moving};
    if (!crew_run(&crew, err)) {
        return false;
    }
    stage_end(&moving->stage, atomic_load(&moving->shared->done));
    return true;
}

bool load_rows(const struct load_request *request, struct contents *contents, struct error *err)
{
    CLEANUP(moving_clear) struct moving moving = {.request = request, .contents = contents};
    return move_rows(&moving, "restore: rows", err);
}

bool digest_rows(const struct load_request *request, struct contents *contents,
                 struct row_digest *ret_digests, struct error *err)
{
    size_t n = request->archive->manifest->n_tables;
    size_t size = (n + 1) * sizeof *ret_digests;
    CLEANUP(moving_clear) struct moving moving = {.request = request, .contents = contents};
    void *memory = NULL;
    if (!shared_new(size, &memory, err)) {
        return false;
    }
    moving.digests = memory;
    bool done = move_rows(&moving, "compare: rows", err);
    if (done && n > 0) {
        memcpy(ret_digests, moving.digests, n * sizeof *ret_digests);
    }
    shared_free(memory, size);
    return done;
}
