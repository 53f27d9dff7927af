#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zstd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/pack.h"
#include "pack_private.h"

#define MEMBERS 3

static int memory_file(const char *bytes, size_t size)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int fd = memfd_create("pack", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_ok(fd_write_all(fd, bytes, size, &err));
    return fd;
}

/* So many small members, in memory. */
static void make_pack_of(size_t members, struct strbuf *ret_bytes)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(fd_closep) int fd = memory_file("", 0);
    static const char *const texts[] = {"hello", "", "world world world"};
    assert_ok(pack_writer_open(fd, "x", 1, 3, &writer, &err));
    for (size_t i = 0; i < members; i++) {
        CLEANUP(mem_freep) char *name = mem_printf("m%zu", i);
        const char *text = texts[i % ARRAY_LEN(texts)];
        assert_ok(pack_writer_add(writer, name, text, strlen(text), &err));
    }
    assert_ok(pack_writer_finish(writer, &err));
    size_t size = (size_t)pack_writer_size(writer);
    assert_int_equal(pread(fd, strbuf_room(ret_bytes, size), size, 0), size);
    strbuf_grown(ret_bytes, size);
}

static void make_pack(struct strbuf *ret_bytes)
{
    make_pack_of(MEMBERS, ret_bytes);
}

/* Opens, checks, and reads every member. */
static bool use_pack(const char *bytes, size_t size, struct error *err)
{
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(fd_closep) int fd = memory_file(bytes, size);
    if (!pack_reader_open(fd, "x", &reader, err) || !pack_reader_check(reader, 1, NULL, err)) {
        return false;
    }
    size_t n = 0;
    const struct pack_member *members = pack_reader_members(reader, &n);
    for (size_t i = 0; i < n; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        if (!pack_reader_read(reader, &members[i], &text, err)) {
            return false;
        }
    }
    return true;
}

static void expect_damaged(const char *bytes, size_t size, const char *part)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_fails(use_pack(bytes, size, &err), ERROR_BACKUP);
    assert_contains(err.message, part);
}

/* --- damage --- */

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    make_pack(&pack);
    CLEANUP(fd_closep) int fd = memory_file(pack.text, pack.size);
    for (size_t bit = 0; bit < pack.size * 8; bit++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
        char changed = (char)(pack.text[bit / 8] ^ (char)(1u << bit % 8));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)(bit / 8)), 1);
        bool good =
            pack_reader_open(fd, "x", &reader, &err) && pack_reader_check(reader, 1, NULL, &err);
        assert_false(good);
        assert_int_equal(err.code, ERROR_BACKUP);
        assert_int_equal(pwrite(fd, &pack.text[bit / 8], 1, (off_t)(bit / 8)), 1);
    }
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(use_pack(pack.text, pack.size, &err));
}

/* Of a file that is open already: nothing in it may change unseen. */
static void every_byte_is_read_again(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    make_pack(&pack);
    CLEANUP(fd_closep) int fd = memory_file(pack.text, pack.size);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    for (size_t i = 0; i < pack.size; i++) {
        CLEANUP(error_clear) struct error found = ERROR_INIT;
        char changed = (char)~pack.text[i];
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)i), 1);
        assert_false(pack_reader_check(reader, 2, NULL, &found));
        assert_int_equal(found.code, ERROR_BACKUP);
        assert_int_equal(pwrite(fd, &pack.text[i], 1, (off_t)i), 1);
    }
    assert_ok(pack_reader_check(reader, 2, NULL, &err));
    assert_int_equal(ftruncate(fd, (off_t)pack.size / 2), 0);
    assert_fails(pack_reader_check(reader, 2, NULL, &err), ERROR_BACKUP);
}

static void every_cut_is_found(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    make_pack(&pack);
    for (size_t n = 0; n < pack.size; n++) {
        expect_damaged(pack.text, n, "x cannot be used as an archive: ");
    }
}

static struct pack_frames frames_of(const struct strbuf *pack, struct pack_footer *ret_footer)
{
    struct pack_frames frames = {.n = 0};
    assert_null(
        pack_footer_read(pack->text + pack->size - PACK_FOOTER_SIZE, pack->size, ret_footer));
    CLEANUP(mem_freep)
    char *index = mem_copy_n(pack->text + ret_footer->index_at, ret_footer->index_size);
    assert_null(pack_index_read(index, ret_footer, &frames));
    return frames;
}

/* `cut` bytes at `at` are replaced by others. */
static void expect_patched_damaged(const struct strbuf *pack, size_t at, size_t cut,
                                   const char *bytes, size_t n)
{
    CLEANUP(strbuf_clear) struct strbuf changed = STRBUF_INIT;
    strbuf_add_n(&changed, pack->text, at);
    strbuf_add_n(&changed, bytes, n);
    strbuf_add_n(&changed, pack->text + at + cut, pack->size - at - cut);
    expect_damaged(changed.text, changed.size, "x ");
}

static void frames_removed_swapped_repeated(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf swapped = STRBUF_INIT;
    struct pack_footer footer;
    make_pack(&pack);
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(&pack, &footer);
    assert_int_equal(frames.n, MEMBERS + 2);
    for (size_t i = 0; i < frames.n; i++) {
        const struct pack_member *frame = &frames.all[i];
        expect_patched_damaged(&pack, frame->at, frame->stored, "", 0);
        expect_patched_damaged(&pack, frame->at, 0, pack.text + frame->at, frame->stored);
    }
    const struct pack_member *a = &frames.all[0], *b = &frames.all[1];
    strbuf_add_n(&swapped, pack.text + b->at, b->stored);
    strbuf_add_n(&swapped, pack.text + a->at, a->stored);
    expect_patched_damaged(&pack, a->at, a->stored + b->stored, swapped.text, swapped.size);
    expect_patched_damaged(&pack, pack.size, 0, "", 1);
    expect_patched_damaged(&pack, pack.size, 0, pack.text, pack.size);
    expect_patched_damaged(&pack, 0, 0, "garbage", 7);
    expect_patched_damaged(&pack, footer.index_at, 0, "garbage", 7);
    expect_patched_damaged(&pack, footer.index_at, footer.index_size, "", 0);
}

static void what_is_no_pack(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(mem_freep) char *zeros = mem_new(5000, 1);
    int ends[2];
    expect_damaged("", 0, "it is too short");
    expect_damaged("hello", 5, "it is too short");
    expect_damaged(zeros, 5000, "it does not end as a pack");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    CLEANUP(fd_closep) int in = ends[0];
    CLEANUP(fd_closep) int out = ends[1];
    assert_fails(pack_reader_open(in, "x", &reader, &err), ERROR_BACKUP);
    error_clear(&err);
    assert_fails(pack_reader_open(-1, "x", &reader, &err), ERROR_IO);
    (void)out;
}

/* --- an index that lies, with digests that are right --- */

/* The pack's frames with this index and footer. */
static void expect_lie(const struct strbuf *pack, const struct pack_footer *footer,
                       const struct pack_frames *frames, uint64_t members, const char *part)
{
    CLEANUP(strbuf_clear) struct strbuf file = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf index = STRBUF_INIT;
    pack_index_write(frames, &index);
    strbuf_add_n(&file, pack->text, (size_t)footer->index_at);
    strbuf_add_n(&file, index.text, index.size);
    pack_footer_write(footer->index_at, &index, members, &file);
    if (part != NULL) {
        expect_damaged(file.text, file.size, part);
    } else {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        assert_ok(use_pack(file.text, file.size, &err));
    }
}

static void the_index_lies(void **state)
{
    (void)state;
    static const char covers[] = "do not cover it", name[] = "a name that no member can have";
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    struct pack_footer footer;
    make_pack(&pack);
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(&pack, &footer);
    struct pack_member *m = frames.all, good = m[0];
    struct {
        struct pack_member member;
        const char *part;
    } lies[12];
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        lies[i].member = good;
        lies[i].part = name;
    }
    static char up[] = "../m0", root[] = "/m0", empty[] = "", sums[] = "SHA256SUMS",
                line[] = "m\n0", same[] = "m1", another[] = "m9";
    lies[0].part = NULL;
    lies[1].member.stored = 0, lies[1].part = covers;
    lies[2].member.stored = UINT64_MAX, lies[2].part = covers;
    lies[3].member.stored++, lies[3].part = covers;
    lies[4].member.size = UINT64_MAX, lies[4].part = "larger than its frame can be";
    lies[5].member.size = good.size + 512, lies[5].part = "another size than it should";
    lies[6].member.name = up;
    lies[7].member.name = root;
    lies[8].member.name = empty;
    lies[9].member.name = sums;
    lies[10].member.name = line;
    lies[11].member.name = same, lies[11].part = "two members of one name";
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        m[0] = lies[i].member;
        expect_lie(&pack, &footer, &frames, MEMBERS, lies[i].part);
    }
    m[0] = good;
    m[0].name = another;
    expect_lie(&pack, &footer, &frames, MEMBERS, "tar header is not what the index says");
    m[0] = good;
    m[0].size++;
    expect_lie(&pack, &footer, &frames, MEMBERS, "tar header is not what the index says");
    m[0] = good;
    m[0].sha256[0] = m[0].sha256[0] == '0' ? '1' : '0';
    expect_lie(&pack, &footer, &frames, MEMBERS, "not those that were written");
    m[0] = good;
    m[0].stored_sha256[0] = m[0].stored_sha256[0] == '0' ? '1' : '0';
    expect_lie(&pack, &footer, &frames, MEMBERS, "x is damaged: 1 of its 6 parts");
    m[0] = good;
}

static void counts_lie(void **state)
{
    (void)state;
    static const char number[] = "the number of members";
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    struct pack_footer footer;
    make_pack(&pack);
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(&pack, &footer);
    expect_lie(&pack, &footer, &frames, MEMBERS - 1, number);
    expect_lie(&pack, &footer, &frames, UINT64_MAX, "footer does not fit");
    expect_lie(&pack, &footer, &frames, UINT64_MAX - 1, "footer does not fit");
    struct pack_frames fewer = {.all = frames.all, .n = frames.n - 1};
    expect_lie(&pack, &footer, &fewer, MEMBERS - 1, "a name that no member can have");
    fewer.n = 1;
    expect_lie(&pack, &footer, &fewer, 0, number);
}

/* The pack with these bytes at this place of its index, or of its footer behind that. */
static void expect_resealed(const struct strbuf *pack, size_t at, const char *bytes, size_t n,
                            const char *part)
{
    struct pack_footer footer;
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(pack, &footer);
    CLEANUP(strbuf_clear) struct strbuf file = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf index = STRBUF_INIT;
    assert_true(frames.n > 0); /* it reads the footer */
    strbuf_add_n(&index, pack->text + footer.index_at, (size_t)footer.index_size);
    assert_true(at + n <= index.size);
    memcpy(index.text + at, bytes, n);
    strbuf_add_n(&file, pack->text, (size_t)footer.index_at);
    strbuf_add_n(&file, index.text, index.size);
    pack_footer_write(footer.index_at, &index, footer.members, &file);
    expect_damaged(file.text, file.size, part);
}

static void the_form_of_the_index_is_wrong(void **state)
{
    (void)state;
    static const char form[] = "a form that this headgate does not know";
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    make_pack(&pack);
    expect_resealed(&pack, 0, "\x51", 1, form);
    expect_resealed(&pack, 4, "\x01", 1, form);
    expect_resealed(&pack, 4, "\xff\xff\xff\xff", 4, form);
    expect_resealed(&pack, 8, "\x02", 1, form);
    expect_resealed(&pack, 9, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "the number of members");
    expect_resealed(&pack, 9, "\x06", 1, "the number of members");
    expect_resealed(&pack, 17, "\xff\xff", 2, "ends before its time");
    expect_resealed(&pack, 19, "", 1, "ends before its time");
}

/* What the index says is true; what the frame contains is not what we would have written. */
static void expect_frame_refused(const char *raw, size_t raw_size, size_t said, const char *part)
{
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf file = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf index = STRBUF_INIT;
    CLEANUP(mem_freep) char *frame = mem_new(ZSTD_compressBound(raw_size), 1);
    struct pack_footer footer;
    make_pack(&pack);
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(&pack, &footer);
    size_t n = ZSTD_compress(frame, ZSTD_compressBound(raw_size), raw, raw_size, 3);
    assert_false(ZSTD_isError(n));
    strbuf_add_n(&file, frame, n);
    strbuf_add_n(&file, pack.text + frames.all[1].at, footer.index_at - frames.all[1].at);
    frames.all[0].stored = n;
    frames.all[0].size = said;
    hash_sha256(frame, n, frames.all[0].stored_sha256);
    size_t at = file.size;
    pack_index_write(&frames, &index);
    strbuf_add_n(&file, index.text, index.size);
    pack_footer_write(at, &index, MEMBERS, &file);
    expect_damaged(file.text, file.size, part);
}

static void a_frame_that_contains_something_else(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf raw = STRBUF_INIT;
    assert_ok(pack_header("m0", 5, &raw, &err));
    strbuf_add(&raw, "hello");
    strbuf_add_repeated(&raw, '\0', 507);
    expect_frame_refused(raw.text, raw.size - 1, 5, "another size than it should");
    expect_frame_refused(raw.text, raw.size, 5000, "another size than it should");
    raw.text[raw.size - 1] = 'x';
    expect_frame_refused(raw.text, raw.size, 5, "not followed by zeros");
    raw.text[raw.size - 1] = '\0';
    raw.text[512] = 'j';
    expect_frame_refused(raw.text, raw.size, 5, "its bytes are not those that were written");
    raw.text[100] = '7';
    expect_frame_refused(raw.text, raw.size, 5, "its tar header is not what the index says");
}

/* --- the check itself --- */

static void all_damage_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    struct pack_footer footer;
    make_pack(&pack);
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(&pack, &footer);
    pack.text[frames.all[0].at + 20] ^= 1;
    pack.text[frames.all[2].at + 20] ^= 1;
    CLEANUP(fd_closep) int fd = memory_file(pack.text, pack.size);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_fails(pack_reader_check(reader, 2, NULL, &err), ERROR_BACKUP);
    assert_string_equal(err.message, "x is damaged: 2 of its 6 parts are not what was written");
    CLEANUP(mem_freep)
    char *wanted =
        mem_printf("Damaged: member \"m0\" (bytes 0 to %llu); member \"m2\" (bytes "
                   "%llu to %llu).",
                   (unsigned long long)frames.all[0].stored - 1,
                   (unsigned long long)frames.all[2].at, (unsigned long long)frames.all[3].at - 1);
    assert_string_equal(err.detail, wanted);
}

static void the_first_twenty_are_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    struct pack_footer footer;
    make_pack_of(30, &pack);
    CLEANUP(pack_frames_clear) struct pack_frames frames = frames_of(&pack, &footer);
    for (size_t i = 0; i < 25; i++) {
        pack.text[frames.all[i].at] ^= 1;
    }
    CLEANUP(fd_closep) int fd = memory_file(pack.text, pack.size);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_fails(pack_reader_check(reader, 2, NULL, &err), ERROR_BACKUP);
    assert_contains(err.message, "25 of its 33 parts");
    assert_contains(err.detail, "member \"m19\" (bytes ");
    assert_contains(err.detail, "); and 5 more.");
    assert_null(strstr(err.detail, "m20"));
}

static void note_progress(void *context, uint64_t bytes, uint64_t total)
{
    uint64_t *last = context;
    assert_true(bytes >= *last && bytes <= total);
    *last = bytes;
}

static void progress_ends_at_the_files_size(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    uint64_t last = 0;
    struct pack_progress progress = {note_progress, &last};
    make_pack(&pack);
    CLEANUP(fd_closep) int fd = memory_file(pack.text, pack.size);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    assert_ok(pack_reader_check(reader, 3, &progress, &err));
    assert_int_equal(last, pack.size);
}

static void a_wish_to_stop_ends_a_check(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf pack = STRBUF_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    make_pack(&pack);
    CLEANUP(fd_closep) int fd = memory_file(pack.text, pack.size);
    assert_ok(pack_reader_open(fd, "x", &reader, &err));
    interrupt_install();
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_fails(pack_reader_check(reader, 2, NULL, &err), ERROR_TERMINATED);
    interrupt_forget();
    error_clear(&err);
    assert_ok(pack_reader_check(reader, 2, NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(every_byte_is_read_again),
        cmocka_unit_test(every_cut_is_found),
        cmocka_unit_test(frames_removed_swapped_repeated),
        cmocka_unit_test(what_is_no_pack),
        cmocka_unit_test(the_index_lies),
        cmocka_unit_test(counts_lie),
        cmocka_unit_test(the_form_of_the_index_is_wrong),
        cmocka_unit_test(a_frame_that_contains_something_else),
        cmocka_unit_test(all_damage_is_named),
        cmocka_unit_test(the_first_twenty_are_named),
        cmocka_unit_test(progress_ends_at_the_files_size),
        cmocka_unit_test(a_wish_to_stop_ends_a_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
