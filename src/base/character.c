/* Characters of a text that is UTF-8, or should be. */
#include "character.h"

size_t character_size(const char *bytes, size_t n)
{
    unsigned char lead = (unsigned char)bytes[0];
    size_t size = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < size; i++) {
        if (i >= n || ((unsigned char)bytes[i] >> 6) != 2) {
            return 1;
        }
    }
    return size;
}
