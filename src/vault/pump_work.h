/* The process that carries an archive over, as its own files see it. */
#pragma once

#include "pump.h"

#define PUMP_PIECE ((size_t)256 * 1024)

struct chunk {
    struct chunk *next;
    uint64_t at;
    size_t n;
    char bytes[];
};

struct pump {
    const struct pump_plan *plan;
    int data, orders, news;
    struct sftp *sftp;
    struct sftp_file *file;
    bool made;                  /* the part is ours */
    struct chunk *first, *last; /* not known to have arrived */
    uint64_t taken;             /* from the pipe */
    uint64_t sent;              /* in this session, and before */
    struct hash *hash;
    char sha256[HASH_HEX_SIZE];
    unsigned broke;      /* so often */
    uint64_t careful_to; /* up to there each piece arrives before the next is sent */
    msec deadline;       /* for a new session, while there is none */
};

/* --- pump_work.c --- */

/* Does it, in as many sessions as it takes; the time for that begins anew with each byte that
 * arrived. */
NODISCARD bool pump_persist(struct pump *pump, bool (*what)(struct pump *pump, struct error *err),
                            struct error *err);
/* All that has been taken and was not sent in this session. */
NODISCARD bool pump_send(struct pump *pump, struct error *err);
/* Who wrote it. */
void pump_remove_word(struct pump *pump);

/* --- pump_publish.c --- */

/* All of it is on the disk over there, the same as what was taken, under its own name. */
NODISCARD bool pump_give_name(struct pump *pump, struct error *err);
