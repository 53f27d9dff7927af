/*
 * One connection through the session, or one program on the host: bytes both ways.
 *
 * Nothing is read here that the other side has no room for: of the client only as much as the
 * channel's window takes, of the channel only when the client has taken all before. So the buffers
 * are bounded, and who is slow slows down the one who is quick. An end (half-close) goes through in
 * either direction.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/mem.h"
#include "link.h"

#define UNSENT_MAX                                                                                 \
    ((size_t)256 * 1024)            /* libssh2 gets no more while so much waits for the socket */
#define TURN ((size_t)1024 * 1024)  /* what one may move before the others have their turn */
#define PIECE ((size_t)128 * 1024)  /* what is read of a client at once */
#define PORTION ((size_t)64 * 1024) /* stays in the processor's cache on its way */
#define FRAME_HEAD 16
#define FRAME_MAX ((size_t)1024 * 1024) /* one costs a process over there */
#define PIPE_SIZE (1024 * 1024)         /* the largest that an ordinary user may have */

struct stream *stream_new(enum stream_kind kind, int line)
{
    struct stream *stream = mem_new(1, sizeof *stream);
    stream->kind = kind;
    stream->line = line;
    stream->in.fd = stream->out.fd = stream->err.fd = -1;
    stream->up = stream->in.left = stream->out.left = stream->err.left = (struct strbuf)STRBUF_INIT;
    return stream;
}

void stream_free(struct stream *stream)
{
    if (stream->out.fd == stream->in.fd) {
        stream->out.fd = -1;
    }
    fd_closep(&stream->in.fd);
    fd_closep(&stream->out.fd);
    fd_closep(&stream->err.fd);
    fd_closep(&stream->line);
    strbuf_clear(&stream->up);
    strbuf_clear(&stream->out.left);
    strbuf_clear(&stream->err.left);
    mem_free(stream->host);
    mem_free(stream);
}

void stream_join(struct stream *stream, int fd)
{
    stream->in.fd = stream->out.fd = fd;
    stream->in.socket = stream->out.socket = true;
    stream->in.ready = true;
    stream->err.over = true;
}

/* A pipe gets a description of its own, so that the other side's does not begin to refuse. A file
 * never does. */
static void adopt_end(struct pipe_end *end, int fd, int flags)
{
    struct stat status;
    end->fd = fd;
    end->ready = true;
    if (fstat(fd, &status) != 0) {
        return;
    }
    end->socket = S_ISSOCK(status.st_mode);
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        CLEANUP(mem_freep) char *path = mem_printf("/proc/self/fd/%d", fd);
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* fewer turns for more bytes */
        int own = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (own >= 0) {
            end->fd = own;
            (void)close(fd);
        }
    }
}

void stream_adopt(struct stream *stream, int in, int out, int err)
{
    if (in >= 0) {
        adopt_end(&stream->in, in, O_RDONLY);
    } else {
        stream->in.over = true;
    }
    adopt_end(&stream->out, out, O_WRONLY);
    adopt_end(&stream->err, err, O_WRONLY);
}

/* --- towards us --- */

static ssize_t put(const struct pipe_end *end, const char *bytes, size_t n)
{
    return end->socket ? send(end->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL)
                       : write(end->fd, bytes, n);
}

/* What the end does not take is kept for it. False: nobody is there any more. */
static bool hand_over(struct pipe_end *end, const char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = put(end, bytes + done, size - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno != EAGAIN) {
            return false;
        }
        if (n < 0) {
            break;
        }
        done += (size_t)n;
    }
    if (bytes == end->left.text + end->left_from) {
        end->left_from += done;
        if (end->left_from == end->left.size) {
            strbuf_cut(&end->left, 0);
            end->left_from = 0;
        }
    } else {
        strbuf_add_n(&end->left, bytes + done, size - done);
    }
    return true;
}

static size_t left_of(const struct pipe_end *end)
{
    return end->left.size - end->left_from;
}

/* Nobody reads any more: a program there is told as one here would be. */
static void leave(struct stream *stream)
{
    if (stream->kind == STREAM_EXEC && stream->line >= 0) {
        static const char told[] = "Ssignal PIPE";
        (void)send(stream->line, told, sizeof told, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    stream->stage = STREAM_CLOSING;
}

static bool move_left(struct stream *stream, struct pipe_end *end)
{
    size_t before = left_of(end);
    if (before == 0) {
        return false;
    }
    if (!hand_over(end, end->left.text + end->left_from, before)) {
        leave(stream);
        return true;
    }
    return left_of(end) != before;
}

/*
 * What was read makes room for more, and the host is told. libssh2 would do that itself in the
 * course of a read; but where keys are being exchanged it comes back to that later, and then
 * counts what the read at hand wants and not what it had told the host: with reads of several sizes
 * (two ends, one of them full) the two would disagree, and what comes beyond its own count libssh2
 * throws away. So the size stays the same until it is told. False: it is not told yet.
 */
static bool widen(struct stream *stream, struct link *link)
{
    unsigned long whole = 0;
    unsigned long window = libssh2_channel_window_read_ex(stream->channel, NULL, &whole);
    if (stream->widening == 0 && window < whole / 4 * 3 + LINK_BUFFER) {
        stream->widening = whole + LINK_BUFFER - window;
    }
    if (stream->widening == 0) {
        return true;
    }
    int result = libssh2_channel_receive_window_adjust2(stream->channel, stream->widening, 1, NULL);
    link_note(link, result);
    stream->widening = result == 0 ? 0 : stream->widening;
    return result == 0;
}

/*
 * libssh2 reads all that the socket has before it gives any of it away: with a client that is quick
 * that would be the whole window, again and again, while the client waits for bytes and the host
 * for room. In portions all of them have something to do.
 */
static ssize_t read_portion(struct stream *stream, struct link *link, int id, size_t room,
                            bool *ret_more)
{
    link->portion = PORTION;
    ssize_t n = widen(stream, link)
                    ? libssh2_channel_read_ex(stream->channel, id, link->buffer, room)
                    : LIBSSH2_ERROR_EAGAIN;
    *ret_more = link->portion == 0;
    link->portion = SIZE_MAX;
    return n;
}

/* True where something moved. An answer of libssh2's that is an error means that the session is
 * over; the loop sees that. */
static bool move_down(struct stream *stream, struct link *link, struct pipe_end *end, int id)
{
    bool moved = move_left(stream, end);
    size_t turn = 0;
    while (stream->stage == STREAM_OPEN && turn < TURN) {
        /* With no room for what comes libssh2 still has to see windows and keys go by. */
        size_t room = left_of(end) == 0 ? LINK_BUFFER : 0;
        bool more = false;
        ssize_t n = read_portion(stream, link, id, room, &more);
        link_note(link, n);
        moved = moved || more;
        if (n <= 0) {
            break;
        }
        if (!hand_over(end, link->buffer, (size_t)n)) {
            leave(stream);
        }
        turn += (size_t)n;
        moved = true;
    }
    return moved;
}

/* --- towards the host --- */

static size_t up_left(const struct stream *stream)
{
    return stream->up.size - stream->up_from;
}

static bool push_up(struct stream *stream, struct link *link)
{
    bool moved = false;
    while (up_left(stream) > 0) {
        ssize_t n = libssh2_channel_write_ex(stream->channel, 0, stream->up.text + stream->up_from,
                                             up_left(stream));
        link_note(link, n);
        if (n <= 0) {
            return moved;
        }
        stream->up_from += (size_t)n;
        moved = true;
    }
    strbuf_cut(&stream->up, 0);
    stream->up_from = 0;
    return moved;
}

static bool may_take(const struct stream *stream, const struct link *link)
{
    return stream->stage == STREAM_OPEN && !stream->in.over && up_left(stream) == 0 &&
           link_unsent(link) < UNSENT_MAX && libssh2_channel_window_write(stream->channel) > 0;
}

static ssize_t take(struct stream *stream, char *bytes, size_t n)
{
    return stream->in.socket ? recv(stream->in.fd, bytes, n, MSG_DONTWAIT)
                             : read(stream->in.fd, bytes, n);
}

static size_t piece(const struct stream *stream)
{
    size_t window = libssh2_channel_window_write(stream->channel);
    size_t most = stream->framed ? FRAME_MAX : PIECE;
    return window < most ? window : most;
}

/* One piece; with its size in front where it goes in frames. */
static bool take_up(struct stream *stream)
{
    size_t wanted = piece(stream);
    char *room = strbuf_room(&stream->up, wanted + FRAME_HEAD);
    char *bytes = room + (stream->framed ? FRAME_HEAD : 0);
    ssize_t n = take(stream, bytes, wanted);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        stream->in.ready = errno == EINTR;
        return false;
    }
    if (n <= 0) {
        stream->in.over = true;
        if (stream->framed) {
            strbuf_add(&stream->up, "0\n");
        }
        return true;
    }
    if (stream->framed) {
        char head[FRAME_HEAD + 1];
        int size = snprintf(head, sizeof head, "%zd\n", n);
        memcpy(room, head, (size_t)size);
        memmove(room + size, bytes, (size_t)n);
        n += size;
    }
    strbuf_grown(&stream->up, (size_t)n);
    return true;
}

static bool move_up(struct stream *stream, struct link *link)
{
    bool moved = push_up(stream, link);
    size_t turn = 0;
    while (may_take(stream, link) && stream->in.ready && turn < TURN && take_up(stream)) {
        turn += up_left(stream);
        (void)push_up(stream, link);
        moved = true;
    }
    /* A program whose stdin ends is killed over there (watcher.c), so there it never does. */
    if (stream->kind != STREAM_EXEC && stream->in.over && up_left(stream) == 0 &&
        !stream->eof_sent && libssh2_channel_send_eof(stream->channel) == 0) {
        stream->eof_sent = true;
        moved = true;
    }
    return moved;
}

/* --- its end --- */

/* The signal is looked for first: where there is one, libssh2 gives 0 as the status. */
static void tell_exit(struct stream *stream)
{
    char *signal = NULL;
    size_t size = 0;
    CLEANUP(strbuf_clear) struct strbuf told = STRBUF_INIT;
    (void)libssh2_channel_get_exit_signal(stream->channel, &signal, &size, NULL, NULL, NULL, NULL);
    if (signal != NULL) {
        strbuf_add(&told, "Ssignal ");
        strbuf_add_n(&told, signal, size);
    } else {
        strbuf_printf(&told, "Sexit %d", libssh2_channel_get_exit_status(stream->channel));
    }
    mem_free(signal);
    (void)send(stream->line, told.text, told.size + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool finish(struct stream *stream)
{
    if (stream->stage == STREAM_OPEN && stream->gone && stream->eof_sent) {
        stream->stage = STREAM_CLOSING;
        return true;
    }
    if (stream->stage != STREAM_OPEN || libssh2_channel_eof(stream->channel) != 1 ||
        left_of(&stream->out) > 0 || left_of(&stream->err) > 0) {
        return false;
    }
    if (stream->kind == STREAM_EXEC) {
        if (libssh2_channel_wait_closed(stream->channel) != 0) {
            return false;
        }
        tell_exit(stream);
        stream->stage = STREAM_CLOSING;
        return true;
    }
    if (!stream->eof_told) {
        stream->eof_told = true;
        (void)shutdown(stream->out.fd, SHUT_WR);
        return true;
    }
    if (stream->eof_sent) {
        stream->stage = STREAM_CLOSING;
        return true;
    }
    return false;
}

static bool move_closing(struct stream *stream)
{
    if (stream->out.fd == stream->in.fd) {
        stream->out.fd = -1;
    }
    fd_closep(&stream->in.fd);
    fd_closep(&stream->out.fd);
    fd_closep(&stream->err.fd);
    fd_closep(&stream->line);
    if (stream->channel != NULL && libssh2_channel_free(stream->channel) == LIBSSH2_ERROR_EAGAIN) {
        return false;
    }
    stream->channel = NULL;
    stream->stage = STREAM_OVER;
    return true;
}

bool stream_move(struct stream *stream, struct link *link)
{
    bool moved = false;
    if (stream->stage == STREAM_OPEN) {
        moved = move_down(stream, link, &stream->out, 0);
        if (stream->kind == STREAM_EXEC) {
            moved = move_down(stream, link, &stream->err, SSH_EXTENDED_DATA_STDERR) || moved;
        }
    }
    if (stream->stage == STREAM_OPEN) {
        moved = move_up(stream, link) || moved;
        moved = finish(stream) || moved;
    }
    if (stream->stage == STREAM_CLOSING) {
        moved = move_closing(stream) || moved;
    }
    return moved;
}

/* --- its descriptors --- */

size_t stream_watch(const struct stream *stream, struct pollfd *fds)
{
    bool open = stream->stage == STREAM_OPEN;
    /* Even while nothing may be taken: whoever has something to say must be known when its turn
     * comes. */
    bool hears = open && !stream->in.ready && !stream->in.over;
    bool same = stream->in.fd == stream->out.fd;
    short in = hears ? POLLIN : 0;
    short out = left_of(&stream->out) > 0 ? POLLOUT : 0;
    bool look = stream->in.socket && !stream->gone;
    fds[0] = (struct pollfd){.fd = in != 0 || (same && out != 0) || look ? stream->in.fd : -1,
                             .events = (short)(in | (same ? out : 0))};
    fds[1] = (struct pollfd){.fd = out != 0 && !same ? stream->out.fd : -1, .events = out};
    fds[2] =
        (struct pollfd){.fd = left_of(&stream->err) > 0 ? stream->err.fd : -1, .events = POLLOUT};
    fds[3] = (struct pollfd){.fd = stream->line, .events = 0};
    return STREAM_FDS;
}

static bool hung_up(const struct pollfd *fd)
{
    return (fd->revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void stream_heed(struct stream *stream, const struct pollfd *fds)
{
    bool left =
        hung_up(&fds[3]) || (stream->libpq && hung_up(&fds[0]) && stream->stage < STREAM_OPEN);
    if (fds[0].revents != 0) {
        stream->in.ready = true;
    }
    if (hung_up(&fds[0])) {
        stream->gone = true;
    }
    if (left) {
        /* One that is being opened is so first: libssh2 can open no other before. */
        stream->gone = true;
        stream->stage = stream->stage == STREAM_OPENING ? STREAM_OPENING : STREAM_CLOSING;
        fd_closep(&stream->line);
    }
}
