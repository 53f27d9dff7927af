/* Data to try things on. */
#include <stdlib.h>

#include "headgate/file.h"
#include "private.h"

static bool refuse_production(const struct environment *environment, struct error *err)
{
    (void)error_set(err, ERROR_REFUSED,
                    "environment \"%s\": seed is never for a production environment",
                    environment->name);
    return error_hint(err, "Data that production needs belongs into a migration: headgate create "
                           "NAME");
}

bool seed_find(const struct environment *environment, char **ret_path, struct error *err)
{
    const char *file = environment->set->path;
    if (environment->kind == KIND_PRODUCTION) {
        return refuse_production(environment, err);
    }
    if (environment->seed == NULL) {
        (void)error_set(err, ERROR_CONFIG, "environment \"%s\" has no \"seed\" in %s",
                        environment->name, file);
        return error_hint(err, "Name a file of SQL there, relative to it: \"seed\": "
                               "\"../migrations/seed.sql\"");
    }
    CLEANUP(mem_freep) char *folder = path_parent(file);
    CLEANUP(mem_freep) char *joined = path_join(folder, environment->seed);
    CLEANUP(mem_freep) char *real = realpath(joined, NULL);
    CLEANUP(mem_freep) char *path = path_display(real != NULL ? real : joined);
    if (real == NULL) {
        (void)error_set(err, ERROR_CONFIG, "environment \"%s\": there is no file %s",
                        environment->name, path);
        return error_hint(err, "\"seed\" in %s names it, relative to that file.", file);
    }
    *ret_path = TAKE(path);
    return true;
}

bool seed_execute(struct deploy_plan *plan, const char *path, const struct deploy_conduct *conduct,
                  struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    const struct grip grip = grip_of(plan);
    return (settle_check_marker(plan, err) && hand_open(&grip, conduct, &hand, err) &&
            engine_run_file(hand.engine, path, err)) ||
           environment_name_error(plan->environment, err);
}
