/* What an audit has found, and the journals and the ledger that it looks at. */
#pragma once

#include "chain.h"
#include "headgate/journal.h"
#include "ledger.h"

/* About an event of a run; run NULL: about the ledger. */
void audit_find(struct audit *audit, const char *run, uint64_t number, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* One line, as far as the chain goes. */
struct audit_line {
    uint64_t number;
    char hash[HASH_HEX_SIZE];
    bool seals;
};

/* All lines of a chained file that are what was written, in the order in which they stand. */
struct audit_chain {
    struct audit_line *lines;
    size_t n;
    uint64_t next;            /* the number that is expected */
    size_t n_bad;             /* lines behind it that are not what was written */
    char head[HASH_HEX_SIZE]; /* of the last one that is */
};
void audit_chain_start(struct audit_chain *chain);
void audit_chain_clear(struct audit_chain *chain);
const struct audit_line *audit_chain_find(const struct audit_chain *chain, uint64_t number);
/* One that is what was written; `before` is what it says itself. */
void audit_chain_add(struct audit_chain *chain, struct audit *audit, const char *run,
                     const struct audit_line *line, const char *before);
/* One that is not. */
void audit_chain_add_bad(struct audit_chain *chain);
void audit_chain_end(struct audit_chain *chain, struct audit *audit, const char *run);
/* "event 5 is missing", "events 5 to 6 are missing"; says nothing where from is behind to. */
void audit_find_range(struct audit *audit, const char *run, uint64_t from, uint64_t to,
                      const char *fate);
