/* The history table and Prisma's lock, on a real server. */
#include "../db/sessions.h"

#include <stdlib.h>

#include "headgate/history.h"

#define CHECKSUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct db *db;
static const char *url;

/* All of them share a database, because to make one takes a while. */
static int open_db(void **state)
{
    (void)state;
    url = scratch_postgres();
    db = session(url, false);
    run(db, "do $$ declare name text; begin\n"
            "  for name in select nspname from pg_namespace\n"
            "              where nspname !~ '^pg_' and nspname <> 'information_schema'\n"
            "  loop execute format('drop schema %I cascade', name); end loop;\n"
            "end $$");
    run(db, "create schema public");
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

static void create_in(const char *schema)
{
    struct error err = ERROR_INIT;
    assert_ok(history_use_schema(db, schema, SOON, &err));
    assert_ok(history_create(db, SOON, &err));
}

static struct history *read_in(const char *schema)
{
    struct error err = ERROR_INIT;
    struct history *history = NULL;
    assert_ok(history_use_schema(db, schema, SOON, &err));
    assert_ok(history_read(db, schema, SOON, &history, &err));
    return history;
}

/* What deploy does around a migration, and in it. */
static bool migrate(const char *schema, const char *sql)
{
    struct error err = ERROR_INIT;
    char id[UUID_SIZE];
    bool found = false;
    assert_ok(db_begin(db, SOON, &err));
    assert_ok(history_begin(db, "20260101000000_init", CHECKSUM, id, SOON, &err));
    assert_ok(db_run_script(db, sql, SOON, &err));
    assert_ok(history_finish(db, schema, id, SOON, &found, &err));
    assert_ok(!db_in_transaction(db) || db_commit(db, SOON, &err));
    return found;
}

static void the_table_is_prismas_column_for_column(void **state)
{
    (void)state;
    create_in(NULL);
    must_be(db,
            "select string_agg(format('%s %s %s %s', attname, format_type(atttypid, atttypmod),"
            " attnotnull, pg_get_expr(adbin, adrelid)), e'\n' order by attnum)"
            " from pg_attribute a left join pg_attrdef d on d.adrelid = attrelid and adnum = attnum"
            " where attrelid = 'public._prisma_migrations'::regclass and attnum > 0",
            "id character varying(36) t \n"
            "checksum character varying(64) t \n"
            "finished_at timestamp with time zone f \n"
            "migration_name character varying(255) t \n"
            "logs text f \n"
            "rolled_back_at timestamp with time zone f \n"
            "started_at timestamp with time zone t now()\n"
            "applied_steps_count integer t 0");
    must_be(db,
            "select string_agg(pg_get_constraintdef(oid), ', ') from pg_constraint"
            " where contype <> 'n' and conrelid = 'public._prisma_migrations'::regclass",
            "PRIMARY KEY (id)");
}

static void a_finished_row_is_what_prisma_writes(void **state)
{
    (void)state;
    create_in(NULL);
    assert_true(migrate(NULL, "select 1"));
    must_be(db,
            "select id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'"
            " from _prisma_migrations",
            "t");
    must_be(db,
            "select concat_ws(' ', migration_name, applied_steps_count, logs is null,"
            " rolled_back_at is null, finished_at >= started_at,"
            " started_at between now() - interval '1 minute' and clock_timestamp())"
            " from _prisma_migrations",
            "20260101000000_init 1 t t t t");
    must_be(db, "select checksum from _prisma_migrations", CHECKSUM);
}

static void the_times_are_not_those_of_the_transaction(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    char id[UUID_SIZE];
    bool found = false;
    create_in(NULL);
    assert_ok(db_begin(db, SOON, &err));
    run(db, "select pg_sleep(0.05)");
    assert_ok(history_begin(db, "20260101000000_init", CHECKSUM, id, SOON, &err));
    run(db, "select pg_sleep(0.05)");
    assert_ok(history_finish(db, NULL, id, SOON, &found, &err));
    must_be(db,
            "select started_at - now() >= interval '50 milliseconds' and"
            " finished_at - started_at >= interval '50 milliseconds' from _prisma_migrations",
            "t");
    assert_ok(db_commit(db, SOON, &err));
}

static void a_begun_row_is_not_finished(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    char id[UUID_SIZE];
    create_in(NULL);
    assert_ok(history_begin(db, "20260101000000_init", CHECKSUM, id, SOON, &err));
    CLEANUP(history_freep) struct history *history = read_in(NULL);
    assert_int_equal(history->n, 1);
    assert_string_equal(history->rows[0].id, id);
    assert_string_equal(history->rows[0].name, "20260101000000_init");
    assert_string_equal(history->rows[0].checksum, CHECKSUM);
    assert_non_null(history->rows[0].started_at);
    assert_null(history->rows[0].finished_at);
    assert_null(history->rows[0].rolled_back_at);
    assert_null(history->rows[0].logs);
    must_be(db, "select applied_steps_count from _prisma_migrations", "0");
}

static void a_row_that_is_gone_is_not_found(void **state)
{
    (void)state;
    create_in(NULL);
    assert_false(migrate(NULL, "delete from _prisma_migrations"));
    assert_false(migrate(NULL, "rollback"));
}

static void a_migration_that_changes_the_search_path_is_finished_all_the_same(void **state)
{
    (void)state;
    create_in("shop");
    assert_true(migrate("shop", "set search_path to pg_catalog"));
    must_be(db, "select count(*) from shop._prisma_migrations where finished_at is not null", "1");
    must_be(db, "select current_setting('search_path')", "shop");
}

static void the_table_is_made_once(void **state)
{
    (void)state;
    create_in(NULL);
    assert_true(migrate(NULL, "select 1"));
    create_in(NULL);
    CLEANUP(history_freep) struct history *history = read_in(NULL);
    assert_true(history->exists);
    assert_int_equal(history->n, 1);
}

static void a_schema_is_made_whatever_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"shop", "My \"Shop\"", "a, b", "select", "pg'x"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        create_in(names[i]);
        create_in(names[i]);
        assert_true(migrate(names[i], "select 1"));
        CLEANUP(history_freep) struct history *history = read_in(names[i]);
        assert_true(history->exists);
        assert_int_equal(history->n, 1);
    }
    must_be(db, "select count(*) from pg_class where relname = '_prisma_migrations'", "5");
    must_be(db, "select to_regclass('public._prisma_migrations') is null", "t");
}

static void a_schema_that_is_there_needs_no_right_to_make_one(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create role modest login");
    run(db, "create schema shop authorization modest");
    CLEANUP(mem_freep) char *modest = mem_printf("%s user=modest", url);
    db_closep(&db);
    db = session(modest, false);
    create_in("shop");
    assert_ok(history_use_schema(db, "other", SOON, &err));
    assert_fails(history_create(db, SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42501");
    error_clear(&err);
}

static void an_empty_database_has_no_history(void **state)
{
    (void)state;
    CLEANUP(history_freep) struct history *history = read_in(NULL);
    assert_false(history->exists);
    assert_false(history->other_tables);
    assert_int_equal(history->n, 0);
}

static void expect_other_tables(const char *schema, bool wanted)
{
    CLEANUP(history_freep) struct history *history = read_in(schema);
    assert_false(history->exists);
    assert_int_equal(history->other_tables, wanted);
}

static void tables_of_somebody_else_are_seen_in_their_schema_only(void **state)
{
    (void)state;
    run(db, "create view v as select 1");
    run(db, "create sequence s");
    run(db, "create schema shop");
    expect_other_tables(NULL, false);
    run(db, "create table theirs (id int)");
    expect_other_tables(NULL, true);
    expect_other_tables("shop", false);
    expect_other_tables("nowhere", false);
    run(db, "create table shop.parted (id int) partition by range (id)");
    expect_other_tables("shop", true);
}

static void an_extensions_tables_are_nobodys(void **state)
{
    (void)state;
    run(db, "create table spatial_ref_sys (id int)");
    run(db, "alter extension plpgsql add table spatial_ref_sys");
    expect_other_tables(NULL, false);
    run(db, "alter extension plpgsql drop table spatial_ref_sys");
    expect_other_tables(NULL, true);
}

static void rows_come_in_the_order_of_their_start_with_utc_times(void **state)
{
    (void)state;
    create_in(NULL);
    run(db, "set timezone to 'Asia/Tokyo'");
    run(db, "insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at,"
            " rolled_back_at, logs) values"
            " ('3', 'x', 'c', '2026-03-01 00:00:00+00', null, null, 'ERROR: no'),"
            " ('2', 'x', 'b', '2026-02-01 12:30:00.999+00', null, '2026-02-02 00:00:00+00', null),"
            " ('4', 'x', 'd', '2026-03-01 00:00:00+00', null, null, null),"
            " ('1', 'x', 'a', '2026-01-01 09:00:00+09', '2026-01-01 00:00:01+00', null, null)");
    CLEANUP(history_freep) struct history *history = read_in(NULL);
    assert_int_equal(history->n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(history->rows[i].id[0], '1' + (int)i);
    }
    assert_string_equal(history->rows[0].started_at, "2026-01-01T00:00:00Z");
    assert_string_equal(history->rows[0].finished_at, "2026-01-01T00:00:01Z");
    assert_string_equal(history->rows[1].started_at, "2026-02-01T12:30:00Z");
    assert_string_equal(history->rows[1].rolled_back_at, "2026-02-02T00:00:00Z");
    assert_string_equal(history->rows[2].logs, "ERROR: no");
}

static void expect_not_readable(struct db *by, const char *message)
{
    struct error err = ERROR_INIT;
    struct history *history = NULL;
    assert_ok(history_use_schema(by, NULL, SOON, &err));
    assert_fails(history_read(by, NULL, SOON, &history, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42501");
    assert_string_equal(err.message, message);
    assert_null(history);
    error_clear(&err);
}

static void a_history_that_may_not_be_read_is_not_a_missing_one(void **state)
{
    (void)state;
    create_in(NULL);
    run(db, "create role stranger login");
    CLEANUP(mem_freep) char *stranger = mem_printf("%s user=stranger", url);
    CLEANUP(db_closep) struct db *other = session(stranger, true);
    expect_not_readable(other, "permission denied for schema \"public\"");
    run(db, "grant usage on schema public to stranger");
    expect_not_readable(other, "permission denied for table _prisma_migrations");
}

/* --- the lock --- */

static bool try_lock(struct db *of)
{
    struct error err = ERROR_INIT;
    bool locked = false;
    assert_ok(history_try_lock(of, SOON, &locked, &err));
    return locked;
}

static bool find_holder(struct history_holder *ret_holder)
{
    struct error err = ERROR_INIT;
    bool found = false;
    assert_ok(history_lock_holder(db, SOON, &found, ret_holder, &err));
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
#define IN_AN_EMPTY_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_db, close_db)
    const struct CMUnitTest tests[] = {
        IN_AN_EMPTY_DATABASE(the_table_is_prismas_column_for_column),
        IN_AN_EMPTY_DATABASE(a_finished_row_is_what_prisma_writes),
        IN_AN_EMPTY_DATABASE(the_times_are_not_those_of_the_transaction),
        IN_AN_EMPTY_DATABASE(a_begun_row_is_not_finished),
        IN_AN_EMPTY_DATABASE(a_row_that_is_gone_is_not_found),
        IN_AN_EMPTY_DATABASE(a_migration_that_changes_the_search_path_is_finished_all_the_same),
        IN_AN_EMPTY_DATABASE(the_table_is_made_once),
        IN_AN_EMPTY_DATABASE(a_schema_is_made_whatever_its_name),
        IN_AN_EMPTY_DATABASE(a_schema_that_is_there_needs_no_right_to_make_one),
        IN_AN_EMPTY_DATABASE(an_empty_database_has_no_history),
        IN_AN_EMPTY_DATABASE(tables_of_somebody_else_are_seen_in_their_schema_only),
        IN_AN_EMPTY_DATABASE(an_extensions_tables_are_nobodys),
        IN_AN_EMPTY_DATABASE(rows_come_in_the_order_of_their_start_with_utc_times),
        IN_AN_EMPTY_DATABASE(a_history_that_may_not_be_read_is_not_a_missing_one),
        IN_AN_EMPTY_DATABASE(the_lock_excludes_others_and_names_its_holder),
        IN_AN_EMPTY_DATABASE(the_lock_is_the_one_that_prisma_takes),
        IN_AN_EMPTY_DATABASE(other_advisory_locks_are_not_mistaken_for_it),
        IN_AN_EMPTY_DATABASE(the_lock_is_of_one_database),
        IN_AN_EMPTY_DATABASE(the_lock_is_freed_by_the_end_of_the_session),
        IN_AN_EMPTY_DATABASE(the_lock_is_freed_by_the_death_of_the_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
