/*
 * Markdown as GitHub reads it. Names and messages come from files, servers and people: nothing in
 * them may become markup, break out of a table, or call somebody by "@".
 */
#include "private.h"

#define MARKUP "\\`*_{}[]<>()#+|~$!&"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void markdown_add(struct strbuf *out, const char *text)
{
    char before = ' ';
    for (; *text != '\0'; before = *text++) {
        if (*text == '\n' || *text == '\r' || *text == '\t') {
            strbuf_add_char(out, ' ');
        } else if (*text == '@' && !is_word(before)) {
            strbuf_add(out, "@<!-- -->"); /* a mention is looked for in what is left of the text */
        } else {
            strbuf_add(out, strchr(MARKUP, *text) != NULL ? "\\" : "");
            strbuf_add_char(out, *text);
        }
    }
}

/* A run of backticks in it ends in a longer one around it. */
void markdown_add_code(struct strbuf *out, const char *text)
{
    size_t longest = 0, now = 0;
    for (const char *c = text; *c != '\0'; c++) {
        now = *c == '`' ? now + 1 : 0;
        longest = now > longest ? now : longest;
    }
    if (text[0] == '\0') {
        return;
    }
    strbuf_add_repeated(out, '`', longest + 1);
    strbuf_add(out, longest > 0 ? " " : "");
    for (; *text != '\0'; text++) {
        bool blank = *text == '\n' || *text == '\r' || *text == '\t';
        strbuf_add(out, *text == '|' ? "\\" : "");
        strbuf_add_char(out, blank ? ' ' : *text);
    }
    strbuf_add(out, longest > 0 ? " " : "");
    strbuf_add_repeated(out, '`', longest + 1);
}

void markdown_add_head(struct strbuf *out, const char *const *titles)
{
    strbuf_add(out, "\n|");
    for (size_t i = 0; titles[i] != NULL; i++) {
        strbuf_printf(out, " %s |", titles[i]);
    }
    strbuf_add(out, "\n|");
    for (size_t i = 0; titles[i] != NULL; i++) {
        strbuf_add(out, " --- |");
    }
    strbuf_add_char(out, '\n');
}

void markdown_add_cell(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, ' ');
    markdown_add(out, text != NULL ? text : "");
    strbuf_add(out, " |");
}

void markdown_add_code_cell(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, ' ');
    markdown_add_code(out, text != NULL ? text : "");
    strbuf_add(out, " |");
}
