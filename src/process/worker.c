/*
 * Children that go on in this program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"
#include "headgate/interrupt.h"
#include "spawn.h"

#define ROUNDS 20 /* who starts processes faster than we kill them is stopped: that is enough */

/* stderr stays: what goes wrong in a worker has to be said somewhere. */
static bool close_streams(void)
{
    int null = open("/dev/null", O_RDWR);
    bool closed = null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0;
    if (null > STDERR_FILENO) {
        fd_closep(&null);
    }
    return closed;
}

/* The wish that we have got before we could say that we die with our parent would be lost after
 * interrupt_disown; so that comes first. */
static bool settle_in(pid_t parent)
{
    (void)setpgid(0, 0);
    interrupt_disown();
    interrupt_accept_gentle();
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    return getppid() == parent && close_streams();
}

static bool open_news(int *ret_reading, int *ret_writing, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    CLEANUP(fd_closep) int reading = ends[0];
    CLEANUP(fd_closep) int low = ends[1];
    /* Out of the way of the streams, where we were started without some of them. */
    int writing = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (writing < 0 || fcntl(reading, F_SETFL, O_NONBLOCK) < 0) {
        fd_closep(&writing);
        return error_set_errno(err, "could not make a pipe");
    }
    *ret_reading = fd_take(&reading);
    *ret_writing = writing;
    return true;
}

/* A gentle wish that comes at once must find somebody who understands it. */
static pid_t fork_with_wishes_held(sigset_t *ret_before)
{
    sigset_t gentle;
    (void)sigemptyset(&gentle);
    (void)sigaddset(&gentle, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &gentle, ret_before);
    return fork();
}

static bool watch(pid_t pid, struct worker *ret_worker, struct error *err)
{
    int pidfd = process_open(pid);
    if (pidfd < 0) {
        (void)error_set_errno(err, "could not watch a step's process");
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return false;
    }
    *ret_worker = (struct worker){.pid = pid, .pidfd = pidfd, .news = -1};
    return true;
}

bool worker_start(int (*body)(void *context, int news), void *context, struct worker *ret_worker,
                  struct error *err)
{
    CLEANUP(fd_closep) int reading = -1;
    CLEANUP(fd_closep) int writing = -1;
    sigset_t before;
    pid_t parent = getpid();
    if (!open_news(&reading, &writing, err)) {
        return false;
    }
    want_exit_statuses();
    pid_t pid = fork_with_wishes_held(&before);
    if (pid == 0) {
        fd_closep(&reading);
        process_exit_child(settle_in(parent) ? body(context, writing) : 127);
    }
    int fork_errno = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        errno = fork_errno;
        return error_set_errno(err, "could not start a process");
    }
    (void)setpgid(pid, pid); /* both do, so that it is done for both */
    if (!watch(pid, ret_worker, err)) {
        return false;
    }
    ret_worker->news = fd_take(&reading);
    return true;
}

void worker_signal(const struct worker *worker, int signal)
{
    if (worker->pid > 0) {
        (void)pidfd_send_signal(worker->pidfd, signal, NULL, 0);
    }
}

static size_t kill_session_mates(pid_t root)
{
    CLEANUP(kinfolk_clear) struct kinfolk kinfolk = {0};
    size_t n = 0;
    kinfolk_find(root, NULL, &kinfolk);
    for (size_t i = 0; i < kinfolk.n; i++) {
        if (kinfolk.items[i].session == getsid(0)) {
            kin_signal(&kinfolk.items[i], SIGKILL);
            n++;
        }
    }
    return n;
}

/* It is frozen first, so that it starts nothing more and nobody in its family becomes an orphan
 * unseen. */
void worker_kill(const struct worker *worker)
{
    if (worker->pid <= 0) {
        return;
    }
    (void)kill(-worker->pid, SIGSTOP);
    for (int i = 0; i < ROUNDS && kill_session_mates(worker->pid) > 0; i++) {
        (void)poll(NULL, 0, 1);
    }
    (void)kill(-worker->pid, SIGKILL);
}

bool worker_has_ended(struct worker *worker, int *ret_status, int *ret_signal)
{
    int status = 0;
    if (worker->pid <= 0 || waitpid(worker->pid, &status, WNOHANG) != worker->pid) {
        return false;
    }
    worker->pid = -1; /* somebody else may get the number */
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *ret_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return true;
}

void worker_clear(struct worker *worker)
{
    fd_closep(&worker->pidfd);
    fd_closep(&worker->news);
    worker->pid = -1;
}
