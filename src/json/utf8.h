/* UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stddef.h>

/* How many bytes the character at the beginning of these n bytes takes; 0 where they are broken. */
size_t utf8_length(const char *bytes, size_t n);
/* The largest number of bytes up to `limit` that does not cut a character of the n bytes. */
size_t utf8_cut(const char *bytes, size_t n, size_t limit);
