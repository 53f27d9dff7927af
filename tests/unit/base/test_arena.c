/*
 * One lifetime for many small things.
 */
#include "scratch.h"

#include <stdalign.h>
#include <string.h>

#include "headgate/arena.h"

static void what_it_gives_is_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    unsigned char *all[600];
    for (size_t size = 0; size < ARRAY_LEN(all); size++) {
        all[size] = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)all[size] % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(all[size][i], 0);
        }
        memset(all[size], (int)(size % 256), size);
    }
    for (size_t size = 0; size < ARRAY_LEN(all); size++) {
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(all[size][i], size % 256);
        }
    }
}

static void large_things_have_a_block_of_their_own(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    char *small = arena_copy(arena, "before");
    static const size_t sizes[] = {16 << 10, (16 << 10) - 1, (16 << 10) + 1, 1 << 20, 5 << 20};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        unsigned char *large = arena_alloc(arena, sizes[i]);
        char *after = arena_copy(arena, "after");
        assert_int_equal((uintptr_t)large % alignof(max_align_t), 0);
        assert_int_equal(large[0], 0);
        assert_int_equal(large[sizes[i] - 1], 0);
        memset(large, 0xff, sizes[i]);
        assert_string_equal(after, "after");
    }
    assert_string_equal(small, "before");
}

static void texts_are_copied(void **state)
{
    (void)state;
    char text[] = "hello";
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    char *copy = arena_copy(arena, text);
    char *part = arena_copy_n(arena, text, 4);
    char *none = arena_copy_n(arena, NULL, 0);
    char *printed = arena_printf(arena, "%s, %d", text, 42);
    char *large = arena_printf(arena, "%50000d", 7);
    memset(text, 'x', 5);
    assert_string_equal(copy, "hello");
    assert_string_equal(part, "hell");
    assert_string_equal(none, "");
    assert_string_equal(printed, "hello, 42");
    assert_int_equal(strlen(large), 50000);
    assert_null(arena_copy(arena, NULL));
}

static void no_arena_can_be_freed(void **state)
{
    (void)state;
    struct arena *arena = NULL;
    arena_freep(&arena);
    arena_free(NULL);
    arena = arena_new(); /* without anything in it */
    arena_freep(&arena);
    assert_null(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_gives_is_aligned_zeroed_and_apart),
        cmocka_unit_test(large_things_have_a_block_of_their_own),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(no_arena_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
