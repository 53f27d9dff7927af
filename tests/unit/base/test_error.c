/*
 * What went wrong: raised once, added to, moved, and which exit status it is.
 */
#include "child.h"

#include <errno.h>
#include <string.h>

static void codes_have_the_documented_exit_statuses(void **state)
{
    (void)state;
    static const struct {
        enum error_code code;
        const char *name;
        int status;
    } rows[] = {
        {ERROR_NONE, "none", 0},
        {ERROR_INTERNAL, "internal", 1},
        {ERROR_IO, "io", 1},
        {ERROR_DATABASE, "database", 1},
        {ERROR_TIMEOUT, "timeout", 1},
        {ERROR_WAITING, "waiting", 3},
        {ERROR_REFUSED, "refused", 4},
        {ERROR_DRIFT, "drift", 5},
        {ERROR_LOCKED, "locked", 6},
        {ERROR_HOOK, "hook", 7},
        {ERROR_HALFWAY, "halfway", 8},
        {ERROR_STALE, "stale", 9},
        {ERROR_BACKUP, "backup", 10},
        {ERROR_MASKING, "masking", 11},
        {ERROR_USAGE, "usage", 64},
        {ERROR_CONFIG, "config", 65},
        {ERROR_UNREACHABLE, "unreachable", 69},
        {ERROR_INTERRUPTED, "interrupted", 130},
        {ERROR_TERMINATED, "terminated", 143},
    };
    assert_int_equal(ARRAY_LEN(rows), ERROR_CODE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(rows[i].code, i); /* each once, in the order that is never changed */
        assert_int_equal(error_exit_status(rows[i].code), rows[i].status);
        assert_string_equal(error_code_name(rows[i].code), rows[i].name);
    }
}

static void raising_returns_false_and_says_where(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_false(error_is_set(&err));
    int line = __LINE__ + 1;
    assert_false(error_set(&err, ERROR_CONFIG, "expected %s, not %d", "a number", 3));
    assert_true(error_is_set(&err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_string_equal(err.message, "expected a number, not 3");
    assert_true(text_ends(err.file, "test_error.c"));
    assert_int_equal(err.line, line);
    assert_int_equal(err.sys_errno, 0);
    assert_false(err.retryable);
    assert_null(err.detail);
    assert_null(err.hint);
}

static void a_failed_system_call_keeps_its_errno(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    errno = ENOSPC;
    assert_false(error_set_errno(&err, "could not write %s", "x"));
    assert_int_equal(err.code, ERROR_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.message, "could not write x: No space left on device");
    assert_true(text_ends(err.file, "test_error.c"));
}

static void a_level_adds_what_only_it_knows(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_HOOK, "exit status 3");
    assert_false(error_prefix(&err, "step \"%s\"", "e2e"));
    assert_false(error_prefix(&err, "run"));
    assert_false(error_detail(&err, "It said %d.", 1));
    assert_false(error_hint(&err, "Look at %s.", "it"));
    assert_string_equal(err.message, "run: step \"e2e\": exit status 3");
    assert_string_equal(err.detail, "It said 1.");
    assert_string_equal(err.hint, "Look at it.");
    assert_int_equal(err.code, ERROR_HOOK);
}

static void a_second_detail_replaces_the_first_and_may_repeat_it(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_IO, "x");
    (void)error_detail(&err, "One.");
    (void)error_detail(&err, "%s Two.", err.detail);
    (void)error_hint(&err, "Try.");
    (void)error_hint(&err, "%s Again.", err.hint);
    assert_string_equal(err.detail, "One. Two.");
    assert_string_equal(err.hint, "Try. Again.");
}

static void fill(struct error *err)
{
    (void)error_set(err, ERROR_DATABASE, "duplicate key");
    (void)error_detail(err, "Key (id)=(1) already exists.");
    (void)error_hint(err, "Take another one.");
    (void)problem_add_plain(&err->problems, "a.sql", "here");
    memcpy(err->sqlstate, "23505", sizeof err->sqlstate);
    err->table = mem_copy("orders");
    err->constraint = mem_copy("orders_pkey");
    err->position = 7;
    err->retryable = true;
}

static void assert_empty(const struct error *err)
{
    static const struct error empty = ERROR_INIT;
    assert_false(error_is_set(err));
    assert_null(err->message);
    assert_null(err->detail);
    assert_null(err->hint);
    assert_null(err->table);
    assert_null(err->constraint);
    assert_null(err->problems.items);
    assert_int_equal(err->problems.n, 0);
    assert_string_equal(err->sqlstate, "");
    assert_int_equal(err->position, empty.position);
    assert_false(err->retryable);
    assert_null(err->file);
}

static void a_moved_error_leaves_nothing_behind(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error from = ERROR_INIT;
    CLEANUP(error_clear) struct error to = ERROR_INIT;
    fill(&from);
    error_move(&to, &from);
    assert_empty(&from);
    assert_string_equal(to.message, "duplicate key");
    assert_string_equal(to.sqlstate, "23505");
    assert_string_equal(to.constraint, "orders_pkey");
    assert_int_equal(to.problems.n, 1);
    assert_true(to.retryable);
}

static void a_cleared_error_can_be_raised_again(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    fill(&err);
    error_clear(&err);
    assert_empty(&err);
    error_clear(&err);
    assert_false(error_set(&err, ERROR_IO, "again"));
    assert_string_equal(err.message, "again");
}

static int raise_twice(const void *context)
{
    (void)context;
    struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_IO, "one");
    (void)error_set(&err, ERROR_IO, "two");
    return 0;
}

static int raise_errno_over_another(const void *context)
{
    (void)context;
    struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_IO, "one");
    (void)error_set_errno(&err, "two");
    return 0;
}

static int raise_nothing(const void *context)
{
    (void)context;
    struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_NONE, "nothing");
    return 0;
}

static int move_over_another(const void *context)
{
    (void)context;
    struct error one = ERROR_INIT, two = ERROR_INIT;
    (void)error_set(&one, ERROR_IO, "one");
    (void)error_set(&two, ERROR_IO, "two");
    error_move(&one, &two);
    return 0;
}

static void raising_over_an_error_asserts(void **state)
{
    (void)state;
    assert_aborts(raise_twice, NULL, "an error was raised over another one");
    assert_aborts(raise_errno_over_another, NULL, "an error was raised over another one");
    assert_aborts(move_over_another, NULL, "!error_is_set(to)");
    assert_aborts(raise_nothing, NULL, "code != ERROR_NONE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_the_documented_exit_statuses),
        cmocka_unit_test(raising_returns_false_and_says_where),
        cmocka_unit_test(a_failed_system_call_keeps_its_errno),
        cmocka_unit_test(a_level_adds_what_only_it_knows),
        cmocka_unit_test(a_second_detail_replaces_the_first_and_may_repeat_it),
        cmocka_unit_test(a_moved_error_leaves_nothing_behind),
        cmocka_unit_test(a_cleared_error_can_be_raised_again),
        cmocka_unit_test(raising_over_an_error_asserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
