/*
 * Reads a whole pack and compares the SHA-256 of each frame. Threads take one frame after the
 * other; the caller's thread is one of them, and between two reads it tells how far all are and
 * looks for a wish to stop. Where only one may read at a time they take turns: each reads a frame
 * as a whole, so that the file is read on and on, and hashes it while the next one reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "headgate/interrupt.h"
#include "pack_file.h"

#define PIECE ((size_t)1 << 20)
#define NAMED 20
#define AT_ONCE ((size_t)16 << 20) /* a larger frame is hashed in pieces, in its turn */

struct check {
    const struct pack_reader *reader;
    const struct pack_progress *progress;
    pthread_t caller;
    atomic_size_t next; /* frame */
    _Atomic uint64_t bytes;
    atomic_bool stopping;
    pthread_mutex_t turn;   /* to read, and to set the error */
    struct error unrelated; /* that ended it, and says nothing of the archive */
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

/* What went wrong is the frame's, or ends all of it. */
static void note(struct check *check, struct error *err, struct finding *finding)
{
    if (err->code == ERROR_BACKUP || err->code == ERROR_IO) {
        int number = err->sys_errno != 0 ? err->sys_errno : EIO;
        finding->damaged = true;
        finding->failure = err->code == ERROR_IO ? number : err->sys_errno;
        return;
    }
    bool in_turn = !check->reader->source.threads; /* then it is ours already */
    if (!in_turn) {
        (void)pthread_mutex_lock(&check->turn);
    }
    if (!error_is_set(&check->unrelated)) {
        error_move(&check->unrelated, err);
    }
    atomic_store(&check->stopping, true);
    if (!in_turn) {
        (void)pthread_mutex_unlock(&check->turn);
    }
}

static bool read_piece(struct check *check, char *room, size_t n, uint64_t at,
                       struct finding *finding)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (!pack_read_at(check->reader, room, n, at, &err)) {
        note(check, &err, finding);
        return false;
    }
    (void)atomic_fetch_add(&check->bytes, n);
    if (pthread_equal(pthread_self(), check->caller)) {
        tell(check);
    }
    return !atomic_load(&check->stopping);
}

struct part {
    uint64_t at, size;
    const char *wanted; /* its SHA-256 */
};

/* A frame, or the index behind them. */
static struct part part_of(const struct pack_reader *reader, size_t i)
{
    const struct pack_footer *footer = &reader->footer;
    if (i < reader->frames.n) {
        const struct pack_member *frame = &reader->frames.all[i];
        return (struct part){frame->at, frame->stored, frame->stored_sha256};
    }
    return (struct part){footer->index_at, footer->index_size, footer->index_sha256};
}

static void check_one(struct check *check, size_t i, char *room)
{
    const struct part part = part_of(check->reader, i);
    struct finding *finding = &check->findings[i];
    char digest[HASH_HEX_SIZE];
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    for (uint64_t done = 0; done < part.size;) {
        size_t n = part.size - done < PIECE ? (size_t)(part.size - done) : PIECE;
        if (!read_piece(check, room, n, part.at + done, finding)) {
            return;
        }
        hash_add(hash, room, n);
        done += n;
    }
    hash_finish(hash, digest);
    finding->damaged = !text_equal(digest, part.wanted);
}

static bool read_whole(struct check *check, const struct part *part, char *room,
                       struct finding *finding)
{
    for (size_t done = 0; done < part->size;) {
        size_t n = part->size - done < PIECE ? (size_t)part->size - done : PIECE;
        if (!read_piece(check, room + done, n, part->at + done, finding)) {
            return false;
        }
        done += n;
    }
    return true;
}

/* False where there is none left. The room is for AT_ONCE. */
static bool check_in_turn(struct check *check, char *room)
{
    (void)pthread_mutex_lock(&check->turn);
    size_t i = atomic_fetch_add(&check->next, 1);
    bool more = i <= check->reader->frames.n && !atomic_load(&check->stopping);
    const struct part part = more ? part_of(check->reader, i) : (struct part){0};
    bool whole = more && part.size <= AT_ONCE;
    if (more && !whole) {
        check_one(check, i, room);
    }
    bool read = whole && read_whole(check, &part, room, &check->findings[i]);
    (void)pthread_mutex_unlock(&check->turn);
    if (read) {
        char digest[HASH_HEX_SIZE];
        hash_sha256(room, (size_t)part.size, digest);
        check->findings[i].damaged = !text_equal(digest, part.wanted);
    }
    return more;
}

static void *check_frames(void *context)
{
    struct check *check = context;
    bool threads = check->reader->source.threads;
    CLEANUP(mem_freep) char *room = mem_resize(NULL, threads ? PIECE : AT_ONCE, 1);
    size_t i = 0;
    bool more = !threads;
    while (more) {
        more = check_in_turn(check, room);
    }
    while (threads && !atomic_load(&check->stopping) &&
           (i = atomic_fetch_add(&check->next, 1)) <= check->reader->frames.n) {
        check_one(check, i, room);
    }
    return NULL;
}

/* It was whole when it was opened. */
static bool check_footer(const struct pack_reader *reader, struct error *err)
{
    char bytes[PACK_FOOTER_SIZE];
    uint64_t size = reader->footer.file_size, now = 0;
    if (!pack_size_now(reader, &now, err)) {
        return false;
    }
    if (now != size) {
        return error_set(err, ERROR_BACKUP, "%s has another size than when it was opened",
                         reader->shown);
    }
    if (!pack_read_at(reader, bytes, sizeof bytes, size - sizeof bytes, err)) {
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
    struct check check = {.reader = reader,
                          .progress = progress,
                          .caller = pthread_self(),
                          .findings = findings,
                          .turn = PTHREAD_MUTEX_INITIALIZER,
                          .unrelated = ERROR_INIT};
    if (interrupt_pending() != 0) { /* helpers may be quicker than our first look */
        return interrupt_error(err);
    }
    if (reader->fd >= 0) {
        (void)posix_fadvise(reader->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    unsigned more = pack_threads_meant(threads) - 1;
    /* Without helpers it only takes longer. */
    (void)!pack_threads_start(more, check_frames, &check, &helpers, &alone);
    (void)check_frames(&check);
    pack_threads_join(&helpers);
    if (error_is_set(&check.unrelated)) {
        error_move(err, &check.unrelated);
        return false;
    }
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
