/* The process that writes an archive over SFTP, as its two sides see it. */
#pragma once

#include "depot_sftp.h"

/* What it tells us. */
enum {
    PUMP_READY = 'R',    /* the part is there, and ours */
    PUMP_TAKEN = 'T',    /* somebody else's is */
    PUMP_DONE = 'D',     /* it has its name */
    PUMP_PUBLISHES = 'P' /* what we tell it: all has been written into the pipe */
};
/* A failure is 'F', then code, message, detail and hint, each ending in NUL. */
#define PUMP_FAILED 'F'
#define PUMP_FIELDS 4

struct pump_plan {
    const struct sftp_depot *depot;
    const char *folder, *part, *path; /* over there */
    int data, orders;                 /* its ends, to read */
    int our_data, our_orders;         /* ours, which it closes */
};
/* All that it does: the body of a worker, with a plan. */
int pump_work(void *context, int news);
