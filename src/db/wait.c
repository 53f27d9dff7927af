#include "wait.h"

#include <errno.h>
#include <poll.h>

#include "headgate/interrupt.h"

static int poll_through_signals(struct pollfd *fd, msec deadline)
{
    int n = 0;
    do {
        n = poll(fd, 1, deadline_poll_timeout(deadline));
    } while (n < 0 && errno == EINTR);
    return n;
}

enum wait_end wait_for_socket(const PGconn *conn, short events, msec deadline, bool stoppable)
{
    struct pollfd fd = {.fd = PQsocket(conn), .events = events, .revents = 0};
    if (fd.fd < 0) {
        return WAIT_READY;
    }
    int n = stoppable ? interrupt_poll(&fd, 1, deadline) : poll_through_signals(&fd, deadline);
    if (n > 0) {
        return WAIT_READY;
    }
    return n < 0 && stoppable && errno == EINTR ? WAIT_STOP : WAIT_DEADLINE;
}

char *wait_describe(msec start, msec deadline)
{
    msec unit = deadline - start >= 1000 ? 1000 : 10;
    msec rounded = (deadline - start + unit / 2) / unit * unit;
    return duration_format(rounded > 0 ? rounded : 0);
}
