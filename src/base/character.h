/* Characters of a text that is UTF-8, or should be. */
#pragma once

#include <stddef.h>

/* How many of these n > 0 bytes make the first character; a byte that begins none is one by itself.
 */
size_t character_size(const char *bytes, size_t n);
