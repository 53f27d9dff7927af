/* The table, as Prisma makes and reads it, on a real server. */
#include "histories.h"

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
    must_migrate(NULL, "select 1");
    must_be(db,
            "select id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'"
            " from _prisma_migrations",
            "t");
    must_be(db,
            "select concat_ws(' ', migration_name, applied_steps_count, logs is null,"
            " rolled_back_at is null, finished_at >= started_at,"
            " started_at between now() - interval '1 minute' and clock_timestamp())"
            " from _prisma_migrations",
            NAME " 1 t t t t");
    must_be(db, "select checksum from _prisma_migrations", CHECKSUM);
}

static void its_times_are_those_of_the_migration(void **state)
{
    (void)state;
    create_in(NULL);
    must_migrate(NULL, "select pg_sleep(0.05)");
    must_be(db,
            "select finished_at - started_at >= interval '50 milliseconds' from"
            " _prisma_migrations",
            "t");
}

/* --- the table --- */

static void the_table_is_made_once(void **state)
{
    (void)state;
    create_in(NULL);
    must_migrate(NULL, "select 1");
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
        must_migrate(names[i], "select 1");
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
    run(db, "drop role if exists modest");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_AN_EMPTY_DATABASE(the_table_is_prismas_column_for_column),
        IN_AN_EMPTY_DATABASE(a_finished_row_is_what_prisma_writes),
        IN_AN_EMPTY_DATABASE(its_times_are_those_of_the_migration),
        IN_AN_EMPTY_DATABASE(the_table_is_made_once),
        IN_AN_EMPTY_DATABASE(a_schema_is_made_whatever_its_name),
        IN_AN_EMPTY_DATABASE(a_schema_that_is_there_needs_no_right_to_make_one),
        IN_AN_EMPTY_DATABASE(an_empty_database_has_no_history),
        IN_AN_EMPTY_DATABASE(tables_of_somebody_else_are_seen_in_their_schema_only),
        IN_AN_EMPTY_DATABASE(an_extensions_tables_are_nobodys),
        IN_AN_EMPTY_DATABASE(rows_come_in_the_order_of_their_start_with_utc_times),
        IN_AN_EMPTY_DATABASE(a_history_that_may_not_be_read_is_not_a_missing_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
