/* Streams as pg_dump writes them, whole, in pieces of every size, cut, and damaged. */
#include "stream.h"

#include "headgate/mem.h"

struct seen {
    struct strbuf rows;
    size_t tocs, blocks;
    bool enough; /* after the table of contents */
    bool fail;   /* at the first rows */
};

static bool take_toc(void *context, const struct dump_toc *toc)
{
    struct seen *seen = context;
    assert_int_equal(toc->n, ARRAY_LEN(entries));
    seen->tocs++;
    return !seen->enough;
}

static bool take_rows(void *context, const struct dump_block *block, const char *bytes, size_t n,
                      struct error *err)
{
    struct seen *seen = context;
    assert_string_equal(block->entry->kind, "TABLE DATA");
    assert_false(block->is_blobs);
    if (seen->fail) {
        return error_set(err, ERROR_IO, "no room");
    }
    strbuf_add_n(&seen->rows, bytes, n);
    return true;
}

static void end_block(void *context, const struct dump_block *block)
{
    struct seen *seen = context;
    assert_non_null(block->entry);
    seen->blocks++;
}

static bool feed(struct dump_reader *reader, const char *bytes, size_t n, size_t piece,
                 struct error *err)
{
    for (size_t at = 0; at < n; at += piece) {
        size_t size = n - at < piece ? n - at : piece;
        CLEANUP(mem_freep) char *copy = mem_new(size, 1); /* so that a sanitizer sees its end */
        memcpy(copy, bytes + at, size);
        if (!dump_reader_feed(reader, copy, size, err)) {
            return false;
        }
    }
    return true;
}

static struct dump_handler handler_of(struct seen *seen)
{
    return (struct dump_handler){
        .toc = take_toc, .rows = take_rows, .block = end_block, .context = seen};
}

static void check_text(const char *got, const char *wanted)
{
    assert_true(text_equal(got, wanted));
}

static void check_toc(const struct dump_toc *toc, int format)
{
    assert_int_equal(toc->format, format);
    assert_int_equal(toc->compression, 0);
    assert_string_equal(toc->database, "shop");
    assert_string_equal(toc->server_version, "17.2 (Debian)");
    assert_string_equal(toc->dump_version, "17.3");
    assert_int_equal(toc->n, ARRAY_LEN(entries));
    for (size_t i = 0; i < toc->n; i++) {
        const struct dump_entry *got = &toc->entries[i], *wanted = &entries[i];
        assert_int_equal(got->id, wanted->id);
        assert_int_equal(got->oid, wanted->oid);
        assert_int_equal(got->has_data, wanted->has_data);
        assert_int_equal(got->section, wanted->section);
        check_text(got->kind, wanted->kind);
        check_text(got->schema, wanted->schema);
        check_text(got->tag, wanted->tag);
        check_text(got->owner, wanted->owner);
        check_text(got->definition, wanted->definition);
        check_text(got->copy, wanted->copy);
        check_text(got->tablespace, wanted->tablespace);
        assert_ptr_equal(dump_toc_find(toc, wanted->kind, wanted->schema, wanted->tag), got);
    }
}

static void check_blocks(const struct dump_reader *reader, size_t stream_size)
{
    CLEANUP(row_hasher_freep) struct row_hasher *hasher = row_hasher_new();
    struct row_digest digest;
    size_t n = 0;
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    assert_int_equal(n, 2);
    row_hasher_add(hasher, ROWS, strlen(ROWS));
    row_hasher_take(hasher, &digest);
    assert_int_equal(digest.rows, 5);
    assert_int_equal(digest.bytes, strlen(ROWS));
    assert_true(row_digest_equal(&blocks[0].digest, &digest));
    assert_int_equal(blocks[0].digest.bytes, digest.bytes);
    assert_int_equal(blocks[0].at, dump_reader_toc_end(reader));
    assert_int_equal(blocks[0].entry->id, 9);
    assert_true(blocks[1].is_blobs);
    assert_int_equal(blocks[1].at, blocks[0].at + blocks[0].size);
    assert_int_equal(blocks[1].at + blocks[1].size, stream_size);
    assert_int_equal(blocks[1].digest.rows, 2);
    assert_int_equal(blocks[1].digest.bytes, 6);
}

static void read_whole(const struct strbuf *stream, int format, size_t piece)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct seen seen = {.rows = STRBUF_INIT};
    const struct dump_handler handler = handler_of(&seen);
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&handler);
    assert_null(dump_reader_toc(reader));
    assert_int_equal(dump_reader_toc_end(reader), 0);
    assert_ok(feed(reader, stream->text, stream->size, piece, &err));
    assert_ok(dump_reader_finish(reader, &err));
    assert_false(dump_reader_is_enough(reader));
    check_toc(dump_reader_toc(reader), format);
    check_blocks(reader, stream->size);
    assert_string_equal(seen.rows.text, ROWS);
    assert_int_equal(seen.tocs, 1);
    assert_int_equal(seen.blocks, 2);
    strbuf_clear(&seen.rows);
}

static void every_format_chunk_and_piece_gives_the_same(void **state)
{
    (void)state;
    for (int format = 112; format <= 116; format++) {
        for (size_t chunk = 1; chunk < 30; chunk += 1) {
            CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
            put_toc(&stream, format);
            put_rows(&stream, chunk);
            put_objects(&stream);
            size_t step = format == 116 && chunk < 5 ? 1 : 97;
            for (size_t piece = 1; piece <= stream.size; piece += step) {
                read_whole(&stream, format, piece);
            }
        }
    }
}

static void a_cut_stream_is_no_backup(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
    const struct dump_handler nothing = {0};
    (void)state;
    put_toc(&stream, 116);
    put_rows(&stream, 4);
    put_objects(&stream);
    for (size_t size = 0; size < stream.size; size++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&nothing);
        assert_ok(feed(reader, stream.text, size, stream.size, &err));
        assert_fails(dump_reader_finish(reader, &err), ERROR_BACKUP);
        CLEANUP(mem_freep) char *place = mem_printf("ends at byte %zu, ", size);
        assert_contains(err.message, place);
    }
}

static void a_reader_may_have_enough_after_the_contents(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
    struct seen seen = {.rows = STRBUF_INIT, .enough = true};
    const struct dump_handler handler = handler_of(&seen);
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&handler);
    (void)state;
    put_toc(&stream, 115);
    size_t toc_end = stream.size;
    strbuf_add(&stream, "anything at all");
    assert_ok(dump_reader_feed(reader, stream.text, stream.size, &err));
    assert_true(dump_reader_is_enough(reader));
    assert_int_equal(dump_reader_toc_end(reader), toc_end);
    assert_ok(dump_reader_feed(reader, "more", 4, &err));
    assert_ok(dump_reader_finish(reader, &err));
    assert_int_equal(seen.tocs, 1);
}

static void what_the_handler_says_ends_the_reading(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
    struct seen seen = {.rows = STRBUF_INIT, .fail = true};
    const struct dump_handler handler = handler_of(&seen);
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&handler);
    (void)state;
    put_toc(&stream, 114);
    put_rows(&stream, 100);
    assert_fails(dump_reader_feed(reader, stream.text, stream.size, &err), ERROR_IO);
    assert_string_equal(err.message, "no room");
}

static void digests_can_be_left_out(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
    const struct dump_handler handler = {.without_digests = true};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&handler);
    size_t n = 0;
    (void)state;
    put_toc(&stream, 114);
    put_rows(&stream, 3);
    put_objects(&stream);
    assert_ok(feed(reader, stream.text, stream.size, 5, &err));
    assert_ok(dump_reader_finish(reader, &err));
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    assert_int_equal(blocks[0].digest.rows, 5);
    assert_int_equal(blocks[1].digest.rows, 2);
    assert_int_equal(blocks[0].digest.low, 0);
    assert_int_equal(blocks[1].digest.low, 0);
}

/* Large objects: whatever the chunks; another oid or another byte is another digest. */
static struct row_digest digest_of_object(int oid, const char *contents, size_t chunk)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
    const struct dump_handler nothing = {0};
    struct dump_entry objects = entries[2];
    const struct dump_toc toc = {.entries = &objects, .n = 1};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_at_block(&toc, &nothing);
    size_t n = 0, size = strlen(contents);
    put_block(&stream, 3, 3);
    put_number(&stream, oid);
    for (size_t at = 0; at < size; at += chunk) {
        put_bytes(&stream, contents + at, size - at < chunk ? size - at : chunk);
    }
    put_number(&stream, 0);
    put_number(&stream, 0);
    assert_ok(feed(reader, stream.text, stream.size, 3, &err));
    assert_ok(dump_reader_finish(reader, &err));
    return dump_reader_blocks(reader, &n)->digest;
}

static void a_large_object_is_digested_with_its_oid(void **state)
{
    (void)state;
    struct row_digest digest = digest_of_object(16400, "some\n\\.\ntext", 100);
    struct row_digest chunked = digest_of_object(16400, "some\n\\.\ntext", 2);
    struct row_digest other_oid = digest_of_object(16401, "some\n\\.\ntext", 100);
    struct row_digest other_text = digest_of_object(16400, "some\n\\.\ntexT", 100);
    assert_true(row_digest_equal(&digest, &chunked));
    assert_false(row_digest_equal(&digest, &other_oid));
    assert_false(row_digest_equal(&digest, &other_text));
    assert_int_equal(digest.rows, 1);
    assert_int_equal(digest.bytes, 12);
}

/* --- damage --- */

static void check_refused(const struct strbuf *stream, const char *says)
{
    static const size_t pieces[] = {1, 1000000};
    const struct dump_handler nothing = {0};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&nothing);
        assert_fails(feed(reader, stream->text, stream->size, pieces[i], &err), ERROR_BACKUP);
        assert_contains(err.message, says);
    }
}

static void a_wrong_header_is_refused(void **state)
{
    static const struct {
        size_t at;
        int byte;
        const char *says;
    } changes[] = {
        {0, 'p', "does not begin"},      {4, 0, "does not begin"},
        {5, 2, "its format is 2.16"},    {6, 11, "its format is 1.11"},
        {6, 17, "its format is 1.17"},   {8, 8, "integers of another size"},
        {9, 0, "integers of another"},   {10, 3, "tar format"},
        {10, 5, "directory format"},     {10, 0, "not in pg_dump's custom"},
        {11, 1, "compressed with gzip"}, {11, 2, "compressed with lz4"},
        {11, 3, "compressed with zstd"}, {11, 200, "it is compressed"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
        put_toc(&stream, 116);
        stream.text[changes[i].at] = (char)changes[i].byte;
        check_refused(&stream, changes[i].says);
    }
    CLEANUP(strbuf_clear) struct strbuf old = STRBUF_INIT;
    put_magic(&old, 114);
    put_number(&old, -1);
    check_refused(&old, "compressed with gzip");
}

/* A header and an entry up to its kind, whose fields these are. */
static void put_begun(struct strbuf *stream, int id, const char *oid, const char *tag,
                      const char *kind)
{
    put_header(stream, 116, 1);
    put_number(stream, id);
    put_number(stream, 0);
    put_text(stream, "0");
    put_text(stream, oid);
    put_text(stream, tag);
    put_text(stream, kind);
}

static void a_wrong_entry_is_refused(void **state)
{
    static const struct {
        int id;
        const char *oid, *tag, *kind, *says;
    } changes[] = {
        {0, "1", "t", "TABLE", "has no number"},        {-3, "1", "t", "TABLE", "has no number"},
        {1, "x", "t", "TABLE", "oid of entry 1"},       {1, "4294967296", "t", "TABLE", "oid of"},
        {1, NULL, "t", "TABLE", "oid of entry 1"},      {1, "", "t", "TABLE", "oid of entry 1"},
        {1, "-1", "t", "TABLE", "oid of entry 1"},      {1, "12 ", "t", "TABLE", "oid of entry 1"},
        {1, "1", NULL, "TABLE", "entry 1 has no name"}, {1, "1", "t", NULL, "entry 1 has no kind"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
        put_begun(&stream, changes[i].id, changes[i].oid, changes[i].tag, changes[i].kind);
        check_refused(&stream, changes[i].says);
    }
}

static void lengths_are_not_believed(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf negative = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf sign = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf count = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf nul = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf huge = STRBUF_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const struct dump_handler nothing = {0};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&nothing);
    (void)state;
    put_begun(&negative, 1, "1", "t", "TABLE");
    put_number(&negative, 2);
    put_number(&negative, -2);
    check_refused(&negative, "definition has an impossible length");
    put_begun(&sign, 1, "1", "t", "TABLE");
    strbuf_add_n(&sign, "\2\0\0\0\0", 5);
    check_refused(&sign, "section is no number");
    put_header(&count, 116, -1);
    check_refused(&count, "number of entries is negative");
    put_begun(&nul, 1, "1", "t", "TABLE");
    put_number(&nul, 2);
    put_bytes(&nul, "a\0b", 3);
    check_refused(&nul, "definition holds a NUL byte");
    /* two thousand million entries, and a name of as many bytes: waited for, no memory taken */
    put_header(&huge, 116, INT32_MAX);
    put_number(&huge, 1);
    put_number(&huge, 0);
    put_text(&huge, "0");
    put_text(&huge, "0");
    put_number(&huge, INT32_MAX);
    strbuf_add(&huge, "abc");
    assert_ok(dump_reader_feed(reader, huge.text, huge.size, &err));
    assert_fails(dump_reader_finish(reader, &err), ERROR_BACKUP);
}

static void a_wrong_state_of_data_and_a_number_twice_are_refused(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf flag = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf twice = STRBUF_INIT;
    (void)state;
    put_header(&flag, 116, 1);
    put_entry(&flag, 116, &entries[0]);
    flag.text[flag.size - 9] = 4;
    check_refused(&flag, "entry 7 does not say whether it has data");
    put_header(&twice, 116, 2);
    put_entry(&twice, 116, &entries[1]);
    put_entry(&twice, 116, &entries[1]);
    check_refused(&twice, "two entries have the number 9");
}

static void wrong_blocks_are_refused(void **state)
{
    static const struct {
        int type, id;
        const char *says;
    } changes[] = {{2, 9, "of the kind 2"},
                   {0, 9, "of the kind 0"},
                   {1, 8, "belongs to no entry"},
                   {1, 7, "belongs to no entry"},
                   {1, -9, "belongs to no entry"},
                   {3, 9, "TABLE DATA public.orders has a block"},
                   {1, 3, "BLOBS has a block of data of another kind"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
        put_toc(&stream, 116);
        put_block(&stream, changes[i].type, changes[i].id);
        check_refused(&stream, changes[i].says);
    }
    CLEANUP(strbuf_clear) struct strbuf twice = STRBUF_INIT;
    put_toc(&twice, 116);
    put_rows(&twice, 5);
    put_rows(&twice, 5);
    check_refused(&twice, "TABLE DATA public.orders has a second block of data");
}

static void wrong_chunks_are_refused(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf negative = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf no_end = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf oid = STRBUF_INIT;
    (void)state;
    put_toc(&negative, 116);
    put_block(&negative, 1, 9);
    put_number(&negative, -1);
    check_refused(&negative, "impossible length");
    put_toc(&no_end, 116);
    put_block(&no_end, 1, 9);
    put_bytes(&no_end, "1\t2\n", 4);
    put_number(&no_end, 0);
    check_refused(&no_end, "TABLE DATA public.orders ends without \"\\.\"");
    put_toc(&oid, 116);
    put_block(&oid, 3, 3);
    strbuf_add_n(&oid, "\7\0\0\0\0", 5);
    check_refused(&oid, "oid of a large object is no number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_chunk_and_piece_gives_the_same),
        cmocka_unit_test(a_cut_stream_is_no_backup),
        cmocka_unit_test(a_reader_may_have_enough_after_the_contents),
        cmocka_unit_test(what_the_handler_says_ends_the_reading),
        cmocka_unit_test(digests_can_be_left_out),
        cmocka_unit_test(a_large_object_is_digested_with_its_oid),
        cmocka_unit_test(a_wrong_header_is_refused),
        cmocka_unit_test(a_wrong_entry_is_refused),
        cmocka_unit_test(lengths_are_not_believed),
        cmocka_unit_test(a_wrong_state_of_data_and_a_number_twice_are_refused),
        cmocka_unit_test(wrong_blocks_are_refused),
        cmocka_unit_test(wrong_chunks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
