/*
 * The doctor looks at this machine and at every environment, changes nothing, and tells each
 * finding with its remedy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/environment.h"

enum finding_level { FINDING_OK, FINDING_WARNING, FINDING_PROBLEM };

struct finding {
    enum finding_level level;
    char *subject;  /* "machine", "production" */
    char *check;    /* "server programs", "clock" */
    char *sentence; /* what was found */
    char *remedy;   /* what to do; NULL where nothing is needed */
};

struct findings {
    struct finding *items;
    size_t n;
};

void doctor_look_at_machine(const char *state_folder, struct findings *findings);
void doctor_look_at_environment(struct environment *environment, struct findings *findings);
enum finding_level findings_worst(const struct findings *findings);
void findings_clear(struct findings *findings);
