/*
 * Programs that go on without us, and the end of programs that need not be our children.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

#define KILL_PATIENCE 10000 /* what does not die of SIGKILL for so long hangs in the kernel */

bool process_start_detached(const struct process_spec *spec, const char *log_path, pid_t *ret_pid,
                            int *ret_pidfd, struct error *err)
{
    CLEANUP(fd_closep) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0) {
        return error_set_errno(err, "could not open \"%s\"", "/dev/null");
    }
    CLEANUP(fd_closep)
    int log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log < 0) {
        return error_set_errno(err, "could not open \"%s\"", log_path);
    }
    struct child child;
    if (!spawn(spec, (const int[]){null, log, log}, true, &child, err)) {
        return false;
    }
    *ret_pid = child.pid;
    *ret_pidfd = child.pidfd;
    return true;
}

/* A child of ours that has ended is reaped, so that its pid does not seem to live; of others there
 * is nothing to reap. */
static bool wait_for_end(int pidfd, msec deadline)
{
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    int n = 0;
    do {
        n = poll(&fd, 1, deadline_poll_timeout(deadline));
    } while (n == 0 ? !deadline_passed(deadline) : n < 0 && errno == EINTR);
    if (n > 0) {
        siginfo_t info;
        (void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    }
    return n > 0;
}

bool process_has_ended(int pidfd)
{
    return wait_for_end(pidfd, clock_now());
}

static bool send_signal(int pidfd, int signal, struct error *err)
{
    return pidfd_send_signal(pidfd, signal, NULL, 0) == 0 || errno == ESRCH ||
           error_set_errno(err, "could not send signal %d to a process", signal);
}

bool process_stop(int pidfd, int first_signal, msec deadline, struct error *err)
{
    if (!send_signal(pidfd, first_signal, err)) {
        return false;
    }
    if (wait_for_end(pidfd, deadline)) {
        return true;
    }
    if (!send_signal(pidfd, SIGKILL, err)) {
        return false;
    }
    return wait_for_end(pidfd, deadline_in(KILL_PATIENCE)) ||
           error_set(err, ERROR_TIMEOUT, "could not end a process: it was killed and still runs");
}
