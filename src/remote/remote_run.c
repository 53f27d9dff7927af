/*
 * Programs on the host: run to their end, or beside us.
 *
 * How one ended comes over a line from the forwarder ("exit 3", "signal TERM", or an error: the
 * session was lost), or is the end of a program of ours that has it running.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "private.h"

#define KEEP_DEFAULT ((size_t)1024 * 1024)
#define PIECE ((size_t)64 * 1024)
#define REPORT_MAX ((size_t)1024 * 1024)
#define SSH_FAILED 255 /* the exit status of `ssh` where it, or the connection, failed */
#define NO_PROGRAM 127

/* --- how it ended --- */

static int signal_named(const char *name)
{
    for (int number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known != NULL && text_equal(known, name)) {
            return number;
        }
    }
    return SIGKILL; /* one that only the host knows */
}

static bool understand_line(const struct strbuf *told, const char *program,
                            struct process_result *result, struct error *err)
{
    const char *text = told->text;
    CLEANUP(strbuf_clear) struct strbuf report = STRBUF_INIT;
    if (text_starts(text, "Sexit ")) {
        result->exit_status = (int)strtol(text + strlen("Sexit "), NULL, 10);
        return true;
    }
    if (text_starts(text, "Ssignal ")) {
        result->exit_status = -1;
        result->signal = signal_named(text + strlen("Ssignal "));
        return true;
    }
    strbuf_add_n(&report, text + (told->size > 0), told->size - (told->size > 0));
    door_raise(&report, "the host", err);
    return error_prefix(err, "%s there", program);
}

static bool read_line_end(struct remote_beside *beside, struct process_result *result,
                          struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf told = STRBUF_INIT;
    ssize_t n = 1;
    (void)fcntl(beside->line, F_SETFL, 0);
    while (n > 0 && told.size < REPORT_MAX) {
        n = read(beside->line, strbuf_room(&told, 4096), 4096);
        strbuf_grown(&told, n > 0 ? (size_t)n : 0);
    }
    fd_closep(&beside->line);
    return understand_line(&told, beside->program, result, err);
}

/* Of the last lines that it said. */
static bool ended_wrong(const char *program, struct process_result *result, struct error *err)
{
    CLEANUP(mem_freep) char *end = process_result_describe(result);
    const char *missing = strstr(result->err.text, WATCHER_NO_PROGRAM);
    if (result->exit_status == NO_PROGRAM && missing != NULL) {
        error_set(err, ERROR_IO, "the host has no program \"%s\"", program);
        return error_hint(err, "Install it there, or give its path.");
    }
    error_set(err, result->timed_out ? ERROR_TIMEOUT : ERROR_IO,
              result->timed_out ? "%s was %s on the host" : "%s ended with %s on the host", program,
              end);
    strbuf_trim_end(&result->err);
    return result->err.size == 0 ? false : error_detail(err, "%s", result->err.text);
}

static bool ssh_failed(const char *program, struct process_result *result, struct error *err)
{
    strbuf_trim_end(&result->err);
    error_set(err, ERROR_UNREACHABLE, "the session was lost while %s ran on the host", program);
    return result->err.size == 0 ? false : error_detail(err, "%s", result->err.text);
}

/* --- beside us --- */

bool remote_start(struct remote *remote, const struct process_spec *spec, int input, int output,
                  struct remote_beside *ret_beside, struct error *err)
{
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    beside.said = memfd_create("stderr", MFD_CLOEXEC);
    if (beside.said < 0) {
        return error_set_errno(err, "could not make a file in memory");
    }
    beside.program = mem_copy(spec->argv[0]);
    if (!remote->backend->start(remote, spec, input, output, beside.said, &beside, err)) {
        return false;
    }
    *ret_beside = beside;
    beside = (struct remote_beside)REMOTE_BESIDE_INIT;
    return true;
}

static int news_of(const struct remote_beside *beside)
{
    return beside->line >= 0 ? beside->line : beside->pidfd;
}

bool remote_wait(struct remote_beside *beside, msec deadline, struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    struct pollfd ended = {.fd = news_of(beside), .events = POLLIN};
    bool over_ssh = beside->line < 0;
    msec began = clock_now();
    int n = interrupt_poll(&ended, 1, deadline);
    if (n < 0) {
        remote_beside_clear(beside);
        return interrupt_error(err);
    }
    if (n == 0) {
        result.timed_out = true;
        result.elapsed = clock_now() - began;
    } else if (over_ssh) {
        process_reap_group(&beside->pid, &beside->pidfd, &result);
    } else if (!read_line_end(beside, &result, err)) {
        return false;
    }
    process_read_said(beside->said, &result);
    if (!result.timed_out && over_ssh && result.exit_status == SSH_FAILED) {
        return ssh_failed(beside->program, &result, err);
    }
    bool good = !result.timed_out && result.exit_status == 0 && result.signal == 0;
    if (!good) {
        ended_wrong(beside->program, &result, err);
    }
    remote_beside_stop(beside);
    return good;
}

void remote_beside_stop(struct remote_beside *beside)
{
    if (beside->line >= 0) {
        (void)shutdown(beside->line, SHUT_RDWR);
        fd_closep(&beside->line);
    }
    if (beside->pidfd >= 0) {
        struct process_result unused = {.out = STRBUF_INIT, .err = STRBUF_INIT};
        process_reap_group(&beside->pid, &beside->pidfd, &unused);
    }
}

void remote_beside_clear(struct remote_beside *beside)
{
    remote_beside_stop(beside);
    fd_closep(&beside->said);
    mem_free(TAKE(beside->program));
}

/* --- to its end --- */

struct catch
{
    int fd, stream;
    struct strbuf kept;
    bool cut;
};
struct run {
    const struct process_spec *spec;
    struct remote_beside beside;
    struct catch out, err;
    int input;
    size_t written;
    bool told, over_ssh;
};

static void run_clear(struct run *run)
{
    remote_beside_clear(&run->beside);
    fd_closep(&run->out.fd);
    fd_closep(&run->err.fd);
    fd_closep(&run->input);
    strbuf_clear(&run->out.kept);
    strbuf_clear(&run->err.kept);
}

/* The last bytes; cut only where it has grown to twice as many. */
static void keep(struct catch *catch, const struct process_spec *spec, const char *bytes, size_t n)
{
    size_t limit = spec->keep > 0 ? spec->keep : KEEP_DEFAULT;
    strbuf_add_n(&catch->kept, bytes, n);
    if (catch->kept.size > 2 * limit) {
        memmove(catch->kept.text, catch->kept.text + catch->kept.size - limit, limit);
        strbuf_cut(&catch->kept, limit);
        catch->cut = true;
    }
}

static void keep_last(struct catch *catch, const struct process_spec *spec)
{
    size_t limit = spec->keep > 0 ? spec->keep : KEEP_DEFAULT;
    if (catch->kept.size > limit) {
        memmove(catch->kept.text, catch->kept.text + catch->kept.size - limit, limit);
        strbuf_cut(&catch->kept, limit);
        catch->cut = true;
    }
}

static void read_catch(struct catch *catch, const struct process_spec *spec)
{
    CLEANUP(mem_freep) char *bytes = mem_new(1, PIECE);
    ssize_t n = read(catch->fd, bytes, PIECE);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        fd_closep(&catch->fd);
        return;
    }
    if (spec->on_output != NULL) {
        spec->on_output(spec->context, catch->stream, bytes, (size_t)n);
    }
    keep(catch, spec, bytes, (size_t)n);
}

static void feed(struct run *run)
{
    const struct process_spec *spec = run->spec;
    ssize_t n = write(run->input, spec->input + run->written, spec->input_size - run->written);
    bool refused = n < 0 && errno != EAGAIN && errno != EINTR;
    run->written += n > 0 ? (size_t)n : 0;
    if (refused || run->written == spec->input_size) {
        fd_closep(&run->input);
    }
}

static bool take_news(struct run *run, struct process_result *result, struct error *err)
{
    struct pollfd fds[] = {{.fd = run->input, .events = POLLOUT},
                           {.fd = run->out.fd, .events = POLLIN},
                           {.fd = run->err.fd, .events = POLLIN},
                           {.fd = run->told ? -1 : news_of(&run->beside), .events = POLLIN}};
    int n = interrupt_poll(fds, ARRAY_LEN(fds),
                           run->spec->deadline > 0 ? run->spec->deadline : DEADLINE_NONE);
    if (n <= 0) {
        result->interrupted = n < 0;
        result->timed_out = n == 0;
        return true;
    }
    if (fds[0].revents != 0) {
        feed(run);
    }
    if (fds[1].revents != 0) {
        read_catch(&run->out, run->spec);
    }
    if (fds[2].revents != 0) {
        read_catch(&run->err, run->spec);
    }
    if (fds[3].revents != 0) {
        run->told = true;
        if (run->over_ssh) {
            process_reap_group(&run->beside.pid, &run->beside.pidfd, result);
        } else {
            return read_line_end(&run->beside, result, err);
        }
    }
    return true;
}

static bool make_pipe(int *ret_reading, int *ret_writing, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    *ret_reading = ends[0];
    *ret_writing = ends[1];
    return true;
}

static bool start(struct remote *remote, struct run *run, struct error *err)
{
    CLEANUP(fd_closep) int in = -1;
    CLEANUP(fd_closep) int out = -1;
    CLEANUP(fd_closep) int said = -1;
    if (!make_pipe(&run->out.fd, &out, err) || !make_pipe(&run->err.fd, &said, err) ||
        (run->spec->input != NULL && !make_pipe(&in, &run->input, err))) {
        return false;
    }
    if (run->input >= 0 && fcntl(run->input, F_SETFL, O_NONBLOCK) != 0) {
        return error_set_errno(err, "could not set up a pipe");
    }
    run->beside.program = mem_copy(run->spec->argv[0]);
    return remote->backend->start(remote, run->spec, in, out, said, &run->beside, err);
}

static bool watch(struct run *run, struct process_result *result, struct error *err)
{
    const bool *enough = run->spec->enough;
    while (!result->interrupted && !result->timed_out && (enough == NULL || !*enough) &&
           (!run->told || run->out.fd >= 0 || run->err.fd >= 0)) {
        if (!take_news(run, result, err)) {
            return false;
        }
    }
    keep_last(&run->out, run->spec);
    keep_last(&run->err, run->spec);
    return true;
}

bool remote_run(struct remote *remote, const struct process_spec *spec,
                struct process_result *ret_result, struct error *err)
{
    CLEANUP(run_clear)
    struct run run = {.spec = spec,
                      .beside = REMOTE_BESIDE_INIT,
                      .out = {.fd = -1, .stream = STDOUT_FILENO, .kept = STRBUF_INIT},
                      .err = {.fd = -1, .stream = STDERR_FILENO, .kept = STRBUF_INIT},
                      .input = -1};
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    msec began = clock_now();
    if (!start(remote, &run, err)) {
        return false;
    }
    run.over_ssh = run.beside.line < 0;
    if (!watch(&run, &result, err)) {
        return false;
    }
    if (result.timed_out || result.interrupted || !run.told) {
        result.exit_status = -1;
    }
    result.elapsed = clock_now() - began;
    result.out = run.out.kept;
    result.err = run.err.kept;
    result.out_cut = run.out.cut;
    result.err_cut = run.err.cut;
    run.out.kept = run.err.kept = (struct strbuf)STRBUF_INIT;
    bool missing =
        result.exit_status == NO_PROGRAM && strstr(result.err.text, WATCHER_NO_PROGRAM) != NULL;
    if (missing || (run.over_ssh && result.exit_status == SSH_FAILED)) {
        (void)(missing ? ended_wrong(spec->argv[0], &result, err)
                       : ssh_failed(spec->argv[0], &result, err));
        process_result_clear(&result);
        return false;
    }
    *ret_result = result;
    return true;
}
