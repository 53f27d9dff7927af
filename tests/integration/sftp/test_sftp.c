/* The client against OpenSSH's own server. */
#include "headgate/sftp.h"

#include <errno.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/interrupt.h"
#include "sftp.h"

#define SILENCE 20000
#define MB ((size_t)1 << 20)

struct world {
    struct sftp_peer peer;
    struct sftp *sftp;
};

static void begin(struct world *world)
{
    struct error err = ERROR_INIT;
    world->peer = sftp_peer_start();
    assert_ok(sftp_open(world->peer.fd, "vault1", SILENCE, &world->sftp, &err));
}

static void end(struct world *world)
{
    sftp_closep(&world->sftp);
    sftp_peer_end(&world->peer);
}

static char *path_of(const char *name)
{
    return path_join(scratch_dir(), name);
}

/* Bytes of which every place is different. */
static void fill(char *bytes, size_t n)
{
    uint64_t number = 1;
    for (size_t i = 0; i + sizeof number <= n; i += sizeof number) {
        number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
        memcpy(bytes + i, &number, sizeof number);
    }
}

static void expect_file(const char *name, const char *bytes, size_t n)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_of(name);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    assert_ok(file_read(path, n + 1, &text, &err));
    assert_int_equal(text.size, n);
    assert_memory_equal(text.text, bytes, n);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    const size_t size = 20 * MB + 12345;
    char *bytes = mem_new(size, 1), *read = mem_new(size + 1, 1);
    CLEANUP(mem_freep) char *path = path_of("large");
    struct sftp_file *file = NULL;
    bool durable = false;
    size_t n = 0;
    begin(&world);
    fill(bytes, size);
    assert_ok(sftp_open_to_write(world.sftp, path, true, 0600, &file, &err));
    for (size_t at = 0; at < size; at += 300000) {
        size_t some = size - at < 300000 ? size - at : 300000;
        assert_ok(sftp_write_at(file, bytes + at, some, at, &err));
    }
    assert_true(sftp_arrived(file) <= size);
    assert_ok(sftp_sync(file, &durable, &err));
    assert_int_equal(sftp_arrived(file), size);
    assert_true(durable);
    sftp_file_closep(&file);
    expect_file("large", bytes, size);
    scratch_sh("[ $(stat -c %%a large) = 600 ]");
    assert_ok(sftp_open_to_read(world.sftp, path, &file, &err));
    for (size_t at = 0; at < size; at += 700001) { /* on and on */
        size_t some = size - at < 700001 ? size - at : 700001;
        assert_ok(sftp_read_at(file, read + at, 700001 < size - at ? 700001 : size + 1 - at, at, &n,
                               &err));
        assert_int_equal(n, some);
    }
    assert_memory_equal(read, bytes, size);
    assert_ok(sftp_read_at(file, read, 10, size, &n, &err));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < 50; i++) { /* here and there */
        size_t at = (i * 7919 * 1021) % size, some = 1 + i * 20011;
        assert_ok(sftp_read_at(file, read, some, at, &n, &err));
        assert_int_equal(n, some < size - at ? some : size - at);
        assert_memory_equal(read, bytes + at, n);
    }
    sftp_file_closep(&file);
    mem_free(bytes);
    mem_free(read);
    end(&world);
}

static void folders_are_made_listed_and_names_given_and_taken(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    CLEANUP(mem_freep) char *folder = path_of("a/b/c");
    CLEANUP(mem_freep) char *one = path_of("a/b/c/one");
    CLEANUP(mem_freep) char *two = path_of("a/b/c/two");
    begin(&world);
    assert_ok(sftp_make_folder(world.sftp, folder, 0700, &err));
    assert_ok(sftp_make_folder(world.sftp, folder, 0700, &err));
    scratch_sh("[ $(stat -c %%a a/b) = 700 ] && echo one >a/b/c/one && echo 'two!' >a/b/c/two && "
               "for i in $(seq 250); do : >a/b/c/more-$i; done");
    CLEANUP(sftp_entries_clear) struct sftp_entries entries = {0};
    assert_ok(sftp_list(world.sftp, folder, &entries, &err));
    assert_int_equal(entries.n, 252);
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    assert_ok(sftp_stat(world.sftp, two, &entry, &err));
    assert_int_equal(entry.size, 5);
    assert_true(S_ISREG(entry.mode));
    assert_true(entry.modified > 1500000000);
    assert_ok(sftp_rename(world.sftp, two, one, &err)); /* over the other */
    expect_file("a/b/c/one", "two!\n", 5);
    assert_ok(sftp_remove(world.sftp, one, &err));
    assert_fails(sftp_remove(world.sftp, one, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_contains(err.message, "vault1: could not remove ");
    uint64_t there = 0;
    error_clear(&err);
    assert_ok(sftp_free_bytes(world.sftp, folder, &there, &err));
    assert_true(there > 0 && there < UINT64_MAX);
    end(&world);
}

static void what_cannot_be_is_told_with_its_reason(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    struct sftp_file *file = NULL;
    struct sftp_entries entries;
    CLEANUP(mem_freep) char *path = path_of("there");
    CLEANUP(mem_freep) char *under = path_of("there/under");
    begin(&world);
    scratch_sh("echo x >there");
    assert_fails(sftp_open_to_write(world.sftp, path, true, 0600, &file, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EEXIST);
    error_clear(&err);
    assert_fails(sftp_open_to_read(world.sftp, "/no/such", &file, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    error_clear(&err);
    assert_fails(sftp_list(world.sftp, "/no/such", &entries, &err), ERROR_IO);
    error_clear(&err);
    assert_fails(sftp_make_folder(world.sftp, path, 0700, &err), ERROR_IO);
    assert_contains(err.message, "is no folder");
    error_clear(&err);
    assert_fails(sftp_make_folder(world.sftp, under, 0700, &err), ERROR_IO);
    error_clear(&err);
    end(&world);
}

static void a_full_disk_is_told_with_what_is_free(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    struct sftp_file *file = NULL;
    char *bytes = mem_new(MB, 1);
    bool durable = false;
    begin(&world);
    assert_ok(sftp_open_to_write(world.sftp, "/dev/full", false, 0, &file, &err));
    assert_ok(sftp_write_at(file, bytes, 1000, 0, &err));
    assert_fails(sftp_sync(file, &durable, &err), ERROR_IO);
    assert_contains(err.message, "vault1: could not write /dev/full: ");
    assert_contains(err.detail, " free.");
    error_clear(&err);
    assert_fails(sftp_write_at(file, bytes, 1000, 1000, &err), ERROR_IO);
    assert_int_equal(sftp_arrived(file), 0);
    sftp_file_closep(&file);
    mem_free(bytes);
    end(&world);
}

static void a_server_that_dies_breaks_the_session_and_says_so(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    struct sftp_file *file = NULL;
    size_t n = 0;
    char byte = 0;
    begin(&world);
    scratch_sh("echo x >victim");
    CLEANUP(mem_freep) char *path = path_of("victim");
    assert_ok(sftp_open_to_read(world.sftp, path, &file, &err));
    sftp_peer_end(&world.peer);
    assert_fails(sftp_read_at(file, &byte, 1, 0, &n, &err), ERROR_UNREACHABLE);
    assert_true(err.retryable);
    assert_true(sftp_is_broken(world.sftp));
    CLEANUP(mem_freep) char *first = mem_copy(err.message);
    error_clear(&err);
    assert_fails(sftp_remove(world.sftp, path, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, first);
    sftp_file_closep(&file);
    end(&world);
}

static void a_server_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world = {.peer = sftp_peer_start()};
    assert_ok(sftp_open(world.peer.fd, "vault1", 200, &world.sftp, &err));
    assert_int_equal(kill(world.peer.pid, SIGSTOP), 0);
    assert_fails(sftp_remove(world.sftp, "/no/such", &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "vault1: the SFTP server has said nothing for 200ms");
    assert_true(err.retryable);
    end(&world);
}

static void a_wish_to_stop_ends_the_wait_and_winding_up_goes_on(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    CLEANUP(mem_freep) char *path = path_of("unwanted");
    begin(&world);
    scratch_sh("echo x >unwanted");
    assert_int_equal(raise(SIGTERM), 0);
    assert_fails(sftp_remove(world.sftp, "/no/such", &err), ERROR_TERMINATED);
    error_clear(&err);
    sftp_wind_up(world.sftp, deadline_in(SILENCE));
    assert_ok(sftp_remove(world.sftp, path, &err));
    interrupt_forget();
    end(&world);
}

static void a_forked_child_does_not_use_its_parents_session(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    int status = 0;
    struct sftp_file *file = NULL;
    begin(&world);
    scratch_sh("echo x >shared");
    CLEANUP(mem_freep) char *path = path_of("shared");
    assert_ok(sftp_open_to_read(world.sftp, path, &file, &err));
    pid_t pid = fork();
    if (pid == 0) {
        bool refused = !sftp_remove(world.sftp, path, &err) && err.code == ERROR_UNREACHABLE;
        sftp_file_closep(&file);
        sftp_closep(&world.sftp);
        _exit(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    size_t n = 0;
    char bytes[2];
    assert_ok(sftp_read_at(file, bytes, 2, 0, &n, &err));
    assert_int_equal(n, 2);
    sftp_file_closep(&file);
    end(&world);
}

/* --- many files --- */

#define FILES 5

/* A packet with its length. */
static void read_packet(int fd, struct strbuf *ret_packet)
{
    unsigned char size[4] = {0};
    assert_int_equal(recv(fd, size, sizeof size, MSG_WAITALL), sizeof size);
    size_t n = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    strbuf_cut(ret_packet, 0);
    strbuf_add_n(ret_packet, (const char *)size, sizeof size);
    assert_int_equal(recv(fd, strbuf_room(ret_packet, n), n, MSG_WAITALL), n);
    strbuf_grown(ret_packet, n);
}

static void pass_packets(int from, int to, size_t n)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        read_packet(from, &packet);
        (void)send(to, packet.text, packet.size, MSG_NOSIGNAL); /* who closes waits for no answer */
    }
}

/* A server that answers no question before it has so many. */
static int patient_server(const size_t *turns, size_t n, struct sftp_peer *peer)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        *peer = sftp_peer_start();
        for (size_t i = 0; i < n; i++) {
            pass_packets(ends[1], peer->fd, turns[i]);
            pass_packets(peer->fd, ends[1], turns[i]);
        }
        char more = 0;
        bool quiet = read(ends[1], &more, 1) <= 0;
        sftp_peer_end(peer);
        _exit(quiet ? 0 : 1);
    }
    (void)close(ends[1]);
    peer->pid = pid;
    return ends[0];
}

static struct sftp_ends ends_of(const char *name, size_t first, size_t last)
{
    return (struct sftp_ends){.path = path_of(name), .first = first, .last = last};
}

static void many_files_are_seen_together(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct sftp_peer peer;
    struct sftp *sftp = NULL;
    struct sftp_ends ends[FILES];
    /* greeting, limits, what they are, opened (the fifth is none), read (the third in two parts),
     * closed */
    static const size_t turns[] = {1, 1, FILES, FILES - 1, 3, FILES - 1};
    scratch_sh("printf 0123456789 >one; : >none; seq 100000 >large; ln -sf one linked");
    ends[0] = ends_of("one", 2, 100);
    ends[1] = ends_of("none", 2, 100);
    ends[2] = ends_of("large", 6, 7);
    ends[3] = ends_of("linked", 0, 0);
    ends[4] = ends_of("missing", 2, 100);
    assert_ok(
        sftp_open(patient_server(turns, ARRAY_LEN(turns), &peer), "vault1", SILENCE, &sftp, &err));
    assert_ok(sftp_read_ends(sftp, ends, FILES, &err));
    assert_string_equal(ends[0].tail, "0123456789");
    assert_int_equal(ends[0].n_head, 0);
    assert_true(ends[1].there && ends[1].size == 0 && ends[1].n_tail == 0);
    assert_string_equal(ends[2].head, "1\n2\n3\n");
    assert_string_equal(ends[2].tail, "100000\n");
    assert_int_equal(ends[2].size, 588895);
    assert_true(ends[3].there && ends[3].size == 10 && ends[3].n_tail == 0);
    assert_false(ends[4].there);
    for (size_t i = 0; i < FILES; i++) {
        sftp_ends_clear(&ends[i]);
    }
    sftp_closep(&sftp);
    int status = -1;
    assert_int_equal(waitpid(peer.pid, &status, 0), peer.pid);
    assert_int_equal(status, 0); /* nothing else was asked */
}

static void what_is_no_plain_file_is_not_opened(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world world;
    begin(&world);
    scratch_sh("mkfifo pipe; mkdir folder; printf 1 >readable");
    struct sftp_ends ends[] = {ends_of("pipe", 1, 1), ends_of("folder", 1, 1),
                               ends_of("readable", 0, 1)};
    assert_ok(sftp_read_ends(world.sftp, ends, 3, &err));
    assert_false(ends[0].there || ends[1].there);
    assert_true(ends[2].there && ends[2].tail[0] == '1');
    for (size_t i = 0; i < 3; i++) {
        sftp_ends_clear(&ends[i]);
    }
    end(&world);
}

static void a_server_that_dies_meanwhile_breaks_the_session(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static const size_t turns[] = {1, 1, 2};
    struct sftp_peer peer;
    struct sftp *sftp = NULL;
    scratch_sh("printf 1 >first; printf 2 >second");
    struct sftp_ends ends[] = {ends_of("first", 1, 1), ends_of("second", 1, 1)};
    assert_ok(
        sftp_open(patient_server(turns, ARRAY_LEN(turns), &peer), "vault1", SILENCE, &sftp, &err));
    assert_fails(sftp_read_ends(sftp, ends, 2, &err), ERROR_UNREACHABLE);
    assert_false(ends[0].there || ends[1].there);
    assert_true(sftp_is_broken(sftp));
    sftp_ends_clear(&ends[0]);
    sftp_ends_clear(&ends[1]);
    sftp_closep(&sftp);
    assert_int_equal(waitpid(peer.pid, NULL, 0), peer.pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(folders_are_made_listed_and_names_given_and_taken),
        cmocka_unit_test(what_cannot_be_is_told_with_its_reason),
        cmocka_unit_test(a_full_disk_is_told_with_what_is_free),
        cmocka_unit_test(a_server_that_dies_breaks_the_session_and_says_so),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
        cmocka_unit_test(a_wish_to_stop_ends_the_wait_and_winding_up_goes_on),
        cmocka_unit_test(a_forked_child_does_not_use_its_parents_session),
        cmocka_unit_test(many_files_are_seen_together),
        cmocka_unit_test(what_is_no_plain_file_is_not_opened),
        cmocka_unit_test(a_server_that_dies_meanwhile_breaks_the_session),
    };
    interrupt_install();
    return cmocka_run_group_tests_name("sftp/sftp", tests, NULL, NULL);
}
