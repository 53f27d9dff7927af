/* What the files that tell two plans apart share. */
#pragma once

#include "private.h"

/* A change of a file is one change, however much in the plan it has changed. */
struct comparison {
    const struct json_data *then, *now; /* documents */
    struct strlist *changes;
    struct strlist pipeline, environments; /* what is known of the changes of those files */
    bool release_changed, pipeline_changed, environments_changed;
    bool targets_changed;
};

const char *shown(const char *text);
bool same(const struct json_data *then, const struct json_data *now, const char *key);
/* Of the objects in a list, the one that has this text under this key; or NULL. */
const struct json_data *named(const struct json_data *list, const char *key, const char *name);
/* Has something else happened at this environment than that the release changed? */
bool target_is_as_it_was(const struct comparison *of, const char *environment);
void compare_steps(struct comparison *of);
/* Where nothing else was found that would explain it. */
void compare_verdicts(struct comparison *of);
