/*
 * Writes JSON piece by piece into a buffer. Commas and indentation are its business; a value after
 * a value, or a missing key, asserts. Text that is not UTF-8 is written with U+FFFD for each broken
 * byte.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "headgate/strbuf.h"

/* What json_data.h reads (64 levels), and what a program writes around it. */
#define JSON_WRITE_LEVELS 96

struct json_writer {
    struct strbuf *out;
    bool pretty; /* two spaces a level; else one line */
    int depth;
    bool begun[JSON_WRITE_LEVELS]; /* a member or item was written at this level */
    bool is_object[JSON_WRITE_LEVELS];
    bool has_key;
};

struct json_writer json_writer_start(struct strbuf *out, bool pretty);
void json_write_object(struct json_writer *writer);
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);
void json_write_key(struct json_writer *writer, const char *key);
/* NULL is written as null. */
void json_write_text(struct json_writer *writer, const char *text);
void json_write_integer(struct json_writer *writer, int64_t number);
void json_write_number(struct json_writer *writer, double number);
void json_write_bool(struct json_writer *writer, bool value);
/* Key and value in one. */
void json_write_member_text(struct json_writer *writer, const char *key, const char *text);
void json_write_member_integer(struct json_writer *writer, const char *key, int64_t number);
void json_write_member_bool(struct json_writer *writer, const char *key, bool value);
