/* Statements that are CONCURRENTLY: what an unfinished one leaves is found and taken away. */
#include "indexes.h"

/* --- what an unfinished build has left --- */

static const struct {
    const char *table, *create, *index; /* as SQL writes them */
} builds[] = {
    {"t", "create index concurrently i on t (id)", "i"},
    {"t", "create index concurrently if not exists i on t (id)", "i"},
    {"t", "CREATE UNIQUE INDEX CONCURRENTLY I ON T (id)", "i"},
    {"\"My Table\"", "create index concurrently \"My \"\"Index\"\"\" on \"My Table\" (id)",
     "\"My \"\"Index\"\"\""},
    {"shop.t", "create index concurrently if not exists i on shop.t using btree (id)", "shop.i"},
    {"shop.\"T\"", "create index concurrently \"I\" on shop.\"T\" (id desc) where id > 0",
     "shop.\"I\""},
};

static void expect_rebuilt(struct world *world, const char *table, const char *create,
                           const char *index)
{
    CLEANUP(mem_freep) char *make = mem_printf("create table %s as select 1 as id", table);
    CLEANUP(mem_freep) char *repaired = mem_printf("repaired dropped the invalid index %s,", index);
    CLEANUP(mem_freep) char *text = mem_printf("%s;\n", create);
    CLEANUP(mem_freep)
    char *is_new =
        mem_printf("select indisvalid from pg_index where indexrelid = '%s'::regclass", index);
    world_empty(world);
    run(world->db, "create schema shop");
    run(world->db, make);
    run(world->db, create);
    mark_invalid(world, index);
    write_migration(world, A, text);
    must_run(world, 1);
    assert_logged(repaired);
    must_be(world->db, is_new, "t");
    must_be(world->db,
            "select applied_steps_count || ' ' || (logs is null) from _prisma_migrations",
            "1 true");
}

static void an_invalid_index_of_the_same_name_is_built_again(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(builds); i++) {
        expect_rebuilt(world, builds[i].table, builds[i].create, builds[i].index);
    }
}

static void a_valid_one_is_what_if_not_exists_means(void **state)
{
    struct world *world = *state;
    run(world->db, "create table t as select 1 as id");
    run(world->db, "create index i on t (id)");
    CLEANUP(mem_freep) char *before = value(world->db, "select 'i'::regclass::oid");
    write_migration(world, A, "create index concurrently if not exists i on t (id);");
    must_run(world, 1);
    must_be(world->db, "select 'i'::regclass::oid", before);
    assert_logged("notice NOTICE: relation \"i\" already exists, skipping");
}

/* Its name is the first in the search path, but its table is another one. */
static void an_invalid_index_of_another_schema_is_not_touched(void **state)
{
    struct world *world = *state;
    run(world->db, "create table t as select 1 as id");
    run(world->db, "create index i on t (id)");
    mark_invalid(world, "public.i");
    run(world->db, "create schema shop");
    run(world->db, "create table shop.t as select 1 as id");
    write_migration(world, A, "create index concurrently i on shop.t (id);");
    must_run(world, 1);
    must_be(world->db, VALID("shop.i"), "true");
    must_be(world->db, VALID("public.i"), "false");
    must_be(world->db, "select to_regclass('public.i') is not null", "t");
}

static void an_index_on_a_table_that_is_not_there_fails_and_touches_nothing(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create table other as select 1 as id");
    run(world->db, "create index i on other (id)");
    mark_invalid(world, "i");
    write_migration(world, A, "create index concurrently i on t (id);");
    must_fail(world, ERROR_HALFWAY, "42P01", &err);
    must_be(world->db, "select to_regclass('i') is not null", "t");
}

static void a_build_that_fails_names_what_it_leaves_and_the_next_deploy_repairs_it(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "create table t as select 1 as id from generate_series(1, 2);\n"
                    "create unique index concurrently i on t (id);\n"
                    "create table behind (id int);\n");
    must_fail(world, ERROR_HALFWAY, "23505", &err);
    assert_string_equal(err.message,
                        "migration \"" A "\" failed: could not create unique index \"i\"");
    assert_contains(err.detail, "Key (id)=(1) is duplicated.");
    assert_contains(err.detail, "Step 1 of 3 is done and committed.");
    assert_contains(err.detail, "The index i is there, but INVALID: it serves no query and slows "
                                "every write until it is dropped, which the next deploy does.");
    assert_contains(err.hint, "/migration.sql, then go on: headgate deploy x");
    assert_int_equal(err.problems.n, 1);
    assert_int_equal(err.problems.items[0].line, 2);
    must_be(world->db,
            "select applied_steps_count || ' ' || logs from _prisma_migrations where"
            " finished_at is null and rolled_back_at is null",
            "1 headgate: step 2 (line 2) failed: could not create unique index \"i\"");
    must_be(world->db, VALID("i"), "false");
    run(world->db, "delete from t where ctid = '(0,1)'");
    must_run(world, 1);
    assert_logged("resumed going on with step 2 of 3 (line 2)\n"
                  "repaired dropped the invalid index i,");
    must_be(world->db, VALID("i"), "true");
    must_be(world->db, "select to_regclass('behind') is not null", "t");
}

/* What takes it away has the timeout of the file. */
static void one_that_cannot_be_dropped_is_told(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create table t as select 1 as id");
    run(world->db, "create index i on t (id)");
    mark_invalid(world, "i");
    world->other = session(world->url, false);
    run(world->other, "begin");
    run(world->other, "lock table t in row exclusive mode");
    write_migration(world, A,
                    "-- headgate: statement-timeout 100ms\n"
                    "create index concurrently i on t (id);\n");
    must_fail(world, ERROR_HALFWAY, "57014", &err);
    assert_contains(err.message, "could not drop the invalid index i: ");
    db_closep(&world->other);
    must_run(world, 1);
}

static void a_file_that_sets_its_timeouts_keeps_them(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create table t as select 1 as id");
    world->other = session(world->url, false);
    run(world->other, "begin");
    run(world->other, "insert into t values (1)");
    world_deploy(world, "\"lock_retries\":0");
    write_migration(world, A,
                    "set lock_timeout = '50ms';\ncreate index concurrently i on t (id);\n");
    must_fail(world, ERROR_HALFWAY, "55P03", &err);
    assert_contains(err.detail, "The index i is there, but INVALID");
}

static void a_build_that_was_done_when_we_died_is_not_done_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "create table t as select 1 as id;\n"
                    "create index concurrently i on t (id);\n"
                    "drop index concurrently gone;\n");
    must_fail(world, ERROR_HALFWAY, "42704", &err);
    run(world->db, "update _prisma_migrations set applied_steps_count = 1,"
                   " logs = 'headgate: step 2 (line 2) has begun'");
    CLEANUP(mem_freep) char *before = value(world->db, "select 'i'::regclass::oid");
    write_migration(world, A,
                    "create table t as select 1 as id;\n"
                    "create index concurrently i on t (id);\n"
                    "drop index concurrently if exists gone;\n");
    must_run(world, 1);
    assert_logged("repaired CREATE INDEX CONCURRENTLY is done, as the catalog proves");
    must_be(world->db, "select 'i'::regclass::oid", before);
}

static void so_with_other_statements_that_the_catalog_proves(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text;
        const char *repaired; /* NULL: it is run again */
    } cases[] = {
        {"drop index concurrently t_id;", "DROP INDEX CONCURRENTLY"},
        {"drop index concurrently i;", NULL},
        {"create database postgres;", "CREATE DATABASE"},
        {"drop database nowhere;", "DROP DATABASE"},
        {"vacuum t;", NULL},
        {"reindex index concurrently i;", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *text = mem_printf("%s\ndrop table t;", cases[i].text);
        world_empty(world);
        run(world->db, "create table t as select 1 as id");
        run(world->db, "create index i on t (id)");
        write_migration(world, A, text);
        run(world->db, "create view v as select id from t");
        (void)run_all(world, &err); /* only to have its row */
        run(world->db, "drop view if exists v");
        run(world->db, "create index if not exists i on t (id)");
        run(world->db, "update _prisma_migrations set applied_steps_count = 0,"
                       " logs = 'headgate: step 1 (line 1) has begun'");
        must_run(world, 1);
        assert_int_equal(strstr(world->log.text, "as the catalog proves") != NULL,
                         cases[i].repaired != NULL);
        if (cases[i].repaired != NULL) {
            assert_logged(cases[i].repaired);
        }
    }
}

static void what_a_reindex_has_left_is_taken_away(void **state)
{
    struct world *world = *state;
    static const char *const texts[] = {
        "reindex index concurrently i;",
        "reindex table concurrently t;",
        "reindex (verbose) table concurrently \"t\";",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        world_empty(world);
        run(world->db, "create table t as select 1 as id");
        run(world->db, "create table other as select 1 as id");
        run(world->db, "create index i on t (id)");
        run(world->db, "create index i_ccnew on t (id)");
        run(world->db, "create index i_ccold1 on t (id)");
        run(world->db, "create index other_ccnew on other (id)");
        mark_invalid(world, "i_ccnew");
        mark_invalid(world, "i_ccold1");
        mark_invalid(world, "other_ccnew");
        write_migration(world, A, texts[i]);
        must_run(world, 1);
        assert_logged("repaired dropped the invalid index i_ccnew,");
        assert_logged("repaired dropped the invalid index i_ccold1,");
        must_be(world->db,
                "select string_agg(indexrelid::regclass::text, ' ' order by "
                "indexrelid::regclass::text) from pg_index where"
                " indrelid in ('t'::regclass, 'other'::regclass)",
                "i other_ccnew");
    }
}

/* --- partitions --- */

/* The second of its two transactions waits for who reads, and is cancelled. */
static void detach_by_half(struct world *world)
{
    struct error err = ERROR_INIT;
    run(world->db, "create table p (id int) partition by range (id)");
    run(world->db, "create table p1 partition of p for values from (1) to (10)");
    world->other = session(world->url, false);
    run(world->other, "begin");
    run(world->other, "select * from p");
    run(world->db, "set lock_timeout = '50ms'");
    assert_fails(db_execute(world->db, STATEMENT("alter table p detach partition p1 concurrently"),
                            DB_NO_PARAMS, SOON, &err),
                 ERROR_DATABASE);
    error_clear(&err);
    run(world->db, "reset lock_timeout");
    db_closep(&world->other);
    must_be(world->db, "select inhdetachpending from pg_inherits where inhrelid = 'p1'::regclass",
            "t");
}

static void an_unfinished_detaching_is_ended(void **state)
{
    struct world *world = *state;
    if (db_identity(world->db)->version < 140000) {
        skip();
    }
    detach_by_half(world);
    write_migration(world, A, "alter table p detach partition p1 concurrently;\n");
    world->hook = wait_as_prisma_does;
    must_run(world, 1);
    assert_logged("repaired ended an unfinished detaching of partition p1");
    must_be(world->db, "select count(*) from pg_inherits", "0");
    wait_until(world->db, NOBODY_IN_BACKGROUND);
}

static void one_that_cannot_be_ended_is_told(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (db_identity(world->db)->version < 140000) {
        skip();
    }
    detach_by_half(world);
    world->other = session(world->url, false);
    run(world->other, "begin");
    run(world->other, "lock table p1 in access share mode");
    write_migration(world, A,
                    "-- headgate: statement-timeout 100ms\n"
                    "alter table p detach partition p1 concurrently;\n");
    must_fail(world, ERROR_HALFWAY, "57014", &err);
    assert_contains(err.message, "could not end the unfinished detaching: ");
}

static void one_that_was_done_when_we_died_is_not_done_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (db_identity(world->db)->version < 140000) {
        skip();
    }
    run(world->db, "create table p (id int) partition by range (id)");
    run(world->db, "create table p1 partition of p for values from (1) to (10)");
    write_migration(world, A,
                    "alter table p detach partition p1 concurrently;\n"
                    "drop table nowhere;\n");
    must_fail(world, ERROR_HALFWAY, "42P01", &err);
    must_be(world->db, "select count(*) from pg_inherits", "0");
    run(world->db, "update _prisma_migrations set applied_steps_count = 0,"
                   " logs = 'headgate: step 1 (line 1) has begun'");
    run(world->db, "create table nowhere (id int)");
    must_run(world, 1);
    assert_logged("repaired DETACH PARTITION CONCURRENTLY is done, as the catalog proves");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(an_invalid_index_of_the_same_name_is_built_again),
        IN_A_WORLD(a_valid_one_is_what_if_not_exists_means),
        IN_A_WORLD(an_invalid_index_of_another_schema_is_not_touched),
        IN_A_WORLD(an_index_on_a_table_that_is_not_there_fails_and_touches_nothing),
        IN_A_WORLD(a_build_that_fails_names_what_it_leaves_and_the_next_deploy_repairs_it),
        IN_A_WORLD(one_that_cannot_be_dropped_is_told),
        IN_A_WORLD(a_file_that_sets_its_timeouts_keeps_them),
        IN_A_WORLD(a_build_that_was_done_when_we_died_is_not_done_again),
        IN_A_WORLD(so_with_other_statements_that_the_catalog_proves),
        IN_A_WORLD(what_a_reindex_has_left_is_taken_away),
        IN_A_WORLD(an_unfinished_detaching_is_ended),
        IN_A_WORLD(one_that_cannot_be_ended_is_told),
        IN_A_WORLD(one_that_was_done_when_we_died_is_not_done_again),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
