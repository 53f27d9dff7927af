/*
 * What a stream's client is told where there is no session, or no longer: a request an error, a
 * client of PostgreSQL's the words of a server that does not let it in.
 */
#include <sys/socket.h>

#include "link.h"

void stream_fail(struct stream *stream, const struct error *why)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (stream->line >= 0) {
        door_tell_error(stream->line, why);
    } else if (stream->libpq && stream->stage < STREAM_OPEN) {
        libpq_refuse(stream->in.fd, "", 0, why);
    } else if (stream->in.socket && stream->in.fd >= 0) {
        (void)setsockopt(stream->in.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    stream->stage = stream->channel != NULL ? STREAM_CLOSING : STREAM_OVER;
}
