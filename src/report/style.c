/* Colour and alignment for people. */
#include <stdlib.h>

#include "headgate/output.h"
#include "private.h"

static const char *const escapes[STYLE_COUNT] = {
    [STYLE_PLAIN] = "",        [STYLE_BOLD] = "\033[1m",  [STYLE_DIM] = "\033[2m",
    [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[1;31m",
};

void style_add(struct strbuf *out, bool color, enum style style, const char *text)
{
    bool styled = color && style != STYLE_PLAIN && text[0] != '\0';
    strbuf_printf(out, "%s%s%s", styled ? escapes[style] : "", text, styled ? "\033[0m" : "");
}

void table_row(struct table *table)
{
    table->n_rows++;
    table->cells = mem_resize(table->cells, table->n_rows * TABLE_COLUMNS, sizeof *table->cells);
    for (size_t i = 0; i < TABLE_COLUMNS; i++) {
        table->cells[(table->n_rows - 1) * TABLE_COLUMNS + i] = (struct table_cell){0};
    }
}

void table_set(struct table *table, size_t column, enum style style, char *text)
{
    struct table_cell *cell = &table->cells[(table->n_rows - 1) * TABLE_COLUMNS + column];
    mem_free(cell->text);
    *cell = (struct table_cell){.text = text, .style = style};
}

void table_set_long(struct table *table, size_t column, enum style style, char *text)
{
    table_set(table, column, style, text);
    table->cells[(table->n_rows - 1) * TABLE_COLUMNS + column].spans = true;
}

void table_line(struct table *table, enum style style, char *text)
{
    table_row(table);
    table_set_long(table, 0, style, text);
}

void table_note(struct table *table, enum style style, const char *label, const char *text)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        size_t n = strcspn(line, "\n");
        table_line(table, style,
                   mem_printf(NOTE_INDENT "%s%.*s", line == text ? label : "", (int)n, line));
        line += line[n] == '\n' ? n + 1 : n;
    }
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; text != NULL && *text != '\0'; text++) {
        n += ((unsigned char)*text >> 6) != 2;
    }
    return n;
}

static void add_row(struct strbuf *out, const struct table_cell *cells, const size_t *widths,
                    const char *indent)
{
    strbuf_add(out, indent);
    for (size_t i = 0; i < TABLE_COLUMNS; i++) {
        const char *text = cells[i].text != NULL ? cells[i].text : "";
        if (widths[i] == 0 && !cells[i].spans) {
            continue;
        }
        style_add(out, output_color_stdout(), cells[i].style, text);
        if (cells[i].spans) {
            break;
        }
        strbuf_add_repeated(out, ' ', widths[i] - width_of(text) + 2);
    }
    strbuf_trim_end(out);
    strbuf_add_char(out, '\n');
}

void table_render(const struct table *table, const char *indent, struct strbuf *out)
{
    size_t widths[TABLE_COLUMNS] = {0};
    for (size_t i = 0; i < table->n_rows * TABLE_COLUMNS; i++) {
        size_t width = table->cells[i].spans ? 0 : width_of(table->cells[i].text);
        size_t *most = &widths[i % TABLE_COLUMNS];
        *most = width > *most ? width : *most;
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        CLEANUP(strbuf_clear) struct strbuf row = STRBUF_INIT;
        add_row(&row, &table->cells[i * TABLE_COLUMNS], widths, indent);
        strbuf_add(out, row.text);
    }
}

void table_print(const struct table *table, const char *indent)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    table_render(table, indent, &out);
    output_write(out.text, out.size);
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->n_rows * TABLE_COLUMNS; i++) {
        mem_free(table->cells[i].text);
    }
    mem_free(table->cells);
    *table = (struct table){0};
}

char *short_digest(const char *digest)
{
    return mem_printf("%.*s", DIGEST_SHOWN, digest);
}

char *count_of(size_t n, const char *noun)
{
    return mem_printf("%zu %s%s", n, noun, n == 1 ? "" : "s");
}
