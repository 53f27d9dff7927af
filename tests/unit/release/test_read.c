#include "a_release.h"

#include <string.h>

#include "headgate/file.h"
#include "private.h"

static int fresh(void **state)
{
    (void)state;
    scratch_sh("chmod -R u+rwX r 2>/dev/null; rm -rf r outside; mkdir r");
    return 0;
}

/* Refused with exactly these problems, in their order; NULL terminated. */
static void expect_problems(const char *const *wanted)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct release *untouched = (struct release *)&err, *release = untouched;
    size_t n = 0;
    assert_fails(release_read(folder(), &release, &err), ERROR_CONFIG);
    assert_ptr_equal(release, untouched);
    assert_contains(err.message, "/r has ");
    for (; wanted[n] != NULL; n++) {
        assert_true(n < err.problems.n);
        assert_contains(err.problems.items[n].message, wanted[n]);
        assert_non_null(err.problems.items[n].file);
    }
    assert_int_equal(err.problems.n, n);
}

static void expect_problem(const char *wanted)
{
    expect_problems((const char *const[]){wanted, NULL});
}

static void digest_of(char ret_digest[HASH_HEX_SIZE])
{
    CLEANUP(release_freep) struct release *release = read_it();
    memcpy(ret_digest, release->digest, HASH_HEX_SIZE);
}

static void migrations_come_in_the_byte_order_of_their_names(void **state)
{
    (void)state;
    migration("20260103000000_c", "select 3;");
    migration("20260101000000_a", "select 1;");
    migration("0_init", "select 0;");
    migration("20260102000000_B", "select 2;");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 4);
    assert_string_equal(release->migrations[0].name, "0_init");
    assert_string_equal(release->migrations[1].name, "20260101000000_a");
    assert_string_equal(release->migrations[2].name, "20260102000000_B");
    assert_string_equal(release->migrations[3].name, "20260103000000_c");
    assert_string_equal(release->folder, folder());
    assert_contains(release->migrations[0].path, "/r/0_init/migration.sql");
}

static void a_checksum_is_the_sha256_of_the_bytes(void **state)
{
    (void)state;
    migration("1_a", "hello");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_string_equal(release->migrations[0].checksum,
                        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_string_equal(release->migrations[0].checksum,
                        scratch_out("sha256sum r/1_a/migration.sql | cut -d' ' -f1"));
}

static void the_checksums_of_other_line_breaks_are_taken_too(void **state)
{
    (void)state;
    migration("1_mixed", "a\\r\\nb\\nc\\rd\\n\\n");
    CLEANUP(release_freep) struct release *release = read_it();
    const struct migration *m = &release->migrations[0];
    assert_string_equal(m->checksum_lf,
                        scratch_out("printf 'a\\nb\\nc\\rd\\n\\n' | sha256sum | cut -d' ' -f1"));
    assert_string_equal(
        m->checksum_crlf,
        scratch_out("printf 'a\\r\\r\\nb\\r\\nc\\rd\\r\\n\\r\\n' | sha256sum | cut -d' ' -f1"));
}

static void without_line_breaks_all_checksums_are_one(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    CLEANUP(release_freep) struct release *release = read_it();
    const struct migration *m = &release->migrations[0];
    assert_string_equal(m->checksum_lf, m->checksum);
    assert_string_equal(m->checksum_crlf, m->checksum);
}

static void the_digest_changes_with_name_content_and_order(void **state)
{
    (void)state;
    char first[HASH_HEX_SIZE], other[HASH_HEX_SIZE];
    migration("1_a", "select 1;");
    migration("2_b", "select 2;");
    digest_of(first);
    digest_of(other);
    assert_string_equal(first, other);
    scratch_sh("mv r/2_b r/2_c");
    digest_of(other);
    assert_string_not_equal(first, other);
    scratch_sh("mv r/2_c r/2_b && printf ' ' >> r/2_b/migration.sql");
    digest_of(other);
    assert_string_not_equal(first, other);
    migration("1_a", "select 2;");
    migration("2_b", "select 1;");
    digest_of(other);
    assert_string_not_equal(first, other);
    migration("1_a", "select 1;");
    migration("2_b", "select 2;");
    digest_of(other);
    assert_string_equal(first, other);
    migration("3_d", "select 3;");
    digest_of(other);
    assert_string_not_equal(first, other);
}

static void the_digest_is_what_its_definition_says(void **state)
{
    (void)state;
    migration("1_a", "hello");
    char digest[HASH_HEX_SIZE];
    digest_of(digest);
    assert_string_equal(
        digest,
        scratch_out("printf '3:1_a64:%%s' \"$(printf hello | sha256sum | cut -d' ' -f1)\" | "
                    "sha256sum | cut -d' ' -f1"));
}

static void stray_files_and_hidden_folders_are_no_migrations(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    scratch_sh("touch r/README.md r/seed.sql && mkdir r/.git r/.hidden && ln -s nowhere r/.link");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 1);
}

static void an_empty_folder_is_a_release_without_migrations(void **state)
{
    (void)state;
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 0);
    assert_int_equal(strlen(release->digest), 64);
}

static void a_trailing_slash_changes_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = NULL;
    migration("1_a", "select 1;");
    CLEANUP(mem_freep) char *with_slash = mem_printf("%s/", folder());
    assert_ok(release_read(with_slash, &release, &err));
    assert_int_equal(release->n, 1);
    assert_null(strstr(release->migrations[0].path, "//"));
}

static void neither_a_folder_nor_a_file_is_refused(void **state)
{
    (void)state;
    scratch_sh("rm -rf r");
    for (int i = 0; i < 2; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct release *release = NULL;
        assert_fails(release_read(folder(), &release, &err), ERROR_CONFIG);
        assert_contains(err.message, "there is no folder of migrations at ");
        assert_contains(err.hint, "--release");
        scratch_sh("rm -f r; mkfifo r");
    }
}

static void all_problems_are_told_at_once(void **state)
{
    (void)state;
    scratch_sh("mkdir r/1_none");
    migration("2_empty", "");
    migration("3_blank", " \\n\\t\\r\\n");
    migration("4_nul", "select 1;\\n -- \\000 x");
    migration("5_latin1", "select 1;\\n-- caf\\351\\n");
    migration("6_good", "select 1;");
    expect_problems((const char *const[]){"the folder has no migration.sql", "the file is empty",
                                          "the file is empty", "the file holds a NUL byte",
                                          "the file is not UTF-8", NULL});
}

static void a_bad_byte_is_told_with_its_place(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct release *release = NULL;
    migration("5_latin1", "select 1;\\n-- caf\\351\\n");
    assert_fails(release_read(folder(), &release, &err), ERROR_CONFIG);
    assert_contains(err.message, " has 1 mistake");
    assert_null(strstr(err.message, "mistakes"));
    assert_int_equal(err.problems.items[0].line, 2);
    assert_int_equal(err.problems.items[0].column, 7);
    assert_contains(err.problems.items[0].file, "/r/5_latin1/migration.sql");
}

static void what_postgresql_takes_for_utf8_is_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "\xef\xbb\xbf_"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2x",
                                      "\xe0\x9f\xbf",
                                      "\xe2\x82",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x98",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(text_good_length(good[i], strlen(good[i])), strlen(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(mem_freep) char *text = mem_printf("ab%s", bad[i]);
        assert_int_equal(text_good_length(text, strlen(text)), 2);
    }
}

static void two_migrations_of_one_second_have_no_order(void **state)
{
    (void)state;
    migration("20260101000000_a", "select 1;");
    migration("20260101000000_b", "select 2;");
    migration("20260101000001_c", "select 3;");
    expect_problem("\"20260101000000_a\" and \"20260101000000_b\" have the same time");
}

static void names_that_begin_with_no_time_may_begin_alike(void **state)
{
    (void)state;
    migration("202601010000_a", "select 1;");
    migration("202601010000_b", "select 2;");
    migration("202601020000000_c", "select 3;");
    migration("20260103000000_d", "select 4;");
    migration("init_a", "select 5;");
    migration("init_b", "select 6;");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 6);
}

static void lock_file(const char *text)
{
    scratch_sh("printf '%s' > r/migration_lock.toml", text);
}

static void migrations_of_another_provider_are_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"provider = \"mysql\"\\n",
                                         "provider=\"sqlite\"",
                                         "provider = \"cockroachdb\" # x\\n",
                                         "provider = mysql\\n",
                                         "# a comment\\n\\nprovider   =   \"sqlserver\"\\r\\n",
                                         "provider = \"\"\\n",
                                         "provider"};
    migration("1_a", "select 1;");
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        lock_file(others[i]);
        expect_problem("these migrations are not for PostgreSQL");
    }
    lock_file("provider = '\"'\"'mysql'\"'\"'\\n");
    expect_problem("these migrations are not for PostgreSQL");
}

static void the_other_provider_is_told_with_its_place(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct release *release = NULL;
    lock_file("# a comment\\nprovider = \"mysql\"\\n");
    assert_fails(release_read(folder(), &release, &err), ERROR_CONFIG);
    assert_int_equal(err.problems.items[0].line, 2);
    assert_int_equal(err.problems.items[0].column, 13);
    assert_int_equal(err.problems.items[0].width, 5);
}

static void lock_files_for_postgresql_are_fine(void **state)
{
    (void)state;
    static const char *const ours[] = {
        "provider = \"postgresql\"\\n",
        "provider=\"postgres\"",
        "provider = postgresql\\r\\n",
        "# Please do not edit\\nprovider = \"postgresql\" # \"mysql\"\\n",
        "",
        "# no provider\\n"};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        lock_file(ours[i]);
        CLEANUP(release_freep) struct release *release = read_it();
        assert_int_equal(release->n, 0);
    }
}

static void a_lock_file_that_cannot_be_read_is_a_failure(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct release *release = NULL;
    scratch_sh("mkdir r/migration_lock.toml");
    scratch_sh("printf 'select 1;' > r/migration_lock.toml/migration.sql");
    assert_fails(release_read(folder(), &release, &err), ERROR_IO);
    assert_contains(err.message, "migration_lock.toml");
}

static void a_link_within_the_release_is_followed(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    scratch_sh("mkdir r/.data && mv r/1_a r/.data/x && ln -s .data/x r/1_a");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 1);
    assert_string_equal(release->migrations[0].name, "1_a");
}

static void a_release_may_itself_be_reached_by_a_link(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = NULL;
    migration("1_a", "select 1;");
    scratch_sh("ln -sfn r link");
    CLEANUP(mem_freep) char *link = path_join(scratch_dir(), "link");
    assert_ok(release_read(link, &release, &err));
    assert_int_equal(release->n, 1);
}

static void links_out_of_the_release_are_refused(void **state)
{
    (void)state;
    /* "r-not" begins with the release's own path */
    scratch_sh("rm -rf outside r-not && mkdir -p outside/2_b r-not && printf 'select 1;' > "
               "outside/2_b/migration.sql && "
               "cp outside/2_b/migration.sql r-not/");
    migration("1_a", "select 1;");
    scratch_sh("ln -s ../outside/2_b r/2_b && ln -s ../r-not r/3_c && mkdir r/4_d && "
               "ln -s ../../outside/2_b/migration.sql r/4_d/migration.sql");
    expect_problems((const char *const[]){"outside of the release", "outside of the release",
                                          "outside of the release", NULL});
}

static void a_link_that_leads_nowhere_is_a_missing_migration(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    scratch_sh("ln -s gone r/2_b && ln -s 3_c r/3_c");
    expect_problems(
        (const char *const[]){"this link leads nowhere", "this link leads nowhere", NULL});
}

static void what_is_not_a_file_is_never_opened(void **state)
{
    (void)state;
    scratch_sh("mkdir -p r/1_pipe r/2_folder/migration.sql && mkfifo r/1_pipe/migration.sql");
    expect_problems((const char *const[]){"this is not a file", "this is not a file", NULL});
}

static void a_file_that_cannot_be_looked_at_is_told(void **state)
{
    (void)state;
    scratch_sh("mkdir r/1_a && ln -s migration.sql r/1_a/migration.sql");
    expect_problem("the folder has no migration.sql that can be seen: Too many levels");
}

static void a_file_that_is_too_large_is_told(void **state)
{
    (void)state;
    scratch_sh("mkdir r/1_a && truncate -s 257M r/1_a/migration.sql");
    expect_problem("is larger than");
}

static void a_name_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    scratch_sh(
        "d=$(printf 'r/1_caf\\351'); mkdir \"$d\" && printf 'select 1;' > \"$d/migration.sql\"");
    expect_problem("the name of the folder \"1_caf...\" is not UTF-8");
}

static void a_release_of_none_is_freed(void **state)
{
    (void)state;
    struct release *release = NULL;
    release_freep(&release);
    assert_null(release);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(migrations_come_in_the_byte_order_of_their_names),
        TEST(a_checksum_is_the_sha256_of_the_bytes),
        TEST(the_checksums_of_other_line_breaks_are_taken_too),
        TEST(without_line_breaks_all_checksums_are_one),
        TEST(the_digest_changes_with_name_content_and_order),
        TEST(the_digest_is_what_its_definition_says),
        TEST(stray_files_and_hidden_folders_are_no_migrations),
        TEST(an_empty_folder_is_a_release_without_migrations),
        TEST(a_trailing_slash_changes_nothing),
        TEST(neither_a_folder_nor_a_file_is_refused),
        TEST(all_problems_are_told_at_once),
        TEST(a_bad_byte_is_told_with_its_place),
        TEST(what_postgresql_takes_for_utf8_is_utf8),
        TEST(two_migrations_of_one_second_have_no_order),
        TEST(names_that_begin_with_no_time_may_begin_alike),
        TEST(migrations_of_another_provider_are_refused),
        TEST(the_other_provider_is_told_with_its_place),
        TEST(lock_files_for_postgresql_are_fine),
        TEST(a_lock_file_that_cannot_be_read_is_a_failure),
        TEST(a_link_within_the_release_is_followed),
        TEST(a_release_may_itself_be_reached_by_a_link),
        TEST(links_out_of_the_release_are_refused),
        TEST(a_link_that_leads_nowhere_is_a_missing_migration),
        TEST(what_is_not_a_file_is_never_opened),
        TEST(a_file_that_cannot_be_looked_at_is_told),
        TEST(a_file_that_is_too_large_is_told),
        TEST(a_name_that_is_not_utf8_is_refused),
        TEST(a_release_of_none_is_freed),
    };
    return cmocka_run_group_tests_name("release/read", tests, NULL, NULL);
}
