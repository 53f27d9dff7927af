/*
 * Running a program to its end.
 *
 * One poll loop feeds stdin, reads both streams and watches the pidfd, so that no full pipe blocks
 * anybody. A program that closed its output still runs until it has ended. When it has ended but
 * something it started holds its streams, we read on for at most LINGER milliseconds; then what is
 * left of its process group is killed. What should live longer makes a session of its own.
 *
 * Deadline and interruption: the group gets SIGTERM; what is left of it when the grace is over, or
 * when somebody asks for the stop once more, gets SIGKILL. What it started has the same grace to
 * wind up, as long as it holds a stream, or for a run that adopts as long as it lives. The group is
 * only ever signalled before the program is reaped: until then nobody else can have its number.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"
#include "headgate/interrupt.h"
#include "spawn.h"
#include "stream.h"

#define LINGER 500
#define KILL_PATIENCE 10000 /* what does not die of SIGKILL for so long hangs in the kernel */
#define SLICE 50            /* how often a stopping run looks for another wish to stop */
#define REAPING 5000 /* how often a quiet run that adopts looks for orphans that have ended */
#define PIPE_MAX                                                                                   \
    ((size_t)1024 * 1024) /* the largest capacity an ordinary user may give to a pipe */

enum phase { RUNNING, STOPPING, KILLED };

struct run {
    const struct process_spec *spec;
    struct child child;
    int input;
    size_t written;
    struct stream out, err;
    struct family family;
    enum phase phase;
    msec started, until; /* until: when the phase is over */
    int wishes;          /* to stop, when we began to */
    bool ended, timed_out, interrupted;
};

static void run_clear(struct run *run)
{
    fd_closep(&run->input);
    fd_closep(&run->child.pidfd);
    stream_clear(&run->out);
    stream_clear(&run->err);
    family_end(&run->family);
}

static void signal_group(const struct run *run, int signal)
{
    (void)kill(-run->child.pid, signal);
}

static void signal_all(const struct run *run, int signal)
{
    signal_group(run, signal);
    family_signal(&run->family, run->child.pid, signal);
}

static void begin_stopping(struct run *run)
{
    signal_all(run, SIGTERM);
    signal_all(run, SIGCONT); /* a frozen program could not obey */
    run->phase = STOPPING;
    run->wishes = interrupt_count();
    run->until = deadline_in(run->spec->grace > 0 ? run->spec->grace : PROCESS_GRACE);
}

static void begin_killing(struct run *run)
{
    signal_all(run, SIGKILL);
    run->phase = KILLED;
    run->until = deadline_in(run->ended ? LINGER : KILL_PATIENCE);
}

static void notice_end(struct run *run)
{
    run->ended = true;
    fd_closep(&run->input);
    if (run->phase != STOPPING) {
        run->until = deadline_earlier(run->until, deadline_in(LINGER));
    }
}

static void feed(struct run *run)
{
    const struct process_spec *spec = run->spec;
    ssize_t size = write(run->input, spec->input + run->written, spec->input_size - run->written);
    bool refused = size < 0 && errno != EAGAIN && errno != EINTR;
    if (size > 0) {
        run->written += (size_t)size;
    }
    if (refused || run->written == spec->input_size) {
        fd_closep(&run->input);
    }
}

static void wait_for_news(struct run *run, struct pollfd *fds, nfds_t n)
{
    family_reap(&run->family, run->child.pid);
    if (run->phase == RUNNING && !run->ended) {
        msec quiet = run->family.adopts ? deadline_in(REAPING) : DEADLINE_NONE;
        if (interrupt_poll(fds, n, deadline_earlier(run->until, quiet)) < 0) {
            assert(errno == EINTR);
            run->interrupted = true;
            begin_stopping(run);
        }
        return;
    }
    msec slice = deadline_earlier(run->until, deadline_in(SLICE));
    (void)poll(fds, n, deadline_poll_timeout(slice));
    if (run->phase == STOPPING && interrupt_count() > run->wishes) {
        begin_killing(run);
    }
}

static bool is_over(const struct run *run)
{
    if (deadline_passed(run->until)) {
        return run->ended || run->phase == KILLED;
    }
    return run->ended && run->out.fd < 0 && run->err.fd < 0 &&
           !(run->phase == STOPPING && family_is_alive(&run->family));
}

/* What it has still written is heard while it ends. */
static void stop_where_enough(struct run *run)
{
    const bool *enough = run->spec->enough;
    if (enough != NULL && *enough && run->phase == RUNNING && !run->ended) {
        begin_stopping(run);
    }
}

static void take_news(struct run *run)
{
    struct pollfd fds[] = {
        {.fd = run->input, .events = POLLOUT},
        {.fd = run->out.fd, .events = POLLIN},
        {.fd = run->err.fd, .events = POLLIN},
        {.fd = run->ended ? -1 : run->child.pidfd, .events = POLLIN},
    };
    wait_for_news(run, fds, ARRAY_LEN(fds));
    if (fds[0].revents != 0) {
        feed(run);
    }
    if (fds[1].revents != 0) {
        (void)stream_read(&run->out, run->spec);
        stop_where_enough(run);
    }
    if (fds[2].revents != 0) {
        (void)stream_read(&run->err, run->spec);
    }
    if (fds[3].revents != 0) {
        notice_end(run);
    }
}

static void watch(struct run *run)
{
    while (!is_over(run)) {
        take_news(run);
        if (run->ended || !deadline_passed(run->until)) {
            continue;
        }
        if (run->phase == RUNNING) {
            run->timed_out = true;
            begin_stopping(run);
        } else if (run->phase == STOPPING) {
            begin_killing(run);
        }
    }
}

/* What the pipe still holds, but not what somebody who escaped the group goes on writing. */
static void drain(struct stream *stream, const struct process_spec *spec)
{
    size_t drained = 0, size = 1;
    while (stream->fd >= 0 && size > 0 && drained < PIPE_MAX) {
        size = stream_read(stream, spec);
        drained += size;
    }
    stream_finish(stream, spec);
}

static bool finish(struct run *run, struct process_result *ret_result, struct error *err)
{
    int status = 0;
    struct rusage usage;
    signal_group(run, SIGKILL);
    drain(&run->out, run->spec);
    drain(&run->err, run->spec);
    if (wait4(run->child.pid, &status, WNOHANG, &usage) != run->child.pid) {
        return error_set(err, ERROR_TIMEOUT, "could not end \"%s\": it was killed and still runs",
                         run->spec->argv[0]);
    }
    struct strlist left_behind = STRLIST_INIT;
    family_settle(&run->family, run->timed_out || run->interrupted, &left_behind);
    *ret_result = (struct process_result){
        .exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .timed_out = run->timed_out,
        .interrupted = run->interrupted,
        .out = run->out.kept,
        .err = run->err.kept,
        .out_cut = run->out.cut,
        .err_cut = run->err.cut,
        .usage = usage,
        .elapsed = clock_now() - run->started,
        .left_behind = left_behind,
    };
    run->out.kept = run->err.kept = (struct strbuf)STRBUF_INIT;
    return true;
}

struct plumbing {
    int theirs[3], ours[3];
};

static void plumbing_close(struct plumbing *plumbing)
{
    for (int i = 0; i < 3; i++) {
        fd_closep(&plumbing->theirs[i]);
        fd_closep(&plumbing->ours[i]);
    }
}

static bool open_pipe(struct plumbing *plumbing, int number, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    plumbing->theirs[number] = ends[number == STDIN_FILENO ? 0 : 1];
    plumbing->ours[number] = ends[number == STDIN_FILENO ? 1 : 0];
    (void)fcntl(plumbing->ours[number], F_SETFL, O_NONBLOCK);
    return true;
}

static bool open_null(struct plumbing *plumbing, struct error *err)
{
    plumbing->theirs[STDIN_FILENO] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return plumbing->theirs[STDIN_FILENO] >= 0 ||
           error_set_errno(err, "could not open \"%s\"", "/dev/null");
}

static bool begin(const struct process_spec *spec, struct run *run, struct error *err)
{
    CLEANUP(plumbing_close) struct plumbing plumbing = {{-1, -1, -1}, {-1, -1, -1}};
    bool has_input = spec->input != NULL && spec->input_size > 0;
    if (!(has_input ? open_pipe(&plumbing, STDIN_FILENO, err) : open_null(&plumbing, err)) ||
        !open_pipe(&plumbing, STDOUT_FILENO, err) || !open_pipe(&plumbing, STDERR_FILENO, err) ||
        !spawn(spec, plumbing.theirs, false, &run->child, err)) {
        return false;
    }
    run->input = fd_take(&plumbing.ours[STDIN_FILENO]);
    run->out.fd = fd_take(&plumbing.ours[STDOUT_FILENO]);
    run->err.fd = fd_take(&plumbing.ours[STDERR_FILENO]);
    return true;
}

bool process_run(const struct process_spec *spec, struct process_result *ret_result,
                 struct error *err)
{
    CLEANUP(run_clear)
    struct run run = {
        .spec = spec,
        .child = {.pid = -1, .pidfd = -1},
        .input = -1,
        .out = {.fd = -1, .number = STDOUT_FILENO, .kept = STRBUF_INIT},
        .err = {.fd = -1, .number = STDERR_FILENO, .kept = STRBUF_INIT},
        .family = {.adopts = spec->adopts},
        .phase = RUNNING,
        .started = clock_now(),
        .until = spec->deadline > 0 ? spec->deadline : DEADLINE_NONE,
    };
    family_begin(&run.family);
    if (!begin(spec, &run, err)) {
        return false;
    }
    if (spec->on_start != NULL) {
        spec->on_start(spec->context, run.child.pid);
    }
    /* A program that does not read its input to the end must not take us down. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    (void)sigaction(SIGPIPE, &ignore, &before);
    watch(&run);
    (void)sigaction(SIGPIPE, &before, NULL);
    return finish(&run, ret_result, err);
}
