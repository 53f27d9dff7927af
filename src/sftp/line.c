/* Bytes in and out: never blocking in the kernel, giving way to a wish to stop. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "headgate/interrupt.h"
#include "session.h"

#define LENGTH sizeof(uint32_t)

bool sftp_break(struct sftp *sftp, bool retryable, const char *format, ...)
{
    if (sftp->broken == NULL) {
        va_list arguments;
        va_start(arguments, format);
        sftp->broken = mem_vprintf(format, arguments);
        va_end(arguments);
        sftp->retryable = retryable;
    }
    return false;
}

bool sftp_error(const struct sftp *sftp, struct error *err)
{
    (void)error_set(err, ERROR_UNREACHABLE, "%s: %s", sftp->shown, sftp->broken);
    err->retryable = sftp->retryable;
    if (!sftp->greeted && !sftp->retryable) {
        (void)error_hint(err, "Where a login there prints text even when nobody sits before it, "
                              "that must end: ssh HOST true must print nothing.");
    }
    return false;
}

/* --- handing out --- */

static void hand_out(struct sftp *sftp, struct sftp_reply *reply)
{
    struct sftp_request *request = &sftp->requests[reply->id % SFTP_SLOTS];
    if (!request->busy || request->id != reply->id) {
        (void)sftp_break(sftp, false, "the SFTP server answers what nobody has asked");
        return;
    }
    const struct sftp_request asked = *request;
    request->busy = false;
    sftp->n_busy--;
    sftp->under_way -= asked.n;
    if (asked.answer != NULL) {
        asked.answer(sftp, &asked, reply);
    }
}

static void take_packet(struct sftp *sftp, const char *packet, size_t n)
{
    struct sftp_reply reply;
    const char *against = NULL;
    if (!sftp->greeted) {
        against = sftp_version_read(packet, n, &sftp->extensions);
        sftp->greeted = against == NULL;
    } else {
        against = sftp_reply_read(packet, n, &reply);
        if (against == NULL) {
            hand_out(sftp, &reply);
        }
    }
    if (against != NULL) {
        (void)sftp_break(sftp, false, "the SFTP server sent %s", against);
    }
}

/* All packets that are there as a whole. */
static void take_packets(struct sftp *sftp)
{
    while (sftp->broken == NULL && sftp->in_to - sftp->in_from >= LENGTH) {
        uint32_t length = 0;
        memcpy(&length, sftp->in + sftp->in_from, LENGTH);
        size_t n = be32toh(length);
        if (n > SFTP_PACKET_MAX || n < 1) {
            (void)sftp_break(sftp, false, "the SFTP server sent something that is not SFTP");
            return;
        }
        if (sftp->in_to - sftp->in_from < LENGTH + n) {
            return;
        }
        take_packet(sftp, sftp->in + sftp->in_from + LENGTH, n);
        sftp->in_from += LENGTH + n;
    }
}

/* What is left of a packet moves to the front where the rest might not fit behind it. */
static void make_room(struct sftp *sftp)
{
    size_t left = sftp->in_to - sftp->in_from;
    if (left == 0 || SFTP_INBOX - sftp->in_from < LENGTH + SFTP_PACKET_MAX) {
        memmove(sftp->in, sftp->in + sftp->in_from, left);
        sftp->in_from = 0;
        sftp->in_to = left;
    }
}

static bool receive(struct sftp *sftp)
{
    make_room(sftp);
    ssize_t n = recv(sftp->fd, sftp->in + sftp->in_to, SFTP_INBOX - sftp->in_to, MSG_DONTWAIT);
    if (n > 0) {
        sftp->moved = clock_now();
        sftp->in_to += (size_t)n;
        take_packets(sftp);
        return sftp->broken == NULL;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    return n == 0 ? sftp_break(sftp, true, "the SFTP session was closed on the other side")
                  : sftp_break(sftp, true, "the SFTP session broke: %s", strerror(errno));
}

/* --- waiting --- */

static int wait_deaf(struct pollfd *fd, msec deadline)
{
    int n = 0;
    do {
        n = poll(fd, 1, deadline_poll_timeout(deadline));
    } while (n < 0 && errno == EINTR);
    return n;
}

/* Until one of the events; what comes in is handed out. */
static bool wait_for(struct sftp *sftp, short events, msec patience, struct error *err)
{
    struct pollfd fd = {.fd = sftp->fd, .events = events};
    msec allowed = patience > sftp->silence ? patience : sftp->silence;
    msec deadline = deadline_earlier(sftp->moved + allowed, sftp->end);
    bool deaf = sftp->end != DEADLINE_NONE;
    int n = deaf ? wait_deaf(&fd, deadline) : interrupt_poll(&fd, 1, deadline);
    if (n < 0 && !deaf && errno == EINTR) {
        return interrupt_error(err);
    }
    if (n == 0) {
        CLEANUP(mem_freep) char *time = duration_format(allowed);
        (void)sftp_break(sftp, true, "the SFTP server has said nothing for %s", time);
        return sftp_error(sftp, err);
    }
    if (n < 0 || ((fd.revents & ~POLLOUT) != 0 && !receive(sftp))) {
        (void)sftp_break(sftp, true, "could not wait for the SFTP server: %s", strerror(errno));
        return sftp_error(sftp, err);
    }
    return true;
}

bool sftp_wait(struct sftp *sftp, msec patience, struct error *err)
{
    return sftp->broken != NULL ? sftp_error(sftp, err) : wait_for(sftp, POLLIN, patience, err);
}

/* --- sending --- */

static ssize_t send_some(struct sftp *sftp, const struct strbuf *packet, const void *bytes,
                         size_t n, size_t sent)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts};
    if (sent < packet->size) {
        parts[message.msg_iovlen++] =
            (struct iovec){.iov_base = packet->text + sent, .iov_len = packet->size - sent};
        sent = packet->size;
    }
    if (n > 0) {
        size_t from = sent - packet->size;
        const union {
            const void *ours;
            void *theirs; /* sendmsg's, which only reads them */
        } all = {.ours = bytes};
        parts[message.msg_iovlen++] =
            (struct iovec){.iov_base = (char *)all.theirs + from, .iov_len = n - from};
    }
    return sendmsg(sftp->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool sftp_send(struct sftp *sftp, const struct strbuf *packet, const void *bytes, size_t n,
               struct error *err)
{
    size_t sent = 0;
    if (sftp->broken != NULL) {
        return sftp_error(sftp, err);
    }
    sftp->moved = clock_now();
    while (sent < packet->size + n) {
        ssize_t some = send_some(sftp, packet, bytes, n, sent);
        if (some > 0) {
            sent += (size_t)some;
            sftp->moved = clock_now();
        } else if (errno != EAGAIN && errno != EINTR) {
            (void)sftp_break(sftp, true, "the SFTP session broke: %s", strerror(errno));
            return sftp_error(sftp, err);
        } else if (!wait_for(sftp, POLLIN | POLLOUT, 0, err)) {
            if (sent > 0) { /* nothing can follow half a packet */
                (void)sftp_break(sftp, true,
                                 "the SFTP session was left in the middle of a request");
            }
            return false;
        }
    }
    return true;
}
