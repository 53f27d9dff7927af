/* Ways in: PostgreSQL through the session, many at once, slow ones, strangers. */
#include "hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "headgate/interrupt.h"
#include "headgate/process.h"

static struct host *host, *bastion;
static struct remote *remote;
static char pg_folder[128];
static int pg_port;

static int open_host(void **state)
{
    (void)state;
    interrupt_install();
    host = host_open("one", "");
    remote = open_remote(&host->place);
    assert_int_equal(sscanf(scratch_postgres(), "host=%127s port=%d", pg_folder, &pg_port), 2);
    return 0;
}

static int close_host(void **state)
{
    (void)state;
    remote_closep(&remote);
    host_freep(&host);
    host_freep(&bastion);
    return 0;
}

static struct remote_way way_to(struct remote *over, const char *where, int port,
                                enum remote_door door)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct remote_way way = {.host = NULL};
    assert_ok(remote_way_to(over, where, port, door, deadline_in(PATIENCE), &way, &err));
    return way;
}

#define WAY __attribute__((cleanup(remote_way_clear))) struct remote_way

static int connect_to(const struct remote_way *way)
{
    int fd = -1;
    if (way->host[0] == '/') {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", way->host,
                       way->port);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    } else {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)way->port)};
        assert_int_equal(inet_pton(AF_INET, way->host, &address.sin_addr), 1);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    }
    return fd;
}

/* --- PostgreSQL --- */

static void psql_goes_through_a_socket(void **state)
{
    (void)state;
    WAY way = way_to(remote, pg_folder, pg_port, DOOR_SOCKET);
    assert_int_equal(way.port, pg_port);
    assert_string_equal(scratch_out("psql -XAtqh %s -p %d -U tester -d postgres -c 'select 6*7'",
                                    way.host, way.port),
                        "42");
}

static void psql_goes_through_loopback_on_the_real_port(void **state)
{
    (void)state;
    WAY way = way_to(remote, pg_folder, pg_port, DOOR_LOOPBACK);
    assert_int_equal(way.port, pg_port);
    assert_true(text_starts(way.host, "127."));
    assert_string_equal(scratch_out("psql -XAtqh %s -p %d -U tester -d postgres -c 'select 6*7'",
                                    way.host, way.port),
                        "42");
}

static void the_same_way_is_the_same_again(void **state)
{
    (void)state;
    WAY one = way_to(remote, pg_folder, pg_port, DOOR_SOCKET);
    WAY same = way_to(remote, pg_folder, pg_port, DOOR_SOCKET);
    WAY other = way_to(remote, pg_folder, pg_port + 1, DOOR_SOCKET);
    assert_string_equal(one.host, same.host);
    assert_string_not_equal(one.host, other.host);
}

static void psql_goes_over_two_hops(void **state)
{
    (void)state;
    bastion = host_open("two", "");
    struct ssh_place place = host->place;
    place.jump = &bastion->place;
    place.n_jump = 1;
    CLEANUP(remote_closep) struct remote *far = open_remote(&place);
    WAY way = way_to(far, pg_folder, pg_port, DOOR_SOCKET);
    assert_string_equal(
        scratch_out("psql -XAtqh %s -p %d -U tester -d postgres -c "
                    "\"copy (select repeat('x', 999) from generate_series(1, 20000)) to stdout\""
                    " | wc -c",
                    way.host, way.port),
        "20000000");
}

static void rows_come_and_go_whole(void **state)
{
    (void)state;
    WAY way = way_to(remote, pg_folder, pg_port, DOOR_SOCKET);
    scratch_sh("p='psql -XAtqh %s -p %d -U tester -d postgres -v ON_ERROR_STOP=1'\n"
               "$p -c 'create table big (t text)'\n"
               "seq -f %%015.0f 1 300000 >sent\n"
               "$p -c '\\copy big from sent'\n"
               "$p -c '\\copy big to got'\n"
               "cmp sent got",
               way.host, way.port);
}

static void a_query_is_cancelled_through_it(void **state)
{
    (void)state;
    WAY way = way_to(remote, pg_folder, pg_port, DOOR_SOCKET);
    assert_contains(scratch_out("timeout -s INT 0.5 psql -XAtqh %s -p %d -U tester -d postgres "
                                "-c 'select pg_sleep(60)' 2>&1 || true",
                                way.host, way.port),
                    "due to user request");
}

/* ssh itself tells nobody; who stands before it does. libpq shows it unless it asks for TLS first.
 */
static const char *ask_with(const char *sslmode, const struct remote_way *way)
{
    return scratch_out("PGSSLMODE=%s psql -XAtqh %s -p %d -U tester -d postgres -c 'select 1' 2>&1 "
                       "|| true",
                       sslmode, way->host, way->port);
}

static void nobody_listening_there_is_told_to_libpq(void **state)
{
    (void)state;
    bool over_ssh = TRANSPORT == TRANSPORT_OPENSSH;
    WAY way = way_to(remote, "127.0.0.1", 1, over_ssh ? DOOR_LOOPBACK : DOOR_SOCKET);
    const char *said = ask_with("disable", &way);
    assert_contains(said, over_ssh ? "nothing answers at 127.0.0.1:1 over there"
                                   : "could not connect to 127.0.0.1:1");
    assert_contains(said, remote_shown(remote));
}

/* libpq shows no words that answer its question whether the line may be encrypted. */
static void nobody_listening_there_is_told_to_who_would_encrypt(void **state)
{
    (void)state;
    WAY way = way_to(remote, "127.0.0.1", 1, DOOR_LOOPBACK);
    const char *said = ask_with("prefer", &way);
    assert_contains(said, "127.0.0.1:1");
    assert_contains(said, remote_shown(remote));
    assert_contains(ask_with("require", &way), "does not support SSL");
}

/* --- many --- */

/* Each costs a shell over there, or a process of sshd's. */
#define MANY (TRANSPORT == TRANSPORT_OPENSSH ? 60 : 200)
#define PINGS (TRANSPORT == TRANSPORT_OPENSSH ? 5 : 20)

static size_t descriptors(void)
{
    return strtoul(
        scratch_out("ls /proc/$(pgrep -P %d -n %s)/fd | wc -l", (int)getpid(), SESSION_PROCESS),
        NULL, 10);
}

static void thirty_two_go_through_at_once(void **state)
{
    (void)state;
    WAY way = way_to(remote, pg_folder, pg_port, DOOR_SOCKET);
    assert_string_equal(
        scratch_out("for i in $(seq 32); do psql -XAtqh %s -p %d -U tester -d postgres -c "
                    "\"copy (select repeat('x', 99) from generate_series(1, 10000)) to stdout\" "
                    "-c 'select pg_sleep(0.2)' | wc -c & done | sort | uniq -c | tr -s ' '",
                    way.host, way.port),
        " 32 1000001");
}

static void many_one_after_the_other_leave_nothing(void **state)
{
    (void)state;
    WAY way = way_to(remote, "127.0.0.1", host->sshd.port, DOOR_SOCKET);
    size_t before = 0;
    for (int i = 0; i < MANY; i++) {
        char banner[8] = "";
        CLEANUP(fd_closep) int fd = connect_to(&way);
        assert_int_equal(recv(fd, banner, 7, MSG_WAITALL), 7);
        assert_string_equal(banner, "SSH-2.0");
        before = i == 10 ? descriptors() : before;
    }
    msec until = deadline_in(PATIENCE);
    while (descriptors() > before && !deadline_passed(until)) {
        deadline_sleep(deadline_in(20));
    }
    assert_in_range(descriptors(), 1, before);
}

/* --- a peer of ours over there --- */

struct peer {
    pid_t pid;
    int port;
};

static struct peer peer_start(void (*serve)(int fd))
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &address.sin_addr), 1);
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listening, 8), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not stop it */
        serve(accept(listening, NULL, NULL));
        _exit(0);
    }
    (void)close(listening);
    return (struct peer){.pid = pid, .port = ntohs(address.sin_port)};
}

static void peer_stop(struct peer *peer)
{
    (void)kill(peer->pid, SIGKILL);
    (void)waitpid(peer->pid, NULL, 0);
}

#define PEER __attribute__((cleanup(peer_stop))) struct peer

static void count_until_the_end(int fd)
{
    char bytes[65536];
    long total = 0;
    ssize_t n = 0;
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        total += n;
    }
    (void)dprintf(fd, "%ld", total);
}

static void send_without_end(int fd)
{
    char bytes[65536] = "";
    while (write(fd, bytes, sizeof bytes) > 0) {
    }
}

static void never_read(int fd)
{
    (void)fd;
    (void)pause();
}

static void an_end_goes_through_and_the_answer_comes_after_it(void **state)
{
    (void)state;
    for (int door = DOOR_SOCKET; door <= DOOR_LOOPBACK; door++) {
        PEER peer = peer_start(count_until_the_end);
        WAY way = way_to(remote, "127.0.0.1", peer.port, (enum remote_door)door);
        CLEANUP(fd_closep) int fd = connect_to(&way);
        char got[32] = "";
        char *bytes = mem_new(1, 3000000);
        for (size_t sent = 0; sent < 3000000;) {
            ssize_t n = write(fd, bytes + sent, 3000000 - sent);
            assert_true(n > 0);
            sent += (size_t)n;
        }
        mem_free(bytes);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        assert_int_equal(recv(fd, got, sizeof got - 1, MSG_WAITALL), 7);
        assert_string_equal(got, "3000000");
    }
}

/* The largest of our processes. */
static long resident(void)
{
    return strtol(scratch_out("for p in $(pgrep -P %d); do cut -d' ' -f2 /proc/$p/statm; done "
                              "2>/dev/null | sort -n | tail -1",
                              (int)getpid()),
                  NULL, 10) *
           sysconf(_SC_PAGESIZE);
}

static void who_does_not_read_is_not_sent_more_than_buffers_hold(void **state)
{
    (void)state;
    PEER peer = peer_start(send_without_end);
    WAY way = way_to(remote, "127.0.0.1", peer.port, DOOR_LOOPBACK);
    CLEANUP(fd_closep) int fd = connect_to(&way);
    char got[1024];
    msec took = 0;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    for (int i = 0; i < PINGS; i++) {
        assert_true(recv(fd, got, sizeof got, 0) > 0);
        assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
    }
    assert_in_range(resident(), 1, RESIDENT_MAX);
}

static void who_is_not_read_cannot_send_more_than_buffers_hold(void **state)
{
    (void)state;
    PEER peer = peer_start(never_read);
    WAY way = way_to(remote, "127.0.0.1", peer.port, DOOR_LOOPBACK);
    CLEANUP(fd_closep) int fd = connect_to(&way);
    static char bytes[65536];
    size_t sent = 0;
    msec took = 0;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    /* Full is what stays full over a round trip. */
    while (poll(&room, 1, 0) > 0 ||
           (remote_ping(remote, deadline_in(PATIENCE), &took, &err) && poll(&room, 1, 200) > 0)) {
        ssize_t n = write(fd, bytes, sizeof bytes);
        sent += n > 0 ? (size_t)n : 0;
        assert_true(sent < (size_t)64 * 1024 * 1024);
    }
    assert_true(sent > 0);
    assert_in_range(resident(), 1, RESIDENT_MAX);
}

/* --- strangers --- */

static void another_user_is_not_let_in_on_loopback(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: it takes root to be another user\n");
        return;
    }
    WAY way = way_to(remote, "127.0.0.1", host->sshd.port, DOOR_LOOPBACK);
    const char *greeting = scratch_out(
        "setpriv --reuid nobody --clear-groups bash -c 'exec 3<>/dev/tcp/%s/%d; head -c 7 <&3'"
        " 2>/dev/null || true",
        way.host, way.port);
    assert_string_equal(greeting, "");
    assert_string_equal(
        scratch_out("bash -c 'exec 3<>/dev/tcp/%s/%d; head -c 7 <&3'", way.host, way.port),
        "SSH-2.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psql_goes_through_a_socket),
        cmocka_unit_test(psql_goes_through_loopback_on_the_real_port),
        cmocka_unit_test(the_same_way_is_the_same_again),
        cmocka_unit_test(psql_goes_over_two_hops),
        cmocka_unit_test(rows_come_and_go_whole),
        cmocka_unit_test(a_query_is_cancelled_through_it),
        cmocka_unit_test(nobody_listening_there_is_told_to_libpq),
        cmocka_unit_test(nobody_listening_there_is_told_to_who_would_encrypt),
        cmocka_unit_test(thirty_two_go_through_at_once),
        cmocka_unit_test(many_one_after_the_other_leave_nothing),
        cmocka_unit_test(an_end_goes_through_and_the_answer_comes_after_it),
        cmocka_unit_test(who_does_not_read_is_not_sent_more_than_buffers_hold),
        cmocka_unit_test(who_is_not_read_cannot_send_more_than_buffers_hold),
        cmocka_unit_test(another_user_is_not_let_in_on_loopback),
    };
    return cmocka_run_group_tests(tests, open_host, close_host);
}
