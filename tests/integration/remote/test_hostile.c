/* Servers that are none, that lie, that hang up anywhere; and those that libssh2 cannot talk to. */
#include "hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "headgate/interrupt.h"

#define CUTS 12

static struct host *host;

static int open_host(void **state)
{
    (void)state;
    interrupt_install();
    host = host_open("one", "");
    return 0;
}

static int close_host(void **state)
{
    (void)state;
    host_freep(&host);
    return 0;
}

/* --- a server of ours --- */

struct behaviour {
    const char *says; /* then */
    size_t size, times;
    bool hangs_up;
    int relay_to;               /* a port that all is passed on to, or 0 */
    size_t cut, flip, fragment; /* of what comes back: ends there, is wrong there, in such pieces */
};
struct server {
    pid_t pid;
    int port;
};

static void pass_back(const struct behaviour *b, int from, int to, size_t *passed)
{
    char bytes[4096];
    ssize_t n = read(from, bytes, b->fragment > 0 ? b->fragment : sizeof bytes);
    if (n <= 0) {
        _exit(0);
    }
    size_t size = (size_t)n;
    if (b->cut > 0 && *passed + size > b->cut) {
        size = b->cut - *passed;
    }
    if (b->flip > 0 && b->flip >= *passed && b->flip < *passed + size) {
        bytes[b->flip - *passed] ^= 0x20;
    }
    (void)!write(to, bytes, size);
    *passed += size;
    if (b->cut > 0 && *passed == b->cut) {
        _exit(0);
    }
}

static void relay(const struct behaviour *b, int client)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)b->relay_to)};
    size_t passed = 0;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (connect(server, (const struct sockaddr *)&address, sizeof address) != 0) {
        _exit(1);
    }
    for (;;) {
        struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        char bytes[4096];
        (void)poll(fds, 2, -1);
        if (fds[1].revents != 0) {
            pass_back(b, server, client, &passed);
        }
        if (fds[0].revents != 0) {
            ssize_t n = read(client, bytes, sizeof bytes);
            if (n <= 0) {
                _exit(0);
            }
            (void)!write(server, bytes, (size_t)n);
        }
    }
}

static void behave(const struct behaviour *b, int client)
{
    char bytes[4096];
    if (b->relay_to != 0) {
        relay(b, client);
    }
    for (size_t i = 0; i < b->times && write(client, b->says, b->size) > 0; i++) {
    }
    while (!b->hangs_up && read(client, bytes, sizeof bytes) > 0) {
    }
    _exit(0);
}

static struct server serve(const struct behaviour *b)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listening, 16), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGCHLD, SIG_IGN);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)setpgid(0, 0);
        for (;;) {
            int client = accept(listening, NULL, NULL);
            if (client >= 0 && fork() == 0) {
                behave(b, client);
            }
            (void)close(client);
        }
    }
    (void)setpgid(pid, pid);
    (void)close(listening);
    return (struct server){.pid = pid, .port = ntohs(address.sin_port)};
}

static void stop(struct server *server)
{
    (void)kill(-server->pid, SIGKILL);
    (void)waitpid(server->pid, NULL, 0);
}

/* Opened there; where that fails it does so in words, and not because our process died. */
static bool open_there(const struct behaviour *b, msec timeout, struct error *err)
{
    struct server server = serve(b);
    struct ssh_place place = host->place;
    CLEANUP(mem_freep) char *known = NULL;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    place.port = server.port;
    place.connect_timeout = timeout;
    known = mem_printf("%s/known_there", scratch_dir());
    scratch_sh("sed 's/\\]:%d /]:%d /' %s >%s", host->sshd.port, server.port, host->known_hosts,
               known);
    place.known_hosts = known;
    bool opened = remote_open(&place, deadline_in(PATIENCE), &remote, err);
    msec took = 0;
    if (opened) {
        opened = remote_ping(remote, deadline_in(PATIENCE), &took, err);
    }
    stop(&server);
    if (!opened) {
        assert_true(err->code == ERROR_UNREACHABLE || err->code == ERROR_TIMEOUT);
        if (err->detail != NULL) {
            assert_null(strstr(err->detail, "is gone"));
        }
    }
    return opened;
}

static void assert_refused(const struct behaviour *b, msec timeout, const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_false(open_there(b, timeout, &err));
    assert_contains(err.message, message);
}

#define SAYS(text) .says = (text), .size = strlen(text)

static void what_is_no_ssh_is_quoted(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const struct behaviour web = {SAYS("HTTP/1.1 400 Bad Request\r\n\x1b[31m\r\n\r\n"), .times = 1,
                                  .hangs_up = true};
    assert_false(open_there(&web, 5000, &err));
    assert_contains(err.message, "does not speak SSH");
    assert_contains(err.detail, "HTTP/1.1 400 Bad Request");
}

static void a_banner_without_end_is_given_up(void **state)
{
    (void)state;
    const struct behaviour lines = {SAYS("welcome to this machine, please wait\r\n"),
                                    .times = SIZE_MAX};
    const struct behaviour one = {SAYS("SSH-2.0-"), .times = 1};
    const struct behaviour word = {SAYS("abcdefghijklmnop"), .times = SIZE_MAX};
    assert_refused(&lines, 5000, "says too much");
    assert_refused(&word, 5000, "says too much");
    assert_refused(&one, 400, "in time");
}

static void garbage_behind_a_banner_is_survived(void **state)
{
    (void)state;
    char garbage[4096];
    uint32_t dice = 4711;
    for (size_t i = 0; i < sizeof garbage; i++) {
        dice = dice * 1664525 + 1013904223;
        garbage[i] = (char)(dice >> 24);
    }
    memcpy(garbage, "SSH-2.0-X\r\n", 11);
    const struct behaviour noise = {.says = garbage, .size = sizeof garbage, .times = 1000};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_false(open_there(&noise, 3000, &err));
    for (size_t length = 1; length <= 20; length += 6) {
        CLEANUP(error_clear) struct error again = ERROR_INIT;
        memcpy(garbage + 11, (const char[]){0, 0, 0, (char)length, 4, 20}, 6);
        const struct behaviour packet = {.says = garbage, .size = 200, .times = 1};
        assert_false(open_there(&packet, 300, &again));
    }
}

static void silence_is_not_waited_for_longer_than_was_said(void **state)
{
    (void)state;
    const struct behaviour silent = {.times = 0};
    assert_refused(&silent, 300, "did not answer in time");
}

static void one_that_hangs_up_is_asked_again_and_then_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const struct behaviour shy = {.times = 0, .hangs_up = true};
    assert_false(open_there(&shy, 600, &err));
    assert_contains(err.message, "hung up without a word");
    assert_contains(err.hint, "MaxStartups");
}

static void an_old_protocol_is_said(void **state)
{
    (void)state;
    const struct behaviour old = {SAYS("SSH-1.5-ancient\r\n"), .times = 1};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_false(open_there(&old, 500, &err));
}

/* --- a real one, over a bad line --- */

static void a_handshake_that_is_cut_anywhere_is_told(void **state)
{
    (void)state;
    for (size_t i = 1; i <= CUTS; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        const struct behaviour cut = {.relay_to = host->sshd.port, .cut = i * 167};
        assert_false(open_there(&cut, 5000, &err));
    }
}

static void a_wrong_byte_anywhere_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < CUTS; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        const struct behaviour flip = {.relay_to = host->sshd.port, .flip = 45 + i * 193};
        if (open_there(&flip, 500, &err)) {
            print_message("a wrong byte at %zu changed nothing\n", flip.flip);
            /* Lists that we do not use may say anything; keys and packets may not. */
            assert_true(flip.flip < 1200);
        }
    }
}

static void bytes_that_come_one_by_one_are_as_good(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const struct behaviour drops = {.relay_to = host->sshd.port, .fragment = 1};
    assert_ok(open_there(&drops, PATIENCE, &err));
}

/* --- what libssh2 cannot do --- */

static void assert_needs_openssh(const char *name, const char *settings, const char *noun)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *hard = host_open(name, settings);
    CLEANUP(remote_closep) struct remote *remote = NULL;
    assert_fails(remote_open(&hard->place, deadline_in(PATIENCE), &remote, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, noun);
    assert_contains(err.message, "libssh2");
    assert_contains(err.hint, "\"transport\": \"openssh\"");
    assert_contains(err.detail, strchr(settings, '=') + 1);
}

static void a_hardened_server_is_named_with_what_it_lacks(void **state)
{
    (void)state;
    assert_needs_openssh("etm", "MACs=hmac-sha2-512-etm@openssh.com", "MACs");
    assert_needs_openssh("gcm", "Ciphers=aes256-gcm@openssh.com", "ciphers");
    assert_needs_openssh("rsa", "HostKeyAlgorithms=rsa-sha2-512", "kinds of host keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_ssh_is_quoted),
        cmocka_unit_test(a_banner_without_end_is_given_up),
        cmocka_unit_test(garbage_behind_a_banner_is_survived),
        cmocka_unit_test(silence_is_not_waited_for_longer_than_was_said),
        cmocka_unit_test(one_that_hangs_up_is_asked_again_and_then_said),
        cmocka_unit_test(an_old_protocol_is_said),
        cmocka_unit_test(a_handshake_that_is_cut_anywhere_is_told),
        cmocka_unit_test(a_wrong_byte_anywhere_is_noticed),
        cmocka_unit_test(bytes_that_come_one_by_one_are_as_good),
        cmocka_unit_test(a_hardened_server_is_named_with_what_it_lacks),
    };
    return cmocka_run_group_tests(tests, open_host, close_host);
}
