/* Deaths: of the owner, of a forwarder, of the server and its sessions; and silence. */
#include "hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

static struct host *host, *bastion;

static int open_hosts(void **state)
{
    (void)state;
    interrupt_install();
    scratch_sh("mkdir -p -m 700 run");
    CLEANUP(mem_freep) char *run = path_join(scratch_dir(), "run");
    assert_int_equal(setenv("XDG_RUNTIME_DIR", run, 1), 0);
    bastion = host_open("one", "");
    host = host_open("two", "");
    return 0;
}

static int close_hosts(void **state)
{
    (void)state;
    host_freep(&host);
    host_freep(&bastion);
    return 0;
}

static void wait_until(const char *condition)
{
    scratch_sh("for i in $(seq 400); do if %s; then exit 0; fi; sleep 0.05; done; "
               "echo 'never: %s' >&2; ps -ef >&2; exit 1",
               condition, condition);
}

/* A program there that a test can find. */
struct sleeper {
    char mark[32];
    struct remote_beside beside;
};

static void sleeper_stop(struct sleeper *sleeper)
{
    remote_beside_clear(&sleeper->beside);
}

#define SLEEPER __attribute__((cleanup(sleeper_stop))) struct sleeper

static struct sleeper sleeper_start(struct remote *remote, int number)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct sleeper sleeper = {.beside = REMOTE_BESIDE_INIT};
    (void)snprintf(sleeper.mark, sizeof sleeper.mark, "%d%07d", number, (int)getpid());
    const char *const argv[] = {"sleep", sleeper.mark, NULL};
    assert_ok(
        remote_start(remote, &(struct process_spec){.argv = argv}, -1, -1, &sleeper.beside, &err));
    CLEANUP(mem_freep) char *runs = mem_printf("pgrep -f '[s]leep %s' >/dev/null", sleeper.mark);
    wait_until(runs);
    return sleeper;
}

static void wait_for_its_end(const struct sleeper *sleeper)
{
    CLEANUP(mem_freep)
    char *gone = mem_printf("! pgrep -f '[s]leep %s' >/dev/null", sleeper->mark);
    wait_until(gone);
}

static struct ssh_place far_place(void)
{
    struct ssh_place place = host->place;
    place.jump = &bastion->place;
    place.n_jump = 1;
    return place;
}

static pid_t forwarder(const char *which)
{
    return (pid_t)strtol(scratch_out("pgrep %s -P %d headgate-ssh", which, (int)getpid()), NULL,
                         10);
}

static void ping_again(struct remote *remote)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    msec took = 0;
    assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
}

/* --- the owner --- */

static void an_owner_that_is_killed_leaves_nothing_anywhere(void **state)
{
    (void)state;
    int ready[2];
    char mark[32] = "";
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t owner = fork();
    if (owner == 0) {
        struct ssh_place place = far_place();
        struct remote *remote = open_remote(&place);
        struct sleeper sleeper = sleeper_start(remote, 1);
        (void)!write(ready[1], sleeper.mark, sizeof sleeper.mark);
        for (;;) {
            (void)pause();
        }
    }
    assert_int_equal(read(ready[0], mark, sizeof mark), (int)sizeof mark);
    const char *forwarders = scratch_out("pgrep -P %d headgate-ssh | tr '\\n' ' '", (int)owner);
    assert_int_equal(kill(owner, SIGKILL), 0);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    CLEANUP(mem_freep)
    char *gone = mem_printf("! pgrep -f '[s]leep %s' >/dev/null && ! kill -0 %s 2>/dev/null && "
                            "test -z \"$(ls run/headgate-*)\"",
                            mark, forwarders);
    wait_until(gone);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* What nobody was left to remove, the next one does. */
static void what_is_left_of_both_is_swept(void **state)
{
    (void)state;
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t owner = fork();
    if (owner == 0) {
        (void)open_remote(&host->place);
        (void)!write(ready[1], "r", 1);
        for (;;) {
            (void)pause();
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    scratch_sh("kill -9 $(pgrep -P %d headgate-ssh) %d", (int)owner, (int)owner);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    assert_string_not_equal(scratch_out("ls run/headgate-*"), "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    assert_string_equal(scratch_out("ls -d run/headgate-*/ssh-*[0-9a-f] | wc -l"), "1");
    ping_again(remote);
    remote_closep(&remote);
    assert_string_equal(scratch_out("ls run/headgate-*"), "");
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* --- forwarders --- */

static void without_its_forwarder_a_remote_says_so(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    SLEEPER sleeper = sleeper_start(remote, 2);
    msec took = 0;
    assert_int_equal(kill(forwarder("-n"), SIGKILL), 0);
    wait_for_its_end(&sleeper);
    assert_fails(remote_wait(&sleeper.beside, deadline_in(PATIENCE), &err), ERROR_UNREACHABLE);
    error_clear(&err);
    assert_fails(remote_ping(remote, deadline_in(PATIENCE), &took, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, remote_shown(remote));
}

static void without_the_first_hop_the_second_says_so(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct ssh_place place = far_place();
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    msec took = 0;
    assert_int_equal(kill(forwarder("-o"), SIGKILL), 0);
    /* The request may still find the session alive, and then loses it. */
    bool answered = remote_ping(remote, deadline_in(PATIENCE), &took, &err);
    if (answered) {
        answered = remote_ping(remote, deadline_in(PATIENCE), &took, &err);
    }
    assert_false(answered);
    assert_int_equal(err.code, ERROR_UNREACHABLE);
    scratch_sh("true");
}

/* --- the server --- */

static void a_session_that_is_cut_ends_its_program_and_the_next_gets_a_new_one(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    SLEEPER sleeper = sleeper_start(remote, 3);
    scratch_sshd_do(&host->sshd, "drop");
    assert_fails(remote_wait(&sleeper.beside, deadline_in(PATIENCE), &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "was lost");
    wait_for_its_end(&sleeper);
    ping_again(remote);
}

static void any_hop_may_be_cut_and_is_dialled_anew(void **state)
{
    (void)state;
    struct ssh_place place = far_place();
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    for (int i = 0; i < 4; i++) {
        scratch_sshd_do(i % 2 == 0 ? &bastion->sshd : &host->sshd, "drop");
        ping_again(remote);
    }
}

static void a_server_that_is_down_is_said_and_found_again(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *third = host_open("three", "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&third->place);
    struct remote_way way = {.host = NULL};
    msec took = 0;
    assert_ok(
        remote_way_to(remote, "127.0.0.1", 5432, DOOR_SOCKET, deadline_in(PATIENCE), &way, &err));
    scratch_sshd_do(&third->sshd, "stop");
    assert_fails(remote_ping(remote, deadline_in(PATIENCE), &took, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "Connection refused");
    assert_contains(scratch_out("psql -XAtqh %s -p 5432 -c 'select 1' 2>&1 || true", way.host),
                    "Connection refused");
    remote_way_clear(&way);
    (void)scratch_sshd("three", "");
    ping_again(remote);
}

/* --- silence --- */

static void silence_is_noticed_and_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error later = ERROR_INIT;
    CLEANUP(host_freep) struct host *third = host_open("three", "");
    third->place.keepalive = 1000;
    third->place.connect_timeout = 1000;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&third->place);
    SLEEPER sleeper = sleeper_start(remote, 4);
    msec took = 0;
    scratch_sshd_do(&third->sshd, "freeze");
    bool good = remote_wait(&sleeper.beside, deadline_in(PATIENCE), &err);
    bool pinged = remote_ping(remote, deadline_in(PATIENCE), &took, &later);
    scratch_sshd_do(&third->sshd, "thaw");
    assert_false(good);
    assert_int_equal(err.code, ERROR_UNREACHABLE);
    assert_contains(err.message, "was lost");
    assert_contains(err.detail, "said nothing for 1s");
    assert_false(pinged);
    assert_contains(later.message, "in time");
    wait_for_its_end(&sleeper);
    ping_again(remote);
}

static void an_idle_session_stays(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct ssh_place place = host->place;
    place.keepalive = 300;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    const char *const argv[] = {"sleep", "3", NULL};
    assert_ok(remote_start(remote, &(struct process_spec){.argv = argv}, -1, -1, &beside, &err));
    assert_ok(remote_wait(&beside, deadline_in(PATIENCE), &err));
    deadline_sleep(deadline_in(1500));
    scratch_sh("test $(grep -c 'Accepted publickey' two/log) -gt 0");
    const char *before = scratch_out("grep -c 'Accepted publickey' two/log");
    ping_again(remote);
    assert_string_equal(scratch_out("grep -c 'Accepted publickey' two/log"), before);
}

/* --- limits of the server --- */

static void more_programs_than_it_allows_are_refused_one_by_one(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *narrow = host_open("narrow", "MaxSessions=1");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&narrow->place);
    {
        SLEEPER sleeper = sleeper_start(remote, 5);
        struct process_result result = {0};
        const char *const argv[] = {"true", NULL};
        const struct process_spec spec = {.argv = argv, .deadline = deadline_in(PATIENCE)};
        assert_fails(remote_run(remote, &spec, &result, &err), ERROR_UNREACHABLE);
        assert_contains(err.message, "allows no more sessions at once");
        assert_contains(err.hint, "MaxSessions");
        ping_again(remote);
        remote_beside_clear(&sleeper.beside);
        wait_for_its_end(&sleeper);
    }
}

static void many_that_come_at_once_are_all_let_in(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *shy = host_open("shy", "MaxStartups=1:100:1");
    pid_t children[5];
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            CLEANUP(error_clear) struct error err = ERROR_INIT;
            CLEANUP(remote_closep) struct remote *remote = NULL;
            bool opened = remote_open(&shy->place, deadline_in(PATIENCE), &remote, &err);
            if (!opened) {
                print_error("%s\n", err.message);
            }
            remote_closep(&remote);
            _exit(opened ? 0 : 1);
        }
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
        cmocka_unit_test(an_owner_that_is_killed_leaves_nothing_anywhere),
        cmocka_unit_test(what_is_left_of_both_is_swept),
        cmocka_unit_test(without_its_forwarder_a_remote_says_so),
        cmocka_unit_test(without_the_first_hop_the_second_says_so),
        cmocka_unit_test(a_session_that_is_cut_ends_its_program_and_the_next_gets_a_new_one),
        cmocka_unit_test(any_hop_may_be_cut_and_is_dialled_anew),
        cmocka_unit_test(a_server_that_is_down_is_said_and_found_again),
        cmocka_unit_test(silence_is_noticed_and_told),
        cmocka_unit_test(an_idle_session_stays),
        cmocka_unit_test(more_programs_than_it_allows_are_refused_one_by_one),
        cmocka_unit_test(many_that_come_at_once_are_all_let_in),
    };
    return cmocka_run_group_tests(tests, open_hosts, close_hosts);
}
