#include "utf8.h"

#include <stdbool.h>

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t length_by_lead(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* What the lead byte alone cannot tell is in the second: overlong, surrogate, too large. */
static bool second_is_good(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

size_t utf8_length(const char *bytes, size_t n)
{
    size_t length = n > 0 ? length_by_lead((unsigned char)bytes[0]) : 0;
    if (length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if (!is_continuation(bytes[i])) {
            return 0;
        }
    }
    bool good = length < 2 || second_is_good((unsigned char)bytes[0], (unsigned char)bytes[1]);
    return good ? length : 0;
}

size_t utf8_cut(const char *bytes, size_t n, size_t limit)
{
    if (n <= limit) {
        return n;
    }
    while (limit > 0 && is_continuation(bytes[limit])) {
        limit--;
    }
    return limit;
}
