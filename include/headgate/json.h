/*
 * JSON files that a person writes: read strictly, with a place for every mistake.
 *
 * A document is read whole and then walked. Each object is opened, its keys are asked for one by
 * one, and it is closed; closing reports every key that nobody asked for, with the nearest key that
 * somebody did. A function that finds a mistake notes it in the document, with file, line, column
 * and a caret, and returns its fallback, so that all mistakes of a file come out at once;
 * json_finish turns them into one ERROR_CONFIG. Nothing may be done with what was read before.
 *
 * Strings are interpolated where they are read: ${NAME}, ${NAME:-default}, ${file:PATH},
 * ${cmd:PROGRAM ARG}; "$$" is a dollar sign. Where the values come from is the caller's (struct
 * json_sources), so that this module starts no program.
 *
 * Texts that are handed out live in the document's arena. Nobody else includes jansson's header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/arena.h"
#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/hash.h"
#include "headgate/problem.h"
#include "headgate/strbuf.h"

#define JSON_FILE_LIMIT (4u << 20) /* a hand-written file is never larger */

/* jansson exports functions that are called json_array and json_integer, too: the linker must not
 * take one for the other. */
#define JSON_LINK_NAME(name) __asm__(name)

struct json_document;

/* Where ${...} takes values from. A NULL function refuses that form with a sentence. */
struct json_sources {
    /* NULL where it is not set. Borrowed until the next call. */
    const char *(*variable)(void *context, const char *name);
    /* The path is relative to `folder`, the folder of the document. */
    bool (*file)(void *context, const char *folder, const char *path, char **ret_text,
                 struct error *err);
    bool (*command)(void *context, const char *folder, const char *const *argv, char **ret_text,
                    struct error *err);
    void *context;
};

/* Reads and parses. A text that is no JSON at all (syntax, duplicate key, NUL byte, deeper than 64
 * levels, trailing garbage, over the limit) fails here with its place. `sources` is borrowed for
 * the document's life. */
NODISCARD bool json_read(const char *path, const struct json_sources *sources,
                         struct json_document **ret_document, struct error *err);
/* The same from memory; `name` stands for the file in messages. */
NODISCARD bool json_parse(const char *name, const char *text, size_t size,
                          const struct json_sources *sources, struct json_document **ret_document,
                          struct error *err);
void json_free(struct json_document *document);
void json_freep(struct json_document **document);
struct arena *json_arena(struct json_document *document);
const char *json_path(const struct json_document *document);
/* SHA-256 of the text that was read. */
void json_digest(const struct json_document *document, char ret_digest[HASH_HEX_SIZE]);
/* The folder that relative paths in this document start from. */
const char *json_folder(const struct json_document *document);

/* True where no mistake was noted so far; else *err is ERROR_CONFIG and carries all of them,
 * sorted. */
NODISCARD bool json_finish(struct json_document *document, struct error *err);

/* A value in its document. Copied freely; good as long as the document. */
struct json_node {
    struct json_document *document;
    const void *value; /* NULL: there is none */
    const void *place; /* the value, or the nearest around it that is there */
    const char *path;  /* "environments.staging.after[0]" */
    const char *of;    /* how messages call the object that it is in */
    const char *key;   /* in an object; an item has its array's */
    size_t index;      /* in an array */
    bool is_item;
    bool check_only; /* see json_object_check_only */
};

struct json_node json_root(struct json_document *document);
bool json_is_null(const struct json_node *node);
bool json_is_text(const struct json_node *node);
bool json_is_number(const struct json_node *node);
bool json_is_bool(const struct json_node *node);
bool json_is_array(const struct json_node *node);
bool json_is_object(const struct json_node *node);

/* Notes a mistake at the value, or at the value's key; returns the problem for notes to be added.
 */
struct problem *json_complain(const struct json_node *node, const char *format, ...)
    PRINTF_LIKE(2, 3);
struct problem *json_complain_key(const struct json_node *node, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* --- objects --- */

enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

struct json_object {
    struct json_node node;
    const char *what;   /* "step \"e2e\"": how messages call it */
    const char **asked; /* every key that was asked for, NULL terminated */
    size_t n_asked;
    bool check_only; /* strings are checked for their syntax, not interpolated: see
                        json_object_check_only */
};

/* False (and a mistake noted, unless the node has no value) where it is no object; the fallbacks
 * then apply to all keys. */
bool json_object_open(const struct json_node *node, struct json_object *ret_object,
                      const char *what, ...) PRINTF_LIKE(3, 4);
/* From here on texts are returned as they stand in the file: ${...} is checked for its syntax and
 * nothing is looked up. For values of environments that this command does not need: their secrets
 * are not fetched. */
void json_object_check_only(struct json_object *object, bool check_only);
/* The member, as a node whose value is NULL where it is missing. Counts as asked for. */
struct json_node json_member(struct json_object *object, const char *key, enum json_need need);
/* Goes through members whose names are the user's own (environments, rules): i from 0 until it
 * returns false. */
bool json_member_at(struct json_object *object, size_t i, struct json_node *ret_member);
size_t json_member_count(const struct json_object *object);
void json_object_close(struct json_object *object);

/* --- scalar members: asked, checked, converted, recorded (see json_settings) --- */

/* Interpolated; every value that came from outside is registered as a secret. */
const char *json_text(struct json_object *object, const char *key, enum json_need need,
                      const char *fallback);
bool json_bool(struct json_object *object, const char *key, bool fallback);
int64_t json_integer(struct json_object *object, const char *key, int64_t least, int64_t most,
                     int64_t fallback) JSON_LINK_NAME("headgate_json_integer");
msec json_duration(struct json_object *object, const char *key, msec fallback);
uint64_t json_size(struct json_object *object, const char *key, uint64_t fallback);
/* One of these words; the index, or the fallback. Words end in NULL. */
int json_choice(struct json_object *object, const char *key, enum json_need need,
                const char *const *words, int fallback);
/* A list of texts; NULL terminated, never NULL. */
const char *const *json_texts(struct json_object *object, const char *key, size_t *ret_n);

/* --- a text and where its parts came from --- */

struct json_origin_part {
    const char *value;  /* a value from outside */
    const char *source; /* "environment variable DATABASE_URL", "file ../secret", "command pass" */
};

struct json_outside_text {
    const char *text; /* interpolated; NULL where the member is missing or wrong */
    const char *raw;  /* as it stands in the file */
    const struct json_origin_part *parts;
    size_t n_parts;
};

/* Like json_text for values that are partly secret, such as connection strings: nothing is
 * registered as a secret here; the caller must, for each part, once it knows which of them are. */
struct json_outside_text json_outside_text(struct json_object *object, const char *key,
                                           enum json_need need, const char *fallback);

/* --- arrays --- */

/* False (and a mistake noted, unless the node has no value) where it is no array. */
bool json_array(const struct json_node *node, size_t *ret_n) JSON_LINK_NAME("headgate_json_array");
struct json_node json_item(const struct json_node *array, size_t i);
/* A text in an array; NULL (and a mistake noted) where it is something else. */
const char *json_item_text(const struct json_node *array, size_t i);
/* The same for what is no secret, wherever it comes from: hosts. */
const char *json_item_public_text(const struct json_node *array, size_t i);

/* --- what was read, for `config show` --- */

struct json_setting {
    const char *path;  /* "environments.staging.deploy.lock_timeout" */
    const char *value; /* as it stands in the file, before interpolation */
    const char
        *origin; /* "pipelines/environments.json:12:15", "default", and which variables it names */
};
/* Every scalar that was asked for so far, in that order, fallbacks included. What is missing and
 * has no fallback is left out; what was asked for twice is told once, as it was read last. */
const struct json_setting *json_settings(const struct json_document *document, size_t *ret_n);
