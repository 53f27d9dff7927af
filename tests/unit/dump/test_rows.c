/* The digest of rows: of what they are, whatever their order and the pieces they come in. */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/dump.h"
#include "headgate/strbuf.h"

static struct row_digest digest_of(const char *text, size_t size, size_t first, size_t piece)
{
    CLEANUP(row_hasher_freep) struct row_hasher *hasher = row_hasher_new();
    struct row_digest digest;
    row_hasher_add(hasher, text, first);
    for (size_t at = first; at < size; at += piece) {
        row_hasher_add(hasher, text + at, size - at < piece ? size - at : piece);
    }
    row_hasher_take(hasher, &digest);
    return digest;
}

static struct row_digest whole(const char *text)
{
    return digest_of(text, strlen(text), strlen(text), 1);
}

static void pieces_do_not_matter(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        strbuf_add_repeated(&text, (char)('a' + i), i * i);
        strbuf_add(&text, i % 3 == 0 ? "\n" : i % 3 == 1 ? "\n\\.." : "\n\\");
    }
    strbuf_add(&text, "\n\\.\nmore\nof it\n");
    struct row_digest wanted = digest_of(text.text, text.size, text.size, 1);
    assert_int_equal(wanted.rows, 21);
    assert_int_equal(wanted.bytes, text.size - strlen("\\.\nmore\nof it\n"));
    for (size_t first = 0; first <= text.size; first++) {
        for (size_t piece = 1; piece < 40; piece += 3) {
            struct row_digest digest = digest_of(text.text, text.size, first, piece);
            assert_true(row_digest_equal(&digest, &wanted));
            assert_int_equal(digest.bytes, wanted.bytes);
        }
    }
}

static void order_does_not_matter_but_contents_do(void **state)
{
    (void)state;
    struct row_digest digest = whole("a\nb\nb\n"), other_order = whole("b\na\nb\n");
    struct row_digest other_count = whole("a\na\nb\n"), other_rows = whole("ab\nb\n");
    struct row_digest unended = whole("a\nb\nb"), empty_row = whole("\na\nb\nb\n");
    assert_true(row_digest_equal(&digest, &other_order));
    assert_false(row_digest_equal(&digest, &other_count));
    assert_false(row_digest_equal(&digest, &other_rows));
    assert_true(row_digest_equal(&digest, &unended));
    assert_int_equal(unended.bytes, 5);
    assert_false(row_digest_equal(&digest, &empty_row));
    assert_int_equal(empty_row.rows, 4);
}

static void the_end_of_rows_counts_for_nothing(void **state)
{
    static const char *const same[] = {"a\n\\.\n", "a\n\\.\n\n\n", "a\n\\.", "a\n\\.\n\\.\nb\n"};
    static const char *const others[] = {"a\n\\", "a\n\\..\n", "a\n\\.x", "a\n.\n", "a\n\\\n"};
    (void)state;
    struct row_digest digest = whole("a\n");
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        struct row_digest other = whole(same[i]);
        assert_true(row_digest_equal(&digest, &other));
        assert_int_equal(other.bytes, 2);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct row_digest other = whole(others[i]);
        assert_int_equal(other.rows, 2);
        assert_int_equal(other.bytes, strlen(others[i]));
    }
}

static void a_digest_is_the_same_for_ever(void **state)
{
    (void)state;
    struct row_digest digest = whole("1\tone\n2\ttwo\n");
    CLEANUP(mem_freep) char *text = row_digest_format(&digest);
    /* backups that were made must still be found equal */
    assert_string_equal(text, "4d34c324988f61b69d08dd158196f563");
    struct row_digest nothing = whole("");
    assert_int_equal(nothing.rows, 0);
    assert_int_equal(nothing.low | nothing.high, 0);
}

static void taking_begins_anew(void **state)
{
    CLEANUP(row_hasher_freep) struct row_hasher *hasher = row_hasher_new();
    struct row_digest first, second;
    (void)state;
    row_hasher_add(hasher, "a\n\\.\n", 5);
    row_hasher_take(hasher, &first);
    row_hasher_add(hasher, "a\n", 2);
    row_hasher_take(hasher, &second);
    assert_true(row_digest_equal(&first, &second));
    assert_int_equal(second.bytes, 2);
}

static void a_digest_is_written_and_read(void **state)
{
    static const char *const wrong[] = {"", "12", "0123456789abcdef0123456789abcdeF",
                                        "0123456789abcdef0123456789abcdef0",
                                        "0123456789abcdef0123456789abcde "};
    struct row_digest digest = {.low = 0x0123456789abcdef, .high = 1, .rows = 7}, read = {0};
    (void)state;
    CLEANUP(mem_freep) char *text = row_digest_format(&digest);
    assert_string_equal(text, "00000000000000010123456789abcdef");
    assert_true(row_digest_parse(text, &read));
    assert_int_equal(read.low, digest.low);
    assert_int_equal(read.high, digest.high);
    assert_int_equal(read.rows, 0);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(row_digest_parse(wrong[i], &read));
    }
    assert_false(row_digest_parse(NULL, &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(order_does_not_matter_but_contents_do),
        cmocka_unit_test(the_end_of_rows_counts_for_nothing),
        cmocka_unit_test(a_digest_is_the_same_for_ever),
        cmocka_unit_test(taking_begins_anew),
        cmocka_unit_test(a_digest_is_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
