/* The events of a run as lines for people. */
#pragma once

#include <stdbool.h>

#include "headgate/run.h"

enum line_weight {
    LINE_ALWAYS,
    LINE_MOMENT, /* of the moment: not where a live block shows it */
    LINE_DETAIL  /* with -v */
};
/* "staging: 20260112093015_users applied in 6 ms"; NULL where there is nothing to say. `record` has
 * the event already. */
char *event_line(const struct record *record, const struct event *event,
                 enum line_weight *ret_weight);
/* What a step does at the moment, as this event says it; NULL: it says nothing of that. */
char *event_doing(const struct event *event);
/* "waits: 0 of 1 approvals; headgate approve RUN"; NULL where it does not wait. */
char *step_wait(const struct record *record, const struct record_step *step);
