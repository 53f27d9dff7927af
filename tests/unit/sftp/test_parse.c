/* What a server says is not trusted; and answers may come in any order. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scratch.h"
#include "session.h"

#define SILENCE 20000

/* --- packets --- */

static const char *read_text(const char *bytes, size_t n, struct sftp_reply *reply)
{
    char *copy = mem_copy_n(bytes, n); /* its own memory, so that ASan sees a step too far */
    const char *against = sftp_reply_read(copy, n, reply);
    mem_free(copy);
    return against;
}

static void expect_bad(const char *bytes, size_t n, const char *why)
{
    struct sftp_reply reply;
    const char *against = read_text(bytes, n, &reply);
    assert_non_null(against);
    assert_contains(against, why);
}
#define BAD(bytes, why) expect_bad((bytes), sizeof(bytes) - 1, (why))

static void what_is_cut_off_or_none_is_refused(void **state)
{
    (void)state;
    expect_bad("", 0, "cut off");
    BAD("\x65", "cut off");
    BAD("\x65\0\0\0\1\0\0", "cut off");                           /* half a status */
    BAD("\x65\0\0\0\1\0\0\0\4\xff\xff\xff\xff", "cut off");       /* a sentence of 4 GB */
    BAD("\x67\0\0\0\1\0\0\0\5abcd", "cut off");                   /* data with a byte too few */
    BAD("\x66\0\0\0\1\0\0\0\0", "a handle of a size");            /* a handle of nothing */
    BAD("\x68\0\0\0\1\xff\xff\xff\xff", "names that is cut off"); /* 4 billion names in no byte */
    BAD("\x68\0\0\0\1\0\0\0\1\0\0\0\3a/b\0\0\0\0\0\0\0\0", "no file can have");
    BAD("\x68\0\0\0\1\0\0\0\1\0\0\0\3a\0b\0\0\0\0\0\0\0\0", "no file can have");
    BAD("\x68\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", "no file can have");
    BAD("\x69\0\0\0\1\x80\0\0\0\xff\xff\xff\xff", "cut off"); /* 4 billion pairs */
    BAD("\x2a\0\0\0\1", "of a kind that there is not");
}

static void names_are_read_with_what_they_are(void **state)
{
    (void)state;
    static const char bytes[] = "\x68\0\0\0\7\0\0\0\2"
                                "\0\0\0\1a\0\0\0\2ls\0\0\0\x0d\0\0\0\0\0\0\1\0\0\0\x81\x80\0\0\0\1"
                                "\x6a\0\0\0"
                                "\0\0\0\2bc\0\0\0\0\x80\0\0\0\0\0\0\1\0\0\0\1k\0\0\0\1v";
    struct sftp_reply reply;
    struct sftp_entry entry;
    assert_null(sftp_reply_read(bytes, sizeof bytes - 1, &reply));
    assert_int_equal(reply.id, 7);
    CLEANUP(mem_freep) char *first = sftp_reply_name(&reply, &entry);
    assert_string_equal(first, "a");
    assert_int_equal(entry.size, 256);
    assert_int_equal(entry.mode, 0x8180);
    assert_int_equal(entry.modified, 0x6a000000);
    CLEANUP(mem_freep) char *second = sftp_reply_name(&reply, &entry);
    assert_string_equal(second, "bc");
    assert_null(sftp_reply_name(&reply, &entry));
}

static void a_version_names_what_the_server_can(void **state)
{
    (void)state;
    static const char good[] = "\2\0\0\0\3\0\0\0\x11"
                               "fsync@openssh.com\0\0\0\1"
                               "1"
                               "\0\0\0\1x\0\0\0\0\0\0\0\x13statvfs@openssh.com\0\0\0\1"
                               "1";
    unsigned extensions = 0;
    assert_null(sftp_version_read(good, sizeof good - 1, &extensions));
    assert_int_equal(extensions, CAN_FSYNC); /* statvfs of a version that we do not know */
    assert_non_null(sftp_version_read(good, sizeof good - 2, &extensions));
    assert_non_null(sftp_version_read("\2\0\0\0\2", 5, &extensions));
    assert_non_null(sftp_version_read("\2\0\0", 3, &extensions));
    assert_non_null(sftp_version_read("\3\0\0\0\3", 5, &extensions));
}

/* --- servers that are not like others --- */

struct server {
    int fd;
    pthread_t thread;
    size_t batch; /* so many requests are read before the last of them is answered first */
    bool halves;  /* a read is answered with half of what was asked for */
    const char *says;
    size_t says_n;
};

static bool read_packet(int fd, struct strbuf *packet)
{
    uint32_t length = 0;
    if (recv(fd, &length, sizeof length, MSG_WAITALL) != sizeof length) {
        return false;
    }
    size_t n = ntohl(length);
    strbuf_cut(packet, 0);
    bool read = recv(fd, strbuf_room(packet, n), n, MSG_WAITALL) == (ssize_t)n;
    strbuf_grown(packet, n);
    return read;
}

static void answer(int fd, const struct strbuf *packet)
{
    (void)!send(fd, packet->text, packet->size, MSG_NOSIGNAL);
}

/* A file of 1 MB, whose byte at each place is its place. */
static void answer_read(int fd, bool halves, uint32_t id, uint64_t at, uint32_t n)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    const uint64_t size = 1 << 20;
    uint32_t some = halves ? n / 2 + 1 : n;
    packet_begin(&packet, at < size ? SFTP_DATA : SFTP_STATUS, id);
    packet_add_u32(&packet,
                   at < size ? (at + some < size ? some : (uint32_t)(size - at)) : STATUS_EOF);
    for (uint64_t i = at; i < at + some && i < size; i++) {
        strbuf_add_char(&packet, (char)(i % 251));
    }
    packet_end(&packet, 0);
    answer(fd, &packet);
}

static void answer_request(int fd, bool halves, const struct strbuf *request)
{
    struct wire wire = {.at = (const unsigned char *)request->text + 1, .left = request->size - 1};
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    uint32_t id = wire_u32(&wire);
    size_t n = 0;
    if (request->text[0] == SFTP_READ) {
        (void)wire_bytes(&wire, &n);
        uint64_t at = wire_u64(&wire);
        answer_read(fd, halves, id, at, wire_u32(&wire));
        return;
    }
    packet_begin(&packet, request->text[0] == SFTP_OPEN ? SFTP_HANDLE : SFTP_STATUS, id);
    packet_add_u32(&packet, request->text[0] == SFTP_OPEN ? 1 : STATUS_OK);
    strbuf_add_char(&packet, 'h');
    packet_end(&packet, 0);
    answer(fd, &packet);
}

static void *serve(void *context)
{
    struct server *server = context;
    struct strbuf requests[4] = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};
    static const char version[] = "\0\0\0\5\2\0\0\0\3";
    bool more = read_packet(server->fd, &requests[0]) &&
                send(server->fd, version, sizeof version - 1, MSG_NOSIGNAL) > 0;
    if (more && server->says != NULL) {
        (void)read_packet(server->fd, &requests[0]);
        (void)!send(server->fd, server->says, server->says_n, MSG_NOSIGNAL);
        more = false;
    }
    while (more) {
        size_t n = 0;
        more = read_packet(server->fd, &requests[n++]);
        while (more && requests[0].text[0] == SFTP_READ && n < server->batch) {
            more = read_packet(server->fd, &requests[n++]);
        }
        for (size_t i = n; more && i > 0; i--) {
            answer_request(server->fd, server->halves, &requests[i - 1]);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        strbuf_clear(&requests[i]);
    }
    (void)shutdown(server->fd, SHUT_RDWR);
    return NULL;
}

static struct sftp *begin(struct server *server)
{
    struct error err = ERROR_INIT;
    struct sftp *sftp = NULL;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    server->fd = ends[1];
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    assert_ok(sftp_open(ends[0], "vault1", SILENCE, &sftp, &err));
    return sftp;
}

static void end(struct server *server, struct sftp **sftp)
{
    sftp_closep(sftp);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    (void)close(server->fd);
}

static void expect_places(const char *bytes, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal((unsigned char)bytes[i], (at + i) % 251);
    }
}

static void answers_by_halves_make_the_same_bytes(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static char bytes[131072];
    struct server server = {.batch = 1, .halves = true};
    struct sftp_file *file = NULL;
    size_t n = 0;
    struct sftp *sftp = begin(&server);
    assert_ok(sftp_open_to_read(sftp, "x", &file, &err));
    for (size_t at = 0; at < 1 << 20; at += n) {
        assert_ok(sftp_read_at(file, bytes, sizeof bytes, at, &n, &err));
        assert_int_equal(n, sizeof bytes);
        expect_places(bytes, n, at);
    }
    assert_ok(sftp_read_at(file, bytes, sizeof bytes, (1 << 20) - 100, &n, &err));
    assert_int_equal(n, 100);
    sftp_file_closep(&file);
    end(&server, &sftp);
}

/* 128 kB are four requests of 32, and nobody reads on where the last read ended. */
static void answers_in_any_order_make_the_same_bytes(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static char bytes[131072];
    struct server server = {.batch = 4};
    struct sftp_file *file = NULL;
    size_t n = 0;
    struct sftp *sftp = begin(&server);
    assert_ok(sftp_open_to_read(sftp, "x", &file, &err));
    for (size_t i = 5; i > 0; i--) {
        assert_ok(sftp_read_at(file, bytes, sizeof bytes, i * 50000, &n, &err));
        assert_int_equal(n, sizeof bytes);
        expect_places(bytes, n, i * 50000);
    }
    sftp_file_closep(&file);
    end(&server, &sftp);
}

static void expect_broken(const char *says, size_t n, const char *why)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct server server = {.says = says, .says_n = n};
    struct sftp *sftp = begin(&server);
    assert_fails(sftp_remove(sftp, "x", &err), ERROR_UNREACHABLE);
    assert_contains(err.message, why);
    assert_true(sftp_is_broken(sftp));
    end(&server, &sftp);
}
#define BREAKS(says, why) expect_broken((says), sizeof(says) - 1, (why))

static void nonsense_breaks_the_session(void **state)
{
    (void)state;
    BREAKS("", "was closed on the other side");
    BREAKS("\0\0", "was closed on the other side");
    BREAKS("\0\0\0\0", "that is not SFTP");
    BREAKS("Welcome to vault1!\n", "that is not SFTP");
    BREAKS("\0\0\0\x09\x65\0\0\0\x63\0\0\0\0", "answers what nobody has asked");
    BREAKS("\0\0\0\x0a\x66\0\0\0\0\0\0\0\1h", "answers something else than was asked");
    BREAKS("\0\0\0\5\x69\0\0\0\0", "an answer that is cut off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_cut_off_or_none_is_refused),
        cmocka_unit_test(names_are_read_with_what_they_are),
        cmocka_unit_test(a_version_names_what_the_server_can),
        cmocka_unit_test(answers_by_halves_make_the_same_bytes),
        cmocka_unit_test(answers_in_any_order_make_the_same_bytes),
        cmocka_unit_test(nonsense_breaks_the_session),
    };
    return cmocka_run_group_tests_name("sftp/parse", tests, NULL, NULL);
}
