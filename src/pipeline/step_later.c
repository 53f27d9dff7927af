/*
 * Kinds of steps that this version does not have yet. A pipeline that names one is refused, with
 * what to do without it; what stands there is checked all the same, so that it is right on the day
 * it comes.
 */
#include <string.h>

#include "private.h"

/* A text that must not be empty. */
static const char *read_words(struct json_object *object, const char *key, enum json_need need)
{
    struct json_node node = json_member(object, key, need);
    const char *text = json_text(object, key, JSON_OPTIONAL, NULL);
    if (text != NULL && text[0] == '\0') {
        (void)json_complain(&node, "\"%s\" of %s is empty", key, object->what);
    }
    return text;
}

/* --- rehearse --- */

static void read_rehearse(const struct workflow *workflow, struct json_object *object,
                          struct workflow_step *step)
{
    struct json_node node = json_member(object, "rehearse", JSON_REQUIRED);
    struct json_object rehearse;
    if (json_object_open(&node, &rehearse, "\"rehearse\" of %s", object->what)) {
        step->environment = workflow_environment(workflow, &rehearse, "on", JSON_REQUIRED);
        (void)json_duration(&rehearse, "max_lock", 0);
        json_object_close(&rehearse);
    }
}

const struct step_kind step_kind_rehearse = {
    .name = "rehearse",
    .coming = "leave it out, and let a step deploy to an environment like production first",
    .read = read_rehearse,
};

/* --- refresh --- */

static void read_from_and_to(const struct workflow *workflow, struct json_object *object,
                             struct workflow_step *step)
{
    (void)workflow_environment(workflow, object, "from", JSON_REQUIRED);
    step->environment = workflow_environment(workflow, object, "to", JSON_REQUIRED);
}

/* "public.users.email" has three parts. */
static bool has_parts(const char *name, size_t wanted)
{
    size_t n = 1;
    bool good = name[0] != '\0' && name[0] != '.' && !text_ends(name, ".");
    for (const char *at = name; *at != '\0'; at++) {
        n += *at == '.' ? 1 : 0;
        good = good && !text_starts(at, "..");
    }
    return good && n == wanted;
}

static void read_masking(const struct json_node *node)
{
    struct json_object mask;
    if (!json_object_open(node, &mask, "the mask of \"%s\"", node->key)) {
        return;
    }
    struct json_node name = json_member(&mask, "name", JSON_OPTIONAL);
    (void)read_words(&mask, "email", JSON_OPTIONAL);
    (void)read_words(&mask, "sql", JSON_OPTIONAL);
    if (name.value != NULL && !json_bool(&mask, "name", true)) {
        (void)json_complain(&name, "\"name\" of %s must be true", mask.what);
    }
    if (json_member_count(&mask) != 1) {
        problem_note(json_complain(node, "%s must name one way to mask", mask.what),
                     "it is \"email\", \"name\" or \"sql\"");
    }
    json_object_close(&mask);
}

static void read_rows(const struct json_node *node)
{
    struct json_object rows;
    if (json_object_open(node, &rows, "the rows of \"%s\"", node->key)) {
        (void)read_words(&rows, "where", JSON_REQUIRED);
        json_object_close(&rows);
    }
}

/* Members by name of a column or table, each one word or an object. */
static void read_each(struct json_object *refresh, const char *key, size_t parts, const char *form,
                      const char *word, void (*read)(const struct json_node *node))
{
    const char *const words[] = {word, NULL};
    struct json_node list = json_member(refresh, key, JSON_OPTIONAL);
    struct json_node member;
    struct json_object object;
    if (!json_object_open(&list, &object, "\"%s\" of %s", key, refresh->what)) {
        return;
    }
    for (size_t i = 0; json_member_at(&object, i, &member); i++) {
        if (!has_parts(member.key, parts)) {
            (void)json_complain_key(&member, "\"%s\" in \"%s\" is not written as %s", member.key,
                                    key, form);
        }
        if (json_is_text(&member)) {
            (void)json_choice(&object, member.key, JSON_OPTIONAL, words, 0);
        } else {
            read(&member);
        }
    }
    json_object_close(&object);
}

static void read_refresh(const struct workflow *workflow, struct json_object *object,
                         struct workflow_step *step)
{
    static const char *const unlisted[] = {"refuse", NULL};
    static const char *const swap[] = {"rename", NULL};
    struct json_node node = json_member(object, "refresh", JSON_REQUIRED);
    struct json_object refresh;
    if (!json_object_open(&node, &refresh, "\"refresh\" of %s", object->what)) {
        return;
    }
    read_from_and_to(workflow, &refresh, step);
    read_each(&refresh, "mask", 3, "SCHEMA.TABLE.COLUMN", "keep", read_masking);
    read_each(&refresh, "rows", 2, "SCHEMA.TABLE", "none", read_rows);
    (void)json_choice(&refresh, "unlisted", JSON_OPTIONAL, unlisted, 0);
    (void)json_choice(&refresh, "swap", JSON_OPTIONAL, swap, 0);
    (void)json_integer(&refresh, "keep_previous", 0, 100, 0);
    json_object_close(&refresh);
}

const struct step_kind step_kind_refresh = {
    .name = "refresh",
    .coming = "let a hook fill the other environment from masked data",
    .read = read_refresh,
};
