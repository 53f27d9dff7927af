/*
 * Memory, descriptors and the comparison of texts.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <wchar.h>

#include "headgate/mem.h"

/* Under ASan as without it: too much is NULL, and what then happens is ours. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void new_memory_is_zeroed(void **state)
{
    (void)state;
    CLEANUP(mem_freep) unsigned char *bytes = mem_new(1000, 3);
    for (size_t i = 0; i < 3000; i++) {
        assert_int_equal(bytes[i], 0);
    }
}

static void no_bytes_are_still_memory(void **state)
{
    (void)state;
    CLEANUP(mem_freep) void *none = mem_new(0, 8);
    CLEANUP(mem_freep) void *empty = mem_new(8, 0);
    CLEANUP(mem_freep) void *resized = mem_resize(NULL, 0, 0);
    assert_non_null(none);
    assert_non_null(empty);
    assert_non_null(resized);
}

static void growing_and_shrinking_keep_what_is_there(void **state)
{
    (void)state;
    CLEANUP(mem_freep) int *numbers = mem_resize(NULL, 4, sizeof *numbers);
    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
    }
    numbers = mem_resize(numbers, 100000, sizeof *numbers);
    numbers[99999] = 7;
    numbers = mem_resize(numbers, 3, sizeof *numbers);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[2], 2);
}

static void a_copy_is_another_text(void **state)
{
    (void)state;
    char text[] = "abc";
    CLEANUP(mem_freep) char *copy = mem_copy(text);
    CLEANUP(mem_freep) char *part = mem_copy_n("a\0bcd", 4);
    CLEANUP(mem_freep) char *none = mem_copy_n(NULL, 0);
    text[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_memory_equal(part, "a\0bc", 5);
    assert_string_equal(none, "");
    assert_null(mem_copy(NULL));
}

static void printed_text_has_any_length(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *small = mem_printf("%s-%d", "a", 1);
    CLEANUP(mem_freep) char *large = mem_printf("%100000d", 5);
    assert_string_equal(small, "a-1");
    assert_int_equal(strlen(large), 100000);
    assert_int_equal(large[99999], '5');
}

static void wiped_memory_is_zero(void **state)
{
    (void)state;
    char secret[] = "hunter2!";
    mem_wipe(secret, 7);
    assert_memory_equal(secret, "\0\0\0\0\0\0\0!", 8);
}

static void destructors_leave_nothing_and_accept_nothing(void **state)
{
    (void)state;
    char *text = mem_copy("x");
    mem_freep(&text);
    assert_null(text);
    mem_freep(&text);
    mem_free(NULL);
}

static void take_leaves_null(void **state)
{
    (void)state;
    char *text = mem_copy("x");
    CLEANUP(mem_freep) char *taken = TAKE(text);
    assert_null(text);
    assert_string_equal(taken, "x");
}

static void a_descriptor_is_closed_once(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int other = fd;
    assert_true(fd >= 0);
    fd_closep(&fd);
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(other, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
    fd_closep(&fd);
}

static void a_taken_descriptor_stays_open(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CLEANUP(fd_closep) int taken = fd_take(&fd);
    fd_closep(&fd);
    assert_int_equal(fd, -1);
    assert_true(taken >= 0 && fcntl(taken, F_GETFD) >= 0);
}

static void texts_are_compared_also_when_there_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal, starts, ends;
    } rows[] = {
        {"abc", "abc", true, true, true},    {"abc", "ab", false, true, false},
        {"abc", "bc", false, false, true},   {"abc", "b", false, false, false},
        {"abc", "", false, true, true},      {"", "", true, true, true},
        {"", "a", false, false, false},      {"bc", "abc", false, false, false},
        {"abc", "ABC", false, false, false}, {NULL, "", false, false, false},
        {"", NULL, false, false, false},     {NULL, NULL, true, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(text_equal(rows[i].a, rows[i].b) != 0, rows[i].equal);
        assert_int_equal(text_starts(rows[i].a, rows[i].b) != 0, rows[i].starts);
        assert_int_equal(text_ends(rows[i].a, rows[i].b) != 0, rows[i].ends);
    }
}

static int want_new(const void *size)
{
    CLEANUP(mem_freep) void *memory = mem_new(*(const size_t *)size, 2);
    return memory != NULL;
}

static int want_resized(const void *size)
{
    CLEANUP(mem_freep) void *memory = mem_resize(NULL, *(const size_t *)size, 2);
    return memory != NULL;
}

static int want_unprintable(const void *text)
{
    CLEANUP(mem_freep) char *printed = mem_printf("%ls", (const wchar_t *)text);
    return printed != NULL;
}

static void without_memory_there_is_no_going_on(void **state)
{
    (void)state;
    size_t too_much = SIZE_MAX / 4, overflowing = SIZE_MAX / 2 + 2;
    assert_aborts(want_new, &too_much, "out of memory");
    assert_aborts(want_new, &overflowing, "out of memory");
    assert_aborts(want_resized, &too_much, "out of memory");
    assert_aborts(want_resized, &overflowing, "out of memory");
    assert_aborts(want_unprintable, L"\xd800", "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zeroed),
        cmocka_unit_test(no_bytes_are_still_memory),
        cmocka_unit_test(growing_and_shrinking_keep_what_is_there),
        cmocka_unit_test(a_copy_is_another_text),
        cmocka_unit_test(printed_text_has_any_length),
        cmocka_unit_test(wiped_memory_is_zero),
        cmocka_unit_test(destructors_leave_nothing_and_accept_nothing),
        cmocka_unit_test(take_leaves_null),
        cmocka_unit_test(a_descriptor_is_closed_once),
        cmocka_unit_test(a_taken_descriptor_stays_open),
        cmocka_unit_test(texts_are_compared_also_when_there_is_none),
        cmocka_unit_test(without_memory_there_is_no_going_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
