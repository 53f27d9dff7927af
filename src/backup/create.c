/*
 * Making a backup: one snapshot, one pass.
 *
 * A session of ours holds the snapshot, and pg_dump reads from it. Its table of contents comes
 * first: where hold.c says so that is enough of it, and the rows are read by several sessions of
 * ours (streams.c). Else what it writes is taken apart as it goes by. Either way the rows are
 * counted and digested without reading them twice, and packed meanwhile. Nothing of it lies
 * anywhere but in the archive.
 */
#include <unistd.h>

#include "headgate/arena.h"
#include "headgate/interrupt.h"
#include "private.h"

#define LEVEL 1 /* of zstd: a dump is written once, while the server waits */
#define COMPRESSORS_MOST 3

/* pg_dump at work. */
struct dumping {
    struct members members;
    struct dump_reader *reader;
    struct db *db; /* that holds the snapshot */
    uint64_t bytes;
    struct held held; /* where has_enough */
    bool has_enough;  /* of pg_dump: the rows are for us to read */
    struct dump_block *blocks;
    struct stage stage;
    bool failed, enough; /* enough: that, or has_enough */
    struct error *err;
};

static bool is_rest_wanted(void *context, const struct dump_toc *toc)
{
    struct dumping *dumping = context;
    dumping->has_enough = held_take(dumping->db, toc, dumping->bytes, &dumping->held);
    return !dumping->has_enough;
}

static void on_output(void *context, int stream, const char *bytes, size_t size)
{
    struct dumping *dumping = context;
    if (stream != STDOUT_FILENO || dumping->enough) {
        return;
    }
    dumping->failed = !dump_reader_feed(dumping->reader, bytes, size, dumping->err);
    if (dumping->has_enough) { /* what follows the contents is not wanted */
        size = (size_t)(dump_reader_toc_end(dumping->reader) - dumping->members.taken);
    }
    dumping->failed = dumping->failed || !members_add(&dumping->members, bytes, size, dumping->err);
    dumping->enough = dumping->failed || dumping->has_enough;
    stage_tell(&dumping->stage, dumping->members.taken, NULL);
}

/* What pg_dump's words do not say. */
static bool suggest(struct error *err)
{
    static const char *const hints[][2] = {
        {"row-level security",
         "Back up as a role that sees all rows: alter role NAME bypassrls; or as the owner."},
        {"permission denied",
         "Back up as a role that may read everything: grant pg_read_all_data to NAME."},
        {"lock timeout", "Somebody holds a table locked: try again when that has ended."},
    };
    const char *said = err->detail != NULL ? err->detail : err->message;
    for (size_t i = 0; i < ARRAY_LEN(hints) && err->hint == NULL; i++) {
        if (strstr(said, hints[i][0]) != NULL) {
            (void)error_hint(err, "%s", hints[i][1]);
        }
    }
    return false;
}

static bool end_pg_dump(struct dumping *dumping, const struct tool_run *run,
                        const struct process_result *result, struct error *err)
{
    if (dumping->failed) { /* that is the reason why pg_dump was ended, not the other way round */
        return false;
    }
    if (dumping->has_enough) {
        return !result->interrupted || interrupt_error(err);
    }
    return (tool_check(run, result, err) || suggest(err)) &&
           dump_reader_finish(dumping->reader, err);
}

static bool run_pg_dump(struct dumping *dumping, const struct tool_place *place,
                        const char *snapshot, struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(mem_freep) char *from = mem_printf("--snapshot=%s", snapshot);
    const struct tool_run run = {
        .place = *place,
        .program = "pg_dump",
        .arguments = (const char *const[]){"-Fc", "-Z0", from, PG_DUMP_LOCK_WAIT, NULL},
        .on_output = on_output,
        .enough = &dumping->enough,
        .context = dumping};
    dumping->err = err;
    return tool_run(&run, &result, err) && end_pg_dump(dumping, &run, &result, err);
}

/* What pg_dump has not written of it. Processes are begun for it: until then nobody else is at work
 * here, whose locks they could inherit. */
static bool read_rows(const struct backup_request *request, struct dumping *dumping,
                      const struct tool_place *place, const struct conninfo *conninfo,
                      const char *snapshot, struct error *err)
{
    const struct pack_member *ignored = NULL;
    size_t n = 0;
    if (!dumping->has_enough) {
        return true;
    }
    dumping->blocks = mem_new(dumping->held.n, sizeof *dumping->blocks);
    const struct streaming streaming = {.held = &dumping->held,
                                        .pg_dump = place,
                                        .conninfo = conninfo,
                                        .snapshot = snapshot,
                                        .db = dumping->db,
                                        .members = &dumping->members,
                                        .stage = &dumping->stage,
                                        .blocks = dumping->blocks};
    observer_say(&request->observer, "dump: %zu tables, in %zu parts, are read by several sessions",
                 dumping->held.n, dumping->held.n_parts);
    return (pack_writer_settle(dumping->members.writer, &ignored, &n, err) &&
            stream_rows(&streaming, err)) ||
           suggest(err);
}

/* --- the manifest --- */

static bool add_manifest(struct origin *origin, struct dumping *dumping, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct manifest *manifest = &origin->manifest;
    struct dumped dumped = {.toc = dump_reader_toc(dumping->reader),
                            .toc_end = dump_reader_toc_end(dumping->reader),
                            .size = dumping->members.taken,
                            .blocks = dumping->blocks,
                            .n_blocks = dumping->held.n};
    if (!dumping->has_enough) {
        dumped.blocks = dump_reader_blocks(dumping->reader, &dumped.n_blocks);
    }
    origin_take_dump(origin, &dumped);
    manifest->took = clock_now() - dumping->stage.began;
    if (!pack_writer_settle(dumping->members.writer, &manifest->members, &manifest->n_members,
                            err)) {
        return false;
    }
    manifest_write(manifest, &text);
    return pack_writer_add(dumping->members.writer, MANIFEST_MEMBER, text.text, text.size, err);
}

/* --- roles and tablespaces --- */

/* Without the right to see them a backup is made all the same, and says so. */
static bool add_globals(const struct backup_request *request, const struct tool_place *place,
                        struct pack_writer *writer, struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const char *name = conninfo_get(place->conninfo, "dbname");
    CLEANUP(mem_freep) char *said = tool_database_argument(name != NULL ? name : "postgres");
    CLEANUP(mem_freep) char *database = mem_printf("--database=%s", said);
    const struct tool_run run = {.place = *place,
                                 .program = "pg_dumpall",
                                 .arguments = (const char *const[]){
                                     "--globals-only", database,
                                     request->with_passwords ? NULL : "--no-role-passwords", NULL}};
    if (!tool_run(&run, &result, err)) {
        return false;
    }
    if (!tool_check(&run, &result, &failure)) {
        if (result.interrupted) {
            error_move(err, &failure);
            return false;
        }
        observer_say(&request->observer, "roles are not in it: %s",
                     failure.detail != NULL ? failure.detail : failure.message);
        return true;
    }
    return pack_writer_add(writer, GLOBALS_MEMBER, result.out.text, result.out.size, err);
}

/* --- all of it --- */

/* That a session was lost in the middle says nothing of whether the server can be reached. */
static bool broke_off(struct error *err)
{
    if (err->code == ERROR_UNREACHABLE) {
        err->code = ERROR_BACKUP;
    }
    return false;
}

static bool dump_into(const struct backup_request *request, struct origin *origin,
                      const struct tools *tools, struct dumping *dumping, struct error *err)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    CLEANUP(conninfo_freep) struct conninfo *there = NULL;
    if (!environment_conninfo(request->environment, ROUTE_DIRECT, deadline_in(CONNECT_PATIENCE),
                              &conninfo, err)) {
        return false;
    }
    there = tools->remote != NULL ? far_conninfo(request->environment, dumping->db) : NULL;
    const struct tool_place place = {.folder = tools->folder,
                                     .remote = tools->remote,
                                     .user = there != NULL ? db_identity(dumping->db)->user : NULL,
                                     .conninfo = there != NULL ? there : conninfo};
    if (!add_globals(request, &place, dumping->members.writer, err)) {
        return broke_off(err);
    }
    dumping->stage = stage_begin(&request->observer, "dump", origin->bytes);
    const char *snapshot = origin->manifest.snapshot;
    if (!run_pg_dump(dumping, &place, snapshot, err) ||
        !read_rows(request, dumping, &place, conninfo, snapshot, err) ||
        !members_end(&dumping->members, err) ||
        !origin_read_release(dumping->db, request->environment, origin, err)) {
        return broke_off(err);
    }
    stage_end(&dumping->stage, dumping->members.taken);
    return add_manifest(origin, dumping, err) && pack_writer_finish(dumping->members.writer, err);
}

static void take_request(const struct backup_request *request, const struct db *db,
                         struct origin *origin, const char *name)
{
    CLEANUP(mem_freep) char *address = origin_address(request->environment, db);
    origin->manifest.address = arena_copy(origin->arena, address);
    origin->manifest.name = arena_copy(origin->arena, name);
    origin->manifest.environment = request->environment->name;
    origin->manifest.actor = request->actor;
    origin->manifest.run = request->run;
    origin->manifest.headgate_version = HEADGATE_VERSION;
}

/* Each has rooms of its own; three are faster than any server. */
static unsigned compressors(void)
{
    unsigned n = jobs_or_processors(0);
    return n < COMPRESSORS_MOST ? n : COMPRESSORS_MOST;
}

static void dumping_clear(struct dumping *dumping)
{
    held_clear(&dumping->held);
    mem_free(dumping->blocks);
    dump_reader_freep(&dumping->reader);
}

static void tell_made(const struct origin *origin, const struct vault_file *file, uint64_t size,
                      struct backup_made *ret_made)
{
    *ret_made = (struct backup_made){.name = mem_copy(file->name),
                                     .path = mem_copy(file->path),
                                     .size = size,
                                     .dump_size = origin->manifest.dump_size,
                                     .rows = manifest_rows(&origin->manifest),
                                     .n_tables = origin->manifest.n_tables};
}

static bool create(const struct backup_request *request, struct db *db, const struct tools *tools,
                   struct backup_made *ret_made, struct error *err)
{
    CLEANUP(origin_clear) struct origin origin = {0};
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    msec began = clock_now();
    if (!origin_read(db, &origin, err) || !vault_create(request->vault, request->environment->name,
                                                        origin.manifest.created, &file, err)) {
        return false;
    }
    take_request(request, db, &origin, file.name);
    if (!pack_writer_open(file.fd, file.temporary, compressors(), LEVEL, &writer, err)) {
        return false;
    }
    CLEANUP(dumping_clear)
    struct dumping dumping = {.members.writer = writer, .db = db, .bytes = origin.bytes};
    const struct dump_handler handler = {.toc = is_rest_wanted, .context = &dumping};
    dumping.reader = dump_reader_new(&handler);
    if (!dump_into(request, &origin, tools, &dumping, err)) {
        return vault_file_explain(&file, err);
    }
    uint64_t size = pack_writer_size(writer);
    file.manifest = &origin.manifest;
    if (!vault_publish(&file, err)) {
        return false;
    }
    tell_made(&origin, &file, size, ret_made);
    ret_made->took = clock_now() - began;
    return true;
}

/* Whatever a backup fails of, it is a backup that failed; only what says more stays as it is. */
static bool failed(const struct backup_request *request, struct error *err)
{
    if (err->code == ERROR_IO || err->code == ERROR_DATABASE || err->code == ERROR_TIMEOUT) {
        err->code = ERROR_BACKUP;
    }
    (void)error_prefix(err, "no backup was made");
    return environment_name_error(request->environment, err);
}

bool backup_create(const struct backup_request *request, struct backup_made *ret_made,
                   struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(tools_clear) struct tools tools = {0};
    CLEANUP(backup_plan_clear) struct backup_plan plan = {0};
    const struct environment_session session = {
        .purpose = "backup", .read_only = true, .route = ROUTE_DIRECT};
    vault_sweep(request->vault);
    if (!backup_plan_make(request, deadline_in(LOOK_PATIENCE), &plan, err)) {
        return false;
    }
    if (error_is_set(&plan.refusal)) {
        error_move(err, &plan.refusal);
        return false;
    }
    return environment_connect(request->environment, &session, deadline_in(CONNECT_PATIENCE), &db,
                               err) &&
           ((tools_find_for(request->environment, db_identity(db)->version / 10000,
                            deadline_in(LOOK_PATIENCE), &tools, err) &&
             create(request, db, &tools, ret_made, err)) ||
            failed(request, err));
}

void backup_made_clear(struct backup_made *made)
{
    mem_free(made->name);
    mem_free(made->path);
    *made = (struct backup_made){0};
}
