/* A pack that is read from elsewhere than a descriptor: by one reader at a time. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "headgate/hash.h"
#include "headgate/pack.h"
#include "scratch.h"

#define LARGE ((size_t)17 << 20) /* more than is read before it is hashed */

struct place {
    char *bytes;
    size_t size;
    atomic_int readers; /* at this moment */
    uint64_t next;      /* where the last read ended */
    atomic_size_t steps_back;
    uint64_t fails_at; /* a read that touches this place fails; 0: none */
    enum error_code fails_with;
};

static bool read_at(void *context, void *ret_bytes, size_t n, uint64_t at, struct error *err)
{
    struct place *place = context;
    if (atomic_fetch_add(&place->readers, 1) != 0) {
        abort(); /* two at once */
    }
    if (place->fails_at != 0 && at <= place->fails_at && place->fails_at < at + n) {
        (void)atomic_fetch_sub(&place->readers, 1);
        return error_set(err, place->fails_with, "vault1: could not read it");
    }
    if (at > place->size || n > place->size - at) {
        (void)atomic_fetch_sub(&place->readers, 1);
        return error_set(err, ERROR_BACKUP, "it is shorter than that");
    }
    (void)atomic_fetch_add(&place->steps_back, at < place->next ? 1 : 0);
    place->next = at + n;
    memcpy(ret_bytes, place->bytes + at, n);
    (void)atomic_fetch_sub(&place->readers, 1);
    return true;
}

static bool size_of(void *context, uint64_t *ret_size, struct error *err)
{
    const struct place *place = context;
    (void)err;
    *ret_size = place->size;
    return true;
}

static struct pack_source source_of(struct place *place)
{
    return (struct pack_source){.read_at = read_at, .size = size_of, .context = place};
}

static void make_pack(struct place *place)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(mem_freep) char *large = mem_new(LARGE, 1);
    CLEANUP(fd_closep) int fd = memfd_create("pack", MFD_CLOEXEC);
    random_bytes(large, LARGE);
    assert_ok(pack_writer_open(fd, "x", 1, 1, &writer, &err));
    for (size_t i = 0; i < 40; i++) {
        CLEANUP(mem_freep) char *name = mem_printf("m%02zu", i);
        assert_ok(pack_writer_add(writer, name, large + i * 300000, 300000, &err));
    }
    assert_ok(pack_writer_add(writer, "large", large, LARGE, &err));
    assert_ok(pack_writer_add(writer, "last", "hello", 5, &err));
    assert_ok(pack_writer_finish(writer, &err));
    *place = (struct place){.size = (size_t)pack_writer_size(writer)};
    place->bytes = mem_new(place->size, 1);
    assert_int_equal(pread(fd, place->bytes, place->size, 0), place->size);
}

static void open_pack(struct place *place, struct pack_reader **ret_reader)
{
    struct error err = ERROR_INIT;
    const struct pack_source source = source_of(place);
    assert_ok(pack_reader_open_source(&source, "vault1", ret_reader, &err));
}

static void it_is_read_once_from_its_beginning_to_its_end(void **state)
{
    struct place *place = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    open_pack(place, &reader);
    place->next = 0;
    atomic_store(&place->steps_back, 0);
    assert_ok(pack_reader_check(reader, 4, NULL, &err));
    assert_int_equal(atomic_load(&place->steps_back), 0);
    assert_ok(pack_reader_read(reader, pack_reader_find(reader, "last"), &bytes, &err));
    assert_string_equal(bytes.text, "hello");
}

static void damage_is_found_wherever_it_is(void **state)
{
    struct place *place = *state;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    open_pack(place, &reader);
    for (size_t i = 1; i < 20; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        size_t at = place->size / 20 * i;
        place->bytes[at] ^= 1;
        assert_fails(pack_reader_check(reader, 3, NULL, &err), ERROR_BACKUP);
        assert_contains(err.message, "1 of its 45 parts is not what was written");
        place->bytes[at] ^= 1;
    }
}

static void what_cannot_be_read_is_damage_and_a_host_that_is_gone_is_not(void **state)
{
    struct place *place = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    open_pack(place, &reader);
    for (size_t i = 1; i < 5; i++) {
        place->fails_at = place->size / 5 * i;
        place->fails_with = ERROR_IO;
        assert_fails(pack_reader_check(reader, 3, NULL, &err), ERROR_BACKUP);
        assert_contains(err.detail, "which cannot be read: Input/output error");
        error_clear(&err);
        place->fails_with = ERROR_UNREACHABLE;
        assert_fails(pack_reader_check(reader, 3, NULL, &err), ERROR_UNREACHABLE);
        assert_string_equal(err.message, "vault1: could not read it");
        error_clear(&err);
    }
    place->fails_at = 0;
    assert_ok(pack_reader_check(reader, 3, NULL, &err));
}

static void one_that_changes_its_size_is_told(void **state)
{
    struct place *place = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    open_pack(place, &reader);
    place->size--;
    assert_fails(pack_reader_check(reader, 1, NULL, &err), ERROR_BACKUP);
    place->size++;
}

static int make(void **state)
{
    static struct place place;
    make_pack(&place);
    *state = &place;
    return 0;
}

static int unmake(void **state)
{
    struct place *place = *state;
    mem_free(place->bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_once_from_its_beginning_to_its_end),
        cmocka_unit_test(damage_is_found_wherever_it_is),
        cmocka_unit_test(what_cannot_be_read_is_damage_and_a_host_that_is_gone_is_not),
        cmocka_unit_test(one_that_changes_its_size_is_told),
    };
    return cmocka_run_group_tests_name("archive/pack_source", tests, make, unmake);
}
