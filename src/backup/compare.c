/*
 * Is a database what the archive says? Its definitions, sequences and grants are compared by what
 * pg_dump says of both: the table of contents of a dump has all of them. Rows are compared by the
 * digests that were taken in the dump's snapshot.
 */
#include "private.h"

/* --- definitions --- */

static bool enough(void *context, const struct dump_toc *toc)
{
    (void)context;
    (void)toc;
    return false;
}

static bool ask_contents(const struct load_request *request, const struct conninfo *conninfo,
                         struct dump_reader **ret_reader, struct error *err)
{
    static const char *const arguments[] = {"-Fc", "-Z0", NULL};
    const struct dump_handler handler = {.toc = enough, .without_digests = true};
    const struct tool_place place = {.folder = request->programs, .conninfo = conninfo};
    return ask_pg_dump(&place, arguments, &handler, ret_reader, err);
}

/* As PostgreSQL writes them once it has read them: another database is made of the definitions. */
static bool ask_rewritten(const struct load_request *request, const struct conninfo *rewritten,
                          struct dump_reader **ret_reader, struct error *err)
{
    struct load_request again = *request;
    again.conninfo = rewritten;
    again.observer = (struct backup_observer){0};
    return load_definitions_only(&again, err) && ask_contents(&again, rewritten, ret_reader, err);
}

/* Without all its rows a database lacks what would check or derive them. */
static bool is_about_rows_left_out(const struct dump_toc *toc, const char *difference)
{
    if (!text_starts(difference, "COMMENT ")) {
        return text_starts(difference, "FK CONSTRAINT ") ||
               text_starts(difference, "MATERIALIZED VIEW DATA ");
    }
    for (size_t i = 0; i < toc->n; i++) {
        CLEANUP(mem_freep) char *name = dump_entry_display(&toc->entries[i]);
        if (text_starts(difference, name) && is_about_foreign_key(toc, &toc->entries[i])) {
            return true;
        }
    }
    return false;
}

static void keep_differences(const struct load_request *request, const struct dump_toc *toc,
                             const struct strlist *found, struct strlist *ret_differences)
{
    for (size_t i = 0; i < found->n; i++) {
        if (!load_is_partial(request) || !is_about_rows_left_out(toc, found->items[i])) {
            strlist_add(ret_differences, found->items[i]);
        }
    }
}

static bool compare_definitions(const struct load_request *request, struct contents *contents,
                                const struct conninfo *rewritten, struct strlist *ret_differences,
                                struct error *err)
{
    CLEANUP(dump_reader_freep) struct dump_reader *here = NULL;
    CLEANUP(dump_reader_freep) struct dump_reader *again = NULL;
    CLEANUP(strlist_clear) struct strlist found = STRLIST_INIT;
    struct stage stage = stage_begin(&request->observer, "compare: definitions", 0);
    if (!ask_contents(request, request->conninfo, &here, err)) {
        return error_prefix(err, "the restored database could not be looked at");
    }
    dump_toc_compare(contents->toc, dump_reader_toc(here), NULL, &found);
    if (found.n > 0 && rewritten != NULL) {
        strlist_clear(&found);
        if (!ask_rewritten(request, rewritten, &again, err)) {
            return error_prefix(err, "the definitions could not be read once more");
        }
        dump_toc_compare(contents->toc, dump_reader_toc(here), dump_reader_toc(again), &found);
    }
    keep_differences(request, contents->toc, &found, ret_differences);
    stage_end(&stage, 0);
    return true;
}

/* --- rows --- */

static void tell_rows(const char *schema, const char *name, const struct row_digest *wanted,
                      const struct row_digest *here, struct strlist *ret_differences)
{
    if (here->rows != wanted->rows) {
        strlist_printf(ret_differences, "table %s.%s: %lu rows in the backup, %lu here", schema,
                       name, (unsigned long)wanted->rows, (unsigned long)here->rows);
    } else if (!row_digest_equal(here, wanted)) {
        strlist_printf(ret_differences,
                       "table %s.%s: %lu rows in the backup and here, but not the same ones",
                       schema, name, (unsigned long)here->rows);
    }
}

/* Partitions whose rows went through the topmost table, which may have given them to others: only
 * together they must be the same. */
struct passed {
    struct copy through;
    struct row_digest wanted, here;
    struct passed *next;
};

static struct passed *passed_through(struct passed **list, struct copy *through)
{
    for (struct passed *one = *list; one != NULL; one = one->next) {
        if (text_equal(one->through.schema, through->schema) &&
            text_equal(one->through.name, through->name)) {
            return one;
        }
    }
    struct passed *new = mem_new(1, sizeof *new);
    new->through = *through;
    *through = (struct copy){0};
    new->next = *list;
    *list = new;
    return new;
}

static void tell_passed(struct passed *list, struct strlist *ret_differences)
{
    while (list != NULL) {
        struct passed *gone = list;
        list = list->next;
        tell_rows(gone->through.schema, gone->through.name, &gone->wanted, &gone->here,
                  ret_differences);
        copy_clear(&gone->through);
        mem_free(gone);
    }
}

static void compare_digests(const struct load_request *request, const struct contents *contents,
                            const struct row_digest *digests, struct strlist *ret_differences)
{
    const struct manifest *manifest = request->archive->manifest;
    struct passed *passed = NULL;
    for (size_t i = 0; i < manifest->n_tables; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        const struct dump_entry *entry = contents_entry(contents, table->dump_id);
        CLEANUP(copy_clear) struct copy to = {0};
        if (!load_wants(request, table->schema, table->name)) {
            continue;
        }
        if (entry == NULL || !copy_read(entry->copy, &to) ||
            (text_equal(to.schema, entry->schema) && text_equal(to.name, entry->tag))) {
            tell_rows(table->schema, table->name, &table->digest, &digests[i], ret_differences);
            continue;
        }
        struct passed *one = passed_through(&passed, &to);
        row_digest_add(&one->wanted, &table->digest);
        row_digest_add(&one->here, &digests[i]);
    }
    tell_passed(passed, ret_differences);
}

static bool compare_rows(const struct load_request *request, struct contents *contents,
                         struct strlist *ret_differences, struct error *err)
{
    if (request->digests != NULL) {
        compare_digests(request, contents, request->digests, ret_differences);
        return true;
    }
    size_t n = request->archive->manifest->n_tables;
    CLEANUP(mem_freep) struct row_digest *digests = mem_new(n + 1, sizeof *digests);
    if (!digest_rows(request, contents, digests, err)) {
        return false;
    }
    compare_digests(request, contents, digests, ret_differences);
    return true;
}

/* --- large objects --- */

static void add_up(const struct dump_reader *reader, struct row_digest *ret_sum)
{
    size_t n = 0;
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    for (size_t i = 0; i < n; i++) {
        if (blocks[i].is_blobs) {
            row_digest_add(ret_sum, &blocks[i].digest);
        }
    }
}

static bool compare_blobs(const struct load_request *request, struct strlist *ret_differences,
                          struct error *err)
{
    static const char *const arguments[] = {"-Fc", "-Z0", "--exclude-table-data=*.*", NULL};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = NULL;
    const struct dump_handler handler = {0};
    const struct row_digest *wanted = &request->archive->manifest->blobs;
    const struct tool_place place = {.folder = request->programs, .conninfo = request->conninfo};
    struct row_digest here = {0};
    if (!request->archive->manifest->has_blobs) {
        return true;
    }
    if (!ask_pg_dump(&place, arguments, &handler, &reader, err)) {
        return error_prefix(err, "the large objects could not be compared");
    }
    add_up(reader, &here);
    if (here.rows != wanted->rows) {
        strlist_printf(ret_differences, "%lu large objects in the backup, %lu here",
                       (unsigned long)wanted->rows, (unsigned long)here.rows);
    } else if (!row_digest_equal(&here, wanted)) {
        strlist_add(ret_differences, "the large objects do not have the same contents");
    }
    return true;
}

/* --- all of it --- */

static void tell_not_compared(const struct load_request *request, const struct contents *contents,
                              struct strlist *ret_not_proven)
{
    size_t n = 0;
    for (size_t i = 0; i < contents->toc->n; i++) {
        n += text_equal(contents->toc->entries[i].kind, "MATERIALIZED VIEW DATA") ? 1 : 0;
    }
    if (n > 0 && !load_is_partial(request)) {
        strlist_printf(ret_not_proven,
                       "rows of %zu materialized view%s: they are computed anew, not restored", n,
                       n == 1 ? "" : "s");
    }
    if (load_is_partial(request)) {
        strlist_add(ret_not_proven, "foreign keys, materialized views and the rows of all other "
                                    "tables: only a part was restored");
    }
}

bool backup_compare(const struct load_request *request, const struct conninfo *rewritten,
                    struct strlist *ret_differences, struct strlist *ret_not_proven,
                    struct error *err)
{
    CLEANUP(contents_clear) struct contents contents = {.bytes = STRBUF_INIT};
    if (!contents_open(request->archive, &contents, err) ||
        !compare_rows(request, &contents, ret_differences, err) ||
        !compare_blobs(request, ret_differences, err) ||
        !compare_definitions(request, &contents, rewritten, ret_differences, err)) {
        return false;
    }
    tell_not_compared(request, &contents, ret_not_proven);
    return true;
}
