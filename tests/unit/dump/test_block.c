/* A block that is written is read again, however its text is cut into chunks. */
#include "stream.h"

#include <stdlib.h>

static bool keep(void *context, const struct dump_block *block, const char *bytes, size_t n,
                 struct error *err)
{
    struct strbuf *text = context;
    (void)block;
    (void)err;
    strbuf_add_n(text, bytes, n);
    return true;
}

static void must_come_back(const char *text, size_t chunk)
{
    struct error err = ERROR_INIT;
    struct dump_entry entry = {.id = 70000,
                               .has_data = true,
                               .kind = "TABLE DATA",
                               .tag = "t",
                               .definition = "",
                               .copy = "COPY t FROM stdin;\n"};
    const struct dump_toc toc = {.entries = &entry, .n = 1};
    CLEANUP(strbuf_clear) struct strbuf block = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf found = STRBUF_INIT;
    const struct dump_handler handler = {.rows = keep, .context = &found};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_at_block(&toc, &handler);
    size_t n = 0;
    dump_block_begin(entry.id, &block);
    for (size_t at = 0; at < strlen(text); at += chunk) {
        char head[DUMP_CHUNK_HEAD];
        size_t left = strlen(text) - at, size = left < chunk ? left : chunk;
        dump_chunk_head(head, size);
        strbuf_add_n(&block, head, sizeof head);
        strbuf_add_n(&block, text + at, size);
    }
    dump_block_end(&block);
    assert_ok(dump_reader_feed(reader, block.text, block.size, &err));
    assert_ok(dump_reader_finish(reader, &err));
    assert_string_equal(found.text, text);
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    assert_int_equal(n, 1);
    assert_int_equal(blocks[0].size, block.size);
}

static void comes_back(void **state)
{
    static const char *const texts[] = {"", "\n", "a\tb\n\\\\.\nc\n"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (size_t chunk = 1; chunk < 12; chunk++) {
            must_come_back(texts[i], chunk);
        }
    }
}

/* What pg_dump itself writes, byte by byte. */
static void is_what_pg_dump_writes(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf ours = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf theirs = STRBUF_INIT;
    char head[DUMP_CHUNK_HEAD];
    (void)state;
    dump_block_begin(4711, &ours);
    dump_chunk_head(head, 300);
    strbuf_add_n(&ours, head, sizeof head);
    dump_block_end(&ours);
    put_byte(&theirs, 1);
    put_number(&theirs, 4711);
    put_number(&theirs, 300);
    put_bytes(&theirs, "\\.\n\n\n", 5);
    put_number(&theirs, 0);
    assert_int_equal(ours.size, theirs.size);
    assert_memory_equal(ours.text, theirs.text, ours.size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(is_what_pg_dump_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
