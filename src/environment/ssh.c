/*
 * "ssh": the host over which something is reached, and those to go over before it.
 *
 * What comes from outside may be shown (hosts, users, paths) but for passphrase and password.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "headgate/secret.h"
#include "private.h"

#define FINGERPRINT "SHA256:"
#define FINGERPRINT_DIGITS 43 /* base64 of 32 bytes, without the "=" */
#define AGENT "agent"
#define PATIENCE ((msec)15000)
#define JUMPS_LIMIT 8

/* NULL where it is missing or wrong, and in a check where it is not known yet. */
static const char *read_word(struct json_object *object, const char *key, enum json_need need)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    struct json_outside_text text = json_outside_text(object, key, need, NULL);
    if (!outside_is_known(text.raw, object->check_only)) {
        return NULL;
    }
    if (text.text[0] == '\0') {
        (void)json_complain(&node, "\"%s\" of %s is empty", key, object->what);
        return NULL;
    }
    return text.text;
}

static const char *read_secret(struct json_object *object, const char *key)
{
    const char *text = read_word(object, key, JSON_OPTIONAL);
    secret_register(text);
    return text;
}

/* Relative to the file; what begins with ~ is for the home of whoever runs this. */
static const char *read_path(struct json_object *object, const char *key)
{
    struct json_document *document = object->node.document;
    const char *text = read_word(object, key, JSON_OPTIONAL);
    if (text == NULL || text[0] == '~') {
        return text;
    }
    CLEANUP(mem_freep) char *whole = path_join(json_folder(document), text);
    return arena_copy(json_arena(document), whole);
}

static const char *read_identity(struct json_object *object)
{
    const char *text = read_word(object, "identity", JSON_OPTIONAL);
    return text_equal(text, AGENT) ? text : read_path(object, "identity");
}

static const char *read_host_key(struct json_object *object)
{
    struct json_node node = json_member(object, "host_key", JSON_OPTIONAL);
    const char *text = read_word(object, "host_key", JSON_OPTIONAL);
    if (text == NULL) {
        return NULL;
    }
    const char *digits = text + strlen(FINGERPRINT);
    if (!text_starts(text, FINGERPRINT) || strlen(digits) != FINGERPRINT_DIGITS ||
        digits[strspn(
            digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")] != '\0') {
        problem_note(json_complain(&node, "\"host_key\" of %s is no fingerprint", object->what),
                     "write it as ssh-keygen -lf FILE shows it: SHA256: and 43 characters");
        return NULL;
    }
    return text;
}

/* What would be an option for ssh, or more than one word, is no host. */
static void check_name(const struct json_node *node, const char *what, const char *name)
{
    bool bad = name != NULL && name[0] == '-';
    for (const char *c = name; c != NULL && *c != '\0' && !bad; c++) {
        bad = isspace((unsigned char)*c) || iscntrl((unsigned char)*c) || strchr("'\"`$\\", *c);
    }
    if (bad) {
        (void)json_complain(node, "\"%s\" is no %s", name, what);
    }
}

static void read_hop(struct json_object *object, struct ssh_place *place)
{
    struct json_node host = json_member(object, "host", JSON_REQUIRED);
    struct json_node user = json_member(object, "user", JSON_OPTIONAL);
    place->host = read_word(object, "host", JSON_REQUIRED);
    place->user = read_word(object, "user", JSON_OPTIONAL);
    place->port = (int)json_integer(object, "port", 1, 65535, 0);
    place->identity = read_identity(object);
    place->passphrase = read_secret(object, "passphrase");
    place->password = read_secret(object, "password");
    place->known_hosts = read_path(object, "known_hosts");
    place->host_key = read_host_key(object);
    check_name(&host, "host", place->host);
    check_name(&user, "user", place->user);
}

/* --- hosts to go over --- */

/* [USER@]HOST[:PORT]; an IPv6 address in brackets where a port follows. */
static void read_written(const struct json_node *item, const char *text, struct ssh_place *place)
{
    struct arena *arena = json_arena(item->document);
    const char *at = strrchr(text, '@');
    const char *host = at != NULL ? at + 1 : text;
    const char *end = host + strlen(host), *colon = strrchr(host, ':');
    bool bracketed = host[0] == '[' && strchr(host, ']') != NULL;
    bool has_port =
        colon != NULL && (bracketed ? colon > strchr(host, ']') : colon == strchr(host, ':'));
    if (has_port) {
        char *rest = NULL;
        long port = strtol(colon + 1, &rest, 10);
        if (!isdigit((unsigned char)colon[1]) || *rest != '\0' || port < 1 || port > 65535) {
            (void)json_complain(item, "\"%s\" has no port from 1 to 65535", text);
        }
        place->port = (int)port;
        end = colon;
    }
    if (bracketed) {
        host++;
        end = strchr(host, ']');
    }
    place->user = at != NULL ? arena_copy_n(arena, text, (size_t)(at - text)) : NULL;
    place->host = arena_copy_n(arena, host, (size_t)(end - host));
    if (place->host[0] == '\0' || (at != NULL && at == text)) {
        problem_note(json_complain(item, "\"%s\" is no host to go over", text),
                     "write [USER@]HOST[:PORT], or an object with \"host\" as in \"ssh\"");
    }
    check_name(item, "host", place->host);
    check_name(item, "user", place->user);
}

static void read_jump(const struct json_node *array, size_t i, struct ssh_place *place)
{
    struct json_object object;
    struct json_node item = json_item(array, i);
    if (json_is_object(&item)) {
        (void)json_object_open(&item, &object, "a host in \"jump\"");
        json_object_check_only(&object, array->check_only);
        read_hop(&object, place);
        json_object_close(&object);
        return;
    }
    const char *text = json_item_public_text(array, i);
    if (text != NULL && !(array->check_only && strstr(text, "${") != NULL)) {
        read_written(&item, text, place);
    }
}

static void read_jumps(struct json_object *object, struct ssh_place *place)
{
    struct json_node array = json_member(object, "jump", JSON_OPTIONAL);
    size_t n = 0;
    array.check_only = object->check_only;
    if (!json_array(&array, &n)) {
        return;
    }
    if (n > JUMPS_LIMIT) {
        (void)json_complain(&array, "\"jump\" of %s has more than %d hosts", object->what,
                            JUMPS_LIMIT);
        n = JUMPS_LIMIT;
    }
    struct ssh_place *jump = arena_alloc(json_arena(array.document), (n + 1) * sizeof *jump);
    for (size_t i = 0; i < n; i++) {
        read_jump(&array, i, &jump[i]);
        jump[i].transport = place->transport;
        jump[i].config = place->config;
        jump[i].connect_timeout = place->connect_timeout;
        jump[i].keepalive = place->keepalive;
    }
    place->jump = jump;
    place->n_jump = n;
}

const struct ssh_place *environment_read_ssh(struct json_object *parent)
{
    static const char *const transports[] = {"libssh2", "openssh", NULL};
    struct json_node node = json_member(parent, "ssh", JSON_OPTIONAL);
    struct json_object object;
    if (!json_object_open(&node, &object, "\"ssh\" of %s", parent->what)) {
        return NULL;
    }
    struct ssh_place *place = arena_alloc(json_arena(node.document), sizeof *place);
    json_object_check_only(&object, parent->check_only);
    read_hop(&object, place);
    place->config = read_path(&object, "config");
    place->transport =
        (enum remote_transport)json_choice(&object, "transport", JSON_OPTIONAL, transports, 0);
    place->connect_timeout = json_duration(&object, "connect_timeout", PATIENCE);
    place->keepalive = json_duration(&object, "keepalive", PATIENCE);
    read_jumps(&object, place);
    json_object_close(&object);
    return place;
}
