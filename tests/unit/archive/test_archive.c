#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headgate/archive.h"
#include "headgate/file.h"
#include "headgate/hash.h"

static const struct archive_limits roomy = {
    .member = 64u << 20, .total = 128u << 20, .members = 1000, .code = ERROR_CONFIG};

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf -- * ");
    return 0;
}

static int open_file(const char *name, int flags)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    int fd = open(path, flags | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    return fd;
}

struct text_member {
    const char *name, *text;
};

static void write_archive(const char *file, const struct text_member *members, size_t n)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
    CLEANUP(fd_closep) int fd = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);
    assert_ok(archive_writer_open(fd, file, &writer, &err));
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(members[i].text);
        assert_ok(archive_writer_begin(writer, members[i].name, size, &err));
        assert_ok(archive_writer_add(writer, members[i].text, size / 2, &err));
        assert_ok(archive_writer_add(writer, members[i].text + size / 2, size - size / 2, &err));
        assert_ok(archive_writer_end(writer, &err));
    }
    assert_ok(archive_writer_finish(writer, &err));
}

/* Reads all of it in pieces; false with the error of the first failure. */
static bool read_archive(const char *file, const struct archive_limits *limits,
                         struct strbuf *listing, struct error *err)
{
    CLEANUP(archive_reader_freep) struct archive_reader *reader = NULL;
    CLEANUP(fd_closep) int fd = open_file(file, O_RDONLY);
    struct archive_member member;
    bool found = true;
    if (!archive_reader_open(fd, file, limits, &reader, err)) {
        return false;
    }
    while (archive_reader_next(reader, &member, &found, err)) {
        if (!found) {
            return true;
        }
        strbuf_printf(listing, "%s %llu ", member.name, (unsigned long long)member.size);
        char piece[7];
        size_t n = sizeof piece;
        while (n == sizeof piece) {
            if (!archive_reader_read(reader, piece, sizeof piece, &n, err)) {
                return false;
            }
            strbuf_add_n(listing, piece, n);
        }
        strbuf_add_char(listing, '\n');
    }
    return false;
}

static void expect_refused(const char *file, const struct archive_limits *limits,
                           const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf listing = STRBUF_INIT;
    assert_fails(read_archive(file, limits, &listing, &err), limits->code);
    assert_contains(err.message, message);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const struct text_member members[] = {
        {"first", "hello"}, {"a/b/c.sql", "select 1;\n"}, {"empty", ""}, {"last", "\x01\x02"}};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf listing = STRBUF_INIT;
    write_archive("x", members, ARRAY_LEN(members));
    assert_ok(read_archive("x", &roomy, &listing, &err));
    assert_string_equal(listing.text,
                        "first 5 hello\na/b/c.sql 10 select 1;\n\nempty 0 \nlast 2 \x01\x02\n");
}

static void the_same_members_give_the_same_bytes(void **state)
{
    (void)state;
    static const struct text_member members[] = {{"a", "hello"}, {"b", "world"}};
    write_archive("x", members, 2);
    scratch_sh("sleep 1.1");
    write_archive("y", members, 2);
    scratch_sh("cmp x y");
}

static void an_ordinary_tar_unpacks_it(void **state)
{
    (void)state;
    static const struct text_member members[] = {{"d/a", "hello"}, {"caf\xc3\xa9", "x"}};
    write_archive("x.tar.zst", members, 2);
    assert_string_equal(
        scratch_out("LC_ALL=C.UTF-8 TZ=UTC tar tvf x.tar.zst --quoting-style=literal"
                    " 2>&1 | tr -s ' '"),
        "-rw-r--r-- 0/0 5 1970-01-01 00:00 d/a\n"
        "-rw-r--r-- 0/0 1 1970-01-01 00:00 caf\xc3\xa9");
    assert_string_equal(scratch_out("tar xf x.tar.zst && cat d/a"), "hello");
}

static void names_are_utf8_in_every_locale_and_may_be_long(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *longest = mem_printf("%0200d/%0200d/\xe2\x82\xac", 1, 2);
    const struct text_member members[] = {{"caf\xc3\xa9/x", "1"}, {longest, "2"}};
    CLEANUP(mem_freep) char *wanted = mem_printf("caf\xc3\xa9/x 1 1\n%s 1 2\n", longest);
    static const char *const locales[] = {"C", "C.UTF-8", "POSIX"};
    for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(strbuf_clear) struct strbuf listing = STRBUF_INIT;
        assert_non_null(setlocale(LC_ALL, locales[i]));
        write_archive("x", members, 2);
        assert_ok(read_archive("x", &roomy, &listing, &err));
        assert_string_equal(listing.text, wanted);
        scratch_sh("[ ! -e first ] || cmp x first; cp x first");
    }
    assert_non_null(setlocale(LC_ALL, "C"));
}

static void what_is_not_read_is_skipped(void **state)
{
    (void)state;
    static const struct text_member members[] = {{"a", "hello"}, {"b", "world"}};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(archive_reader_freep) struct archive_reader *reader = NULL;
    struct archive_member member;
    char text[16];
    size_t n;
    bool found;
    write_archive("x", members, 2);
    CLEANUP(fd_closep) int fd = open_file("x", O_RDONLY);
    assert_ok(archive_reader_open(fd, "x", &roomy, &reader, &err));
    assert_ok(archive_reader_next(reader, &member, &found, &err));
    assert_ok(archive_reader_read(reader, text, 2, &n, &err));
    assert_int_equal(n, 2);
    assert_ok(archive_reader_next(reader, &member, &found, &err));
    assert_true(found);
    assert_string_equal(member.name, "b");
    assert_ok(archive_reader_read(reader, text, sizeof text, &n, &err));
    assert_int_equal(n, 5);
    assert_memory_equal(text, "world", 5);
    assert_ok(archive_reader_read(reader, text, sizeof text, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(archive_reader_next(reader, &member, &found, &err));
    assert_false(found);
}

/* 48 MB. */
static void a_large_member_comes_back_as_it_was(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
    static char piece[1 << 16];
    char hash_in[HASH_HEX_SIZE], hash_out[HASH_HEX_SIZE];
    CLEANUP(hash_freep) struct hash *in = hash_new();
    CLEANUP(hash_freep) struct hash *out = hash_new();
    CLEANUP(fd_closep) int fd = open_file("x", O_RDWR | O_CREAT);
    random_bytes(piece, sizeof piece);
    assert_ok(archive_writer_open(fd, "x", &writer, &err));
    assert_ok(archive_writer_begin(writer, "large", 768 * sizeof piece, &err));
    for (int i = 0; i < 768; i++) {
        piece[i]++;
        hash_add(in, piece, sizeof piece);
        assert_ok(archive_writer_add(writer, piece, sizeof piece, &err));
    }
    assert_ok(archive_writer_end(writer, &err));
    assert_ok(archive_writer_finish(writer, &err));
    CLEANUP(archive_reader_freep) struct archive_reader *reader = NULL;
    struct archive_member member;
    bool found;
    size_t n = 1;
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_ok(archive_reader_open(fd, "x", &roomy, &reader, &err));
    assert_ok(archive_reader_next(reader, &member, &found, &err));
    assert_int_equal(member.size, 768 * sizeof piece);
    while (n > 0) {
        assert_ok(archive_reader_read(reader, piece, sizeof piece - 17, &n, &err));
        hash_add(out, piece, n);
    }
    hash_finish(in, hash_in);
    hash_finish(out, hash_out);
    assert_string_equal(hash_in, hash_out);
}

static void an_archive_that_was_given_up_has_no_end(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int fd = open_file("x", O_WRONLY | O_CREAT);
    struct archive_writer *writer = NULL;
    assert_ok(archive_writer_open(fd, "x", &writer, &err));
    assert_ok(archive_writer_begin(writer, "a", 5, &err));
    assert_ok(archive_writer_add(writer, "hel", 3, &err));
    archive_writer_freep(&writer);
    assert_null(writer);
    archive_writer_freep(&writer);
    CLEANUP(strbuf_clear) struct strbuf listing = STRBUF_INIT;
    assert_fails(read_archive("x", &roomy, &listing, &err), ERROR_CONFIG);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    static const struct text_member members[] = {{"a", "hello"}, {"b", "world"}};
    write_archive("x", members, 2);
    long size = strtol(scratch_out("stat -c %%s x"), NULL, 10);
    assert_true(size > 50);
    for (long n = 0; n < size; n++) {
        scratch_sh("head -c %ld x > cut", n);
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(strbuf_clear) struct strbuf listing = STRBUF_INIT;
        assert_fails(read_archive("cut", &roomy, &listing, &err), ERROR_CONFIG);
    }
}

static void what_is_no_archive_is_refused(void **state)
{
    (void)state;
    scratch_sh(": > empty; echo hello > text; echo hello | zstd -q > zst");
    expect_refused("empty", &roomy, "could not read empty");
    expect_refused("text", &roomy, "could not read text");
    expect_refused("zst", &roomy, "could not read zst");
}

static void what_is_no_plain_file_is_refused(void **state)
{
    (void)state;
    scratch_sh("mkdir d && echo x > f && ln f g && ln -s f s && mkfifo p");
    scratch_sh("tar c d | zstd -q > d.x; tar c s | zstd -q > s.x; tar c p | zstd -q > p.x; "
               "tar c f g | zstd -q > g.x; truncate -s 1M holes && echo x >> holes && "
               "tar cS holes | zstd -q > holes.x");
    expect_refused("d.x", &roomy, "\"d/\" is no plain file");
    expect_refused("s.x", &roomy, "\"s\" is no plain file");
    expect_refused("p.x", &roomy, "\"p\" is no plain file");
    expect_refused("g.x", &roomy, "\"g\" is no plain file");
    expect_refused("holes.x", &roomy, "\"holes\" is no plain file");
}

static void names_that_lead_out_are_refused(void **state)
{
    (void)state;
    scratch_sh("mkdir d && echo x > d/f && cd d && tar cP ../d/f > ../up && tar cP $PWD/f > ../root"
               " && tar c ./f > ../dot && tar c --transform s,f,a//b, f > ../double");
    static const char *const files[] = {"up", "root", "dot", "double"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        expect_refused(files[i], &roomy, "has a name that leads out of the archive");
    }
}

static void good_names_are_told_from_bad_ones(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b", "...", "a/..b", ".a", "a b/c"};
    static const char *const bad[] = {"",  "/",  "/a",   "a/",   "a//b",
                                      ".", "..", "a/..", "../a", "a/./b"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(archive_name_is_good(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(archive_name_is_good(bad[i]));
    }
}

static void limits_hold_for_a_member_for_all_and_for_their_number(void **state)
{
    (void)state;
    static const struct text_member members[] = {{"a", "hello"}, {"b", "hello"}, {"c", "hello"}};
    struct archive_limits limits = {5, 15, 3, ERROR_BACKUP};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf listing = STRBUF_INIT;
    write_archive("x", members, 3);
    assert_ok(read_archive("x", &limits, &listing, &err));
    limits = (struct archive_limits){4, 15, 3, ERROR_BACKUP};
    expect_refused("x", &limits, "x: the member \"a\" is larger than is allowed here");
    limits = (struct archive_limits){5, 14, 3, ERROR_BACKUP};
    expect_refused("x", &limits, "x: the member \"c\" is larger than is allowed here");
    limits = (struct archive_limits){5, 15, 2, ERROR_BACKUP};
    expect_refused("x", &limits, "x: the member \"c\" is one too many");
}

static void what_cannot_be_written_or_read_is_a_failure(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
    CLEANUP(fd_closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CLEANUP(fd_closep) int folder = open(scratch_dir(), O_RDONLY | O_CLOEXEC);
    assert_ok(archive_writer_open(full, "x", &writer, &err));
    assert_ok(archive_writer_begin(writer, "a", 1, &err));
    assert_ok(archive_writer_add(writer, "a", 1, &err));
    assert_ok(archive_writer_end(writer, &err));
    assert_fails(archive_writer_finish(writer, &err), ERROR_IO);
    assert_contains(err.message, "could not write x: ");
    assert_int_equal(err.sys_errno, ENOSPC);
    error_clear(&err);
    struct archive_reader *reader = NULL;
    assert_fails(archive_reader_open(folder, "x", &roomy, &reader, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EISDIR);
    assert_null(reader);
}

/* Random bytes fill every buffer, so that the disk is found full in the middle. */
static void a_full_disk_is_found_while_writing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
    CLEANUP(fd_closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    static char piece[1 << 16];
    bool good = true;
    assert_ok(archive_writer_open(full, "x", &writer, &err));
    assert_ok(archive_writer_begin(writer, "a", 1000 * sizeof piece, &err));
    for (int i = 0; i < 1000 && good; i++) {
        random_bytes(piece, sizeof piece);
        good = archive_writer_add(writer, piece, sizeof piece, &err);
    }
    assert_false(good);
    assert_int_equal(err.code, ERROR_IO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_back),
        TEST(the_same_members_give_the_same_bytes),
        TEST(an_ordinary_tar_unpacks_it),
        TEST(names_are_utf8_in_every_locale_and_may_be_long),
        TEST(what_is_not_read_is_skipped),
        TEST(a_large_member_comes_back_as_it_was),
        TEST(an_archive_that_was_given_up_has_no_end),
        TEST(every_cut_is_noticed),
        TEST(what_is_no_archive_is_refused),
        TEST(what_is_no_plain_file_is_refused),
        TEST(names_that_lead_out_are_refused),
        TEST(good_names_are_told_from_bad_ones),
        TEST(limits_hold_for_a_member_for_all_and_for_their_number),
        TEST(what_cannot_be_written_or_read_is_a_failure),
        TEST(a_full_disk_is_found_while_writing),
    };
    return cmocka_run_group_tests_name("archive/archive", tests, NULL, NULL);
}
