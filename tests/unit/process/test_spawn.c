/*
 * What a program starts with, and how it is told that it could not start.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>

#include "running.h"

static struct error run_that_cannot_start(const struct process_spec *spec, int sys_errno)
{
    struct error err = ERROR_INIT;
    struct process_result result = {.exit_status = -2};
    assert_fails(process_run(spec, &result, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, sys_errno);
    assert_int_equal(result.exit_status, -2);
    return err;
}

/* A file in the scratch folder with this content and mode. */
static char *make_file(const char *name, const char *content, mode_t mode)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    assert_ok(file_write(path, content, strlen(content), mode, &err));
    return TAKE(path);
}

static void a_missing_program_is_an_error(void **state)
{
    (void)state;
    struct error err =
        run_that_cannot_start(&(struct process_spec){.argv = ARGV("no-such-program-5318")}, ENOENT);
    assert_contains(err.message, "could not execute \"no-such-program-5318\"");
    error_clear(&err);

    err = run_that_cannot_start(&(struct process_spec){.argv = ARGV("/no/such/program")}, ENOENT);
    assert_contains(err.message, "could not execute \"/no/such/program\"");
    assert_null(err.detail);
    error_clear(&err);
}

static void a_file_that_is_no_program_is_an_error(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *path = make_file("plain", "#!/bin/sh\n", 0644);
    struct error err = run_that_cannot_start(&(struct process_spec){.argv = ARGV(path)}, EACCES);
    assert_contains(err.message, path);
    error_clear(&err);
}

static void a_missing_interpreter_is_named_as_the_reason(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *path = make_file("broken", "#!/no/such/interpreter\n", 0755);
    struct error err = run_that_cannot_start(&(struct process_spec){.argv = ARGV(path)}, ENOENT);
    assert_contains(err.detail, "interpreter");
    error_clear(&err);
    err = run_that_cannot_start(
        &(struct process_spec){.argv = ARGV("./broken"), .folder = scratch_dir()}, ENOENT);
    assert_contains(err.detail, "interpreter");
    error_clear(&err);
}

static void a_script_without_an_interpreter_gets_a_hint(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *path = make_file("shapeless", "echo shapeless\n", 0755);
    struct error err = run_that_cannot_start(&(struct process_spec){.argv = ARGV(path)}, ENOEXEC);
    assert_contains(err.hint, "#!/bin/sh");
    error_clear(&err);
}

static void a_program_runs_in_its_folder(void **state)
{
    (void)state;
    struct process_spec spec = {
        .argv = ARGV("pwd"), .folder = scratch_dir(), .deadline = deadline_in(PATIENCE)};
    struct process_result result = run(&spec);
    assert_contains(result.out.text, scratch_dir());
    process_result_clear(&result);

    mem_free(make_file("beside", "#!/bin/sh\necho beside\n", 0755));
    spec.argv = ARGV("./beside");
    result = run(&spec);
    assert_string_equal(result.out.text, "beside\n");
    process_result_clear(&result);
}

static void a_missing_folder_is_an_error(void **state)
{
    (void)state;
    struct error err = run_that_cannot_start(
        &(struct process_spec){.argv = ARGV("true"), .folder = "/no/such/folder"}, ENOENT);
    assert_contains(err.message, "could not run \"true\" in folder \"/no/such/folder\"");
    error_clear(&err);
}

static void the_environment_is_the_chosen_one_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(setenv("PROCESS_TEST_CANARY", "canary-5318", 1), 0);
    struct process_spec spec = {.argv = ARGV("env"),
                                .env = (const char *const[]){"A=1", "B=two words", NULL},
                                .deadline = deadline_in(PATIENCE)};
    struct process_result result = run(&spec);
    assert_string_equal(result.out.text, "A=1\nB=two words\n");
    process_result_clear(&result);

    spec.env = NULL;
    result = run(&spec);
    assert_null(strstr(result.out.text, "canary-5318"));
    assert_contains(result.out.text, "PATH=");
    process_result_clear(&result);
}

static void no_descriptor_but_the_three_is_passed_on(void **state)
{
    (void)state;
    int fds[] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDWR), -1};
    fds[2] = fcntl(fds[0], F_DUPFD, 900);
    assert_true(fds[0] > 2 && fds[1] > 2 && fds[2] >= 900);
    /* 3 is the folder that ls itself reads. */
    struct process_result result = run(&(struct process_spec){.argv = ARGV("ls", "/proc/self/fd"),
                                                              .deadline = deadline_in(PATIENCE)});
    assert_string_equal(result.out.text, "0\n1\n2\n3\n");
    process_result_clear(&result);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        assert_int_equal(fcntl(fds[i], F_GETFD), 0);
        assert_int_equal(close(fds[i]), 0);
    }
}

/* Runs a program with so few descriptors that it cannot start, then with one more, until it could.
 * The number of failures, or -1 where one was not told as what it was. */
static int failures_with_few_descriptors(void)
{
    struct rlimit limit;
    bool right = getrlimit(RLIMIT_NOFILE, &limit) == 0, started = false;
    int failures = 0;
    for (rlim_t few = 3; right && !started && few < 100; few++) {
        struct error err = ERROR_INIT;
        struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
        (void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){few, limit.rlim_max});
        started = process_run(
            &(struct process_spec){.argv = SH("exit 7"), .deadline = deadline_in(PATIENCE)},
            &result, &err);
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        right = started ? result.exit_status == 7 : err.sys_errno == EMFILE;
        failures += !started;
        process_result_clear(&result);
        error_clear(&err);
    }
    return right && started ? failures : -1;
}

static void too_few_descriptors_are_an_error_at_every_step(void **state)
{
    (void)state;
    int before = count_descriptors();
    assert_true(failures_with_few_descriptors() > 3);
    assert_int_equal(count_descriptors(), before);
}

static int run_without_standard_streams(void)
{
    struct error err = ERROR_INIT;
    struct process_result result;
    (void)close(0);
    (void)close(1);
    (void)close(2);
    if (!process_run(&(struct process_spec){.argv = SH("cat; echo out; echo err >&2"),
                                            .input = "in\n",
                                            .input_size = 3,
                                            .deadline = deadline_in(PATIENCE)},
                     &result, &err)) {
        error_clear(&err);
        return 11;
    }
    bool right = text_equal(result.out.text, "in\nout\n") && text_equal(result.err.text, "err\n");
    process_result_clear(&result);
    return right && failures_with_few_descriptors() > 3 ? 0 : 12;
}

static void it_works_where_we_have_no_standard_streams(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        process_exit_child(run_without_standard_streams());
    }
    assert_int_equal(exit_status_of(pid), 0);
}

static void a_program_leads_a_group_of_its_own(void **state)
{
    (void)state;
    struct process_result result =
        run_sh("read -r stat </proc/$$/stat; set -- $stat; test $5 = $$");
    assert_int_equal(result.exit_status, 0);
    process_result_clear(&result);
}

static void signals_are_as_a_program_expects_them(void **state)
{
    (void)state;
    interrupt_install();
    struct process_result result =
        run_sh("grep -E '^Sig(Blk|Ign)' /proc/self/status; kill -PIPE $$");
    assert_contains(result.out.text, "SigBlk:\t0000000000000000");
    assert_int_equal(result.signal, SIGPIPE);
    process_result_clear(&result);
}

static void a_program_runs_as_another_user(void **state)
{
    (void)state;
    struct process_user nobody;
    if (geteuid() != 0) {
        skip();
    }
    assert_true(process_user_find("nobody", &nobody));
    gid_t ours[NGROUPS_MAX];
    int n_ours = getgroups(NGROUPS_MAX, ours);
    assert_true(n_ours >= 0);
    assert_int_equal(setgroups(2, (const gid_t[]){0, 4242}), 0); /* which must not be passed on */
    struct process_result result =
        run(&(struct process_spec){.argv = SH("id -ru; id -u; id -G; echo $HOME $USER $LOGNAME"),
                                   .user = &nobody,
                                   .folder = "/",
                                   .deadline = deadline_in(PATIENCE)});
    assert_int_equal(setgroups((size_t)n_ours, ours), 0);
    CLEANUP(mem_freep)
    char *wanted = mem_printf("%u\n%u\n%u\n%s nobody nobody\n", nobody.uid, nobody.uid, nobody.gid,
                              nobody.home);
    assert_string_equal(result.out.text, wanted);
    process_result_clear(&result);
    process_user_clear(&nobody);
}

static void another_user_still_dies_with_us(void **state)
{
    (void)state;
    struct process_user nobody;
    if (geteuid() != 0) {
        skip();
    }
    assert_true(process_user_find("nobody", &nobody));
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "other");
    scratch_sh("touch other; chmod 666 other");
    pid_t parent = fork();
    if (parent == 0) {
        CLEANUP(mem_freep) char *line = mem_printf("echo $$. >%s; exec sleep 1000", path);
        struct process_result result =
            run(&(struct process_spec){.argv = SH(line), .user = &nobody, .folder = "/"});
        process_exit_child(result.exit_status);
    }
    wait_for_text(path, ".");
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(exit_status_of(parent), -SIGKILL);
    assert_ends((pid_t)strtol(scratch_out("cat other"), NULL, 10));
    process_user_clear(&nobody);
}

static void a_user_that_we_cannot_become_is_an_error(void **state)
{
    (void)state;
    char name[] = "impossible", home[] = "/";
    struct process_user impossible = {.uid = (uid_t)-1, .gid = 65534, .name = name, .home = home};
    struct error err =
        run_that_cannot_start(&(struct process_spec){.argv = ARGV("true"), .user = &impossible},
                              geteuid() == 0 ? EINVAL : EPERM);
    assert_contains(err.message, "could not run \"true\" as user \"impossible\"");
    error_clear(&err);
}

static void running_as_ourselves_needs_no_rights(void **state)
{
    (void)state;
    const struct passwd *entry = getpwuid(geteuid());
    struct process_user us;
    if (entry == NULL) {
        skip();
    }
    assert_true(process_user_find(entry->pw_name, &us));
    struct process_result result = run(&(struct process_spec){
        .argv = ARGV("id", "-u"), .user = &us, .deadline = deadline_in(PATIENCE)});
    assert_int_equal(strtol(result.out.text, NULL, 10), us.uid);
    process_result_clear(&result);
    process_user_clear(&us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_program_is_an_error),
        cmocka_unit_test(a_file_that_is_no_program_is_an_error),
        cmocka_unit_test(a_missing_interpreter_is_named_as_the_reason),
        cmocka_unit_test(a_script_without_an_interpreter_gets_a_hint),
        cmocka_unit_test(a_program_runs_in_its_folder),
        cmocka_unit_test(a_missing_folder_is_an_error),
        cmocka_unit_test(the_environment_is_the_chosen_one_and_nothing_else),
        cmocka_unit_test(no_descriptor_but_the_three_is_passed_on),
        cmocka_unit_test(it_works_where_we_have_no_standard_streams),
        cmocka_unit_test(a_program_leads_a_group_of_its_own),
        cmocka_unit_test(signals_are_as_a_program_expects_them),
        cmocka_unit_test(a_program_runs_as_another_user),
        cmocka_unit_test(another_user_still_dies_with_us),
        cmocka_unit_test(a_user_that_we_cannot_become_is_an_error),
        cmocka_unit_test(too_few_descriptors_are_an_error_at_every_step),
        cmocka_unit_test(running_as_ourselves_needs_no_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
