/* What the files that approve share: an answer on its way into the journal. */
#pragma once

#include "approvals.h"

struct answer {
    const struct approval_request *request;
    const struct record *record;
    struct approval_demand *demands; /* of the steps of the run's own plan */
    size_t n;
    struct strlist paths;                 /* what they borrow */
    const struct approval_demand *demand; /* the one that is answered */
    char *signer;                         /* NULL: the user of this system answers */
};

/* "gate \"go\"", "step \"production\"". The caller's. */
char *answer_about(const struct answer *answer);
/* Which step is meant, and what it demands. ERROR_USAGE where nobody waits for an answer. */
NODISCARD bool answer_choose(struct answer *answer, struct error *err);
/* Who answers: checks the signature, where one is demanded. */
NODISCARD bool answer_identify(struct answer *answer, struct error *err);
