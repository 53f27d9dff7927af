/*
 * The ledger: for each time that a run stopped, how many events its journal had and the hash of the
 * last one. A line of it:
 * {"number":3,"run":"...","events":12,"head":"...","time":"...","before":"...","hash":"..."}
 *
 * A seal is three writes: the ledger's line under another name (ledger.next), the event that ends
 * the journal, the ledger. Who dies in between leaves a line that the next seal brings in, if its
 * event is there. So an event that seals and is not in the ledger was in it once: its end was cut
 * off.
 */
#pragma once

#include "chain_file.h"
#include "headgate/hash.h"

struct state;

struct seal {
    char *run;
    uint64_t events;
    char head[HASH_HEX_SIZE];
};

/* What of the ledger is known; it is only appended to, so that what was read once stays good. */
struct ledger {
    size_t end; /* of its last whole line */
    dev_t device;
    ino_t inode;
    uint64_t n_lines;
    char hash[HASH_HEX_SIZE]; /* of that line */
    struct seal *seals;
    size_t n;
};

struct ledger *ledger_new(void);
void ledger_freep(struct ledger **ledger);

/* Takes in what was appended. Lines that are not what was written are passed over: that is the
 * audit's subject, and no reason not to let a run end. */
NODISCARD bool ledger_catch_up(const struct state *state, struct ledger *ledger, struct error *err);
/* The same, from a file that is open. */
NODISCARD bool ledger_read_rest(struct ledger *ledger, const struct chain_file *file,
                                struct error *err);
/* The youngest seal of a run; NULL where it has not stopped yet. */
const struct seal *ledger_find(const struct ledger *ledger, const char *run);

/* --- a seal that is being written --- */

struct sealing {
    const struct state *state;
    struct ledger *ledger;
    struct chain_file file;
    char *path;
    struct strbuf line;
};
#define SEALING_INIT                                                                               \
    {                                                                                              \
        .file = CHAIN_FILE_INIT, .line = STRBUF_INIT                                               \
    }

/* Before the event is written: the ledger is locked until sealing_clear, and ledger.next is there.
 */
NODISCARD bool sealing_begin(const struct state *state, const struct seal *seal,
                             struct sealing *sealing, struct error *err);
/* After the event is durable. */
NODISCARD bool sealing_finish(struct sealing *sealing, struct error *err);
void sealing_clear(struct sealing *sealing);

/* --- for the audit --- */

/* What stands in ledger.next; empty where there is none. */
NODISCARD bool pending_read(const struct state *state, struct strbuf *ret_line, struct error *err);
/* Is it the line that comes behind `hash`, and is its event in its journal? */
bool pending_fits(const struct state *state, const struct strbuf *line, const char *hash);
/* What a line says; false: it is no line of a ledger. The run's name is borrowed from the line. */
struct ledger_line {
    uint64_t number, events;
    const char *run, *head, *before, *hash;
};
struct chain_line;
bool ledger_line_read(const struct chain_line *line, struct ledger_line *ret_said);
