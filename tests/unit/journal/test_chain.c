#include "chain.h"
#include "scratch.h"

static void assert_broken(const char *line)
{
    struct chain_line read = {.json = NULL};
    assert_false(chain_read(line, strlen(line), &read));
    assert_null(read.json);
}

static char *a_line(const char *open, const char *before)
{
    char hash[HASH_HEX_SIZE];
    struct strbuf line = STRBUF_INIT;
    strbuf_add(&line, open);
    chain_close(&line, before, hash);
    assert_int_equal(line.text[line.size - 1], '\n');
    strbuf_cut(&line, line.size - 1);
    return strbuf_take(&line);
}

static void a_line_is_read_as_it_was_written(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *line = a_line("{\"number\":1", chain_start);
    CLEANUP(chain_line_clear) struct chain_line read = {.json = NULL};
    assert_true(chain_read(line, strlen(line), &read));
    assert_string_equal(read.before, chain_start);
    assert_int_equal(json_data_integer(read.json, "number", 0), 1);
}

/* As anybody can with sha256sum. */
static void the_hash_is_that_of_the_one_before_and_the_bytes(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *line = a_line("{\"number\":1", chain_start);
    const char *hash = scratch_out(
        "printf '%%s\\n%%s' %s '{\"number\":1,\"before\":\"%s\"' | sha256sum | cut -c1-64",
        chain_start, chain_start);
    CLEANUP(mem_freep)
    char *wanted =
        mem_printf("{\"number\":1,\"before\":\"%s\",\"hash\":\"%s\"}", chain_start, hash);
    assert_string_equal(line, wanted);
}

static void every_changed_bit_shows(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *line = a_line("{\"number\":1,\"text\":\"a\"", chain_start);
    size_t size = strlen(line);
    for (size_t i = 0; i < size * 8; i++) {
        CLEANUP(mem_freep) char *other = mem_copy(line);
        struct chain_line read = {.json = NULL};
        other[i / 8] = (char)(other[i / 8] ^ (1 << i % 8));
        assert_false(chain_read(other, size, &read));
    }
}

static void other_lines_are_none(void **state)
{
    (void)state;
    assert_broken("");
    assert_broken("{}");
    assert_broken("{\"number\":1}");
    CLEANUP(mem_freep) char *no_digits = mem_copy(chain_start);
    no_digits[5] = 'x';
    CLEANUP(mem_freep) char *no_hash = a_line("{\"number\":1", no_digits);
    assert_broken(no_hash);
    CLEANUP(mem_freep) char *twice = a_line("{\"before\":\"x\"", chain_start);
    assert_broken(twice);
    CLEANUP(mem_freep) char *line = a_line("{\"number\":1", chain_start);
    CLEANUP(mem_freep) char *longer = mem_printf("%s ", line);
    CLEANUP(mem_freep) char *shifted = mem_printf(" %s", line);
    assert_broken(longer);
    assert_broken(shifted);
}

static void a_text_is_cut_into_its_lines(void **state)
{
    (void)state;
    struct chain_cursor cursor = {.text = "a\n\nbc", .size = 5};
    struct chain_piece piece;
    assert_true(chain_next(&cursor, &piece));
    assert_true(piece.size == 1 && piece.is_whole && !piece.is_last);
    assert_true(chain_next(&cursor, &piece));
    assert_true(piece.size == 0 && piece.is_whole && !piece.is_last);
    assert_true(chain_next(&cursor, &piece));
    assert_true(piece.size == 2 && !piece.is_whole && piece.is_last);
    assert_false(chain_next(&cursor, &piece));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(the_hash_is_that_of_the_one_before_and_the_bytes),
        cmocka_unit_test(every_changed_bit_shows),
        cmocka_unit_test(other_lines_are_none),
        cmocka_unit_test(a_text_is_cut_into_its_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
