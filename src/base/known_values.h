/*
 * The values that must not leave: secret.c collects them, redact.c looks for them.
 *
 * They stand by their first byte, the longest first. `pairs` answers for most positions of a text,
 * in one look, that no value begins there.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct known_value {
    const char *bytes;
    size_t size;
};

struct known_values {
    struct {
        struct known_value *items;
        size_t n;
    } by_first[UCHAR_MAX + 1];
    unsigned char pairs[(UCHAR_MAX + 1) * (UCHAR_MAX + 1) / CHAR_BIT];
};

const struct known_values *known_values(void);

static inline bool known_values_pair(const struct known_values *known, unsigned char first,
                                     unsigned char second)
{
    unsigned bits = known->pairs[first * 32U + second / 8U];
    return (bits >> (second % 8U) & 1U) != 0;
}
