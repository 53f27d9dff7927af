#include "a_release.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf -- *; mkdir r");
    return 0;
}

static char *in_scratch(const char *name)
{
    return path_join(scratch_dir(), name);
}

static void a_rich_release(void)
{
    migration("1_a", "-- headgate: lock-timeout 5s\\nselect 1;\\r\\n");
    migration("20260101000000_x", "-- headgate: no-transaction\\nvacuum;");
    migration("'20260101000000_y${HOME}$'", "select 3;");
    migration("caf\xc3\xa9", "select 'caf\xc3\xa9';");
    file("20260101000000_x/down.sql", "-- headgate: statement-timeout 1s\\nselect 4;");
    file("migration_lock.toml", "provider = \"postgresql\"\\n");
    file(".headgate", "order 20260101000000_x 20260101000000_y${HOME}$\\n");
}

static void write_bundle(const char *name, bool force)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = read_it();
    CLEANUP(mem_freep) char *path = in_scratch(name);
    assert_ok(release_bundle_write(release, path, force, &err));
}

static struct release *read_bundle(const char *name)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch(name);
    struct release *release = NULL;
    assert_ok(release_read(path, &release, &err));
    return release;
}

static void expect_refused(const char *name, enum error_code code, const char *message,
                           const char *hint)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch(name);
    struct release *release = NULL;
    assert_fails(release_read(path, &release, &err), code);
    assert_null(release);
    assert_contains(err.problems.n > 0 ? err.problems.items[0].message : err.message, message);
    if (hint != NULL) {
        assert_contains(err.hint, hint);
    }
}

static void same_directives(const struct migration *a, const struct migration *b)
{
    assert_int_equal(a->no_transaction, b->no_transaction);
    assert_int_equal(a->lock_timeout, b->lock_timeout);
    assert_int_equal(a->statement_timeout, b->statement_timeout);
    assert_int_equal(a->down.no_transaction, b->down.no_transaction);
    assert_int_equal(a->down.lock_timeout, b->down.lock_timeout);
    assert_int_equal(a->down.statement_timeout, b->down.statement_timeout);
}

static void same_migration(const struct migration *a, const struct migration *b)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf left = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf right = STRBUF_INIT;
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->checksum, b->checksum);
    assert_string_equal(a->checksum_lf, b->checksum_lf);
    assert_string_equal(a->checksum_crlf, b->checksum_crlf);
    assert_string_equal(a->down_checksum, b->down_checksum);
    assert_int_equal(a->size, b->size);
    same_directives(a, b);
    assert_ok(migration_load(a, &left, &err));
    assert_ok(migration_load(b, &right, &err));
    assert_string_equal(left.text, right.text);
    assert_int_equal(a->down_path != NULL, b->down_path != NULL);
    if (a->down_path != NULL) {
        assert_ok(migration_load_down(a, &left, &err));
        assert_ok(migration_load_down(b, &right, &err));
        assert_string_equal(left.text, right.text);
    }
}

static void a_bundle_is_the_release_that_was_packed(void **state)
{
    (void)state;
    a_rich_release();
    write_bundle("x.tar.zst", false);
    CLEANUP(release_freep) struct release *folder_one = read_it();
    scratch_sh("mv r gone"); /* nothing is read from the folder any more */
    CLEANUP(release_freep) struct release *bundle = read_bundle("x.tar.zst");
    scratch_sh("mv gone r; mv x.tar.zst gone");
    assert_true(bundle->bundled);
    assert_false(folder_one->bundled);
    assert_string_equal(bundle->digest, folder_one->digest);
    assert_int_equal(bundle->n, 4);
    for (size_t i = 0; i < bundle->n; i++) {
        same_migration(&folder_one->migrations[i], &bundle->migrations[i]);
    }
    assert_string_equal(bundle->lock.text, folder_one->lock.text);
    assert_string_equal(bundle->order.text, folder_one->order.text);
    assert_contains(bundle->migrations[0].path, "/x.tar.zst:migrations/1_a/migration.sql");
    assert_ptr_equal(release_find(bundle, "caf\xc3\xa9"), &bundle->migrations[3]);
}

static void the_same_release_gives_the_same_bytes(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *third = in_scratch("z");
    a_rich_release();
    write_bundle("x", false);
    scratch_sh("cp -r r s && rm -r r && mv s r && touch -d 2001-01-01 r/1_a/migration.sql "
               "&& chmod 600 r/1_a/migration.sql");
    write_bundle("y", false);
    CLEANUP(release_freep) struct release *bundle = read_bundle("x");
    assert_ok(release_bundle_write(bundle, third, false, &err));
    scratch_sh("cmp x y && cmp x z");
}

static void tar_alone_opens_a_bundle(void **state)
{
    (void)state;
    a_rich_release();
    write_bundle("x.tar.zst", false);
    scratch_sh("mkdir out && tar xf x.tar.zst -C out && diff -r r out/migrations");
    assert_contains(scratch_out("cat out/release.json"), "{\n  \"format\": 1,\n  \"name\": \"");
    scratch_sh("cd out && sha256sum migrations/1_a/migration.sql | cut -d' ' -f1 | "
               "grep -qFf - release.json");
}

static void an_empty_release_can_be_packed(void **state)
{
    (void)state;
    write_bundle("x", false);
    CLEANUP(release_freep) struct release *bundle = read_bundle("x");
    assert_int_equal(bundle->n, 0);
}

static void another_file_is_not_replaced_in_silence(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch("x");
    migration("1_a", "select 1;");
    CLEANUP(release_freep) struct release *release = read_it();
    scratch_sh("echo precious > x");
    assert_fails(release_bundle_write(release, path, false, &err), ERROR_REFUSED);
    assert_contains(err.message, "/x exists, and is another file");
    assert_contains(err.hint, "--force");
    assert_string_equal(scratch_out("cat x; ls"), "precious\nr\nx");
    write_bundle("x", true);
    write_bundle("x", false); /* the same: there is nothing to replace */
    assert_string_equal(scratch_out("ls"), "r\nx");
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    CLEANUP(release_freep) struct release *release = read_it();
    scratch_sh("mkdir folder");
    static const char *const names[] = {"none/x", "folder"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *path = in_scratch(names[i]);
        assert_fails(release_bundle_write(release, path, true, &err), ERROR_IO);
    }
    assert_string_equal(scratch_out("ls -A; ls -A folder"), "folder\nr");
}

static void a_folder_that_changes_meanwhile_is_noticed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch("x");
    migration("1_a", "select 1;");
    file("1_a/down.sql", "select 2;");
    CLEANUP(release_freep) struct release *release = read_it();
    file("1_a/down.sql", "select 3;");
    assert_fails(release_bundle_write(release, path, false, &err), ERROR_STALE);
    assert_string_equal(scratch_out("ls"), "r");
}

/* Reads one with a bit of it flipped. Either it is refused, or nothing of what it says has changed:
 * there are bits, such as of the padding, that say nothing. */
static bool flip_is_noticed(const char *path, const struct release *original)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = NULL;
    if (!release_read(path, &release, &err)) {
        assert_int_equal(err.code, ERROR_CONFIG);
        return true;
    }
    assert_string_equal(release->digest, original->digest);
    assert_int_equal(release->n, original->n);
    for (size_t i = 0; i < release->n; i++) {
        assert_string_equal(release->migrations[i].text, original->migrations[i].text);
        assert_string_equal(release->migrations[i].name, original->migrations[i].name);
    }
    return false;
}

static size_t count_noticed(const char *name, size_t *ret_bits)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(mem_freep) char *path = in_scratch(name);
    CLEANUP(mem_freep) char *flipped = in_scratch("flipped");
    CLEANUP(release_freep) struct release *original = read_bundle(name);
    size_t noticed = 0;
    assert_ok(file_read(path, 1u << 20, &bytes, &err));
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        bytes.text[bit / 8] = (char)(bytes.text[bit / 8] ^ (1 << bit % 8));
        FILE *out = fopen(flipped, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(bytes.text, 1, bytes.size, out), bytes.size);
        assert_int_equal(fclose(out), 0);
        noticed += flip_is_noticed(flipped, original);
        bytes.text[bit / 8] = (char)(bytes.text[bit / 8] ^ (1 << bit % 8));
    }
    *ret_bits = bytes.size * 8;
    return noticed;
}

static void every_flipped_bit_is_noticed_or_changes_nothing(void **state)
{
    (void)state;
    size_t bits;
    migration("1_a", "create table a (b int);");
    file("1_a/down.sql", "drop table a;");
    write_bundle("x", false);
    size_t noticed = count_noticed("x", &bits);
    print_message("%zu of %zu flipped bits noticed, the others change nothing\n", noticed, bits);
    assert_true(noticed > bits * 9 / 10);
}

/* In a tar that is not compressed nothing but our SHA-256 sees what happens to a text. */
static void every_flipped_bit_of_a_text_is_noticed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(mem_freep) char *path = in_scratch("x.tar");
    migration("1_a", "create table a (b int);");
    write_bundle("x", false);
    scratch_sh("zstd -q -d < x > x.tar");
    CLEANUP(release_freep) struct release *original = read_bundle("x");
    assert_ok(file_read(path, 1u << 20, &bytes, &err));
    char *text = memmem(bytes.text, bytes.size, "create table", 12);
    assert_non_null(text);
    for (size_t bit = 0; bit < strlen("create table a (b int);") * 8; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        assert_ok(file_write(path, bytes.text, bytes.size, 0600, &err));
        assert_true(flip_is_noticed(path, original));
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
}

/* Changes the unpacked bundle and packs it again, its first member first. */
static void repack(const char *change)
{
    (void)fresh(NULL);
    migration("1_a", "select 1;");
    migration("2_b", "select 2;");
    file("2_b/down.sql", "select 3;");
    write_bundle("x", false);
    scratch_sh("mkdir o && cd o && tar xf ../x && rm ../x && list='release.json "
               "migrations/1_a/migration.sql migrations/2_b/migration.sql "
               "migrations/2_b/down.sql' && %s && tar c $list | zstd -q > ../x",
               change);
}

static void a_bundle_that_was_tampered_with_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"printf 'select 9;' > migrations/1_a/migration.sql",
         "x:migrations/1_a/migration.sql is not what its release.json says"},
        {"printf 'select 10;' > migrations/2_b/down.sql",
         "x:migrations/2_b/down.sql has 10 bytes, and its release.json says 9"},
        {"list=\"release.json migrations/1_a/migration.sql\"",
         "x ends before its member \"migrations/2_b/migration.sql\""},
        {"list=\"release.json migrations/2_b/migration.sql\"",
         "x has the member \"migrations/2_b/migration.sql\" where \"migrations/1_a/migration.sql\" "
         "should be"},
        {"list=\"migrations/1_a/migration.sql\"",
         "x has the member \"migrations/1_a/migration.sql\" where \"release.json\" should be"},
        {"echo > extra && list=\"$list extra\"",
         "x has the member \"extra\", which its release.json does not know"},
        {"sed -i 's/\"digest\": \"......../\"digest\": \"00000000/' release.json",
         "x says that it is release 00000000, and what is in it is release "}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        repack(cases[i][0]);
        expect_refused("x", ERROR_CONFIG, cases[i][1], i < 6 ? "" : NULL);
    }
}

static void a_manifest_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"echo '[]' > release.json", "object"},
        {"echo '{' > release.json", ""},
        {"sed -i 's/\"format\": 1/\"format\": 2/' release.json",
         "x:release.json has format 2, which this headgate cannot read"},
        {"sed -i '/\"format\"/d' release.json", "format"},
        {"sed -i 's/\"headgate\"/\"x\": 1, \"headgate\"/' release.json", "unknown key \"x\""},
        {"sed -i 's/\"sha256\": \"..*\"/\"sha256\": \"xyz\"/' release.json", "this is no SHA-256"},
        {"sed -i '/\"sha256\"/d;s/\\(\"size\": [0-9]*\\),/\\1/' release.json", "sha256"},
        {"sed -i 's/\"migrations\": 2/\"migrations\": 3/' release.json", "there are 2"},
        {"sed -i 's,migrations/1_a/migration.sql,migrations/3_a/migration.sql,' release.json",
         "\"migrations/2_b/migration.sql\" does not belong here"},
        {"sed -i 's,migrations/2_b/down.sql,migrations/1_a/down.sql,' release.json",
         "\"migrations/1_a/down.sql\" does not belong here"},
        {"sed -i 's,migrations/2_b/down.sql,migrations/migration_lock.toml,' release.json",
         "\"migrations/migration_lock.toml\" does not belong here"},
        {"sed -i 's,migrations/2_b/down.sql,migrations/.headgate,' release.json",
         "\"migrations/.headgate\" does not belong here"},
        {"sed -i 's,migrations/1_a/migration.sql,../1_a/migration.sql,' release.json",
         "\"../1_a/migration.sql\" is no file of a release"},
        {"sed -i 's,migrations/1_a/migration.sql,migrations/.a/migration.sql,' release.json",
         "\"migrations/.a/migration.sql\" is no file of a release"},
        {"sed -i 's,migrations/1_a/migration.sql,migrations/1_a/x/migration.sql,' release.json",
         "is no file of a release"},
        {"sed -i 's,migrations/1_a/migration.sql,migrations/migration.sql,' release.json",
         "\"migrations/migration.sql\" is no file of a release"},
        {"sed -i 's,\"path\": \"migrations/1_a/migration.sql\",\"path\": 7,' release.json", "path"},
        {"truncate -s 5M release.json", "x:release.json is larger than"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        repack(cases[i][0]);
        expect_refused("x", ERROR_CONFIG, cases[i][1], NULL);
    }
}

/* Somebody who writes the manifest as well makes a release of their own; it is checked as a folder
 * is. */
static void a_bundle_has_the_same_mistakes_as_a_folder(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch("x");
    repack("printf ' \\n\\n' > migrations/1_a/migration.sql && "
           "s=$(sha256sum < migrations/1_a/migration.sql | cut -d' ' -f1) && "
           "sed -i '/1_a/,/sha256/{s/\"size\": 9/\"size\": 3/;s/\"sha256\": .*/\"sha256\": "
           "\"'$s'\"/}' release.json");
    struct release *release = NULL;
    assert_fails(release_read(path, &release, &err), ERROR_CONFIG);
    assert_int_equal(err.problems.n, 1);
    assert_string_equal(err.problems.items[0].message, "the file is empty");
    assert_contains(err.problems.items[0].file, "/x:migrations/1_a/migration.sql");
}

static void what_is_no_bundle_is_refused(void **state)
{
    (void)state;
    scratch_sh(": > empty; echo 'select 1;' > text; echo x > f; tar c f | zstd -q > other");
    expect_refused("empty", ERROR_CONFIG, "could not read", "A release is a folder of migrations");
    expect_refused("text", ERROR_CONFIG, "could not read", "A release is a folder of migrations");
    expect_refused("other", ERROR_CONFIG, "has the member \"f\" where \"release.json\" should be",
                   "A release is a folder of migrations");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_is_the_release_that_was_packed),
        TEST(the_same_release_gives_the_same_bytes),
        TEST(tar_alone_opens_a_bundle),
        TEST(an_empty_release_can_be_packed),
        TEST(another_file_is_not_replaced_in_silence),
        TEST(what_cannot_be_written_leaves_nothing),
        TEST(a_folder_that_changes_meanwhile_is_noticed),
        TEST(every_flipped_bit_is_noticed_or_changes_nothing),
        TEST(every_flipped_bit_of_a_text_is_noticed),
        TEST(a_bundle_that_was_tampered_with_is_refused),
        TEST(a_manifest_that_is_none_is_refused),
        TEST(a_bundle_has_the_same_mistakes_as_a_folder),
        TEST(what_is_no_bundle_is_refused),
    };
    return cmocka_run_group_tests_name("release/bundle", tests, NULL, NULL);
}
