/*
 * What has changed between two documents of plans, in words: the one that was saved, or that a run
 * was begun with, and the one of the world as it is now.
 */
#include "private.h"

struct comparison {
    const struct json_data *then, *now;
    struct strlist *changes;
};

static const char *shown(const char *text)
{
    return text != NULL ? text : "nothing";
}

/* Of objects in two lists, the one that has this text under this key. */
static const struct json_data *named(const struct json_data *list, const char *key,
                                     const char *name)
{
    for (size_t i = 0; i < json_data_count(list); i++) {
        const struct json_data *item = json_data_item(list, i);
        if (text_equal(json_data_text(item, key), name)) {
            return item;
        }
    }
    return NULL;
}

static bool same(const struct json_data *then, const struct json_data *now, const char *key)
{
    return json_data_equal(json_data_member(then, key), json_data_member(now, key));
}

/* --- the files --- */

static void compare_files(const struct comparison *of)
{
    const struct json_data *then = of->then, *now = of->now;
    const struct json_data *release = json_data_member(now, "release");
    if (!same(then, now, "release")) {
        strlist_printf(of->changes, "the release: it is %.*s now, it was %.*s", DIGEST_SHOWN,
                       shown(json_data_text(release, "digest")), DIGEST_SHOWN,
                       shown(json_data_text(json_data_member(then, "release"), "digest")));
    }
    if (!same(then, now, "pipeline")) {
        strlist_printf(of->changes, "the pipeline: its file says something else now");
    }
    if (!same(then, now, "environments")) {
        strlist_printf(of->changes, "the environments: their file says something else now");
    }
    if (!same(then, now, "headgate")) {
        strlist_printf(of->changes, "the version of headgate: it is %s now, it was %s",
                       shown(json_data_text(now, "headgate")),
                       shown(json_data_text(then, "headgate")));
    }
    if (!same(then, now, "until") || !same(then, now, "overrides")) {
        strlist_printf(of->changes, "what was asked for: --until or --override");
    }
}

/* --- the targets --- */

static const struct {
    const char *key, *sentence;
    bool shows_values;
} target_facts[] = {
    {"target", "it leads to another database", true},
    {"host", "another host answered", true},
    {"port", "another port answered", true},
    {"database", "it is another database", true},
    {"server_version", "the server's version", true},
    {"system_identifier", "it is another server: the system identifier", true},
    {"schema", "the schema of the history", true},
    {"history", "the history: migrations were applied, rolled back or resolved there", false},
    {"shape", "the shape: tables, columns, indexes, functions or rights were changed there", false},
};

static void compare_target(const struct comparison *of, const struct json_data *then,
                           const struct json_data *now, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(target_facts); i++) {
        const char *key = target_facts[i].key;
        if (same(then, now, key)) {
            continue;
        }
        if (target_facts[i].shows_values) {
            strlist_printf(of->changes, "environment \"%s\": %s: %s now, %s then", name,
                           target_facts[i].sentence, shown(json_data_text(now, key)),
                           shown(json_data_text(then, key)));
        } else {
            strlist_printf(of->changes, "environment \"%s\": %s", name, target_facts[i].sentence);
        }
    }
}

static void compare_targets(const struct comparison *of)
{
    const struct json_data *then = json_data_member(of->then, "targets");
    const struct json_data *now = json_data_member(of->now, "targets");
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *target = json_data_item(now, i);
        const char *name = json_data_text(target, "environment");
        const struct json_data *before = named(then, "environment", name);
        if (before != NULL) {
            compare_target(of, before, target, shown(name));
        }
    }
}

/* --- the steps --- */

static const struct {
    const char *key, *sentence;
} step_facts[] = {
    {"file_sha256", "its file has other contents now"},
    {"program_sha256", "its program has other contents now"},
    {"program", "it runs another program now"},
    {"argv", "its arguments"},
    {"variables", "the variables that it gets"},
    {"to_apply", "what it would apply"},
    {"refusal", "what speaks against it"},
    {"verdict", "what becomes of it"},
    {"require", "what its environment demands"},
};

/* What a changed file or history has told already is not told again for each step. */
static void compare_step(const struct comparison *of, const struct json_data *then,
                         const struct json_data *now, const char *id)
{
    size_t n = of->changes->n;
    for (size_t i = 0; i < ARRAY_LEN(step_facts); i++) {
        if (!same(then, now, step_facts[i].key)) {
            strlist_printf(of->changes, "step \"%s\": %s", id, step_facts[i].sentence);
        }
    }
    if (of->changes->n == n && !json_data_equal(then, now)) {
        strlist_printf(of->changes, "step \"%s\"", id);
    }
}

static void compare_steps(const struct comparison *of)
{
    const struct json_data *then = json_data_member(of->then, "steps");
    const struct json_data *now = json_data_member(of->now, "steps");
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *step = json_data_item(now, i);
        const char *id = json_data_text(step, "id");
        const struct json_data *before = named(then, "id", id);
        if (before != NULL) {
            compare_step(of, before, step, shown(id));
        }
    }
}

/* --- the policies --- */

static bool is_in(const struct json_data *list, const struct json_data *item)
{
    for (size_t i = 0; i < json_data_count(list); i++) {
        if (json_data_equal(json_data_item(list, i), item)) {
            return true;
        }
    }
    return false;
}

static void compare_policies(const struct comparison *of)
{
    const struct json_data *then = json_data_member(of->then, "policies");
    const struct json_data *now = json_data_member(of->now, "policies");
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *policy = json_data_item(now, i);
        const char *demand = json_data_text(policy, "demand");
        if (!is_in(then, policy)) {
            strlist_printf(of->changes, "policy of \"%s\": %s: %s now",
                           shown(json_data_text(policy, "environment")),
                           demand != NULL ? demand : shown(json_data_text(policy, "policy")),
                           shown(json_data_text(policy, "state")));
        }
    }
}

void plan_find_changes(const struct json_data *then, const struct json_data *now,
                       struct strlist *ret_changes)
{
    const struct comparison of = {then, now, ret_changes};
    compare_files(&of);
    compare_targets(&of);
    compare_steps(&of);
    compare_policies(&of);
    if (ret_changes->n == 0 && !json_data_equal(then, now)) {
        strlist_add(ret_changes, "something that this version has no word for");
    }
}

bool plan_check_saved(const struct plan *now, const struct saved_plan *saved, struct error *err)
{
    CLEANUP(json_data_freep) struct json_data *document = NULL;
    CLEANUP(strlist_clear) struct strlist changes = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf detail = STRBUF_INIT;
    CLEANUP(mem_freep) char *expired = wall_short(saved->valid_until);
    if (!json_data_parse(now->document, strlen(now->document), &document, err)) {
        return false;
    }
    if (wall_now_usec() > saved->valid_until) {
        strlist_printf(&changes, "the time: the plan was valid until %s", expired);
    }
    if (!text_equal(now->id, saved->id)) {
        plan_find_changes(json_data_member(saved->data, "document"), document, &changes);
    }
    if (changes.n == 0) {
        return true;
    }
    for (size_t i = 0; i < changes.n; i++) {
        strbuf_printf(&detail, "%s%s", i > 0 ? "\n" : "", changes.items[i]);
    }
    (void)error_set(err, ERROR_STALE, "plan %.*s is stale: %zu thing%s changed since it was made",
                    DIGEST_SHOWN, saved->id, changes.n, changes.n == 1 ? " has" : "s have");
    (void)error_detail(err, "%s", detail.text);
    return error_hint(err, "Nothing was changed. Look at what would be done now: headgate plan %s",
                      saved->pipeline);
}
