#include "child.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "headgate/clock.h"
#include "journaling.h"

static bool try_append(struct journal *journal, const struct lease *lease, const char *data,
                       struct error *err)
{
    struct entry entry = {
        .kind = "step-ended", .actor = "anna", .step = "e2e", .data = data, .durable = true};
    return journal_append(journal, lease, &entry, err);
}

static void what_was_appended_is_read(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(lease_freep) struct lease *lease = take_lease(state_of(state), "run/" RUN);
    int64_t before = wall_now_usec();
    CLEANUP(journal_freep) struct journal *written = create(state_of(state), RUN);
    append(written, "run-begun");
    assert_ok(try_append(written, lease, "{\"z\":[1, 2],\"a\":\"\\u00e9\"}", &err));
    assert_int_equal(journal_count(written), 2);
    CLEANUP(journal_freep) struct journal *read = open_again(state_of(state), RUN);
    assert_string_equal(journal_run(read), RUN);
    assert_int_equal(journal_count(read), 2);
    const struct event *first = journal_event(read, 0), *second = journal_event(read, 1);
    assert_int_equal(first->number, 1);
    assert_string_equal(first->kind, "run-begun");
    assert_string_equal(first->actor, "anna@buildhost");
    assert_null(first->step);
    assert_int_equal(first->token, 0);
    assert_int_equal(json_data_count(first->data), 0);
    assert_int_equal(second->number, 2);
    assert_string_equal(second->step, "e2e");
    assert_int_equal(second->token, 1);
    assert_true(second->time >= before && second->time <= wall_now_usec());
    assert_string_equal(json_data_text(second->data, "a"), "\xc3\xa9");
    assert_string_equal(second->hash, journal_event(written, 1)->hash);
    assert_audit(state_of(state), NULL, "");
}

static void a_run_is_made_once(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct journal *second = NULL;
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    assert_non_null(journal);
    assert_fails(journal_create(state_of(state), RUN, &second, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EEXIST);
    CLEANUP(journal_freep) struct journal *read = open_again(state_of(state), RUN);
    assert_int_equal(journal_count(read), 0);
}

static void a_run_that_is_not_there_is_told(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct journal *journal = NULL;
    assert_fails(journal_open(state_of(state), RUN, &journal, &err), ERROR_USAGE);
    assert_string_equal(err.message, "there is no run \"" RUN "\"");
    assert_string_equal(err.hint, "See which there are: headgate runs");
}

static void data_that_are_no_object_on_a_line_are_a_mistake_of_ours(void **state)
{
    static const char *const data[] = {"[]", "{", "{\n}", "{\"a\":1,\"a\":2}", "{},\"number\":3",
                                       ""};
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    for (size_t i = 0; i < ARRAY_LEN(data); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        assert_fails(try_append(journal, NULL, data[i], &err), ERROR_INTERNAL);
    }
    append(journal, "run-begun");
    assert_int_equal(journal_event(journal, 0)->number, 1);
}

/* --- what others append --- */

static void others_are_taken_in_before_an_append(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(journal_freep) struct journal *engine = create(state_of(state), RUN);
    CLEANUP(journal_freep) struct journal *bystander = open_again(state_of(state), RUN);
    append(engine, "gate-waiting");
    append(bystander, "approved");
    assert_int_equal(journal_count(engine), 1);
    const struct event *kept = journal_event(engine, 0);
    append(engine, "step-ended");
    assert_int_equal(journal_count(engine), 3);
    assert_ptr_equal(journal_event(engine, 0), kept);
    assert_string_equal(journal_event(engine, 1)->kind, "approved");
    assert_ok(journal_catch_up(bystander, &err));
    assert_int_equal(journal_count(bystander), 3);
}

static bool is_readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

static void a_watch_tells_of_others_only(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(journal_freep) struct journal *engine = create(state_of(state), RUN);
    CLEANUP(journal_freep) struct journal *bystander = open_again(state_of(state), RUN);
    int fd = journal_watch(engine);
    assert_true(fd >= 0);
    assert_int_equal(journal_watch(engine), fd);
    assert_false(is_readable(fd));
    append(engine, "gate-waiting");
    assert_false(is_readable(fd));
    append(bystander, "approved");
    assert_true(is_readable(fd));
    assert_ok(journal_catch_up(engine, &err));
    assert_false(is_readable(fd));
    assert_int_equal(journal_count(engine), 2);
}

static void what_is_gone_cannot_be_watched(void **state)
{
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(journal_watch(journal), -1);
}

struct appending {
    struct state *state;
    const char *kind;
};

static int append_many(void *context)
{
    struct appending *appending = context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(journal_freep) struct journal *journal = NULL;
    if (!journal_open(appending->state, RUN, &journal, &err)) {
        return 1;
    }
    for (int i = 0; i < 200; i++) {
        struct entry entry = {.kind = appending->kind, .actor = "anna", .durable = i % 10 == 0};
        if (!journal_append(journal, NULL, &entry, &err)) {
            return 2;
        }
    }
    return 0;
}

static void two_that_append_at_once_give_one_chain(void **state)
{
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    assert_non_null(journal);
    struct appending a = {state_of(state), "a"}, b = {state_of(state), "b"};
    pid_t first = child_start(append_many, &a), second = child_start(append_many, &b);
    assert_int_equal(child_end(first), 0);
    assert_int_equal(child_end(second), 0);
    CLEANUP(journal_freep) struct journal *read = open_again(state_of(state), RUN);
    size_t n_a = 0;
    for (size_t i = 0; i < journal_count(read); i++) {
        n_a += text_equal(journal_event(read, i)->kind, "a") ? 1 : 0;
    }
    assert_int_equal(journal_count(read), 400);
    assert_int_equal(n_a, 200);
    assert_audit(state_of(state), NULL, "");
}

/* --- fencing --- */

static void an_older_lease_is_fenced_off(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error refusal = ERROR_INIT;
    CLEANUP(journal_freep) struct journal *old = create(state_of(state), RUN);
    CLEANUP(lease_freep) struct lease *first = take_lease(state_of(state), "run/" RUN);
    assert_ok(try_append(old, first, NULL, &err));
    scratch_sh("mv '%s/leases' '%s/leases.lost' && cp -r '%s/leases.lost' '%s/leases'",
               ((struct a_state *)*state)->folder, ((struct a_state *)*state)->folder,
               ((struct a_state *)*state)->folder, ((struct a_state *)*state)->folder);
    CLEANUP(lease_freep) struct lease *second = take_lease(state_of(state), "run/" RUN);
    CLEANUP(journal_freep) struct journal *young = open_again(state_of(state), RUN);
    assert_int_equal(lease_token(second), 2);
    assert_ok(try_append(old, first, NULL, &err)); /* the younger one has not appended yet */
    assert_ok(try_append(young, second, NULL, &err));
    assert_false(try_append(old, first, NULL, &refusal));
    assert_int_equal(refusal.code, ERROR_LOCKED);
    assert_string_equal(refusal.message, "another process has gone on with run \"" RUN "\"");
    assert_string_equal(refusal.detail, "Its lease has token 2, ours has 1.");
    assert_int_equal(journal_count(old), 3);
    append(old, "cancel-asked"); /* as a bystander anybody may */
    assert_ok(try_append(young, second, NULL, &err));
}

/* --- torn and changed files --- */

static void add_text(void **state, const char *text)
{
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_torn_line_counts_as_not_written(void **state)
{
    static const char *const torn[] = {"{\"number\":3,\"ti", "x", "no event\n", "\n"};
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    append(journal, "run-begun");
    for (size_t i = 0; i < ARRAY_LEN(torn); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        add_text(state, torn[i]);
        CLEANUP(journal_freep) struct journal *reader = open_again(state_of(state), RUN);
        assert_int_equal(journal_count(reader), i + 1);
        assert_audit(state_of(state), NULL, "");
        append(journal, "step-begun");
        assert_ok(journal_catch_up(reader, &err));
        assert_int_equal(journal_count(reader), i + 2);
    }
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    read_text(path, &text);
    assert_null(strstr(text.text, "no event"));
}

static void assert_refused(void **state, const char *sentence)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct journal *none = NULL;
    CLEANUP(mem_freep)
    char *wanted =
        mem_printf("the journal of run \"" RUN "\" is not what was written: %s", sentence);
    assert_fails(journal_open(state_of(state), RUN, &none, &err), ERROR_REFUSED);
    assert_string_equal(err.message, wanted);
    assert_string_equal(err.hint, "See all that was changed: headgate audit verify " RUN);
}

static void write_five(void **state)
{
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    for (int i = 0; i < 5; i++) {
        append(journal, "step-begun");
    }
}

static void a_changed_line_is_refused(void **state)
{
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    write_five(state);
    scratch_sh("sed -i 3s/anna/bert/ '%s'", path);
    assert_refused(state, "event 3 was changed");
}

static void a_removed_line_is_refused(void **state)
{
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    write_five(state);
    scratch_sh("sed -i 2d '%s'", path);
    assert_refused(state, "event 3 stands where event 2 belongs");
}

static void a_line_of_another_journal_is_refused(void **state)
{
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    CLEANUP(mem_freep) char *other_path = file_of(state, "runs/other/journal");
    write_five(state);
    CLEANUP(journal_freep) struct journal *other = create(state_of(state), "other");
    append(other, "a");
    append(other, "b");
    scratch_sh("sed -n 2p '%s' > line && sed -i -e 2r\\ line -e 2d '%s'", other_path, path);
    assert_refused(state, "event 2 was not written behind the event that stands before it");
}

static void a_sealed_journal_cannot_be_cut(void **state)
{
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    append(journal, "run-begun");
    append_seal(journal, "run-ended");
    scratch_sh("sed -i 2d '%s'", path);
    assert_refused(state, "the ledger says that it had 2 events, it has 1");
    scratch_sh("rm '%s'", path);
    CLEANUP(journal_freep) struct journal *new_one = create(state_of(state), RUN);
    append(new_one, "run-begun");
    append(new_one, "run-ended");
    assert_refused(state, "the ledger has another hash of it");
}

static void a_journal_that_changes_meanwhile_is_refused(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error replaced = ERROR_INIT;
    CLEANUP(error_clear) struct error gone = ERROR_INIT;
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    append(journal, "run-begun");
    append(journal, "step-begun");
    scratch_sh("cp '%s' copy && truncate -s -1 '%s'", path, path);
    assert_fails(journal_catch_up(journal, &err), ERROR_REFUSED);
    assert_contains(err.message, "its end was cut off");
    scratch_sh("mv copy '%s'", path);
    assert_false(journal_catch_up(journal, &replaced));
    assert_contains(replaced.message, "another file is in its place");
    scratch_sh("rm '%s'", path);
    assert_false(journal_catch_up(journal, &gone));
    assert_int_equal(gone.sys_errno, ENOENT);
}

static void what_is_no_file_is_not_read(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    struct journal *journal = NULL;
    assert_ok(folder_make(path, 0700, &err));
    assert_fails(journal_open(state_of(state), RUN, &journal, &err), ERROR_IO);
    assert_contains(err.message, "is no file");
}

/* --- the first event --- */

static void the_first_event_is_read_alone(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    CLEANUP(json_data_freep) struct json_data *none = NULL;
    CLEANUP(json_data_freep) struct json_data *first = NULL;
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    assert_ok(journal_peek(state_of(state), RUN, &none, &err));
    assert_null(none);
    strbuf_add(&data, "{\"document\":\"");
    strbuf_add_repeated(&data, 'x', 100000);
    strbuf_add(&data, "\"}");
    assert_ok(try_append(journal, NULL, data.text, &err));
    append(journal, "step-begun");
    assert_ok(journal_peek(state_of(state), RUN, &first, &err));
    assert_string_equal(json_data_text(first, "kind"), "step-ended");
    assert_int_equal(strlen(json_data_text(json_data_member(first, "data"), "document")), 100000);
}

static void a_first_event_that_was_changed_is_refused(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(mem_freep) char *path = file_of(state, JOURNAL_FILE);
    struct json_data *first = NULL;
    write_five(state);
    scratch_sh("sed -i 1s/anna/bert/ '%s'", path);
    assert_fails(journal_peek(state_of(state), RUN, &first, &err), ERROR_REFUSED);
    assert_string_equal(err.message, "the first event of run \"" RUN "\" was changed");
    scratch_sh("rm '%s' && mkdir '%s'", path, path);
    assert_false(journal_peek(state_of(state), RUN, &first, &failure));
    assert_int_equal(failure.code, ERROR_IO);
}

/* --- size --- */

static double seconds_to_open(struct state *state, const char *run)
{
    struct timespec begun, ended;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    CLEANUP(journal_freep) struct journal *journal = open_again(state, run);
    assert_non_null(journal);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    return (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
}

static void many_events(void **state, const char *run, int n)
{
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), run);
    for (int i = 0; i < n; i++) {
        append(journal, "step-begun");
    }
}

/* A square would give 64 times as much. */
static void eight_times_as_many_events_cost_about_eight_times_as_much(void **state)
{
    many_events(state, "few", 2500);
    many_events(state, "many", 20000);
    double few = seconds_to_open(state_of(state), "few") + 0.002;
    double many = seconds_to_open(state_of(state), "many");
    print_message("2500 events: %.1f ms, 20000 events: %.1f ms\n", few * 1000, many * 1000);
    assert_true(many < 24 * few);
}

#define IN_A_STATE(test) cmocka_unit_test_setup_teardown(test, make_state, drop_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_STATE(what_was_appended_is_read),
        IN_A_STATE(a_run_is_made_once),
        IN_A_STATE(a_run_that_is_not_there_is_told),
        IN_A_STATE(data_that_are_no_object_on_a_line_are_a_mistake_of_ours),
        IN_A_STATE(others_are_taken_in_before_an_append),
        IN_A_STATE(a_watch_tells_of_others_only),
        IN_A_STATE(what_is_gone_cannot_be_watched),
        IN_A_STATE(two_that_append_at_once_give_one_chain),
        IN_A_STATE(an_older_lease_is_fenced_off),
        IN_A_STATE(a_torn_line_counts_as_not_written),
        IN_A_STATE(a_changed_line_is_refused),
        IN_A_STATE(a_removed_line_is_refused),
        IN_A_STATE(a_line_of_another_journal_is_refused),
        IN_A_STATE(a_sealed_journal_cannot_be_cut),
        IN_A_STATE(a_journal_that_changes_meanwhile_is_refused),
        IN_A_STATE(what_is_no_file_is_not_read),
        IN_A_STATE(the_first_event_is_read_alone),
        IN_A_STATE(a_first_event_that_was_changed_is_refused),
        IN_A_STATE(eight_times_as_many_events_cost_about_eight_times_as_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
