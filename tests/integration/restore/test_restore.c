/* A restore from beginning to end: of a real backup, into a database that went on living. */
#include "restoring.h"

#include <signal.h>

#include "headgate/process.h"

struct backed {
    struct world *world;
    struct vault *vault;
    struct vault_item item;
    struct restore_request request;
};

static void fill_more(void)
{
    CLEANUP(db_closep) struct db *shop = session_in("shop");
    run(shop, "create table orders (id bigserial primary key, total numeric)");
    run(shop, "insert into orders (total) select i / 7.0 from generate_series(1, 2000) i");
    run(shop, "create table customer (name text unique)");
    run(shop, "alter table orders add by text constraint \"by whom\" references customer (name)");
    run(shop, "comment on constraint \"by whom\" on orders is 'goes with it'");
    run(shop, "insert into customer values ('Anna'), ('Bert')");
    run(shop, "grant select on orders to reader");
}

/* A backup is made, and then the database goes on living. */
static int backed_open(void **state)
{
    struct error err = ERROR_INIT;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    struct backed *backed = mem_new(1, sizeof *backed);
    (void)world_open(state);
    struct world *world = *state;
    backed->world = world;
    run(world->db, "create role reader");
    run(world->db, "alter database shop set statement_timeout to '59s'");
    run(world->db, "grant connect on database shop to reader");
    fill_more();
    assert_ok(vault_open(world->set, &backed->vault, &err));
    const struct backup_request request = {
        .environment = world->environment, .vault = backed->vault, .actor = "tester"};
    assert_ok(backup_create(&request, &made, &err));
    assert_ok(vault_find(backed->vault, "x", "latest", &backed->item, &err));
    {
        CLEANUP(db_closep) struct db *shop = session_in("shop");
        run(shop, "insert into orders (total) select i from generate_series(1, 30) i");
        run(shop, "drop table customer cascade");
        run(shop, "update which set one = 'since'");
    }
    wait_until_left(world->db);
    backed->request = (struct restore_request){.environment = world->environment,
                                               .vault = backed->vault,
                                               .item = &backed->item,
                                               .actor = "tester"};
    *state = backed;
    return 0;
}

static int backed_close(void **state)
{
    struct backed *backed = *state;
    void *world = backed->world;
    vault_item_clear(&backed->item);
    vault_freep(&backed->vault);
    mem_free(backed);
    return world_close(&world);
}

/* The caller's. */
static struct restore_plan *plan(struct backed *backed)
{
    struct error err = ERROR_INIT;
    struct restore_plan *made = NULL;
    assert_ok(restore_plan_make(&backed->request, SOON, &made, &err));
    if (error_is_set(&made->refusal)) {
        fail_msg("refused: %s", made->refusal.message);
    }
    return made;
}

static void expect_restored(const char *database)
{
    CLEANUP(db_closep) struct db *db = session_in(database);
    must_be(db, "select count(*) || ' ' || sum(total)::numeric(12,2) from orders",
            "2000 285857.14");
    must_be(db, "select nextval('orders_id_seq')::text", "2001");
    must_be(db, "select string_agg(name, ' ' order by 1) from customer", "Anna Bert");
    must_be(db, "select has_table_privilege('reader', 'orders', 'select')::text", "true");
}

static void expect_databases(struct backed *backed, const char *n)
{
    must_be(backed->world->db, "select count(*)::text from pg_database where datname ~ '^shop'", n);
}

static void the_whole_is_swapped_in(void **state)
{
    struct backed *backed = *state;
    struct error err = ERROR_INIT;
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
    CLEANUP(db_closep) __attribute__((unused)) struct db *there = session_in("shop");
    assert_ok(restore_execute(made, &result, &err));
    assert_true(result.swapped);
    assert_string_equal(result.database, "shop");
    assert_string_equal(result.kept, made->kept);
    assert_int_equal(result.n_ended, 1);
    assert_int_equal(result.n_tables, 3);
    assert_int_equal(result.rows, 2003);
    expect_shop("old");
    expect_restored("shop");
    CLEANUP(db_closep) struct db *shop = session_in("shop");
    must_be(shop, "select current_setting('statement_timeout')", "59s");
    must_be(shop,
            "select (datacl::text ~ 'reader=c')::text from pg_database where datname = "
            "current_database()",
            "true");
    CLEANUP(db_closep) struct db *kept = session_in(result.kept);
    must_be(kept, "select one from which", "since");
    must_be(kept, "select count(*)::text from orders", "2030");
    expect_databases(backed, "2");
}

static void single_tables_stand_beside(void **state)
{
    struct backed *backed = *state;
    struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist tables = STRLIST_INIT;
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    strlist_add(&tables, "public.customer");
    backed->request.tables = &tables;
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
    CLEANUP(db_closep) struct db *there = session_in("shop");
    assert_ok(restore_execute(made, &result, &err));
    assert_false(result.swapped);
    assert_null(result.kept);
    assert_string_equal(result.database, made->beside);
    assert_int_equal(result.n_tables, 1);
    assert_int_equal(result.rows, 2);
    must_be(there, "select one from which", "since");
    CLEANUP(db_closep) struct db *beside = session_in(result.database);
    must_be(beside, "select count(*)::text from orders", "0"); /* its definition is there */
    must_be(beside, "select string_agg(name, ' ' order by 1) from customer", "Anna Bert");
    must_be(beside, "select count(*)::text from pg_constraint where contype = 'f'", "0");
    expect_databases(backed, "2");
}

static void expect_refused(struct backed *backed, const char *message, const char *hint)
{
    struct error err = ERROR_INIT;
    CLEANUP(restore_plan_freep) struct restore_plan *made = NULL;
    assert_ok(restore_plan_make(&backed->request, SOON, &made, &err));
    assert_int_equal(made->refusal.code, ERROR_REFUSED);
    assert_contains(made->refusal.message, message);
    assert_contains(made->refusal.hint, hint);
}

static void what_the_backup_does_not_have_is_refused(void **state)
{
    struct backed *backed = *state;
    CLEANUP(strlist_clear) struct strlist tables = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist schemas = STRLIST_INIT;
    strlist_add(&tables, "orders");
    strlist_add(&tables, "public.custmer");
    backed->request.tables = &tables;
    expect_refused(backed, "has no rows of a table \"public.custmer\"",
                   "Did you mean \"public.customer\"?");
    backed->request.tables = NULL;
    strlist_add(&schemas, "nothing_like_it");
    backed->request.schemas = &schemas;
    expect_refused(backed, "has no schema \"nothing_like_it\" with tables",
                   "It has tables in \"public\"");
    expect_databases(backed, "1");
}

static void a_database_that_is_gone_comes_back(void **state)
{
    struct backed *backed = *state;
    struct error err = ERROR_INIT;
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    run(backed->world->db, "drop database shop");
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
    assert_ok(restore_execute(made, &result, &err));
    assert_false(result.swapped);
    assert_string_equal(result.database, "shop");
    assert_null(result.kept);
    expect_restored("shop");
    expect_databases(backed, "1");
}

static void a_plan_of_yesterday_is_stale(void **state)
{
    struct backed *backed = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct restore_result result = {0};
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
    run(backed->world->db, "drop database shop");
    assert_fails(restore_execute(made, &result, &err), ERROR_STALE);
    assert_string_equal(err.detail, "Database \"shop\" was there and now is not there.");
    expect_databases(backed, "0");
}

static void what_was_made_goes_after_a_failure(void **state)
{
    struct backed *backed = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct restore_result result = {0};
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
    run(backed->world->db, "revoke connect on database shop from reader");
    run(backed->world->db, "drop owned by reader");
    {
        CLEANUP(db_closep) struct db *shop = session_in("shop");
        run(shop, "drop owned by reader");
    }
    run(backed->world->db, "drop role reader"); /* which the dump grants something */
    assert_false(restore_execute(made, &result, &err));
    assert_true(error_is_set(&err));
    expect_shop("since");
    expect_databases(backed, "1");
}

static int execute_in_a_worker(void *context, int news)
{
    const struct restore_plan *made = context;
    struct error err = ERROR_INIT;
    struct restore_result result = {0};
    (void)!write(news, "b", 1);
    return restore_execute(made, &result, &err) ? 0 : 1;
}

static void a_death_at_any_moment_is_mended_by_the_next_restore(void **state)
{
    struct backed *backed = *state;
    struct error err = ERROR_INIT;
    static const msec moments[] = {60, 250, 700, 1400};
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        struct worker worker;
        int status = 0, number = 0;
        CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
        assert_ok(worker_start(execute_in_a_worker, made, &worker, &err));
        deadline_sleep(deadline_in(moments[i]));
        worker_kill(&worker);
        while (!worker_has_ended(&worker, &status, &number)) {
            deadline_sleep(deadline_in(2));
        }
        worker_clear(&worker);
        CLEANUP(db_closep) struct db *shop = session_in("shop");
        CLEANUP(mem_freep) char *which = value(shop, "select one from which");
        assert_true(text_equal(which, "since") || text_equal(which, "old"));
    }
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan(backed);
    bool done = false;
    msec deadline = SOON;
    while (!done) { /* until the server has seen that the last one is dead */
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        done = restore_execute(made, &result, &failure);
        if (!done && (failure.code != ERROR_LOCKED || deadline_passed(deadline))) {
            fail_msg("%s %s", failure.message, failure.detail != NULL ? failure.detail : "");
        }
    }
    expect_restored("shop");
    must_be(backed->world->db,
            "select count(*)::text from pg_database where datname ~ '^shop_restoring'", "0");
}

#define BACKED(test) cmocka_unit_test_setup_teardown(test, backed_open, backed_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKED(the_whole_is_swapped_in),
        BACKED(single_tables_stand_beside),
        BACKED(what_the_backup_does_not_have_is_refused),
        BACKED(a_database_that_is_gone_comes_back),
        BACKED(a_plan_of_yesterday_is_stale),
        BACKED(what_was_made_goes_after_a_failure),
        BACKED(a_death_at_any_moment_is_mended_by_the_next_restore),
    };
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
