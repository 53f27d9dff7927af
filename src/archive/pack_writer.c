/* Writes a pack. Whatever is written is written here, by the caller's thread. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <zstd.h>

#include "headgate/file.h"
#include "pack_private.h"

struct pack_writer {
    int fd, level;
    char *shown;
    uint64_t size;  /* written so far */
    size_t members; /* of the frames; behind them SHA256SUMS and the end are put at last */
    struct pack_frames frames;
    size_t capacity;
    int failure; /* errno of the write that failed: nothing is written after it */
    bool finished;
    struct pack_press *press;
};

bool pack_writer_open(int fd, const char *shown, unsigned threads, int level,
                      struct pack_writer **ret_writer, struct error *err)
{
    CLEANUP(pack_writer_freep) struct pack_writer *writer = mem_new(1, sizeof *writer);
    writer->fd = fd;
    writer->level = level;
    writer->shown = mem_copy(shown);
    if (!pack_press_start(threads, level, &writer->press, err)) {
        return error_prefix(err, "could not write %s", shown);
    }
    *ret_writer = TAKE(writer);
    return true;
}

static bool write_out(struct pack_writer *writer, const char *bytes, size_t n, struct error *err)
{
    CLEANUP(error_clear) struct error failed = ERROR_INIT;
    if (writer->failure == 0 && !fd_write_all(writer->fd, bytes, n, &failed)) {
        writer->failure = failed.sys_errno;
    }
    if (writer->failure != 0) {
        errno = writer->failure;
        return error_set_errno(err, "could not write %s", writer->shown);
    }
    writer->size += n;
    return true;
}

static void add_frame(struct pack_writer *writer, const struct pack_member *frame)
{
    if (writer->frames.n == writer->capacity) {
        writer->capacity = writer->capacity * 2 + 64;
        writer->frames.all =
            mem_resize(writer->frames.all, writer->capacity, sizeof *writer->frames.all);
    }
    writer->frames.all[writer->frames.n++] = *frame;
}

static bool write_oldest(struct pack_writer *writer, struct pack_pressed *oldest, struct error *err)
{
    struct pack_member frame = {.size = oldest->size, .at = writer->size, .stored = oldest->stored};
    if (!write_out(writer, oldest->frame, oldest->stored, err)) {
        return false;
    }
    memcpy(frame.sha256, oldest->sha256, sizeof frame.sha256);
    memcpy(frame.stored_sha256, oldest->stored_sha256, sizeof frame.stored_sha256);
    frame.name = TAKE(oldest->name);
    add_frame(writer, &frame);
    pack_press_drop(writer->press);
    return true;
}

static bool write_done(struct pack_writer *writer, bool all, struct error *err)
{
    struct pack_pressed *oldest = NULL;
    while ((oldest = pack_press_oldest(writer->press, all)) != NULL) {
        if (!write_oldest(writer, oldest, err)) {
            return false;
        }
    }
    return true;
}

bool pack_writer_room(struct pack_writer *writer, char **ret_room, struct error *err)
{
    if (!write_done(writer, false, err)) {
        return false;
    }
    char *room = pack_press_room(writer->press);
    if (room == NULL) {
        if (!write_oldest(writer, pack_press_oldest(writer->press, true), err)) {
            return false;
        }
        room = pack_press_room(writer->press);
    }
    *ret_room = room;
    return true;
}

static bool put(struct pack_writer *writer, const char *name, const struct strbuf *head,
                size_t size, struct error *err)
{
    pack_press_put(writer->press, name, head, size);
    return write_done(writer, false, err);
}

bool pack_writer_put(struct pack_writer *writer, const char *name, size_t size, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf head = STRBUF_INIT;
    assert(pack_name_is_good(name) && size <= PACK_ROOM && !writer->finished);
    return pack_header(name, size, &head, err) && put(writer, name, &head, size, err);
}

/* --- a member that no room is large enough for --- */

struct stream {
    struct pack_writer *writer;
    ZSTD_CCtx *context;
    struct hash *stored;
    char *piece;
    size_t piece_size;
    uint64_t at; /* where the frame began */
};

static void stream_end(struct stream *stream)
{
    (void)ZSTD_freeCCtx(stream->context);
    hash_freep(&stream->stored);
    mem_free(stream->piece);
}

static void must(size_t result)
{
    if (ZSTD_isError(result)) {
        abort(); /* only out of memory makes these fail */
    }
}

static void stream_begin(struct stream *stream, uint64_t raw)
{
    stream->context = ZSTD_createCCtx();
    if (stream->context == NULL) {
        abort();
    }
    must(ZSTD_CCtx_setParameter(stream->context, ZSTD_c_compressionLevel, stream->writer->level));
    must(ZSTD_CCtx_setParameter(stream->context, ZSTD_c_checksumFlag, 1));
    must(ZSTD_CCtx_setPledgedSrcSize(stream->context, raw));
    stream->stored = hash_new();
    stream->piece_size = ZSTD_CStreamOutSize();
    stream->piece = mem_new(stream->piece_size, 1);
    stream->at = stream->writer->size;
}

static bool stream_add(struct stream *stream, const char *bytes, size_t n, ZSTD_EndDirective how,
                       struct error *err)
{
    ZSTD_inBuffer in = {bytes, n, 0};
    size_t more = 1;
    while (in.pos < in.size || (how == ZSTD_e_end && more > 0)) {
        ZSTD_outBuffer out = {stream->piece, stream->piece_size, 0};
        must(more = ZSTD_compressStream2(stream->context, &out, &in, how));
        hash_add(stream->stored, stream->piece, out.pos);
        if (!write_out(stream->writer, stream->piece, out.pos, err)) {
            return false;
        }
    }
    return true;
}

static bool add_large(struct pack_writer *writer, const char *name, const char *bytes, size_t size,
                      const struct strbuf *head, struct error *err)
{
    static const char zeros[PACK_BLOCK];
    CLEANUP(stream_end) struct stream stream = {.writer = writer};
    struct pack_member frame = {.size = size};
    stream_begin(&stream, (uint64_t)head->size + size + pack_padding(size));
    if (!stream_add(&stream, head->text, head->size, ZSTD_e_continue, err) ||
        !stream_add(&stream, bytes, size, ZSTD_e_continue, err) ||
        !stream_add(&stream, zeros, pack_padding(size), ZSTD_e_end, err)) {
        return false;
    }
    frame.at = stream.at;
    frame.stored = writer->size - stream.at;
    hash_sha256(bytes, size, frame.sha256);
    hash_finish(stream.stored, frame.stored_sha256);
    frame.name = mem_copy(name);
    add_frame(writer, &frame);
    return true;
}

static bool add(struct pack_writer *writer, const char *name, const char *bytes, size_t size,
                const struct strbuf *head, struct error *err)
{
    char *room = NULL;
    if (size > PACK_ROOM) {
        return write_done(writer, true, err) && add_large(writer, name, bytes, size, head, err);
    }
    if (!pack_writer_room(writer, &room, err)) {
        return false;
    }
    if (size > 0) {
        memcpy(room, bytes, size);
    }
    return put(writer, name, head, size, err);
}

bool pack_writer_add(struct pack_writer *writer, const char *name, const char *bytes, size_t size,
                     struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf head = STRBUF_INIT;
    assert(pack_name_is_good(name) && !writer->finished);
    return pack_header(name, size, &head, err) && add(writer, name, bytes, size, &head, err);
}

bool pack_writer_settle(struct pack_writer *writer, const struct pack_member **ret_members,
                        size_t *ret_n, struct error *err)
{
    if (!write_done(writer, true, err)) {
        return false;
    }
    *ret_members = writer->frames.all;
    *ret_n = writer->finished ? writer->members : writer->frames.n;
    return true;
}

uint64_t pack_writer_size(const struct pack_writer *writer)
{
    return writer->size;
}

/* --- the end --- */

static bool add_sums(struct pack_writer *writer, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf sums = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf head = STRBUF_INIT;
    for (size_t i = 0; i < writer->members; i++) {
        strbuf_add(&sums, writer->frames.all[i].sha256);
        strbuf_add(&sums, "  ");
        strbuf_add(&sums, writer->frames.all[i].name);
        strbuf_add_char(&sums, '\n');
    }
    return pack_header(PACK_SUMS, sums.size, &head, err) &&
           add(writer, PACK_SUMS, sums.text, sums.size, &head, err);
}

static bool add_end(struct pack_writer *writer, struct error *err)
{
    static const char zeros[PACK_END];
    CLEANUP(strbuf_clear) struct strbuf no_head = STRBUF_INIT;
    return add(writer, "", zeros, sizeof zeros, &no_head, err) && write_done(writer, true, err);
}

bool pack_writer_finish(struct pack_writer *writer, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf index = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf footer = STRBUF_INIT;
    assert(!writer->finished);
    if (!write_done(writer, true, err)) {
        return false;
    }
    writer->finished = true;
    writer->members = writer->frames.n;
    if (!add_sums(writer, err) || !add_end(writer, err)) {
        return false;
    }
    pack_index_write(&writer->frames, &index);
    pack_footer_write(writer->size, &index, writer->members, &footer);
    return write_out(writer, index.text, index.size, err) &&
           write_out(writer, footer.text, footer.size, err);
}

void pack_writer_freep(struct pack_writer **writer)
{
    if (*writer == NULL) {
        return;
    }
    pack_press_freep(&(*writer)->press);
    pack_frames_clear(&(*writer)->frames);
    mem_free((*writer)->shown);
    mem_free(*writer);
    *writer = NULL;
}
