/*
 * Paths, as texts and as what stands there.
 */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headgate/file.h"

/* The scratch folder with a tree in it; the tests run there. */
static int go_to_a_tree(void **state)
{
    (void)state;
    scratch_sh("mkdir -p a/b/c && touch a/file a/b/file && mkdir a/file.d && ln -s a/b link && ln "
               "-s none dangling");
    return chdir(scratch_dir());
}

static int leave(void **state)
{
    (void)state;
    return chdir("/");
}

/* This below the current folder, in full. */
static char *full(const char *relative)
{
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    return mem_printf("%s%s", here, relative);
}

static void parts_are_joined_with_one_slash(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"},        {"/", "b", "/b"},  {"", "b", "b"},
        {"a", "/b", "/b"}, {"a/b", "c/d", "a/b/c/d"}, {".", "b", "./b"}, {"a", "../b", "a/../b"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *joined = path_join(rows[i][0], rows[i][1]);
        assert_string_equal(joined, rows[i][2]);
    }
}

static void every_path_has_a_parent(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a/b", "a"},  {"a/b/c", "a/b"}, {"/a/b", "/a"}, {"/a", "/"},   {"/", "/"},
        {"a", "."},    {"", "."},        {"a/", "."},    {"a/b/", "a"}, {"/a/b//", "/a"},
        {"a//b", "a"}, {"//a", "/"},     {"///", "/"},   {".", "."},    {"./a", "."},
        {"a/..", "a"}, {"/a/", "/"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *parent = path_parent(rows[i][0]);
        assert_string_equal(parent, rows[i][1]);
    }
}

static void the_name_is_what_stands_behind_the_last_slash(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a/b", "b"}, {"/a", "a"}, {"a", "a"}, {"a/b.sql", "b.sql"}, {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(path_name(rows[i][0]), rows[i][1]);
    }
}

static void what_stands_there_is_told(void **state)
{
    (void)state;
    assert_true(path_exists("a/file"));
    assert_true(path_exists("a/b"));
    assert_true(path_exists("link/file"));
    assert_false(path_exists("none"));
    assert_false(path_exists("dangling"));
    assert_false(path_exists("a/file/x"));
    assert_false(path_exists(""));
    assert_true(path_is_folder("a/b"));
    assert_true(path_is_folder("link"));
    assert_true(path_is_folder("/"));
    assert_false(path_is_folder("a/file"));
    assert_false(path_is_folder("none"));
    assert_false(path_is_folder("dangling"));
}

static void paths_below_the_current_folder_are_shown_relative_to_it(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "."},       {"/", "."},       {"//", "."},       {"/a", "a"},
        {"/a/b", "a/b"}, {"//a/b", "a/b"}, {"/none", "none"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *path = full(rows[i][0]);
        CLEANUP(mem_freep) char *shown = path_display(path);
        assert_string_equal(shown, rows[i][1]);
    }
}

static void other_paths_are_shown_as_they_are(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *beside = full("-beside/x");
    CLEANUP(mem_freep) char *above = path_parent(beside);
    const char *const paths[] = {"a/b", "./a",      "../x",       ".",    "",
                                 "/",   "/nowhere", "/nowhere/a", beside, above};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        CLEANUP(mem_freep) char *shown = path_display(paths[i]);
        assert_string_equal(shown, paths[i]);
    }
}

static void from_the_root_every_path_is_shown_in_full(void **state)
{
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    assert_int_equal(chdir("/"), 0);
    CLEANUP(mem_freep) char *shown = path_display("/etc/passwd");
    CLEANUP(mem_freep) char *root = path_display("/");
    assert_int_equal(chdir(here), 0);
    assert_string_equal(shown, "/etc/passwd");
    assert_string_equal(root, "/");
    (void)state;
}

static void a_folder_that_was_removed_does_not_matter(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    CLEANUP(mem_freep) char *gone = full("/gone/x");
    scratch_sh("mkdir gone");
    assert_int_equal(chdir("gone"), 0);
    scratch_sh("rmdir gone");
    CLEANUP(mem_freep) char *shown = path_display(gone);
    CLEANUP(mem_freep) char *found = path_find_upwards(".", "file");
    assert_int_equal(chdir(here), 0);
    assert_string_equal(shown, gone);
    assert_null(found);
}

static void assert_found(const char *from, const char *relative, const char *wanted)
{
    CLEANUP(mem_freep) char *found = path_find_upwards(from, relative);
    CLEANUP(mem_freep) char *path = wanted != NULL ? full(wanted) : NULL;
    if (!text_equal(found, path)) {
        fail_msg("%s from %s: %s", relative, from, found != NULL ? found : "none");
    }
}

static void the_nearest_file_upwards_is_found(void **state)
{
    (void)state;
    assert_found("a/b", "file", "/a/b/file");
    assert_found("a/b/c", "file", "/a/b/file");
    assert_found("a", "file", "/a/file");
    assert_found("a/file.d", "file", "/a/file");
    assert_found("a/b/c", "a/file", "/a/file");
    assert_found("a/b/c", "b/c", "/a/b/c");
    assert_found("a/b/file", "file.d", "/a/file.d"); /* from a file */
    assert_found("link/c", "file", "/a/b/file");     /* from where the link leads */
    assert_found(".", "a", "/a");
    assert_found("a/b", "no-such-file-5318", NULL);
    assert_found("none", "file", NULL);
    assert_found(".", "dangling", NULL);
    CLEANUP(mem_freep) char *root = path_find_upwards("a/b", "proc/self");
    assert_string_equal(root, "/proc/self");
}

static void the_way_from_a_folder_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *path, *way;
    } rows[] = {
        {"/a/b", "/a/b/c/d", "c/d"},
        {"/a/b", "/a/c", "../c"},
        {"/a/b", "/a/bc/x", "../bc/x"},
        {"/a/bc", "/a/b", "../b"},
        {"/", "/x", "x"},
        {"/a/b", "/", "../../"},
        {"/a/b/c", "/x/y", "../../../x/y"},
        {"/a/b", "/a", "../"},
        {"/a", "/a", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *way = path_from(rows[i].folder, rows[i].path);
        assert_string_equal(way, rows[i].way);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_joined_with_one_slash),
        cmocka_unit_test(every_path_has_a_parent),
        cmocka_unit_test(the_name_is_what_stands_behind_the_last_slash),
        cmocka_unit_test(what_stands_there_is_told),
        cmocka_unit_test(paths_below_the_current_folder_are_shown_relative_to_it),
        cmocka_unit_test(other_paths_are_shown_as_they_are),
        cmocka_unit_test(from_the_root_every_path_is_shown_in_full),
        cmocka_unit_test(a_folder_that_was_removed_does_not_matter),
        cmocka_unit_test(the_nearest_file_upwards_is_found),
        cmocka_unit_test(the_way_from_a_folder_is_found),
    };
    return cmocka_run_group_tests(tests, go_to_a_tree, leave);
}
