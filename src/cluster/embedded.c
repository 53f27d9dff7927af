/*
 * Embedded clusters: made on first use, started where that is needed, kept.
 *
 * The everyday case, it runs already, takes no lock and starts no program. Everything else is done
 * under the name's lock in steps of which each may have been the last one of a process that died:
 * the next one finds what is there and goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "headgate/strbuf.h"

#include "database.h"
#include "place.h"
#include "postmaster.h"
#include "server_arguments.h"
#include "server_user.h"
#include "socket.h"
#include "workers.h"

#define GLANCE 5 /* milliseconds between two looks at a server that starts */
#define LOG_MAX (10 << 20)

struct opening {
    struct place place;
    struct server_user user;
    msec deadline;
    void (*on_progress)(const char *sentence);
};

static const char settings[] = "\n# Set by Headgate when it made this cluster: small, for one "
                               "developer. Change them as you like.\n"
                               "shared_buffers = 16MB\n"
                               "max_connections = 40\n"
                               "log_line_prefix = '%m [%p] %q%d '\n";

static void opening_clear(struct opening *opening)
{
    place_clear(&opening->place);
    server_user_clear(&opening->user);
}

static void tell(const struct opening *opening, const char *what)
{
    if (opening->on_progress != NULL) {
        CLEANUP(mem_freep) char *sentence = mem_printf("%s \"%s\"", what, opening->place.name);
        opening->on_progress(sentence);
    }
}

/* --- making --- */

static bool add_settings(const char *data, struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(data, "postgresql.conf");
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, "could not open file \"%s\"", path);
    }
    return fd_write_all(fd, settings, sizeof settings - 1, err) &&
           (fsync(fd) == 0 || error_set_errno(err, "could not sync file \"%s\"", path));
}

static bool run_initdb(const struct opening *opening, const char *data, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    CLEANUP(server_programs_clear) struct server_programs server = {0};
    if (!servers_find_best(&server, err)) {
        return false;
    }
    const struct process_user *user = server_user_spec(&opening->user);
    initdb_arguments(&server, data, true, &argv);
    process_plain_environment(user, &env);
    struct process_spec spec = {.argv = (const char *const *)argv.items,
                                .env = (const char *const *)env.items,
                                .folder = "/",
                                .user = user,
                                .deadline = opening->deadline};
    return process_must_run(&spec, NULL, err);
}

static bool make_home(const struct opening *opening, struct error *err)
{
    const struct place *place = &opening->place;
    CLEANUP(mem_freep) char *new_home = mem_printf("%s.new-%d", place->home, (int)getpid());
    CLEANUP(mem_freep) char *data = path_join(new_home, "data");
    CLEANUP(mem_freep) char *parent = path_parent(place->home);
    tell(opening, "making the embedded cluster");
    if (!server_user_make_folder(&opening->user, new_home, err)) {
        return false;
    }
    bool made = run_initdb(opening, data, err) && add_settings(data, err) &&
                file_sync_folder(new_home, err);
    if (made && rename(new_home, place->home) != 0) {
        made = error_set_errno(err, "could not rename folder \"%s\"", new_home);
    }
    if (!made) {
        place_sweep(place);
        return false;
    }
    return file_sync_folder(parent, err);
}

/* --- starting --- */

static bool find_programs(const struct opening *opening, struct server_programs *ret_server,
                          struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(opening->place.data, "PG_VERSION");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    if (!file_read(path, 64, &text, err) || !servers_find_best(&best, err)) {
        return false;
    }
    int major = (int)strtol(text.text, NULL, 10);
    if (best.version / 10000 == major) {
        *ret_server = best;
        best = (struct server_programs){0};
        return true;
    }
    if (servers_find_major(major, ret_server, err)) {
        return true;
    }
    error_detail(err, "The cluster in \"%s\" was made by PostgreSQL %d; \"%s\" has %s.",
                 opening->place.home, major, best.folder, best.version_text);
    return error_hint(err, "Install postgresql-%d, or remove the embedded cluster and its data.",
                      major);
}

static bool make_socket_folder(const struct opening *opening, struct error *err)
{
    const struct place *place = &opening->place;
    CLEANUP(mem_freep) char *parent = path_parent(place->sockets);
    if (place->sockets_away && !runtime_folder_make(parent, err)) {
        return false;
    }
    socket_remove(place->sockets);
    return path_is_folder(place->sockets) ||
           server_user_make_folder(&opening->user, place->sockets, err);
}

/* Behind the wall of a container a server's process is invisible, but its socket is not: a second
 * server on the same data would destroy them. */
static bool nobody_listens(const struct place *place, struct error *err)
{
    if (!socket_answers(place->sockets)) {
        return true;
    }
    error_set(err, ERROR_LOCKED, "its server runs where its process cannot be seen from here");
    return error_hint(err, "It was started in another container, or outside of this one: stop it "
                           "there with: headgate embedded stop.");
}

/* What a crash, or somebody who removed the folder of a running server, left in the way of a start.
 */
static bool clear_the_way(const struct opening *opening, off_t *ret_log_size, struct error *err)
{
    const struct place *place = &opening->place;
    struct stat st = {0};
    workers_kill(place->data);
    if (!nobody_listens(place, err) || !postmaster_forget(place->data, err) ||
        !make_socket_folder(opening, err)) {
        return false;
    }
    if (stat(place->log, &st) == 0 && st.st_size > LOG_MAX && truncate(place->log, 0) == 0) {
        st.st_size = 0;
    }
    *ret_log_size = st.st_size;
    return true;
}

static bool start_failed(const struct place *place, off_t log_size, struct error *err)
{
    CLEANUP(mem_freep) char *tail = log_tail(place->log, log_size);
    error_set(err, ERROR_IO, "could not start the server");
    if (tail[0] != '\0') {
        error_detail(err, "Its log ends with: %s", tail);
    }
    return error_hint(err, "The whole log is \"%s\".", place->log);
}

/* One look at the server every few milliseconds; ret_ready is false where it ended instead. */
static bool wait_until_ready(const struct opening *opening, int pidfd, bool *ret_ready,
                             struct error *err)
{
    for (;;) {
        CLEANUP(postmaster_clear) struct postmaster postmaster = POSTMASTER_INIT;
        struct pollfd end = {.fd = pidfd, .events = POLLIN};
        postmaster_find(opening->place.data, &postmaster);
        if (postmaster.state == POSTMASTER_READY) {
            *ret_ready = true;
            return true;
        }
        if (deadline_passed(opening->deadline)) {
            error_set(err, ERROR_TIMEOUT, "the server was not ready in time");
            err->retryable = true;
            return error_hint(err, "It goes on starting. Its log is \"%s\".", opening->place.log);
        }
        int n = interrupt_poll(&end, 1, deadline_earlier(opening->deadline, deadline_in(GLANCE)));
        if (n < 0) {
            return interrupt_error(err);
        }
        if (n > 0) {
            *ret_ready = false;
            return true;
        }
    }
}

static bool start(const struct opening *opening, struct error *err)
{
    const struct place *place = &opening->place;
    CLEANUP(server_programs_clear) struct server_programs server = {0};
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    CLEANUP(fd_closep) int pidfd = -1;
    pid_t pid = 0;
    off_t log_size = 0;
    if (!find_programs(opening, &server, err) || !clear_the_way(opening, &log_size, err)) {
        return false;
    }
    tell(opening, "starting the embedded cluster");
    const struct process_user *user = server_user_spec(&opening->user);
    postgres_arguments(&server, place->data, place->sockets, true, &argv);
    process_plain_environment(user, &env);
    struct process_spec spec = {.argv = (const char *const *)argv.items,
                                .env = (const char *const *)env.items,
                                .folder = "/",
                                .user = user};
    bool ready = false;
    return process_start_detached(&spec, place->log, &pid, &pidfd, err) &&
           wait_until_ready(opening, pidfd, &ready, err) &&
           (ready || start_failed(place, log_size, err));
}

/* One that is stopping, or whose socket somebody removed, is of no use to us: it is stopped first.
 * One that somebody else started and that ends may have been killed with that somebody: it gets
 * another try. */
static bool bring_up(const struct opening *opening, struct error *err)
{
    CLEANUP(postmaster_clear) struct postmaster postmaster = POSTMASTER_INIT;
    postmaster_find(opening->place.data, &postmaster);
    bool ready = postmaster.state == POSTMASTER_READY;
    if (postmaster.state == POSTMASTER_STARTING &&
        !wait_until_ready(opening, postmaster.pidfd, &ready, err)) {
        return false;
    }
    return (ready && socket_answers(opening->place.sockets)) ||
           (postmaster_stop(&postmaster, opening->deadline, err) && start(opening, err));
}

/* --- the doors --- */

static bool make_database(const struct opening *opening, struct error *err)
{
    const struct place *place = &opening->place;
    return path_exists(place->made) ||
           (database_make(place->sockets, place->name, opening->deadline, err) &&
            file_create(place->made, "", 0, 0600, err));
}

static bool open_locked(struct opening *opening, struct error *err)
{
    struct place *place = &opening->place;
    if (!server_user_find(&opening->user, err)) {
        return false;
    }
    place_sweep(place);
    if (!place_is_made(place) &&
        (!place_settle(place, &opening->user, err) || !make_home(opening, err))) {
        return false;
    }
    return bring_up(opening, err) && make_database(opening, err);
}

/* The place is looked for again once nobody else can be changing it. */
static bool open_slowly(const char *folder, const char *name, struct opening *opening,
                        struct error *err)
{
    CLEANUP(fd_closep) int lock = -1;
    if (!place_lock(&opening->place, opening->deadline, &lock, err)) {
        return false;
    }
    place_clear(&opening->place);
    return place_find(folder, name, &opening->place, err) &&
           (place_answers(&opening->place) || open_locked(opening, err));
}

bool embedded_open(const char *state_folder, const char *name, msec deadline,
                   void (*on_progress)(const char *sentence), char **ret_conninfo,
                   struct error *err)
{
    CLEANUP(opening_clear)
    struct opening opening = {.deadline = deadline, .on_progress = on_progress};
    CLEANUP(mem_freep) char *folder = NULL;
    if (!place_name_check(name, err) || !embedded_folder_make(state_folder, &folder, err) ||
        !place_find(folder, name, &opening.place, err)) {
        return false;
    }
    if (!place_answers(&opening.place) && !open_slowly(folder, name, &opening, err)) {
        return error_prefix(err, "embedded cluster \"%s\"", name);
    }
    *ret_conninfo = socket_conninfo(opening.place.sockets, name);
    return true;
}

static bool stop_locked(const struct place *place, msec deadline, struct error *err)
{
    CLEANUP(postmaster_clear) struct postmaster postmaster = POSTMASTER_INIT;
    postmaster_find(place->data, &postmaster);
    return postmaster_stop(&postmaster, deadline, err);
}

/* The place of a cluster that may well not be there: *ret_found is false where nothing was ever
 * made. */
static bool find_for_end(const char *state_folder, const char *name, struct place *ret_place,
                         bool *ret_found, struct error *err)
{
    CLEANUP(mem_freep) char *folder = embedded_folder(state_folder);
    if (!place_name_check(name, err) ||
        (folder != NULL && !place_find(folder, name, ret_place, err))) {
        return false;
    }
    *ret_found = folder != NULL;
    return true;
}

bool embedded_stop(const char *state_folder, const char *name, msec deadline, struct error *err)
{
    CLEANUP(place_clear) struct place place = {0};
    CLEANUP(fd_closep) int lock = -1;
    bool found = false;
    if (!find_for_end(state_folder, name, &place, &found, err)) {
        return false;
    }
    return !found || !place_is_made(&place) ||
           (place_lock(&place, deadline, &lock, err) && stop_locked(&place, deadline, err)) ||
           error_prefix(err, "embedded cluster \"%s\"", name);
}

static bool remove_locked(const struct place *place, msec deadline, struct error *err)
{
    CLEANUP(mem_freep) char *gone = mem_printf("%s.gone-%d", place->home, (int)getpid());
    place_sweep(place);
    if (!stop_locked(place, deadline, err)) {
        return false;
    }
    workers_kill(place->home);
    if (!nobody_listens(place, err)) {
        return false;
    }
    if (place->sockets_away && !folder_remove(place->sockets, err)) {
        return false;
    }
    if (rename(place->home, gone) != 0 && errno != ENOENT) {
        return error_set_errno(err, "could not rename folder \"%s\"", place->home);
    }
    return folder_remove(gone, err) && place_forget(place, err);
}

bool embedded_remove(const char *state_folder, const char *name, msec deadline, struct error *err)
{
    CLEANUP(place_clear) struct place place = {0};
    CLEANUP(fd_closep) int lock = -1;
    bool found = false;
    if (!find_for_end(state_folder, name, &place, &found, err)) {
        return false;
    }
    return !found ||
           (place_lock(&place, deadline, &lock, err) && remove_locked(&place, deadline, err)) ||
           error_prefix(err, "embedded cluster \"%s\"", name);
}
