/*
 * What runs have done, and who may go on with them.
 *
 * A run has one journal: a file that is only appended to, one JSON object a line. Each event has
 * its number, time, actor and step, the hash of the event before it and its own, so that an edit, a
 * removal or a changed order shows. When a run stops for any reason its length and last hash are
 * written into the state's ledger as well, which is chained in the same way: so the end of a
 * journal cannot be cut off unseen.
 *
 * An event that is durable is on the disk when journal_append returns; what was to be done only
 * after it may then be done. A journal that could not be written is broken: nothing is appended any
 * more through this object, because nobody knows what of it is on the disk. A last line that is
 * torn (the machine died) counts as not written.
 *
 * Anybody may append (an approval, a wish to cancel); only the holder of the run's lease runs it.
 * Each lease has a token that is larger than all before it under this key; an event of a lease is
 * refused when a younger lease has appended. The state is a folder here; nothing in this contract
 * but state_open and state_run_folder knows that, because a database will do the same one day.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/error.h"
#include "headgate/hash.h"
#include "headgate/json_data.h"
#include "headgate/strlist.h"

/* --- the state: where runs are kept --- */

struct state;

/* Makes nothing: a folder that is not there yet has no runs. It is made by the first write. */
NODISCARD bool state_open(const char *folder, struct state **ret_state, struct error *err);
void state_freep(struct state **state);
/* The ids of all runs, oldest first. */
NODISCARD bool state_list(const struct state *state, struct strlist *ret_runs, struct error *err);
bool state_has_run(const struct state *state, const char *run);
/* Where a run has its log and its working files; the caller's. */
char *state_run_folder(const struct state *state, const char *run);

/* --- leases --- */

struct lease;
struct lease_holder {
    char *who;     /* "run 20261120-190501-3f2a of anna@buildhost, process 4711" */
    int64_t since; /* wall clock, microseconds */
};
void lease_holder_clear(struct lease_holder *holder);
/* Takes it, or says who has it (*ret_lease is NULL then). It ends with lease_freep, or with the
 * death of this process and of all its forked children. Key: "run/ID", "environment/NAME". */
NODISCARD bool state_lease(struct state *state, const char *key, const char *who,
                           struct lease **ret_lease, struct lease_holder *ret_holder,
                           struct error *err);
/* Who has it now; takes and makes nothing. ret_held is false where nobody has. */
NODISCARD bool state_lease_holder(const struct state *state, const char *key, bool *ret_held,
                                  struct lease_holder *ret_holder, struct error *err);
uint64_t lease_token(const struct lease *lease);
void lease_freep(struct lease **lease);

/* --- journals --- */

struct event {
    uint64_t number; /* from 1 */
    int64_t time;    /* wall clock, microseconds */
    const char *kind, *actor;
    const char *step;             /* NULL: it is the run's */
    const struct json_data *data; /* an object */
    uint64_t token;               /* of the run's lease; 0: appended by a bystander */
    const char *hash;
};

struct entry {
    const char *kind, *actor;
    const char *step;
    const char *data; /* one JSON object, on one line; NULL: {} */
    bool durable;
    bool seals; /* the run stops here: the ledger gets its length and hash. Implies durable. */
};

struct journal;

/* A new run without events. ERROR_IO with sys_errno EEXIST where there is one of this id. The state
 * must outlive the journal. */
NODISCARD bool journal_create(struct state *state, const char *run, struct journal **ret_journal,
                              struct error *err);
/* Reads it whole. ERROR_USAGE where there is no such run; ERROR_REFUSED where it is not what was
 * written (then the hint is: headgate audit verify RUN). Writes nothing. */
NODISCARD bool journal_open(struct state *state, const char *run, struct journal **ret_journal,
                            struct error *err);
void journal_freep(struct journal **journal);
const char *journal_run(const struct journal *journal);
size_t journal_count(const struct journal *journal);
/* i from 0; good as long as the journal. */
const struct event *journal_event(const struct journal *journal, size_t i);

/* Takes in what others have appended meanwhile, cuts off a torn line, appends. lease NULL: as a
 * bystander; else the lease "run/RUN". ERROR_LOCKED where a younger lease has appended. An event
 * that could not be written is cut off again as far as possible. */
NODISCARD bool journal_append(struct journal *journal, const struct lease *lease,
                              const struct entry *entry, struct error *err);
/* Takes in what others have appended. */
NODISCARD bool journal_catch_up(struct journal *journal, struct error *err);
/* A descriptor that becomes readable when somebody may have appended; journal_catch_up makes it
 * quiet again. -1 where the system cannot. */
int journal_watch(struct journal *journal);

/* The first event of a run only, its whole line as an object: cheap, for looking through many.
 * NULL where nothing was written yet. */
NODISCARD bool journal_peek(const struct state *state, const char *run, struct json_data **ret_data,
                            struct error *err);

/* --- the audit --- */

struct audit_finding {
    char *run;       /* NULL: it is about the ledger */
    uint64_t number; /* of the event (of the ledger: the line), or 0 */
    char *sentence;  /* "event 7 was changed", "events 5 to 6 are missing", ... */
};
struct audit {
    struct audit_finding *findings;
    size_t n_findings, n_runs, n_events;
    char head[HASH_HEX_SIZE]; /* of the one run that was asked for; else of the ledger */
};
/* One run, or all of them and the ledger. That something was changed is an answer. */
NODISCARD bool state_audit(const struct state *state, const char *run, struct audit *ret_audit,
                           struct error *err);
void audit_clear(struct audit *audit);
