#include "words.h"

#include "headgate/strbuf.h"

#define NAME_BYTES 63 /* NAMEDATALEN - 1 */

struct words words_of(const char *text, size_t size)
{
    struct words words = {.lexer = {.text = text, .size = size}};
    words_skip(&words);
    return words;
}

void words_skip(struct words *words)
{
    sql_lexer_next(&words->lexer, &words->token);
}

bool words_take(struct words *words, const char *phrase)
{
    struct words ahead = *words;
    while (*phrase != '\0') {
        char word[32]; /* the longest word of a phrase of ours is CONFIGURATION */
        size_t n = strcspn(phrase, " ");
        memcpy(word, phrase, n);
        word[n] = '\0';
        if (!token_is_word(&ahead.lexer, &ahead.token, word)) {
            return false;
        }
        words_skip(&ahead);
        phrase += n + (phrase[n] == ' ' ? 1 : 0);
    }
    *words = ahead;
    return true;
}

bool words_take_character(struct words *words, char character)
{
    if (!token_is_character(&words->lexer, &words->token, character)) {
        return false;
    }
    words_skip(words);
    return true;
}

void words_skip_parentheses(struct words *words)
{
    size_t depth = 0;
    do {
        if (token_is_character(&words->lexer, &words->token, '(')) {
            depth++;
        } else if (token_is_character(&words->lexer, &words->token, ')') && depth > 0) {
            depth--;
        } else if (depth == 0) {
            return;
        }
        words_skip(words);
    } while (depth > 0 && words->token.kind != TOKEN_END);
}

static bool is_reserved(const struct words *words)
{
    static const char *const reserved[] = {"ALL", "AUTHORIZATION", "FOR", "FROM", "ON",
                                           "TO",  "USING",         "WITH"};
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
        if (token_is_word(&words->lexer, &words->token, reserved[i])) {
            return true;
        }
    }
    return false;
}

static void add_folded(struct strbuf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = bytes[i];
        strbuf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

/* What stands between the quotes, whose doubles are one. */
static void add_unquoted(struct strbuf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_add_char(out, bytes[i]);
        i += bytes[i] == '"' ? 1 : 0;
    }
}

static void cut(struct strbuf *name)
{
    size_t n = name->size;
    if (n > NAME_BYTES) {
        n = NAME_BYTES;
        while (n > NAME_BYTES - 3 && ((unsigned char)name->text[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    strbuf_cut(name, n);
}

static const char *take_part(struct words *words, struct arena *arena)
{
    CLEANUP(strbuf_clear) struct strbuf name = STRBUF_INIT;
    const char *bytes = words->lexer.text + words->token.offset;
    size_t n = words->token.size;
    if (words->token.kind == TOKEN_WORD) {
        add_folded(&name, bytes, n);
    } else if (words->token.kind == TOKEN_NAME && n > 2 && bytes[0] == '"' && bytes[n - 1] == '"') {
        add_unquoted(&name, bytes + 1, n - 2);
    } else {
        return NULL;
    }
    cut(&name);
    words_skip(words);
    return arena_copy(arena, name.text);
}

bool words_take_name(struct words *words, struct arena *arena, struct sql_name *ret_name)
{
    struct words ahead = *words;
    struct sql_name name = {0};
    if (is_reserved(&ahead)) {
        return false;
    }
    do {
        name.schema = name.name;
        name.name = take_part(&ahead, arena);
    } while (name.name != NULL && words_take_character(&ahead, '.'));
    if (name.name == NULL) {
        return false;
    }
    *words = ahead;
    *ret_name = name;
    return true;
}
