/*
 * Which tables' rows are read by sessions of our own, and holding those tables.
 *
 * One pg_dump reads with one session, and hands every row through itself. So where it pays, and
 * where it is certain that we read the same rows, pg_dump is asked for its table of contents alone,
 * and the rows are copied by several sessions that share its snapshot. Certain means: each entry
 * that has data is a plain table, named by its oid, with a COPY statement that we understand; and
 * the session that has exported the snapshot locked all of them while pg_dump still held all of
 * them. Then nobody can have emptied or changed one since the snapshot, and nobody will.
 *
 * So pg_dump need not be kept: stopped behind a full pipe for as long as a large table takes, it
 * would be one more session that some timeout may end unseen.
 *
 * Anything else goes pg_dump's way as a whole: large objects, extensions that say which of their
 * rows belong into a dump, a table that somebody waits for.
 */
#include <stdlib.h>

#include "backup_sql.h"
#include "headgate/sql.h"
#include "private.h"

#define PAYS_FROM ((uint64_t)16 * 1024 * 1024) /* a smaller one is through before we are there */
#define PART_SIZE ((uint64_t)3 * 1024 * 1024)  /* of a table, about: it fits a reader's rooms */
#define FIRST_VERSION_OF_RANGES 140000         /* before, each range would read the whole table */

void held_clear(struct held *held)
{
    mem_free(held->tables);
    mem_free(held->encoding);
    *held = (struct held){0};
}

/* --- what the table of contents says --- */

/* "SET client_encoding = 'UTF8';\n" */
static char *encoding_of(const struct dump_toc *toc)
{
    static const char before[] = "SET client_encoding = '";
    const struct dump_entry *entry = dump_toc_find(toc, "ENCODING", NULL, "ENCODING");
    const char *at = entry != NULL ? strstr(entry->definition, before) : NULL;
    if (at == NULL) {
        return NULL;
    }
    at += sizeof before - 1;
    size_t n = strcspn(at, "'");
    return n > 0 ? mem_copy_n(at, n) : NULL;
}

static bool is_understood(const struct dump_entry *entry)
{
    CLEANUP(copy_clear) struct copy copy = {0};
    return text_equal(entry->kind, "TABLE DATA") && entry->oid != 0 && entry->schema != NULL &&
           entry->copy != NULL && copy_read(entry->copy, &copy);
}

/* False where one of them is not understood, or there are none. */
static bool find_tables(const struct dump_toc *toc, struct held *held)
{
    held->tables = mem_new(toc->n + 1, sizeof *held->tables);
    for (size_t i = 0; i < toc->n; i++) {
        if (!toc->entries[i].has_data) {
            continue;
        }
        if (!is_understood(&toc->entries[i])) {
            return false;
        }
        held->tables[held->n++].entry = &toc->entries[i];
    }
    held->encoding = encoding_of(toc);
    return held->n > 0 && held->encoding != NULL;
}

static char *oids_of(const struct held *held)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < held->n; i++) {
        strbuf_printf(&text, "%c%u", i == 0 ? '{' : ',', (unsigned)held->tables[i].entry->oid);
    }
    strbuf_add_char(&text, '}');
    return strbuf_take(&text);
}

/* --- what the server says --- */

static bool lock_all(struct db *db, const char *oids, size_t n, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *names = NULL;
    if (!db_query(db, &SQL_BACKUP_SOURCE_NAMES, DB_PARAMS(oids), deadline, &names, err)) {
        return false;
    }
    for (size_t i = 0; i < n && db_rows_count(names) == n; i++) {
        if (!db_run_named(db, &SQL_BACKUP_SOURCE_LOCK,
                          DB_PARAMS(db_text(names, i, 0), db_text(names, i, 1)), deadline, err)) {
            return false;
        }
    }
    return true;
}

/* What makes a range of pages about as large as wanted; the last one has no end. */
static void divide(struct held_table *table, uint64_t pages, uint64_t bytes)
{
    if (bytes > 2 * PART_SIZE && text_ends(table->entry->copy, ") FROM stdin;\n")) {
        uint64_t each = pages * PART_SIZE / bytes;
        table->pages_each = each > 0 ? each : 1;
        table->n_parts = (size_t)((pages + table->pages_each - 1) / table->pages_each);
    }
    table->n_parts = table->n_parts > 0 ? table->n_parts : 1;
}

/* They come in our order. False where one is not what it has to be. */
static bool take_sizes(const struct db *db, const struct db_rows *rows, struct held *held)
{
    bool in_ranges = db_identity(db)->version >= FIRST_VERSION_OF_RANGES;
    if (db_rows_count(rows) != held->n) {
        return false;
    }
    for (size_t i = 0; i < held->n; i++) {
        struct held_table *table = &held->tables[i];
        divide(table, in_ranges ? (uint64_t)db_integer(rows, i, 1) : 0,
               (uint64_t)db_integer(rows, i, 2));
        table->first_part = held->n_parts;
        held->n_parts += table->n_parts;
    }
    return true;
}

static bool hold(struct db *db, const char *oids, struct held *held, bool *ret_certain,
                 struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    msec deadline = deadline_in(LOOK_PATIENCE);
    if (!lock_all(db, oids, held->n, deadline, err) ||
        !db_query(db, &SQL_BACKUP_SOURCE_HELD, DB_PARAMS(oids), deadline, &rows, err)) {
        return false;
    }
    *ret_certain = take_sizes(db, rows, held);
    return true;
}

bool held_take(struct db *db, const struct dump_toc *toc, uint64_t bytes, struct held *ret_held)
{
    CLEANUP(held_clear) struct held held = {0};
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    bool certain = false;
    if (bytes < PAYS_FROM || !find_tables(toc, &held)) {
        return false;
    }
    CLEANUP(mem_freep) char *oids = oids_of(&held);
    if (!aside_begin(db, &ignored)) {
        return false;
    }
    if (!hold(db, oids, &held, &certain, &ignored) || !certain) {
        aside_undo(db);
        return false;
    }
    if (!aside_keep(db, &ignored)) {
        return false;
    }
    *ret_held = held;
    held = (struct held){0};
    return true;
}

/* --- attempts in the backup's own transaction --- */

bool aside_begin(struct db *db, struct error *err)
{
    return db_execute(db, &SQL_BACKUP_ASIDE_BEGIN, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), err);
}

bool aside_keep(struct db *db, struct error *err)
{
    return db_execute(db, &SQL_BACKUP_ASIDE_KEEP, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), err);
}

/* Where that fails the session is lost, and whatever comes next in it says so. */
void aside_undo(struct db *db)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    (void)!db_execute(db, &SQL_BACKUP_ASIDE_UNDO, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE),
                      &ignored);
}

/* --- parts --- */

struct part held_part(const struct held *held, size_t number)
{
    size_t low = 0, high = held->n - 1;
    while (low < high) { /* the last table that does not begin behind it */
        size_t middle = (low + high + 1) / 2;
        if (held->tables[middle].first_part <= number) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    const struct held_table *table = &held->tables[low];
    size_t within = number - table->first_part;
    struct part part = {.table = low,
                        .is_first = within == 0,
                        .is_last = within + 1 == table->n_parts,
                        .from = within * table->pages_each};
    part.until = part.is_last ? 0 : part.from + table->pages_each;
    return part;
}

static char *range_statement(const struct part *part, const struct copy *copy, const char *table)
{
    size_t n = strlen(copy->columns); /* " (a, b)" */
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "COPY (SELECT %.*s FROM ONLY %s WHERE ctid >= '(%llu,0)'", (int)(n - 3),
                  copy->columns + 2, table, (unsigned long long)part->from);
    if (!part->is_last) {
        strbuf_printf(&text, " AND ctid < '(%llu,0)'", (unsigned long long)part->until);
    }
    strbuf_add(&text, ") TO stdout");
    return strbuf_take(&text);
}

char *part_statement(const struct held *held, const struct part *part)
{
    const struct dump_entry *entry = held->tables[part->table].entry;
    CLEANUP(copy_clear) struct copy copy = {0};
    if (!copy_read(entry->copy, &copy)) {
        abort(); /* it was read before */
    }
    if (part->is_first && part->is_last) {
        return copy_statement(&copy, entry->schema, entry->tag, "TO stdout");
    }
    const struct sql_name name = {.schema = entry->schema, .name = entry->tag};
    CLEANUP(mem_freep) char *table = sql_name_quoted(&name);
    return range_statement(part, &copy, table);
}
