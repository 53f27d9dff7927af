/* The session that migrations run in: what it is like, and that none of them changes it for the
 * next. */
#include "world.h"

static void a_session_is_as_pinned(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"1234ms\",\"statement_timeout\":\"9s\"");
    run(world->db, "alter role tester set timezone = 'Asia/Tokyo'");
    run(world->db, "alter role tester set client_encoding = latin1");
    run(world->db, "alter role tester set search_path = nowhere");
    run(world->db, "alter role tester set lock_timeout = '3s'");
    run(world->db, "alter role tester set standard_conforming_strings = off");
    run(world->db, "alter role tester set idle_in_transaction_session_timeout = '5s'");
    write_migration(world, A,
                    "create table seen as select name, setting from pg_settings where name in"
                    " ('TimeZone', 'client_encoding', 'search_path', 'lock_timeout',"
                    " 'statement_timeout', 'standard_conforming_strings', 'application_name',"
                    " 'idle_in_transaction_session_timeout');");
    must_run(world, 1);
    must_be(world->db,
            "select string_agg(setting, ', ' order by name collate \"C\") from public.seen",
            "UTC, headgate deploy run-1, UTF8, 0, 1234, public, on, 9000");
}

static void a_migration_has_the_timeouts_of_its_directives(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"1234ms\",\"statement_timeout\":\"9s\"");
    write_migration(world, A,
                    "-- headgate: lock-timeout 5s\n-- headgate: statement-timeout 0\n"
                    "create table a as select current_setting('lock_timeout') as lock,"
                    " current_setting('statement_timeout') as statement;");
    write_migration(world, B,
                    "-- headgate: no-transaction\n-- headgate: lock-timeout 7s\n"
                    "create table b as select current_setting('lock_timeout') as lock,"
                    " current_setting('statement_timeout') as statement;");
    write_migration(world, C,
                    "create table c as select current_setting('lock_timeout') as lock,"
                    " current_setting('statement_timeout') as statement;");
    must_run(world, 3);
    must_be(world->db,
            "select (select a from a) || ' ' || (select b from b) || ' ' || (select c from c)",
            "(5s,0) (7s,9s) (1234ms,9s)");
}

static const struct {
    const char *sql;   /* what a migration does to its session */
    const char *probe; /* what the next one sees */
    const char *wanted;
} changes[] = {
    {"set role errand", "current_user", "tester"},
    {"set session authorization errand", "session_user || current_user", "testertester"},
    {"set client_encoding to latin1", "current_setting('client_encoding')", "UTF8"},
    {"set session_replication_role = replica", "current_setting('session_replication_role')",
     "origin"},
    {"select pg_advisory_unlock_all()",
     "count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()", "2"},
    {"select pg_advisory_unlock(72707370)",
     "string_agg(objid::text, ' ' order by objid) from pg_locks where locktype = 'advisory'"
     " and pid = pg_backend_pid()",
     "72707369 72707370"},
    {"create temp table brief (id int)", "to_regclass('brief') is null", "true"},
    {"declare c cursor with hold for select 1", "count(*) from pg_cursors where name = 'c'", "0"},
    {"prepare p as select 1", "count(*) from pg_prepared_statements where name = 'p'", "0"},
    {"listen something", "count(*) from pg_listening_channels()", "0"},
    {"set default_transaction_read_only = on", "current_setting('transaction_read_only')", "off"},
    {"set search_path to pg_catalog", "current_setting('search_path')", "history"},
    {"reset all", "current_setting('lock_timeout') || current_setting('application_name')",
     "1234msheadgate deploy run-1"},
    {"set lock_timeout = 0; set statement_timeout = 0",
     "current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')", "1234ms 0"},
    {"set timezone to 'Asia/Tokyo'; set standard_conforming_strings = off",
     "current_setting('timezone') || current_setting('standard_conforming_strings')", "UTCon"},
    {"set default_transaction_isolation = serializable", "current_setting('transaction_isolation')",
     "read committed"},
    {"set check_function_bodies = off", "current_setting('check_function_bodies')", "on"},
    {"set local lock_timeout = 0", "current_setting('lock_timeout')", "1234ms"},
};

static void expect_kept_away(struct world *world, size_t i)
{
    CLEANUP(mem_freep) char *first = mem_printf("%s;", changes[i].sql);
    CLEANUP(mem_freep)
    char *second =
        mem_printf("create table seen as select (%s%s)::text as v;",
                   strstr(changes[i].probe, " from ") != NULL ? "select " : "", changes[i].probe);
    world_empty(world);
    run(world->db, "create role errand");
    write_migration(world, A, first);
    write_migration(world, B, second);
    must_run(world, 2);
    CLEANUP(mem_freep) char *got = value(world->db, "select v from history.seen");
    if (!text_equal(got, changes[i].wanted)) {
        fail_msg("%s: the next one sees \"%s\"", changes[i].sql, got);
    }
    must_be(world->db,
            "select string_agg(migration_name, ' ' order by started_at) from"
            " history._prisma_migrations where finished_at is not null and"
            " applied_steps_count = 1 and logs is null",
            A " " B);
    must_be(world->db, "select count(*) from headgate.migration", "2");
}

static void what_a_migration_does_to_its_session_does_not_reach_the_next_one(void **state)
{
    struct world *world = *state;
    world->schema = "history";
    world_deploy(world, "\"lock_timeout\":\"1234ms\"");
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        expect_kept_away(world, i);
    }
}

static void nor_does_it_reach_the_record(void **state)
{
    struct world *world = *state;
    static const char text[] =
        "set client_encoding to latin1; create table a (id int); -- \xc3\xa4";
    write_migration(world, A, text);
    must_run(world, 1);
    CLEANUP(mem_freep) char *kept = value(world->db, "select sql from headgate.migration");
    assert_string_equal(kept, text);
}

static void a_failure_behind_such_a_change_is_noted_in_the_right_place(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    run(world->db, "create role errand");
    write_migration(world, A, "set role errand; set search_path to pg_catalog; reset all;");
    write_migration(world, B, "set client_encoding to latin1; select '\xc3\xa4' from nowhere;");
    must_fail(world, ERROR_DATABASE, "42P01", &err);
    assert_int_equal(world->n_applied, 1);
    must_be(world->db,
            "select migration_name || ' ' || logs from public._prisma_migrations"
            " where rolled_back_at is not null and finished_at is null",
            B " 42P01: relation \"nowhere\" does not exist");
}

/* A role that works as another one by ALTER ROLE ... SET role. */
static void deploy_as_app(struct world *world)
{
    run(world->db, "create role owner");
    run(world->db, "create role app login noinherit in role owner");
    run(world->db, "alter role app set role = owner");
    run(world->db, "grant create, usage on schema public to owner");
    CLEANUP(mem_freep) char *url = mem_printf("%s user=app", world->url);
    world_environment(world, url, "");
}

static void the_role_that_a_role_works_as_is_kept(void **state)
{
    struct world *world = *state;
    deploy_as_app(world);
    write_migration(world, A, "reset all; set role none; create temp table app (id int);");
    write_migration(world, B, "reset all; create table b (id int);");
    write_migration(world, C, "create table c (id int);");
    must_run(world, 3);
    must_be(world->db,
            "select string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' order by relname)"
            " from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
            "_prisma_migrations owner, b owner, c owner");
}

static void its_first_failure_is_noted_too(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    deploy_as_app(world);
    write_migration(world, A, "reset all; oops;");
    must_fail(world, ERROR_DATABASE, "42601", &err);
    must_be(world->db, "select count(*) from _prisma_migrations where rolled_back_at is not null",
            "1");
}

/* The records need CREATE on the database, which app does not have. */
static void a_role_that_may_not_make_a_schema_works_without_records(void **state)
{
    struct world *world = *state;
    deploy_as_app(world);
    write_migration(world, A, "-- headgate: no-transaction\ncreate table a (id int);");
    write_migration(world, B, "create table b (id int);");
    must_run(world, 2);
    must_be(world->db, "select to_regnamespace('headgate') is null", "t");
    must_be(world->db, "select count(*) from _prisma_migrations where finished_at is not null",
            "2");
}

/* --- the lock --- */

static void take_what_was_given_back(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_APPLIED && world->n_hooked++ == 0) {
        world->other = session(world->url, false);
        run(world->other, "select pg_advisory_lock(72707369), pg_advisory_lock(72707370)");
    }
}

static void where_somebody_has_taken_the_lock_that_one_gave_back_nothing_more_is_run(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static const char *const texts[] = {"create table b (id int);",
                                        "-- headgate: no-transaction\ncreate table b (id int);"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        world_empty(world);
        write_migration(world, A, "select pg_advisory_unlock_all();");
        write_migration(world, B, texts[i]);
        world->hook = take_what_was_given_back;
        world->n_hooked = 0;
        must_fail(world, ERROR_LOCKED, "", &err);
        assert_string_equal(err.message,
                            "migration \"" B "\": the lock of this database was given back by a "
                            "migration, and another deploy holds it now");
        must_be(world->db, "select string_agg(migration_name, ' ') from _prisma_migrations", A);
        must_be(world->db, "select to_regclass('b') is null", "t");
        db_closep(&world->other);
        world->hook = NULL;
        wait_until(world->db, "select count(*) = 0 from pg_locks where locktype = 'advisory'");
        must_run(world, 1);
    }
}

static void discard_all_does_not_take_the_lock_and_the_settings_away(void **state)
{
    struct world *world = *state;
    world->schema = "history";
    world_deploy(world, "\"lock_timeout\":\"1234ms\"");
    write_migration(world, A,
                    "set check_function_bodies = off;\n"
                    "discard all;\n"
                    "set timezone = 'Asia/Tokyo';\n"
                    "create table seen as select current_setting('lock_timeout') as lock,"
                    " current_setting('timezone') as zone,"
                    " current_setting('check_function_bodies') as bodies,"
                    " (select count(*) from pg_locks where locktype = 'advisory'"
                    " and pid = pg_backend_pid()) as locks;\n");
    must_run(world, 1);
    must_be(world->db, "select seen::text from history.seen", "(1234ms,Asia/Tokyo,on,2)");
}

/* --- who holds it --- */

static void expect_locked(struct world *world, const char *key, const char *name)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *take = mem_printf("select pg_advisory_lock(%s)", key);
    world->other = session(world->url, false);
    CLEANUP(mem_freep) char *call = mem_printf("set application_name to '%s'", name);
    run(world->other, call);
    run(world->other, take);
    must_fail(world, ERROR_LOCKED, "", &err);
    assert_string_equal(err.message,
                        "environment \"x\": another deploy holds the lock of this database");
    CLEANUP(mem_freep) char *who = mem_printf("It is %s (server process ", name);
    assert_contains(err.detail, who);
    assert_contains(err.detail, ", from this machine), connected since 20");
    assert_contains(err.hint, "--wait");
    CLEANUP(mem_freep) char *said = mem_printf("waiting waiting for %s (server process ", name);
    assert_logged(said);
    db_closep(&world->other);
    wait_until(world->db, "select count(*) = 0 from pg_locks where locktype = 'advisory'");
}

static void who_holds_the_lock_is_named_when_patience_ends(void **state)
{
    struct world *world = *state;
    world->patience = 50;
    write_migration(world, A, "create table a (id int);");
    expect_locked(world, HISTORY_KEY_PRISMA, "prisma");
    expect_locked(world, HISTORY_KEY_OWN, "headgate deploy 1");
    must_be(world->db, "select to_regclass('_prisma_migrations') is null", "t");
}

static void through_a_pooler_there_is_no_lock(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep)
    char *url =
        mem_printf("postgresql://tester@/postgres?host=%s/pg&pgbouncer=true", scratch_dir());
    world_environment(world, url, "");
    write_migration(world, A, "create table a (id int);");
    must_fail(world, ERROR_REFUSED, "", &err);
    assert_contains(err.message, "a connection pooler stands before this server");
    assert_contains(err.hint, "\"direct_url\"");
}

static void let_go(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING) {
        world->n_hooked++;
        db_closep(&world->other);
    }
}

static void the_lock_is_waited_for(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "create table a (id int);");
    world->other = session(world->url, false);
    run(world->other, "select pg_advisory_lock(72707369)");
    world->hook = let_go;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 1);
}

static void ask_to_stop(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING) {
        world->n_hooked++;
        (void)raise(SIGTERM);
    }
}

static void a_wish_to_stop_ends_the_wait_for_the_lock(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);");
    world->other = session(world->url, false);
    run(world->other, "select pg_advisory_lock(72707370)");
    world->hook = ask_to_stop;
    must_fail(world, ERROR_TERMINATED, "", &err);
}

static void what_may_not_be_seen_of_the_holder_is_not_made_up(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    deploy_as_app(world);
    world->patience = 0;
    write_migration(world, A, "create table a (id int);");
    world->other = session(world->url, false);
    run(world->other, "select pg_advisory_lock(72707369)");
    must_fail(world, ERROR_LOCKED, "", &err);
    assert_contains(err.detail, "It is headgate test (server process ");
    assert_contains(err.detail, ", from somewhere), connected since some time.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_session_is_as_pinned),
        IN_A_WORLD(a_migration_has_the_timeouts_of_its_directives),
        IN_A_WORLD(what_a_migration_does_to_its_session_does_not_reach_the_next_one),
        IN_A_WORLD(nor_does_it_reach_the_record),
        IN_A_WORLD(a_failure_behind_such_a_change_is_noted_in_the_right_place),
        IN_A_WORLD(the_role_that_a_role_works_as_is_kept),
        IN_A_WORLD(its_first_failure_is_noted_too),
        IN_A_WORLD(a_role_that_may_not_make_a_schema_works_without_records),
        IN_A_WORLD(where_somebody_has_taken_the_lock_that_one_gave_back_nothing_more_is_run),
        IN_A_WORLD(discard_all_does_not_take_the_lock_and_the_settings_away),
        IN_A_WORLD(who_holds_the_lock_is_named_when_patience_ends),
        IN_A_WORLD(through_a_pooler_there_is_no_lock),
        IN_A_WORLD(the_lock_is_waited_for),
        IN_A_WORLD(a_wish_to_stop_ends_the_wait_for_the_lock),
        IN_A_WORLD(what_may_not_be_seen_of_the_holder_is_not_made_up),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
