#include "line.h"

#include <stdbool.h>

void line_add(struct strbuf *out, const char *text)
{
    const char breaks[] = "\n\r\t\v\f";
    bool blank = false;
    for (; *text != '\0'; text++) {
        bool is_break = strchr(breaks, *text) != NULL;
        if (is_break && !blank) {
            strbuf_add_char(out, ' ');
        } else if (!is_break && !(blank && *text == ' ')) {
            strbuf_add_char(out, *text);
        }
        blank = is_break || (blank && *text == ' ');
    }
    strbuf_trim_end(out);
}

size_t line_fits(const char *text, size_t limit)
{
    size_t n = strlen(text);
    if (n <= limit) {
        return n;
    }
    n = limit;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
        n--;
    }
    return n;
}
