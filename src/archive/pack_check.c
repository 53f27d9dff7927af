/*
 * Reads a whole pack and compares the SHA-256 of each frame. Threads take one frame after the
 * other; the caller's thread is one of them, and between two reads it tells how far all are and
 * looks for a wish to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "headgate/interrupt.h"
#include "pack_file.h"

#define PIECE ((size_t)1 << 20)
#define NAMED 20

struct check {
    const struct pack_reader *reader;
    const struct pack_progress *progress;
    pthread_t caller;
    atomic_size_t next; /* frame */
    _Atomic uint64_t bytes;
    atomic_bool stopping;
    struct finding {
        bool damaged;
        int failure; /* errno, where it could not be read */
    } * findings;    /* of each frame, and of the index behind them */
};

static void tell(struct check *check)
{
    const struct pack_progress *progress = check->progress;
    if (interrupt_pending() != 0) {
        atomic_store(&check->stopping, true);
    }
    if (progress != NULL && progress->done != NULL) {
        progress->done(progress->context, atomic_load(&check->bytes),
                       check->reader->footer.file_size);
    }
}

static bool hash_piece(struct check *check, struct hash *hash, char *room, size_t n, uint64_t at,
                       struct finding *finding)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (!pack_pread(check->reader->fd, check->reader->shown, room, n, at, &err)) {
        finding->damaged = true;
        finding->failure = err.sys_errno;
        return false;
    }
    hash_add(hash, room, n);
    (void)atomic_fetch_add(&check->bytes, n);
    if (pthread_equal(pthread_self(), check->caller)) {
        tell(check);
    }
    return !atomic_load(&check->stopping);
}

static void check_one(struct check *check, size_t i, char *room)
{
    const struct pack_reader *reader = check->reader;
    bool is_frame = i < reader->frames.n;
    const struct pack_member *frame = is_frame ? &reader->frames.all[i] : NULL;
    uint64_t at = is_frame ? frame->at : reader->footer.index_at;
    uint64_t left = is_frame ? frame->stored : reader->footer.index_size;
    struct finding *finding = &check->findings[i];
    char digest[HASH_HEX_SIZE];
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    while (left > 0) {
        size_t n = left < PIECE ? (size_t)left : PIECE;
        if (!hash_piece(check, hash, room, n, at, finding)) {
            return;
        }
        at += n;
        left -= n;
    }
    hash_finish(hash, digest);
    finding->damaged =
        !text_equal(digest, is_frame ? frame->stored_sha256 : reader->footer.index_sha256);
}

static void *check_frames(void *context)
{
    struct check *check = context;
    CLEANUP(mem_freep) char *room = mem_resize(NULL, PIECE, 1);
    size_t i = 0;
    while (!atomic_load(&check->stopping) &&
           (i = atomic_fetch_add(&check->next, 1)) <= check->reader->frames.n) {
        check_one(check, i, room);
    }
    return NULL;
}

/* It was whole when it was opened. */
static bool check_footer(const struct pack_reader *reader, struct error *err)
{
    char bytes[PACK_FOOTER_SIZE];
    struct stat about;
    uint64_t size = reader->footer.file_size;
    if (fstat(reader->fd, &about) != 0) {
        return error_set_errno(err, "could not read %s", reader->shown);
    }
    if ((uint64_t)about.st_size != size) {
        return error_set(err, ERROR_BACKUP, "%s has another size than when it was opened",
                         reader->shown);
    }
    if (!pack_pread(reader->fd, reader->shown, bytes, sizeof bytes, size - sizeof bytes, err)) {
        return false;
    }
    return memcmp(bytes, reader->footer_bytes, sizeof bytes) == 0 ||
           error_set(err, ERROR_BACKUP, "%s is damaged: its footer has changed", reader->shown);
}

static void describe(const struct check *check, size_t i, struct strbuf *text)
{
    const struct pack_reader *reader = check->reader;
    bool is_frame = i < reader->frames.n;
    const char *name = is_frame ? reader->frames.all[i].name : "";
    uint64_t at = is_frame ? reader->frames.all[i].at : reader->footer.index_at;
    uint64_t n = is_frame ? reader->frames.all[i].stored : reader->footer.index_size;
    strbuf_add(text, text->size > 0 ? "; " : "");
    if (name[0] != '\0') {
        strbuf_printf(text, "member \"%s\"", name);
    } else {
        strbuf_add(text, is_frame ? "the end of the archive" : "the index");
    }
    strbuf_printf(text, " (bytes %llu to %llu", (unsigned long long)at,
                  (unsigned long long)(at + n - 1));
    if (check->findings[i].failure != 0) {
        strbuf_printf(text, ", which cannot be read: %s", strerror(check->findings[i].failure));
    }
    strbuf_add(text, ")");
}

static bool judge(const struct check *check, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    size_t n = 0, all = check->reader->frames.n + 1;
    for (size_t i = 0; i < all; i++) {
        if (check->findings[i].damaged && n++ < NAMED) {
            describe(check, i, &text);
        }
    }
    if (n == 0) {
        return check_footer(check->reader, err);
    }
    if (n > NAMED) {
        strbuf_printf(&text, "; and %zu more", n - NAMED);
    }
    (void)error_set(err, ERROR_BACKUP,
                    "%s is damaged: %zu of its %zu parts %s not what was written",
                    check->reader->shown, n, all, n == 1 ? "is" : "are");
    return error_detail(err, "Damaged: %s.", text.text);
}

bool pack_reader_check(const struct pack_reader *reader, unsigned threads,
                       const struct pack_progress *progress, struct error *err)
{
    CLEANUP(mem_freep)
    struct finding *findings = mem_new(reader->frames.n + 1, sizeof *findings);
    CLEANUP(pack_threads_join) struct pack_threads *helpers = NULL;
    CLEANUP(error_clear) struct error alone = ERROR_INIT;
    struct check check = {
        .reader = reader, .progress = progress, .caller = pthread_self(), .findings = findings};
    if (interrupt_pending() != 0) { /* helpers may be quicker than our first look */
        return interrupt_error(err);
    }
    (void)posix_fadvise(reader->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    unsigned more = pack_threads_meant(threads) - 1;
    /* Without helpers it only takes longer. */
    (void)!pack_threads_start(more, check_frames, &check, &helpers, &alone);
    (void)check_frames(&check);
    pack_threads_join(&helpers);
    if (atomic_load(&check.stopping)) {
        return interrupt_error(err);
    }
    if (!judge(&check, err)) {
        return false;
    }
    (void)atomic_fetch_add(&check.bytes, PACK_FOOTER_SIZE);
    tell(&check);
    return true;
}
