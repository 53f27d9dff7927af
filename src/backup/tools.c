/*
 * pg_dump, pg_restore, pg_dumpall: which of those installed fits, and running one.
 *
 * The same major version as the server's is best: what a newer pg_dump writes may not restore into
 * an older server. Debian's /usr/bin/pg_dump chooses a version by itself, so the folders of the
 * versions come first.
 */
#include <limits.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

#define DEBIAN_FOLDER "/usr/lib/postgresql"
#define VERSION_PATIENCE 10000
#define KEPT ((size_t)16 * 1024)
#define LINES_SHOWN 8
#define NO_ROOM "No space left on device"

void tools_clear(struct tools *tools)
{
    mem_free(tools->folder);
    mem_free(tools->version_text);
    *tools = (struct tools){0};
}

bool tools_read_version(const char *line, struct tools *tools)
{
    static const char before[] = "(PostgreSQL) ";
    const char *text = strstr(line, before);
    char *end = NULL;
    unsigned long major = text != NULL ? strtoul(text + sizeof before - 1, &end, 10) : 0;
    if (major < 1 || major > 999) {
        return false;
    }
    text += sizeof before - 1;
    tools->major = (int)major;
    tools->version_text = mem_copy_n(text, strcspn(text, " \n"));
    return true;
}

/* False where the folder has none that can be used. */
static bool look_in(const char *folder, struct tools *ret_tools)
{
    CLEANUP(mem_freep) char *dump = path_join(folder, "pg_dump");
    CLEANUP(mem_freep) char *restore = path_join(folder, "pg_restore");
    CLEANUP(mem_freep) char *out = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (access(dump, X_OK) != 0 || access(restore, X_OK) != 0) {
        return false;
    }
    const struct process_spec spec = {.argv = (const char *const[]){dump, "-V", NULL},
                                      .deadline = deadline_in(VERSION_PATIENCE)};
    struct tools tools = {0};
    if (!process_must_run(&spec, &out, &ignored) || !tools_read_version(out, &tools)) {
        return false;
    }
    tools.folder = mem_copy(folder);
    *ret_tools = tools;
    return true;
}

static void find_folders(struct strlist *folders)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    const char *wanted = getenv("HEADGATE_PG_BINDIR");
    const char *path = getenv("PATH");
    if (wanted != NULL && wanted[0] == '/') {
        strlist_add(folders, wanted);
    }
    if (path_is_folder(DEBIAN_FOLDER) && folder_list(DEBIAN_FOLDER, &names, &ignored)) {
        for (size_t i = 0; i < names.n; i++) {
            strlist_printf(folders, DEBIAN_FOLDER "/%s/bin", names.items[i]);
        }
    }
    for (const char *at = path; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ":");
        if (*at == '/') {
            strlist_add_n(folders, at, n);
        }
        at += n + (at[n] == ':');
    }
}

static bool is_better(const struct tools *new, const struct tools *best, int major)
{
    return new->major >= major && (best->folder == NULL || new->major < best->major);
}

static bool none_fits(int major, const struct strlist *seen, struct error *err)
{
    CLEANUP(mem_freep) char *versions = strlist_sentence(seen);
    (void)error_set(err, ERROR_BACKUP,
                    "no pg_dump is installed here that can read a PostgreSQL %d server", major);
    if (seen->n > 0) {
        (void)error_detail(err, "Installed: %s. An older pg_dump refuses a newer server.",
                           versions);
    }
    return error_hint(err,
                      "Install it: apt-get install postgresql-client-%d; or name the folder that "
                      "has it in HEADGATE_PG_BINDIR.",
                      major);
}

bool tools_find(int major, struct tools *ret_tools, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist folders = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist seen = STRLIST_INIT;
    CLEANUP(tools_clear) struct tools best = {0};
    find_folders(&folders);
    for (size_t i = 0; i < folders.n && best.major != major; i++) {
        CLEANUP(tools_clear) struct tools tools = {0};
        if (!look_in(folders.items[i], &tools)) {
            if (interrupt_pending() != 0) { /* it may be there: it was only not heard out */
                return interrupt_error(err);
            }
            continue;
        }
        if (!strlist_has(&seen, tools.version_text)) {
            strlist_add(&seen, tools.version_text);
        }
        if (is_better(&tools, &best, major)) {
            tools_clear(&best);
            best = tools;
            tools = (struct tools){0};
        }
    }
    if (best.folder == NULL) {
        return none_fits(major, &seen, err);
    }
    *ret_tools = best;
    best = (struct tools){0};
    return true;
}

bool is_of_machine(struct error *err)
{
    if (err->code != ERROR_INTERRUPTED && err->code != ERROR_TERMINATED) {
        err->code = ERROR_IO;
    }
    return false;
}

/* What a newer pg_dump wrote an older pg_restore cannot read. */
int manifest_dump_major(const struct manifest *manifest)
{
    return manifest->pg_dump_version != NULL ? (int)strtol(manifest->pg_dump_version, NULL, 10)
                                             : manifest->server_version_number / 10000;
}

bool backup_find_programs(const struct manifest *manifest, int major, char **ret_folder,
                          struct error *err)
{
    CLEANUP(tools_clear) struct tools tools = {0};
    int written = manifest_dump_major(manifest);
    if (!tools_find(written > major ? written : major, &tools, err)) {
        return false;
    }
    *ret_folder = TAKE(tools.folder);
    return true;
}

/* --- running one --- */

/* As a connection string, because a name may look like one. */
char *tool_database_argument(const char *name)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "dbname='");
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') {
            strbuf_add_char(&text, '\\');
        }
        strbuf_add_char(&text, *c);
    }
    strbuf_add_char(&text, '\'');
    return strbuf_take(&text);
}

/* What the texts of values depend on is the same for every dump; the rest pg_dump sets by itself.
 */
#define MANNER "-c timezone=UTC -c bytea_output=hex -c statement_timeout=0"

/* What it is on a host: a file of passwords is one of ours, and the user's name is not the same. */
static void add_connection(const struct tool_place *place, struct strlist *env)
{
    CLEANUP(strlist_clear) struct strlist variables = STRLIST_INIT;
    bool names_user = false;
    conninfo_environment(place->conninfo, MANNER, &variables);
    for (size_t i = 0; i < variables.n; i++) {
        names_user = names_user || text_starts(variables.items[i], "PGUSER=");
        if (place->remote == NULL || !text_starts(variables.items[i], "PGPASSFILE=")) {
            strlist_add(env, variables.items[i]);
        }
    }
    if (place->user != NULL && !names_user) {
        strlist_printf(env, "PGUSER=%s", place->user);
    }
}

static void compose(const struct tool_run *run, struct strlist *ret_argv, struct strlist *ret_env)
{
    struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
    const struct tool_place *place = &run->place;
    strlist_take(&argv, place->folder != NULL ? path_join(place->folder, run->program)
                                              : mem_copy(run->program));
    if (place->remote == NULL) { /* a host has its own */
        process_plain_environment(NULL, &env);
    }
    if (place->conninfo != NULL) {
        add_connection(place, &env);
        strlist_add(&argv, "--no-password");
    }
    if (run->names_database) {
        const char *database = conninfo_get(place->conninfo, "dbname");
        strlist_add(&argv, "-d");
        strlist_take(&argv, tool_database_argument(database != NULL ? database : ""));
    }
    for (size_t i = 0; run->arguments[i] != NULL; i++) {
        strlist_add(&argv, run->arguments[i]);
    }
    *ret_argv = argv;
    *ret_env = env;
}

bool tool_run(const struct tool_run *run, struct process_result *ret_result, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    compose(run, &argv, &env);
    const struct process_spec spec = {.argv = (const char *const *)argv.items,
                                      .env = (const char *const *)env.items,
                                      .on_output = run->on_output,
                                      .enough = run->enough,
                                      .context = run->context,
                                      .keep = KEPT};
    return run->place.remote != NULL ? far_run(run, &spec, ret_result, err)
                                     : process_run(&spec, ret_result, err);
}

static const char *last_lines(const struct strbuf *said)
{
    const char *last = said->text + said->size;
    for (size_t n = 0; last > said->text; last--) {
        n += last[-1] == '\n' ? 1 : 0;
        if (n == LINES_SHOWN) {
            return last;
        }
    }
    return last;
}

bool tool_check(const struct tool_run *run, const struct process_result *result, struct error *err)
{
    if (result->interrupted) {
        return interrupt_error(err);
    }
    if (result->exit_status == 0) {
        return true;
    }
    CLEANUP(mem_freep) char *ending = process_result_describe(result);
    CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT;
    strbuf_add_n(&said, result->err.text, result->err.size);
    strbuf_trim_end(&said);
    const char *last = last_lines(&said);
    bool by_machine = result->signal != 0 || strstr(last, NO_ROOM) != NULL;
    (void)error_set(err, by_machine ? ERROR_IO : ERROR_BACKUP, "%s%s%s failed: %s", run->program,
                    run->place.remote != NULL ? " on " : "",
                    run->place.remote != NULL ? far_shown(run->place.remote) : "", ending);
    if (said.size > 0) {
        (void)error_detail(err, "%s", last);
    }
    if (run->place.remote != NULL) {
        far_suggest(err);
    }
    return false;
}

bool tool_start(const struct tool_run *run, int input, struct process_beside *ret_beside,
                struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    compose(run, &argv, &env);
    const struct process_spec spec = {.argv = (const char *const *)argv.items,
                                      .env = (const char *const *)env.items};
    return process_start(&spec, input, -1, ret_beside, err);
}

bool tool_wait(const struct tool_run *run, struct process_beside *beside, struct error *err)
{
    if (process_wait(beside, DEADLINE_NONE, err)) {
        return true;
    }
    if (err->code == ERROR_IO && err->detail != NULL) { /* one that is killed says nothing */
        err->code = ERROR_BACKUP;
    }
    return error_prefix(err, "%s failed", run->program);
}
