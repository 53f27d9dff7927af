/* The state's folder:
 *   runs/RUN/journal   and whatever else the run keeps beside it
 *   ledger             a line for each time a run stopped
 *   ledger.next        the line that is being written
 *   leases/KEY         who has or had what
 */
#pragma once

#include "headgate/journal.h"
#include "ledger.h"

struct state {
    char *folder; /* absolute */
    struct ledger *ledger;
};

/* A file in the state's folder; the caller's. */
char *state_path(const struct state *state, const char *name);
/* The journal of a run; the caller's. NULL: no run can have this name. */
char *state_journal_path(const struct state *state, const char *run);
/* Makes a folder below the state's, durable with all that are above it. */
NODISCARD bool state_make_folder(const struct state *state, const char *name, struct error *err);
/* ERROR_USAGE: there is no run of this name. */
bool state_refuse_run(const char *run, struct error *err);
/* Says what a person can do where a file of the state could not be written; returns false. */
bool state_advise(struct error *err);
