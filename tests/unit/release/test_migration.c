#include "a_release.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "headgate/clock.h"
#include "headgate/file.h"

#define NOON INT64_C(1795694523000000) /* 2026-11-26 12:02:03 */

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf r");
    return 0;
}

/* Its path below the release's folder; the caller's. */
static char *create(const char *name, int64_t now_usec)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = NULL;
    assert_ok(migration_create(folder(), name, now_usec, &path, &err));
    assert_true(text_starts(path, folder()));
    return mem_copy(path + strlen(folder()) + 1);
}

static void expect_created(const char *name, const char *wanted)
{
    (void)fresh(NULL);
    CLEANUP(mem_freep) char *path = create(name, NOON);
    CLEANUP(mem_freep) char *full = mem_printf("20261126120203_%s/migration.sql", wanted);
    assert_string_equal(path, full);
}

static void every_migration_is_found_by_its_name(void **state)
{
    (void)state;
    for (int n = 0; n <= 5; n++) {
        (void)fresh(NULL);
        scratch_sh("mkdir -p r");
        for (int i = 0; i < n; i++) {
            CLEANUP(mem_freep) char *name = mem_printf("%d_x", i * 2 + 1);
            migration(name, "select 1;");
        }
        CLEANUP(release_freep) struct release *release = read_it();
        for (int i = 0; i < n; i++) {
            CLEANUP(mem_freep) char *name = mem_printf("%d_x", i * 2 + 1);
            assert_ptr_equal(release_find(release, name), &release->migrations[i]);
        }
        assert_null(release_find(release, "0_x"));
        assert_null(release_find(release, "4_x"));
        assert_null(release_find(release, "99_x"));
        assert_null(release_find(release, ""));
    }
}

static void the_text_is_read_again_when_it_is_needed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    migration("1_a", "select 1;\\n");
    CLEANUP(release_freep) struct release *release = read_it();
    strbuf_add(&text, "what stood there before");
    assert_ok(migration_load(&release->migrations[0], &text, &err));
    assert_string_equal(text.text, "select 1;\n");
    assert_int_equal(text.size, 10);
}

static void a_text_that_has_changed_is_refused(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    migration("1_a", "select 1;\\n");
    CLEANUP(release_freep) struct release *release = read_it();
    static const char *const changes[] = {"printf 'select 2;\\n' > r/1_a/migration.sql",
                                          "printf 'select 1;\\r\\n' > r/1_a/migration.sql",
                                          "printf 'select 1;' > r/1_a/migration.sql",
                                          ": > r/1_a/migration.sql"};
    strbuf_add(&text, "untouched");
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        scratch_sh("%s", changes[i]);
        assert_fails(migration_load(&release->migrations[0], &text, &err), ERROR_STALE);
        assert_contains(err.message, "1_a/migration.sql has changed since the release was read");
        assert_contains(err.hint, "Nothing of it was run.");
        assert_string_equal(text.text, "untouched");
    }
}

static void a_text_that_is_gone_is_a_failure(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    migration("1_a", "select 1;");
    CLEANUP(release_freep) struct release *release = read_it();
    scratch_sh("rm -r r/1_a");
    assert_fails(migration_load(&release->migrations[0], &text, &err), ERROR_IO);
}

static const char *sha256(const char *printf_text)
{
    return scratch_out("printf '%s' | sha256sum | cut -d' ' -f1", printf_text);
}

static void a_checksum_matches_whatever_the_line_breaks(void **state)
{
    (void)state;
    migration("1_unix", "a\\nb\\n");
    migration("2_dos", "a\\r\\nb\\r\\n");
    CLEANUP(release_freep) struct release *release = read_it();
    const char *lf = sha256("a\\nb\\n"), *crlf = sha256("a\\r\\nb\\r\\n");
    for (size_t i = 0; i < 2; i++) {
        assert_true(migration_matches(&release->migrations[i], lf));
        assert_true(migration_matches(&release->migrations[i], crlf));
        assert_false(migration_matches(&release->migrations[i], sha256("a\\nb")));
        assert_false(migration_matches(&release->migrations[i], sha256("a\\nc\\n")));
        assert_false(migration_matches(&release->migrations[i], ""));
    }
}

/* What Prisma before 2.20 stored: each byte without its leading zero. */
static char *unpadded(const char *hex)
{
    struct strbuf out = STRBUF_INIT;
    for (; *hex != '\0'; hex += 2) {
        if (hex[0] != '0') {
            strbuf_add_char(&out, hex[0]);
        }
        strbuf_add_char(&out, hex[1]);
    }
    return strbuf_take(&out);
}

static void a_checksum_without_padding_matches(void **state)
{
    (void)state;
    migration("1_a", "select 1;\\n");
    CLEANUP(release_freep) struct release *release = read_it();
    const struct migration *m = &release->migrations[0];
    CLEANUP(mem_freep) char *old = unpadded(m->checksum);
    CLEANUP(mem_freep) char *old_crlf = unpadded(sha256("select 1;\\r\\n"));
    assert_true(strlen(old) < 64); /* else this test tells nothing */
    assert_true(strlen(old_crlf) < 64);
    assert_true(migration_matches(m, old));
    assert_true(migration_matches(m, old_crlf));
    for (size_t n = 0; n < strlen(old); n++) {
        CLEANUP(mem_freep) char *cut = mem_copy_n(old, n);
        assert_false(migration_matches(m, cut));
    }
    CLEANUP(mem_freep) char *longer = mem_printf("%s0", old);
    assert_false(migration_matches(m, longer));
    old[3] = old[3] == 'a' ? 'b' : 'a';
    assert_false(migration_matches(m, old));
}

static void a_known_old_checksum_matches(void **state)
{
    (void)state;
    migration("1_a", "hello");
    CLEANUP(release_freep) struct release *release = read_it();
    const struct migration *m = &release->migrations[0];
    assert_true(
        migration_matches(m, "2cf24dba5fb0a3e26e83b2ac5b9e29e1b161e5c1fa7425e7343362938b9824"));
    assert_false(
        migration_matches(m, "2cf24dba5fb0a3e26e83b2ac5b9e29e1b161e5c1fa7425e7343362938b9825"));
    assert_false(
        migration_matches(m, "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"));
}

static void a_name_is_brought_into_shape(void **state)
{
    (void)state;
    expect_created("add_users", "add_users");
    expect_created("Add Users", "add_users");
    expect_created("Add Users' e-mail", "add_users_e_mail");
    expect_created("  --x//y..z  ", "x_y_z");
    expect_created("../../etc/passwd", "etc_passwd");
    expect_created("7", "7");
    expect_created("caf\xc3\xa9 au lait", "caf_au_lait");
    CLEANUP(mem_freep) char *ninety_nine = mem_printf("%099d", 0);
    CLEANUP(mem_freep) char *too_long = mem_printf("%s_%0200d", ninety_nine, 1);
    expect_created(too_long, ninety_nine);
}

static void a_name_without_letter_or_digit_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", " ", "--", "'", "\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        char *path = NULL;
        assert_fails(migration_create(folder(), names[i], NOON, &path, &err), ERROR_USAGE);
        assert_null(path);
    }
    assert_false(path_exists(folder()));
}

static void a_new_migration_is_one_comment(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"Add users", "-- Add users\n"},
                                           {"a\nb", "-- a b\n"},
                                           {"a\n", "-- a \n"},
                                           {"a\rdrop table x", "-- a drop table x\n"},
                                           {"a\n\n\tb", "-- a   b\n"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        (void)fresh(NULL);
        CLEANUP(mem_freep) char *path = create(names[i][0], NOON);
        CLEANUP(mem_freep) char *full = path_join(folder(), path);
        assert_ok(file_read(full, 1000, &text, &err));
        assert_string_equal(text.text, names[i][1]);
    }
}

static void a_new_migration_makes_a_release(void **state)
{
    (void)state;
    mem_free(create("first", NOON));
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 1);
    assert_string_equal(release->migrations[0].name, "20261126120203_first");
}

static void the_folders_above_are_made(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = NULL;
    CLEANUP(mem_freep) char *deep = mem_printf("%s/a/b/", folder());
    assert_ok(migration_create(deep, "x", NOON, &path, &err));
    assert_true(path_exists(path));
    assert_null(strstr(path, "//"));
}

static void the_next_one_is_always_later(void **state)
{
    (void)state;
    static const char *const names[] = {"20261126120203_one", "20261126120204_two",
                                        "20261126120205_one", "20261126120206_last"};
    const char *const asked[] = {"one", "two", "one", "last"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(mem_freep) char *path = create(asked[i], NOON - (i == 3 ? 86400000000 : 0));
        CLEANUP(mem_freep) char *wanted = mem_printf("%s/migration.sql", names[i]);
        assert_string_equal(path, wanted);
    }
}

static void a_migration_from_the_future_is_followed(void **state)
{
    (void)state;
    static const char *const futures[][2] = {{"20261231235959_x", "20270101000000_y"},
                                             {"20280228235959_x", "20280229000000_y"},
                                             {"20300615115959_x", "20300615120000_y"},
                                             {"20261126120203", "20261126120204_y"}};
    for (size_t i = 0; i < ARRAY_LEN(futures); i++) {
        (void)fresh(NULL);
        migration("20260101000000_old", "select 1;");
        migration(futures[i][0], "select 1;");
        CLEANUP(mem_freep) char *path = create("y", NOON);
        CLEANUP(mem_freep) char *wanted = mem_printf("%s/migration.sql", futures[i][1]);
        assert_string_equal(path, wanted);
    }
}

static void only_folders_that_begin_with_a_time_count(void **state)
{
    (void)state;
    migration("9_x", "select 1;");
    migration("203001010000000_fifteen", "select 1;");
    migration("init", "select 1;");
    scratch_sh("touch r/20300101000000_notes.txt");
    CLEANUP(mem_freep) char *path = create("y", NOON);
    assert_string_equal(path, "20261126120203_y/migration.sql");
}

static void after_digits_that_are_no_time_nothing_can_come(void **state)
{
    (void)state;
    static const char *const names[] = {"99999999999999_x", "20271301000000_x", "99991231235959_x"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        char *path = NULL;
        (void)fresh(NULL);
        migration(names[i], "select 1;");
        assert_fails(migration_create(folder(), "y", NOON, &path, &err), ERROR_CONFIG);
        assert_contains(err.message, names[i]);
        assert_contains(err.hint, "Rename it.");
        assert_string_equal(scratch_out("ls r | grep -c _y || true"), "0");
    }
}

static void the_lock_file_is_made_once(void **state)
{
    (void)state;
    mem_free(create("a", NOON));
    assert_contains(scratch_out("cat r/migration_lock.toml"), "provider = \"postgresql\"");
    scratch_sh("echo 'provider = \"postgres\"' > r/migration_lock.toml");
    mem_free(create("b", NOON));
    assert_string_equal(scratch_out("cat r/migration_lock.toml"), "provider = \"postgres\"");
}

static void a_folder_that_cannot_be_made_is_a_failure(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *path = NULL;
    scratch_sh("touch r");
    assert_fails(migration_create(folder(), "y", NOON, &path, &err), ERROR_IO);
    assert_null(path);
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *path = NULL;
    mem_free(create("a", NOON));
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    bool made = migration_create(folder(), "b", NOON, &path, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(made);
    assert_int_equal(err.code, ERROR_IO);
    assert_null(path);
    assert_string_equal(scratch_out("ls r"), "20261126120203_a\nmigration_lock.toml");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(every_migration_is_found_by_its_name),
        TEST(the_text_is_read_again_when_it_is_needed),
        TEST(a_text_that_has_changed_is_refused),
        TEST(a_text_that_is_gone_is_a_failure),
        TEST(a_checksum_matches_whatever_the_line_breaks),
        TEST(a_checksum_without_padding_matches),
        TEST(a_known_old_checksum_matches),
        TEST(a_name_is_brought_into_shape),
        TEST(a_name_without_letter_or_digit_is_refused),
        TEST(a_new_migration_is_one_comment),
        TEST(a_new_migration_makes_a_release),
        TEST(the_folders_above_are_made),
        TEST(the_next_one_is_always_later),
        TEST(a_migration_from_the_future_is_followed),
        TEST(only_folders_that_begin_with_a_time_count),
        TEST(after_digits_that_are_no_time_nothing_can_come),
        TEST(the_lock_file_is_made_once),
        TEST(a_folder_that_cannot_be_made_is_a_failure),
        TEST(what_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests_name("release/migration", tests, NULL, NULL);
}
