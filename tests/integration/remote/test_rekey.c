/* also links: sftp */
/*
 * Keys are exchanged anew in the middle of everything: nothing is lost by that, and the host is
 * still the one that it was. And what an interactive server asks for.
 */
#include "hosts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/process.h"
#include "headgate/sftp.h"

#define MB ((size_t)1 << 20)
#define LINES 4 /* at once */

/* tests/support/twoface.py: a host that may show another key later. */
struct twoface {
    char folder[200], known_hosts[256], key[256], user[32];
    pid_t pid;
    struct ssh_place place;
};
static struct twoface face;
static struct host *busy; /* a real one that wants new keys all the time */

static int read_port(void)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(face.folder, "port");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    msec deadline = deadline_in(PATIENCE);
    while (!file_read(path, 100, &text, &err) && !deadline_passed(deadline)) {
        error_clear(&err);
        deadline_sleep(deadline_in(20));
    }
    return (int)strtol(text.text, NULL, 10);
}

static int open_hosts(void **state)
{
    (void)state;
    interrupt_install();
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    busy = host_open("busy", "KexAlgorithms=curve25519-sha256 RekeyLimit=256K");
    (void)snprintf(face.folder, sizeof face.folder, "%s/face", scratch_dir());
    assert_int_equal(mkdir(face.folder, 0700), 0);
    face.pid = fork();
    if (face.pid == 0) {
        (void)execl("/usr/bin/python3", "python3", TEST_SUPPORT "/twoface.py", face.folder,
                    (char *)NULL);
        _exit(127);
    }
    (void)snprintf(face.known_hosts, sizeof face.known_hosts, "%s/known_hosts", face.folder);
    (void)snprintf(face.key, sizeof face.key, "%s/user_ed25519", busy->sshd.folder);
    face.place = (struct ssh_place){.host = "127.0.0.1",
                                    .port = read_port(),
                                    .user = "anybody",
                                    .identity = face.key,
                                    .known_hosts = face.known_hosts,
                                    .config = "/dev/null",
                                    .transport = TRANSPORT};
    return 0;
}

static int close_hosts(void **state)
{
    (void)state;
    (void)kill(face.pid, SIGKILL);
    (void)waitpid(face.pid, NULL, 0);
    host_freep(&busy);
    return 0;
}

/* --- lines --- */

static int connect_over(struct remote *remote, const char *host, int port)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    __attribute__((cleanup(remote_way_clear))) struct remote_way way = {.host = NULL};
    assert_ok(remote_way_to(remote, host, port, DOOR_SOCKET, deadline_in(PATIENCE), &way, &err));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", way.host, way.port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* What is answered to this line; an end without an answer is "". */
static char *ask(int fd, const char *line)
{
    struct strbuf got = STRBUF_INIT;
    ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL);
    while (n > 0 && (got.size == 0 || got.text[got.size - 1] != '\n')) {
        n = recv(fd, strbuf_room(&got, 200), 200, 0);
        strbuf_grown(&got, n > 0 ? (size_t)n : 0);
    }
    return strbuf_take(&got);
}

static void assert_answers(int fd, const char *line, const char *answer)
{
    CLEANUP(mem_freep) char *got = ask(fd, line);
    assert_string_equal(got, answer);
}

/* --- whose key --- */

static void new_keys_of_the_same_host_are_taken(void **state)
{
    (void)state;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&face.place);
    CLEANUP(fd_closep) int fd = connect_over(remote, "there", 7);
    assert_answers(fd, "hello\n", "hello\n");
    for (int i = 0; i < 3; i++) {
        assert_answers(fd, "same\n", "after same\n");
        assert_answers(fd, "hello\n", "hello\n");
    }
}

static void another_hosts_key_ends_the_session_and_nothing_more_is_believed(void **state)
{
    (void)state;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&face.place);
    CLEANUP(fd_closep) int beside = connect_over(remote, "there", 7);
    CLEANUP(fd_closep) int fd = connect_over(remote, "there", 7);
    assert_answers(beside, "hello\n", "hello\n");
    assert_answers(fd, "hello\n", "hello\n");
    assert_answers(fd, "other\n", "");
    assert_answers(beside, "hello\n", "");
}

static void whoever_waits_is_told_of_both_keys(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&face.place);
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    size_t n = 0;
    CLEANUP(mem_freep) char *first = mem_copy(remote_hops(remote, &n)[0].host_key);
    const char *const argv[] = {"cat", NULL};
    const struct process_spec spec = {.argv = argv, .deadline = deadline_in(PATIENCE)};
    assert_fails(remote_run(remote, &spec, &result, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "showed another host key in the middle of the session");
    assert_contains(err.detail, first);
    assert_non_null(strstr(strstr(err.detail, "SHA256:") + 1, "SHA256:"));
}

/* --- silence, and noise --- */

static void silence_in_the_middle_of_new_keys_is_an_end(void **state)
{
    (void)state;
    struct ssh_place place = face.place;
    place.keepalive = 1500;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    CLEANUP(fd_closep) int fd = connect_over(remote, "there", 7);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    assert_answers(fd, "hello\n", "hello\n");
    assert_int_equal(send(fd, "half\n", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(poll(&end, 1, PATIENCE), 1);
    assert_answers(fd, "hello\n", "");
}

static void a_subsystem_ends_whatever_it_says_to_its_stderr(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&face.place);
    CLEANUP(fd_closep) int fd = -1;
    char byte = 0;
    assert_ok(remote_subsystem(remote, "noisy", deadline_in(PATIENCE), &fd, &err));
    struct pollfd end = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&end, 1, PATIENCE), 1);
    assert_int_equal(read(fd, &byte, 1), 0);
}

/* --- under load --- */

static int listen_here(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(listener, LINES), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static void give_back(int fd)
{
    static char bytes[65536];
    ssize_t n = 1;
    while (n > 0) {
        n = recv(fd, bytes, sizeof bytes, 0);
        n = n > 0 ? send(fd, bytes, (size_t)n, MSG_NOSIGNAL) : n;
    }
}

/* Its port. */
static int echo_server(pid_t *ret_pid)
{
    int port = 0;
    CLEANUP(fd_closep) int listener = listen_here(&port);
    *ret_pid = fork();
    if (*ret_pid != 0) {
        return port;
    }
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            give_back(fd);
            _exit(0);
        }
        (void)close(fd);
    }
}

static char byte_at(size_t line, size_t at)
{
    return (char)((at + line) * 2654435761U >> 13);
}

_Noreturn static void say_all(int fd, size_t line)
{
    static char bytes[32768]; /* of which 2 MB are a multiple */
    for (size_t at = 0; at < 2 * MB; at += sizeof bytes) {
        size_t sent = 0;
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = byte_at(line, at + i);
        }
        while (sent < sizeof bytes) {
            ssize_t some = send(fd, bytes + sent, sizeof bytes - sent, MSG_NOSIGNAL);
            if (some <= 0) {
                _exit(1);
            }
            sent += (size_t)some;
        }
    }
    (void)shutdown(fd, SHUT_WR);
    _exit(0);
}

/* Sends and receives at once; what it returns is 0 where all came back. */
static int talk(int fd, size_t line)
{
    static char bytes[30000];
    size_t at = 0;
    ssize_t n = 1;
    int status = 0;
    if (fork() == 0) {
        say_all(fd, line);
    }
    while (n > 0) {
        n = recv(fd, bytes, sizeof bytes, 0);
        for (ssize_t i = 0; i < n; i++, at++) {
            if (bytes[i] != byte_at(line, at)) {
                return 2;
            }
        }
    }
    (void)wait(&status);
    return at != 2 * MB ? 3 : status != 0 ? 4 : 0;
}

static void many_lines_both_ways_lose_nothing(void **state)
{
    (void)state;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&busy->place);
    pid_t server = -1, lines[LINES];
    int port = echo_server(&server);
    for (size_t i = 0; i < LINES; i++) {
        CLEANUP(fd_closep) int fd = connect_over(remote, "127.0.0.1", port);
        lines[i] = fork();
        if (lines[i] == 0) {
            _exit(talk(fd, i));
        }
    }
    for (size_t i = 0; i < LINES; i++) {
        int status = -1;
        assert_int_equal(waitpid(lines[i], &status, 0), lines[i]);
        assert_int_equal(status, 0);
    }
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
}

static void a_program_and_files_lose_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&busy->place);
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(sftp_closep) struct sftp *sftp = NULL;
    CLEANUP(mem_freep) char *sent = mem_new(2 * MB, 1);
    CLEANUP(mem_freep) char *read = mem_new(2 * MB, 1);
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "rekeyed");
    bool durable = false;
    size_t n = 0;
    int fd = -1;
    for (size_t i = 0; i < 2 * MB; i++) {
        sent[i] = byte_at(99, i);
    }
    const char *const argv[] = {"cat", NULL};
    const struct process_spec spec = {
        .argv = argv, .input = sent, .input_size = 2 * MB, .keep = 2 * MB};
    assert_ok(remote_run(remote, &spec, &result, &err));
    assert_int_equal(result.out.size, 2 * MB);
    assert_memory_equal(result.out.text, sent, 2 * MB);
    assert_ok(remote_subsystem(remote, "sftp", deadline_in(PATIENCE), &fd, &err));
    assert_ok(sftp_open(fd, "busy", PATIENCE, &sftp, &err));
    {
        CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
        assert_ok(sftp_open_to_write(sftp, path, true, 0600, &file, &err));
        assert_ok(sftp_write_at(file, sent, 2 * MB, 0, &err));
        assert_ok(sftp_sync(file, &durable, &err));
    }
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    assert_ok(sftp_open_to_read(sftp, path, &file, &err));
    assert_ok(sftp_read_at(file, read, 2 * MB, 0, &n, &err));
    assert_int_equal(n, 2 * MB);
    assert_memory_equal(read, sent, 2 * MB);
}

/* The window is used up, and keys are exchanged, while nobody reads. */
static void a_slow_reader_loses_nothing(void **state)
{
    (void)state;
    enum { SIZE = 80 * 1000 * 1000, AT_ONCE = 12 * 1000 * 1000 }; /* it falls behind, and stalls */
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep)
    struct host *host = host_open("often", "KexAlgorithms=curve25519-sha256 RekeyLimit=1M");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    CLEANUP(mem_freep) char *bytes = mem_new(65536, 1);
    const char *const argv[] = {"head", "-c", "80000000", "/dev/zero", NULL};
    const struct process_spec spec = {.argv = argv};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(remote_start(remote, &spec, -1, ends[1], &beside, &err));
    (void)close(ends[1]);
    size_t all = 0, since = 0;
    for (ssize_t n = 1; n > 0;) {
        n = read(ends[0], bytes, 65536);
        all += n > 0 ? (size_t)n : 0;
        since += n > 0 ? (size_t)n : 0;
        bool stalls = since > AT_ONCE;
        since = stalls ? 0 : since;
        deadline_sleep(deadline_in(stalls ? 250 : 1));
    }
    (void)close(ends[0]);
    assert_int_equal(all, SIZE);
    assert_ok(remote_wait(&beside, deadline_in(PATIENCE), &err));
}

/* More than a process may have files by default. ssh has to be given more itself. */
static void many_connections_need_many_files(void **state)
{
    (void)state;
    enum { MANY = 80 };
    struct rlimit limit, low;
    int fds[MANY];
    pid_t server = -1;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = TRANSPORT == TRANSPORT_LIBSSH2 ? 64 : limit.rlim_cur;
    int port = echo_server(&server);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    CLEANUP(remote_closep) struct remote *remote = open_remote(&busy->place);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < MANY; i++) {
        fds[i] = connect_over(remote, "127.0.0.1", port);
    }
    for (int i = MANY - 1; i >= 0; i--) {
        assert_answers(fds[i], "hello\n", "hello\n");
        (void)close(fds[i]);
    }
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
}

/* --- interactive servers --- */

static struct ssh_place asking(const char *user, const char *password)
{
    struct ssh_place place = face.place;
    place.user = user;
    place.password = password;
    return place;
}

static void forget_answers(void)
{
    CLEANUP(mem_freep) char *path = path_join(face.folder, "answers");
    (void)unlink(path);
}

/* How often it was said. */
static int times_said(const char *secret)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(face.folder, "answers");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    int n = 0;
    if (!file_read(path, 1000, &text, &err)) {
        error_clear(&err);
        return 0;
    }
    for (const char *at = text.text; (at = strstr(at, secret)) != NULL; at++) {
        n++;
    }
    return n;
}

/* asked: what the refusal quotes; NULL: no question. */
static void assert_kept_out(const char *user, const char *password, const char *asked)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    const struct ssh_place place = asking(user, password);
    assert_fails(remote_open(&place, deadline_in(PATIENCE), &remote, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "does not let us in");
    assert_null(strstr(err.message, "sesame"));
    assert_non_null(err.detail);
    assert_null(strstr(err.detail, "sesame"));
    if (asked != NULL) {
        assert_contains(err.detail, "keyboard-interactive, which asked \"");
        assert_contains(err.detail, asked);
        assert_contains(err.hint, "nobody can answer for you");
    } else {
        assert_null(strstr(err.detail, "which asked"));
    }
}

static void one_that_asks_for_the_password_gets_it(void **state)
{
    (void)state;
    const struct ssh_place place = asking("one", "open sesame");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    CLEANUP(fd_closep) int fd = connect_over(remote, "there", 7);
    size_t n = 0;
    assert_contains(remote_hops(remote, &n)[0].authentication, "keyboard-interactive");
    assert_answers(fd, "hello\n", "hello\n");
}

static void one_that_asks_for_nothing_is_answered_with_nothing(void **state)
{
    (void)state;
    const struct ssh_place place = asking("nothing", "open sesame");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    CLEANUP(fd_closep) int fd = connect_over(remote, "there", 7);
    assert_answers(fd, "hello\n", "hello\n");
}

static void what_it_does_not_know_it_does_not_guess(void **state)
{
    (void)state;
    assert_kept_out("one", "shut sesame", NULL);
    assert_kept_out("two", "open sesame", "Code: \"");
    forget_answers();
    assert_kept_out("code", "open sesame", "Code: \"");
    assert_int_equal(times_said("open sesame"), 0);
}

static void who_asks_again_is_not_answered_again(void **state)
{
    (void)state;
    forget_answers();
    assert_kept_out("again", "open sesame", "Password: \"");
    assert_int_equal(times_said("open sesame"), 1);
}

static void a_passphrase_is_for_nobody_but_us(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct ssh_place place = asking("phrase", "open sesame");
    place.passphrase = "shut sesame";
    forget_answers();
    refused(&place, &err);
    assert_contains(err.detail, "which asked \"Enter passphrase for key");
    assert_int_equal(times_said("sesame"), 0);
}

/* One in the user's own configuration, on the way to the host: it asks for another's. */
static void a_password_is_not_for_another_ssh(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (TRANSPORT == TRANSPORT_OPENSSH) {
        struct ssh_place place = asking("anybody", "open sesame");
        scratch_sh("echo 'ProxyCommand ssh -F none -o UserKnownHostsFile=%s "
                   "-o PubkeyAuthentication=no -o StrictHostKeyChecking=yes -p %d -W %%h:%%p "
                   "one@127.0.0.1' >over",
                   face.known_hosts, face.place.port);
        place.config = scratch_out("echo $PWD/over");
        forget_answers();
        refused(&place, &err);
        assert_contains(err.message, "the ProxyCommand of ssh's configuration does not lead to it");
        assert_int_equal(times_said("sesame"), 0);
    }
}

/* The machine's ssh tells nobody whether what is typed would be shown. */
static void a_password_that_would_be_shown_is_not_said(void **state)
{
    (void)state;
    if (TRANSPORT == TRANSPORT_LIBSSH2) {
        forget_answers();
        assert_kept_out("shown", "open sesame", "Password: \"");
        assert_int_equal(times_said("open sesame"), 0);
    }
}

static void nothing_is_answered_where_no_password_is_configured(void **state)
{
    (void)state;
    assert_kept_out("one", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_keys_of_the_same_host_are_taken),
        cmocka_unit_test(another_hosts_key_ends_the_session_and_nothing_more_is_believed),
        cmocka_unit_test(whoever_waits_is_told_of_both_keys),
        cmocka_unit_test(silence_in_the_middle_of_new_keys_is_an_end),
        cmocka_unit_test(a_subsystem_ends_whatever_it_says_to_its_stderr),
        cmocka_unit_test(many_lines_both_ways_lose_nothing),
        cmocka_unit_test(a_slow_reader_loses_nothing),
        cmocka_unit_test(many_connections_need_many_files),
        cmocka_unit_test(a_program_and_files_lose_nothing),
        cmocka_unit_test(one_that_asks_for_the_password_gets_it),
        cmocka_unit_test(one_that_asks_for_nothing_is_answered_with_nothing),
        cmocka_unit_test(what_it_does_not_know_it_does_not_guess),
        cmocka_unit_test(who_asks_again_is_not_answered_again),
        cmocka_unit_test(a_password_that_would_be_shown_is_not_said),
        cmocka_unit_test(a_passphrase_is_for_nobody_but_us),
        cmocka_unit_test(a_password_is_not_for_another_ssh),
        cmocka_unit_test(nothing_is_answered_where_no_password_is_configured),
    };
    return cmocka_run_group_tests(tests, open_hosts, close_hosts);
}
