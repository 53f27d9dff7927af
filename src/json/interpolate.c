/*
 * A text is read once from left to right, by recursive descent:
 *
 *   text    = { "$$" | piece | any character }
 *   piece   = "${" NAME [ ":-" text ] "}" | "${file:" PATH "}" | "${cmd:" WORD { blank WORD } "}"
 *
 * Reading and evaluating are one pass: a default that is not needed, and everything in a check, is
 * read with `live` false, which looks nothing up. A mistake in the syntax ends the pass; a value
 * that cannot be had does not, so that all of them are told.
 */
#include "interpolate.h"

#include <string.h>

#include "document.h"
#include "interpolation.h"
#include "utf8.h"

#define LEVELS 8

static bool unterminated(const struct interpolation *in, size_t start, bool in_quotes)
{
    struct problem *problem =
        interpolation_complain(in, start, strlen(in->text), "this \"${\" has no closing \"}\"");
    if (in_quotes) {
        problem_note(problem, "a quote in it is not closed");
    }
    return false;
}

static bool bad_piece(const struct interpolation *in, size_t start, size_t name_length)
{
    const char *body = in->text + start + 2;
    size_t length = strcspn(body, "}");
    size_t end = start + 2 + length;
    if (body[length] == '\0') {
        return unterminated(in, start, false);
    }
    struct problem *problem =
        name_length > 0 && body[name_length] == ':'
            ? interpolation_complain(in, start, end + 1, "expected \":-\" or \"}\" after \"%.*s\"",
                                     (int)utf8_cut(body, name_length, 40), body)
            : interpolation_complain(in, start, end + 1,
                                     "\"%.*s\" is no name of an environment variable",
                                     (int)utf8_cut(body, length, 40), body);
    problem_note(problem, "the forms are ${NAME}, ${NAME:-default}, ${file:PATH} and "
                          "${cmd:PROGRAM ARG}; a dollar sign is written $$");
    return false;
}

/* --- the grammar --- */

static bool read_text(struct interpolation *in, int level, bool live);

static size_t name_length(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return strspn(text, letters) > 0 ? strspn(text, all) : 0;
}

static void report_unset(struct interpolation *in, size_t start, const char *name, bool is_set)
{
    struct problem *problem = interpolation_complain(
        in, start, in->at, "environment variable \"%s\" is %s", name, is_set ? "empty" : "not set");
    problem_note(problem, "${%s:-default} gives a default", name);
    in->failed = true;
}

static bool read_default(struct interpolation *in, size_t start, int level, bool live)
{
    in->at += strlen(":-");
    return read_text(in, level + 1, live) &&
           (in->text[in->at] == '}' || unterminated(in, start, false));
}

static bool read_variable(struct interpolation *in, size_t start, int level, bool live)
{
    const char *body = in->text + in->at;
    size_t n = name_length(body);
    bool has_default = text_starts(body + n, ":-");
    if (n == 0 || (body[n] != '}' && !has_default)) {
        return bad_piece(in, start, n);
    }
    CLEANUP(mem_freep) char *name = mem_copy_n(body, n);
    bool can_look = in->node->document->sources.variable != NULL;
    bool is_set = false;
    bool found = live && can_look && lookup_variable(in, name, &is_set);
    if (in->node->check_only) {
        interpolation_name(in, name);
    }
    in->at += n;
    if (has_default && !read_default(in, start, level, live && !found)) {
        return false;
    }
    in->at++;
    if (live && !can_look) {
        lookup_refuse(in, start, "${NAME}");
    } else if (live && !found && !has_default) {
        report_unset(in, start, name, is_set);
    }
    return true;
}

/* A character of a path or of a word of a command. */
static bool read_plain(struct interpolation *in, size_t start, bool in_quotes, char *ret_c)
{
    const char *at = in->text + in->at;
    if (at[0] == '\0') {
        return unterminated(in, start, in_quotes);
    }
    if (at[0] == '$' && at[1] == '{') {
        (void)interpolation_complain(in, in->at, in->at + 2,
                                     "\"${\" cannot stand in a path or a command");
        return false;
    }
    *ret_c = at[0];
    in->at += at[0] == '$' && at[1] == '$' ? 2 : 1;
    return true;
}

static bool read_file(struct interpolation *in, size_t start, bool live)
{
    CLEANUP(strbuf_clear) struct strbuf path = STRBUF_INIT;
    while (in->text[in->at] != '}') {
        char c;
        if (!read_plain(in, start, false, &c)) {
            return false;
        }
        strbuf_add_char(&path, c);
    }
    in->at++;
    if (path.size == 0) {
        (void)interpolation_complain(in, start, in->at, "${file:} names no file");
        return false;
    }
    if (live) {
        lookup_file(in, start, path.text);
    }
    return true;
}

/* The words of a command while they are cut. */
struct words {
    struct strlist list;
    struct strbuf word;
    bool in_word; /* also where it is empty so far: '' is a word */
    char quote;   /* the one that is open, or NUL */
};

static void words_clear(struct words *words)
{
    strlist_clear(&words->list);
    strbuf_clear(&words->word);
}

static void end_word(struct words *words)
{
    if (words->in_word) {
        strlist_add_n(&words->list, words->word.text, words->word.size);
        strbuf_cut(&words->word, 0);
        words->in_word = false;
    }
}

static void add_to_word(struct words *words, char c)
{
    bool opens = words->quote == '\0' && (c == '\'' || c == '"');
    bool closes = words->quote != '\0' && c == words->quote;
    if (words->quote == '\0' && strchr(" \t\r\n", c) != NULL) {
        end_word(words);
        return;
    }
    words->in_word = true;
    if (opens) {
        words->quote = c;
    } else if (closes) {
        words->quote = '\0';
    } else {
        strbuf_add_char(&words->word, c);
    }
}

static bool read_command(struct interpolation *in, size_t start, bool live)
{
    CLEANUP(words_clear) struct words words = {.list = STRLIST_INIT, .word = STRBUF_INIT};
    while (words.quote != '\0' || in->text[in->at] != '}') {
        char c;
        if (!read_plain(in, start, words.quote != '\0', &c)) {
            return false;
        }
        add_to_word(&words, c);
    }
    in->at++;
    end_word(&words);
    if (words.list.n == 0) {
        (void)interpolation_complain(in, start, in->at, "${cmd:} names no program");
        return false;
    }
    if (live) {
        lookup_command(in, start, &words.list);
    }
    return true;
}

/* ${file:-x} is the variable "file" with a default, as every shell reads it. */
static bool read_piece(struct interpolation *in, int level, bool live)
{
    size_t start = in->at;
    const char *body = in->text + start + 2;
    if (level == LEVELS) {
        (void)interpolation_complain(in, start, start + 2,
                                     "defaults are nested deeper than %d levels", LEVELS);
        return false;
    }
    if (text_starts(body, "file:") && body[5] != '-') {
        in->at += strlen("${file:");
        return read_file(in, start, live);
    }
    if (text_starts(body, "cmd:") && body[4] != '-') {
        in->at += strlen("${cmd:");
        return read_command(in, start, live);
    }
    in->at += strlen("${");
    return read_variable(in, start, level, live);
}

static bool read_next(struct interpolation *in, int level, bool live)
{
    const char *at = in->text + in->at;
    if (at[0] == '$' && at[1] == '{') {
        return read_piece(in, level, live);
    }
    if (live) {
        strbuf_add_char(&in->out, at[0]);
    }
    in->at += at[0] == '$' && at[1] == '$' ? 2 : 1;
    return true;
}

/* Up to the end, or to the end of the default that it is. */
static bool read_text(struct interpolation *in, int level, bool live)
{
    while (in->text[in->at] != '\0' && (level == 0 || in->text[in->at] != '}')) {
        if (!read_next(in, level, live)) {
            return false;
        }
    }
    return true;
}

/* --- the whole --- */

static void fill_parts(const struct interpolation *in, struct interpolated *result)
{
    if (in->n_parts > 0) {
        struct json_origin_part *parts =
            arena_alloc(in->node->document->arena, in->n_parts * sizeof *parts);
        memcpy(parts, in->parts, in->n_parts * sizeof *parts);
        result->parts = parts;
        result->n_parts = in->n_parts;
    }
}

static const struct interpolated *result_of(const struct interpolation *in, bool good)
{
    struct arena *arena = in->node->document->arena;
    struct interpolated *result = arena_alloc(arena, sizeof *result);
    CLEANUP(strbuf_clear) struct strbuf variables = STRBUF_INIT;
    for (size_t i = 0; i < in->variables.n; i++) {
        strbuf_printf(&variables, ", environment variable %s", in->variables.items[i]);
    }
    result->variables = arena_copy(arena, variables.text);
    result->round = in->node->document->round;
    result->is_open = in->node->check_only && strstr(in->text, "${") != NULL;
    if (good) {
        result->text = in->node->check_only ? in->text : arena_copy(arena, in->out.text);
        fill_parts(in, result);
    }
    return result;
}

static void interpolation_clear(struct interpolation *in)
{
    mem_wipe(in->out.text, in->out.size);
    strbuf_clear(&in->out);
    mem_free(in->parts);
    strlist_clear(&in->variables);
}

static const struct interpolated *evaluate(const struct json_node *node)
{
    const struct value *value = node->value;
    CLEANUP(interpolation_clear)
    struct interpolation in = {
        .node = node, .text = value->text, .out = STRBUF_INIT, .variables = STRLIST_INIT};
    bool good = read_text(&in, 0, !node->check_only) && !in.failed;
    return result_of(&in, good);
}

const struct interpolated *interpolate(const struct json_node *node)
{
    const struct value *value = node->value;
    const struct interpolated *kept = node->check_only ? NULL : *value->interpolated;
    if (kept == NULL || (kept->text == NULL && kept->round != node->document->round)) {
        kept = evaluate(node);
        if (!node->check_only) {
            *value->interpolated = kept;
        }
    }
    return kept->text != NULL ? kept : NULL;
}
