/* What reading the contents and reading the blocks have in common. */
#include <string.h>

#include "private.h"

void cursor_skip(struct cursor *cursor, size_t n)
{
    cursor->bytes += n;
    cursor->n -= n;
    cursor->at += n;
}

bool dump_damaged(struct error *err, uint64_t at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *what = mem_vprintf(format, arguments);
    va_end(arguments);
    return error_set(err, ERROR_BACKUP, "the dump is damaged at byte %llu: %s",
                     (unsigned long long)at, what);
}

static int64_t number_value(const unsigned char *bytes)
{
    int64_t value = (int64_t)bytes[1] | (int64_t)bytes[2] << 8 | (int64_t)bytes[3] << 16 |
                    (int64_t)bytes[4] << 24;
    if (bytes[0] > 1 || value > (int64_t)INT_MAX + bytes[0]) {
        return NUMBER_BAD;
    }
    return bytes[0] == 1 ? -value : value;
}

bool number_take(struct number *number, struct cursor *cursor, int64_t *ret_value)
{
    if (number->n == 0 && cursor->n >= NUMBER_SIZE) {
        *ret_value = number_value((const unsigned char *)cursor->bytes);
        cursor_skip(cursor, NUMBER_SIZE);
        return true;
    }
    while (number->n < NUMBER_SIZE && cursor->n > 0) {
        number->bytes[number->n++] = (unsigned char)cursor->bytes[0];
        cursor_skip(cursor, 1);
    }
    if (number->n < NUMBER_SIZE) {
        return false;
    }
    number->n = 0;
    *ret_value = number_value(number->bytes);
    return true;
}
