#include "problems.h"

#include <string.h>

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf r outside; mkdir r");
    return 0;
}

static void digest_of(char ret_digest[HASH_HEX_SIZE])
{
    CLEANUP(release_freep) struct release *release = read_it();
    memcpy(ret_digest, release->digest, HASH_HEX_SIZE);
}

static void a_down_is_read_and_hashed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    migration("1_a", "select 1;");
    migration("2_b", "select 2;");
    file("2_b/down.sql", "hello");
    CLEANUP(release_freep) struct release *release = read_it();
    const struct migration *a = &release->migrations[0], *b = &release->migrations[1];
    assert_null(a->down_path);
    assert_string_equal(a->down_checksum, "");
    assert_int_equal(a->size, 9);
    assert_contains(b->down_path, "/r/2_b/down.sql");
    assert_int_equal(b->down_size, 5);
    assert_string_equal(b->down_checksum,
                        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_ok(migration_load_down(b, &text, &err));
    assert_string_equal(text.text, "hello");
    file("2_b/down.sql", "hellO");
    assert_fails(migration_load_down(b, &text, &err), ERROR_STALE);
    assert_contains(err.message, "2_b/down.sql has changed");
}

static void a_release_without_one_keeps_its_digest(void **state)
{
    (void)state;
    char digest[HASH_HEX_SIZE];
    migration("1_a", "hello");
    digest_of(digest);
    assert_string_equal(
        digest,
        scratch_out("printf '3:1_a64:%%s' $(printf hello | sha256sum | cut -d' ' -f1) | sha256sum "
                    "| cut -d' ' -f1"));
}

static void a_down_is_part_of_the_digest_as_its_definition_says(void **state)
{
    (void)state;
    char digest[HASH_HEX_SIZE], other[HASH_HEX_SIZE];
    migration("1_a", "hello");
    file("1_a/down.sql", "bye");
    digest_of(digest);
    assert_string_equal(
        digest,
        scratch_out("s() { sha256sum | cut -d' ' -f1; }; printf '3:1_a64:%%s12:1_a/down.sql64:%%s' "
                    "$(printf hello | s) $(printf bye | s) | s"));
    file("1_a/down.sql", "byE");
    digest_of(other);
    assert_string_not_equal(digest, other);
    scratch_sh("mv r/1_a r/1_b && mkdir r/1_a && cp r/1_b/down.sql r/1_a/migration.sql");
    digest_of(other);
    assert_string_not_equal(digest, other);
}

static void a_down_is_checked_as_a_migration_is(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    file("1_a/down.sql", " \\n");
    expect_one("the file is empty", NULL);
    file("1_a/down.sql", "caf\\351");
    expect_one("the file is not UTF-8", NULL);
    file("1_a/down.sql", "x\\000");
    expect_one("the file holds a NUL byte", NULL);
    scratch_sh("rm r/1_a/down.sql && mkdir r/1_a/down.sql");
    expect_one("this is not a file", NULL);
    scratch_sh("rmdir r/1_a/down.sql && mkdir outside && echo x > outside/x && "
               "ln -s ../../outside/x r/1_a/down.sql");
    expect_one("this file is outside of the release: a link leads there", "copy it");
    scratch_sh("rm outside/x");
    expect_one("the folder has no down.sql", NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(a_down_is_read_and_hashed),
        TEST(a_release_without_one_keeps_its_digest),
        TEST(a_down_is_part_of_the_digest_as_its_definition_says),
        TEST(a_down_is_checked_as_a_migration_is),
    };
    return cmocka_run_group_tests_name("release/down", tests, NULL, NULL);
}
