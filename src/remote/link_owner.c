/*
 * The owner's side of the back end by libssh2: a forwarder for each hop. The first connects by TCP,
 * each other through a stream of the one before; the last is the host itself. Each has a folder
 * with a socket in it, the door, on which all processes of ours ask it for things.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "link.h"

#define SLACK 2000 /* milliseconds beyond a hop's own deadline, after which it is given up */
#define TOLD_FIELDS 8

struct keeper {
    pid_t pid;
    int socket;
};
struct links {
    struct keeper *keepers;
    size_t n;
};

static char *folder_of(const struct remote *remote, size_t hop)
{
    return mem_printf("%s/h%zu", remote->folder, hop);
}

static char *door_of(const struct remote *remote, size_t hop)
{
    return mem_printf("%s/h%zu/door", remote->folder, hop);
}

/* --- a forwarder --- */

static bool read_told(int socket, const struct ssh_hop *hop, msec deadline, struct strbuf *told,
                      struct error *err)
{
    struct pollfd news = {.fd = socket, .events = POLLIN};
    for (;;) {
        int n = interrupt_poll(&news, 1, deadline);
        if (n < 0) {
            return interrupt_error(err);
        }
        if (n == 0) {
            err->retryable = true;
            return error_set(err, ERROR_UNREACHABLE, "could not log in to %s in time", hop->shown);
        }
        ssize_t got = read(socket, strbuf_room(told, 4096), 4096);
        if (got <= 0) {
            return true;
        }
        strbuf_grown(told, (size_t)got);
    }
}

static void understand(const struct strlist *texts, const struct ssh_hop *hop,
                       struct remote_hop *ret_hop)
{
    char *const *t = texts->items;
    *ret_hop = (struct remote_hop){.shown = mem_copy(hop->shown),
                                   .banner = mem_copy(t[0]),
                                   .host_key_type = mem_copy(t[1]),
                                   .host_key = mem_copy(t[2]),
                                   .host_key_known_by = mem_copy(t[3]),
                                   .authentication = mem_copy(t[4]),
                                   .algorithms = mem_copy(t[5]),
                                   .connected = strtol(t[6], NULL, 10),
                                   .authorized = strtol(t[7], NULL, 10)};
    for (size_t i = TOLD_FIELDS; i < texts->n; i++) {
        strlist_add(&ret_hop->tried, t[i]);
    }
}

static bool hear_how_it_went(int socket, const struct ssh_hop *hop, msec deadline,
                             struct remote_hop *ret_hop, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf told = STRBUF_INIT;
    CLEANUP(strlist_clear) struct strlist texts = STRLIST_INIT;
    if (!read_told(socket, hop, deadline, &told, err)) {
        return false;
    }
    bool ok = told.size > 0 && told.text[0] == DOOR_OK;
    if (told.size > 0) {
        memmove(told.text, told.text + 1, told.size);
        told.size--;
    }
    if (ok) {
        door_split(&told, &texts);
    }
    if (texts.n < TOLD_FIELDS) {
        return door_raise(&told, hop->shown, err);
    }
    understand(&texts, hop, ret_hop);
    return true;
}

static bool fork_forwarder(struct remote *remote, size_t at, struct keeper *keeper,
                           struct error *err)
{
    int ends[2];
    CLEANUP(mem_freep) char *folder = folder_of(remote, at);
    CLEANUP(mem_freep) char *before = at > 0 ? door_of(remote, at - 1) : NULL;
    CLEANUP(fd_closep) int self = process_open(getpid());
    if (mkdir(folder, 0700) != 0) {
        return error_set_errno(err, "could not make folder \"%s\"", folder);
    }
    if (self < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set_errno(err, "could not watch over a session");
    }
    CLEANUP(fd_closep) int theirs = ends[1];
    keeper->socket = ends[0];
    struct forwarder forwarder = {.hop = &remote->route.hops[at],
                                  .shown = at + 1 == remote->route.n ? remote->route.shown
                                                                     : remote->route.hops[at].shown,
                                  .folder = folder,
                                  .before = before,
                                  .owner = {.socket = theirs, .pidfd = self},
                                  .door = -1};
    keeper->pid = fork();
    if (keeper->pid == 0) {
        forwarder_live(&forwarder);
    }
    return keeper->pid > 0 || error_set_errno(err, "could not start a process");
}

/* --- the back end --- */

static bool open_links(struct remote *remote, msec deadline, struct error *err)
{
    struct links *links = mem_new(1, sizeof *links);
    links->keepers = mem_new(remote->route.n, sizeof *links->keepers);
    remote->state = links;
    for (size_t i = 0; i < remote->route.n; i++) {
        const struct ssh_hop *hop = &remote->route.hops[i];
        links->keepers[i] = (struct keeper){.pid = -1, .socket = -1};
        links->n++;
        if (!fork_forwarder(remote, i, &links->keepers[i], err) ||
            !hear_how_it_went(links->keepers[i].socket, hop,
                              deadline_earlier(deadline, deadline_in(hop->connect_timeout + SLACK)),
                              &remote->hops[i], err)) {
            return false;
        }
    }
    return true;
}

/* One that asks its name server or its agent would not look up: nothing is lost by a kill, its
 * folder goes with ours. */
static void end_forwarder(const struct keeper *keeper)
{
    CLEANUP(fd_closep) int pidfd = process_open(keeper->pid);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (poll(&ended, 1, SLACK) <= 0) {
        (void)kill(keeper->pid, SIGKILL);
    }
    while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void close_links(struct remote *remote)
{
    struct links *links = remote->state;
    bool owner = remote->owner == getpid();
    for (size_t i = 0; links != NULL && owner && i < links->n; i++) {
        if (links->keepers[i].pid > 0) {
            (void)shutdown(links->keepers[i].socket, SHUT_RDWR);
        }
    }
    for (size_t i = 0; links != NULL && i < links->n; i++) {
        if (owner && links->keepers[i].pid > 0) {
            end_forwarder(&links->keepers[i]);
        }
        fd_closep(&links->keepers[i].socket);
    }
    if (links != NULL) {
        mem_free(links->keepers);
    }
    mem_free(links);
    remote->state = NULL;
}

/* --- requests to the last --- */

static bool ask(struct remote *remote, struct door_request *request, msec deadline, int *ret_fd,
                struct error *err)
{
    CLEANUP(mem_freep) char *door = door_of(remote, remote->route.n - 1);
    return door_ask(door, remote->route.shown, request, deadline, ret_fd, err);
}

static void add_field_n(struct door_request *request, const char *bytes, size_t size)
{
    request->fields[request->n] = mem_copy_n(bytes, size);
    request->sizes[request->n++] = size;
}

static void add_field(struct door_request *request, const char *text)
{
    add_field_n(request, text, strlen(text));
}

static bool way_to(struct remote *remote, const char *host, int port, enum remote_door door,
                   msec deadline, struct remote_way *ret_way, struct error *err)
{
    CLEANUP(door_request_clear) struct door_request request = DOOR_REQUEST_INIT;
    CLEANUP(strlist_clear) struct strlist texts = STRLIST_INIT;
    CLEANUP(mem_freep) char *number = mem_printf("%d", port);
    CLEANUP(fd_closep) int fd = -1;
    add_field(&request, "way");
    add_field(&request, host);
    add_field(&request, number);
    add_field(&request, door == DOOR_LOOPBACK ? "loopback" : "socket");
    if (!ask(remote, &request, deadline, &fd, err) ||
        !door_read_texts(fd, remote->route.shown, deadline, &texts, err)) {
        return false;
    }
    if (texts.n != 2) {
        return error_set(err, ERROR_UNREACHABLE, "the session with %s has ended",
                         remote->route.shown);
    }
    *ret_way = (struct remote_way){.host = mem_copy(texts.items[0]),
                                   .port = (int)strtol(texts.items[1], NULL, 10)};
    return true;
}

static bool subsystem(struct remote *remote, const char *name, msec deadline, int *ret_fd,
                      struct error *err)
{
    CLEANUP(door_request_clear) struct door_request request = DOOR_REQUEST_INIT;
    CLEANUP(fd_closep) int fd = -1;
    add_field(&request, "subsystem");
    add_field(&request, name);
    if (!ask(remote, &request, deadline, &fd, err)) {
        return false;
    }
    if (fcntl(fd, F_SETFL, 0) != 0) {
        return error_set_errno(err, "could not set up a socket");
    }
    *ret_fd = fd_take(&fd);
    return true;
}

static bool ping(struct remote *remote, msec deadline, struct error *err)
{
    CLEANUP(door_request_clear) struct door_request request = DOOR_REQUEST_INIT;
    CLEANUP(fd_closep) int fd = -1;
    add_field(&request, "ping");
    return ask(remote, &request, deadline, &fd, err);
}

static bool start(struct remote *remote, const struct process_spec *spec, int input, int output,
                  int said, struct remote_beside *ret_beside, struct error *err)
{
    CLEANUP(door_request_clear) struct door_request request = DOOR_REQUEST_INIT;
    CLEANUP(strbuf_clear) struct strbuf preface = STRBUF_INIT;
    CLEANUP(mem_freep) char *command = NULL;
    CLEANUP(fd_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    msec deadline = spec->deadline > 0 ? spec->deadline : DEADLINE_NONE;
    int line = -1;
    if (!watcher_command(spec, input >= 0, &command, &preface, err)) {
        return false;
    }
    add_field(&request, "exec");
    add_field(&request, command);
    add_field_n(&request, preface.text, preface.size);
    add_field(&request, input >= 0 ? "framed" : "plain");
    mem_wipe(preface.text, preface.size);
    const int wanted[DOOR_FDS] = {input >= 0 ? input : null, output >= 0 ? output : null, said};
    for (size_t i = 0; i < DOOR_FDS; i++) {
        request.fds[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 3);
    }
    if (!ask(remote, &request, deadline, &line, err)) {
        return false;
    }
    ret_beside->line = line;
    return true;
}

const struct backend backend_libssh2 = {
    .open = open_links,
    .close = close_links,
    .way_to = way_to,
    .subsystem = subsystem,
    .ping = ping,
    .start = start,
};
