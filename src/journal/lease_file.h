/*
 * What a lease's file says. It has two slots that are written in turns, so that whatever becomes of
 * a write, the lease before it can still be read, and a token is never given twice.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "headgate/error.h"

struct lease_record {
    uint64_t token; /* 0: nobody has had it yet */
    char *who;
    int64_t since;
};

NODISCARD bool lease_file_read(int fd, const char *path, struct lease_record *ret_record,
                               struct error *err);
/* Durable when it returns. */
NODISCARD bool lease_file_write(int fd, const char *path, const struct lease_record *record,
                                struct error *err);
void lease_record_clear(struct lease_record *record);
