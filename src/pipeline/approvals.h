/* Whose approvals count for which step. */
#pragma once

#include "headgate/run.h"

/* What a step demands of people. */
struct approval_demand {
    const char *step;
    int64_t wanted;
    const char *approved_by; /* path of the allowed signers; NULL: no signatures */
    bool exclude_author;
    bool of_environment; /* demanded by the policy of a deploy's environment, not by a gate */
};

/*
 * How many people have approved, as far as this demand is concerned. One of a gate counts approvals
 * that name it. One of an environment counts all of the run; but where signatures are demanded,
 * only those that were checked against the same allowed signers: `all` says which each step had.
 */
size_t approvals_counted(const struct approval_demand *demand, const struct approval_demand *all,
                         size_t n_all, const struct record *record);
/* Names of one file? NULL names none. */
bool signers_are_same(const char *a, const char *b);
/* The answer of this kind that this step has got before from whoever gives `like`; NULL: none. */
const struct approval *approval_like(const struct record *record, const struct approval *like);
