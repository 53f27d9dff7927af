/*
 * Restoring: definitions, then rows, then indexes and constraints.
 *
 * Definitions are pg_restore's work. Rows go in by COPY from several processes, each table in the
 * transaction that empties it: so they are frozen at once, and a scratch server does not log them.
 */
#include "backup_sql.h"
#include "private.h"

bool load_is_partial(const struct load_request *request)
{
    return (request->tables != NULL && request->tables->n > 0) ||
           (request->schemas != NULL && request->schemas->n > 0);
}

bool load_wants(const struct load_request *request, const char *schema, const char *name)
{
    if (!load_is_partial(request)) {
        return true;
    }
    CLEANUP(mem_freep) char *whole = mem_printf("%s.%s", schema != NULL ? schema : "", name);
    return (request->tables != NULL &&
            (strlist_has(request->tables, whole) || strlist_has(request->tables, name))) ||
           (request->schemas != NULL && schema != NULL && strlist_has(request->schemas, schema));
}

bool session_open(const struct load_request *request, bool read_only, struct db **ret_db,
                  struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    const struct manifest *manifest = request->archive->manifest;
    const struct db_options options = {.purpose = "restore", .read_only = read_only};
    const char *money = manifest->lc_monetary != NULL ? manifest->lc_monetary : "";
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!db_open(request->conninfo, &options, deadline_in(CONNECT_PATIENCE), &db, err)) {
        return false;
    }
    msec deadline = deadline_in(LOOK_PATIENCE);
    /* A locale that this machine does not have only matters to columns of type money. */
    if (!db_execute(db, &SQL_BACKUP_MANNER, DB_PARAMS(manifest->encoding, money), deadline,
                    &failure) &&
        !db_execute(db, &SQL_BACKUP_MANNER, DB_PARAMS(manifest->encoding, ""), deadline, err)) {
        return false;
    }
    *ret_db = TAKE(db);
    return true;
}

/* --- what pg_restore does --- */

/* Which of the dump's entries: rows are ours; without all the rows, what would check or derive them
 * is left out. */
static bool is_listed(const struct load_request *request, const struct dump_toc *toc,
                      const struct dump_entry *entry)
{
    if (text_equal(entry->kind, "TABLE DATA")) {
        return false;
    }
    return !load_is_partial(request) || (!text_equal(entry->kind, "MATERIALIZED VIEW DATA") &&
                                         !is_about_foreign_key(toc, entry));
}

static bool write_list(const struct load_request *request, const struct dump_toc *toc,
                       enum turn turn, struct temporary *ret_list, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < toc->n; i++) {
        if (is_listed(request, toc, &toc->entries[i]) && is_in_turn(toc, &toc->entries[i], turn)) {
            strbuf_printf(&text, "%d;\n", toc->entries[i].id);
        }
    }
    return temporary_open(ret_list, err) && temporary_add(ret_list, text.text, text.size, err);
}

/* What pg_restore reads: everything but rows, and which of it, in each turn. */
struct skeleton {
    struct temporary dump, lists[TURN_MAX]; /* begins as SKELETON_INIT */
    bool is_ordered;
};
#define SKELETON_INIT                                                                              \
    {                                                                                              \
        .dump = {.fd = -1}, .lists = { {.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1} }            \
    }

static void skeleton_clear(struct skeleton *skeleton)
{
    temporary_clear(&skeleton->dump);
    for (size_t i = 0; i < ARRAY_LEN(skeleton->lists); i++) {
        temporary_clear(&skeleton->lists[i]);
    }
}

static bool write_lists(const struct load_request *request, const struct dump_toc *toc,
                        struct skeleton *skeleton, struct error *err)
{
    skeleton->is_ordered = must_be_ordered(toc);
    size_t n = skeleton->is_ordered ? TURN_MAX : 1;
    for (size_t i = 0; i < n; i++) {
        if (!write_list(request, toc, (enum turn)i, &skeleton->lists[i], err)) {
            return false;
        }
    }
    return true;
}

static void say_section(const struct load_request *request, const struct skeleton *skeleton,
                        const char *section, enum turn turn, unsigned jobs,
                        struct strlist *arguments)
{
    strlist_add(arguments, "--exit-on-error");
    strlist_printf(arguments, "--section=%s", section);
    strlist_printf(arguments, "--use-list=%s", skeleton->lists[turn].path);
    if (request->without_owners) {
        strlist_add(arguments, "--no-owner");
        strlist_add(arguments, "--no-privileges");
    }
    if (request->scratch) {
        strlist_add(arguments, "--no-tablespaces");
    }
    if (jobs > 1) {
        strlist_printf(arguments, "--jobs=%u", jobs);
    }
    strlist_add(arguments, skeleton->dump.path);
}

static struct tool_run pg_restore(const struct load_request *request,
                                  const struct strlist *arguments)
{
    return (struct tool_run){.place = {.folder = request->programs, .conninfo = request->conninfo},
                             .program = "pg_restore",
                             .names_database = true,
                             .arguments = (const char *const *)arguments->items};
}

static bool restore_section(const struct load_request *request, const struct skeleton *skeleton,
                            const char *section, enum turn turn, unsigned jobs, struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(strlist_clear) struct strlist arguments = STRLIST_INIT;
    say_section(request, skeleton, section, turn, jobs, &arguments);
    const struct tool_run run = pg_restore(request, &arguments);
    if (!tool_run(&run, &result, err)) {
        return false;
    }
    return tool_check(&run, &result, err) || error_prefix(err, "%s could not be restored", section);
}

/* Indexes do not change rows: these are digested at the same time. */
static bool build_and_digest(const struct load_request *request, struct contents *contents,
                             const struct skeleton *skeleton, struct error *err)
{
    CLEANUP(process_beside_clear) struct process_beside beside = PROCESS_BESIDE_INIT;
    CLEANUP(strlist_clear) struct strlist arguments = STRLIST_INIT;
    enum turn turn = skeleton->is_ordered ? TURN_BUILD : TURN_ANY;
    say_section(request, skeleton, "post-data", turn, jobs_or_processors(request->jobs),
                &arguments);
    const struct tool_run run = pg_restore(request, &arguments);
    return tool_start(&run, -1, &beside, err) &&
           digest_rows(request, contents, request->digests, err) && tool_wait(&run, &beside, err);
}

static bool build(const struct load_request *request, const struct skeleton *skeleton,
                  struct error *err)
{
    return restore_section(request, skeleton, "post-data",
                           skeleton->is_ordered ? TURN_BUILD : TURN_ANY,
                           jobs_or_processors(request->jobs), err);
}

static bool restore_post_data(const struct load_request *request, struct contents *contents,
                              const struct skeleton *skeleton, struct error *err)
{
    bool built = request->digests != NULL ? build_and_digest(request, contents, skeleton, err)
                                          : build(request, skeleton, err);
    return built && (!skeleton->is_ordered ||
                     (restore_section(request, skeleton, "post-data", TURN_ATTACH, 1, err) &&
                      restore_section(request, skeleton, "post-data", TURN_END,
                                      jobs_or_processors(request->jobs), err)));
}

/* --- all of it --- */

static bool load_definitions(const struct load_request *request, const struct skeleton *skeleton,
                             struct error *err)
{
    struct stage stage = stage_begin(&request->observer, "restore: definitions", 0);
    if (!restore_section(request, skeleton, "pre-data", TURN_ANY, 1, err)) {
        return false;
    }
    stage_end(&stage, 0);
    return true;
}

/* Large objects and the values of sequences, then indexes, constraints, triggers. */
static bool load_rest(const struct load_request *request, struct contents *contents,
                      const struct skeleton *skeleton, struct error *err)
{
    struct stage stage = stage_begin(&request->observer, "restore: indexes and constraints", 0);
    stage_tell(&stage, 0, NULL);
    bool done = restore_section(request, skeleton, "data", TURN_ANY, 1, err) &&
                restore_post_data(request, contents, skeleton, err);
    if (!done) {
        return false;
    }
    stage_end(&stage, 0);
    return true;
}

static bool unpack(const struct load_request *request, struct contents *ret_contents,
                   struct skeleton *ret_skeleton, struct error *err)
{
    return contents_open(request->archive, ret_contents, err) &&
           contents_skeleton(ret_contents, &ret_skeleton->dump, err) &&
           write_lists(request, ret_contents->toc, ret_skeleton, err);
}

bool backup_load(const struct load_request *request, struct error *err)
{
    CLEANUP(contents_clear) struct contents contents = {.bytes = STRBUF_INIT};
    CLEANUP(skeleton_clear) struct skeleton skeleton = SKELETON_INIT;
    return unpack(request, &contents, &skeleton, err) &&
           load_definitions(request, &skeleton, err) && load_rows(request, &contents, err) &&
           load_rest(request, &contents, &skeleton, err);
}

bool load_definitions_only(const struct load_request *request, struct error *err)
{
    CLEANUP(contents_clear) struct contents contents = {.bytes = STRBUF_INIT};
    CLEANUP(skeleton_clear) struct skeleton skeleton = SKELETON_INIT;
    return unpack(request, &contents, &skeleton, err) &&
           restore_section(request, &skeleton, "pre-data", TURN_ANY, 1, err) &&
           restore_section(request, &skeleton, "post-data", TURN_ANY, 1, err);
}
