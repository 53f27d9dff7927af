/* How a block of lines fits a screen. */
#include "live.h"

#include <stdint.h>
#include <sys/ioctl.h>

#include "tame.h"

struct screen_size screen_size_of(int fd)
{
    struct winsize size = {0};
    bool known = ioctl(fd, TIOCGWINSZ, &size) == 0;
    return (struct screen_size){known && size.ws_row > 0 ? size.ws_row : 24,
                                known && size.ws_col > 0 ? size.ws_col : 80};
}

/* --- columns --- */

/*
 * How many columns a character takes, or more: too many only cuts a line a little early, too few
 * would break it. So a combining mark counts like a letter, and what some terminals show as a
 * picture counts as wide.
 */
static size_t width_of(uint32_t character)
{
    static const struct {
        uint32_t from, to;
    } wide[] = {
        {0x1100, 0x115f}, {0x2300, 0x24ff}, {0x2600, 0x27bf}, {0x2b00, 0x2bff}, {0x2e80, 0x10ffff}};
    for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
        if (character >= wide[i].from && character <= wide[i].to) {
            return 2;
        }
    }
    return 1;
}

/* The bytes of the UTF-8 character that the text begins with; 0 where it begins with none. */
static size_t character_at(const char *text, size_t size, uint32_t *ret_character)
{
    unsigned char first = (unsigned char)text[0];
    size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (n == 0 || n > size || first > 0xf4) {
        return 0;
    }
    uint32_t character = n == 1 ? first : first & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = character << 6 | ((unsigned char)text[i] & 0x3f);
    }
    *ret_character = character;
    return n;
}

/* Appends as much of the line as so many columns hold; returns how many it takes. */
static size_t add_cut(const char *line, size_t size, size_t columns, struct strbuf *out)
{
    size_t used = 0;
    bool colored = false;
    for (size_t i = 0, n = 0; i < size; i += n) {
        uint32_t character = '?';
        n = color_sequence(line + i, size - i);
        if (n > 0) {
            colored = true;
            strbuf_add_n(out, line + i, n);
            continue;
        }
        n = character_at(line + i, size - i, &character);
        if (used + width_of(character) > columns) {
            break;
        }
        used += width_of(character);
        bool odd = n == 0 || character == '\t';
        strbuf_add_n(out, !odd ? line + i : n == 0 ? "?" : " ", !odd ? n : 1);
        n += n == 0;
    }
    strbuf_add(out, colored ? "\033[0m" : "");
    return used;
}

/* --- lines --- */

static size_t count_lines(const struct strbuf *text)
{
    size_t n = text->size > 0 && text->text[text->size - 1] != '\n';
    for (size_t i = 0; i < text->size; i++) {
        n += text->text[i] == '\n';
    }
    return n;
}

void live_draw(struct live *live, struct screen_size size, struct strbuf *out)
{
    const char *line = live->wanted.text, *end = line + live->wanted.size;
    size_t n = count_lines(&live->wanted);
    size_t most = size.rows > 1 ? size.rows - 1 : 1; /* the cursor needs a row, too */
    size_t skipped = n > most ? n - most : 0;
    live->widths = mem_resize(live->widths, n - skipped + 1, sizeof *live->widths);
    live->n = 0;
    for (size_t i = 0; i < n; i++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop != NULL ? stop : end;
        if (i >= skipped) {
            /* The last column stays free: terminals differ in what they do behind it. */
            live->widths[live->n++] = add_cut(line, (size_t)(stop - line), size.columns - 1, out);
            strbuf_add_char(out, '\n');
        }
        line = stop + 1;
    }
}

void live_erase(struct live *live, struct screen_size size, struct strbuf *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < live->n; i++) {
        rows += live->widths[i] > size.columns ? (live->widths[i] + size.columns - 1) / size.columns
                                               : 1;
    }
    if (rows > 0) {
        strbuf_printf(out, "\r\033[%zuA\033[J", rows);
    }
    live->n = 0;
}

void live_clear(struct live *live)
{
    mem_free(live->widths);
    strbuf_clear(&live->wanted);
    *live = (struct live)LIVE_INIT;
}
