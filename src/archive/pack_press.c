/*
 * The pool of compressors. Its rooms are used in a ring: counters that only grow say how many were
 * put in, taken by a thread, and dropped; a frame's number modulo the rooms is its place.
 *
 * Each frame gets a context of its own: the bytes then do not depend on which thread has compressed
 * what before, in no version of libzstd. That costs a thousandth of the time of a full room.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "pack_private.h"

#define RAW_SIZE (PACK_HEAD_MAX + PACK_ROOM + PACK_BLOCK)

struct slot {
    char *raw; /* the member's bytes stand at PACK_HEAD_MAX, its header right before them */
    char *frame;
    size_t head, padding;
    bool done;
    struct pack_pressed pressed;
};

struct pack_press {
    pthread_mutex_t mutex; /* over all that follows, but for what the slots contain */
    pthread_cond_t work, done;
    bool stopping;
    uint64_t put, taken, dropped;
    pid_t owner;
    int level;
    size_t n;
    struct slot *slots;
    struct pack_threads *threads;
};

static void must(bool good)
{
    if (!good) {
        abort(); /* only out of memory makes these fail */
    }
}

static void compress(struct slot *slot, int level)
{
    struct pack_pressed *pressed = &slot->pressed;
    const char *start = slot->raw + PACK_HEAD_MAX - slot->head;
    size_t size = (size_t)pressed->size, raw = slot->head + size + slot->padding;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    must(context != NULL);
    must(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)));
    must(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    size_t stored = ZSTD_compress2(context, slot->frame, ZSTD_compressBound(RAW_SIZE), start, raw);
    must(!ZSTD_isError(stored));
    (void)ZSTD_freeCCtx(context);
    pressed->frame = slot->frame;
    pressed->stored = stored;
    hash_sha256(slot->raw + PACK_HEAD_MAX, size, pressed->sha256);
    hash_sha256(slot->frame, stored, pressed->stored_sha256);
}

static void *work(void *context)
{
    struct pack_press *press = context;
    (void)pthread_mutex_lock(&press->mutex);
    while (!press->stopping) {
        if (press->taken == press->put) {
            (void)pthread_cond_wait(&press->work, &press->mutex);
            continue;
        }
        struct slot *slot = &press->slots[press->taken++ % press->n];
        (void)pthread_mutex_unlock(&press->mutex);
        compress(slot, press->level);
        (void)pthread_mutex_lock(&press->mutex);
        slot->done = true;
        (void)pthread_cond_signal(&press->done);
    }
    (void)pthread_mutex_unlock(&press->mutex);
    return NULL;
}

bool pack_press_start(unsigned threads, int level, struct pack_press **ret_press, struct error *err)
{
    CLEANUP(pack_press_freep) struct pack_press *press = mem_new(1, sizeof *press);
    unsigned n = pack_threads_meant(threads);
    must(pthread_mutex_init(&press->mutex, NULL) == 0);
    must(pthread_cond_init(&press->work, NULL) == 0 && pthread_cond_init(&press->done, NULL) == 0);
    press->owner = getpid();
    press->level = level;
    press->n = (size_t)n + 2; /* one that is filled, and one that is written */
    press->slots = mem_new(press->n, sizeof *press->slots);
    for (size_t i = 0; i < press->n; i++) { /* not zeroed: a page that is not used is not there */
        press->slots[i].raw = mem_resize(NULL, RAW_SIZE, 1);
        press->slots[i].frame = mem_resize(NULL, ZSTD_compressBound(RAW_SIZE), 1);
    }
    if (!pack_threads_start(n, work, press, &press->threads, err)) {
        return false;
    }
    *ret_press = TAKE(press);
    return true;
}

char *pack_press_room(struct pack_press *press)
{
    bool is_free = press->put - press->dropped < press->n;
    return is_free ? press->slots[press->put % press->n].raw + PACK_HEAD_MAX : NULL;
}

void pack_press_put(struct pack_press *press, const char *name, const struct strbuf *head,
                    size_t size)
{
    struct slot *slot = &press->slots[press->put % press->n];
    assert(pack_press_room(press) != NULL && size <= PACK_ROOM && head->size <= PACK_HEAD_MAX);
    slot->head = head->size;
    slot->padding = pack_padding(size);
    slot->done = false;
    slot->pressed = (struct pack_pressed){.name = mem_copy(name), .size = size};
    memcpy(slot->raw + PACK_HEAD_MAX - head->size, head->text, head->size);
    memset(slot->raw + PACK_HEAD_MAX + size, 0, slot->padding);
    (void)pthread_mutex_lock(&press->mutex);
    press->put++;
    (void)pthread_cond_signal(&press->work);
    (void)pthread_mutex_unlock(&press->mutex);
}

struct pack_pressed *pack_press_oldest(struct pack_press *press, bool wait)
{
    struct slot *slot = &press->slots[press->dropped % press->n];
    if (press->dropped == press->put) {
        return NULL;
    }
    (void)pthread_mutex_lock(&press->mutex);
    while (wait && !slot->done) {
        (void)pthread_cond_wait(&press->done, &press->mutex);
    }
    bool done = slot->done;
    (void)pthread_mutex_unlock(&press->mutex);
    return done ? &slot->pressed : NULL;
}

void pack_press_drop(struct pack_press *press)
{
    struct slot *slot = &press->slots[press->dropped % press->n];
    assert(press->dropped < press->put && slot->done);
    mem_freep(&slot->pressed.name);
    press->dropped++;
}

/* In a forked child the mutex may be held by a thread that is not there. */
static void stop(struct pack_press *press)
{
    if (press->threads != NULL && press->owner == getpid()) {
        (void)pthread_mutex_lock(&press->mutex);
        press->stopping = true;
        (void)pthread_cond_broadcast(&press->work);
        (void)pthread_mutex_unlock(&press->mutex);
    }
    pack_threads_join(&press->threads);
    if (press->owner == getpid()) {
        (void)pthread_mutex_destroy(&press->mutex);
        (void)pthread_cond_destroy(&press->work);
        (void)pthread_cond_destroy(&press->done);
    }
}

void pack_press_freep(struct pack_press **press)
{
    if (*press == NULL) {
        return;
    }
    stop(*press);
    for (size_t i = 0; i < (*press)->n; i++) {
        mem_free((*press)->slots[i].raw);
        mem_free((*press)->slots[i].frame);
        mem_free((*press)->slots[i].pressed.name);
    }
    mem_free((*press)->slots);
    mem_free(*press);
    *press = NULL;
}
