/*
 * The last bytes of what a program writes. They are gathered in one buffer whose beginning is
 * dropped when it has grown to more than twice what is wanted, so that each byte is moved about
 * once.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024) /* a pipe's usual capacity */
#define KEEP ((size_t)1024 * 1024)

static void drop_beginning(struct stream *stream, size_t keep)
{
    struct strbuf *kept = &stream->kept;
    if (kept->size > keep) {
        memmove(kept->text, kept->text + (kept->size - keep), keep);
        strbuf_cut(kept, keep);
        stream->cut = true;
    }
}

static size_t wanted(const struct process_spec *spec)
{
    return spec->keep > 0 ? spec->keep : KEEP;
}

size_t stream_read(struct stream *stream, const struct process_spec *spec)
{
    char *piece = strbuf_room(&stream->kept, PIECE);
    ssize_t size = read(stream->fd, piece, PIECE);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (size <= 0) {
        fd_closep(&stream->fd);
        return 0;
    }
    strbuf_grown(&stream->kept, (size_t)size);
    if (spec->on_output != NULL) {
        spec->on_output(spec->context, stream->number, piece, (size_t)size);
    }
    if (stream->kept.size / 2 > wanted(spec) + PIECE) {
        drop_beginning(stream, wanted(spec));
    }
    return (size_t)size;
}

void stream_finish(struct stream *stream, const struct process_spec *spec)
{
    drop_beginning(stream, wanted(spec));
}

void stream_clear(struct stream *stream)
{
    fd_closep(&stream->fd);
    strbuf_clear(&stream->kept);
}
