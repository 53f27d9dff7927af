/* The digest of a table as a value: compared, written, read. */
#include <stdio.h>
#include <string.h>

#include "headgate/dump.h"

#define DIGITS 32

void row_digest_add(struct row_digest *sum, const struct row_digest *more)
{
    sum->low += more->low;
    sum->high += more->high + (sum->low < more->low ? 1 : 0);
    sum->rows += more->rows;
    sum->bytes += more->bytes;
}

bool row_digest_equal(const struct row_digest *a, const struct row_digest *b)
{
    return a->low == b->low && a->high == b->high && a->rows == b->rows;
}

char *row_digest_format(const struct row_digest *digest)
{
    return mem_printf("%016lx%016lx", (unsigned long)digest->high, (unsigned long)digest->low);
}

bool row_digest_parse(const char *text, struct row_digest *ret_digest)
{
    uint64_t halves[2] = {0, 0};
    if (text == NULL || strlen(text) != DIGITS) {
        return false;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        const char *digit = strchr("0123456789abcdef", text[i]);
        if (digit == NULL) {
            return false;
        }
        uint64_t *half = &halves[i / (DIGITS / 2)];
        *half = *half << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    ret_digest->high = halves[0];
    ret_digest->low = halves[1];
    return true;
}
