/*
 * The descendants of a process, found in /proc.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "headgate/clock.h"
#include "headgate/strlist.h"

struct kin {
    pid_t pid, parent, group, session;
    unsigned long long start; /* with its pid it names a process for good */
    char name[17];
};

struct kinfolk {
    struct kin *items;
    size_t n;
};

/* All living descendants of `root` but those in or below `except` (NULL: nobody). */
void kinfolk_find(pid_t root, const struct kinfolk *except, struct kinfolk *ret_kinfolk);
void kinfolk_clear(struct kinfolk *kinfolk);
/* To this very process, whoever has its number by now. */
void kin_signal(const struct kin *kin, int signal);

/* What a program that is run starts, and what we had started before it. */
struct family {
    bool adopts; /* orphans among its descendants become our children */
    int was_subreaper;
    struct kinfolk before;
};
void family_begin(struct family *family);
void family_end(struct family *family);
/* Reaps orphans that have ended; never the child `but`. */
void family_reap(const struct family *family, pid_t but);
bool family_is_alive(const struct family *family);
/* To all but those of this process group. */
void family_signal(const struct family *family, pid_t but_group, int signal);
/* Once the program itself is reaped: kills what is left of it, `all`, or what is in our session
 * only, and names what goes on. */
void family_settle(const struct family *family, bool all, struct strlist *ret_left_behind);
