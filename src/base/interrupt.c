/*
 * The wish to stop.
 *
 * The signals are blocked everywhere but inside ppoll, so no other system call has to expect EINTR,
 * and none is lost between a look at the flag and the wait. Code that computes without waiting sees
 * them as well, because interrupt_pending takes from the kernel what is blocked. A signal that was
 * ignored when we were started (nohup) stays so.
 */
#include "headgate/interrupt.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>

static volatile sig_atomic_t first_signal;
static volatile sig_atomic_t times;
static volatile sig_atomic_t gentle;   /* a gentle wish was noted */
static volatile sig_atomic_t unrested; /* ... and has ended no wait yet */
static bool installed;
static sigset_t stops;         /* the signals that are ours */
static sigset_t while_waiting; /* the mask inside ppoll: what we were started with, without ours */

static void note(int signal_number)
{
    if (signal_number == SIGUSR1) {
        gentle = unrested = 1;
        return;
    }
    if (first_signal == 0) {
        first_signal = signal_number;
    }
    times = times + 1;
}

static void catch (int signal_number)
{
    struct sigaction before;
    if (sigaction(signal_number, NULL, &before) != 0 || before.sa_handler == SIG_IGN) {
        return;
    }
    struct sigaction action = {.sa_handler = note};
    (void)sigfillset(&action.sa_mask);
    (void)sigaction(signal_number, &action, NULL);
    (void)sigaddset(&stops, signal_number);
}

static void set_handler(int signal_number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(signal_number, &action, NULL);
}

void interrupt_install(void)
{
    (void)sigemptyset(&stops);
    catch (SIGINT);
    catch (SIGTERM);
    catch (SIGHUP);
    set_handler(SIGPIPE, SIG_IGN);
    set_handler(SIGXFSZ,
                SIG_IGN); /* a file at its limit is an error of write(2), like a full disk */
    (void)sigprocmask(SIG_BLOCK, &stops, &while_waiting);
    (void)sigdelset(&while_waiting, SIGINT);
    (void)sigdelset(&while_waiting, SIGTERM);
    (void)sigdelset(&while_waiting, SIGHUP);
    installed = true;
}

void interrupt_accept_gentle(void)
{
    if (!installed) {
        interrupt_install();
    }
    struct sigaction action = {.sa_handler = note};
    (void)sigfillset(&action.sa_mask);
    (void)sigaddset(&stops, SIGUSR1);
    (void)sigdelset(&while_waiting, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &stops, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
}

static void take_blocked(void)
{
    static const struct timespec at_once = {.tv_sec = 0};
    int signal_number = 0;
    while (installed && (signal_number = sigtimedwait(&stops, NULL, &at_once)) > 0) {
        note(signal_number);
    }
}

int interrupt_pending(void)
{
    take_blocked();
    return (int)first_signal;
}

int interrupt_count(void)
{
    take_blocked();
    return (int)times;
}

void interrupt_forget(void)
{
    take_blocked();
    interrupt_disown();
}

void interrupt_disown(void)
{
    first_signal = 0;
    times = 0;
    gentle = unrested = 0;
}

bool interrupt_is_wished(void)
{
    return interrupt_pending() != 0 || gentle != 0;
}

/* Ends a wait for nothing but time, once: whoever waits in a loop that does not ask for gentle
 * wishes must not begin to spin. */
static bool is_roused(nfds_t n)
{
    bool roused = n == 0 && unrested != 0;
    unrested = roused ? 0 : unrested;
    return roused;
}

int interrupt_poll(struct pollfd *fds, nfds_t n, msec deadline)
{
    for (;;) {
        if (interrupt_pending() != 0) {
            errno = EINTR;
            return -1;
        }
        if (is_roused(n)) {
            return 0;
        }
        int left = deadline_poll_timeout(deadline);
        struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000L};
        int ready = ppoll(fds, n, left < 0 ? NULL : &timeout, installed ? &while_waiting : NULL);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return ready;
        }
        if (ready == 0 && deadline_passed(deadline)) {
            return 0;
        }
    }
}

void interrupt_reset_in_child(void)
{
    set_handler(SIGPIPE, SIG_DFL);
    set_handler(SIGXFSZ, SIG_DFL);
    if (!installed) {
        return;
    }
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (sigismember(&stops, ours[i]) == 1) {
            set_handler(ours[i], SIG_DFL);
        }
    }
    (void)sigprocmask(SIG_SETMASK, &while_waiting, NULL);
}

bool interrupt_error(struct error *err)
{
    int signal_number = interrupt_pending();
    assert(signal_number != 0 && "nobody asked to stop");
    return error_set(err, signal_number == SIGINT ? ERROR_INTERRUPTED : ERROR_TERMINATED,
                     "stopped by SIG%s", sigabbrev_np(signal_number));
}
