/* A migration that fails is told as a colleague would tell it: where, what is in the database, what
 * to do next. */
#include "world.h"

struct failure {
    const char *text, *sqlstate;
    size_t line, column;  /* 0: it has no place */
    const char *word;     /* what the line has there */
    const char *detail;   /* a part of it */
    enum error_code code; /* ERROR_NONE: ERROR_DATABASE */
};

static const struct failure failures[] = {
    {"create table a (id int);\ninsert into a values (1);\n  insert into a values ('x');\n"
     "select 1;\nselect 2;\n",
     "22P02", 3, 25, "'x'", NULL, ERROR_NONE},
    {"create table a (id int);\ncreate function f() returns int language sql as $$\n"
     "  select 1;\n  select nowhere\n$$;\n",
     "42703", 4, 10, "nowhere", NULL, ERROR_NONE},
    {"create function f() returns int language plpgsql as $$\nbegin\n  retrun 1;\nend $$;\n",
     "42601", 3, 3, "retrun", NULL, ERROR_NONE},
    {"\n\nselect pg_sleep(0);\n\ncreate table a (id int, id int);\n", "42701", 5, 1, "create", NULL,
     ERROR_NONE},
    /* runs over lines */
    {"select 1,\n       2,\n       nowhere;\n", "42703", 3, 8, "nowhere", NULL, ERROR_NONE},
    /* behind a BOM */
    {"\xef\xbb\xbf"
     "create tabel b (id int);\n",
     "42601", 1, 8, "tabel", NULL, ERROR_NONE},
    /* with CRLF */
    {"create table a (id int);\r\nselect 1,\r\n  nowhere;\r\n", "42703", 3, 3, "nowhere", NULL,
     ERROR_NONE},
    /* behind wide characters, in the line and before it */
    {"-- \xf0\x9f\x90\x98 \xc3\xa4\xc3\xb6\nselect '\xe2\x82\xac' as \"\xc3\xbc\", nowhere;\n",
     "42703", 2, 20, "nowhere", NULL, ERROR_NONE},
    /* from 17 on, one that the same transaction makes may be used at once */
    {"create table t (v early);\nalter type early add value 'b';\ninsert into t values ('b');\n",
     "55P04", 3, 23, "'b'",
     "A value that was added to an enum can be used in the next transaction "
     "only: put it into a migration of its own.",
     ERROR_NONE},
    {"do $$ begin commit; end $$;\n", "2D000", 1, 1, "do",
     "A procedure or DO block that ends its own transaction needs the line \"-- headgate: "
     "no-transaction\" at the top of the file.",
     ERROR_NONE},
    {"create table a (id int);\ncreate subscription s connection 'host=/nowhere' publication p"
     " with (connect = false, create_slot = false, slot_name = none, enabled = false);\n"
     "drop subscription s;\nselect dblink();\n",
     "42883", 4, 8, "dblink", "Steps 1 to 3 of 4 are done and committed. Step 4 was rolled back.",
     ERROR_HALFWAY},
    {"copy pg_class to '/nowhere/at/all';\n", "58P01", 1, 1, "copy", NULL, ERROR_NONE},
    {"select lower(1, 2);\n", "42883", 1, 8, "lower", NULL, ERROR_NONE},
};

static void expect_place(const struct error *err, size_t line, size_t column, const char *word)
{
    assert_int_equal(err->problems.n, 1);
    const struct problem *problem = &err->problems.items[0];
    assert_int_equal(problem->line, line);
    assert_int_equal(problem->column, column);
    assert_contains(problem->file, "/m/" A "/migration.sql");
    assert_contains(err->message, problem->message);
    const char *at = problem->source_line;
    for (size_t i = 1; i < column; i += ((unsigned char)*at >> 6) != 2) {
        at++;
    }
    while (((unsigned char)*at >> 6) == 2) {
        at++;
    }
    assert_int_equal(strncmp(at, word, strlen(word)), 0);
    assert_int_equal(problem->width, strlen(word));
}

static void a_failure_has_its_place_and_leaves_nothing(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        const struct failure *failure = &failures[i];
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        enum error_code code = failure->code != ERROR_NONE ? failure->code : ERROR_DATABASE;
        world_empty(world);
        run(world->db, "create type early as enum ('a')");
        write_migration(world, A, failure->text);
        must_fail(world, code, failure->sqlstate, &err);
        assert_contains(err.message, "migration \"" A "\" failed: ");
        expect_place(&err, failure->line, failure->column, failure->word);
        assert_contains(err.detail, failure->detail != NULL ? failure->detail : "rolled back");
        assert_contains(err.hint, "headgate deploy x");
        if (code == ERROR_DATABASE) {
            assert_contains(err.detail, "It was rolled back as a whole: nothing of it is in the "
                                        "database.");
            must_be(world->db,
                    "select count(*) from pg_class where relnamespace = 'public'::regnamespace and"
                    " relkind = 'r'",
                    "1");
            must_be(world->db,
                    "select count(*) from _prisma_migrations where rolled_back_at is not null and"
                    " finished_at is null and logs <> ''",
                    "1");
        }
    }
}

static void what_the_server_hints_at_stands_with_the_place(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);\nselect lower(1, 2);\n");
    must_fail(world, ERROR_DATABASE, "42883", &err);
    assert_int_equal(err.problems.items[0].notes.n, 1);
    assert_contains(err.problems.items[0].notes.items[0], "explicit type casts");
    assert_contains(err.hint, "Correct ");
}

static void what_is_deferred_fails_at_the_commit(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "create table a (id int primary key, b int references a deferrable initially"
                    " deferred); insert into a values (1, 2);");
    must_fail(world, ERROR_DATABASE, "23503", &err);
    assert_contains(err.detail, "It failed at its COMMIT, where what was deferred is checked. It "
                                "was rolled back as a whole: nothing of it is in the database.");
    assert_int_equal(err.problems.n, 0);
    must_be(world->db, "select to_regclass('a') is null", "t");
}

static void so_it_does_in_a_step(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "create table a (id int primary key, b int references a deferrable initially"
                    " deferred);\nvacuum a;\ninsert into a values (1, 2);");
    must_fail(world, ERROR_HALFWAY, "23503", &err);
    assert_contains(err.detail,
                    "Steps 1 to 2 of 3 are done and committed. Step 3 was rolled back.");
}

static void a_right_that_is_missing_is_nothing_to_correct_in_the_file(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create role errand login");
    run(world->db, "grant create, usage on schema public to errand");
    run(world->db, "create table theirs (id int)");
    CLEANUP(mem_freep) char *url = mem_printf("%s user=errand", world->url);
    world_environment(world, url, "");
    write_migration(world, A, "create table a (id int);\nalter table theirs add column b int;\n");
    must_fail(world, ERROR_DATABASE, "42501", &err);
    assert_string_equal(err.hint, "When that is settled, then go on: headgate deploy x");
    assert_int_equal(err.problems.items[0].line, 2);
}

static void a_statement_that_takes_too_long_is_given_up(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world_deploy(world, "\"statement_timeout\":\"50ms\"");
    write_migration(world, A, "create table a (id int);\nselect pg_sleep(600);\n");
    must_fail(world, ERROR_DATABASE, "57014", &err);
    assert_contains(err.message, "canceling statement due to statement timeout");
    assert_int_equal(world->cost.retries, 0);
    assert_string_equal(err.hint, "When that is settled, then go on: headgate deploy x");
    must_be(world->db, "select to_regclass('a') is null", "t");
}

static void one_that_cannot_be_in_a_transaction_unseen_is_told_how(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create function hidden() returns void language plpgsql as $$ begin"
                   " execute 'vacuum'; end $$");
    write_migration(world, A, "select hidden();\n");
    must_fail(world, ERROR_DATABASE, "25001", &err);
    assert_contains(err.detail, "needs the line \"-- headgate: no-transaction\"");
}

static void one_that_drops_its_history_is_rolled_back(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B, "drop table _prisma_migrations; create table b (id int);");
    must_fail(world, ERROR_DATABASE, "42P01", &err);
    assert_int_equal(world->n_applied, 1);
    assert_contains(err.detail, "It was rolled back as a whole");
    assert_int_equal(err.problems.n, 0);
    must_be(world->db, "select to_regclass('b') is null", "t");
}

static void a_failure_that_cannot_be_noted_is_told_all_the_same(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create function refuse() returns trigger language plpgsql as $$ begin"
                   " raise 'not today'; end $$");
    write_migration(world, A, "select 1;");
    must_run(world, 1);
    run(world->db,
        "create trigger refuse before insert or update on _prisma_migrations for each row"
        " when (new.logs ~ 'zero') execute function refuse()");
    write_migration(world, B, "select 1/0;");
    must_fail(world, ERROR_DATABASE, "22012", &err);
    assert_logged("notice the failure could not be noted in the history: not today");
    write_migration(world, B, "-- headgate: no-transaction\nselect 1/0;");
    must_fail(world, ERROR_HALFWAY, "22012", &err);
    assert_logged("notice the failure could not be noted in the history: not today");
}

static void a_text_that_cannot_be_run_is_refused_with_all_its_places(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "rollback;\n\\connect x\n");
    must_fail(world, ERROR_CONFIG, "", &err);
    assert_int_equal(err.problems.n, 2);
    must_be(world->db, "select count(*) from _prisma_migrations", "0");
}

static void a_file_that_has_changed_since_it_was_looked_at_is_not_run(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(engine_freep) struct engine *engine = NULL;
    write_migration(world, A, "create table a (id int);");
    read_release(world);
    assert_ok(open_engine(world, &engine, &err));
    write_migration(world, A, "create table b (id int);");
    assert_fails(engine_run(engine, &world->release->migrations[0], NULL, &err), ERROR_STALE);
    error_clear(&err);
}

static void notices_come_with_the_events(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "drop table if exists b;\n\ncreate table b (id int);\n");
    write_migration(world, B, "-- nothing but a comment\n");
    write_migration(world, C, "begin;\ncommit;\n");
    must_run(world, 3);
    assert_string_equal(world->log.text,
                        "began " A "\nstatement 1 DROP TABLE\nstatement 3 CREATE TABLE\n"
                        "notice NOTICE: table \"b\" does not exist, skipping\napplied\n"
                        "began " B "\napplied\nbegan " C "\napplied\n");
}

static void nobody_needs_to_listen(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(engine_freep) struct engine *engine = NULL;
    write_migration(world, A, "create table a (id int);");
    must_run(world, 1);
    write_migration(world, B, "create table b (id int);");
    read_release(world);
    const struct engine_settings settings = {
        .environment = &world->set->items[0], .schema = "public", .run = "run-2", .patience = 0};
    assert_ok(engine_open(&settings, &engine, &err));
    assert_ok(engine_run(engine, &world->release->migrations[1], NULL, &err));
    must_be(world->db, "select count(*) from headgate.migration", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_failure_has_its_place_and_leaves_nothing),
        IN_A_WORLD(what_the_server_hints_at_stands_with_the_place),
        IN_A_WORLD(what_is_deferred_fails_at_the_commit),
        IN_A_WORLD(so_it_does_in_a_step),
        IN_A_WORLD(a_right_that_is_missing_is_nothing_to_correct_in_the_file),
        IN_A_WORLD(a_statement_that_takes_too_long_is_given_up),
        IN_A_WORLD(one_that_cannot_be_in_a_transaction_unseen_is_told_how),
        IN_A_WORLD(one_that_drops_its_history_is_rolled_back),
        IN_A_WORLD(a_failure_that_cannot_be_noted_is_told_all_the_same),
        IN_A_WORLD(a_text_that_cannot_be_run_is_refused_with_all_its_places),
        IN_A_WORLD(a_file_that_has_changed_since_it_was_looked_at_is_not_run),
        IN_A_WORLD(notices_come_with_the_events),
        IN_A_WORLD(nobody_needs_to_listen),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
