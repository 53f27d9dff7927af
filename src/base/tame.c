/* What may reach a terminal. */
#include "tame.h"

size_t color_sequence(const char *text, size_t size)
{
    size_t n = 2;
    if (size < 3 || text[0] != '\033' || text[1] != '[') {
        return 0;
    }
    while (n < size && (text[n] == ';' || (text[n] >= '0' && text[n] <= '9'))) {
        n++;
    }
    return n < size && text[n] == 'm' ? n + 1 : 0;
}

/* The two bytes of a C1 control character (U+0080 to U+009F): some terminals obey them too. */
static bool is_c1(const char *text, size_t size)
{
    return size >= 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 &&
           (unsigned char)text[1] <= 0x9f;
}

void tame(struct strbuf *out, bool colored)
{
    for (size_t i = 0; i < out->size; i++) {
        unsigned char c = (unsigned char)out->text[i];
        size_t color = colored ? color_sequence(out->text + i, out->size - i) : 0;
        if (color > 0) {
            i += color - 1;
        } else if (is_c1(out->text + i, out->size - i)) {
            out->text[i] = out->text[i + 1] = '?';
        } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
            out->text[i] = '?';
        }
    }
}
