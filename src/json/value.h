/*
 * A parsed value and where it stands.
 *
 * Everything a complaint needs later is kept from the beginning, so that nothing has to be looked
 * for in the text again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interpolated;

/* A piece of the text: bytes [start, end); line and column of its start, from 1, in characters. */
struct place {
    size_t start, end;
    size_t line, column;
};

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_ARRAY,
    VALUE_OBJECT
};

struct value {
    enum value_kind kind;
    struct place place;
    const char *key; /* NULL where it is no member of an object */
    struct place key_place;
    bool truth;
    int64_t integer;
    const char *text;
    size_t n; /* members or items */
    const struct value *children;
    /* A text's interpolation, kept here once it is made: a password command must not run twice. */
    const struct interpolated **interpolated;
};
