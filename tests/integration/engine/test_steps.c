/* Migrations that are no single transaction: how far one is stands in its row, and it is gone on
 * with at that very step. */
#include "world.h"

#define PROGRESS "select applied_steps_count || ' ' || logs from _prisma_migrations"

/* What the row says, as the migration itself sees it. */
#define LOOK "insert into seen select applied_steps_count || ' ' || logs from _prisma_migrations;\n"

static void its_row_tells_after_each_step_how_far_it_is(void **state)
{
    struct world *world = *state;
    write_migration(world, A,
                    "-- headgate: no-transaction\n"
                    "create table seen (n text);\n" LOOK
                    "do $$ begin insert into seen select applied_steps_count || ' ' || logs"
                    " from _prisma_migrations; end $$;\n"
                    "begin;\n" LOOK LOOK "commit;\n" LOOK);
    must_run(world, 1);
    must_be(world->db, "select string_agg(n, e'\\n' order by ctid) from seen",
            "1 headgate: 1 step is done\n"
            "2 headgate: step 3 (line 4) has begun\n"
            "3 headgate: 3 steps are done\n"
            "3 headgate: 3 steps are done\n"
            "4 headgate: 4 steps are done");
    must_be(world->db,
            "select applied_steps_count || ' ' || (logs is null) || ' ' ||"
            " (finished_at > started_at) from _prisma_migrations",
            "1 true true");
    must_be(world->db, "select mode from headgate.migration", "step by step (no-transaction)");
}

static void what_is_done_is_not_done_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create table done (n int)");
    write_migration(world, A,
                    "insert into done values (1);\n"
                    "vacuum done;\n"
                    "insert into done values (2); \n"
                    "insert into done values (1/0);\n");
    must_fail(world, ERROR_HALFWAY, "22012", &err);
    assert_string_equal(err.message, "migration \"" A "\" failed: division by zero");
    assert_contains(err.detail,
                    "Steps 1 to 3 of 4 are done and committed. Step 4 was rolled back.");
    assert_contains(err.hint, "then go on: headgate deploy x");
    assert_int_equal(error_exit_status(err.code), 8);
    must_be(world->db, PROGRESS, "3 headgate: step 4 (line 4) failed: division by zero");
    must_be(world->db, "select string_agg(n::text, ' ') from done", "1 2");
    write_migration(world, A,
                    "insert into done values (1);\n"
                    "vacuum done;\n"
                    "insert into done values (2); \n"
                    "insert into done values (3);\n"
                    "insert into done values (4);\n");
    must_run(world, 1);
    assert_logged("resumed going on with step 4 of 5 (line 4)\nstatement 4 INSERT\n"
                  "statement 5 INSERT\napplied\n");
    must_be(world->db, "select string_agg(n::text, ' ') from done", "1 2 3 4");
    CLEANUP(mem_freep) char *kept = value(world->db, "select checksum from _prisma_migrations");
    assert_string_equal(kept, world->release->migrations[0].checksum);
}

static void the_first_step_that_fails_leaves_nothing(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "begin; create table a (id int); oops; commit; select 1;");
    must_fail(world, ERROR_HALFWAY, "42601", &err);
    assert_contains(err.detail, "It is the first of 2 steps");
    assert_contains(err.detail, "Step 1 was rolled back.");
    must_be(world->db, "select to_regclass('a') is null", "t");
}

/* An edit took the outside statement out: it goes on step by step all the same. */
static void one_that_was_begun_stays_step_by_step(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);\nvacuum nowhere;\n");
    must_fail(world, ERROR_HALFWAY, "42P01", &err);
    write_migration(world, A, "create table a (id int);\ncreate table b (id int);\n");
    must_run(world, 1);
    must_be(world->db, "select to_regclass('b') is not null", "t");
}

static void what_it_set_for_its_session_is_set_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create schema shop");
    run(world->db, "create role errand");
    run(world->db, "grant create, usage on schema shop to errand");
#define START                                                                                      \
    "-- headgate: no-transaction\n"                                                                \
    "set check_function_bodies = off;\n"                                                           \
    "discard all;\n"                                                                               \
    "set search_path to shop;\n"                                                                   \
    "set timezone = 'Asia/Tokyo';\n"                                                               \
    "reset timezone;\n"                                                                            \
    "begin;\n"                                                                                     \
    "set transaction isolation level serializable;\n"                                              \
    "set constraints all deferred;\n"                                                              \
    "set local lock_timeout = '77s';\n"                                                            \
    "set role errand;\n"                                                                           \
    "commit;\n"
    write_migration(world, A, START "oops;\n");
    must_fail(world, ERROR_HALFWAY, "42601", &err);
    write_migration(world, A,
                    START "create table seen as select current_user::text as who,"
                          " current_setting('timezone') <> 'Asia/Tokyo' as zone,"
                          " current_setting('check_function_bodies') as bodies,"
                          " current_setting('lock_timeout') as lock;\n");
    must_run(world, 1);
    must_be(world->db, "select seen::text from shop.seen", "(errand,t,on,2s)");
    assert_null(strstr(world->log.text, "WARNING"));
}

static void a_session_that_cannot_be_made_again_is_told(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create role errand");
    write_migration(world, A, "-- headgate: no-transaction\nset role errand;\noops;\n");
    must_fail(world, ERROR_HALFWAY, "42601", &err);
    run(world->db, "drop role errand");
    must_fail(world, ERROR_HALFWAY, "22023", &err);
    assert_contains(err.message, "role \"errand\" does not exist");
    assert_contains(err.detail, "Step 1 of 2 is done and committed.");
    run(world->db, "create role errand");
    must_fail(world, ERROR_HALFWAY, "42601", &err);
}

static void transactions_of_its_own_keep_their_options(void **state)
{
    struct world *world = *state;
    write_migration(world, A,
                    "begin isolation level serializable;\n"
                    "create table one as select current_setting('transaction_isolation') as v;\n"
                    "commit;\n"
                    "create table two as select current_setting('transaction_isolation') as v;\n"
                    "start transaction isolation level repeatable read, read write;\n"
                    "create table three as select current_setting('transaction_isolation') as v;\n"
                    "end;\n");
    write_migration(world, B,
                    "begin isolation level repeatable read;\n"
                    "create table four as select current_setting('transaction_isolation') as v;\n"
                    "commit;\n");
    must_run(world, 2);
    must_be(world->db,
            "select concat_ws(', ', (select v from one), (select v from two),"
            " (select v from three), (select v from four))",
            "serializable, read committed, repeatable read, repeatable read");
    must_be(world->db, "select string_agg(mode, ', ' order by name) from headgate.migration",
            "step by step (its own transactions), in a transaction");
}

static void a_row_that_is_gone_stops_it(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "begin; create table a (id int); commit;\n"
                    "begin; create table b (id int); delete from _prisma_migrations; commit;\n");
    must_fail(world, ERROR_HALFWAY, "22P02", &err);
    must_be(world->db, "select to_regclass('a') is not null and to_regclass('b') is null", "t");
    must_be(world->db, "select applied_steps_count from _prisma_migrations", "1");
}

static void a_wish_to_stop_leaves_it_to_be_gone_on_with(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    write_migration(world, A, "-- headgate: no-transaction\ncreate table a (id int);\n");
    must_run(world, 1);
    write_migration(world, B, "-- headgate: no-transaction\nselect 1;\n");
    (void)raise(SIGTERM);
    assert_fails(run_all(world, &err), ERROR_TERMINATED);
    error_clear(&err);
    interrupt_forget();
    must_run(world, 1);
}

/* --- doubt --- */

/* A procedure that does a part, then is gone with its session; but only where it is armed. */
static void make_deadly(const struct world *world)
{
    run(world->db, "create table done (n int)");
    run(world->db, "create table armed (n int)");
    run(world->db, "insert into armed values (1)");
    run(world->db, "create procedure deadly() language plpgsql as $$ begin\n"
                   "  insert into done values (1); commit;\n"
                   "  if exists (select from armed) then\n"
                   "    perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10);\n"
                   "  end if;\n"
                   "  insert into done values (2);\n"
                   "end $$");
    write_migration(world, A,
                    "-- headgate: no-transaction\n"
                    "insert into done values (0);\n"
                    "call deadly();\n"
                    "insert into done values (3);\n");
}

static void be_refused(struct world *world)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    must_fail(world, ERROR_REFUSED, "", &err);
    assert_string_equal(err.message, "migration \"" A "\": nobody knows what its step 2 has done");
    assert_contains(err.detail, "CALL (");
    assert_contains(err.detail, "/migration.sql, line 3) had begun when the last deploy died.");
    assert_contains(err.hint, "If it is done: headgate resolve x " A " --done 2.");
    assert_contains(err.hint, "If it is to run again: headgate resolve x " A " --again 2");
    must_be(world->db, PROGRESS, "1 headgate: step 2 (line 3) has begun");
    must_be(world->db, "select string_agg(n::text, ' ') from done", "0 1");
}

static void what_nobody_knows_is_asked_of_a_person(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    make_deadly(world);
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    assert_contains(err.detail, "Step 1 of 3 is done and committed. Step 2, CALL, is in doubt: the "
                                "next deploy asks the catalog.");
    assert_logged("lost the connection was lost; asking the server what became of it");
    run(world->db, "truncate armed");
    be_refused(world);
    be_refused(world);
}

/* n_steps that the person says are done. */
static void resolve(const struct world *world, size_t n_steps)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *id = value(world->db, "select id from _prisma_migrations");
    CLEANUP(db_closep) struct db *db = session(world->url, false);
    assert_ok(history_use_schema(db, NULL, SOON, &err));
    assert_ok(history_resolve_step(db, id, n_steps, SOON, &err));
}

static void what_a_person_says_is_done_is_not_done_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    make_deadly(world);
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    resolve(world, 2);
    must_be(world->db, PROGRESS, "2 headgate: 2 steps are done, a person says");
    must_run(world, 1);
    must_be(world->db, "select string_agg(n::text, ' ') from done", "0 1 3");
}

static void what_a_person_says_is_to_run_again_is_run_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    make_deadly(world);
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    run(world->db, "truncate armed");
    resolve(world, 1);
    must_run(world, 1);
    must_be(world->db, "select string_agg(n::text, ' ') from done", "0 1 1 2 3");
}

/* It failed, and said so: nothing is in doubt, and it is run again. */
static void what_has_failed_is_not_in_doubt(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create table done (n int)");
    write_migration(world, A,
                    "-- headgate: no-transaction\n"
                    "do $$ begin insert into done values (1); commit;"
                    " if (select count(*) from done) < 2 then raise 'not yet'; end if; end $$;\n");
    must_fail(world, ERROR_HALFWAY, "P0001", &err);
    must_run(world, 1);
    must_be(world->db, "select count(*) from done", "2");
}

/* --- what happens between a statement that is done and the note of it --- */

static void stop_after_first(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_STATEMENT && world->n_hooked++ == 0) {
        (void)raise(SIGTERM);
    }
}

static void lose_after_first(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_STATEMENT && world->n_hooked++ == 0) {
        run(world->db, "select pg_terminate_backend(pid) from pg_stat_activity "
                       "where application_name like 'headgate deploy%'");
    }
}

static void write_block_and_insert(struct world *world)
{
    run(world->db, "create table done (n int)");
    write_migration(world, A,
                    "-- headgate: no-transaction\n"
                    "set test.mark = '2';\n"
                    "do $$ begin insert into done values (1); end $$;\n"
                    "insert into done values (current_setting('test.mark')::int);\n");
}

static void what_is_done_is_noted_also_by_one_that_is_to_stop(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_block_and_insert(world);
    world->n_hooked = -1; /* SET is the first */
    world->hook = stop_after_first;
    assert_fails(run_all(world, &err), ERROR_TERMINATED);
    interrupt_forget();
    assert_string_equal(err.detail,
                        "Steps 1 to 2 of 3 are done and committed. Step 3 was rolled back.");
    must_be(world->db, PROGRESS, "2 headgate: step 3 (line 4) failed: stopped by SIGTERM");
    world->hook = NULL;
    must_run(world, 1);
    must_be(world->db, "select string_agg(n::text, ' ') from done", "1 2");
}

/* Its end and the wish to stop cross. */
static void what_is_done_concurrently_when_it_is_stopped_is_not_done_again(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create table t (i int)");
    run(world->db, "create index t_i on t (i)");
    write_migration(world, A, "drop index concurrently t_i;\ncreate table u (id int);\n");
    world->hook = stop_after_first;
    assert_fails(run_all(world, &err), ERROR_TERMINATED);
    interrupt_forget();
    assert_contains(err.detail, "Step 1, DROP INDEX CONCURRENTLY, was stopped");
    must_be(world->db, PROGRESS, "0 headgate: step 1 (line 1) has begun");
    world->hook = NULL;
    must_run(world, 1);
    assert_logged("repaired DROP INDEX CONCURRENTLY is done, as the catalog proves");
}

static void a_note_whose_connection_is_lost_is_written_by_the_next(void **state)
{
    struct world *world = *state;
    write_block_and_insert(world);
    world->n_hooked = -1;
    world->hook = lose_after_first;
    must_run(world, 1);
    assert_logged("lost the connection was lost; asking the server how far it is");
    must_be(world->db, "select string_agg(n::text, ' ') from done", "1 2");
    must_be(world->db, "select count(*) from _prisma_migrations where finished_at is not null",
            "1");
}

/* --- an edited file --- */

static bool same_start(struct world *world, const char *before, const char *now, size_t n_steps)
{
    struct error err = ERROR_INIT;
    bool same = false;
    write_migration(world, A, now);
    read_release(world);
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    const struct migration *migration = &world->release->migrations[0];
    assert_ok(script_read_begun(migration, &script, &err));
    assert_ok(script_same_start(migration, &script, before, n_steps, &same, &err));
    return same;
}

static void an_edit_is_fine_where_nothing_of_it_is_done(void **state)
{
    struct world *world = *state;
    static const char before[] = "select 1; vacuum; select 2;";
    assert_true(same_start(world, before, before, 3));
    assert_true(same_start(world, before, "select 1; vacuum; select 3; select 4;", 2));
    assert_true(same_start(world, before, "select 1;\n\n-- a word\nvacuum; select 3;", 2));
    assert_true(same_start(world, before, "select 1; select 4; vacuum;", 1));
    assert_true(same_start(world, before, "select 1; select 4;", 1));
    assert_true(same_start(world, before, "-- headgate: no-transaction\nselect 1; select 4;", 1));
    assert_false(same_start(world, before, "select 1; vacuum full; select 2;", 2));
    assert_false(same_start(world, before, "select 2; vacuum; select 2;", 1));
    assert_false(same_start(world, before, "select 1; vacuum;", 3));
    assert_false(same_start(world, before, "begin; select 1; commit; vacuum; select 1", 2) &&
                 same_start(world, before, "select 0; vacuum;", 1));
}

/* Two statements were one step; now they would be two, and the second be done again. */
static void steps_that_are_counted_in_another_way_are_not_the_same(void **state)
{
    struct world *world = *state;
    assert_false(same_start(world, "select 1; select 2; begin; select 3; commit;",
                            "select 1; select 2; begin; select 3; commit; vacuum;", 1));
    assert_true(same_start(world, "select 1; select 2; begin; select 3; commit;",
                           "select 1; select 2; begin; select 4; commit;", 1));
    assert_true(same_start(world, "-- headgate: no-transaction\nselect 1; begin; select 3; commit;",
                           "-- headgate: no-transaction\nselect 1; begin; select 4; commit;", 1));
}

/* --- down.sql and files that are no migrations --- */

static void write_file(const struct world *world, const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(world->folder, name);
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

static bool run_down(struct world *world, struct error *err)
{
    CLEANUP(engine_freep) struct engine *engine = NULL;
    CLEANUP(mem_freep) char *id = value(world->db, "select id from _prisma_migrations limit 1");
    read_release(world);
    strbuf_cut(&world->log, 0);
    return open_engine(world, &engine, err) &&
           engine_run_down(engine, &world->release->migrations[0], id, err);
}

static void a_down_file_takes_its_row_back_in_its_transaction(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);");
    must_run(world, 1);
    write_file(world, "m/" A "/down.sql", "drop table a;\nselect nothing;\n");
    assert_fails(run_down(world, &err), ERROR_DATABASE);
    assert_contains(err.message, "/down.sql failed: column \"nothing\" does not exist");
    assert_contains(err.detail, "It was rolled back as a whole: nothing of it is in the database.");
    assert_contains(err.hint, "/down.sql, then try again.");
    assert_int_equal(err.problems.items[0].line, 2);
    error_clear(&err);
    must_be(world->db, "select rolled_back_at is null from _prisma_migrations", "t");
    write_file(world, "m/" A "/down.sql", "begin;\ndrop table a;\ncommit;\n");
    assert_ok(run_down(world, &err));
    assert_logged("statement 2 DROP TABLE");
    must_be(world->db, "select to_regclass('a') is null", "t");
    must_be(world->db,
            "select logs from _prisma_migrations where rolled_back_at is not null and"
            " finished_at is not null",
            "headgate: taken back by its down.sql");
}

static void a_down_file_that_is_lost_is_not_claimed(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);");
    must_run(world, 1);
    write_file(world, "m/" A "/down.sql",
               "drop table a;\nselect pg_terminate_backend(pg_backend_pid()), pg_sleep(10);\n");
    assert_fails(run_down(world, &err), ERROR_UNREACHABLE);
    assert_contains(err.detail, "It is not known whether it was committed.");
    error_clear(&err);
}

static bool run_file(struct world *world, const char *text, struct error *err)
{
    CLEANUP(engine_freep) struct engine *engine = NULL;
    CLEANUP(mem_freep) char *path = path_join(world->folder, "seed.sql");
    write_file(world, "seed.sql", text);
    read_release(world);
    strbuf_cut(&world->log, 0);
    return open_engine(world, &engine, err) && engine_run_file(engine, path, err);
}

static void a_file_is_run_as_a_whole_or_not_at_all(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text;
        enum error_code code;
        const char *message;
    } cases[] = {
        {"create table s (id int); insert into s values (1/0);", ERROR_DATABASE,
         "/seed.sql failed: division by zero"},
        {"create table s (id int); vacuum s;", ERROR_CONFIG,
         "/seed.sql cannot run in one transaction"},
        {"-- nothing\n", ERROR_CONFIG, "/seed.sql holds no statement"},
        {"rollback;", ERROR_CONFIG, "/seed.sql cannot be run"},
    };
    write_migration(world, A, "create table a (id int);");
    must_run(world, 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        assert_fails(run_file(world, cases[i].text, &err), cases[i].code);
        assert_contains(err.message, cases[i].message);
        error_clear(&err);
        must_be(world->db, "select to_regclass('s') is null", "t");
    }
    struct error err = ERROR_INIT;
    assert_ok(run_file(world, "create table s (id int); insert into s values (1);", &err));
    must_be(world->db, "select count(*) from s", "1");
    assert_logged("statement 1 CREATE TABLE\nstatement 1 INSERT\n");
}

static void a_file_that_is_not_there_is_told(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(engine_freep) struct engine *engine = NULL;
    write_migration(world, A, "create table a (id int);");
    read_release(world);
    assert_ok(open_engine(world, &engine, &err));
    assert_fails(engine_run_file(engine, "/nowhere/seed.sql", &err), ERROR_IO);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(its_row_tells_after_each_step_how_far_it_is),
        IN_A_WORLD(what_is_done_is_not_done_again),
        IN_A_WORLD(the_first_step_that_fails_leaves_nothing),
        IN_A_WORLD(one_that_was_begun_stays_step_by_step),
        IN_A_WORLD(what_it_set_for_its_session_is_set_again),
        IN_A_WORLD(a_session_that_cannot_be_made_again_is_told),
        IN_A_WORLD(transactions_of_its_own_keep_their_options),
        IN_A_WORLD(a_row_that_is_gone_stops_it),
        IN_A_WORLD(a_wish_to_stop_leaves_it_to_be_gone_on_with),
        IN_A_WORLD(what_nobody_knows_is_asked_of_a_person),
        IN_A_WORLD(what_a_person_says_is_done_is_not_done_again),
        IN_A_WORLD(what_a_person_says_is_to_run_again_is_run_again),
        IN_A_WORLD(what_has_failed_is_not_in_doubt),
        IN_A_WORLD(what_is_done_is_noted_also_by_one_that_is_to_stop),
        IN_A_WORLD(what_is_done_concurrently_when_it_is_stopped_is_not_done_again),
        IN_A_WORLD(a_note_whose_connection_is_lost_is_written_by_the_next),
        IN_A_WORLD(an_edit_is_fine_where_nothing_of_it_is_done),
        IN_A_WORLD(steps_that_are_counted_in_another_way_are_not_the_same),
        IN_A_WORLD(a_down_file_takes_its_row_back_in_its_transaction),
        IN_A_WORLD(a_down_file_that_is_lost_is_not_claimed),
        IN_A_WORLD(a_file_is_run_as_a_whole_or_not_at_all),
        IN_A_WORLD(a_file_that_is_not_there_is_told),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
