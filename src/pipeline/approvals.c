/* Counts people: whoever approves twice, from two machines or with sudo, is one. */
#include "approvals.h"

#include <stdlib.h>

#include "private.h"

/* "anna" of "anna@buildhost", "anna@example.com" and "root@buildhost (sudo anna)". */
static const char *person_of(const char *who, size_t *ret_size)
{
    static const char sudo[] = " (sudo ";
    const char *behind = strstr(who, sudo);
    const char *person = behind != NULL ? behind + strlen(sudo) : who;
    *ret_size = strcspn(person, behind != NULL ? ")" : "@");
    return person;
}

bool person_is_same(const char *a, const char *b)
{
    size_t n_a, n_b;
    const char *person_a = person_of(a, &n_a), *person_b = person_of(b, &n_b);
    return n_a == n_b && strncmp(person_a, person_b, n_a) == 0;
}

/* Signers of one file are as many people as it has names for. */
static bool same_approver(const struct approval *a, const struct approval *b)
{
    bool both_signed = text_equal(a->how, "signature") && text_equal(b->how, "signature");
    return both_signed ? text_equal(a->who, b->who) : person_is_same(a->who, b->who);
}

/* A pipeline and an environments file may name it in two ways. */
bool signers_are_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL || text_equal(a, b)) {
        return text_equal(a, b);
    }
    CLEANUP(mem_freep) char *real_a = realpath(a, NULL);
    CLEANUP(mem_freep) char *real_b = realpath(b, NULL);
    return real_a != NULL && text_equal(real_a, real_b);
}

static const struct approval_demand *demand_of(const struct approval_demand *all, size_t n_all,
                                               const char *step)
{
    for (size_t i = 0; i < n_all; i++) {
        if (text_equal(all[i].step, step)) {
            return &all[i];
        }
    }
    return NULL;
}

static bool counts(const struct approval_demand *demand, const struct approval_demand *all,
                   size_t n_all, const struct approval *approval)
{
    if (approval->rejects || (demand->exclude_author && approval->by_author)) {
        return false;
    }
    if (!text_equal(approval->step, demand->step)) {
        const struct approval_demand *its = demand_of(all, n_all, approval->step);
        if (!demand->of_environment || its == NULL ||
            (demand->approved_by != NULL &&
             !signers_are_same(its->approved_by, demand->approved_by))) {
            return false;
        }
    }
    return demand->approved_by == NULL || text_equal(approval->how, "signature");
}

size_t approvals_counted(const struct approval_demand *demand, const struct approval_demand *all,
                         size_t n_all, const struct record *record)
{
    size_t n = 0;
    for (size_t i = 0; record != NULL && i < record->n_approvals; i++) {
        const struct approval *approval = &record->approvals[i];
        bool is_new = counts(demand, all, n_all, approval);
        for (size_t j = 0; j < i && is_new; j++) {
            is_new = !counts(demand, all, n_all, &record->approvals[j]) ||
                     !same_approver(&record->approvals[j], approval);
        }
        n += is_new ? 1 : 0;
    }
    return n;
}

const struct approval *approval_like(const struct record *record, const struct approval *like)
{
    for (size_t i = 0; i < record->n_approvals; i++) {
        const struct approval *approval = &record->approvals[i];
        if (approval->rejects == like->rejects && text_equal(approval->step, like->step) &&
            same_approver(approval, like)) {
            return approval;
        }
    }
    return NULL;
}
