/* What has changed about the steps of two plans: those that are new, that are gone, their order,
 * and what each of them says. */
#include "changes.h"

/* Where the pipeline's file was changed this is what is known of it; else it comes from elsewhere:
 * from an environment variable, from PATH. */
static struct strlist *file_or_not(struct comparison *of)
{
    return of->pipeline_changed ? &of->pipeline : of->changes;
}

/* --- the list of them --- */

static const struct json_data *steps_of(const struct json_data *document)
{
    return json_data_member(document, "steps");
}

/* Those of the first list that the second does not have. */
static size_t list_missing(const struct json_data *steps, const struct json_data *others,
                           const char *what, struct strlist *ret_lines)
{
    size_t n = 0;
    for (size_t i = 0; i < json_data_count(steps); i++) {
        const char *id = json_data_text(json_data_item(steps, i), "id");
        if (named(others, "id", id) == NULL) {
            strlist_printf(ret_lines, "step \"%s\" was %s", id, what);
            n++;
        }
    }
    return n;
}

static char *order_of(const struct json_data *steps, const struct json_data *others)
{
    struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < json_data_count(steps); i++) {
        const char *id = json_data_text(json_data_item(steps, i), "id");
        if (named(others, "id", id) != NULL) {
            strbuf_printf(&text, "%s%s", text.size > 0 ? ", " : "", id);
        }
    }
    return strbuf_take(&text);
}

/* Says whether the list is another one: then what each waits for follows from that. */
static bool compare_lists(struct comparison *of)
{
    const struct json_data *then = steps_of(of->then), *now = steps_of(of->now);
    struct strlist *lines = file_or_not(of);
    CLEANUP(mem_freep) char *before = order_of(then, now);
    CLEANUP(mem_freep) char *after = order_of(now, then);
    size_t n = list_missing(now, then, "added", lines) + list_missing(then, now, "removed", lines);
    if (!text_equal(before, after)) {
        strlist_printf(lines, "the order of the steps: %s now, %s then", after, before);
    }
    return n > 0 || !text_equal(before, after);
}

/* --- what each says --- */

static const struct {
    const char *key, *sentence;
    bool is_duration, follows_from_list;
} facts[] = {
    {"kind", "its kind", false, false},
    {"environment", "its environment", false, false},
    {"needs", "what it waits for", false, true},
    {"timeout", "its timeout", true, false},
    {"retries", "its retries", false, false},
    {"backoff", "its backoff", true, false},
    {"when", "its condition", false, false},
    {"evidence", "its evidence", false, false},
    {"on_failure", "on_failure", false, false},
    {"always", "whether it runs in the end", false, false},
    {"gate", "what its gate asks for", false, false},
    {"argv", "its arguments", false, false},
    {"program", "its program", false, false},
    {"folder", "the folder that it runs in", false, false},
    {"variables", "the variables that it gets", false, true},
    {"backup", "how its backup is made", false, false},
    {"restore", "what it restores", false, false},
};

/* NULL where it is too much for a sentence. */
static char *value_of(const struct json_data *step, const char *key, bool is_duration)
{
    const struct json_data *value = json_data_member(step, key);
    struct strbuf items = STRBUF_INIT;
    int64_t number = json_data_integer(step, key, -1);
    if (json_data_is_object(value)) {
        return NULL;
    }
    if (number >= 0) {
        return is_duration && number > 0 ? duration_format(number)
                                         : mem_printf("%lld", (long long)number);
    }
    for (size_t i = 0; json_data_is_array(value) && i < json_data_count(value); i++) {
        const char *text = json_data_string(json_data_item(value, i));
        strbuf_printf(&items, "%s%s", i > 0 ? " " : "", text != NULL ? text : "");
    }
    return items.size > 0 ? strbuf_take(&items) : mem_copy(shown(json_data_string(value)));
}

static void tell_fact(struct strlist *lines, const struct json_data *then,
                      const struct json_data *now, size_t fact)
{
    const char *key = facts[fact].key;
    CLEANUP(mem_freep) char *before = value_of(then, key, facts[fact].is_duration);
    CLEANUP(mem_freep) char *after = value_of(now, key, facts[fact].is_duration);
    const char *id = json_data_text(now, "id");
    if (before == NULL || after == NULL || text_equal(before, after)) {
        strlist_printf(lines, "step \"%s\": %s", id, facts[fact].sentence);
    } else {
        strlist_printf(lines, "step \"%s\": %s: %s now, %s then", id, facts[fact].sentence, after,
                       before);
    }
}

static bool has_other_program(const struct comparison *of, const struct json_data *now)
{
    const struct json_data *then = named(steps_of(of->then), "id", json_data_text(now, "id"));
    return then != NULL && same(then, now, "program") && !same(then, now, "program_sha256");
}

/* Several steps may run the same program: told with the first of them. */
static void compare_program(const struct comparison *of, const struct json_data *now)
{
    CLEANUP(strlist_clear) struct strlist ids = STRLIST_INIT;
    for (size_t i = 0; i < json_data_count(steps_of(of->now)); i++) {
        const struct json_data *step = json_data_item(steps_of(of->now), i);
        if (same(step, now, "program") && has_other_program(of, step)) {
            strlist_add(&ids, json_data_text(step, "id"));
        }
    }
    if (ids.n > 0 && text_equal(ids.items[0], json_data_text(now, "id"))) {
        CLEANUP(mem_freep) char *sentence = strlist_sentence(&ids);
        strlist_printf(of->changes, "step%s %s: program %s has other contents now",
                       ids.n > 1 ? "s" : "", sentence, shown(json_data_text(now, "program")));
    }
}

static void compare_contents(struct comparison *of, const struct json_data *then,
                             const struct json_data *now)
{
    const char *id = json_data_text(now, "id");
    if (has_other_program(of, now)) {
        compare_program(of, now);
    }
    if (!same(then, now, "file_sha256")) {
        strlist_printf(of->changes, "step \"%s\": its file has other contents now", id);
    }
    if (!same(then, now, "require")) {
        strlist_printf(of->environments_changed ? &of->environments : of->changes,
                       "what environment \"%s\" demands",
                       shown(json_data_text(now, "environment")));
    }
}

void compare_steps(struct comparison *of)
{
    bool other_list = compare_lists(of);
    for (size_t i = 0; i < json_data_count(steps_of(of->now)); i++) {
        const struct json_data *now = json_data_item(steps_of(of->now), i);
        const struct json_data *then = named(steps_of(of->then), "id", json_data_text(now, "id"));
        for (size_t j = 0; then != NULL && j < ARRAY_LEN(facts); j++) {
            if (!same(then, now, facts[j].key) && !(facts[j].follows_from_list && other_list)) {
                tell_fact(file_or_not(of), then, now, j);
            }
        }
        if (then != NULL) {
            compare_contents(of, then, now);
        }
    }
}

/* --- what follows from all of it --- */

static const struct {
    const char *key, *sentence;
} results[] = {
    {"refusal", "what speaks against it"},
    {"to_apply", "what it would apply"},
    {"verdict", "what becomes of it"},
    {"why", "what becomes of it"},
};

void compare_verdicts(struct comparison *of)
{
    for (size_t i = 0; i < json_data_count(steps_of(of->now)); i++) {
        const struct json_data *now = json_data_item(steps_of(of->now), i);
        const struct json_data *then = named(steps_of(of->then), "id", json_data_text(now, "id"));
        for (size_t j = 0; then != NULL && j < ARRAY_LEN(results); j++) {
            if (!same(then, now, results[j].key)) {
                strlist_printf(of->changes, "step \"%s\": %s: %s now, %s then",
                               json_data_text(now, "id"), results[j].sentence,
                               shown(json_data_text(now, results[j].key)),
                               shown(json_data_text(then, results[j].key)));
                break;
            }
        }
    }
}
