/* A pack that was checked as a whole is not hashed once more member by member; what changes after
 * that is still noticed, by zstd's own checksum. */
#include "scratch.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/pack.h"

#define SIZE 20000

static void fill(char *bytes, size_t n)
{
    unsigned state = 7;
    for (size_t i = 0; i < n; i++) {
        state = state * 1103515245 + 12345;
        bytes[i] = (char)(state >> 16);
    }
}

static int make_pack(const char *bytes)
{
    struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    int fd = memfd_create("pack", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_ok(pack_writer_open(fd, "x", 1, 1, &writer, &err));
    assert_ok(pack_writer_add(writer, "rows", bytes, SIZE, &err));
    assert_ok(pack_writer_finish(writer, &err));
    return fd;
}

static void flip(int fd, uint64_t at)
{
    char byte = 0;
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte = (char)(byte ^ 4);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
}

static bool read_rows(const struct pack_reader *reader, struct strbuf *ret_bytes, struct error *err)
{
    strbuf_cut(ret_bytes, 0);
    return pack_reader_read(reader, pack_reader_find(reader, "rows"), ret_bytes, err);
}

static void what_changes_after_the_check_is_noticed(void **state)
{
    struct error err = ERROR_INIT;
    char bytes[SIZE];
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(strbuf_clear) struct strbuf read = STRBUF_INIT;
    (void)state;
    fill(bytes, SIZE);
    CLEANUP(fd_closep) int fd = make_pack(bytes);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_ok(pack_reader_check(reader, 1, NULL, &err));
    pack_reader_trust(reader);
    assert_ok(read_rows(reader, &read, &err));
    assert_int_equal(read.size, SIZE);
    assert_memory_equal(read.text, bytes, SIZE);
    const struct pack_member *rows = pack_reader_find(reader, "rows");
    for (uint64_t at = rows->at + 600; at < rows->at + rows->stored; at += 997) {
        flip(fd, at);
        assert_fails(read_rows(reader, &read, &err), ERROR_BACKUP);
        assert_contains(err.message, "\"rows\" is damaged");
        error_clear(&err);
        flip(fd, at);
    }
    assert_ok(read_rows(reader, &read, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_after_the_check_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
