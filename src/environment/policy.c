/* What an environment demands: how a deploy behaves there, and what must be true before one begins.
 */
#include <string.h>

#include "headgate/file.h"
#include "private.h"

static void read_breaker(struct json_object *deploy, struct breaker *breaker)
{
    struct json_node node = json_member(deploy, "breaker", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"breaker\"");
    breaker->blocked_sessions = json_integer(&object, "blocked_sessions", 0, 1000000, 0);
    breaker->after = json_duration(&object, "for", 2000);
    json_object_close(&object);
}

static void read_deploy(struct json_object *object_of, struct environment *environment)
{
    struct json_node node = json_member(object_of, "deploy", JSON_OPTIONAL);
    struct json_object object;
    struct courtesy *courtesy = &environment->courtesy;
    struct aftercare *aftercare = &environment->aftercare;
    (void)json_object_open(&node, &object, "\"deploy\" of %s", object_of->what);
    courtesy->lock_timeout = json_duration(&object, "lock_timeout", 2000);
    courtesy->lock_retries = json_integer(&object, "lock_retries", 0, 1000000, 30);
    courtesy->statement_timeout = json_duration(&object, "statement_timeout", 0);
    read_breaker(&object, &courtesy->breaker);
    aftercare->analyze = json_bool(&object, "analyze", false);
    aftercare->notify = json_text(&object, "notify", JSON_OPTIONAL, NULL);
    aftercare->replica_wait = json_duration(&object, "replica_wait", 60000);
    environment->allows_down = json_bool(&object, "down", false);
    json_object_close(&object);
}

/* The configuration file is relative to the file that names it. */
static const char *read_tool_config(struct json_object *object)
{
    struct json_document *document = object->node.document;
    const char *path = json_text(object, "config", JSON_OPTIONAL, NULL);
    struct json_node node = json_member(object, "config", JSON_OPTIONAL);
    if (path != NULL && path[0] == '\0') {
        (void)json_complain(&node, "the path of the configuration file is empty");
    }
    if (path == NULL || path[0] == '\0') {
        return NULL;
    }
    CLEANUP(mem_freep) char *joined = path_join(json_folder(document), path);
    return arena_copy(json_arena(document), joined);
}

static void read_backup_tool(struct json_object *object, struct backup_tool *tool)
{
    static const char *const tools[] = {"pgbackrest", NULL};
    struct json_node stanza = json_member(object, "stanza", JSON_OPTIONAL);
    tool->name = tools[json_choice(object, "tool", JSON_REQUIRED, tools, 0)];
    tool->stanza = json_text(object, "stanza", JSON_REQUIRED, NULL);
    if (tool->stanza != NULL && tool->stanza[0] == '\0') {
        (void)json_complain(&stanza, "\"stanza\" of %s is empty", object->what);
    }
    tool->config = read_tool_config(object);
}

static bool has(struct json_object *object, const char *key)
{
    return json_member(object, key, JSON_OPTIONAL).value != NULL;
}

static enum dump_on read_dump_on(struct json_object *object, bool has_host)
{
    static const char *const places[] = {"auto", "here", "host", NULL};
    struct json_node node = json_member(object, "dump_on", JSON_OPTIONAL);
    enum dump_on dump_on =
        (enum dump_on)json_choice(object, "dump_on", JSON_OPTIONAL, places, DUMP_AUTO);
    if (dump_on == DUMP_HOST && !has_host) {
        problem_note(json_complain(&node, "there is no host for \"dump_on\": no \"ssh\""),
                     "leave it away: what is reached without SSH is dumped from here");
    }
    return dump_on;
}

/* "dump_on" may stand by itself; whatever else stands there means another tool. */
static void read_backup(struct json_object *environment, struct environment *ret_environment)
{
    struct json_node node = json_member(environment, "backup", JSON_OPTIONAL);
    struct json_object object;
    if (!json_object_open(&node, &object, "\"backup\" of %s", environment->what)) {
        return;
    }
    ret_environment->dump_on = read_dump_on(&object, has(environment, "ssh"));
    if (!has(&object, "dump_on") || has(&object, "tool") || has(&object, "stanza") ||
        has(&object, "config")) {
        read_backup_tool(&object, &ret_environment->backup_tool);
    }
    json_object_close(&object);
}

static void read_required_backup(struct json_object *object, const struct backup_tool *tool,
                                 struct requirements *require)
{
    struct json_node node = json_member(object, "backup", JSON_OPTIONAL);
    struct json_object backup;
    require->backup = json_object_open(&node, &backup, "\"backup\" of \"require\"");
    require->backup_restored = json_bool(&backup, "restored", tool->name == NULL);
    if (tool->name != NULL && require->backup_restored) {
        struct json_node restored = json_member(&backup, "restored", JSON_OPTIONAL);
        problem_note(json_complain_key(&restored,
                                       "%s restores no backup for a proof, so \"restored\" can "
                                       "never be true",
                                       tool->name),
                     "leave it away, or leave \"backup\" of the environment away: then headgate "
                     "makes its backups, and proves them");
    }
    require->backup_max_age = json_duration(&backup, "max_age", 24 * 3600 * (msec)1000);
    json_object_close(&backup);
}

/* The path of a file of allowed signers, relative to the file that names it. */
static const char *read_signers(struct json_object *object, const char *key)
{
    struct json_document *document = object->node.document;
    const char *path = json_text(object, key, JSON_OPTIONAL, NULL);
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    if (path == NULL) {
        return NULL;
    }
    if (path[0] == '\0') {
        (void)json_complain(&node, "the path of the allowed signers is empty");
        return NULL;
    }
    CLEANUP(mem_freep) char *joined = path_join(json_folder(document), path);
    return arena_copy(json_arena(document), joined);
}

/* Who may approve says nothing where nobody has to: what was meant as a lock would be none. */
static void read_approvals(struct json_object *object, struct requirements *require)
{
    static const char *const keys[] = {"approved_by", "exclude_author"};
    require->approvals = json_integer(object, "approvals", 0, 100, 0);
    require->approved_by = read_signers(object, "approved_by");
    require->approved_by_text = json_text(object, "approved_by", JSON_OPTIONAL, NULL);
    require->exclude_author = json_bool(object, "exclude_author", false);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct json_node node = json_member(object, keys[i], JSON_OPTIONAL);
        if (require->approvals == 0 && node.value != NULL) {
            problem_note(
                json_complain_key(&node, "\"%s\" is of no use without \"approvals\"", keys[i]),
                "say how many people must approve: \"approvals\": 1");
        }
    }
}

static void read_requirements(struct json_object *environment, const struct backup_tool *tool,
                              struct requirements *require)
{
    struct json_node node = json_member(environment, "require", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"require\" of %s", environment->what);
    require->evidence = json_texts(&object, "evidence", &require->n_evidence);
    read_approvals(&object, require);
    require->signed_by = read_signers(&object, "signed_by");
    read_required_backup(&object, tool, require);
    environment_read_windows(&object, "windows", &require->windows, &require->n_windows);
    environment_read_freezes(&object, "freeze", &require->freezes, &require->n_freezes);
    json_object_close(&object);
}

void environment_read_policy(struct json_object *object, struct environment *environment)
{
    read_deploy(object, environment);
    read_backup(object, environment);
    read_requirements(object, &environment->backup_tool, &environment->require);
}
