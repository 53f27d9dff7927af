/*
 * Scratch clusters, with real servers: they work, and nothing of them outlives their owner.
 */
#include "scratch.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"
#include "workers.h"

#define PATIENCE 60000

/* Each test has a TMPDIR of its own: what is left over in it is this test's. */
static char *base;

static int make_base(void **state)
{
    (void)state;
    base = mem_copy(scratch_out("d=$(mktemp -d $PWD/t-XXXXXX) && chmod 711 $d && echo $d"));
    return setenv("TMPDIR", base, 1);
}

static int forget_base(void **state)
{
    (void)state;
    mem_free(base);
    scratch_use_servers(NULL);
    return unsetenv("TMPDIR");
}

static struct scratch *open_it(void)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    assert_ok(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err));
    return scratch;
}

static const char *ask(const struct scratch *scratch, const char *sql)
{
    return scratch_out("psql -X -At -v ON_ERROR_STOP=1 \"%s\" -c \"%s\"", scratch_conninfo(scratch),
                       sql);
}

static size_t count_workers(const char *folder)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n = 0;
    assert_ok(folder_list("/proc", &names, &err));
    for (size_t i = 0; i < names.n; i++) {
        long pid = strtol(names.items[i], NULL, 10);
        n += pid > 1 && worker_is_in((pid_t)pid, folder);
    }
    return n;
}

/* Names in the runtime folder: clusters and their locks. */
static size_t count_names(void)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *runtime = mem_printf("%s/headgate-%u", base, (unsigned)geteuid());
    if (!path_is_folder(runtime)) {
        return 0;
    }
    assert_ok(folder_list(runtime, &names, &err));
    return names.n;
}

static void wait_until_nothing_is_left(void)
{
    for (msec deadline = deadline_in(PATIENCE); count_names() > 0 || count_workers(base) > 0;) {
        if (deadline_passed(deadline)) {
            fail_msg("%zu names and %zu processes are left", count_names(), count_workers(base));
        }
        (void)poll(NULL, 0, 5);
    }
}

static void assert_nothing_is_left(void)
{
    assert_int_equal(count_names(), 0);
    assert_int_equal(count_workers(base), 0);
}

/* As everything of libpq's goes there with it. */
static void a_host_address_of_ours_does_not_lead_away_from_it(void **state)
{
    (void)state;
    CLEANUP(scratch_closep) struct scratch *scratch = open_it();
    assert_int_equal(setenv("PGHOSTADDR", "192.0.2.1", 1), 0);
    const char *said = ask(scratch, "select current_setting('wal_level')");
    assert_int_equal(unsetenv("PGHOSTADDR"), 0);
    assert_string_equal(said, "minimal");
}

static void two_at_once_work_do_not_meet_and_are_gone_after_close(void **state)
{
    (void)state;
    struct scratch *one = open_it();
    struct scratch *other = open_it();
    assert_contains(scratch_folder(one), base);
    assert_string_equal(scratch_out("stat -c %%a %s", scratch_folder(one)), "700");
    clusters_sweep(scratch_state());
    assert_string_equal(ask(one, "select current_database(), current_setting('fsync')"),
                        "scratch|off");
    (void)ask(one, "create table only_here ()");
    assert_string_equal(ask(other, "select to_regclass('only_here') is null"), "t");
    scratch_closep(&one);
    assert_null(one);
    assert_string_equal(ask(other, "select 1"), "1");
    /* The end of its server in between changes nothing. */
    scratch_sh("kill -9 $(head -1 %s/data/postmaster.pid)", scratch_folder(other));
    scratch_close(other);
    assert_nothing_is_left();
}

/* A child that opens a cluster; it says so and then waits for its death. */
static pid_t start_owner(bool wait_for_it, pid_t *ret_keeper)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = ERROR_INIT;
        struct scratch *scratch = NULL;
        bool opened = scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err);
        if (opened && write(ready[1], "x", 1) == 1) {
            (void)pause();
        }
        process_exit_child(1);
    }
    (void)close(ready[1]);
    if (wait_for_it) {
        assert_int_equal(read(ready[0], &byte, 1), 1);
        *ret_keeper = (pid_t)strtol(scratch_out("pgrep -P %d", (int)pid), NULL, 10);
        assert_string_equal(scratch_out("cat /proc/%d/comm", (int)*ret_keeper), "headgate-keeper");
    }
    (void)close(ready[0]);
    return pid;
}

static void kill_owner(pid_t owner)
{
    assert_int_equal(kill(owner, SIGKILL), 0);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
}

static void only_the_end_of_its_owner_ends_it(void **state)
{
    (void)state;
    pid_t keeper = 0;
    pid_t owner = start_owner(true, &keeper);
    (void)kill(keeper, SIGINT);
    (void)kill(keeper, SIGTERM);
    (void)kill(keeper, SIGHUP);
    scratch_sh(
        "psql -X -q \"host=$(echo %s/headgate-*/scratch-*[0-9a-f]) dbname=scratch user=postgres\" "
        "-c 'select pg_sleep(0.05)' >/dev/null",
        base);
    kill_owner(owner);
    wait_until_nothing_is_left();
}

static void it_is_gone_when_its_owner_is_killed_before_it_is_ready(void **state)
{
    (void)state;
    static const int moments[] = {0, 10, 120, 400, 700};
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        pid_t owner = start_owner(false, NULL);
        (void)poll(NULL, 0, moments[i]);
        kill_owner(owner);
        clusters_sweep(scratch_state());
        wait_until_nothing_is_left();
    }
}

static void what_a_kill_of_owner_and_keeper_leaves_is_swept(void **state)
{
    (void)state;
    pid_t keeper = 0;
    pid_t owner = start_owner(true, &keeper);
    assert_int_equal(kill(keeper, SIGKILL), 0);
    kill_owner(owner);
    assert_int_equal(count_names(), 2);
    for (msec deadline = deadline_in(PATIENCE); count_names() > 0 && !deadline_passed(deadline);) {
        clusters_sweep(scratch_state()); /* again where the keeper had not quite ended */
    }
    assert_nothing_is_left();
}

static void closing_removes_what_a_killed_keeper_left(void **state)
{
    (void)state;
    struct scratch *scratch = open_it();
    scratch_sh("pkill -KILL -P %d headgate-keeper", (int)getpid());
    scratch_close(scratch);
    assert_nothing_is_left();
}

/* A child of the owner does not close it; nor does one hinder the close by the owner's end of the
 * socket that it holds open. */
static void children_of_its_owner_do_not_matter(void **state)
{
    (void)state;
    struct scratch *scratch = open_it();
    pid_t closing = fork();
    if (closing == 0) {
        scratch_close(scratch);
        process_exit_child(0);
    }
    assert_int_equal(waitpid(closing, NULL, 0), closing);
    assert_string_equal(ask(scratch, "select 1"), "1");
    pid_t living = fork();
    if (living == 0) {
        (void)pause();
        process_exit_child(0);
    }
    scratch_close(scratch);
    assert_nothing_is_left();
    kill_owner(living);
}

/* Server programs that are scripts; the last word of each is what initdb and postgres do. */
static void use_fakes(const char *initdb, const char *postgres)
{
    scratch_sh("mkdir -p fake && printf '%%s\n' '#!/bin/sh' '%s' >fake/initdb && printf '%%s\n' "
               "'#!/bin/sh' "
               "'test \"$1\" != -V || exec echo \"postgres (PostgreSQL) 15.1\"' '%s' "
               ">fake/postgres && chmod 755 fake/*",
               initdb, postgres);
    scratch_use_servers(scratch_out("echo $PWD/fake"));
}

static void an_initdb_that_fails_is_quoted(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    use_fakes("echo no space left; exit 1", "exit 1");
    assert_fails(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err), ERROR_IO);
    assert_null(scratch);
    assert_contains(err.message, "make a scratch cluster");
    assert_contains(err.detail, "no space left");
    assert_nothing_is_left();
}

static void a_server_that_does_not_start_is_quoted(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    use_fakes("exit 0", "echo no shared memory >&2; exit 1");
    assert_fails(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err), ERROR_IO);
    assert_contains(err.message, "start a scratch cluster");
    assert_contains(err.detail, "no shared memory");
    assert_nothing_is_left();
}

static void a_program_that_is_missing_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    char folder[] = "/nowhere/bin";
    struct server_programs gone = {.folder = folder, .version = 150001};
    assert_fails(scratch_open(&gone, deadline_in(PATIENCE), &scratch, &err), ERROR_IO);
    assert_contains(err.detail, "/nowhere/bin/initdb");
    assert_nothing_is_left();
}

static void a_folder_too_long_for_a_socket_is_not_used(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    const char *deep =
        scratch_out("d=%s/$(printf 'x%%.0s' $(seq 80)); mkdir $d; chmod 711 $d; echo $d", base);
    CLEANUP(mem_freep)
    char *wanted = mem_printf("-D /tmp/headgate-%u/scratch-", (unsigned)geteuid());
    assert_int_equal(setenv("TMPDIR", deep, 1), 0);
    use_fakes("echo $*; exit 1", "exit 1");
    assert_fails(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err), ERROR_IO);
    assert_contains(err.detail, wanted);
}

static void as_root_another_user_is_the_servers(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    const char *wanted = geteuid() == 0 ? "nobody" : scratch_out("id -un");
    use_fakes("id -un; exit 1", "exit 1");
    assert_int_equal(setenv("HEADGATE_SERVER_USER", "nobody", 1), 0);
    assert_fails(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err), ERROR_IO);
    assert_contains(err.detail, wanted);
    assert_int_equal(unsetenv("HEADGATE_SERVER_USER"), 0);
}

static void a_user_as_whom_no_server_runs_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"no-such-user", "root"};
    for (size_t i = 0; i < ARRAY_LEN(bad) && geteuid() == 0; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct scratch *scratch = NULL;
        assert_int_equal(setenv("HEADGATE_SERVER_USER", bad[i], 1), 0);
        assert_fails(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err), ERROR_CONFIG);
    }
    assert_int_equal(unsetenv("HEADGATE_SERVER_USER"), 0);
    assert_nothing_is_left();
}

static void the_deadline_ends_a_slow_start(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    use_fakes("exec sleep 50", "exit 1");
    assert_fails(scratch_open(NULL, deadline_in(100), &scratch, &err), ERROR_TIMEOUT);
    assert_true(err.retryable);
    assert_nothing_is_left();
    error_clear(&err);
    use_fakes("exit 0", "exec sleep 50");
    assert_fails(scratch_open(NULL, deadline_in(100), &scratch, &err), ERROR_TIMEOUT);
    assert_nothing_is_left();
}

static void a_wish_to_stop_ends_the_wait(void **state)
{
    (void)state;
    int status = -1;
    use_fakes("exec sleep 50", "exit 1");
    pid_t child = fork();
    if (child == 0) {
        struct error err = ERROR_INIT;
        struct scratch *scratch = NULL;
        struct server_programs fakes = {.folder = getenv("HEADGATE_PG_BINDIR"), .version = 150001};
        interrupt_install();
        (void)kill(getpid(), SIGINT);
        bool opened = scratch_open(&fakes, deadline_in(PATIENCE), &scratch, &err);
        process_exit_child(opened ? 1 : err.code == ERROR_INTERRUPTED ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_nothing_is_left();
}

static void a_keeper_that_is_killed_is_missed(void **state)
{
    (void)state;
    int status = -1;
    use_fakes("exec sleep 50", "exit 1");
    pid_t child = fork();
    if (child == 0) {
        struct error err = ERROR_INIT;
        struct scratch *scratch = NULL;
        bool opened = scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err);
        process_exit_child(!opened && strstr(err.message, "ended unexpectedly") != NULL ? 0 : 1);
    }
    scratch_sh("for i in $(seq 3000); do pkill -KILL -P %d headgate-keeper && exit; sleep 0.01; "
               "done; exit 1",
               (int)child);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_nothing_is_left();
}

static void a_runtime_folder_that_others_can_write_to_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct scratch *scratch = NULL;
    scratch_sh("mkdir %s/headgate-%u && chmod 777 %s/headgate-%u", base, (unsigned)geteuid(), base,
               (unsigned)geteuid());
    assert_fails(scratch_open(NULL, deadline_in(PATIENCE), &scratch, &err), ERROR_IO);
    assert_contains(err.message, "cannot be trusted");
    clusters_sweep(scratch_state());
}

#define WITH_BASE(test) cmocka_unit_test_setup_teardown(test, make_base, forget_base)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BASE(a_host_address_of_ours_does_not_lead_away_from_it),
        WITH_BASE(two_at_once_work_do_not_meet_and_are_gone_after_close),
        WITH_BASE(only_the_end_of_its_owner_ends_it),
        WITH_BASE(it_is_gone_when_its_owner_is_killed_before_it_is_ready),
        WITH_BASE(what_a_kill_of_owner_and_keeper_leaves_is_swept),
        WITH_BASE(closing_removes_what_a_killed_keeper_left),
        WITH_BASE(children_of_its_owner_do_not_matter),
        WITH_BASE(an_initdb_that_fails_is_quoted),
        WITH_BASE(a_server_that_does_not_start_is_quoted),
        WITH_BASE(a_program_that_is_missing_is_named),
        WITH_BASE(a_folder_too_long_for_a_socket_is_not_used),
        WITH_BASE(as_root_another_user_is_the_servers),
        WITH_BASE(a_user_as_whom_no_server_runs_is_refused),
        WITH_BASE(the_deadline_ends_a_slow_start),
        WITH_BASE(a_wish_to_stop_ends_the_wait),
        WITH_BASE(a_keeper_that_is_killed_is_missed),
        WITH_BASE(a_runtime_folder_that_others_can_write_to_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
