/*
 * Where an environment is. These are the values that come from outside and may be secret, so they
 * are read twice: once for their syntax with the whole file, once for real when somebody connects.
 */
#include <string.h>

#include "headgate/secret.h"
#include "private.h"

#define EMBEDDED "embedded:"

/* A part of a connection string that is, as a whole, its host, port, database or user is no secret;
 * all others are. */
static void register_parts(const struct json_outside_text *text, const struct conninfo *conninfo)
{
    for (size_t i = 0; i < text->n_parts; i++) {
        const char *value = text->parts[i].value;
        if (conninfo == NULL || !conninfo_is_public_value(conninfo, value)) {
            secret_register(value);
        }
    }
}

static void complain(const struct json_node *node, struct error *failure)
{
    struct problem *problem = json_complain(node, "%s", failure->message);
    if (failure->hint != NULL) {
        problem_note(problem, "%s", failure->hint);
    }
    error_clear(failure);
}

bool outside_is_known(const char *raw, bool check_only)
{
    return raw != NULL && !(check_only && strstr(raw, "${") != NULL);
}

/* A connection string of the object; NULL where it is missing, empty (a variable's empty default),
 * or wrong. */
static struct conninfo *read_conninfo(struct json_object *object, const char *key, bool check_only)
{
    struct error failure = ERROR_INIT;
    struct conninfo *conninfo = NULL;
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    struct json_outside_text text = json_outside_text(object, key, JSON_OPTIONAL, NULL);
    if (!outside_is_known(text.raw, check_only) || text.text[0] == '\0') {
        return NULL;
    }
    bool good = conninfo_parse(text.text, &conninfo, &failure);
    register_parts(&text, conninfo);
    if (!good) {
        complain(&node, &failure);
    }
    return conninfo;
}

/* For direct_url and replica_url: they are for servers that somebody else runs. */
static struct conninfo *read_server(struct json_object *object, const char *key, bool check_only)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    struct json_outside_text text = json_outside_text(object, key, JSON_OPTIONAL, NULL);
    if (outside_is_known(text.raw, check_only) && text_starts(text.text, EMBEDDED)) {
        (void)json_complain(&node, "\"%s\" of %s cannot be an embedded database", key,
                            object->what);
        return NULL;
    }
    return read_conninfo(object, key, check_only);
}

static const char *check_embedded(const struct json_node *node, const char *name)
{
    if (!environment_name_is_good(name)) {
        (void)json_complain(node,
                            "\"%s\" is no name for an embedded database; it has up to %d "
                            "lower-case letters, digits, \"-\" and \"_\"",
                            name, ENVIRONMENT_NAME_LIMIT);
    }
    return name;
}

static void read_url(struct json_object *object, struct target *target, bool check_only)
{
    struct json_node node = json_member(object, "url", JSON_REQUIRED);
    struct json_outside_text text = json_outside_text(object, "url", JSON_OPTIONAL, NULL);
    if (!outside_is_known(text.raw, check_only)) {
        return;
    }
    if (text.text[0] == '\0') {
        problem_note(json_complain(&node, "\"url\" of %s is empty", object->what),
                     "write a connection string, or \"embedded:NAME\" for a private PostgreSQL "
                     "that headgate keeps for you");
    } else if (text_starts(text.text, EMBEDDED)) {
        target->embedded = check_embedded(&node, text.text + strlen(EMBEDDED));
    } else {
        target->conninfo = read_conninfo(object, "url", check_only);
    }
}

/* What can never be found would refuse every server. */
static const char *read_expected(struct json_object *object, const char *key, bool digits,
                                 bool check_only)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    struct json_outside_text text = json_outside_text(object, key, JSON_OPTIONAL, NULL);
    if (outside_is_known(text.raw, check_only) &&
        (text.text[0] == '\0' || (digits && text.text[strspn(text.text, "0123456789")] != '\0'))) {
        (void)json_complain(&node, "\"%s\" of %s must be %s", key, object->what,
                            digits ? "a number, written as a string" : "the name of a database");
    }
    return text.text;
}

static void read_expect(struct json_object *environment, struct target *target, bool check_only)
{
    struct json_node node = json_member(environment, "expect", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"expect\" of %s", environment->what);
    json_object_check_only(&object, check_only);
    target->expect_database = read_expected(&object, "database", false, check_only);
    target->expect_system_identifier =
        read_expected(&object, "system_identifier", true, check_only);
    json_object_close(&object);
}

void environment_read_target(struct json_object *object, struct environment *environment,
                             bool check_only)
{
    struct target target = {.resolved = !check_only};
    json_object_check_only(object, check_only);
    read_url(object, &target, check_only);
    target.direct_conninfo = read_server(object, "direct_url", check_only);
    target.replica_conninfo = read_server(object, "replica_url", check_only);
    environment->ssh = environment_read_ssh(object);
    read_expect(object, &target, check_only);
    json_object_check_only(object, false);
    environment_release_target(&environment->target);
    environment->target = target;
}

void environment_release_target(struct target *target)
{
    conninfo_freep(&target->conninfo);
    conninfo_freep(&target->direct_conninfo);
    conninfo_freep(&target->replica_conninfo);
    remote_closep(&target->remote);
}

bool environment_resolve(struct environment *environment, struct error *err)
{
    struct json_object object;
    if (environment->target.resolved) {
        return true;
    }
    if (json_object_open(&environment->node, &object, "environment \"%s\"", environment->name)) {
        environment_read_target(&object, environment, false);
    }
    environment->target.resolved = json_finish(environment->set->document, err);
    return environment->target.resolved;
}
