/* Reads environments.json: every mistake of the file is found before anything else happens. */
#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

static bool rule_name_is_good(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void read_rules(struct json_object *root)
{
    static const char *const severities[] = {"error", "warning", "off", NULL};
    struct json_node node = json_member(root, "rules", JSON_OPTIONAL);
    struct json_node rule;
    struct json_object object;
    if (!json_object_open(&node, &object, "\"rules\"")) {
        return;
    }
    for (size_t i = 0; json_member_at(&object, i, &rule); i++) {
        if (!rule_name_is_good(rule.key)) {
            (void)json_complain_key(&rule,
                                    "\"%s\" is no name of a rule; it has lower-case letters, "
                                    "digits and \"-\"",
                                    rule.key);
        }
        (void)json_choice(&object, rule.key, JSON_OPTIONAL, severities, 0);
    }
    json_object_close(&object);
}

static void read_environment(struct json_node *node, struct environment *environment)
{
    struct json_object object;
    environment->node = *node;
    environment->name = node->key;
    if (!environment_name_is_good(node->key)) {
        (void)json_complain_key(node,
                                "\"%s\" is no name for an environment; it has up to %d lower-case "
                                "letters, digits, \"-\" and \"_\"",
                                node->key, ENVIRONMENT_NAME_LIMIT);
    }
    if (!json_object_open(node, &object, "environment \"%s\"", node->key)) {
        return;
    }
    environment->kind = (enum environment_kind)json_choice(&object, "kind", JSON_REQUIRED,
                                                           environment_kind_words, KIND_PRODUCTION);
    environment->after = json_texts(&object, "after", &environment->n_after);
    environment->seed = json_text(&object, "seed", JSON_OPTIONAL, NULL);
    environment_read_policy(&object, environment);
    environment_read_target(&object, environment, true);
    json_object_close(&object);
}

static void read_list(struct json_object *root, struct environments *set)
{
    struct json_object object;
    struct json_node member;
    set->list = json_member(root, "environments", JSON_REQUIRED);
    if (!json_object_open(&set->list, &object, "\"environments\"")) {
        return;
    }
    set->n = json_member_count(&object);
    if (set->n == 0) {
        (void)json_complain(&set->list, "there is no environment in \"environments\"");
    }
    set->items = arena_alloc(json_arena(set->document), (set->n + 1) * sizeof *set->items);
    for (size_t i = 0; json_member_at(&object, i, &member); i++) {
        set->items[i].set = set;
        read_environment(&member, &set->items[i]);
    }
    environments_check_after(set);
    json_object_close(&object);
}

/* Above the folder "pipelines"; where the file stands in a folder of another name, that folder. */
static char *project_folder_of(const char *path)
{
    CLEANUP(mem_freep) char *folder = path_parent(path);
    CLEANUP(mem_freep) char *real = realpath(folder, NULL);
    const char *known = real != NULL ? real : folder;
    return text_equal(path_name(known), "pipelines") ? path_parent(known) : mem_copy(known);
}

bool environments_read(const char *path, const char *state_folder, struct environments **ret_set,
                       struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(json_freep) struct json_document *document = NULL;
    struct json_object root;
    if (!json_read(path, &environment_sources, &document, err)) {
        return false;
    }
    struct arena *arena = json_arena(document);
    CLEANUP(mem_freep) char *project = project_folder_of(path);
    CLEANUP(mem_freep)
    char *state = state_folder != NULL ? mem_copy(state_folder) : path_join(project, ".headgate");
    set = arena_alloc(arena, sizeof *set);
    set->document = TAKE(document);
    set->path = json_path(set->document);
    set->project_folder = arena_copy(arena, project);
    set->state_folder = arena_copy(arena, state);
    set->root = json_root(set->document);
    if (json_object_open(&set->root, &root, "the file")) {
        (void)json_text(&root, "$schema", JSON_OPTIONAL, NULL);
        environment_read_vault(&root, set);
        read_list(&root, set);
        read_rules(&root);
        json_object_close(&root);
    }
    if (!json_finish(set->document, err)) {
        return false;
    }
    *ret_set = TAKE(set);
    return true;
}

void environments_freep(struct environments **set)
{
    if (*set == NULL) {
        return;
    }
    for (size_t i = 0; i < (*set)->n; i++) {
        environment_release_target(&(*set)->items[i].target);
    }
    struct json_document *document = (*set)->document; /* the set itself lives in its arena */
    *set = NULL;
    json_free(document);
}

bool environments_find(struct environments *set, const char *name,
                       struct environment **ret_environment, struct error *err)
{
    struct environment *found = environments_get(set, name);
    if (found != NULL) {
        *ret_environment = found;
        return true;
    }
    (void)error_set(err, ERROR_USAGE, "there is no environment \"%s\" in %s", name, set->path);
    const char *near = environments_near(set, name);
    if (near != NULL) {
        return error_hint(err, "Did you mean \"%s\"?", near);
    }
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i < set->n; i++) {
        strlist_add(&names, set->items[i].name);
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&names);
    return error_hint(err, "It names %s.", sentence);
}
