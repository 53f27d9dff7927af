#include "sessions.h"

#include <stdlib.h>

static struct db *db;

static int open_db(void **state)
{
    (void)state;
    db = session(scratch_postgres(), false);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

static void parameters_are_values_and_never_sql(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const char *nasty = "'); drop table x; -- \\ \xe2\x82\xac";
    assert_ok(db_query(db, STATEMENT("select $1::text, $2::int + 1, $3::text, $4::bool, false"),
                       DB_PARAMS(nasty, "41", NULL, "true"), SOON, &rows, &err));
    assert_int_equal(db_rows_count(rows), 1);
    assert_string_equal(db_text(rows, 0, 0), nasty);
    assert_int_equal(db_integer(rows, 0, 1), 42);
    assert_null(db_text(rows, 0, 2));
    assert_int_equal(db_integer(rows, 0, 2), 0);
    assert_false(db_bool(rows, 0, 2));
    assert_true(db_bool(rows, 0, 3));
    assert_false(db_bool(rows, 0, 4));
}

static void big_numbers_and_no_rows_are_read(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL, *none = NULL;
    assert_ok(db_query(db, STATEMENT("select (-9223372036854775808)::bigint"), DB_NO_PARAMS, SOON,
                       &rows, &err));
    assert_true(db_integer(rows, 0, 0) == INT64_MIN);
    assert_ok(db_query(db, STATEMENT("select 1 where false"), DB_NO_PARAMS, SOON, &none, &err));
    assert_int_equal(db_rows_count(none), 0);
}

static void a_big_parameter_and_a_big_result_pass(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    size_t size = 8u << 20;
    CLEANUP(mem_freep) char *big = mem_new(size + 1, 1);
    memset(big, 'x', size);
    assert_ok(db_query(db, STATEMENT("select $1::text || n from generate_series(1, 3) n"),
                       DB_PARAMS(big), SOON, &rows, &err));
    assert_int_equal(db_rows_count(rows), 3);
    assert_int_equal(strlen(db_text(rows, 2, 0)), size + 1);
    assert_int_equal(db_text(rows, 2, 0)[size], '3');
}

static void what_cannot_be_sent_has_not_happened(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t too_many = 70000;
    CLEANUP(mem_freep) const char **values = mem_new(too_many, sizeof *values);
    assert_fails(
        db_execute(db, STATEMENT("select 1"), (struct db_params){values, too_many}, SOON, &err),
        ERROR_UNREACHABLE);
    assert_contains(err.message, "could not send to ");
    assert_true(err.retryable);
    error_clear(&err);
    must_be(db, "select 1", "1");
}

static void an_error_carries_everything_the_server_said(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create schema strict");
    run(db, "create table strict.orders (id int constraint orders_pk primary key)");
    run(db, "insert into strict.orders values (1)");
    assert_fails(db_execute(db, STATEMENT("insert into strict.orders values ($1::int)"),
                            DB_PARAMS("1"), SOON, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.message,
                        "duplicate key value violates unique constraint \"orders_pk\"");
    assert_string_equal(err.sqlstate, "23505");
    assert_string_equal(err.detail, "Key (id)=(1) already exists.");
    assert_string_equal(err.table, "strict.orders");
    assert_string_equal(err.constraint, "orders_pk");
    assert_int_equal(err.position, 0);
    assert_false(err.retryable);
    error_clear(&err);

    assert_fails(
        db_execute(db, STATEMENT("select 'ä', idd from strict.orders"), DB_NO_PARAMS, SOON, &err),
        ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42703");
    assert_int_equal(err.position, 13);
    assert_contains(err.hint, "orders.id");
    error_clear(&err);
    assert_true(db_is_alive(db));
}

static void the_place_in_a_function_is_told(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const char *text = "do $$ begin\n raise exception 'two\nlines' using detail = 'More.',"
                       " hint = 'Do it.'; end $$";
    assert_fails(db_run_text(db, text, strlen(text), SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.message, "two lines");
    assert_string_equal(err.sqlstate, "P0001");
    assert_contains(err.detail,
                    "More. Where: PL/pgSQL function inline_code_block line 2 at RAISE.");
    assert_string_equal(err.hint, "Do it.");
    error_clear(&err);
}

static void a_lock_that_is_not_free_is_worth_another_try(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *other = session(scratch_postgres(), false);
    run(db, "create table busy (a int)");
    assert_ok(db_begin(other, SOON, &err));
    run(other, "lock table busy");
    run(db, "set lock_timeout = '10ms'");
    assert_fails(db_execute(db, STATEMENT("alter table busy add b int"), DB_NO_PARAMS, SOON, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "55P03");
    assert_true(err.retryable);
    error_clear(&err);
    run(db, "reset lock_timeout");
}

static void transactions_commit_and_roll_back(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table kept (a int)");
    assert_ok(db_begin(db, SOON, &err));
    assert_true(db_in_transaction(db));
    run(db, "insert into kept values (1)");
    assert_ok(db_commit(db, SOON, &err));
    assert_false(db_in_transaction(db));
    assert_ok(db_begin(db, SOON, &err));
    run(db, "insert into kept values (2)");
    db_rollback(db);
    assert_false(db_in_transaction(db));
    db_rollback(db);
    assert_true(db_is_alive(db));
    must_be(db, "select string_agg(a::text, ',') from kept", "1");
}

static void a_commit_that_the_server_turns_into_a_rollback_is_an_error(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_ok(db_begin(db, SOON, &err));
    assert_fails(db_execute(db, STATEMENT("select 1/0"), DB_NO_PARAMS, SOON, &err), ERROR_DATABASE);
    error_clear(&err);
    assert_true(db_in_transaction(db));
    assert_fails(db_commit(db, SOON, &err), ERROR_DATABASE);
    assert_contains(err.message, "rolled back instead of committed");
    assert_false(db_in_transaction(db));
    error_clear(&err);
}

static void a_constraint_that_fails_at_commit_is_told(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table late (a int unique deferrable initially deferred)");
    assert_ok(db_begin(db, SOON, &err));
    run(db, "insert into late values (1), (1)");
    assert_fails(db_commit(db, SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "23505");
    assert_null(err.hint);
    error_clear(&err);
}

/* --- notices --- */

static void notices_are_collected_one_line_each(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(db, &notices);
    strlist_clear(&notices);
    run(db, "drop table if exists no_such_table");
    run(db, "do $$ begin raise warning 'two\n  lines'; raise debug 'not sent'; end $$");
    db_take_notices(db, &notices);
    assert_int_equal(notices.n, 2);
    assert_string_equal(notices.items[0],
                        "NOTICE: table \"no_such_table\" does not exist, skipping");
    assert_string_equal(notices.items[1], "WARNING: two lines");
    strlist_clear(&notices);
    db_take_notices(db, &notices);
    assert_int_equal(notices.n, 0);
}

static void of_too_many_notices_the_last_are_kept(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    run(db, "do $$ begin for i in 1..2500 loop raise notice 'number %', i; end loop;"
            " raise notice '%', repeat('€', 10000); end $$");
    db_take_notices(db, &notices);
    assert_int_equal(notices.n, 1001);
    assert_string_equal(notices.items[0], "NOTICE: the first 1501 of these were dropped");
    assert_string_equal(notices.items[1], "NOTICE: number 1502");
    assert_string_equal(notices.items[999], "NOTICE: number 2500");
    size_t size = strlen(notices.items[1000]);
    assert_true(size > 4000 && size < 4200);
    assert_string_equal(notices.items[1000] + size - 6, "€...");
}

static void a_session_closes_with_its_notices(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *other = session(scratch_postgres(), false);
    run(other, "drop table if exists no_such_table");
    db_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_values_and_never_sql),
        cmocka_unit_test(big_numbers_and_no_rows_are_read),
        cmocka_unit_test(a_big_parameter_and_a_big_result_pass),
        cmocka_unit_test(what_cannot_be_sent_has_not_happened),
        cmocka_unit_test(an_error_carries_everything_the_server_said),
        cmocka_unit_test(the_place_in_a_function_is_told),
        cmocka_unit_test(a_lock_that_is_not_free_is_worth_another_try),
        cmocka_unit_test(transactions_commit_and_roll_back),
        cmocka_unit_test(a_commit_that_the_server_turns_into_a_rollback_is_an_error),
        cmocka_unit_test(a_constraint_that_fails_at_commit_is_told),
        cmocka_unit_test(notices_are_collected_one_line_each),
        cmocka_unit_test(of_too_many_notices_the_last_are_kept),
        cmocka_unit_test(a_session_closes_with_its_notices),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
