/*
 * Embedded clusters, with real servers.
 */
#include "scratch.h"

#include <errno.h>
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

static struct strbuf said = STRBUF_INIT;

static void remember(const char *sentence)
{
    strbuf_printf(&said, "%s\n", sentence);
}

static bool open_it(const char *state, const char *name, char **ret_conninfo, struct error *err)
{
    strbuf_clear(&said);
    return embedded_open(state, name, deadline_in(PATIENCE), remember, ret_conninfo, err);
}

/* The connection string of "dev", freed at exit. */
static const char *open_dev(void)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    assert_ok(open_it(scratch_state(), "dev", &conninfo, &err));
    return scratch_out("printf %%s \"%s\"", conninfo);
}

static const char *ask(const char *conninfo, const char *sql)
{
    return scratch_out("psql -X -At -v ON_ERROR_STOP=1 \"%s\" -c \"%s\"", conninfo, sql);
}

static void stop_dev(void)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(embedded_stop(scratch_state(), "dev", deadline_in(PATIENCE), &err));
}

static pid_t pid_of_dev(void)
{
    return (pid_t)strtol(scratch_out("head -1 state/embedded/dev/data/postmaster.pid"), NULL, 10);
}

static void wait_for_pid_file(void)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_state(), "embedded/dev/data/postmaster.pid");
    struct stat st;
    for (msec deadline = deadline_in(PATIENCE); stat(path, &st) != 0 || st.st_size == 0;) {
        assert_false(deadline_passed(deadline));
        (void)poll(NULL, 0, 5);
    }
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

static void two_processes_at_once_make_one_cluster(void **state)
{
    (void)state;
    pid_t children[2];
    (void)scratch_state(); /* the parent's, before there are children */
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct error err = ERROR_INIT;
            char *conninfo = NULL;
            bool opened = open_it(scratch_state(), "dev", &conninfo, &err);
            process_exit_child(!opened ? 9 : strstr(said.text, "making") != NULL ? 1 : 0);
        }
    }
    int made = 0;
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        made += WEXITSTATUS(status);
    }
    assert_int_equal(made, 1);
}

static void what_was_made_is_found_again(void **state)
{
    (void)state;
    const char *first = open_dev();
    assert_string_equal(said.text, "");
    const char *identifier = ask(first, "select system_identifier from pg_control_system()");
    assert_string_equal(ask(first, "select current_database(), current_setting('data_checksums'), "
                                   "current_setting('fsync'), "
                                   "current_setting('server_encoding')"),
                        "dev|on|on|UTF8");
    assert_string_equal(ask(first, "show listen_addresses"), "");
    (void)ask(first, "create table kept as select 42 as answer");
    stop_dev();
    const char *second = open_dev();
    assert_contains(said.text, "\"dev\"");
    assert_string_equal(first, second);
    assert_string_equal(ask(second, "select system_identifier from pg_control_system()"),
                        identifier);
    assert_string_equal(ask(second, "select answer from kept"), "42");
}

static void nobody_else_can_come_to_its_socket(void **state)
{
    (void)state;
    (void)open_dev();
    assert_string_equal(scratch_out("stat -c %%a state/embedded/dev"), "700");
    assert_string_equal(scratch_out("stat -c %%a state/embedded/dev/s"), "700");
}

static void a_killed_server_is_started_again_with_its_data(void **state)
{
    (void)state;
    assert_string_equal(ask(open_dev(), "select answer from kept"), "42");
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int pidfd = process_open(pid_of_dev());
    assert_ok(process_stop(pidfd, SIGKILL, deadline_in(PATIENCE), &err));
    assert_string_equal(ask(open_dev(), "select answer from kept"), "42");
    assert_contains(said.text, "starting");
}

static void a_server_whose_socket_was_removed_is_started_again(void **state)
{
    (void)state;
    (void)open_dev();
    pid_t before = pid_of_dev();
    scratch_sh("rm -r state/embedded/dev/s");
    assert_string_equal(ask(open_dev(), "select answer from kept"), "42");
    assert_int_not_equal(pid_of_dev(), before);
}

/* After a reboot the number in postmaster.pid is likely to be another program's. */
static void a_strangers_pid_does_not_hinder_the_start(void **state)
{
    (void)state;
    (void)open_dev();
    scratch_sh("cp -p state/embedded/dev/data/postmaster.pid keep; cp "
               "state/embedded/dev/s/.s.PGSQL.5432.lock socket-lock");
    stop_dev();
    scratch_sh("%s/pg as sleep 60 >/dev/null 2>&1 & echo $! >stranger", TEST_SUPPORT);
    scratch_sh("sed -i \"1s/.*/$(cat stranger)/\" keep socket-lock && cp -p keep "
               "state/embedded/dev/data/postmaster.pid && "
               "cp socket-lock state/embedded/dev/s/.s.PGSQL.5432.lock");
    assert_string_equal(ask(open_dev(), "select answer from kept"), "42");
    scratch_sh("kill $(cat stranger)");
}

/* The server is a script that never gets ready. */
static void a_server_that_is_slow_to_start_is_waited_for_until_the_deadline(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    int status = -1;
    stop_dev();
    scratch_sh("mkdir -p slow && { echo '#!/bin/sh'; echo \"test \\$1 != -V || exec echo 'postgres "
               "(PostgreSQL) "
               "$(cat state/embedded/dev/data/PG_VERSION).1'\"; echo 'echo $$ >$2/postmaster.pid; "
               "kill -STOP $$'; } >slow/postgres && "
               "cp slow/postgres slow/initdb && chmod 755 slow/*");
    scratch_use_servers(scratch_out("echo $PWD/slow"));
    assert_fails(embedded_open(scratch_state(), "dev", deadline_in(300), NULL, &conninfo, &err),
                 ERROR_TIMEOUT);
    assert_true(err.retryable);
    error_clear(&err);
    wait_for_pid_file();
    pid_t started = pid_of_dev();
    assert_fails(embedded_open(scratch_state(), "dev", deadline_in(50), NULL, &conninfo, &err),
                 ERROR_TIMEOUT);
    assert_int_equal(pid_of_dev(), started);
    pid_t child = fork();
    if (child == 0) {
        struct error stopped = ERROR_INIT;
        interrupt_install();
        (void)kill(getpid(), SIGTERM);
        bool opened = open_it(scratch_state(), "dev", &conninfo, &stopped);
        process_exit_child(!opened && stopped.code == ERROR_TERMINATED ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(kill(started, SIGKILL), 0);
    scratch_use_servers(NULL);
    assert_string_equal(ask(open_dev(), "select answer from kept"), "42");
}

static void a_broken_setting_is_quoted_from_the_log(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    (void)open_dev();
    stop_dev();
    scratch_sh("cp -p state/embedded/dev/data/postgresql.conf keep && "
               "echo nonsense_setting = 1 >>state/embedded/dev/data/postgresql.conf");
    assert_fails(open_it(scratch_state(), "dev", &conninfo, &err), ERROR_IO);
    assert_contains(err.message, "embedded cluster \"dev\"");
    assert_contains(err.detail, "nonsense_setting");
    assert_contains(err.hint, "/dev/log");
    assert_null(conninfo);
    scratch_sh("cp -p keep state/embedded/dev/data/postgresql.conf");
    (void)open_dev();
}

static void another_major_version_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    (void)open_dev();
    stop_dev();
    scratch_sh("cp -p state/embedded/dev/data/PG_VERSION keep && echo 77 "
               ">state/embedded/dev/data/PG_VERSION");
    assert_fails(open_it(scratch_state(), "dev", &conninfo, &err), ERROR_IO);
    assert_contains(err.detail, "PostgreSQL 77");
    assert_contains(err.hint, "postgresql-77");
    scratch_sh("cp -p keep state/embedded/dev/data/PG_VERSION");
}

static void a_death_before_its_database_was_made_is_made_good(void **state)
{
    (void)state;
    const char *conninfo = open_dev();
    scratch_sh("psql -X -q -d \"$(echo \"%s\" | sed s/dbname=dev/dbname=postgres/)\" -c 'alter "
               "database dev rename to other' && "
               "rm state/embedded/dev/made",
               conninfo);
    assert_string_equal(ask(open_dev(), "select current_database()"), "dev");
    scratch_sh("rm state/embedded/dev/made");
    scratch_sh("psql -X -q -d \"%s\" -c 'create table still_there ()'", open_dev());
    scratch_sh("psql -X -q -d \"$(echo \"%s\" | sed s/dbname=dev/dbname=postgres/)\" -c 'drop "
               "database dev' "
               "-c 'alter database other rename to dev'",
               conninfo);
}

static void a_log_that_grew_large_begins_anew(void **state)
{
    (void)state;
    (void)open_dev();
    stop_dev();
    scratch_sh("truncate -s 11M state/embedded/dev/log");
    (void)open_dev();
    scratch_sh("test $(stat -c %%s state/embedded/dev/log) -lt 100000");
}

static void a_stop_is_clean_and_may_be_repeated(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)open_dev();
    stop_dev();
    scratch_sh("test ! -e state/embedded/dev/data/postmaster.pid");
    scratch_sh("tail -1 state/embedded/dev/log | grep -q 'system is shut down'");
    stop_dev();
    assert_ok(embedded_stop(scratch_state(), "never-made", clock_now(), &err));
    assert_ok(embedded_stop("/nowhere", "dev", clock_now(), &err));
    assert_fails(embedded_stop(scratch_state(), "../dev", clock_now(), &err), ERROR_CONFIG);
}

/* A frozen server does not hear; its data survive the force all the same. */
static void a_server_that_does_not_listen_is_stopped_by_force(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)open_dev();
    pid_t pid = pid_of_dev();
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_ok(embedded_stop(scratch_state(), "dev", deadline_in(100), &err));
    assert_string_equal(ask(open_dev(), "select answer from kept"), "42");
}

static void they_are_listed_with_what_they_are(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(embedded_list_clear) struct embedded_list list = {0};
    const char *conninfo = open_dev();
    scratch_sh("mkdir state/embedded/half.new-1 && touch state/embedded/lonely.lock "
               "state/embedded/notes.txt");
    assert_ok(embedded_find(scratch_state(), &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.items[0].name, "dev");
    assert_string_equal(list.items[0].conninfo, conninfo);
    assert_true(list.items[0].running);
    assert_int_equal(list.items[0].pid, pid_of_dev());
    assert_true(list.items[0].bytes > 1000000);
    assert_string_equal(list.items[0].version_text,
                        scratch_out("cat state/embedded/dev/data/PG_VERSION"));
    scratch_sh(
        "rm -r state/embedded/half.new-1 state/embedded/lonely.lock state/embedded/notes.txt");
    embedded_list_clear(&list);
    stop_dev();
    scratch_sh("mv state/embedded/dev/data/PG_VERSION keep");
    assert_ok(embedded_find(scratch_state(), &list, &err));
    assert_int_equal(list.n, 1);
    assert_false(list.items[0].running);
    assert_int_equal(list.items[0].pid, 0);
    assert_string_equal(list.items[0].version_text, "unknown");
    scratch_sh("mv keep state/embedded/dev/data/PG_VERSION");
    embedded_list_clear(&list);
    assert_ok(embedded_find("/nowhere", &list, &err));
    assert_int_equal(list.n, 0);
}

static void removing_leaves_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)open_dev();
    CLEANUP(mem_freep) char *folder = path_join(scratch_state(), "embedded/dev");
    assert_true(count_workers(folder) > 0);
    assert_ok(embedded_remove(scratch_state(), "dev", deadline_in(PATIENCE), &err));
    assert_int_equal(count_workers(folder), 0);
    assert_string_equal(scratch_out("ls state/embedded"), "dev.lock");
    assert_ok(embedded_remove(scratch_state(), "dev", deadline_in(PATIENCE), &err));
    assert_ok(embedded_remove("/nowhere", "dev", clock_now(), &err));
    assert_fails(embedded_remove(scratch_state(), "a/b", clock_now(), &err), ERROR_CONFIG);
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "Dev",  "../dev",
                                      "-dev", "_dev", "a.b",
                                      "a b",  "a'b",  "abcdefghijklmnopqrstuvwxyz0123456789-----"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *conninfo = NULL;
        assert_fails(open_it(scratch_state(), bad[i], &conninfo, &err), ERROR_CONFIG);
        assert_contains(err.hint, "a-z");
    }
}

static void a_lock_that_is_held_is_waited_for_until_the_deadline(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    CLEANUP(fd_closep) int lock = -1;
    scratch_sh("mkdir -p state/embedded");
    CLEANUP(mem_freep) char *path = path_join(scratch_state(), "embedded/held.lock");
    assert_ok(lock_file_wait(path, deadline_in(PATIENCE), &lock, &err));
    assert_fails(embedded_open(scratch_state(), "held", deadline_in(50), NULL, &conninfo, &err),
                 ERROR_TIMEOUT);
    assert_contains(err.message, "held");
    error_clear(&err);
    assert_fails(embedded_remove(scratch_state(), "held", deadline_in(50), &err), ERROR_TIMEOUT);
}

static void an_initdb_that_fails_is_quoted_and_leaves_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    scratch_sh("mkdir -p broken && printf '#!/bin/sh\necho \"postgres (PostgreSQL) 15.1\"\n' "
               ">broken/postgres && "
               "printf '#!/bin/sh\necho no space left >&2; exit 1\n' >broken/initdb && chmod 755 "
               "broken/*");
    scratch_use_servers(scratch_out("echo $PWD/broken"));
    bool opened = open_it(scratch_state(), "broken", &conninfo, &err);
    scratch_use_servers(NULL);
    assert_fails(opened, ERROR_IO);
    assert_contains(err.detail, "no space left");
    scratch_sh(
        "test ! -e state/embedded/broken && ! ls -d state/embedded/broken.new-* 2>/dev/null");
}

static void wait_for_no_workers(const char *folder)
{
    for (msec deadline = deadline_in(PATIENCE); count_workers(folder) > 0;) {
        if (deadline_passed(deadline)) {
            fail_msg("%zu server programs still work in %s", count_workers(folder), folder);
        }
        (void)poll(NULL, 0, 5);
    }
}

/* A child of the owner that has not come to its exec yet may hold the lock for a moment longer. */
static void sweep_until_clean(void)
{
    const char *left = "?";
    for (msec deadline = deadline_in(PATIENCE); left[0] != '\0';) {
        assert_false(deadline_passed(deadline));
        clusters_sweep(scratch_state());
        left = scratch_out("ls -d state/embedded/*.new-* 2>/dev/null || true");
    }
}

/* The last moment is late enough for a cluster that is made, started and has its database. */
static void an_owner_killed_at_any_moment_leaves_nothing_in_the_way(void **state)
{
    (void)state;
    static const int moments[] = {5, 60, 250, 500, 800, 1100};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(scratch_state(), "embedded");
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        pid_t owner = fork();
        if (owner == 0) {
            char *conninfo = NULL;
            (void)open_it(scratch_state(), "mortal", &conninfo, &err);
            process_exit_child(0);
        }
        (void)poll(NULL, 0, moments[i] + (int)(getpid() % 50));
        (void)kill(owner, SIGKILL);
        assert_int_equal(waitpid(owner, NULL, 0), owner);
        sweep_until_clean();
        if (!path_exists(scratch_out("echo $PWD/state/embedded/mortal"))) {
            wait_for_no_workers(folder);
        }
    }
    CLEANUP(mem_freep) char *conninfo = NULL;
    assert_ok(open_it(scratch_state(), "mortal", &conninfo, &err));
    assert_string_equal(ask(conninfo, "select current_database()"), "mortal");
    assert_ok(embedded_remove(scratch_state(), "mortal", deadline_in(PATIENCE), &err));
    wait_for_no_workers(folder);
}

static void what_dead_owners_left_is_swept_and_what_is_locked_stays(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int lock = -1;
    CLEANUP(mem_freep) char *path = path_join(scratch_state(), "embedded/busy.lock");
    scratch_sh("mkdir -p state/embedded/left.new-1/data/base state/embedded/left.gone-2 "
               "state/embedded/busy.new-3 "
               "state/embedded/left && touch state/embedded/left.new-1/data/base/1");
    assert_ok(lock_file_wait(path, deadline_in(PATIENCE), &lock, &err));
    clusters_sweep(scratch_state());
    clusters_sweep("/nowhere");
    scratch_sh("test -d state/embedded/left && test ! -e state/embedded/left.new-1 && test ! -e "
               "state/embedded/left.gone-2 && "
               "test -d state/embedded/busy.new-3");
    fd_closep(&lock);
    clusters_sweep(scratch_state());
    scratch_sh("test ! -e state/embedded/busy.new-3 && rmdir state/embedded/left");
}

static void a_long_state_folder_gets_a_short_socket(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    CLEANUP(mem_freep) char *again = NULL;
    const char *deep = scratch_out(
        "d=\"$PWD/it's, quite long/$(printf 'x%%.0s' $(seq 70))\"; mkdir -p -m 711 \"$d\"; "
        "chmod 711 \"$PWD/it's, quite long\"; echo \"$d\"");
    assert_ok(open_it(deep, "dev", &conninfo, &err));
    CLEANUP(mem_freep) char *runtime = mem_printf("host='/tmp/headgate-%u/", (unsigned)geteuid());
    assert_contains(conninfo, runtime);
    assert_string_equal(ask(conninfo, "select current_database()"), "dev");
    assert_ok(open_it(deep, "dev", &again, &err));
    assert_string_equal(said.text, "");
    assert_ok(embedded_remove(deep, "dev", deadline_in(PATIENCE), &err));
    scratch_sh("test ! -e $(echo \"%s\" | sed \"s/host='//; s/'.*//\")", conninfo);
}

/* As root the home moves to where the server's user can come; else it is just a private folder. */
static void a_state_folder_out_of_the_servers_reach_is_no_hindrance(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *conninfo = NULL;
    CLEANUP(embedded_list_clear) struct embedded_list list = {0};
    const char *hidden = scratch_out("mkdir -m 700 hidden && echo $PWD/hidden/state");
    mode_t before = umask(0077);
    assert_ok(open_it(hidden, "dev", &conninfo, &err));
    (void)umask(before);
    assert_string_equal(ask(conninfo, "select current_database()"), "dev");
    assert_ok(embedded_find(hidden, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.items[0].conninfo, conninfo);
    scratch_sh("mkdir %s.new-1", list.items[0].folder);
    clusters_sweep(hidden);
    scratch_sh("test ! -e %s.new-1", list.items[0].folder);
    assert_ok(embedded_remove(hidden, "dev", deadline_in(PATIENCE), &err));
    scratch_sh("test ! -e %s && test ! -e hidden/state/embedded/dev.home", list.items[0].folder);
    scratch_sh("rmdir $(dirname %s) 2>/dev/null || true", list.items[0].folder);
}

static void a_pointer_to_anywhere_is_not_followed(void **state)
{
    (void)state;
    static const char *const homes[] = {"/etc", "/var/lib/headgate/../../../etc/odd",
                                        "/var/lib/headgate/0123456789abcdef/other",
                                        "/var/lib/headgate/0123456789ABCDEF/odd"};
    for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *conninfo = NULL;
        scratch_sh("mkdir -p state/embedded && echo %s >state/embedded/odd.home", homes[i]);
        assert_fails(open_it(scratch_state(), "odd", &conninfo, &err), ERROR_IO);
        error_clear(&err);
        assert_fails(embedded_remove(scratch_state(), "odd", clock_now(), &err), ERROR_IO);
        clusters_sweep(scratch_state());
    }
    scratch_sh("rm state/embedded/odd.home");
}

static int end_all(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    static const char *const names[] = {"dev", "mortal", "broken", "held"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)!embedded_remove(scratch_state(), names[i], deadline_in(PATIENCE), &err);
        error_clear(&err);
    }
    strbuf_clear(&said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_at_once_make_one_cluster),
        cmocka_unit_test(what_was_made_is_found_again),
        cmocka_unit_test(nobody_else_can_come_to_its_socket),
        cmocka_unit_test(a_killed_server_is_started_again_with_its_data),
        cmocka_unit_test(a_server_whose_socket_was_removed_is_started_again),
        cmocka_unit_test(a_strangers_pid_does_not_hinder_the_start),
        cmocka_unit_test(a_server_that_is_slow_to_start_is_waited_for_until_the_deadline),
        cmocka_unit_test(a_broken_setting_is_quoted_from_the_log),
        cmocka_unit_test(another_major_version_is_named),
        cmocka_unit_test(a_death_before_its_database_was_made_is_made_good),
        cmocka_unit_test(a_log_that_grew_large_begins_anew),
        cmocka_unit_test(a_stop_is_clean_and_may_be_repeated),
        cmocka_unit_test(a_server_that_does_not_listen_is_stopped_by_force),
        cmocka_unit_test(they_are_listed_with_what_they_are),
        cmocka_unit_test(removing_leaves_nothing),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(a_lock_that_is_held_is_waited_for_until_the_deadline),
        cmocka_unit_test(an_initdb_that_fails_is_quoted_and_leaves_nothing),
        cmocka_unit_test(an_owner_killed_at_any_moment_leaves_nothing_in_the_way),
        cmocka_unit_test(what_dead_owners_left_is_swept_and_what_is_locked_stays),
        cmocka_unit_test(a_long_state_folder_gets_a_short_socket),
        cmocka_unit_test(a_state_folder_out_of_the_servers_reach_is_no_hindrance),
        cmocka_unit_test(a_pointer_to_anywhere_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, end_all);
}
