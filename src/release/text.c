/* Texts of migrations: can PostgreSQL take them, and what are their hashes? */
#include "private.h"

#include "headgate/hash.h"

/* How many bytes the character at the beginning has; 0 where PostgreSQL would not take it. */
static size_t character_length(const unsigned char *text, size_t size)
{
    unsigned char c = text[0];
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n == 0 || n > size) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (text[i] >> 6 != 2) {
            return 0;
        }
    }
    bool too_long = (c == 0xe0 && text[1] < 0xa0) || (c == 0xf0 && text[1] < 0x90);
    bool no_character = (c == 0xed && text[1] > 0x9f) || (c == 0xf4 && text[1] > 0x8f);
    return too_long || no_character ? 0 : n;
}

size_t text_good_length(const char *text, size_t size)
{
    size_t i = 0, n = 1;
    while (i < size && n > 0) {
        n = character_length((const unsigned char *)text + i, size - i);
        i += n;
    }
    return i;
}

/* The same text with each line break written like this. */
static void hash_variant(const struct source *text, const char *line_break, bool drop_return,
                         char ret_hex[HASH_HEX_SIZE])
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    const char *at = text->text, *end = text->text + text->size;
    for (const char *next; (next = memchr(at, '\n', (size_t)(end - at))) != NULL; at = next + 1) {
        bool dropped = drop_return && next > at && next[-1] == '\r';
        hash_add(hash, at, (size_t)(next - at) - (dropped ? 1 : 0));
        hash_add(hash, line_break, strlen(line_break));
    }
    hash_add(hash, at, (size_t)(end - at));
    hash_finish(hash, ret_hex);
}

/* As Prisma compares: its variant with \r\n puts a \r before every \n, also where there is one. */
void text_take_checksums(struct migration *migration, const struct source *text)
{
    hash_sha256(text->text, text->size, migration->checksum);
    if (memchr(text->text, '\r', text->size) != NULL) {
        hash_variant(text, "\n", true, migration->checksum_lf);
    } else {
        memcpy(migration->checksum_lf, migration->checksum, HASH_HEX_SIZE);
    }
    hash_variant(text, "\r\n", false, migration->checksum_crlf);
}

bool text_check(const struct source *text, struct problems *problems)
{
    const char *nul = memchr(text->text, '\0', text->size);
    size_t good = text_good_length(text->text, text->size);
    if (nul != NULL) {
        (void)problem_add(problems, text, (size_t)(nul - text->text), 1,
                          "the file holds a NUL byte");
    } else if (good < text->size) {
        (void)problem_add(problems, text, good, 1, "the file is not UTF-8");
    } else if (text->text[strspn(text->text, " \t\r\n")] == '\0') {
        (void)problem_add_plain(problems, text->file, "the file is empty");
    } else {
        return true;
    }
    return false;
}
