/* Sessions: opened, shown, pinged, and gone without a trace. */
#include "hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

static void a_host_is_reached_and_shown(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    const char *fingerprint = scratch_out("ssh-keygen -lf one/host_ed25519.pub | cut -d' ' -f2");
    size_t n = 0;
    const struct remote_hop *hops = remote_hops(remote, &n);
    assert_int_equal(n, 1);
    assert_contains(hops[0].banner, "SSH-2.0-OpenSSH_");
    assert_string_equal(hops[0].host_key_type, "ssh-ed25519");
    assert_string_equal(hops[0].host_key, fingerprint);
    assert_contains(hops[0].host_key_known_by, host->known_hosts);
    bool by_ssh = TRANSPORT == TRANSPORT_OPENSSH;
    assert_contains(hops[0].authentication,
                    by_ssh ? "publickey, " : "publickey, ssh-ed25519 SHA256:");
    assert_contains(hops[0].authentication, "SHA256:");
    assert_contains(hops[0].authentication, host->key);
    assert_contains(hops[0].algorithms, by_ssh ? "25519-sha" : "curve25519-sha256");
    assert_true(hops[0].connected >= (by_ssh ? 1 : 0) && hops[0].authorized > 0);
    assert_int_equal(hops[0].tried.n, 0);
    msec took = -1;
    assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
    assert_in_range(took, 0, PATIENCE);
}

static void two_hops_are_passed_each_with_its_own_keys(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    size_t n = 0;
    const struct remote_hop *hops = remote_hops(remote, &n);
    assert_int_equal(n, 2);
    assert_contains(hops[0].host_key_known_by, bastion->known_hosts);
    assert_contains(hops[0].authentication, bastion->key);
    assert_contains(hops[1].host_key_known_by, host->known_hosts);
    assert_contains(hops[1].authentication, host->key);
    assert_string_not_equal(hops[0].host_key, hops[1].host_key);
    msec took = -1;
    assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
    /* The other sshd has been gone over. */
    assert_contains(scratch_out("cat one/log"), "Accepted publickey");
}

static void a_key_of_the_second_hop_that_is_not_known_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    CLEANUP(remote_closep) struct remote *remote = NULL;
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    host->place.known_hosts = bastion->known_hosts;
    assert_fails(remote_open(&host->place, deadline_in(PATIENCE), &remote, &err),
                 ERROR_UNREACHABLE);
    assert_null(remote);
}

static void nobody_listening_is_said_with_what_was_tried(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("gone", "");
    CLEANUP(remote_closep) struct remote *remote = NULL;
    scratch_sshd_do(&host->sshd, "stop");
    assert_fails(remote_open(&host->place, deadline_in(PATIENCE), &remote, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "Connection refused");
    assert_contains(err.message, host->sshd.user);
    assert_contains(err.detail, "127.0.0.1 port");
    assert_contains(err.hint, "sshd");
}

static void a_name_that_nobody_knows_is_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = NULL;
    host->place.host = "no-such-host.invalid";
    host->place.connect_timeout = 5000;
    assert_fails(remote_open(&host->place, deadline_in(PATIENCE), &remote, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "no-such-host.invalid");
    assert_contains(err.message, "Name or service not known");
}

static void a_wish_to_stop_ends_a_connection_being_made(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = NULL;
    /* Who comes when its queue is full is not answered. */
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fds[4];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (i == 0) {
            assert_int_equal(bind(fds[0], (struct sockaddr *)&address, size), 0);
            assert_int_equal(getsockname(fds[0], (struct sockaddr *)&address, &size), 0);
            assert_int_equal(listen(fds[0], 0), 0);
        } else {
            (void)connect(fds[i], (struct sockaddr *)&address, size);
        }
    }
    host->place.port = ntohs(address.sin_port);
    pid_t child = fork();
    if (child == 0) {
        (void)usleep(300 * 1000);
        _exit(kill(getppid(), SIGTERM));
    }
    assert_fails(remote_open(&host->place, deadline_in(PATIENCE), &remote, &err), ERROR_TERMINATED);
    assert_contains(err.message, "stopped by SIGTERM");
    (void)waitpid(child, NULL, 0);
    interrupt_forget();
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        (void)close(fds[i]);
    }
}

/* --- its way out --- */

/* Children of ours that have a session: one for each hop, or one ssh that starts the others. */
static int sessions(void)
{
    return (int)strtol(scratch_out("pgrep -c -P %d %s || true", (int)getpid(), SESSION_PROCESS),
                       NULL, 10);
}

static void a_closed_remote_leaves_neither_process_nor_folder(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    scratch_sh("mkdir -p -m 700 run");
    CLEANUP(mem_freep) char *run = path_join(scratch_dir(), "run");
    assert_int_equal(setenv("XDG_RUNTIME_DIR", run, 1), 0);
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    struct remote *remote = open_remote(&host->place);
    scratch_sh("ls -d run/headgate-*/ssh-*");
    assert_int_equal(sessions(), TRANSPORT == TRANSPORT_OPENSSH ? 1 : 2);
    remote_closep(&remote);
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
    assert_int_equal(sessions(), 0);
    scratch_sh("test -z \"$(ls run/headgate-*)\"");
}

static void a_child_that_is_forked_can_use_it_and_does_not_close_it(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    msec took = -1;
    pid_t child = fork();
    if (child == 0) {
        bool answered = remote_ping(remote, deadline_in(PATIENCE), &took, &err);
        remote_closep(&remote);
        _exit(answered ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
}

static int set_up(void **state)
{
    (void)state;
    interrupt_install(); /* a broken pipe is an error, as in the program */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_reached_and_shown),
        cmocka_unit_test(two_hops_are_passed_each_with_its_own_keys),
        cmocka_unit_test(a_key_of_the_second_hop_that_is_not_known_is_refused),
        cmocka_unit_test(nobody_listening_is_said_with_what_was_tried),
        cmocka_unit_test(a_name_that_nobody_knows_is_said),
        cmocka_unit_test(a_wish_to_stop_ends_a_connection_being_made),
        cmocka_unit_test(a_closed_remote_leaves_neither_process_nor_folder),
        cmocka_unit_test(a_child_that_is_forked_can_use_it_and_does_not_close_it),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
