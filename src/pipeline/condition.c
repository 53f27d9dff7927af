/*
 * Reads a condition, by recursive descent:
 *
 *   any     = all { "or" all }
 *   all     = not { "and" not }
 *   not     = "not" not | "(" any ")" | value [ ( "==" | "!=" ) value ]
 *   value   = fact | "'" text "'"      a quote in a text is written twice
 *
 * A mistake in the grammar ends it; a name that means nothing does not, so that all of them are
 * told.
 */
#include "condition.h"

#include <string.h>

#include "condition_names.h"
#include "headgate/strlist.h"

#define LEVELS 32

enum token {
    TOKEN_WORD,
    TOKEN_TEXT,
    TOKEN_EQUAL,
    TOKEN_DIFFERS,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_END
};

struct parser {
    struct condition_place place;
    enum token token;
    size_t start, end; /* of the token */
    bool broken;       /* no token could be read: told already */
    size_t level;
    struct condition condition;
};

static const char *const connectives[] = {"and", "or", "not", NULL};

/* --- tokens --- */

static bool token_is(const struct parser *parser, const char *word)
{
    size_t n = parser->end - parser->start;
    return parser->token == TOKEN_WORD && n == strlen(word) &&
           memcmp(parser->place.text + parser->start, word, n) == 0;
}

static bool token_is_connective(const struct parser *parser)
{
    for (size_t i = 0; connectives[i] != NULL; i++) {
        if (token_is(parser, connectives[i])) {
            return true;
        }
    }
    return false;
}

static void report_character(struct parser *parser)
{
    static const struct {
        char c;
        const char *note;
    } notes[] = {{'=', "equal is written =="},
                 {'&', "write \"and\""},
                 {'|', "write \"or\""},
                 {'!', "write \"not\", or != between two values"},
                 {'"', "texts are written in '...'"},
                 {'<', "only == and != compare"},
                 {'>', "only == and != compare"}};
    const char *at = parser->place.text + parser->start;
    size_t n = 1;
    while (((unsigned char)at[n] & 0xc0) == 0x80) {
        n++; /* the rest of a character of several bytes */
    }
    parser->broken = true;
    struct problem *problem =
        condition_complain(&parser->place, parser->start, parser->start + n,
                           "\"%.*s\" means nothing in a condition", (int)n, at);
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        if (notes[i].c == at[0]) {
            problem_note(problem, "%s", notes[i].note);
        }
    }
}

static void read_quoted(struct parser *parser)
{
    const char *text = parser->place.text;
    size_t at = parser->start + 1;
    while (text[at] != '\0' && (text[at] != '\'' || text[at + 1] == '\'')) {
        at += text[at] == '\'' ? 2 : 1;
    }
    parser->token = TOKEN_TEXT;
    parser->end = at + 1;
    if (text[at] == '\0') {
        parser->broken = true;
        (void)condition_complain(&parser->place, parser->start, at, "this text has no closing '");
    }
}

static bool read_sign(struct parser *parser, const char *sign, enum token token)
{
    if (!text_starts(parser->place.text + parser->start, sign)) {
        return false;
    }
    parser->token = token;
    parser->end = parser->start + strlen(sign);
    return true;
}

static void next(struct parser *parser)
{
    static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    const char *text = parser->place.text;
    parser->start = parser->end + strspn(text + parser->end, " \t\r\n");
    size_t n = strspn(text + parser->start, word);
    parser->end = parser->start + n;
    if (text[parser->start] == '\0') {
        parser->token = TOKEN_END;
    } else if (n > 0) {
        parser->token = TOKEN_WORD;
    } else if (text[parser->start] == '\'') {
        read_quoted(parser);
    } else if (!read_sign(parser, "==", TOKEN_EQUAL) && !read_sign(parser, "!=", TOKEN_DIFFERS) &&
               !read_sign(parser, "(", TOKEN_OPEN) && !read_sign(parser, ")", TOKEN_CLOSE)) {
        report_character(parser);
    }
}

/* Where the token stands, or what stood before the end. */
static bool expected(struct parser *parser, const char *what)
{
    if (parser->broken) {
        return false;
    }
    int n = (int)(parser->end - parser->start);
    const char *found = parser->place.text + parser->start;
    struct problem *problem =
        parser->token == TOKEN_END
            ? condition_complain(&parser->place, parser->start, parser->end,
                                 "%s is missing at the end", what)
            : condition_complain(&parser->place, parser->start, parser->end,
                                 "%s should stand where \"%.*s\" does", what, n, found);
    CLEANUP(mem_freep) char *word = mem_copy_n(found, (size_t)n);
    const char *near = parser->token == TOKEN_WORD ? suggest_near(word, connectives) : NULL;
    if (near != NULL && !token_is_connective(parser)) {
        problem_note(problem, "did you mean \"%s\"?", near);
    }
    return false;
}

/* --- grammar --- */

static void emit(struct parser *parser, const struct operation *operation)
{
    struct condition *condition = &parser->condition;
    condition->operations =
        mem_resize(condition->operations, condition->n + 1, sizeof condition->operations[0]);
    condition->operations[condition->n++] = *operation;
}

static char *unquote(const char *text, size_t n)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        strbuf_add_char(&out, text[i]);
        i += text[i] == '\'' ? 1 : 0;
    }
    return strbuf_take(&out);
}

static bool parse_value(struct parser *parser, struct operand *ret_operand)
{
    struct arena *arena = json_arena(parser->place.node->document);
    const char *found = parser->place.text + parser->start;
    size_t n = parser->end - parser->start;
    if (parser->broken || (parser->token != TOKEN_TEXT && parser->token != TOKEN_WORD) ||
        token_is_connective(parser)) {
        return expected(parser, "a value");
    }
    if (parser->token == TOKEN_TEXT) {
        CLEANUP(mem_freep) char *text = unquote(found + 1, n - 2);
        *ret_operand = (struct operand){.text = arena_copy(arena, text)};
    } else {
        *ret_operand = (struct operand){.fact = arena_copy_n(arena, found, n)};
        condition_check_fact(&parser->place, parser->start, ret_operand->fact);
    }
    next(parser);
    return true;
}

static bool parse_comparison(struct parser *parser)
{
    struct operation operation = {.kind = OPERATION_IS};
    size_t start = parser->start;
    if (!parse_value(parser, &operation.left)) {
        return false;
    }
    if (parser->token == TOKEN_EQUAL || parser->token == TOKEN_DIFFERS) {
        operation.kind = parser->token == TOKEN_EQUAL ? OPERATION_EQUAL : OPERATION_DIFFERS;
        next(parser);
        size_t end = parser->end;
        if (!parse_value(parser, &operation.right)) {
            return false;
        }
        condition_check_comparison(&parser->place, start, end, &operation.left, &operation.right);
    }
    emit(parser, &operation);
    return !parser->broken;
}

static bool parse_any(struct parser *parser);

static bool parse_group(struct parser *parser)
{
    size_t start = parser->start, end = parser->end;
    next(parser);
    if (!parse_any(parser)) {
        return false;
    }
    if (parser->token == TOKEN_END) {
        (void)condition_complain(&parser->place, start, end, "this ( has no closing )");
        return false;
    }
    if (parser->token != TOKEN_CLOSE) {
        return expected(parser, "\"and\", \"or\" or \")\"");
    }
    next(parser);
    return !parser->broken;
}

static bool parse_not(struct parser *parser)
{
    bool negates = token_is(parser, "not");
    if (!negates && parser->token != TOKEN_OPEN) {
        return parse_comparison(parser);
    }
    if (parser->level == LEVELS) {
        (void)condition_complain(&parser->place, parser->start, parser->end,
                                 "the condition is nested deeper than %d levels", LEVELS);
        return false;
    }
    parser->level++;
    if (negates) {
        next(parser);
    }
    bool good = negates ? parse_not(parser) : parse_group(parser);
    parser->level--;
    if (good && negates) {
        emit(parser, &(struct operation){.kind = OPERATION_NOT});
    }
    return good;
}

static bool parse_all(struct parser *parser)
{
    if (!parse_not(parser)) {
        return false;
    }
    while (token_is(parser, "and")) {
        next(parser);
        if (!parse_not(parser)) {
            return false;
        }
        emit(parser, &(struct operation){.kind = OPERATION_AND});
    }
    return true;
}

static bool parse_any(struct parser *parser)
{
    if (!parse_all(parser)) {
        return false;
    }
    while (token_is(parser, "or")) {
        next(parser);
        if (!parse_all(parser)) {
            return false;
        }
        emit(parser, &(struct operation){.kind = OPERATION_OR});
    }
    return true;
}

/* --- the whole --- */

static void parser_clear(struct parser *parser)
{
    mem_free(parser->condition.operations);
}

const struct condition *condition_read(const struct json_node *node, const char *text,
                                       const struct workflow *workflow,
                                       const struct workflow_step *about)
{
    CLEANUP(parser_clear)
    struct parser parser = {
        .place = {.node = node, .text = text, .workflow = workflow, .about = about}};
    next(&parser);
    if (!parser.broken && parser.token == TOKEN_END) {
        (void)json_complain(node, "\"when\" of %s is empty", node->of);
        return NULL;
    }
    if (!parse_any(&parser)) {
        return NULL;
    }
    if (parser.token != TOKEN_END) {
        (void)expected(&parser, "\"and\" or \"or\"");
    }
    if (parser.place.n_mistakes > 0) {
        return NULL;
    }
    struct arena *arena = json_arena(node->document);
    struct condition *condition = arena_alloc(arena, sizeof *condition);
    size_t size = parser.condition.n * sizeof condition->operations[0];
    condition->n = parser.condition.n;
    condition->operations = arena_alloc(arena, size);
    memcpy(condition->operations, parser.condition.operations, size);
    return condition;
}
