/* What the files of this module share. */
#pragma once

#include "headgate/environment.h"

extern const char *const environment_kind_words[];

/* Where ${...} of environments.json takes its values from: our environment, files, password commands. */
extern const struct json_sources environment_sources;

void environment_read_policy(struct json_object *object, struct environment *environment);

/* The members that may hold secrets. With check_only nothing is looked up. */
void environment_read_target(struct json_object *object, struct environment *environment,
                             bool check_only);
void environment_release_target(struct target *target);
