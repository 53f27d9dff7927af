/* What a deploy does when all is applied: statistics, NOTIFY, the replica. */
#include "world.h"

static const char *standby; /* of the scratch server; NULL: not made yet */

/* One more server: a copy of the first one, which is idle, right after a checkpoint. pg_basebackup
 * is not there for every version that the suite is run on. */
static const char *standby_url(void)
{
    const char *dir = scratch_dir();
    if (standby == NULL) {
        scratch_sh(
            "psql -Xq \"host=%s/pg user=tester dbname=postgres\" -c checkpoint\n"
            "mkdir -p sb && chmod 711 sb && if [ $(id -u) = 0 ]; then chown postgres sb; fi\n"
            "%s/pg as cp -a %s/pg/data sb/data\n"
            "%s/pg as sh -c \"cd %s/sb/data && rm -f postmaster.pid && touch standby.signal &&"
            " printf \\\"primary_conninfo = 'host=%s/pg user=tester'\\n"
            "unix_socket_directories = '%s/sb'\\n\\\" >>postgresql.auto.conf\"\n"
            "%s/pg start %s/sb >sb.url",
            dir, TEST_SUPPORT, dir, TEST_SUPPORT, dir, dir, dir, TEST_SUPPORT, dir);
        standby = scratch_out("cat sb.url");
    }
    return standby;
}

/* Until 13 it is paused at once; later that is only asked for. */
static void pause_replay(struct db *replica)
{
    run(replica, "select pg_wal_replay_pause()");
    wait_until(replica, db_identity(replica)->version >= 140000
                            ? "select pg_get_wal_replay_pause_state() = 'paused'"
                            : "select pg_is_wal_replay_paused()");
}

static int stop_standby(void **state)
{
    (void)state;
    if (standby != NULL) {
        scratch_sh("%s/pg stop %s/sb", TEST_SUPPORT, scratch_dir());
    }
    return 0;
}

static void with_replica(struct world *world, const char *replica_url, const char *wait)
{
    CLEANUP(mem_freep)
    char *members = mem_printf(",\"replica_url\":\"%s\",\"deploy\":{\"replica_wait\":\"%s\"}",
                               replica_url, wait);
    change_environment(world, world->url, members);
}

/* --- statistics --- */

static bool has_statistics(const struct world *world, const char *table)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf("select exists (select from pg_stats where tablename = '%s')", table);
    CLEANUP(mem_freep) char *got = value(world->db, sql);
    return text_equal(got, "t");
}

static void deploy_with_statistics(struct world *world, size_t n_analyzed)
{
    struct error err = ERROR_INIT;
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    change_environment(world, world->url,
                       ",\"deploy\":{\"analyze\":true,\"lock_timeout\":\"100ms\"}");
    (void)make_plan(world);
    expect_no_refusal(world);
    assert_ok(execute_for(world, &result, &err));
    assert_int_equal(result.n_analyzed, n_analyzed);
}

static void the_statistics_of_what_was_changed_are_refreshed(void **state)
{
    struct world *world = *state;
    run(world->db, "create schema shop");
    run(world->db, "create table shop.\"My Table\" as select 1 as id");
    run(world->db, "create table read_only as select 1 as id");
    write_migration(world, A,
                    "create table filled as select 1 as id; create table empty (id int);"
                    "select * from read_only; alter table read_only add column b int;");
    write_migration(world, B,
                    "update shop.\"My Table\" set id = 2; create table gone as select 1 as id;"
                    " insert into filled values (2);");
    /* what the last one leaves must not keep us from it */
    write_migration(world, C,
                    "-- headgate: no-transaction\ninsert into filled values (3);\n"
                    "drop table gone;\ncreate role errand;\nset role errand;\n"
                    "set search_path to pg_catalog;\n");
    run(world->db, "drop table read_only");
    run(world->db, "create table read_only as select 1 as id");
    run(world->db, "drop table shop.\"My Table\"");
    run(world->db, "create table shop.\"My Table\" as select 1 as id");
    run(world->db, "create table public._prisma_migrations (id varchar(36) primary key,"
                   " checksum varchar(64), finished_at timestamptz, migration_name varchar(255),"
                   " logs text, rolled_back_at timestamptz, started_at timestamptz default now(),"
                   " applied_steps_count integer default 0)");
    deploy_with_statistics(world, 2);
    assert_true(has_statistics(world, "filled"));
    assert_true(has_statistics(world, "My Table"));
    assert_false(has_statistics(world, "empty"));
    assert_false(has_statistics(world, "read_only"));
    assert_false(has_statistics(world, "_prisma_migrations"));
    assert_false(has_statistics(world, "migration"));
}

static void let_it_be_analyzed(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_APPLIED) {
        world->other = session(world->url, false);
        run(world->other, "begin");
        run(world->other, "lock table filled in share update exclusive mode");
    } else if (event->kind == EVENT_RETRY && ++world->n_hooked == 1) {
        db_closep(&world->other);
    }
}

static void a_table_that_somebody_holds_is_waited_for(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "create table filled as select 1 as id;");
    world->hook = let_it_be_analyzed;
    deploy_with_statistics(world, 1);
    assert_true(world->n_hooked >= 1);
    assert_true(has_statistics(world, "filled"));
}

static void what_fails_after_the_deploy_says_that_it_is_done(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    run(world->db, "create function bad(int) returns int immutable language plpgsql as"
                   " $$ begin if current_query() ~ 'analyze' then raise 'not this one'; end if;"
                   " return 1; end $$");
    write_migration(world, A,
                    "create table filled as select 1 as id; create index on filled (bad(id));");
    change_environment(world, world->url, ",\"deploy\":{\"analyze\":true}");
    (void)make_plan(world);
    assert_fails(execute(world, &n_applied, &err), ERROR_DATABASE);
    assert_string_equal(err.message, "environment \"x\": after the deploy, which is done: analyze "
                                     "public.filled: not this one");
    assert_int_equal(n_applied, 1);
    error_clear(&err);
}

/* --- NOTIFY --- */

static void who_listens_hears_of_it(void **state)
{
    struct world *world = *state;
    change_environment(world, world->url, ",\"deploy\":{\"notify\":\"Deploys\"}");
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B, "set role none;");
    scratch_sh("PGAPPNAME=listener timeout 60 psql -X -A -t '%s' >heard 2>&1 <<'END' &\n"
               "listen \"Deploys\";\n"
               "do $$ begin while not exists (select from pg_class where relname = 'heard') loop "
               "perform pg_sleep(0.02);"
               " end loop; end $$;\n"
               "select 'end';\n"
               "END",
               world->url);
    wait_until(world->db, "select count(*) = 1 from pg_stat_activity where application_name ="
                          " 'listener' and query like 'do %'");
    struct error err = ERROR_INIT;
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    (void)make_plan(world);
    assert_ok(execute_for(world, &result, &err));
    run(world->db, "create table heard (id int)");
    wait_until(world->db,
               "select count(*) = 0 from pg_stat_activity where application_name = 'listener'");
    const char *heard = scratch_out("for i in $(seq 200); do grep -q ^end heard && break; sleep"
                                    " 0.05; done; cat heard");
    assert_contains(heard, "Asynchronous notification \"Deploys\" with payload");
    CLEANUP(mem_freep)
    char *payload = mem_printf("{\"format\":1,\"environment\":\"x\",\"release\":\"%s\",\"run\":\"%s"
                               "\",\"applied\":2}",
                               world->release->digest, result.run);
    assert_contains(heard, payload);
}

/* --- the replica --- */

static void the_replica_is_waited_for(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    with_replica(world, standby_url(), "30s");
    write_migration(world, A, "create table a as select 1 as id;");
    (void)make_plan(world);
    assert_ok(execute_for(world, &result, &err));
    assert_contains(result.replica, "the replica has replayed it after ");
    CLEANUP(db_closep) struct db *replica = session(standby_url(), true);
    must_be(replica, "select count(*) from a", "1");
}

static void one_that_is_late_is_told_with_both_positions(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    CLEANUP(db_closep) struct db *replica = session(standby_url(), false);
    with_replica(world, standby_url(), "300ms");
    write_migration(world, A, "create table a as select 1 as id;");
    (void)make_plan(world);
    pause_replay(replica);
    assert_fails(execute(world, &n_applied, &err), ERROR_TIMEOUT);
    assert_contains(err.message, "environment \"x\": after the deploy, which is done: the replica "
                                 "has not replayed the deploy within 300ms");
    assert_contains(err.detail, "Everything is applied to the primary. The replica is at ");
    assert_contains(err.hint, "replica_wait");
    assert_int_equal(n_applied, 1);
    error_clear(&err);
    must_be(world->db, "select count(*) from a", "1");
    run(replica, "select pg_wal_replay_resume()");
}

static void a_wish_to_stop_ends_the_wait_for_the_replica(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    CLEANUP(db_closep) struct db *replica = session(standby_url(), false);
    with_replica(world, standby_url(), "30s");
    write_migration(world, A, "create table a as select 1 as id;");
    (void)make_plan(world);
    pause_replay(replica);
    scratch_sh("(for i in $(seq 400); do psql -XAtq '%s' -c \"select count(*) from pg_stat_activity"
               " where application_name = 'headgate replica'\" | grep -q 1 && break; sleep 0.05;"
               " done; kill -TERM %d) >/dev/null 2>&1 </dev/null &",
               standby_url(), (int)getpid());
    assert_fails(execute(world, &n_applied, &err), ERROR_TERMINATED);
    error_clear(&err);
    interrupt_forget();
    run(replica, "select pg_wal_replay_resume()");
}

static void one_that_is_no_standby_is_not_waited_for(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    with_replica(world, world->url, "30s");
    write_migration(world, A, "create table a as select 1 as id;");
    (void)make_plan(world);
    assert_ok(execute_for(world, &result, &err));
    assert_contains(result.replica, "leads to no standby");
}

static void one_that_is_out_of_reach_does_not_undo_the_deploy(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    with_replica(world, "host=/nowhere dbname=x", "100ms");
    write_migration(world, A, "create table a as select 1 as id;");
    (void)make_plan(world);
    assert_fails(execute(world, &n_applied, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "after the deploy, which is done: ");
    assert_int_equal(n_applied, 1);
    error_clear(&err);
}

static void a_standby_itself_is_no_target(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "create table a (id int);");
    change_environment(world, standby_url(), "");
    CLEANUP(db_closep) struct db *replica = session(standby_url(), true);
    wait_until(replica, "select to_regclass('_prisma_migrations') is null");
    (void)make_plan(world);
    expect_refusal(world, "this server is a standby, which cannot be written");
    assert_contains(world->plan->refusal.hint,
                    "Point \"url\" of environment \"x\" at its primary.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLANNED_WORLD(the_statistics_of_what_was_changed_are_refreshed),
        IN_A_PLANNED_WORLD(a_table_that_somebody_holds_is_waited_for),
        IN_A_PLANNED_WORLD(what_fails_after_the_deploy_says_that_it_is_done),
        IN_A_PLANNED_WORLD(who_listens_hears_of_it),
        IN_A_PLANNED_WORLD(one_that_is_no_standby_is_not_waited_for),
        IN_A_PLANNED_WORLD(one_that_is_out_of_reach_does_not_undo_the_deploy),
        IN_A_PLANNED_WORLD(the_replica_is_waited_for),
        IN_A_PLANNED_WORLD(one_that_is_late_is_told_with_both_positions),
        IN_A_PLANNED_WORLD(a_wish_to_stop_ends_the_wait_for_the_replica),
        IN_A_PLANNED_WORLD(a_standby_itself_is_no_target),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, stop_standby);
}
