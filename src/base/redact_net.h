/*
 * The second net: passwords that nobody told us of, found by where they stand.
 *
 * In scheme://user:PASSWORD@ and in password=VALUE, bare or quoted, also as the end of a longer
 * name such as PGPASSWORD. What stands there as an interpolation or as "***" is not a secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum net_answer { NET_NOTHING, NET_FOUND, NET_UNDECIDED };

/* True where the two bytes may begin something for redact_net. */
static inline bool redact_net_pair(char first, char second)
{
    return (first == ':' && second == '/') || ((first | 32) == 'p' && (second | 32) == 'a');
}

/* Where the password stands behind the beginning of the text. Undecided can only be a text that is
 * not `final`, the one to which more may come. */
enum net_answer redact_net(const char *text, size_t size, bool final, size_t *ret_from,
                           size_t *ret_to);
