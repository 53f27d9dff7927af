/*
 * What has changed between two documents of plans, in words: the one that was saved and the one of
 * the world as it is now. Each change is told once, where it was made; what only follows from it
 * (another list of migrations to apply, another verdict) is not told again.
 */
#include "changes.h"

const char *shown(const char *text)
{
    return text != NULL ? text : "nothing";
}

bool same(const struct json_data *then, const struct json_data *now, const char *key)
{
    return json_data_equal(json_data_member(then, key), json_data_member(now, key));
}

const struct json_data *named(const struct json_data *list, const char *key, const char *name)
{
    for (size_t i = 0; i < json_data_count(list); i++) {
        const struct json_data *item = json_data_item(list, i);
        if (text_equal(json_data_text(item, key), name)) {
            return item;
        }
    }
    return NULL;
}

static const struct json_data *target_of(const struct json_data *document, const char *environment)
{
    return named(json_data_member(document, "targets"), "environment", environment);
}

/* --- migrations --- */

static const struct json_data *migrations_of(const struct json_data *document, const char *step)
{
    return json_data_member(named(json_data_member(document, "steps"), "id", step), "to_apply");
}

/* Those that are to be applied by the first and not by the second, as texts. */
static void list_differences(const struct json_data *those, const struct json_data *others,
                             const char *what, struct strlist *ret_texts)
{
    for (size_t i = 0; i < json_data_count(those); i++) {
        const char *name = json_data_text(json_data_item(those, i), "name");
        if (named(others, "name", name) == NULL) {
            CLEANUP(mem_freep) char *text = mem_printf("%s %s", name, what);
            if (!strlist_has(ret_texts, text)) {
                strlist_add(ret_texts, text);
            }
        }
    }
}

static void list_edited(const struct json_data *then, const struct json_data *now,
                        struct strlist *ret_texts)
{
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *item = json_data_item(now, i);
        const struct json_data *before = named(then, "name", json_data_text(item, "name"));
        CLEANUP(mem_freep) char *text = mem_printf("%s was edited", json_data_text(item, "name"));
        if (before != NULL && !same(before, item, "checksum") && !strlist_has(ret_texts, text)) {
            strlist_add(ret_texts, text);
        }
    }
}

/* ": ... and ..." where something is known. */
static char *told(const struct strlist *texts)
{
    CLEANUP(mem_freep) char *joined = strlist_join(texts, ", ");
    return mem_printf("%s%s", texts->n > 0 ? ": " : "", joined);
}

bool target_is_as_it_was(const struct comparison *of, const char *environment)
{
    return json_data_equal(target_of(of->then, environment), target_of(of->now, environment));
}

/* What was changed of migrations that are applied is known as far as it speaks against the plan. */
static void list_refusals(const struct comparison *of, struct strlist *ret_texts)
{
    const struct json_data *steps = json_data_member(of->now, "steps");
    for (size_t i = 0; i < json_data_count(steps); i++) {
        const struct json_data *now = json_data_item(steps, i);
        const struct json_data *then =
            named(json_data_member(of->then, "steps"), "id", json_data_text(now, "id"));
        const char *refusal = json_data_text(now, "refusal");
        if (refusal != NULL && !same(then, now, "refusal") && ret_texts->n == 0) {
            strlist_add(ret_texts, refusal);
        }
    }
}

static void compare_release(const struct comparison *of)
{
    const struct json_data *then = json_data_member(of->then, "release");
    const struct json_data *now = json_data_member(of->now, "release");
    const struct json_data *steps = json_data_member(of->now, "steps");
    CLEANUP(strlist_clear) struct strlist texts = STRLIST_INIT;
    for (size_t i = 0; i < json_data_count(steps) && of->release_changed; i++) {
        const struct json_data *step = json_data_item(steps, i);
        const char *id = json_data_text(step, "id");
        const struct json_data *before = migrations_of(of->then, id);
        if (target_is_as_it_was(of, json_data_text(step, "environment"))) {
            list_differences(migrations_of(of->now, id), before, "was added", &texts);
            list_differences(before, migrations_of(of->now, id), "was removed", &texts);
            list_edited(before, migrations_of(of->now, id), &texts);
        }
    }
    if (of->release_changed) {
        list_refusals(of, &texts);
        CLEANUP(mem_freep) char *what = told(&texts);
        strlist_printf(of->changes, "the release: %.*s now, %.*s then%s", DIGEST_SHOWN,
                       shown(json_data_text(now, "digest")), DIGEST_SHOWN,
                       shown(json_data_text(then, "digest")), what);
    }
}

/* --- the targets --- */

/* Another server or database has another history and another shape, too. */
static bool compare_identity(struct comparison *of, const struct json_data *then,
                             const struct json_data *now, const char *name)
{
    static const char *const keys[] = {"target", "host", "port", "database", "schema"};
    struct strlist *lines = of->environments_changed ? &of->environments : of->changes;
    bool server = !same(then, now, "system_identifier");
    const char *key = server ? "system_identifier" : NULL;
    for (size_t i = ARRAY_LEN(keys); i > 0; i--) {
        key = same(then, now, keys[i - 1]) ? key : keys[i - 1];
    }
    if (key != NULL) {
        strlist_printf(lines, "environment \"%s\" leads to another %s: %s now, %s then", name,
                       server ? "server" : "database", shown(json_data_text(now, key)),
                       shown(json_data_text(then, key)));
    }
    return key == NULL;
}

static void compare_history(const struct comparison *of, const struct json_data *then,
                            const struct json_data *now, const char *name)
{
    CLEANUP(strlist_clear) struct strlist texts = STRLIST_INIT;
    const struct json_data *steps = json_data_member(of->now, "steps");
    for (size_t i = 0; i < json_data_count(steps) && !of->release_changed; i++) {
        const struct json_data *step = json_data_item(steps, i);
        const char *id = json_data_text(step, "id");
        if (text_equal(json_data_text(step, "environment"), name)) {
            list_differences(migrations_of(of->then, id), migrations_of(of->now, id),
                             "is not pending any more", &texts);
            list_differences(migrations_of(of->now, id), migrations_of(of->then, id),
                             "is pending now", &texts);
        }
    }
    CLEANUP(mem_freep) char *what = told(&texts);
    strlist_printf(of->changes,
                   "environment \"%s\": %s: migrations were applied, rolled back or resolved "
                   "there%s",
                   name, same(then, now, "shape") ? "its history" : "its history and its shape",
                   what);
}

static void compare_target(struct comparison *of, const struct json_data *then,
                           const struct json_data *now, const char *name)
{
    if (!same(then, now, "kind")) {
        strlist_printf(of->environments_changed ? &of->environments : of->changes,
                       "environment \"%s\" is of kind %s now, %s then", name,
                       shown(json_data_text(now, "kind")), shown(json_data_text(then, "kind")));
    }
    if (!compare_identity(of, then, now, name)) {
        return;
    }
    if (!same(then, now, "server_version")) {
        strlist_printf(of->changes, "environment \"%s\": the server's version: %s now, %s then",
                       name, shown(json_data_text(now, "server_version")),
                       shown(json_data_text(then, "server_version")));
    }
    if (!same(then, now, "marked") &&
        (same(then, now, "history") || json_data_text(then, "marked") != NULL)) {
        strlist_printf(of->changes, "environment \"%s\": it is marked as %s now, as %s then", name,
                       shown(json_data_text(now, "marked")), shown(json_data_text(then, "marked")));
    }
    if (!same(then, now, "history")) {
        compare_history(of, then, now, name);
    } else if (!same(then, now, "shape")) {
        strlist_printf(of->changes,
                       "environment \"%s\": its shape: tables, columns, indexes, functions, owners "
                       "or rights were changed there, not by a migration",
                       name);
    }
}

static void compare_targets(struct comparison *of)
{
    const struct json_data *now = json_data_member(of->now, "targets");
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *target = json_data_item(now, i);
        const char *name = json_data_text(target, "environment");
        const struct json_data *before = target_of(of->then, name);
        if (before != NULL && !json_data_equal(before, target)) {
            of->targets_changed = true;
            compare_target(of, before, target, shown(name));
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

/* Whether the one before has the release follows from the release and the histories; evidence is
 * about a release. */
static bool follows(const struct comparison *of, const char *policy)
{
    return of->release_changed || (of->targets_changed && text_equal(policy, "after"));
}

static void compare_policies(struct comparison *of)
{
    const struct json_data *then = json_data_member(of->then, "policies");
    const struct json_data *now = json_data_member(of->now, "policies");
    struct strlist *lines = of->environments_changed ? &of->environments : of->changes;
    for (size_t i = 0; i < json_data_count(now); i++) {
        const struct json_data *policy = json_data_item(now, i);
        const char *demand = json_data_text(policy, "demand");
        const char *name = json_data_text(policy, "policy");
        if (!is_in(then, policy) && !follows(of, name)) {
            strlist_printf(
                lines, "policy of \"%s\": %s: %s now", shown(json_data_text(policy, "environment")),
                demand != NULL ? demand : shown(name), shown(json_data_text(policy, "state")));
        }
    }
}

/* --- the whole --- */

static void tell_file(struct comparison *of, bool changed, const char *name,
                      const struct strlist *known)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < known->n; i++) {
        strbuf_printf(&text, "%s%s", i > 0 ? "; " : "", known->items[i]);
    }
    if (changed) {
        strlist_printf(of->changes, "%s: %s", name,
                       known->n > 0 ? text.text : "it says something else now");
    }
}

static void compare_asked(const struct comparison *of)
{
    if (!same(of->then, of->now, "headgate")) {
        strlist_printf(of->changes, "the version of headgate: %s now, %s then",
                       shown(json_data_text(of->now, "headgate")),
                       shown(json_data_text(of->then, "headgate")));
    }
    if (!same(of->then, of->now, "until") || !same(of->then, of->now, "overrides")) {
        strlist_printf(of->changes, "what was asked for: --until or --override");
    }
}

void plan_find_changes(const struct json_data *then, const struct json_data *now,
                       struct strlist *ret_changes)
{
    struct comparison of = {.then = then,
                            .now = now,
                            .changes = ret_changes,
                            .pipeline = STRLIST_INIT,
                            .environments = STRLIST_INIT,
                            .release_changed = !same(then, now, "release"),
                            .pipeline_changed = !same(then, now, "pipeline"),
                            .environments_changed = !same(then, now, "environments")};
    compare_asked(&of);
    compare_release(&of);
    compare_targets(&of);
    compare_steps(&of);
    compare_policies(&of);
    tell_file(&of, of.pipeline_changed, "the pipeline's file", &of.pipeline);
    tell_file(&of, of.environments_changed, "the environments file", &of.environments);
    if (ret_changes->n == 0) {
        compare_verdicts(&of);
    }
    if (ret_changes->n == 0 && !json_data_equal(then, now)) {
        strlist_add(ret_changes, "something that this version has no word for");
    }
    strlist_clear(&of.pipeline);
    strlist_clear(&of.environments);
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
