/*
 * Rooms in memory that several processes share. Two counters that only grow say how many of a
 * stream's pieces were put in and dropped; its rooms are used in turn.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "private.h"

#define ROOMS 2 /* one that is filled, and one that is emptied */

struct spool_stream {
    atomic_ulong put, dropped;
    struct piece pieces[ROOMS];
};

static size_t size_of_streams(const struct spool *spool)
{
    return spool->n * sizeof *spool->streams;
}

static size_t size_of_rooms(const struct spool *spool)
{
    return spool->n * ROOMS * CHUNKS_ROOM;
}

static char *room_of(const struct spool *spool, unsigned stream, unsigned long number)
{
    return spool->rooms + (stream * ROOMS + number % ROOMS) * CHUNKS_ROOM;
}

static bool open_bell(int *ret_bell, struct error *err)
{
    *ret_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *ret_bell >= 0 || error_set_errno(err, "could not make an event descriptor");
}

bool spool_open(unsigned n, struct spool *ret_spool, struct error *err)
{
    CLEANUP(spool_clear) struct spool spool = SPOOL_INIT;
    void *streams = NULL, *rooms = NULL;
    spool.n = n;
    bool open = shared_new(size_of_streams(&spool), &streams, err);
    spool.streams = streams;
    open = open && shared_new(size_of_rooms(&spool), &rooms, err);
    spool.rooms = rooms;
    open = open && open_bell(&spool.bell, err);
    for (unsigned i = 0; i < n && open; i++) {
        open = open_bell(&spool.free[i], err);
    }
    if (!open) {
        return false;
    }
    *ret_spool = spool;
    spool = (struct spool)SPOOL_INIT;
    return true;
}

void spool_clear(struct spool *spool)
{
    shared_free(spool->streams, size_of_streams(spool));
    shared_free(spool->rooms, size_of_rooms(spool));
    fd_closep(&spool->bell);
    for (size_t i = 0; i < STREAMS_MOST; i++) {
        fd_closep(&spool->free[i]);
    }
    *spool = (struct spool)SPOOL_INIT;
}

/* It cannot be full: it is emptied by whoever is woken. */
static void ring(int bell)
{
    (void)!eventfd_write(bell, 1);
}

static void silence(int bell)
{
    eventfd_t ignored = 0;
    (void)!eventfd_read(bell, &ignored);
}

bool spool_room(struct spool *spool, unsigned stream, char **ret_room, struct error *err)
{
    struct spool_stream *own = &spool->streams[stream];
    unsigned long put = atomic_load(&own->put);
    while (put - atomic_load(&own->dropped) >= ROOMS) {
        struct pollfd wait = {.fd = spool->free[stream], .events = POLLIN};
        if (interrupt_poll(&wait, 1, DEADLINE_NONE) < 0) {
            return errno == EINTR ? interrupt_error(err)
                                  : error_set_errno(err, "could not wait for room");
        }
        silence(spool->free[stream]);
    }
    *ret_room = room_of(spool, stream, put);
    return true;
}

void spool_put(struct spool *spool, unsigned stream, const struct piece *piece)
{
    struct spool_stream *own = &spool->streams[stream];
    own->pieces[atomic_load(&own->put) % ROOMS] = *piece;
    atomic_fetch_add(&own->put, 1);
    ring(spool->bell);
}

bool spool_next(const struct spool *spool, size_t part, unsigned *ret_stream,
                struct piece *ret_piece, const char **ret_room)
{
    silence(spool->bell); /* before looking: what is put in later rings again */
    for (unsigned i = 0; i < spool->n; i++) {
        struct spool_stream *stream = &spool->streams[i];
        unsigned long dropped = atomic_load(&stream->dropped);
        const struct piece *oldest = &stream->pieces[dropped % ROOMS];
        if (atomic_load(&stream->put) != dropped && oldest->part == part) {
            *ret_stream = i;
            *ret_piece = *oldest;
            *ret_room = room_of(spool, i, dropped);
            return true;
        }
    }
    return false;
}

void spool_drop(struct spool *spool, unsigned stream)
{
    atomic_fetch_add(&spool->streams[stream].dropped, 1);
    ring(spool->free[stream]);
}
