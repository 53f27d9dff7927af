#include "chain.h"

#include <string.h>

#define HASH_KEY ",\"hash\":\""
#define HASH_DIGITS (HASH_HEX_SIZE - 1)
#define TAIL_SIZE (sizeof HASH_KEY - 1 + HASH_DIGITS + 2) /* with the closing "} */

const char chain_start[HASH_HEX_SIZE] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static void hash_line(const char *before, const char *bytes, size_t n, char ret_hash[HASH_HEX_SIZE])
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    hash_add(hash, before, HASH_DIGITS);
    hash_add(hash, "\n", 1);
    hash_add(hash, bytes, n);
    hash_finish(hash, ret_hash);
}

void chain_close(struct strbuf *line, const char *before, char ret_hash[HASH_HEX_SIZE])
{
    strbuf_printf(line, ",\"before\":\"%s\"", before);
    hash_line(before, line->text, line->size, ret_hash);
    strbuf_printf(line, HASH_KEY "%s\"}\n", ret_hash);
}

static bool is_hash(const char *text)
{
    return text != NULL && strlen(text) == HASH_DIGITS &&
           strspn(text, "0123456789abcdef") == HASH_DIGITS;
}

bool chain_read(const char *line, size_t size, struct chain_line *ret_line)
{
    CLEANUP(json_data_freep) struct json_data *json = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    char hash[HASH_HEX_SIZE];
    if (size < TAIL_SIZE || memcmp(line + size - TAIL_SIZE, HASH_KEY, sizeof HASH_KEY - 1) != 0 ||
        !json_data_parse(line, size, &json, &ignored)) {
        return false;
    }
    const char *before = json_data_text(json, "before");
    const char *told = json_data_text(json, "hash");
    if (!is_hash(before) || !is_hash(told)) {
        return false;
    }
    hash_line(before, line, size - TAIL_SIZE, hash);
    if (!text_equal(hash, told) || memcmp(line + size - HASH_DIGITS - 2, hash, HASH_DIGITS) != 0 ||
        memcmp(line + size - 2, "\"}", 2) != 0) {
        return false;
    }
    *ret_line = (struct chain_line){.json = TAKE(json), .before = before, .hash = told};
    return true;
}

void chain_line_clear(struct chain_line *line)
{
    json_data_freep(&line->json);
    *line = (struct chain_line){.json = NULL};
}

bool chain_next(struct chain_cursor *cursor, struct chain_piece *ret_piece)
{
    size_t left = cursor->size - cursor->at;
    if (left == 0) {
        return false;
    }
    const char *line = cursor->text + cursor->at;
    const char *end = memchr(line, '\n', left);
    size_t size = end != NULL ? (size_t)(end - line) : left;
    size_t taken = size + (end != NULL ? 1 : 0);
    *ret_piece = (struct chain_piece){
        .line = line, .size = size, .is_whole = end != NULL, .is_last = taken == left};
    cursor->at += taken;
    return true;
}
