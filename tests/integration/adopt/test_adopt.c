/* Coming from each of the tools, with history tables as they make them. */
#include "adopting.h"

#include "headgate/history.h"

#define FLYWAY_TABLE                                                                               \
    "create table flyway_schema_history (installed_rank int primary key, version varchar(50),"     \
    " description varchar(200) not null, type varchar(20) not null, script varchar(1000) not "     \
    "null,"                                                                                        \
    " checksum int, installed_by varchar(100) not null, installed_on timestamp not null"           \
    " default now(), execution_time int not null, success boolean not null)"

static void golang_migrate_is_at_one_version(void **state)
{
    struct world *world = *state;
    theirs(world, "0001_init.up.sql", "create table a (id int);\n");
    theirs(world, "0001_init.down.sql", "drop table a;\n");
    theirs(world, "0002_more.up.sql", "create table b (id int);\n");
    theirs(world, "0003_last.up.sql", "create table c (id int);\n");
    run(world->db, "create table schema_migrations (version bigint not null primary key,"
                   " dirty boolean not null)");
    expect_look(world, "golang-migrate", "1 pending|2 pending|3 pending");
    run(world->db, "insert into schema_migrations values (2, true)");
    expect_refused(world, "golang-migrate", "has failed", "migrate force");
    run(world->db, "update schema_migrations set dirty = false, version = 7");
    expect_refused(world, "golang-migrate", "1 applied migration of golang-migrate is not in",
                   "--source");
    run(world->db, "update schema_migrations set version = 2");
    expect_look(world, "golang-migrate", "1 applied|2 applied|3 pending");
    adopt(world);
    expect_file(world, "00000000000001_init/migration.sql", "create table a (id int);\n");
    expect_file(world, "00000000000001_init/down.sql", "drop table a;\n");
    must_be(world->db,
            "select string_agg(migration_name, ' ' order by migration_name)"
            " from _prisma_migrations",
            "00000000000001_init 00000000000002_more");
    must_be(world->db, "select version || ' ' || dirty from schema_migrations", "2 false");
}

static void dbmate_has_a_row_for_each_version(void **state)
{
    struct world *world = *state;
    theirs(world, "20240101000000_a.sql",
           "-- migrate:up\nselect 1;\n-- migrate:down\nselect -1;\n");
    theirs(world, "20240102000000_b.sql", "-- migrate:up transaction:false\nselect 2;\n");
    run(world->db, "create table schema_migrations (version varchar(128) primary key)");
    run(world->db, "insert into schema_migrations values ('20240102000000')");
    expect_refused(world, "dbmate", "20240101000000_a.sql is pending, but 20240102000000_b.sql",
                   "dbmate up");
    run(world->db, "update schema_migrations set version = '20240101000000'");
    expect_look(world, "dbmate", "20240101000000 applied|20240102000000 pending");
    adopt(world);
    expect_file(world, "20240101000000_a/down.sql", "select -1;\n");
    expect_file(world, "20240102000000_b/migration.sql",
                "-- headgate: no-transaction\nselect 2;\n");
}

static void goose_counts_the_newest_row_of_a_version(void **state)
{
    struct world *world = *state;
    theirs(world, "00001_a.sql", "-- +goose Up\nselect 1;\n-- +goose Down\nselect -1;\n");
    theirs(world, "00002_b.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nselect 2;\n");
    run(world->db, "create table goose_db_version (id serial primary key, version_id bigint"
                   " not null, is_applied boolean not null, tstamp timestamp default now())");
    run(world->db, "insert into goose_db_version (version_id, is_applied, tstamp) values"
                   " (0, true, '2024-01-01'), (1, true, '2024-01-02 03:04:05.678'),"
                   " (2, true, '2024-01-03'), (2, false, '2024-01-04')");
    expect_look(world, "goose", "1 applied|2 pending");
    adopt(world);
    must_be(world->db,
            "select started_at = '2024-01-02 03:04:05.678'::timestamp::timestamptz"
            " from _prisma_migrations",
            "t");
}

static void flyway_row(const struct world *world, const char *values)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf("insert into flyway_schema_history (installed_rank, version,"
                           " description, type, script, checksum, success, installed_by,"
                           " execution_time) values (%s, 'me', 1)",
                           values);
    run(world->db, sql);
}

static void flyway_keeps_checksums(void **state)
{
    struct world *world = *state;
    theirs(world, "V1__a.sql", "123456789");
    theirs(world, "V2__b.sql", "select 2;");
    theirs(world, "R__v.sql", "1234\n56789\n");
    run(world->db, FLYWAY_TABLE);
    flyway_row(world, "0, null, '<< Flyway Schema Creation >>', 'SCHEMA', '\"x\"', null, true");
    flyway_row(world, "1, '1', 'a', 'SQL', 'V1__a.sql', 5, true");
    expect_refused(world, "flyway", "1 file was changed after flyway applied it", "flyway repair");
    run(world->db, "update flyway_schema_history set checksum = -873187034 where version = '1'");
    flyway_row(world, "2, '2', 'b', 'SQL', 'V2__b.sql', null, false");
    expect_refused(world, "flyway", "has failed", "flyway repair");
    run(world->db, "delete from flyway_schema_history where installed_rank = 2");
    flyway_row(world, "3, null, 'v', 'SQL', 'R__v.sql', 5, true");
    expect_look(world, "flyway", "1 applied|2 pending|R v pending");
    flyway_row(world, "4, null, 'v', 'SQL', 'R__v.sql', -873187034, true");
    expect_refused(world, "flyway", "V2__b.sql is pending, but R__v.sql after it is applied",
                   "flyway migrate");
    flyway_row(world, "5, '2', 'b', 'SQL', 'V2__b.sql', null, true");
    expect_look(world, "flyway", "1 applied|2 applied|R v applied");
    flyway_row(world, "6, '2', 'b', 'UNDO_SQL', 'U2__b.sql', null, true");
    flyway_row(world, "7, null, 'v', 'DELETE', 'R__v.sql', null, true");
    expect_look(world, "flyway", "1 applied|2 pending|R v pending");
    flyway_row(world, "8, '9', 'gone', 'SQL', 'V9__gone.sql', null, true");
    expect_refused(world, "flyway", "1 applied migration of flyway is not in", "--source");
    run(world->db, "delete from flyway_schema_history where installed_rank = 8");
    expect_look(world, "flyway", "1 applied|2 pending|R v pending");
    adopt(world);
    must_be(world->db,
            "select p.started_at = f.installed_on::timestamptz from _prisma_migrations p"
            " cross join flyway_schema_history f where f.version = '1'",
            "t");
}

static void flyway_may_begin_with_a_baseline(void **state)
{
    struct world *world = *state;
    theirs(world, "V1_1__a.sql", "select 1;");
    theirs(world, "V1.2__b.sql", "select 2;");
    theirs(world, "V3__c.sql", "select 3;");
    run(world->db, FLYWAY_TABLE);
    flyway_row(world, "1, '2', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', null,"
                      " true");
    expect_look(world, "flyway", "1.1 applied|1.2 applied|3 pending");
    assert_contains(world->adoption->notes.items[0], "it is the baseline");
    adopt(world);
}

static void liquibase_names_author_id_and_file(void **state)
{
    struct world *world = *state;
    theirs(world, "a.sql",
           "--liquibase formatted sql\n--changeset ada:1\nselect 1;\n"
           "--rollback select -1;\n--changeset ada:2\nselect 2;\n");
    theirs(world, "b.sql", "--liquibase formatted sql\n--changeset ada:1\nselect 3;\n");
    run(world->db, "create table databasechangelog (id varchar(255) not null, author varchar(255)"
                   " not null, filename varchar(255) not null, dateexecuted timestamp not null,"
                   " orderexecuted int not null, exectype varchar(10) not null, md5sum varchar(35),"
                   " description varchar(255), comments varchar(255), tag varchar(255), liquibase"
                   " varchar(20), contexts varchar(255), labels varchar(255), deployment_id"
                   " varchar(10))");
    run(world->db, "insert into databasechangelog values ('1', 'ada', 'db/a.sql', '2024-01-02', 1,"
                   " 'EXECUTED', '9:x'), ('2', 'ada', 'a.sql', '2024-01-02', 2, 'MARK_RAN', null),"
                   " ('1', 'ada', 'db/b.sql', '2024-01-02', 3, 'SKIPPED', null)");
    expect_look(world, "liquibase", "ada:1 applied|ada:2 applied|ada:1 pending");
    run(world->db, "update databasechangelog set exectype = 'FAILED' where orderexecuted = 2");
    expect_refused(world, "liquibase", "has failed", "liquibase update");
    run(world->db, "update databasechangelog set exectype = 'RERAN' where orderexecuted = 2");
    run(world->db, "update databasechangelog set filename = 'c.sql' where orderexecuted = 2");
    expect_refused(world, "liquibase", "is not in", "--source");
    run(world->db, "update databasechangelog set filename = 'a.sql'");
    expect_look(world, "liquibase", "ada:1 applied|ada:2 applied|ada:1 pending");
    adopt(world);
    expect_file(world, "00000000000001_a_1/down.sql", "select -1;\n");
}

#define WHO " 2024-01-31T12:00:00Z Ada <ada@example.org> # why\n"

static void sqitch_keeps_a_registry_of_projects(void **state)
{
    struct world *world = *state;
    theirs(world, "sqitch.plan", "%project=shop\n\na" WHO "@v1" WHO "b" WHO "a" WHO);
    theirs(world, "deploy/a@v1.sql", "begin;\nselect 1;\ncommit;\n");
    theirs(world, "revert/a@v1.sql", "select -1;\n");
    theirs(world, "deploy/b.sql", "select 2;\n");
    theirs(world, "deploy/a.sql", "abc");
    expect_refused(world, "sqitch", "there is no table sqitch.changes", "headgate deploy x");
    run(world->db, "create schema sqitch");
    run(world->db, "create table sqitch.changes (change_id text primary key, script_hash text,"
                   " change text not null, project text not null, committed_at timestamptz"
                   " default clock_timestamp())");
    run(world->db, "insert into sqitch.changes values ('1', null, 'a', 'shop', '2024-02-01'),"
                   " ('2', null, 'b', 'shop', '2024-02-02'), ('3', 'x', 'a', 'shop', '2024-02-03'),"
                   " ('4', null, 'z', 'other', '2024-02-04')");
    expect_refused(world, "sqitch", "1 file was changed", "sqitch rework");
    run(world->db, "update sqitch.changes set script_hash ="
                   " 'a9993e364706816aba3e25717850c26c9cd0d89d' where change_id = '3'");
    expect_look(world, "sqitch", "a applied|b applied|a (2) applied");
    run(world->db, "delete from sqitch.changes where change_id = '3'");
    expect_look(world, "sqitch", "a applied|b applied|a (2) pending");
    adopt(world);
    expect_file(world, "20240131120000_a/migration.sql", "begin;\nselect 1;\ncommit;\n");
    must_be(world->db,
            "select started_at = '2024-02-01' from _prisma_migrations"
            " where migration_name = '20240131120000_a'",
            "t");
}

/* --- what is common to all --- */

static void open_goose(const struct world *world)
{
    theirs(world, "1_a.sql", "-- +goose Up\nselect 1;\n-- +goose Down\nselect -1;\n");
    theirs(world, "2_b.sql", "-- +goose Up\nselect 2;\n");
    run(world->db, "create table goose_db_version (id serial primary key, version_id bigint"
                   " not null, is_applied boolean not null, tstamp timestamp default now())");
    run(world->db, "insert into goose_db_version (version_id, is_applied) values (0, true),"
                   " (1, true)");
}

static void a_second_environment_finds_the_folder_as_it_should_be(void **state)
{
    struct world *world = *state;
    open_goose(world);
    expect_look(world, "goose", "1 applied|2 pending");
    assert_int_equal(world->adoption->n_there, 0);
    adopt(world);
    expect_refused(world, "goose", "has a history of ours already: 1 row", "headgate status x");
    run(world->db, "delete from _prisma_migrations");
    run(world->db, "insert into goose_db_version (version_id, is_applied) values (2, true)");
    expect_look(world, "goose", "1 applied|2 applied");
    assert_int_equal(world->adoption->n_there, 2);
    adopt(world);
}

static void a_folder_that_is_half_made_is_completed(void **state)
{
    struct world *world = *state;
    open_goose(world);
    expect_look(world, "goose", "1 applied|2 pending");
    adopt(world);
    run(world->db, "delete from _prisma_migrations");
    scratch_sh("rm -r %s/m/*_b %s/m/*_a/down.sql", world->folder, world->folder);
    expect_look(world, "goose", "1 applied|2 pending");
    assert_int_equal(world->adoption->n_there, 0);
    adopt(world);
}

static void a_folder_with_other_migrations_is_refused(void **state)
{
    struct world *world = *state;
    open_goose(world);
    scratch_sh("mkdir -p %s/m/.git %s/m/20240101000000_x", world->folder, world->folder);
    expect_refused(world, "goose", "other folders", "--release");
    scratch_sh("rmdir %s/m/20240101000000_x", world->folder);
    expect_look(world, "goose", "1 applied|2 pending");
    scratch_sh("mkdir %s/m/00000000000001_a && echo edited >%s/m/00000000000001_a/migration.sql",
               world->folder, world->folder);
    expect_refused(world, "goose", "other folders", "--release");
}

static void a_table_that_is_missing_or_anothers_is_refused(void **state)
{
    struct world *world = *state;
    theirs(world, "1_a.sql", "-- migrate:up\nselect 1;\n");
    expect_refused(world, "dbmate", "there is no table schema_migrations in schema \"public\"",
                   "headgate deploy x");
    run(world->db, "create table schema_migrations (version bigint not null primary key,"
                   " dirty boolean not null)");
    run(world->db, "insert into schema_migrations values (1, false)");
    expect_refused(world, "dbmate", "was not made by dbmate", "--from");
    scratch_sh("mv %s/t/1_a.sql %s/t/1_a.up.sql", world->folder, world->folder);
    run(world->db, "alter table schema_migrations drop column dirty");
    expect_refused(world, "golang-migrate", "was not made by golang-migrate", "--from");
}

static void a_folder_with_mistakes_needs_no_server(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    assert_fails(look(world, "goose", &err), ERROR_CONFIG);
    assert_contains(err.message, "there are no migrations of goose");
    error_clear(&err);
    theirs(world, "1_a.sql", "select 1;\n");
    theirs(world, "2_a.go", "");
    assert_fails(look(world, "goose", &err), ERROR_CONFIG);
    assert_int_equal(err.problems.n, 2);
    error_clear(&err);
    assert_fails(look(world, "goos", &err), ERROR_USAGE);
    error_clear(&err);
}

static void a_source_is_looked_for_where_it_usually_is(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    struct adopt_request request = {.tool = "dbmate", .folder = folder};
    struct environment *environment = &world->set->items[0];
    assert_fails(adopt_look(environment, &request, SOON, &world->adoption, &err), ERROR_CONFIG);
    assert_contains(err.detail, "db/migrations");
    error_clear(&err);
    request.source = "/nowhere";
    assert_fails(adopt_look(environment, &request, SOON, &world->adoption, &err), ERROR_CONFIG);
    error_clear(&err);
    CLEANUP(mem_freep)
    char *usual = mem_printf("%s/db/migrations", world->set->project_folder);
    scratch_sh("mkdir -p %s && printf -- '-- migrate:up\\n' >%s/1_a.sql", usual, usual);
    run(world->db, "create table schema_migrations (version varchar(128) primary key)");
    request.source = NULL;
    assert_ok(adopt_look(environment, &request, SOON, &world->adoption, &err));
    scratch_sh("rm -r %s", usual);
}

static void what_changed_since_the_look_is_not_done(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    open_goose(world);
    expect_look(world, "goose", "1 applied|2 pending");
    run(world->db, "insert into goose_db_version (version_id, is_applied) values (2, true)");
    assert_fails(adopt_execute(world->adoption, SOON, &err), ERROR_STALE);
    assert_false(path_exists(folder));
    error_clear(&err);
}

static void it_waits_for_the_lock_and_gives_up(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    open_goose(world);
    expect_look(world, "goose", "1 applied|2 pending");
    run(world->db, "select pg_advisory_lock(" HISTORY_KEY_PRISMA ")");
    assert_fails(adopt_execute(world->adoption, deadline_in(500), &err), ERROR_LOCKED);
    assert_contains(err.detail, "headgate test");
    error_clear(&err);
    assert_false(path_exists(folder));
    run(world->db, "select pg_advisory_unlock(" HISTORY_KEY_PRISMA ")");
    adopt(world);
}

static void a_history_that_cannot_be_written_leaves_no_row(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    open_goose(world);
    expect_look(world, "goose", "1 applied|2 pending");
    run(world->db, "create table _prisma_migrations (id varchar(36), checksum varchar(64),"
                   " finished_at timestamptz, migration_name varchar(255), logs text,"
                   " rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int,"
                   " check (finished_at is null))");
    assert_fails(adopt_execute(world->adoption, SOON, &err), ERROR_DATABASE);
    assert_contains(err.message, "is made, but not the history");
    error_clear(&err);
    must_be(world->db, "select count(*) from _prisma_migrations", "0");
    run(world->db, "drop table _prisma_migrations");
    adopt(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(golang_migrate_is_at_one_version),
        TEST(dbmate_has_a_row_for_each_version),
        TEST(goose_counts_the_newest_row_of_a_version),
        TEST(flyway_keeps_checksums),
        TEST(flyway_may_begin_with_a_baseline),
        TEST(liquibase_names_author_id_and_file),
        TEST(sqitch_keeps_a_registry_of_projects),
        TEST(a_second_environment_finds_the_folder_as_it_should_be),
        TEST(a_folder_that_is_half_made_is_completed),
        TEST(a_folder_with_other_migrations_is_refused),
        TEST(a_table_that_is_missing_or_anothers_is_refused),
        TEST(a_folder_with_mistakes_needs_no_server),
        TEST(a_source_is_looked_for_where_it_usually_is),
        TEST(what_changed_since_the_look_is_not_done),
        TEST(it_waits_for_the_lock_and_gives_up),
        TEST(a_history_that_cannot_be_written_leaves_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
