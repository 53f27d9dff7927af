/*
 * Where backups lie, how many stay, and who can read them. None of it is a secret but what stands
 * in the identity file, so the values that come from outside may be shown; a secret key that
 * somebody wrote here instead of its path is none of those.
 */
#include <string.h>
#include <strings.h>

#include "headgate/file.h"
#include "headgate/secret.h"
#include "private.h"

#define SECRET_KEY "AGE-SECRET-KEY-"
#define DIGITS_AND_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

static void read_retention(struct json_object *vault, struct retention *keep)
{
    struct json_node node = json_member(vault, "keep", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"keep\" of the vault");
    *keep = (struct retention){
        .last = json_integer(&object, "last", 0, 100000, 7),
        .hourly = json_integer(&object, "hourly", 0, 100000, 0),
        .daily = json_integer(&object, "daily", 0, 100000, 0),
        .weekly = json_integer(&object, "weekly", 0, 100000, 0),
        .monthly = json_integer(&object, "monthly", 0, 100000, 0),
        .releases = json_integer(&object, "releases", 0, 100000, 0),
    };
    json_object_close(&object);
}

/* In a check, a text with ${...} in it says nothing yet. */
static const char *joined(struct json_document *document, const char *path)
{
    CLEANUP(mem_freep) char *whole = path_join(json_folder(document), path);
    return arena_copy(json_arena(document), whole);
}

/* NULL where it is missing, or not known yet, or wrong. */
static const char *read_path(struct json_object *object, const char *key, bool check_only)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    const char *text = json_outside_text(object, key, JSON_OPTIONAL, NULL).text;
    if (!outside_is_known(text, check_only)) {
        return NULL;
    }
    if (strncasecmp(text, SECRET_KEY, strlen(SECRET_KEY)) == 0) {
        secret_register(text);
        problem_note(json_complain(&node, "\"%s\" of %s is a secret key", key, object->what),
                     "write the key into a file that only you can read, and its path here");
        return NULL;
    }
    if (text[0] == '\0') {
        (void)json_complain(&node, "\"%s\" of %s is empty", key, object->what);
        return NULL;
    }
    return joined(object->node.document, text);
}

bool vault_recipient_is_path(const char *recipient)
{
    return strchr(recipient, '/') != NULL;
}

static bool is_public_key(const char *text)
{
    return text_starts(text, "age1") && text[4] != '\0' &&
           text[strspn(text, DIGITS_AND_LETTERS)] == '\0';
}

static const char *read_recipient(const struct json_node *array, size_t i, bool check_only)
{
    struct json_node item = json_item(array, i);
    const char *text = json_item_text(array, i);
    if (!outside_is_known(text, check_only)) {
        return NULL;
    }
    if (vault_recipient_is_path(text)) {
        return joined(array->document, text);
    }
    if (strncasecmp(text, SECRET_KEY, strlen(SECRET_KEY)) == 0) {
        secret_register(text);
        problem_note(json_complain(&item, "this is a secret key: whoever has it can read"),
                     "write the public key that belongs to it: age-keygen -y FILE prints it");
    } else if (!is_public_key(text)) {
        problem_note(json_complain(&item, "\"%s\" is no recipient of age", text),
                     "write a public key (age1...), or the path, with a slash in it, of a file of "
                     "them");
    }
    return text;
}

/* What was meant as a lock must not turn out to be none. */
static void read_recipients(struct json_object *object, bool check_only, struct vault_place *place)
{
    struct json_node array = json_member(object, "encrypt_to", JSON_OPTIONAL);
    size_t n = 0;
    array.check_only = check_only;
    if (!json_array(&array, &n)) {
        return;
    }
    if (n == 0) {
        problem_note(json_complain(&array, "\"encrypt_to\" of the vault names nobody"),
                     "leave it out where backups are not to be encrypted");
    }
    const char **texts = arena_alloc(json_arena(array.document), (n + 1) * sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        texts[i] = read_recipient(&array, i, check_only);
    }
    place->recipients = texts;
    place->n_recipients = n;
}

/* As it is: over there. */
static const char *read_far_path(struct json_object *object, bool check_only)
{
    struct json_node node = json_member(object, "path", JSON_OPTIONAL);
    const char *text = json_outside_text(object, "path", JSON_REQUIRED, NULL).text;
    if (outside_is_known(text, check_only) && text[0] == '\0') {
        (void)json_complain(&node, "\"path\" of %s is empty", object->what);
    }
    return outside_is_known(text, check_only) ? text : NULL;
}

static void read_place(struct json_object *object, bool check_only, struct vault_place *ret_place)
{
    json_object_check_only(object, check_only);
    ret_place->ssh = environment_read_ssh(object);
    ret_place->folder = ret_place->ssh != NULL ? read_far_path(object, check_only)
                                               : read_path(object, "path", check_only);
    ret_place->identity = read_path(object, "identity", check_only);
    read_recipients(object, check_only, ret_place);
}

void environment_read_vault(struct json_object *root, struct environments *set)
{
    struct json_object object;
    struct vault_place unused = {0};
    set->vault = json_member(root, "vault", JSON_OPTIONAL);
    (void)json_object_open(&set->vault, &object, "the vault");
    read_place(&object, true, &unused);
    set->vault_path = json_text(&object, "path", JSON_OPTIONAL, NULL);
    json_object_check_only(&object, false);
    read_retention(&object, &set->keep);
    json_object_close(&object);
}

bool environments_vault(const struct environments *set, struct vault_place *ret_place,
                        struct error *err)
{
    struct vault_place place = {0};
    struct json_object object;
    (void)json_object_open(&set->vault, &object, "the vault");
    read_place(&object, false, &place);
    if (!json_finish(set->document, err)) {
        return false;
    }
    if (place.folder == NULL) {
        CLEANUP(mem_freep) char *folder = path_join(set->state_folder, "vault");
        place.folder = arena_copy(json_arena(set->document), folder);
    }
    *ret_place = place;
    return true;
}
