#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/archive.h"
#include "headgate/file.h"
#include "headgate/pack.h"

#define LARGE ((size_t)10 * 1000 * 1000)

static const size_t sizes[] = {0, 1, 511, 512, 513, 1023, 1024, 1025, 200000, PACK_ROOM};

static int fresh(void **state)
{
    (void)state;
    scratch_sh("find . -mindepth 1 -maxdepth 1 ! -name sample.tar.zst -exec rm -rf {} +");
    return 0;
}

static int open_file(const char *name, int flags)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    int fd = open(path, flags | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    return fd;
}

/* Text-like, and different for each seed. */
static void fill(char *room, size_t n, unsigned seed)
{
    unsigned random = seed * 2654435761u + 1;
    for (size_t i = 0; i < n; i++) {
        random = random * 1103515245u + 12345u;
        room[i] = random >> 28 == 0 ? '\n' : "etaoinshrdlu0123"[random >> 24 & 15];
    }
}

static char *sample_name(size_t i)
{
    return i == 2   ? mem_printf("%0200d", 7)
           : i == 3 ? mem_printf("caf\xc3\xa9/\xe2\x82\xac \"x\"")
           : i == 4 ? mem_printf("%0200d/%0200d/\xe2\x82\xac", 1, 2)
                    : mem_printf("data/%zu.copy", i);
}

static void write_all(struct pack_writer *writer, size_t large)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *bytes = mem_new(large, 1);
    char *room = NULL;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CLEANUP(mem_freep) char *name = sample_name(i);
        assert_ok(pack_writer_room(writer, &room, &err));
        fill(room, sizes[i], (unsigned)i);
        assert_ok(pack_writer_put(writer, name, sizes[i], &err));
    }
    fill(bytes, large, 99);
    assert_ok(pack_writer_add(writer, "small", bytes, 1000, &err));
    assert_ok(pack_writer_add(writer, "large", bytes, large, &err));
    assert_ok(pack_writer_add(writer, "manifest.json", "{}", 2, &err));
}

static void write_sample(const char *file, unsigned threads, int level)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(fd_closep) int fd = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);
    const struct pack_member *members = NULL;
    size_t n = 0;
    assert_ok(pack_writer_open(fd, file, threads, level, &writer, &err));
    write_all(writer, LARGE);
    assert_ok(pack_writer_settle(writer, &members, &n, &err));
    assert_int_equal(n, ARRAY_LEN(sizes) + 3);
    assert_string_equal(members[n - 1].name, "manifest.json");
    assert_int_equal(members[n - 1].at + members[n - 1].stored, pack_writer_size(writer));
    assert_ok(pack_writer_finish(writer, &err));
    assert_int_equal(pack_writer_size(writer), lseek(fd, 0, SEEK_END));
}

static int make_sample(void **state)
{
    (void)state;
    write_sample("sample.tar.zst", 1, 3);
    return 0;
}

static void expect_member(const struct pack_reader *reader, const char *name, size_t size,
                          unsigned seed)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(mem_freep) char *wanted = mem_new(size, 1);
    char sha256[HASH_HEX_SIZE];
    const struct pack_member *member = pack_reader_find(reader, name);
    assert_non_null(member);
    assert_int_equal(member->size, size);
    strbuf_add(&bytes, "before");
    assert_ok(pack_reader_read(reader, member, &bytes, &err));
    assert_int_equal(bytes.size, 6 + size);
    fill(wanted, size, seed);
    assert_memory_equal(bytes.text, "before", 6);
    assert_true(memcmp(bytes.text + 6, wanted, size) == 0);
    hash_sha256(wanted, size, sha256);
    assert_string_equal(sha256, member->sha256);
}

static void expect_sample(const struct pack_reader *reader)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CLEANUP(mem_freep) char *name = sample_name(i);
        expect_member(reader, name, sizes[i], (unsigned)i);
    }
    expect_member(reader, "small", 1000, 99);
    expect_member(reader, "large", LARGE, 99);
    assert_null(pack_reader_find(reader, "SHA256SUMS"));
    assert_null(pack_reader_find(reader, ""));
    assert_null(pack_reader_find(reader, "data/"));
}

static void what_is_put_in_comes_out(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    size_t n = 0;
    CLEANUP(fd_closep) int fd = open_file("sample.tar.zst", O_RDONLY);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_int_equal(lseek(fd, 0, SEEK_END), pack_reader_size(reader));
    assert_string_equal(pack_reader_members(reader, &n)[0].name, "data/0.copy");
    assert_int_equal(n, ARRAY_LEN(sizes) + 3);
    assert_int_equal(strlen(pack_reader_digest(reader)), 64);
    expect_sample(reader);
    assert_ok(pack_reader_check(reader, 1, NULL, &err));
    assert_ok(pack_reader_check(reader, 0, NULL, &err));
}

static void the_same_members_give_the_same_bytes(void **state)
{
    (void)state;
    write_sample("four", 4, 3);
    scratch_sh("cmp sample.tar.zst four");
}

static void ordinary_programs_unpack_it(void **state)
{
    (void)state;
    scratch_sh("zstd -qt sample.tar.zst");
    scratch_sh(
        "mkdir t && LC_ALL=C.UTF-8 tar --zstd -xf sample.tar.zst -C t 2>said && test ! -s said");
    scratch_sh("cd t && sha256sum --strict --quiet -c SHA256SUMS");
    assert_string_equal(scratch_out("wc -l < t/SHA256SUMS"), "13");
    assert_string_equal(scratch_out("find t -type f | wc -l"), "14");
    assert_string_equal(
        scratch_out("TZ=UTC tar --zstd -tvf sample.tar.zst manifest.json | tr -s ' '"),
        "-rw-r--r-- 0/0 2 1970-01-01 00:00 manifest.json");
}

static void libarchive_reads_it_too(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(archive_reader_freep) struct archive_reader *reader = NULL;
    static const struct archive_limits limits = {
        .member = LARGE, .total = 2 * LARGE, .members = 20, .code = ERROR_BACKUP};
    struct archive_member member;
    bool found = true;
    size_t n = 0;
    CLEANUP(fd_closep) int fd = open_file("sample.tar.zst", O_RDONLY);
    assert_ok(archive_reader_open(fd, "x", &limits, &reader, &err));
    for (assert_ok(archive_reader_next(reader, &member, &found, &err)); found; n++) {
        CLEANUP(mem_freep) char *name = n < ARRAY_LEN(sizes) ? sample_name(n) : NULL;
        if (name != NULL) {
            assert_string_equal(member.name, name);
            assert_int_equal(member.size, sizes[n]);
        }
        assert_ok(archive_reader_next(reader, &member, &found, &err));
    }
    assert_int_equal(n, ARRAY_LEN(sizes) + 4);
}

static void a_pack_without_members_is_one(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(fd_closep) int fd = open_file("x", O_RDWR | O_CREAT);
    size_t n = 1;
    assert_ok(pack_writer_open(fd, "x", 1, 1, &writer, &err));
    assert_ok(pack_writer_finish(writer, &err));
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    (void)pack_reader_members(reader, &n);
    assert_int_equal(n, 0);
    assert_null(pack_reader_find(reader, "x"));
    assert_ok(pack_reader_check(reader, 2, NULL, &err));
    scratch_sh("zstd -qt x && tar --zstd -tf x");
}

/* So many that the index takes two frames that zstd skips; the footer is one more. */
static void many_members(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(fd_closep) int fd = open_file("x", O_RDWR | O_CREAT);
    assert_ok(pack_writer_open(fd, "x", 2, 1, &writer, &err));
    for (int i = 0; i < 3600; i++) {
        CLEANUP(mem_freep) char *name = mem_printf("%0220d/member", i);
        assert_ok(pack_writer_add(writer, name, name, strlen(name), &err));
    }
    assert_ok(pack_writer_finish(writer, &err));
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_ok(pack_reader_check(reader, 2, NULL, &err));
    CLEANUP(mem_freep) char *last = mem_printf("%0220d/member", 3599);
    assert_ok(pack_reader_read(reader, pack_reader_find(reader, last), &bytes, &err));
    assert_string_equal(bytes.text, last);
    assert_string_equal(scratch_out("grep -c -a -o -P '\\x50\\x2a\\x4d\\x18' x"), "3");
    scratch_sh("zstd -qt x && test $(tar --zstd -tf x | wc -l) = 3601");
}

/* --- what goes wrong --- */

static int threads_now(void)
{
    return (int)strtol(scratch_out("ls /proc/%d/task | wc -l", (int)getpid()), NULL, 10);
}

/* Until it fails; then everything fails in the same way, and all threads end. */
static void expect_write_fails(int fd, int wanted)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT, again = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    const struct pack_member *members = NULL;
    size_t n = 0;
    int before = threads_now();
    char *room = NULL;
    bool good = pack_writer_open(fd, "target", 2, 1, &writer, &err);
    for (int i = 0; good && i < 100; i++) {
        CLEANUP(mem_freep) char *name = mem_printf("m%d", i);
        good = pack_writer_room(writer, &room, &err);
        if (good) {
            fill(room, 300000, (unsigned)i);
            good = pack_writer_put(writer, name, 300000, &err);
        }
    }
    good = good && pack_writer_settle(writer, &members, &n, &err);
    assert_false(good);
    assert_int_equal(err.code, ERROR_IO);
    assert_int_equal(err.sys_errno, wanted);
    assert_contains(err.message, "could not write target: ");
    assert_false(pack_writer_finish(writer, &again));
    assert_int_equal(again.sys_errno, wanted);
    assert_int_equal(threads_now(), before + 2);
    pack_writer_freep(&writer);
    assert_int_equal(threads_now(), before);
}

static void a_write_that_fails_is_the_callers_error(void **state)
{
    (void)state;
    int ends[2];
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    CLEANUP(fd_closep) int broken = ends[1];
    CLEANUP(fd_closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CLEANUP(fd_closep) int not_for_writing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    expect_write_fails(broken, EPIPE);
    expect_write_fails(full, ENOSPC);
    expect_write_fails(not_for_writing, EBADF);
}

static void a_large_member_that_cannot_be_written(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(fd_closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CLEANUP(mem_freep) char *bytes = mem_new(PACK_ROOM + 1, 1);
    assert_ok(pack_writer_open(full, "x", 1, 1, &writer, &err));
    assert_fails(pack_writer_add(writer, "large", bytes, PACK_ROOM + 1, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
}

static void a_writer_may_be_given_up_at_any_time(void **state)
{
    (void)state;
    int before = threads_now();
    for (int rooms = 0; rooms < 6; rooms++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
        CLEANUP(fd_closep) int fd = open_file("x", O_WRONLY | O_CREAT);
        char *room = NULL;
        assert_ok(pack_writer_open(fd, "x", 3, 1, &writer, &err));
        for (int i = 0; i < rooms; i++) {
            CLEANUP(mem_freep) char *name = mem_printf("m%d", i);
            assert_ok(pack_writer_room(writer, &room, &err));
            fill(room, 100000, (unsigned)i);
            assert_ok(pack_writer_put(writer, name, 100000, &err));
        }
    }
    assert_int_equal(threads_now(), before);
}

/* A signal to the process must never end up in a thread of the pool. */
static void signals_are_the_callers(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(fd_closep) int fd = open_file("x", O_WRONLY | O_CREAT);
    assert_ok(pack_writer_open(fd, "x", 2, 1, &writer, &err));
    assert_string_equal(scratch_out("cat /proc/%d/task/*/status | grep SigBlk | sort | uniq -c |"
                                    " grep -c fffffffe7ffbfeff",
                                    (int)getpid()),
                        "1");
    assert_string_equal(
        scratch_out("cat /proc/%d/task/*/status | grep -c SigBlk.*fffffffe7ffbfeff", (int)getpid()),
        "2");
}

/* --- children --- */

static int child_reads(const struct pack_reader *reader)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    const struct pack_member *member = pack_reader_find(reader, "large");
    return member != NULL && pack_reader_read(reader, member, &bytes, &err) && bytes.size == LARGE
               ? 0
               : 1;
}

/* Also while a writer has threads, which the child must not wait for. */
static void forked_children_read_members(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    pid_t children[3];
    CLEANUP(fd_closep) int fd = open_file("sample.tar.zst", O_RDONLY);
    CLEANUP(fd_closep) int other = open_file("y", O_WRONLY | O_CREAT);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_ok(pack_writer_open(other, "y", 2, 1, &writer, &err));
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int status = child_reads(reader);
            pack_writer_freep(&writer);
            _exit(status);
        }
        assert_true(children[i] > 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_put_in_comes_out, fresh),
        cmocka_unit_test_setup(the_same_members_give_the_same_bytes, fresh),
        cmocka_unit_test_setup(ordinary_programs_unpack_it, fresh),
        cmocka_unit_test_setup(libarchive_reads_it_too, fresh),
        cmocka_unit_test_setup(a_pack_without_members_is_one, fresh),
        cmocka_unit_test_setup(many_members, fresh),
        cmocka_unit_test_setup(a_write_that_fails_is_the_callers_error, fresh),
        cmocka_unit_test_setup(a_large_member_that_cannot_be_written, fresh),
        cmocka_unit_test_setup(a_writer_may_be_given_up_at_any_time, fresh),
        cmocka_unit_test_setup(signals_are_the_callers, fresh),
        cmocka_unit_test_setup(forked_children_read_members, fresh),
    };
    return cmocka_run_group_tests(tests, make_sample, NULL);
}
