/*
 * A problem as people see it: the source line with a caret under what is meant. A long line is
 * shown as a window around the caret; tabs stay tabs in the caret's line, so that it stands where
 * it should; control characters and bytes that are no UTF-8 become "?".
 */
#include "headgate/problem.h"

#include "character.h"

#define WIDEST 160
#define BEFORE 60 /* how much of a long line stands before the caret */

static const char *red(bool color)
{
    return color ? "\033[1;31m" : "";
}

static const char *blue(bool color)
{
    return color ? "\033[1;34m" : "";
}

static const char *off(bool color)
{
    return color ? "\033[0m" : "";
}

/* The byte where the n-th character (from 0) begins, or the text's end. */
static size_t byte_of(const char *text, size_t n)
{
    size_t i = 0, size = strlen(text);
    for (; i < size && n > 0; n--) {
        i += character_size(text + i, size - i);
    }
    return i;
}

/* U+0080 to U+009F are control characters as well: a terminal may obey them. */
static bool is_printable(const char *character, size_t size)
{
    unsigned char first = (unsigned char)character[0];
    if (size == 1) {
        return first == '\t' || (first >= 0x20 && first < 0x7f);
    }
    return first != 0xc2 || (unsigned char)character[1] >= 0xa0;
}

static void add_printable(struct strbuf *out, const char *text, size_t n)
{
    for (size_t i = 0, size = 0; i < n; i += size) {
        size = character_size(text + i, n - i);
        if (is_printable(text + i, size)) {
            strbuf_add_n(out, text + i, size);
        } else {
            strbuf_add_char(out, '?');
        }
    }
}

static void add_caret(struct strbuf *out, const char *shown, size_t before, size_t width)
{
    const char *at = shown;
    for (size_t i = 0; i < before; i++) {
        strbuf_add_char(out, *at == '\t' ? '\t' : ' ');
        at += byte_of(at, 1);
    }
    strbuf_add_repeated(out, '^', width);
}

static void render_excerpt(const struct problem *problem, bool color, size_t gutter,
                           struct strbuf *out)
{
    const char *line = problem->source_line;
    size_t before = problem->column > 0 ? problem->column - 1 : 0;
    size_t size = strlen(line), skip = 0;
    bool is_long = byte_of(line, WIDEST) < size;
    if (is_long && before > BEFORE) {
        skip = byte_of(line, before - BEFORE);
    }
    const char *shown = line + skip;
    size_t n = byte_of(shown, is_long ? WIDEST : size);
    const char *lead = skip > 0 ? "..." : "", *tail = shown[n] != '\0' ? "..." : "";
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, lead);
    add_printable(&text, shown, n);
    strbuf_add(&text, tail);
    size_t ahead = skip > 0 ? BEFORE : before;
    size_t widest = ahead < WIDEST ? WIDEST - ahead : 1;
    strbuf_printf(out, "%s%*s |%s\n%s%*zu |%s %s\n%s%*s |%s ", blue(color), (int)gutter, "",
                  off(color), blue(color), (int)gutter, problem->line, off(color), text.text,
                  blue(color), (int)gutter, "", off(color));
    strbuf_add(out, red(color));
    add_caret(out, text.text, strlen(lead) + ahead,
              problem->width < widest ? problem->width : widest);
    strbuf_printf(out, "%s%s%s\n", problem->caret_note != NULL ? " " : "",
                  problem->caret_note != NULL ? problem->caret_note : "", off(color));
}

void problem_render(const struct problem *problem, bool color, struct strbuf *out)
{
    CLEANUP(mem_freep) char *number = mem_printf("%zu", problem->line);
    size_t gutter = problem->source_line != NULL ? strlen(number) + 1 : 2;
    strbuf_printf(out, "%serror%s%s%s%s: %s\n", red(color), problem->rule != NULL ? "[" : "",
                  problem->rule != NULL ? problem->rule : "", problem->rule != NULL ? "]" : "",
                  off(color), problem->message);
    if (problem->file != NULL) {
        strbuf_printf(out, "%*s%s-->%s %s", (int)gutter, "", blue(color), off(color),
                      problem->file);
        if (problem->line > 0) {
            strbuf_printf(out, ":%zu:%zu", problem->line, problem->column);
        }
        strbuf_add_char(out, '\n');
    }
    if (problem->source_line != NULL) {
        render_excerpt(problem, color, gutter, out);
    }
    for (size_t i = 0; i < problem->notes.n; i++) {
        strbuf_printf(out, "%*s %s=%s %s\n", (int)gutter, "", blue(color), off(color),
                      problem->notes.items[i]);
    }
}
