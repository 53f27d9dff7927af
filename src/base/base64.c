/* Base64 (RFC 4648, with the usual alphabet). */
#include "headgate/hash.h"

#include <assert.h>
#include <string.h>

#include "headgate/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    char *text = mem_new((n + 2) / 3 * 4 + 1, 1), *to = text;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        unsigned group = (unsigned)from[i] << 16 | (left > 1 ? (unsigned)from[i + 1] << 8 : 0) |
                         (left > 2 ? from[i + 2] : 0);
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        *to++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[group & 63] : '=';
    }
    return text;
}

/* 0 to 63, or -1. */
static int value_of(char c)
{
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

bool base64_decode(const char *text, size_t n, void *ret_bytes, size_t *ret_n)
{
    unsigned char *to = ret_bytes;
    unsigned group = 0;
    size_t bits = 0;
    if (n % 4 != 0) {
        return false;
    }
    size_t padding = n > 0 && text[n - 1] == '=' ? (text[n - 2] == '=' ? 2 : 1) : 0;
    for (size_t i = 0; i < n - padding; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            return false;
        }
        group = (group << 6 | (unsigned)value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (unsigned char)(group >> bits);
        }
    }
    *ret_n = n / 4 * 3 - padding;
    assert((size_t)(to - (unsigned char *)ret_bytes) == *ret_n);
    return (group & ((1U << bits) - 1)) == 0; /* one spelling for each value */
}
