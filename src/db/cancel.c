/*
 * Asking the server to cancel a statement.
 *
 * PQcancel opens a second connection and blocks on it without a limit: for a server that is frozen,
 * for ever. It therefore runs in a forked child, which is killed when it takes too long.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "session.h"

#define CANCEL_LIMIT 2000

static void wait_for_child(pid_t child)
{
    CLEANUP(fd_closep) int pidfd = process_open(child);
    struct pollfd fd = {.fd = pidfd, .events = POLLIN, .revents = 0};
    msec deadline = deadline_in(CANCEL_LIMIT);
    int n = 0;
    while (n <= 0 && !deadline_passed(deadline)) {
        n = poll(&fd, 1, deadline_poll_timeout(deadline));
    }
    if (n <= 0) {
        kill(child, SIGKILL);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

void session_cancel(const struct db *db)
{
    PGcancel *cancel = PQgetCancel(db->conn);
    if (cancel == NULL) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        char text[256]; /* as large as PQcancel's manual asks for */
        process_exit_child(PQcancel(cancel, text, sizeof text) == 1 ? 0 : 1);
    }
    if (child > 0) {
        wait_for_child(child);
    }
    PQfreeCancel(cancel);
}
