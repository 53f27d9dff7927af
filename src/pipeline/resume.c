/*
 * May a run be gone on with? What was begun, and approved, was a release, a pipeline and a list of
 * migrations for each target: what is left must be that, or a part of it.
 */
#include "running.h"

static bool stale(struct error *err, const char *run, const char *what)
{
    (void)error_set(err, ERROR_STALE, "run %s cannot be resumed: %s", run, what);
    return error_hint(err,
                      "Have it as it was, or give the run up (headgate cancel %s) and begin a "
                      "new one.",
                      run);
}

static const struct json_data *step_named(const struct json_data *document, const char *id)
{
    const struct json_data *steps = json_data_member(document, "steps");
    for (size_t i = 0; i < json_data_count(steps); i++) {
        if (text_equal(json_data_text(json_data_item(steps, i), "id"), id)) {
            return json_data_item(steps, i);
        }
    }
    return NULL;
}

static bool same_file(const struct json_data *then, const struct json_data *now, const char *what)
{
    return text_equal(json_data_text(json_data_member(then, what), "digest"),
                      json_data_text(json_data_member(now, what), "digest"));
}

/* Every migration that is to be applied now was to be applied then, from the same text. */
static bool is_part_of(const struct json_data *now, const struct json_data *then)
{
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *wanted = json_data_item(now, i);
        bool found = false;
        for (size_t j = 0; j < json_data_count(then) && !found; j++) {
            const struct json_data *item = json_data_item(then, j);
            found =
                text_equal(json_data_text(item, "name"), json_data_text(wanted, "name")) &&
                text_equal(json_data_text(item, "checksum"), json_data_text(wanted, "checksum"));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static const struct json_data *target_named(const struct json_data *document, const char *name)
{
    const struct json_data *targets = json_data_member(document, "targets");
    for (size_t i = 0; i < json_data_count(targets); i++) {
        if (text_equal(json_data_text(json_data_item(targets, i), "environment"), name)) {
            return json_data_item(targets, i);
        }
    }
    return NULL;
}

static bool same_target(const struct json_data *then, const struct json_data *now, const char *name)
{
    static const char *const facts[] = {"target", "database", "system_identifier", "schema"};
    const struct json_data *before = target_named(then, name), *after = target_named(now, name);
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        if (!text_equal(json_data_text(before, facts[i]), json_data_text(after, facts[i]))) {
            return false;
        }
    }
    return true;
}

static bool same_contents(const struct json_data *then, const struct json_data *now,
                          const char *key)
{
    return text_equal(json_data_text(then, key), json_data_text(now, key));
}

static bool check_step(const struct plan_step *step, const struct json_data *then,
                       const struct json_data *now, const char *run, struct error *err)
{
    const char *id = step->step->id;
    const struct environment *environment = step->step->environment;
    const struct json_data *before = step_named(then, id), *after = step_named(now, id);
    if (environment != NULL && !same_target(then, now, environment->name)) {
        CLEANUP(mem_freep)
        char *what = mem_printf("environment \"%s\" is another database now", environment->name);
        return stale(err, run, what);
    }
    bool known = json_data_text(before, "restored_by") == NULL;
    if (known &&
        !is_part_of(json_data_member(after, "to_apply"), json_data_member(before, "to_apply"))) {
        CLEANUP(mem_freep)
        char *what = mem_printf("step \"%s\" would apply migrations that were not planned", id);
        return stale(err, run, what);
    }
    if (!same_contents(json_data_member(before, "restore"), json_data_member(after, "restore"),
                       "archive_digest")) {
        CLEANUP(mem_freep)
        char *what = mem_printf("step \"%s\" would restore another backup now", id);
        return stale(err, run, what);
    }
    if (!same_contents(before, after, "file_sha256") ||
        !same_contents(before, after, "program_sha256")) {
        CLEANUP(mem_freep)
        char *what = mem_printf("the file that step \"%s\" uses has other contents now", id);
        return stale(err, run, what);
    }
    return true;
}

static bool check(const struct plan *plan, const struct record *record, struct error *err)
{
    CLEANUP(json_data_freep) struct json_data *now = NULL;
    const struct json_data *then = record->plan_document;
    if (!json_data_parse(plan->document, strlen(plan->document), &now, err)) {
        return false;
    }
    if (!same_file(then, now, "release")) {
        return stale(err, record->run, "the release is another one now");
    }
    if (!same_file(then, now, "pipeline")) {
        return stale(err, record->run, "the pipeline's file says something else now");
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->verdict != PLAN_SETTLED && step->verdict != PLAN_SKIPPED &&
            !check_step(step, then, now, record->run, err)) {
            return false;
        }
    }
    return true;
}

bool resume_check(const struct plan *plan, struct state *state, const char *run, struct error *err)
{
    CLEANUP(record_freep) struct record *record = NULL;
    if (!record_read(state, run, &record, err)) {
        return false;
    }
    if (!run_state_is_open(record->state) || record->cancel_asked) {
        (void)error_set(err, ERROR_USAGE, "run %s is over: %s", run,
                        record->cancel_asked ? "canceled" : run_state_name(record->state));
        return error_hint(err, "What it came to: headgate show %s", run);
    }
    return check(plan, record, err);
}
