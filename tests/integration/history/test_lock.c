/* The lock of a database, which is Prisma's too. */
#include "histories.h"

static bool try_lock(struct db *of)
{
    struct error err = ERROR_INIT;
    bool locked = false;
    assert_ok(history_try_lock(of, HISTORY_KEY_PRISMA, SOON, &locked, &err));
    return locked;
}

static bool find_holder(struct history_holder *ret_holder)
{
    struct error err = ERROR_INIT;
    bool found = false;
    assert_ok(history_lock_holder(db, HISTORY_KEY_PRISMA, SOON, &found, ret_holder, &err));
    return found;
}

static void the_lock_excludes_others_and_names_its_holder(void **state)
{
    (void)state;
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    CLEANUP(db_closep) struct db *other = session(url, false);
    CLEANUP(mem_freep) char *pid = value(other, "select pg_backend_pid()");
    CLEANUP(mem_freep)
    char *since = value(other, "select to_char(backend_start at time zone 'UTC',"
                               " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from pg_stat_activity"
                               " where pid = pg_backend_pid()");
    assert_false(find_holder(&holder));
    assert_true(try_lock(other));
    assert_false(try_lock(db));
    assert_true(find_holder(&holder));
    assert_int_equal(holder.pid, strtol(pid, NULL, 10));
    assert_string_equal(holder.application, "headgate test");
    assert_string_equal(holder.client, "this machine");
    assert_string_equal(holder.since, since);
}

static void the_lock_is_the_one_that_prisma_takes(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *prisma = session(url, false);
    run(prisma, "set application_name to ''");
    run(prisma, "select pg_advisory_lock(72707369)");
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    assert_false(try_lock(db));
    assert_true(find_holder(&holder));
    assert_string_equal(holder.application, "client backend");
    run(prisma, "select pg_advisory_unlock(72707369)");
    assert_true(try_lock(db));
}

static void other_advisory_locks_are_not_mistaken_for_it(void **state)
{
    (void)state;
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    CLEANUP(db_closep) struct db *other = session(url, false);
    run(other, "select pg_advisory_lock(0, 72707369), pg_advisory_lock(1, 72707369),"
               " pg_advisory_lock(72707368), pg_advisory_lock((1::bigint << 32) + 72707369)");
    assert_false(find_holder(&holder));
    assert_true(try_lock(db));
}

static void the_lock_is_of_one_database(void **state)
{
    (void)state;
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    CLEANUP(mem_freep) char *template1 = mem_printf("%s dbname=template1", url);
    CLEANUP(db_closep) struct db *elsewhere = session(template1, false);
    assert_true(try_lock(elsewhere));
    assert_false(find_holder(&holder));
    assert_true(try_lock(db));
}

static void wait_for_lock(void)
{
    msec deadline = SOON;
    while (!try_lock(db)) {
        assert_false(deadline_passed(deadline));
        deadline_sleep(deadline_in(10));
    }
}

static bool lock_is_real(void)
{
    struct error err = ERROR_INIT;
    bool real = false;
    assert_ok(history_lock_is_real(db, SOON, &real, &err));
    return real;
}

static void the_lock_is_real_where_this_session_holds_both_keys(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    bool locked = false;
    assert_false(lock_is_real());
    assert_true(try_lock(db));
    assert_true(try_lock(db));
    assert_false(lock_is_real());
    assert_ok(history_try_lock(db, HISTORY_KEY_OWN, SOON, &locked, &err));
    assert_true(locked && lock_is_real());
}

static void prismas_key_can_be_given_back_however_often_it_was_taken(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *other = session(url, false);
    assert_true(try_lock(db));
    assert_true(try_lock(db));
    assert_false(try_lock(other));
    assert_ok(history_give_prisma_key(db, SOON, &err));
    assert_true(try_lock(other));
}

/* What a fresh session is: see the engine's tests. */
static bool make_fresh(struct error *err)
{
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    size_t failed = 0;
    history_add_fresh(batch);
    bool done = db_batch_run(db, batch, SOON, &failed, err);
    db_rollback(db);
    return done;
}

static void a_fresh_session_has_the_lock_or_says_that_it_is_lost(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_ok(make_fresh(&err));
    assert_true(lock_is_real());
    run(db, "select pg_advisory_unlock_all()");
    CLEANUP(db_closep) struct db *other = session(url, false);
    assert_true(try_lock(other));
    assert_fails(make_fresh(&err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, HISTORY_LOCK_LOST);
    error_clear(&err);
}

static void of_another_roles_session_nothing_is_made_up(void **state)
{
    (void)state;
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    CLEANUP(db_closep) struct db *other = session(url, false);
    assert_true(try_lock(other));
    run(db, "drop role if exists modest");
    run(db, "create role modest");
    run(db, "set role modest");
    assert_true(find_holder(&holder));
    run(db, "reset role");
    assert_string_equal(holder.application, "headgate test");
    assert_string_equal(holder.client, "somewhere");
    assert_string_equal(holder.since, "some time");
    assert_null(holder.query);
}

static void the_lock_is_freed_by_the_end_of_the_session(void **state)
{
    (void)state;
    struct db *other = session(url, false);
    assert_true(try_lock(other));
    db_closep(&other);
    wait_for_lock();
}

static void the_lock_is_freed_by_the_death_of_the_backend(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *other = session(url, false);
    CLEANUP(mem_freep) char *pid = value(other, "select pg_backend_pid()");
    CLEANUP(mem_freep) char *terminate = mem_printf("select pg_terminate_backend(%s)", pid);
    assert_true(try_lock(other));
    run(db, terminate);
    wait_for_lock();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_AN_EMPTY_DATABASE(the_lock_excludes_others_and_names_its_holder),
        IN_AN_EMPTY_DATABASE(the_lock_is_the_one_that_prisma_takes),
        IN_AN_EMPTY_DATABASE(other_advisory_locks_are_not_mistaken_for_it),
        IN_AN_EMPTY_DATABASE(the_lock_is_of_one_database),
        IN_AN_EMPTY_DATABASE(the_lock_is_real_where_this_session_holds_both_keys),
        IN_AN_EMPTY_DATABASE(prismas_key_can_be_given_back_however_often_it_was_taken),
        IN_AN_EMPTY_DATABASE(a_fresh_session_has_the_lock_or_says_that_it_is_lost),
        IN_AN_EMPTY_DATABASE(of_another_roles_session_nothing_is_made_up),
        IN_AN_EMPTY_DATABASE(the_lock_is_freed_by_the_end_of_the_session),
        IN_AN_EMPTY_DATABASE(the_lock_is_freed_by_the_death_of_the_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
