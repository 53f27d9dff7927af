/* Programs on the host: their words, input, output, end. */
#include "hosts.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "headgate/hash.h"
#include "headgate/interrupt.h"

static struct host *host;
static struct remote *remote;

static int open_host(void **state)
{
    (void)state;
    interrupt_install(); /* a broken pipe is an error, as in the program */
    host = host_open("one", "");
    remote = open_remote(&host->place);
    return 0;
}

static int close_host(void **state)
{
    (void)state;
    remote_closep(&remote);
    host_freep(&host);
    return 0;
}

static void run(const struct process_spec *spec, struct process_result *ret_result)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct process_spec dated = *spec;
    dated.deadline = spec->deadline > 0 ? spec->deadline : deadline_in(PATIENCE);
    assert_ok(remote_run(remote, &dated, ret_result, &err));
}

#define RESULT __attribute__((cleanup(process_result_clear))) struct process_result

static void both_streams_and_the_status_come_back(void **state)
{
    (void)state;
    RESULT result = {0};
    const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
    run(&(struct process_spec){.argv = argv}, &result);
    assert_string_equal(result.out.text, "out\n");
    assert_string_equal(result.err.text, "err\n");
    assert_int_equal(result.exit_status, 3);
    assert_int_equal(result.signal, 0);
}

static void a_signal_is_told_and_no_status(void **state)
{
    (void)state;
    RESULT result = {0};
    RESULT fed = {0};
    const char *const argv[] = {"sh", "-c", "kill -9 $$", NULL};
    run(&(struct process_spec){.argv = argv}, &result);
    assert_int_equal(result.signal, SIGKILL);
    assert_int_equal(result.exit_status, -1);
    run(&(struct process_spec){.argv = argv, .input = "x", .input_size = 1}, &fed);
    assert_int_equal(fed.signal, SIGKILL);
}

static void words_arrive_as_they_are_whatever_they_hold(void **state)
{
    (void)state;
    RESULT result = {0};
    CLEANUP(strbuf_clear) struct strbuf all = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf longest = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf expected = STRBUF_INIT;
    for (int c = 1; c < 256; c++) {
        strbuf_add_char(&all, (char)c);
    }
    for (int i = 0; i < 30000; i++) {
        strbuf_add_char(&longest, "a'\"$`\\!\n"[i % 8]);
    }
    const char *const argv[] = {
        "printf",     "%s|",   "",   "-n",          "--",      "a b",   "it's",
        "\"$HOME\"",  "`id`",  "\\", "\\n",         "!!",      "\n",    "two\nlines\n",
        "*",          "~",     "%d", "caf\xc3\xa9", ";exit 1", "$(id)", all.text,
        longest.text, "{a,b}", "#",  NULL};
    for (size_t i = 2; argv[i] != NULL; i++) {
        strbuf_printf(&expected, "%s|", argv[i]);
    }
    run(&(struct process_spec){.argv = argv}, &result);
    assert_string_equal(result.err.text, "");
    assert_int_equal(result.out.size, expected.size);
    assert_memory_equal(result.out.text, expected.text, expected.size);
}

static void the_environment_is_added_and_shows_in_no_argument_list(void **state)
{
    (void)state;
    RESULT result = {0};
    const char *const argv[] = {
        "sh", "-c", "printf '%s|' \"$HG_A\" \"$HG_B\"; cat /proc/[0-9]*/cmdline | tr '\\0' ' '",
        NULL};
    char secret[UUID_SIZE]; /* that no other process of this machine has by chance */
    random_uuid(secret);
    CLEANUP(mem_freep) char *variable = mem_printf("HG_A=%s", secret);
    const char *const env[] = {variable, "HG_B=two\nlines 'and' $more=\xc3\xa4", NULL};
    run(&(struct process_spec){.argv = argv, .env = env}, &result);
    CLEANUP(mem_freep) char *shown = mem_printf("%s|two\nlines 'and' $more=\xc3\xa4|", secret);
    assert_true(text_starts(result.out.text, shown));
    assert_null(strstr(result.out.text + strlen(secret), secret));
}

static void a_bad_name_of_a_variable_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    RESULT result = {0};
    const char *const argv[] = {"true", NULL};
    const char *const env[] = {"A;B=1", NULL};
    const struct process_spec spec = {.argv = argv, .env = env};
    assert_fails(remote_run(remote, &spec, &result, &err), ERROR_CONFIG);
    assert_contains(err.message, "A;B");
}

static void a_program_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    RESULT result = {0};
    const char *const argv[] = {"no-such-program", "x", NULL};
    const struct process_spec spec = {.argv = argv, .deadline = deadline_in(PATIENCE)};
    assert_fails(remote_run(remote, &spec, &result, &err), ERROR_IO);
    assert_contains(err.message, "no program \"no-such-program\"");
}

static void input_arrives_whole_and_ends(void **state)
{
    (void)state;
    RESULT result = {0};
    RESULT empty = {0};
    size_t size = (size_t)3 * 1024 * 1024 + 7;
    CLEANUP(mem_freep) char *input = mem_new(1, size);
    for (size_t i = 0; i < size; i++) {
        input[i] = (char)(i * 2654435761U >> 13);
    }
    const char *const argv[] = {"cat", NULL};
    const char *const count[] = {"wc", "-c", NULL};
    run(&(struct process_spec){.argv = argv, .input = input, .input_size = size, .keep = size},
        &result);
    assert_int_equal(result.exit_status, 0);
    assert_int_equal(result.out.size, size);
    assert_memory_equal(result.out.text, input, size);
    run(&(struct process_spec){.argv = count, .input = "", .input_size = 0}, &empty);
    assert_contains(empty.out.text, "0");
}

static void input_that_nobody_reads_blocks_nothing(void **state)
{
    (void)state;
    RESULT result = {0};
    size_t size = (size_t)8 * 1024 * 1024;
    CLEANUP(mem_freep) char *input = mem_new(1, size);
    const char *const argv[] = {"sh", "-c", "exec <&-; echo done", NULL};
    run(&(struct process_spec){.argv = argv, .input = input, .input_size = size}, &result);
    assert_string_equal(result.out.text, "done\n");
    assert_int_equal(result.exit_status, 0);
}

static void megabytes_on_both_streams_at_once_come_whole(void **state)
{
    (void)state;
    RESULT result = {0};
    size_t size = (size_t)6 * 1000 * 1000;
    const char *const argv[] = {
        "sh", "-c", "head -c 6000000 /dev/zero >&2 & head -c 6000000 /dev/zero; wait", NULL};
    run(&(struct process_spec){.argv = argv, .keep = size}, &result);
    assert_int_equal(result.out.size, size);
    assert_int_equal(result.err.size, size);
    assert_false(result.out_cut);
}

static void only_the_last_bytes_are_kept(void **state)
{
    (void)state;
    RESULT result = {0};
    const char *const argv[] = {"sh", "-c", "head -c 100000 /dev/zero; printf end", NULL};
    run(&(struct process_spec){.argv = argv, .keep = 10}, &result);
    assert_int_equal(result.out.size, 10);
    assert_true(result.out_cut);
    assert_memory_equal(result.out.text + 7, "end", 3);
}

static void catch (void *context, int stream, const char *bytes, size_t size)
{
    struct strbuf *caught = context;
    strbuf_add_n(&caught[stream - 1], bytes, size);
}

static void pieces_are_shown_as_they_come(void **state)
{
    (void)state;
    RESULT result = {0};
    struct strbuf caught[2] = {STRBUF_INIT, STRBUF_INIT};
    const char *const argv[] = {"sh", "-c", "echo a; echo b >&2", NULL};
    run(&(struct process_spec){.argv = argv, .on_output = catch, .context = caught}, &result);
    assert_string_equal(caught[0].text, "a\n");
    assert_string_equal(caught[1].text, "b\n");
    strbuf_clear(&caught[0]);
    strbuf_clear(&caught[1]);
}

/* --- its end --- */

static void wait_until_gone(const char *mark)
{
    scratch_sh("for i in $(seq 400); do pgrep -f '[s]leep %s' >/dev/null || exit 0; sleep 0.05; "
               "done; pgrep -fa '[s]leep %s'; exit 1",
               mark, mark);
}

static void past_the_deadline_it_is_stopped_over_there(void **state)
{
    (void)state;
    RESULT result = {0};
    CLEANUP(mem_freep) char *mark = mem_printf("1%d", (int)getpid());
    const char *const argv[] = {"sleep", mark, NULL};
    run(&(struct process_spec){.argv = argv, .deadline = deadline_in(700)}, &result);
    assert_true(result.timed_out);
    assert_int_not_equal(result.exit_status, 0);
    wait_until_gone(mark);
}

static void one_that_does_not_heed_a_gentle_signal_is_killed(void **state)
{
    (void)state;
    RESULT result = {0};
    CLEANUP(mem_freep) char *mark = mem_printf("2%d", (int)getpid());
    const char *const argv[] = {"sh", "-c", "trap '' TERM HUP; sleep $0; :", mark, NULL};
    run(
        &(struct process_spec){
            .argv = argv, .deadline = deadline_in(700), .input = "x", .input_size = 1},
        &result);
    assert_true(result.timed_out);
    wait_until_gone(mark);
}

static void what_it_leaves_in_its_group_ends_with_it(void **state)
{
    (void)state;
    RESULT result = {0};
    CLEANUP(mem_freep) char *mark = mem_printf("3%d", (int)getpid());
    const char *const argv[] = {"sh", "-c", "sleep $0 >/dev/null 2>&1 & echo started", mark, NULL};
    run(&(struct process_spec){.argv = argv}, &result);
    assert_string_equal(result.out.text, "started\n");
    assert_int_equal(result.exit_status, 0);
    wait_until_gone(mark);
}

static void want_little(void *context, int stream, const char *bytes, size_t size)
{
    bool *enough = context;
    (void)stream;
    (void)bytes;
    *enough = size > 0;
}

static void one_that_has_said_enough_is_stopped_over_there(void **state)
{
    (void)state;
    RESULT result = {0};
    bool enough = false;
    CLEANUP(mem_freep) char *mark = mem_printf("4%d", (int)getpid());
    const char *const argv[] = {"sh", "-c", "echo started; exec sleep $0", mark, NULL};
    run(
        &(struct process_spec){
            .argv = argv, .on_output = want_little, .enough = &enough, .context = &enough},
        &result);
    assert_int_equal(result.exit_status, -1);
    assert_false(result.timed_out || result.interrupted);
    wait_until_gone(mark);
}

/* --- beside us --- */

static void a_program_beside_us_writes_into_a_file_of_ours(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s/beside", scratch_dir());
    CLEANUP(fd_closep) int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const char *const argv[] = {"head", "-c", "5000000", "/dev/zero", NULL};
    assert_ok(remote_start(remote, &(struct process_spec){.argv = argv}, -1, file, &beside, &err));
    assert_ok(remote_wait(&beside, deadline_in(PATIENCE), &err));
    assert_int_equal(lseek(file, 0, SEEK_END), 5000000);
}

static void a_filter_beside_us_is_fed_through_a_pipe(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    int in[2], out[2];
    char got[8] = "";
    const char *const argv[] = {"tr", "a-z", "A-Z", NULL};
    assert_int_equal(pipe2(in, O_CLOEXEC) + pipe2(out, O_CLOEXEC), 0);
    assert_ok(
        remote_start(remote, &(struct process_spec){.argv = argv}, in[0], out[1], &beside, &err));
    assert_int_equal(close(in[0]) + close(out[1]), 0);
    assert_int_equal(write(in[1], "abc", 3), 3);
    assert_int_equal(close(in[1]), 0);
    assert_ok(remote_wait(&beside, deadline_in(PATIENCE), &err));
    assert_int_equal(read(out[0], got, sizeof got), 3);
    assert_string_equal(got, "ABC");
    assert_int_equal(read(out[0], got, sizeof got), 0);
    assert_int_equal(close(out[0]), 0);
}

static void a_bad_end_beside_us_is_an_error_with_its_words(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    const char *const argv[] = {"sh", "-c", "echo no luck >&2; exit 4", NULL};
    assert_ok(remote_start(remote, &(struct process_spec){.argv = argv}, -1, -1, &beside, &err));
    assert_fails(remote_wait(&beside, deadline_in(PATIENCE), &err), ERROR_IO);
    assert_contains(err.message, "exit status 4");
    assert_string_equal(err.detail, "no luck");
}

static void a_reader_that_leaves_ends_the_writer_over_there(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    int out[2];
    const char *const argv[] = {"cat", "/dev/zero", NULL};
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_ok(
        remote_start(remote, &(struct process_spec){.argv = argv}, -1, out[1], &beside, &err));
    assert_int_equal(close(out[0]) + close(out[1]), 0);
    assert_fails(remote_wait(&beside, deadline_in(PATIENCE), &err), ERROR_IO);
    assert_contains(err.message, "signal 13");
}

static void a_slow_reader_slows_down_the_writer(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int out[2];
    const char *const argv[] = {"sh", "-c", "head -c 200000000 /dev/zero; echo >&2 over", NULL};
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    assert_ok(
        remote_start(remote, &(struct process_spec){.argv = argv}, -1, out[1], &beside, &err));
    assert_int_equal(close(out[1]), 0);
    /* Another one has its turn meanwhile, and of this one no more has come than buffers hold. */
    RESULT result = {0};
    const char *const other[] = {"echo", "here", NULL};
    run(&(struct process_spec){.argv = other}, &result);
    assert_string_equal(result.out.text, "here\n");
    long resident = strtol(scratch_out("cat /proc/$(pgrep -P %d %s)/statm | cut -d' ' -f2",
                                       (int)getpid(), SESSION_PROCESS),
                           NULL, 10);
    assert_in_range(resident * sysconf(_SC_PAGESIZE), 1, RESIDENT_MAX);
    assert_int_equal(close(out[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_streams_and_the_status_come_back),
        cmocka_unit_test(a_signal_is_told_and_no_status),
        cmocka_unit_test(words_arrive_as_they_are_whatever_they_hold),
        cmocka_unit_test(the_environment_is_added_and_shows_in_no_argument_list),
        cmocka_unit_test(a_bad_name_of_a_variable_is_refused),
        cmocka_unit_test(a_program_that_is_not_there_is_said_so),
        cmocka_unit_test(input_arrives_whole_and_ends),
        cmocka_unit_test(input_that_nobody_reads_blocks_nothing),
        cmocka_unit_test(megabytes_on_both_streams_at_once_come_whole),
        cmocka_unit_test(only_the_last_bytes_are_kept),
        cmocka_unit_test(pieces_are_shown_as_they_come),
        cmocka_unit_test(past_the_deadline_it_is_stopped_over_there),
        cmocka_unit_test(one_that_does_not_heed_a_gentle_signal_is_killed),
        cmocka_unit_test(what_it_leaves_in_its_group_ends_with_it),
        cmocka_unit_test(one_that_has_said_enough_is_stopped_over_there),
        cmocka_unit_test(a_program_beside_us_writes_into_a_file_of_ours),
        cmocka_unit_test(a_filter_beside_us_is_fed_through_a_pipe),
        cmocka_unit_test(a_bad_end_beside_us_is_an_error_with_its_words),
        cmocka_unit_test(a_reader_that_leaves_ends_the_writer_over_there),
        cmocka_unit_test(a_slow_reader_slows_down_the_writer),
    };
    return cmocka_run_group_tests(tests, open_host, close_host);
}
