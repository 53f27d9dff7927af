/*
 * Adopt: comes from another migration tool. Its folder and its history table are read once; ours
 * are made from them: a release in Prisma's layout, and rows in _prisma_migrations for what is
 * applied. Nothing of theirs is changed.
 *
 * What is made depends on their folder alone, not on the environment: adopting a second environment
 * finds the same migrations in our folder and only writes its rows. A name begins with their number
 * or time, filled up to 14 digits, where those are numbers that rise; else with its place in their
 * order. Both lie before the time of anything that `create` makes later.
 *
 * A row is what Prisma's `resolve --applied` writes (applied_steps_count 0, logs ''): the text was
 * run by another tool, and not in these very bytes. Its times are theirs where they keep any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/environment.h"
#include "headgate/hash.h"
#include "headgate/strlist.h"

struct adopt_item {
    const char *version;          /* as their history calls it */
    const char *file;             /* theirs, in the source */
    const char *name;             /* ours */
    const char *text, *down_text; /* of migration.sql and down.sql; NULL: they have none */
    char checksum[HASH_HEX_SIZE]; /* of our migration.sql */
    bool applied;
    const char *applied_at; /* ISO time; NULL where it is pending or they do not say it */
};

struct adoption {
    const char *tool;
    struct environment *environment;
    char *source, *folder; /* theirs, ours */
    char *target, *version_text, *schema;
    struct adopt_item *items; /* in the order in which they are applied */
    size_t n, n_applied;
    size_t n_there;       /* so many are in our folder already, as they would be made */
    struct strlist notes; /* whole sentences: what becomes of what we have no equal for */
    struct arena *arena;
};

struct adopt_request {
    const char *tool;
    const char *source; /* NULL: the first folder of those that the tool usually has */
    const char *folder; /* ours, to be made */
    void (*on_progress)(const char *sentence);
};

/* Looks only. Whatever is inconsistent is refused here (ERROR_REFUSED), and every mistake of their
 * folder is told with its place (ERROR_CONFIG). */
NODISCARD bool adopt_look(struct environment *environment, const struct adopt_request *request,
                          msec deadline, struct adoption **ret_adoption, struct error *err);
/* Under the deploy lock: their history once more, our folder, then all rows in one transaction. A
 * crash in between is repaired by doing it again. */
NODISCARD bool adopt_execute(const struct adoption *adoption, msec lock_deadline,
                             struct error *err);
void adoption_freep(struct adoption **adoption);
