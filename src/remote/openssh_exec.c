/*
 * A program on the host. Its watcher over there (watcher.c) reads what we send and ends it when
 * that ends; so somebody has to stand at its stdin until it is over, put what it is to read into
 * frames, and go when we go: a process of ours, one for each program, that dies with its owner. The
 * program's output and errors go straight to whoever wants them.
 *
 * ssh tells no signal, only a status; so a shell over there makes 128 and its number of it. That a
 * program which leaves with 137 by itself seems to have been killed by signal 9 cannot be helped:
 * nothing that every /bin/sh has tells the two (after `wait` the `jobs` of dash does, that of bash
 * shows nothing), and both write what they think of it into the program's stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "openssh.h"

#define FRAME ((size_t)64 * 1024)
#define BEFORE "exec /bin/sh -c '"
#define SIGNALLED 128

struct porter {
    int mux, line; /* the session's connection; over which its end is told */
    int to, input; /* the program's stdin; what it is to read, or -1 */
    struct strbuf pending;
    size_t sent;
    struct strbuf got;
    int status; /* -1 while there is none */
    const struct remote *remote;
    int said; /* of the master's errors */
};

/* --- the process at its stdin --- */

static void send_pending(struct porter *porter)
{
    ssize_t n =
        write(porter->to, porter->pending.text + porter->sent, porter->pending.size - porter->sent);
    if (n > 0) {
        porter->sent += (size_t)n;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        /* Its watcher is gone; how it ended is still to come. */
        porter->sent = porter->pending.size;
        fd_closep(&porter->input);
    }
    if (porter->sent == porter->pending.size) {
        mem_wipe(porter->pending.text, porter->pending.size); /* an environment may be in it */
        strbuf_cut(&porter->pending, 0);
        porter->sent = 0;
    }
}

static void take_input(struct porter *porter)
{
    CLEANUP(strbuf_clear) struct strbuf piece = STRBUF_INIT;
    ssize_t n = read(porter->input, strbuf_room(&piece, FRAME), FRAME);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    strbuf_grown(&piece, n > 0 ? (size_t)n : 0);
    strbuf_printf(&porter->pending, "%zu\n", piece.size);
    strbuf_add_n(&porter->pending, piece.text, piece.size);
    if (n <= 0) {
        fd_closep(&porter->input);
    }
}

/* The same words as the forwarder of the other back end has. */
static void tell_end(const struct porter *porter)
{
    const char *signal =
        porter->status > SIGNALLED ? sigabbrev_np(porter->status - SIGNALLED) : NULL;
    CLEANUP(mem_freep)
    char *told =
        signal != NULL ? mem_printf("Ssignal %s", signal) : mem_printf("Sexit %d", porter->status);
    (void)send(porter->line, told, strlen(told) + 1, MSG_NOSIGNAL);
}

/* The session ended before the program did. */
static void tell_loss(const struct porter *porter)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    if (!master_lost(porter->remote, &why)) {
        CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT;
        master_said(porter->remote, porter->remote->route.n - 1, &said);
        CLEANUP(mem_freep) char *last = said_last(said.text);
        why.retryable = true;
        (void)error_set(&why, ERROR_UNREACHABLE, "the session with %s was lost",
                        porter->remote->route.shown);
        (void)(last[0] != '\0' ? error_detail(&why, "ssh says: %s", last)
                               : error_detail(&why, "The ssh that had it is gone."));
    }
    door_tell_error(porter->line, &why);
}

/* False: it is over, or nobody wants it any more. */
static bool carry(struct porter *porter)
{
    bool pending = porter->pending.size > 0;
    struct pollfd fds[] = {{.fd = porter->mux, .events = POLLIN},
                           {.fd = porter->line, .events = POLLIN},
                           {.fd = pending ? porter->to : -1, .events = POLLOUT},
                           {.fd = pending ? -1 : porter->input, .events = POLLIN}};
    if (interrupt_poll(fds, ARRAY_LEN(fds), DEADLINE_NONE) < 0 || fds[1].revents != 0) {
        return false;
    }
    if (fds[2].revents != 0) {
        send_pending(porter);
    }
    if (fds[3].revents != 0) {
        take_input(porter);
    }
    if (fds[0].revents != 0 && !mux_read_end(porter->mux, &porter->got, &porter->status)) {
        if (porter->status >= 0) {
            tell_end(porter);
        } else {
            tell_loss(porter);
        }
        return false;
    }
    return true;
}

static int live(void *context, int news)
{
    struct porter *porter = context;
    struct openssh *openssh = porter->remote->state;
    (void)news; /* closed with all that is not ours: the line says it */
    (void)signal(SIGPIPE, SIG_IGN);
    /* What else was open in our owner would be held open by us. */
    process_keep_only(
        (int *const[]){&porter->mux, &porter->line, &porter->to, &porter->input, &porter->said}, 5);
    openssh->master.said = porter->said;
    (void)fcntl(porter->to, F_SETFL, O_NONBLOCK);
    while (carry(porter)) {
    }
    strbuf_clear(&porter->pending);
    strbuf_clear(&porter->got);
    return 0;
}

/* --- the owner's side --- */

/* The watcher's command is one text between single quotes; it becomes an argument of the shell that
 * waits for it. */
static char *with_status(const char *command)
{
    size_t prefix = strlen(BEFORE) - 1;
    const char *end = strrchr(command, '\'');
    return mem_printf("exec /bin/sh -c '/bin/sh -c \"$0\" headgate; exit $?' %.*s",
                      (int)(end + 1 - command - (ptrdiff_t)prefix), command + prefix);
}

static bool open_session(struct porter *porter, const char *command, int output, int said,
                         msec deadline, char **ret_refused, struct error *err)
{
    CLEANUP(fd_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CLEANUP(fd_closep) int stdin_end = -1;
    int ends[2];
    if (null < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    stdin_end = ends[0];
    porter->to = ends[1];
    const int streams[3] = {stdin_end, output >= 0 ? output : null, said >= 0 ? said : null};
    return mux_session(porter->mux, command, false, streams, deadline, ret_refused, err);
}

static bool start_porter(struct porter *porter, struct remote_beside *ret_beside, struct error *err)
{
    struct worker worker = {.pid = -1, .pidfd = -1, .news = -1};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set_errno(err, "could not make a socket");
    }
    CLEANUP(fd_closep) int ours = ends[0];
    porter->line = ends[1];
    bool started = worker_start(live, porter, &worker, err);
    fd_closep(&porter->line);
    if (!started) {
        return false;
    }
    fd_closep(&worker.news);
    ret_beside->line = fd_take(&ours);
    ret_beside->pid = worker.pid;
    ret_beside->pidfd = worker.pidfd;
    return true;
}

bool openssh_exec(const struct remote *remote, int mux, const struct process_spec *spec,
                  const int streams[3], struct remote_beside *ret_beside, char **ret_refused,
                  struct error *err)
{
    const struct openssh *openssh = remote->state;
    struct porter porter = {.mux = mux,
                            .remote = remote,
                            .said = openssh->master.said,
                            .line = -1,
                            .to = -1,
                            .input = streams[0],
                            .pending = STRBUF_INIT,
                            .got = STRBUF_INIT,
                            .status = -1};
    msec deadline = spec->deadline > 0 ? spec->deadline : DEADLINE_NONE;
    CLEANUP(mem_freep) char *command = NULL;
    if (!watcher_command(spec, streams[0] >= 0, &command, &porter.pending, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *line = with_status(command);
    bool started = open_session(&porter, line, streams[1], streams[2], deadline, ret_refused, err);
    if (!started) {
        (void)error_prefix(err, "%s", remote->route.shown);
    } else if (*ret_refused == NULL) {
        started = start_porter(&porter, ret_beside, err);
    }
    mem_wipe(porter.pending.text, porter.pending.size);
    strbuf_clear(&porter.pending);
    fd_closep(&porter.to);
    return started;
}
