/*
 * A text that grows.
 */
#include "child.h"

#include <string.h>

#include "headgate/strbuf.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "");
    strbuf_add_n(&buf, NULL, 0);
    strbuf_add_repeated(&buf, 'x', 0);
    strbuf_grown(&buf, 0);
    strbuf_cut(&buf, 0);
    strbuf_trim_end(&buf);
    assert_string_equal(buf.text, "");
    assert_int_equal(buf.size, 0);
    assert_int_equal(buf.capacity, 0);
    strbuf_clear(&buf);
    assert_string_equal(buf.text, "");
    assert_string_equal(strbuf_empty, "");
}

static void every_way_of_adding_adds_at_the_end(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "one");
    strbuf_add_char(&buf, ' ');
    strbuf_add_n(&buf, "twoX", 3);
    strbuf_add_repeated(&buf, '.', 3);
    strbuf_printf(&buf, "%d%s", 3, "!");
    assert_string_equal(buf.text, "one two...3!");
    assert_int_equal(buf.size, strlen(buf.text));
}

static void it_grows_from_nothing_to_a_megabyte(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
    const char *text = buf.text;
    size_t moves = 0;
    for (size_t i = 0; i < 1 << 20; i++) {
        strbuf_add_char(&buf, (char)('a' + i % 26));
        assert_true(buf.size < buf.capacity && buf.text[buf.size] == '\0');
        moves += buf.text != text;
        text = buf.text;
    }
    assert_int_equal(buf.size, 1 << 20);
    for (size_t i = 0; i < buf.size; i++) {
        assert_int_equal(buf.text[i], (char)('a' + i % 26));
    }
    assert_true(moves <= 16); /* doubled each time, not enlarged by a little */
}

static void each_size_of_one_addition_fits(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *bytes = mem_new(300, 1);
    memset(bytes, 'x', 300);
    for (size_t n = 0; n <= 300; n++) {
        CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
        strbuf_add_n(&buf, bytes, n);
        strbuf_add_n(&buf, bytes, n);
        assert_int_equal(strlen(buf.text), 2 * n);
    }
}

static void room_is_filled_by_the_caller(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "ab");
    char *room = strbuf_room(&buf, 1000);
    memset(room, 'c', 1000);
    assert_int_equal(buf.size, 2);
    strbuf_grown(&buf, 3);
    assert_string_equal(buf.text, "abccc");
    assert_int_equal(buf.size, 5);
}

static void nul_bytes_are_kept(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
    strbuf_add_n(&buf, "a\0b", 3);
    strbuf_add_char(&buf, '\0');
    strbuf_trim_end(&buf); /* not a blank */
    assert_int_equal(buf.size, 4);
    assert_memory_equal(buf.text, "a\0b\0", 5);
}

static void a_buffer_is_cut_but_not_lengthened(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "abcdef");
    strbuf_cut(&buf, 9);
    assert_string_equal(buf.text, "abcdef");
    strbuf_cut(&buf, 2);
    assert_string_equal(buf.text, "ab");
    strbuf_add(&buf, "X");
    assert_string_equal(buf.text, "abX");
    strbuf_cut(&buf, 0);
    assert_string_equal(buf.text, "");
}

static void only_blanks_at_the_end_are_trimmed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a \t\r\n\n", "a"}, {" a b", " a b"}, {" \n", ""}, {"a\v", "a\v"}, {"\n a\n ", "\n a"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(strbuf_clear) struct strbuf buf = STRBUF_INIT;
        strbuf_add(&buf, rows[i][0]);
        strbuf_trim_end(&buf);
        assert_string_equal(buf.text, rows[i][1]);
        assert_int_equal(buf.size, strlen(rows[i][1]));
    }
}

static void a_taken_text_is_the_callers(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "mine");
    CLEANUP(mem_freep) char *text = strbuf_take(&buf);
    assert_string_equal(text, "mine");
    assert_string_equal(buf.text, "");
    assert_int_equal(buf.capacity, 0);
    strbuf_add(&buf, "new");
    assert_string_equal(text, "mine");
    strbuf_clear(&buf);
}

static void nothing_taken_is_an_empty_text_of_ones_own(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    CLEANUP(mem_freep) char *text = strbuf_take(&buf);
    assert_string_equal(text, "");
    assert_ptr_not_equal(text, strbuf_empty);
}

static int grow_beyond_the_room(const void *context)
{
    (void)context;
    struct strbuf buf = STRBUF_INIT;
    (void)strbuf_room(&buf, 10);
    strbuf_grown(&buf, buf.capacity);
    return 0;
}

static void growing_beyond_the_room_asserts(void **state)
{
    (void)state;
    assert_aborts(grow_beyond_the_room, NULL, "buf->capacity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(every_way_of_adding_adds_at_the_end),
        cmocka_unit_test(it_grows_from_nothing_to_a_megabyte),
        cmocka_unit_test(each_size_of_one_addition_fits),
        cmocka_unit_test(room_is_filled_by_the_caller),
        cmocka_unit_test(nul_bytes_are_kept),
        cmocka_unit_test(a_buffer_is_cut_but_not_lengthened),
        cmocka_unit_test(only_blanks_at_the_end_are_trimmed),
        cmocka_unit_test(a_taken_text_is_the_callers),
        cmocka_unit_test(nothing_taken_is_an_empty_text_of_ones_own),
        cmocka_unit_test(growing_beyond_the_room_asserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
