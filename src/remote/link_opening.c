/*
 * Channels being opened. libssh2 can have one opening under way a session, so they take turns: the
 * first that waits is next. What the host does not allow is that stream's failure and nobody
 * else's.
 */
#include <sys/socket.h>

#include "headgate/mem.h"
#include "link.h"

#define WINDOW ((unsigned)4 * 1024 * 1024) /* a line of 20 ms and 1 Gbit/s stays full */
#define PACKET 32768

static void add_text(struct strbuf *message, const char *text)
{
    size_t n = strlen(text);
    const char size[] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
    strbuf_add_n(message, size, sizeof size);
    strbuf_add_n(message, text, n);
}

static void add_number(struct strbuf *message, unsigned number)
{
    const char bytes[] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8),
                          (char)number};
    strbuf_add_n(message, bytes, sizeof bytes);
}

static bool is_connect(const struct stream *stream)
{
    return stream->kind == STREAM_CONNECT;
}

/* direct-tcpip: where to, where from. To a socket OpenSSH's own kind: its path, and a field that
 * is reserved. */
static LIBSSH2_CHANNEL *ask_for_channel(const struct stream *stream, LIBSSH2_SESSION *session)
{
    CLEANUP(strbuf_clear) struct strbuf message = STRBUF_INIT;
    const char *type = "session";
    if (is_connect(stream) && stream->host[0] == '/') {
        type = "direct-streamlocal@openssh.com";
        add_text(&message, stream->host);
        add_text(&message, "");
        add_number(&message, 0);
    } else if (is_connect(stream)) {
        type = "direct-tcpip";
        add_text(&message, stream->host);
        add_number(&message, (unsigned)stream->port);
        add_text(&message, "127.0.0.1");
        add_number(&message, 0);
    }
    return libssh2_channel_open_ex(session, type, (unsigned)strlen(type), WINDOW, PACKET,
                                   message.size > 0 ? message.text : NULL, (unsigned)message.size);
}

/* --- refusals --- */

static void connect_refused(const struct stream *stream, const char *shown, const char *said,
                            struct error *err)
{
    CLEANUP(mem_freep)
    char *where = stream->host[0] == '/' ? mem_copy(stream->host)
                                         : mem_printf("%s:%d", stream->host, stream->port);
    if (strstr(said, "prohibited") != NULL) {
        error_set(err, ERROR_UNREACHABLE, "%s does not let us connect to %s", shown, where);
        error_hint(err, "Its sshd_config decides: AllowTcpForwarding, AllowStreamLocalForwarding, "
                        "PermitOpen, DisableForwarding.");
        return;
    }
    err->retryable = true;
    error_set(err, ERROR_UNREACHABLE, "%s could not connect to %s", shown, where);
    error_detail(err, "It says: %s.", said);
    error_hint(err, "Host and port are as seen from there: look whether the server listens on that "
                    "address.");
}

static void refuse(struct stream *stream, const char *shown, const char *said)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    if (is_connect(stream)) {
        connect_refused(stream, shown, said, &why);
    } else if (stream->started) {
        error_set(&why, ERROR_UNREACHABLE, "%s does not let us %s", shown,
                  stream->kind == STREAM_EXEC ? "run programs" : "use its subsystems");
        error_detail(&why,
                     stream->kind == STREAM_EXEC ? "It refused to start a shell.%s"
                                                 : "It has none called \"%s\".",
                     stream->kind == STREAM_EXEC ? "" : stream->host);
        error_hint(&why, "Its sshd_config decides (Subsystem, ForceCommand, PermitTTY), and the "
                         "options of our key there.");
    } else {
        why.retryable = true;
        error_set(&why, ERROR_UNREACHABLE, "%s allows no more sessions at once", shown);
        error_detail(&why, "It says: %s.", said);
        error_hint(&why, "MaxSessions in its sshd_config decides how many programs may run over "
                         "one connection.");
    }
    stream_fail(stream, &why);
}

/* --- one opening --- */

/* 0: done, EAGAIN: not yet, else it was refused. */
static int start_program(struct stream *stream)
{
    const char *request = stream->kind == STREAM_EXEC ? "exec" : "subsystem";
    return libssh2_channel_process_startup(stream->channel, request, (unsigned)strlen(request),
                                           stream->host, (unsigned)strlen(stream->host));
}

static int go_on(struct stream *stream, LIBSSH2_SESSION *session)
{
    if (!stream->started) {
        stream->channel = ask_for_channel(stream, session);
        if (stream->channel == NULL) {
            return libssh2_session_last_errno(session);
        }
        stream->started = true;
        if (stream->kind == STREAM_SUBSYSTEM) {
            /* Nobody reads its stderr; unread, it would hide the end. */
            (void)libssh2_channel_handle_extended_data2(stream->channel,
                                                        LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
        }
    }
    return is_connect(stream) || stream->kind == STREAM_PING ? 0 : start_program(stream);
}

static void welcome(struct stream *stream)
{
    static const char ok = DOOR_OK;
    stream->stage = STREAM_OPEN;
    if (stream->line >= 0) {
        (void)send(stream->line, &ok, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (stream->kind == STREAM_PING || (stream->gone && !stream->in.socket)) {
        stream->stage = STREAM_CLOSING;
    } else if (stream->kind != STREAM_EXEC && !stream->libpq) {
        stream_join(stream, fd_take(&stream->line));
    }
}

/* A session that was opened only to be answered is closed before the next: the host may allow just
 * one. */
static bool has_to_wait(const struct stream *next, const struct stream *streams)
{
    for (const struct stream *s = streams; s != NULL && !is_connect(next); s = s->next) {
        if (s != next && s->kind == STREAM_PING && s->stage == STREAM_CLOSING) {
            return true;
        }
    }
    return false;
}

bool opening_move(struct stream *streams, struct link *link, const char *shown)
{
    struct stream *next = NULL;
    for (struct stream *s = streams; s != NULL && (next == NULL || next->stage != STREAM_OPENING);
         s = s->next) {
        next =
            s->stage == STREAM_OPENING || (s->stage == STREAM_WAITING && next == NULL) ? s : next;
    }
    if (next == NULL || (next->stage == STREAM_WAITING && has_to_wait(next, streams))) {
        return false;
    }
    next->stage = STREAM_OPENING;
    int result = go_on(next, link->session);
    link_note(link, result);
    if (result == LIBSSH2_ERROR_EAGAIN || link->ended) {
        return false;
    }
    if (result == 0 || next->kind == STREAM_PING) {
        welcome(next); /* to a ping a refusal is an answer as well */
    } else {
        char *said = NULL;
        (void)libssh2_session_last_error(link->session, &said, NULL, 0);
        refuse(next, shown, said != NULL ? said : "nothing");
    }
    return true;
}
