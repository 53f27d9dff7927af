/*
 * Making a backup: one snapshot, one pass.
 *
 * A session of ours holds the snapshot, and pg_dump reads from it. What it writes is taken apart as
 * it goes by, so that the rows are counted and digested without reading them twice, and packed
 * meanwhile. Nothing of it lies anywhere but in the archive.
 */
#include <signal.h>

#include "headgate/arena.h"
#include "headgate/interrupt.h"
#include "private.h"

#define LEVEL 1 /* of zstd: a dump is written once, while the server waits */
/* How long pg_dump waits for a table that somebody has locked. */
#define LOCK_WAIT "--lock-wait-timeout=60s"

/* pg_dump's stream on its way into the archive. */
struct dumping {
    struct pack_writer *writer;
    struct dump_reader *reader;
    char *room; /* of the member that is being filled; NULL: none */
    size_t filled, n_members;
    uint64_t taken;
    struct stage stage;
    pid_t group; /* pg_dump's */
    bool failed;
    struct error *err;
};

static bool finish_member(struct dumping *dumping, struct error *err)
{
    CLEANUP(mem_freep) char *name = mem_printf(DUMP_FOLDER "/%08zu", dumping->n_members + 1);
    size_t filled = dumping->filled;
    dumping->room = NULL;
    dumping->filled = 0;
    dumping->n_members++;
    return pack_writer_put(dumping->writer, name, filled, err);
}

static bool keep_piece(struct dumping *dumping, const char *bytes, size_t size, struct error *err)
{
    while (size > 0) {
        if (dumping->room == NULL && !pack_writer_room(dumping->writer, &dumping->room, err)) {
            return false;
        }
        size_t left = PACK_ROOM - dumping->filled;
        size_t n = size < left ? size : left;
        memcpy(dumping->room + dumping->filled, bytes, n);
        dumping->filled += n;
        bytes += n;
        size -= n;
        if (dumping->filled == PACK_ROOM && !finish_member(dumping, err)) {
            return false;
        }
    }
    return true;
}

static void on_start(void *context, pid_t group)
{
    struct dumping *dumping = context;
    dumping->group = group;
}

static void on_output(void *context, int stream, const char *bytes, size_t size)
{
    struct dumping *dumping = context;
    if (stream != STDOUT_FILENO || dumping->failed) {
        return;
    }
    dumping->taken += size;
    dumping->failed = !dump_reader_feed(dumping->reader, bytes, size, dumping->err) ||
                      !keep_piece(dumping, bytes, size, dumping->err);
    if (dumping->failed) {
        (void)kill(-dumping->group, SIGTERM);
    }
    stage_tell(&dumping->stage, dumping->taken, NULL);
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
    for (size_t i = 0; i < ARRAY_LEN(hints) && err->hint == NULL && err->detail != NULL; i++) {
        if (strstr(err->detail, hints[i][0]) != NULL) {
            (void)error_hint(err, "%s", hints[i][1]);
        }
    }
    return false;
}

/* A failure of ours is the reason why pg_dump was ended, not the other way round. */
static bool run_pg_dump(struct dumping *dumping, const char *folder,
                        const struct conninfo *conninfo, const char *snapshot, struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(mem_freep) char *from = mem_printf("--snapshot=%s", snapshot);
    const struct tool_run run = {.folder = folder,
                                 .program = "pg_dump",
                                 .conninfo = conninfo,
                                 .arguments =
                                     (const char *const[]){"-Fc", "-Z0", from, LOCK_WAIT, NULL},
                                 .on_output = on_output,
                                 .on_start = on_start,
                                 .context = dumping};
    dumping->err = err;
    if (!tool_run(&run, &result, err)) {
        return false;
    }
    return !dumping->failed && (tool_check(&run, &result, err) || suggest(err)) &&
           (dumping->room == NULL || finish_member(dumping, err)) &&
           dump_reader_finish(dumping->reader, err);
}

/* --- the manifest --- */

static bool add_manifest(struct origin *origin, struct dumping *dumping, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct manifest *manifest = &origin->manifest;
    origin_take_dump(origin, dumping->reader, dumping->taken);
    manifest->took = clock_now() - dumping->stage.began;
    if (!pack_writer_settle(dumping->writer, &manifest->members, &manifest->n_members, err)) {
        return false;
    }
    manifest_write(manifest, &text);
    return pack_writer_add(dumping->writer, MANIFEST_MEMBER, text.text, text.size, err);
}

/* --- roles and tablespaces --- */

/* Without the right to see them a backup is made all the same, and says so. */
static bool add_globals(const struct backup_request *request, const char *folder,
                        const struct conninfo *conninfo, struct pack_writer *writer,
                        struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const char *name = conninfo_get(conninfo, "dbname");
    CLEANUP(mem_freep) char *said = tool_database_argument(name != NULL ? name : "postgres");
    CLEANUP(mem_freep) char *database = mem_printf("--database=%s", said);
    const struct tool_run run = {.folder = folder,
                                 .program = "pg_dumpall",
                                 .conninfo = conninfo,
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

static bool dump_into(const struct backup_request *request, struct db *db, struct origin *origin,
                      const struct tools *tools, struct dumping *dumping, struct error *err)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    if (!environment_conninfo(request->environment, ROUTE_DIRECT, deadline_in(CONNECT_PATIENCE),
                              &conninfo, err) ||
        !add_globals(request, tools->folder, conninfo, dumping->writer, err)) {
        return false;
    }
    dumping->stage = stage_begin(&request->observer, "dump", origin->bytes);
    if (!run_pg_dump(dumping, tools->folder, conninfo, origin->manifest.snapshot, err) ||
        !origin_read_release(db, request->environment, origin, err)) {
        return false;
    }
    stage_end(&dumping->stage, dumping->taken);
    return add_manifest(origin, dumping, err) && pack_writer_finish(dumping->writer, err);
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
    CLEANUP(dump_reader_freep) struct dump_reader *reader = NULL;
    const struct dump_handler handler = {0};
    msec began = clock_now();
    if (!origin_read(db, &origin, err) || !vault_create(request->vault, request->environment->name,
                                                        origin.manifest.created, &file, err)) {
        return false;
    }
    take_request(request, db, &origin, file.name);
    reader = dump_reader_new(&handler);
    if (!pack_writer_open(file.fd, file.temporary, 0, LEVEL, &writer, err)) {
        return false;
    }
    struct dumping dumping = {.writer = writer, .reader = reader};
    if (!dump_into(request, db, &origin, tools, &dumping, err)) {
        return false;
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
           ((tools_find(db_identity(db)->version / 10000, &tools, err) &&
             create(request, db, &tools, ret_made, err)) ||
            failed(request, err));
}

void backup_made_clear(struct backup_made *made)
{
    mem_free(made->name);
    mem_free(made->path);
    *made = (struct backup_made){0};
}
