/* What the files that read a workflow share. */
#pragma once

#include "private.h"

/* Walks workflow->document; mistakes are noted there. The environments may be NULL: names of
 * environments are not checked then. */
void workflow_read_document(struct workflow *workflow);
/* Names of pipelines, steps and evidence: lower-case letters, digits, "-" and "_", up to 40. */
void workflow_check_id(const struct json_node *node, const char *id, const char *what);
void workflow_read_schedule(struct json_object *root);

/* One step, without what depends on the others. */
void workflow_read_step(const struct workflow *workflow, struct workflow_step *step);
/* Opens a step once more, for what is asked later; false where it is no object. */
bool workflow_open_step(const struct workflow_step *step, struct json_object *ret_object);
/* Resolves the names of those that each step waits for, and looks for circles. */
void workflow_read_needs(struct workflow *workflow);
