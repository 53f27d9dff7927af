/* The machine's ssh as a back end: ways in, subsystems, its end and its return. */
#define TRANSPORT TRANSPORT_OPENSSH
#include "hosts.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

#define RESULT __attribute__((cleanup(process_result_clear))) struct process_result
#define SH(script) ((const char *const[]){"sh", "-c", script, NULL})

static int count_descriptors(void)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(folder_list("/proc/self/fd", &names, &err));
    return (int)names.n - 1;
}

/* --- ways in --- */

static int connect_to(const struct remote_way *way)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", way->host,
                   way->port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        fd_closep(&fd);
    }
    return fd;
}

static void ways_lead_to_postgresql(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    int port = (int)strtol(scratch_out("%s/pg start %s/pg port=$(shuf -i 20000-31999 -n 1) >&2; "
                                       "sed -n 4p pg/data/postmaster.pid",
                                       TEST_SUPPORT, scratch_dir()),
                           NULL, 10);
    CLEANUP(mem_freep) char *sockets = path_join(scratch_dir(), "pg");
    const char *const hosts[] = {"127.0.0.1", sockets};
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(remote_way_clear) struct remote_way way = {0};
        CLEANUP(remote_way_clear) struct remote_way again = {0};
        enum remote_door door = i < 2 ? DOOR_SOCKET : DOOR_LOOPBACK;
        assert_ok(
            remote_way_to(remote, hosts[i % 2], port, door, deadline_in(PATIENCE), &way, &err));
        assert_ok(
            remote_way_to(remote, hosts[i % 2], port, door, deadline_in(PATIENCE), &again, &err));
        assert_string_equal(way.host, again.host);
        assert_int_equal(way.port, again.port);
        assert_string_equal(scratch_out("psql -XAtqd 'host=%s port=%d user=tester dbname=postgres' "
                                        "-c 'select 40 + 2'",
                                        way.host, way.port),
                            "42");
        assert_true(door == DOOR_SOCKET || text_starts(way.host, "127."));
    }
    scratch_sh("%s/pg stop %s/pg", TEST_SUPPORT, scratch_dir());
}

static void a_subsystem_is_a_socket(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    CLEANUP(fd_closep) int fd = -1;
    unsigned char answer[9];
    assert_ok(remote_subsystem(remote, "sftp", deadline_in(PATIENCE), &fd, &err));
    assert_int_equal(write(fd, "\0\0\0\5\1\0\0\0\3", 9), 9);
    assert_int_equal(recv(fd, answer, sizeof answer, MSG_WAITALL), sizeof answer);
    assert_int_equal(answer[4], 2);
    assert_int_equal(answer[8], 3);
    int before = count_descriptors();
    fd_closep(&fd);
    for (int i = 0; i < 5; i++) {
        int again = -1;
        assert_ok(remote_subsystem(remote, "sftp", deadline_in(PATIENCE), &again, &err));
        fd_closep(&again);
    }
    msec took = -1;
    for (int i = 0; i < 200 && count_descriptors() > before - 2; i++) {
        assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
    }
    assert_int_equal(count_descriptors(), before - 2);
}

static void too_many_sessions_are_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("few", "MaxSessions=1");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    CLEANUP(fd_closep) int first = -1;
    int second = -1;
    assert_ok(remote_subsystem(remote, "sftp", deadline_in(PATIENCE), &first, &err));
    assert_fails(remote_subsystem(remote, "sftp", deadline_in(PATIENCE), &second, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "the host allows no more sessions");
    assert_contains(err.hint, "MaxSessions");
}

/* --- ends --- */

static void the_next_request_starts_a_session_anew(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    CLEANUP(remote_way_clear) struct remote_way way = {0};
    CLEANUP(remote_way_clear) struct remote_way again = {0};
    assert_ok(remote_way_to(remote, "127.0.0.1", host->sshd.port, DOOR_SOCKET,
                            deadline_in(PATIENCE), &way, &err));
    CLEANUP(fd_closep) int through = connect_to(&way);
    char banner[4];
    assert_int_equal(recv(through, banner, sizeof banner, MSG_WAITALL), 4);
    assert_memory_equal(banner, "SSH-", 4);
    scratch_sshd_do(&bastion->sshd, "drop");
    /* What went through it ends. */
    char rest[256];
    while (read(through, rest, sizeof rest) > 0) {
    }
    assert_ok(remote_way_to(remote, "127.0.0.1", host->sshd.port, DOOR_SOCKET,
                            deadline_in(PATIENCE), &again, &err));
    assert_string_equal(way.host, again.host);
    CLEANUP(fd_closep) int anew = connect_to(&way);
    assert_int_equal(recv(anew, banner, sizeof banner, MSG_WAITALL), 4);
    msec took = -1;
    assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
}

static bool psql_says(const struct remote_way *way, const char *wanted)
{
    const char *said =
        scratch_out("PGSSLMODE=disable psql -XAtqh %s -p %d -U tester -d postgres -c 'select 1' "
                    "2>&1 || true",
                    way->host, way->port);
    return strstr(said, wanted) != NULL;
}

static void on_loopback_a_way_outlives_its_session_and_not_its_owner(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    CLEANUP(remote_way_clear) struct remote_way way = {.host = mem_new(1, 64)};
    int to_child[2], to_us[2];
    char byte = '\0';
    assert_int_equal(pipe2(to_child, O_CLOEXEC) + pipe2(to_us, O_CLOEXEC), 0);
    pid_t owner = fork();
    if (owner == 0) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct remote *remote = open_remote(&host->place);
        for (;;) {
            struct remote_way ours = {0};
            if (!remote_way_to(remote, "127.0.0.1", 1, DOOR_LOOPBACK, deadline_in(PATIENCE), &ours,
                               &err)) {
                print_error("%s\n", err.message);
                _exit(1);
            }
            (void)dprintf(to_us[1], "%-59s %5d", ours.host, ours.port);
            remote_way_clear(&ours);
            (void)!read(to_child[0], &byte, 1);
        }
    }
    (void)(close(to_us[1]) + close(to_child[0])); /* where it fails, we are told */
    char told[66] = "";
    assert_int_equal(read(to_us[0], told, 65), 65);
    assert_int_equal(sscanf(told, "%63s %d", way.host, &way.port), 2);
    assert_true(psql_says(&way, "nothing answers at 127.0.0.1:1 over there"));
    scratch_sshd_do(&host->sshd, "drop");
    for (int i = 0; i < 200 && !psql_says(&way, "was lost"); i++) {
        deadline_sleep(deadline_in(50));
    }
    assert_true(psql_says(&way, "was lost"));
    assert_int_equal(write(to_child[1], "", 1), 1);
    assert_int_equal(read(to_us[0], told, 65), 65);
    assert_true(psql_says(&way, "nothing answers at 127.0.0.1:1 over there"));
    (void)kill(owner, SIGKILL);
    (void)waitpid(owner, NULL, 0);
    for (int i = 0; i < 200 && !psql_says(&way, "Connection refused"); i++) {
        deadline_sleep(deadline_in(50));
    }
    assert_true(psql_says(&way, "Connection refused"));
    (void)(close(to_us[0]) + close(to_child[1]));
}

static void until_nothing_runs(const char *pattern)
{
    scratch_sh(
        "for i in $(seq 200); do pgrep -f '%s' >/dev/null || exit 0; sleep 0.1; done; exit 1",
        pattern);
}

/* Processes of the remote have its folder in their arguments. */
static void nothing_is_left_however_the_owner_ends(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    const char *run = scratch_out("mkdir -p -m 700 end; echo $PWD/end");
    CLEANUP(mem_freep) char *folder = mem_printf("[s]sh.*%s/headgate", run);
    CLEANUP(mem_freep) char *sleeper = mem_printf("[s]leep 8%d", (int)getpid() % 100000);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", run, 1), 0);
    for (int i = 0; i < 2; i++) {
        int ready[2];
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0) {
            CLEANUP(error_clear) struct error err = ERROR_INIT;
            struct remote_beside beside = REMOTE_BESIDE_INIT;
            CLEANUP(mem_freep) char *seconds = mem_printf("8%d", (int)getppid() % 100000);
            const char *const argv[] = {"sleep", seconds, NULL};
            struct remote *remote = open_remote(&host->place);
            bool started =
                remote_start(remote, &(struct process_spec){.argv = argv}, -1, -1, &beside, &err);
            (void)!write(ready[1], started ? "y" : "n", 1);
            if (i == 0) {
                remote_beside_clear(&beside);
                remote_closep(&remote);
                _exit(0);
            }
            (void)pause();
        }
        char answer = 'n';
        (void)close(ready[1]);
        assert_int_equal(read(ready[0], &answer, 1), 1);
        (void)close(ready[0]);
        assert_int_equal(answer, 'y');
        if (i == 1) {
            (void)kill(child, SIGKILL);
        }
        (void)waitpid(child, NULL, 0);
        until_nothing_runs(folder);
        until_nothing_runs(sleeper);
    }
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
}

static void a_program_that_loses_its_session_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_ok(remote_start(remote, &(struct process_spec){.argv = SH("echo; exec sleep 1000")}, -1,
                           ends[1], &beside, &err));
    (void)close(ends[1]);
    char byte = '\0';
    assert_int_equal(read(ends[0], &byte, 1), 1);
    scratch_sshd_do(&host->sshd, "drop");
    assert_fails(remote_wait(&beside, deadline_in(PATIENCE), &err), ERROR_UNREACHABLE);
    (void)close(ends[0]);
}

static void no_descriptor_is_left(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    int before = count_descriptors();
    for (int i = 0; i < 20; i++) {
        RESULT result = {0};
        const struct process_spec spec = {
            .argv = SH("cat"), .input = "x", .input_size = 1, .deadline = deadline_in(PATIENCE)};
        assert_ok(remote_run(remote, &spec, &result, &err));
        assert_string_equal(result.out.text, "x");
    }
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the master alone, and it lives */
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
        cmocka_unit_test(ways_lead_to_postgresql),
        cmocka_unit_test(a_subsystem_is_a_socket),
        cmocka_unit_test(too_many_sessions_are_said),
        cmocka_unit_test(the_next_request_starts_a_session_anew),
        cmocka_unit_test(on_loopback_a_way_outlives_its_session_and_not_its_owner),
        cmocka_unit_test(nothing_is_left_however_the_owner_ends),
        cmocka_unit_test(a_program_that_loses_its_session_is_told),
        cmocka_unit_test(no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
