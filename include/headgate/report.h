/*
 * What people and programs see: the same facts as text and as JSON ("format": 1; members are only
 * ever added).
 *
 * Results go to stdout, errors and progress to stderr, through output.h, which redacts. Whether it
 * is text or JSON is a setting of the output, so each function here knows for itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/cluster.h"
#include "headgate/deploy.h"
#include "headgate/doctor.h"
#include "headgate/error.h"

/* The one place where an error becomes words: message, detail, hint, and each mistake with its
 * place. */
void report_error(const struct error *error);

struct environment_status {
    struct environment *environment;
    struct deploy_plan *plan; /* NULL where it could not be looked at */
    struct error error;       /* why not */
};
void report_status(const struct environment_status *statuses, size_t n,
                   const struct release *release);

/* What a deploy would do, and why not. */
void report_plan(const struct deploy_plan *plan);
/* A deploy while it runs; text only. */
void report_deploy_head(const struct deploy_plan *plan);
void report_deploy_applied(const struct deploy_plan *plan, const struct plan_item *item, msec took);
void report_deploy_waiting(const struct history_holder *holder);
/* And when it is done, also half-way (failed). */
void report_deploy_end(const struct deploy_plan *plan, size_t n_applied, msec took, bool failed);

void report_findings(const struct findings *findings);
void report_embedded(const struct embedded_list *list);
/* What environments.json says, value by value; with_origin adds where each comes from. */
void report_settings(const struct environments *set, bool with_origin);
