/*
 * Server processes by their data folder, and what is not one.
 */
#include "scratch.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "postmaster.h"
#include "workers.h"

/* A process of this name whose folder is this one; it is killed at the end of the test. */
static pid_t start_sleeper(const char *name, const char *folder)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_NAME, name);
        _exit(chdir(folder) == 0 && write(ready[1], "x", 1) == 1 && pause() == 0 ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return pid;
}

static void end_sleeper(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static void write_pid_file(pid_t pid, const char *status)
{
    scratch_sh("printf '%d\n/data\n1700000000\n5432\n/s\n\n1 2\n%s' >data/postmaster.pid", (int)pid,
               status);
}

static enum postmaster_state find_state(void)
{
    CLEANUP(postmaster_clear) struct postmaster found = POSTMASTER_INIT;
    CLEANUP(mem_freep) char *data = path_join(scratch_dir(), "data");
    postmaster_find(data, &found);
    assert_int_equal(found.state == POSTMASTER_GONE, found.pidfd < 0);
    return found.state;
}

static void the_state_of_a_server_is_read_from_its_file(void **state)
{
    (void)state;
    scratch_sh("rm -rf data && mkdir data");
    assert_int_equal(find_state(), POSTMASTER_GONE);
    pid_t pid = start_sleeper("postgres", scratch_out("echo $PWD/data"));
    write_pid_file(pid, "ready   \n");
    assert_int_equal(find_state(), POSTMASTER_READY);
    write_pid_file(pid, "stopping\n");
    assert_int_equal(find_state(), POSTMASTER_STOPPING);
    write_pid_file(pid, "starting\n");
    assert_int_equal(find_state(), POSTMASTER_STARTING);
    scratch_sh("echo %d >data/postmaster.pid", (int)pid);
    assert_int_equal(find_state(), POSTMASTER_STARTING);
    end_sleeper(pid);
    assert_int_equal(find_state(), POSTMASTER_GONE);
}

static void a_pid_that_is_somebody_elses_by_now_is_no_server(void **state)
{
    (void)state;
    scratch_sh("rm -rf data && mkdir -p data database");
    pid_t elsewhere = start_sleeper("postgres", scratch_out("echo $PWD/database"));
    pid_t editor = start_sleeper("vi", scratch_out("echo $PWD/data"));
    write_pid_file(elsewhere, "ready   \n");
    assert_int_equal(find_state(), POSTMASTER_GONE);
    write_pid_file(editor, "ready   \n");
    assert_int_equal(find_state(), POSTMASTER_GONE);
    scratch_sh("echo nonsense >data/postmaster.pid");
    assert_int_equal(find_state(), POSTMASTER_GONE);
    end_sleeper(elsewhere);
    end_sleeper(editor);
}

static void only_server_programs_in_the_folder_are_killed(void **state)
{
    (void)state;
    int status = 0;
    scratch_sh("rm -rf data && mkdir -p data/base database");
    pid_t inside = start_sleeper("initdb", scratch_out("echo $PWD/data/base"));
    pid_t elsewhere = start_sleeper("postgres", scratch_out("echo $PWD/database"));
    pid_t editor = start_sleeper("vi", scratch_out("echo $PWD/data"));
    CLEANUP(mem_freep) char *data = path_join(scratch_dir(), "data");
    workers_kill(data);
    assert_int_equal(waitpid(inside, &status, WNOHANG), inside);
    assert_int_equal(waitpid(elsewhere, &status, WNOHANG), 0);
    assert_int_equal(waitpid(editor, &status, WNOHANG), 0);
    end_sleeper(elsewhere);
    end_sleeper(editor);
}

/* A program that says where it works in an argument; its folder is another one. */
static void a_server_program_is_known_by_its_arguments_too(void **state)
{
    (void)state;
    scratch_sh("rm -rf data && mkdir -p data bin && cp /bin/sh bin/postgres");
    CLEANUP(mem_freep) char *data = path_join(scratch_dir(), "data");
    CLEANUP(mem_freep) char *program = path_join(scratch_dir(), "bin/postgres");
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl(program, "postgres", "-c", "kill -STOP $$", "sh", data, (char *)NULL);
        _exit(127);
    }
    for (msec deadline = deadline_in(10000); !worker_is_in(pid, data);) {
        assert_false(deadline_passed(deadline));
        (void)poll(NULL, 0, 1);
    }
    end_sleeper(pid);
}

static void a_forgotten_pid_is_no_process_but_the_rest_of_the_file_stays(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *data = path_join(scratch_dir(), "data");
    scratch_sh("rm -rf data && mkdir data");
    assert_ok(postmaster_forget(data, &err));
    scratch_sh("test ! -e data/postmaster.pid");
    write_pid_file(getpid(), "ready   \n");
    scratch_sh("tail -n +2 data/postmaster.pid >before");
    assert_ok(postmaster_forget(data, &err));
    scratch_sh("tail -n +2 data/postmaster.pid | cmp - before");
    assert_string_equal(scratch_out("head -1 data/postmaster.pid"), "2147483647");
}

static void the_tail_of_a_log_is_its_last_lines(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "log");
    scratch_sh("seq 1 9 >log");
    CLEANUP(mem_freep) char *last = log_tail(path, 0);
    assert_string_equal(last, "5\n6\n7\n8\n9");
    CLEANUP(mem_freep) char *behind = log_tail(path, 14);
    assert_string_equal(behind, "8\n9");
    CLEANUP(mem_freep) char *nothing = log_tail(path, 18);
    assert_string_equal(nothing, "");
    CLEANUP(mem_freep) char *missing = log_tail("/nowhere/log", 0);
    assert_string_equal(missing, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_of_a_server_is_read_from_its_file),
        cmocka_unit_test(a_pid_that_is_somebody_elses_by_now_is_no_server),
        cmocka_unit_test(only_server_programs_in_the_folder_are_killed),
        cmocka_unit_test(a_server_program_is_known_by_its_arguments_too),
        cmocka_unit_test(a_forgotten_pid_is_no_process_but_the_rest_of_the_file_stays),
        cmocka_unit_test(the_tail_of_a_log_is_its_last_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
