/*
 * pg_dump beside the database: on the host that the environment is reached over.
 *
 * It connects as that host sees the server, in the snapshot that our session holds through the
 * tunnel, and what it writes comes to us as if it ran here. All it gets is what a login there has,
 * and our connection as variables, which go over its stdin: nothing secret is an argument.
 */
#include "headgate/interrupt.h"
#include "headgate/remote.h"
#include "private.h"

#define VERSION_PATIENCE 15000

/* "deploy@db1.example.net:22", without the way there. */
const char *far_shown(const struct remote *remote)
{
    size_t n = 0;
    const struct remote_hop *hops = remote_hops(remote, &n);
    return hops[n - 1].shown;
}

/* False where there is none, which *err does not say; a failure is in *err. */
static bool look_at(struct remote *remote, const char *folder, msec deadline,
                    struct tools *ret_tools, struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(mem_freep)
    char *path = folder != NULL ? mem_printf("%s/pg_dump", folder) : mem_copy("pg_dump");
    const struct process_spec spec = {
        .argv = (const char *const[]){path, "--version", NULL},
        .deadline = deadline_earlier(deadline, deadline_in(VERSION_PATIENCE))};
    struct tools tools = {0};
    if (!remote_run(remote, &spec, &result, &failure)) {
        if (failure.code != ERROR_IO) { /* which says that there is no such program */
            error_move(err, &failure);
        }
        return false;
    }
    if (result.interrupted) {
        return interrupt_error(err);
    }
    if (result.timed_out) {
        return error_set(err, ERROR_TIMEOUT, "%s on %s does not answer", path, far_shown(remote));
    }
    if (result.exit_status != 0 || !tools_read_version(result.out.text, &tools)) {
        return false;
    }
    tools.folder = folder != NULL ? mem_copy(folder) : NULL;
    tools.remote = remote;
    *ret_tools = tools;
    return true;
}

static bool none_there(struct remote *remote, int major, const struct strlist *seen,
                       struct error *err)
{
    CLEANUP(mem_freep) char *versions = strlist_sentence(seen);
    (void)error_set(err, ERROR_BACKUP, "%s has no pg_dump that can read a PostgreSQL %d server",
                    far_shown(remote), major);
    if (seen->n > 0) {
        (void)error_detail(err, "Installed there: %s. An older pg_dump refuses a newer server.",
                           versions);
    }
    return error_hint(err,
                      "Install it there: apt-get install postgresql-client-%d; or have one of this "
                      "machine used, through the tunnel: \"dump_on\": \"here\".",
                      major);
}

/* Those of the version come first: Debian's pg_dump in PATH chooses one by itself. */
bool far_find(struct environment *environment, int major, msec deadline, struct tools *ret_tools,
              struct error *err)
{
    CLEANUP(strlist_clear) struct strlist seen = STRLIST_INIT;
    CLEANUP(mem_freep) char *debian = mem_printf("/usr/lib/postgresql/%d/bin", major);
    CLEANUP(mem_freep) char *red_hat = mem_printf("/usr/pgsql-%d/bin", major);
    const char *const folders[] = {debian, red_hat, NULL};
    struct remote *remote = NULL;
    if (!environment_remote(environment, deadline, &remote, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        CLEANUP(tools_clear) struct tools tools = {0};
        if (!look_at(remote, folders[i], deadline, &tools, err)) {
            if (error_is_set(err)) {
                return false;
            }
            continue;
        }
        if (tools.major >= major) {
            *ret_tools = tools;
            tools = (struct tools){0};
            return true;
        }
        if (!strlist_has(&seen, tools.version_text)) {
            strlist_add(&seen, tools.version_text);
        }
    }
    return none_there(remote, major, &seen, err);
}

/* Neither here nor there: both are named. */
static bool nowhere(const struct environment *environment, int major, const struct error *here,
                    struct error *err)
{
    CLEANUP(mem_freep) char *there = mem_copy(err->detail);
    if (err->code != ERROR_BACKUP) {
        return false;
    }
    error_clear(err);
    const char *host = far_shown(environment->target.remote);
    (void)error_set(err, ERROR_BACKUP,
                    "neither this machine nor %s has a pg_dump that can read a PostgreSQL %d "
                    "server",
                    host, major);
    if (here->detail != NULL || there != NULL) {
        (void)error_detail(err, "%s%s%s", here->detail != NULL ? here->detail : "",
                           here->detail != NULL && there != NULL ? " " : "",
                           there != NULL ? there : "");
    }
    return error_hint(err,
                      "One of them is enough. Here: apt-get install postgresql-client-%d, or name "
                      "the folder that has it in HEADGATE_PG_BINDIR. On %s: apt-get install "
                      "postgresql-client-%d.",
                      major, host, major);
}

bool tools_find_for(struct environment *environment, int major, msec deadline,
                    struct tools *ret_tools, struct error *err)
{
    CLEANUP(error_clear) struct error here = ERROR_INIT;
    bool has_host = environment->ssh != NULL && environment->target.embedded == NULL;
    if (!has_host || environment->dump_on == DUMP_HERE) {
        return tools_find(major, ret_tools, err);
    }
    if (environment->dump_on == DUMP_HOST) {
        return far_find(environment, major, deadline, ret_tools, err);
    }
    if (tools_find(major, ret_tools, &here)) {
        return true;
    }
    if (here.code != ERROR_BACKUP) {
        error_move(err, &here);
        return false;
    }
    return far_find(environment, major, deadline, ret_tools, err) ||
           nowhere(environment, major, &here, err);
}

/* --- running one --- */

struct conninfo *far_conninfo(const struct environment *environment, const struct db *db)
{
    const struct target *target = &environment->target;
    const struct conninfo *conninfo =
        target->direct_conninfo != NULL ? target->direct_conninfo : target->conninfo;
    return conninfo_with_database(conninfo, db_identity(db)->database);
}

bool far_run(const struct tool_run *run, const struct process_spec *spec,
             struct process_result *ret_result, struct error *err)
{
    const char *host = far_shown(run->place.remote);
    return remote_run(run->place.remote, spec, ret_result, err) ||
           (strstr(err->message, host) == NULL && error_prefix(err, "%s", host));
}

/* What is ours alone: a password in ~/.pgpass, files that "url" names. */
void far_suggest(struct error *err)
{
    static const char *const hints[][2] = {
        {"no password supplied", "pg_dump runs on the host, which has not our ~/.pgpass: give the "
                                 "password in \"url\", or a .pgpass there"},
        {"certificate file", "pg_dump runs on the host: certificates in \"url\" are files there"},
    };
    const char *said = err->detail != NULL ? err->detail : "";
    for (size_t i = 0; i < ARRAY_LEN(hints) && err->hint == NULL; i++) {
        if (strstr(said, hints[i][0]) != NULL) {
            (void)error_hint(err, "%s; or take this machine's: \"dump_on\": \"here\".",
                             hints[i][1]);
        }
    }
}
