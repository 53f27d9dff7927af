/*
 * JSON that programs wrote: journals, saved plans, what step processes report. Nothing is
 * interpolated and no place is kept; a member that is missing, or of another type, is an answer.
 *
 * Every function accepts NULL for "there is none", so that a path can be walked without a check at
 * each step.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/error.h"
#include "headgate/json_write.h"

struct json_data;

/* One value and nothing behind it but blanks; ERROR_CONFIG where it is no JSON, has a key twice, is
 * deeper than 64 levels or holds U+0000. */
NODISCARD bool json_data_parse(const char *text, size_t size, struct json_data **ret_data,
                               struct error *err);
void json_data_freep(struct json_data **data);

/* Borrowed from `data`, as all that follow. NULL: there is none. */
const struct json_data *json_data_member(const struct json_data *object, const char *key);
const struct json_data *json_data_item(const struct json_data *array, size_t i);
/* Items of an array, members of an object; else 0. */
size_t json_data_count(const struct json_data *data);
/* The name of the i-th member, in the order of the text. */
const char *json_data_key(const struct json_data *object, size_t i);
/* The value itself, where it is a text. */
const char *json_data_string(const struct json_data *data);
bool json_data_is_object(const struct json_data *data);
bool json_data_is_array(const struct json_data *data);
/* There is a value, and it is null. */
bool json_data_is_null(const struct json_data *data);

/* Members of an object. */
const char *json_data_text(const struct json_data *object, const char *key);
int64_t json_data_integer(const struct json_data *object, const char *key, int64_t fallback);
bool json_data_truth(const struct json_data *object, const char *key, bool fallback);

bool json_data_equal(const struct json_data *a, const struct json_data *b);
/* Writes the value with all that is in it, members in the order of their names: written compactly,
 * the same facts always give the same bytes. */
void json_write_data(struct json_writer *writer, const struct json_data *data);
