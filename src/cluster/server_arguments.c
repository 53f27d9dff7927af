/*
 * What depends on where a cluster is (its socket) or must never be otherwise stands on the command
 * line; an embedded cluster's other settings are in its postgresql.conf (embedded.c), where its
 * user may change them.
 */
#include "server_arguments.h"

#include <locale.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/strbuf.h"

static bool locale_is_there(const char *name)
{
    locale_t locale = newlocale(LC_ALL_MASK, name, (locale_t)0);
    if (locale == (locale_t)0) {
        return false;
    }
    freelocale(locale);
    return true;
}

static void add_all(const char *const *arguments, struct strlist *argv)
{
    for (; *arguments != NULL; arguments++) {
        strlist_add(argv, *arguments);
    }
}

void initdb_arguments(const struct server_programs *server, const char *data, bool kept,
                      struct strlist *ret_argv)
{
    strlist_take(ret_argv, path_join(server->folder, "initdb"));
    add_all((const char *const[]){"-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", NULL},
            ret_argv);
    strlist_add(ret_argv, kept ? "-k" : "-N");
    strlist_printf(ret_argv, "--locale=%s", locale_is_there("C.UTF-8") ? "C.UTF-8" : "C");
    if (server->version >= 140000) {
        strlist_add(ret_argv, "--no-instructions");
    }
}

static void add_setting(struct strlist *argv, const char *setting)
{
    strlist_add(argv, "-c");
    strlist_add(argv, setting);
}

/* The setting is a list: quoted, a path may hold anything. */
static void add_socket_folder(struct strlist *argv, const char *folder)
{
    CLEANUP(strbuf_clear) struct strbuf quoted = STRBUF_INIT;
    strbuf_add(&quoted, "unix_socket_directories=\"");
    for (const char *c = folder; *c != '\0'; c++) {
        if (*c == '"') {
            strbuf_add_char(&quoted, '"');
        }
        strbuf_add_char(&quoted, *c);
    }
    strbuf_add_char(&quoted, '"');
    add_setting(argv, quoted.text);
}

void postgres_arguments(const struct server_programs *server, const char *data,
                        const char *socket_folder, bool kept, struct strlist *ret_argv)
{
    static const char *const always[] = {"listen_addresses=", "port=5432",
                                         "unix_socket_permissions=0700", "logging_collector=off",
                                         "log_destination=stderr"};
    /* Nothing of it outlives its owner, and what is loaded in bulk needs no WAL. Memory is taken
     * as it is used. */
    static const char *const fast[] = {
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_wal_size=4GB",
        "autovacuum=off",
        "checkpoint_timeout=1h",
        "shared_buffers=256MB",
        "maintenance_work_mem=256MB",
    };
    strlist_take(ret_argv, path_join(server->folder, "postgres"));
    add_all((const char *const[]){"-D", data, NULL}, ret_argv);
    add_socket_folder(ret_argv, socket_folder);
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        add_setting(ret_argv, always[i]);
    }
    for (size_t i = 0; !kept && i < ARRAY_LEN(fast); i++) {
        add_setting(ret_argv, fast[i]);
    }
}
