/*
 * Which PostgreSQL server programs are installed, and where.
 *
 * Looking is by stat only; a program is run once a folder was chosen, to learn its version. So that
 * the everyday case is fast, the places are searched lazily: pg_config is only asked when PATH has
 * no server.
 */
#include "headgate/cluster.h"

#include <errno.h>
#include <limits.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/process.h"

#define DEBIAN_FOLDER "/usr/lib/postgresql"
#define OLDEST_MAJOR 10 /* before it postmaster.pid does not say whether the server is ready */

static bool has_programs(const char *folder)
{
    CLEANUP(mem_freep) char *postgres = path_join(folder, "postgres");
    CLEANUP(mem_freep) char *initdb = path_join(folder, "initdb");
    return access(postgres, X_OK) == 0 && access(initdb, X_OK) == 0;
}

/* Where the programs themselves are: a folder of links to some of them (/usr/local/bin) may not
 * have them all. */
static char *real_folder(const char *folder)
{
    CLEANUP(mem_freep) char *postgres = path_join(folder, "postgres");
    CLEANUP(mem_freep) char *real = realpath(postgres, NULL);
    CLEANUP(mem_freep) char *parent = real != NULL ? path_parent(real) : NULL;
    return parent != NULL && has_programs(parent) ? TAKE(parent) : realpath(folder, NULL);
}

static void add_folder(const char *folder, struct strlist *folders)
{
    CLEANUP(mem_freep) char *real = has_programs(folder) ? real_folder(folder) : NULL;
    if (real != NULL && !strlist_has(folders, real)) {
        strlist_add(folders, real);
    }
}

static void add_from_path(struct strlist *folders)
{
    const char *path = getenv("PATH");
    for (const char *at = path; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ":");
        CLEANUP(mem_freep) char *folder = mem_copy_n(at, n);
        if (folder[0] == '/') {
            add_folder(folder, folders);
        }
        at += n + (at[n] == ':');
    }
}

static void add_from_pg_config(struct strlist *folders)
{
    CLEANUP(mem_freep) char *program = process_find("pg_config");
    CLEANUP(mem_freep) char *folder = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (program == NULL) {
        return;
    }
    struct process_spec spec = {.argv = (const char *const[]){program, "--bindir", NULL},
                                .deadline = deadline_in(10000)};
    if (process_must_run(&spec, &folder, &ignored)) {
        folder[strcspn(folder, "\n")] = '\0';
        add_folder(folder, folders);
    }
}

static int newest_first(const void *a, const void *b)
{
    return strverscmp(*(char *const *)b, *(char *const *)a);
}

static void add_from_debian(struct strlist *folders)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!path_is_folder(DEBIAN_FOLDER) || !folder_list(DEBIAN_FOLDER, &names, &ignored)) {
        return;
    }
    if (names.n > 0) { /* qsort wants an array even for nothing */
        qsort(names.items, names.n, sizeof names.items[0], newest_first);
    }
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *folder = mem_printf(DEBIAN_FOLDER "/%s/bin", names.items[i]);
        add_folder(folder, folders);
    }
}

/* The folders that have a server, best first: all of them, or at least one where there is one. */
static bool find_folders(bool all, struct strlist *folders, struct error *err)
{
    static void (*const places[])(struct strlist *) = {add_from_path, add_from_pg_config,
                                                       add_from_debian};
    const char *wanted = getenv("HEADGATE_PG_BINDIR");
    if (wanted != NULL && wanted[0] != '\0') {
        add_folder(wanted, folders);
        if (folders->n == 0) {
            error_set(err, ERROR_CONFIG,
                      "HEADGATE_PG_BINDIR is \"%s\", which has no PostgreSQL server", wanted);
            return error_hint(err,
                              "It names the folder that has the programs postgres and initdb.");
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(places) && (all || folders->n == 0); i++) {
        places[i](folders);
    }
    return true;
}

/* "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", "postgres (PostgreSQL) 18beta1" */
static bool parse_version(const char *line, struct server_programs *server)
{
    static const char before[] = "(PostgreSQL) ";
    const char *text = strstr(line, before);
    if (text == NULL) {
        return false;
    }
    text += sizeof before - 1;
    char *end = NULL;
    unsigned long major = strtoul(text, &end, 10), minor = 0;
    if (*end == '.') {
        minor = strtoul(end + 1, &end, 10);
    }
    if (major < 1 || major > 999 || minor > 9999) {
        return false;
    }
    server->version = (int)(major * 10000 + minor);
    server->version_text = mem_copy_n(text, strcspn(text, " \n"));
    return true;
}

static bool ask_version(const char *folder, struct server_programs *ret_server, struct error *err)
{
    CLEANUP(mem_freep) char *program = path_join(folder, "postgres");
    CLEANUP(mem_freep) char *out = NULL;
    struct process_spec spec = {.argv = (const char *const[]){program, "-V", NULL},
                                .deadline = deadline_in(10000)};
    if (!process_must_run(&spec, &out, err)) {
        return false;
    }
    struct server_programs server = {0};
    if (!parse_version(out, &server)) {
        return error_set(err, ERROR_IO, "could not understand the version that \"%s\" says",
                         program);
    }
    server.folder = mem_copy(folder);
    *ret_server = server;
    return true;
}

bool servers_find(struct server_list *ret_servers, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist folders = STRLIST_INIT;
    if (!find_folders(true, &folders, err)) {
        return false;
    }
    struct server_list list = {.items = mem_new(folders.n + 1, sizeof *list.items)};
    for (size_t i = 0; i < folders.n; i++) {
        CLEANUP(error_clear) struct error ignored = ERROR_INIT;
        struct server_programs *server = &list.items[list.n];
        if (!ask_version(folders.items[i], server, &ignored)) {
            if (interrupt_pending() != 0) { /* it may be one: it was only not heard out */
                server_list_clear(&list);
                return interrupt_error(err);
            }
            continue;
        }
        if (server->version / 10000 < OLDEST_MAJOR) {
            server_programs_clear(server);
        } else {
            list.n++;
        }
    }
    *ret_servers = list;
    return true;
}

void server_list_clear(struct server_list *servers)
{
    for (size_t i = 0; i < servers->n; i++) {
        server_programs_clear(&servers->items[i]);
    }
    mem_free(servers->items);
    *servers = (struct server_list){0};
}

bool servers_find_best(struct server_programs *ret_server, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist folders = STRLIST_INIT;
    if (!find_folders(false, &folders, err)) {
        return false;
    }
    if (folders.n == 0) {
        error_set(err, ERROR_IO, "no PostgreSQL server is installed here");
        return error_hint(
            err,
            "Install one, for example with \"apt-get install postgresql\", or name the folder of "
            "its programs in HEADGATE_PG_BINDIR.");
    }
    return ask_version(folders.items[0], ret_server, err);
}

bool servers_find_major(int major, struct server_programs *ret_server, struct error *err)
{
    CLEANUP(server_list_clear) struct server_list list = {0};
    if (!servers_find(&list, err)) {
        return false;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].version / 10000 == major) {
            *ret_server = list.items[i];
            list.items[i] = (struct server_programs){0};
            return true;
        }
    }
    error_set(err, ERROR_IO, "no PostgreSQL %d server is installed here", major);
    return error_hint(err, "Install it, for example with \"apt-get install postgresql-%d\".",
                      major);
}

void server_programs_clear(struct server_programs *server)
{
    mem_free(server->folder);
    mem_free(server->version_text);
    *server = (struct server_programs){0};
}
