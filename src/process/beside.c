/*
 * A program beside us: a filter that we write into while it writes into a file, or the other way
 * round. What it says on stderr goes into a file in memory, so that nobody has to read it meanwhile
 * and no full pipe can block anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "spawn.h"

#define SAID_KEPT ((off_t)64 * 1024)

static bool open_null(int given, int flags, int *ret_fd, struct error *err)
{
    if (given >= 0) {
        return true;
    }
    *ret_fd = open("/dev/null", flags | O_CLOEXEC);
    return *ret_fd >= 0 || error_set_errno(err, "could not open \"%s\"", "/dev/null");
}

bool process_start(const struct process_spec *spec, int input, int output,
                   struct process_beside *ret_beside, struct error *err)
{
    CLEANUP(fd_closep) int no_input = -1;
    CLEANUP(fd_closep) int no_output = -1;
    struct child child;
    if (!open_null(input, O_RDONLY, &no_input, err) ||
        !open_null(output, O_WRONLY, &no_output, err)) {
        return false;
    }
    CLEANUP(fd_closep) int said = memfd_create("stderr", MFD_CLOEXEC);
    if (said < 0) {
        return error_set_errno(err, "could not make a file in memory");
    }
    const int streams[3] = {input >= 0 ? input : no_input, output >= 0 ? output : no_output, said};
    if (!spawn(spec, streams, false, &child, err)) {
        return false;
    }
    *ret_beside = (struct process_beside){.pid = child.pid,
                                          .pidfd = child.pidfd,
                                          .said = fd_take(&said),
                                          .program = mem_copy(spec->argv[0])};
    return true;
}

void process_read_said(int said, struct process_result *result)
{
    off_t size = lseek(said, 0, SEEK_END);
    off_t from = size > SAID_KEPT ? size - SAID_KEPT : 0;
    ssize_t n = 1;
    while (n > 0) {
        n = pread(said, strbuf_room(&result->err, (size_t)SAID_KEPT), (size_t)SAID_KEPT, from);
        strbuf_grown(&result->err, n > 0 ? (size_t)n : 0);
        from += n > 0 ? n : 0;
    }
    result->err_cut = size > SAID_KEPT;
}

/* The group is signalled before the program is reaped: until then nobody else has its number. */
void process_reap_group(pid_t *pid, int *pidfd, struct process_result *result)
{
    int status = 0;
    (void)kill(-*pid, SIGKILL);
    while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    *pid = -1;
    fd_closep(pidfd);
}

bool process_wait(struct process_beside *beside, msec deadline, struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    struct pollfd ended = {.fd = beside->pidfd, .events = POLLIN};
    msec started = clock_now();
    int n = interrupt_poll(&ended, 1, deadline);
    while (n == 0 && !deadline_passed(deadline)) {
        n = interrupt_poll(&ended, 1, deadline);
    }
    result.interrupted = n < 0;
    result.timed_out = n == 0;
    process_reap_group(&beside->pid, &beside->pidfd, &result);
    result.elapsed = clock_now() - started;
    if (result.interrupted) {
        return interrupt_error(err);
    }
    if (!result.timed_out && result.exit_status == 0) {
        return true;
    }
    process_read_said(beside->said, &result);
    return unwanted_end(&(struct process_spec){.argv = (const char *[]){beside->program, NULL}},
                        &result, err);
}

void process_beside_clear(struct process_beside *beside)
{
    if (beside->pidfd >= 0) {
        struct process_result unused = {.out = STRBUF_INIT, .err = STRBUF_INIT};
        process_reap_group(&beside->pid, &beside->pidfd, &unused);
    }
    fd_closep(&beside->said);
    mem_free(TAKE(beside->program));
}
