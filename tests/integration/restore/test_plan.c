/* Plans against a real server, of backups that are invented: of each only its manifest is looked
 * at. */
#include <stdio.h>

#include "restoring.h"

static struct manifest manifest;
static struct vault_item item;
static struct restore_request request;
static struct manifest_table tables[2];

static int plan_open(void **state)
{
    (void)world_open(state);
    struct world *world = *state;
    manifest = (struct manifest){.name = "x-20261128T203000Z-4f2a",
                                 .environment = "x",
                                 .created = wall_now_usec(),
                                 .address = "db1:5432/shop",
                                 .database = "shop",
                                 .encoding = "UTF8",
                                 .collate = "C",
                                 .ctype = "C",
                                 .locale_provider = "c",
                                 .owner = "tester",
                                 .server_version = "12.1",
                                 .server_version_number = 120001,
                                 .statistics_reset = "never",
                                 .tables = tables,
                                 .dump_size = 1000};
    item = (struct vault_item){
        .name = (char *)(uintptr_t)manifest.name, .manifest = &manifest, .path = NULL};
    request = (struct restore_request){.environment = world->environment, .item = &item};
    return 0;
}

/* The caller's. */
static struct restore_plan *plan(void)
{
    struct error err = ERROR_INIT;
    struct restore_plan *made = NULL;
    assert_ok(restore_plan_make(&request, SOON, &made, &err));
    return made;
}

static void expect_refusal(const char *message, const char *detail, const char *hint)
{
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    assert_int_equal(made->refusal.code, ERROR_REFUSED);
    assert_string_equal(made->refusal.message, message);
    assert_contains(made->refusal.detail, detail);
    assert_contains(made->refusal.hint, hint);
}

static void expect_no_refusal(const struct restore_plan *made)
{
    if (error_is_set(&made->refusal)) {
        fail_msg("refused: %s", made->refusal.message);
    }
}

static void use_role(struct world *world, const char *members)
{
    world_environment(world, "keeper", members);
    request.environment = world->environment;
}

/* --- facts --- */

static void a_plan_says_what_is_there_and_what_it_will_be_called(void **state)
{
    struct world *world = *state;
    make_database(world, KEPT);
    CLEANUP(db_closep) __attribute__((unused)) struct db *one = session_in("shop");
    CLEANUP(db_closep) __attribute__((unused)) struct db *two = session_in("shop");
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    expect_no_refusal(made);
    assert_string_equal(made->database, "shop");
    assert_true(made->exists);
    assert_true(made_is(made->beside, "shop", MADE_RESTORING));
    assert_true(made_is(made->kept, "shop", MADE_BEFORE));
    assert_int_equal(made->n_sessions, 2);
    assert_int_equal(made->earlier.n, 1);
    assert_string_equal(made->earlier.items[0], KEPT);
    must_be(world->db, "select count(*)::text from pg_database where datname ~ '^shop'", "2");
}

static void a_database_that_is_not_there_is_an_answer(void **state)
{
    struct world *world = *state;
    run(world->db, "drop database shop");
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    expect_no_refusal(made);
    assert_false(made->exists);
    assert_null(made->kept);
    assert_int_equal(made->n_losses, 0);
    assert_null(made->losses_unknown);
}

static void of_single_tables_nothing_is_swapped(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist wanted = STRLIST_INIT;
    tables[0] = (struct manifest_table){.schema = "public", .name = "orders"};
    manifest.n_tables = 1;
    strlist_add(&wanted, "orders");
    request.tables = &wanted;
    CLEANUP(db_closep) __attribute__((unused)) struct db *one = session_in("shop");
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    expect_no_refusal(made);
    assert_true(made_is(made->beside, "shop", MADE_RESTORED));
    assert_null(made->kept);
    assert_int_equal(made->n_sessions, 0);
    assert_null(made->losses_unknown);
}

/* --- refusals --- */

static void an_older_server_is_refused(void **state)
{
    (void)state;
    manifest.server_version_number = 990001;
    manifest.server_version = "99.1";
    expect_refusal("the server is older than the one that the backup is of",
                   "the backup is of 99.1.", "PostgreSQL 99 or newer");
}

static void missing_rights_are_named_each_with_its_grant(void **state)
{
    struct world *world = *state;
    run(world->db, "create role keeper login");
    run(world->db, "create role app login");
    CLEANUP(mem_freep) char *url = url_of("shop", "app");
    CLEANUP(db_closep) __attribute__((unused)) struct db *app = session(url, false);
    use_role(world, "");
    expect_refusal("role \"keeper\" may not create databases", "beside the old one",
                   "alter role keeper createdb; grant tester to keeper; grant pg_signal_backend to "
                   "keeper");
    run(world->db, "alter role keeper createdb");
    expect_refusal("role \"keeper\" may not rename database \"shop\"", "It belongs to \"tester\".",
                   "grant tester to keeper; grant pg_signal_backend to keeper");
    run(world->db, "alter database shop owner to keeper");
    expect_refusal("role \"keeper\" may not end the sessions of others in database \"shop\"",
                   "sessions of role \"app\"", "grant pg_signal_backend to keeper");
    run(world->db, "grant pg_signal_backend to keeper");
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    expect_no_refusal(made);
    assert_int_equal(made->n_sessions, 1);
}

static void a_superusers_session_only_a_superuser_ends(void **state)
{
    struct world *world = *state;
    run(world->db, "create role keeper login createdb in role pg_signal_backend");
    run(world->db, "alter database shop owner to keeper");
    CLEANUP(db_closep) __attribute__((unused)) struct db *superuser = session_in("shop");
    use_role(world, "");
    expect_refusal("role \"keeper\" may not end the sessions of others in database \"shop\"",
                   "sessions of role \"tester\"",
                   "end the sessions of superuser \"tester\" by hand");
}

static void what_is_said_by_expect_counts_here_too(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct restore_plan *made = NULL;
    world_environment(world, "tester", ",\"expect\":{\"system_identifier\":\"4711\"}");
    request.environment = world->environment;
    assert_fails(restore_plan_make(&request, SOON, &made, &err), ERROR_STALE);
    assert_contains(err.message, "this is another server than the one that is expected");
}

static void missing_roles_and_extensions_are_refused(void **state)
{
    (void)state;
    static const struct manifest_extension extensions[] = {{"plpgsql", "1.0"}, {"postgis", "3.3"}};
    CLEANUP(strlist_clear) struct strlist roles = STRLIST_INIT;
    strlist_add(&roles, "tester");
    strlist_add(&roles, "gone");
    manifest.roles = roles;
    expect_refusal("the server does not have role \"gone\"", "belongs to it, or is granted to it",
                   "create role \"gone\"; ");
    request.without_owners = true;
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    expect_no_refusal(made);
    assert_int_equal(made->missing_roles.n, 1);
    manifest.extensions = (struct manifest_extension *)(uintptr_t)extensions;
    manifest.n_extensions = 2;
    expect_refusal("the server does not have extension \"postgis\"", "cannot be restored without",
                   "-postgis-3)");
}

static void a_disk_without_room_is_refused(void **state)
{
    (void)state;
    manifest.dump_size = (uint64_t)1 << 60;
    expect_refusal("the server's disk has no room for a second database beside the old one",
                   "The backup's data needs at least", "Make room");
}

static void an_archive_that_cannot_be_read_is_no_plan(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct restore_plan *made = NULL;
    item.manifest = NULL;
    item.path = (char *)(uintptr_t) "/vault/x.tar.zst";
    item.environment = (char *)(uintptr_t) "x";
    (void)error_set(&item.error, ERROR_BACKUP, "it ends in the middle");
    assert_fails(restore_plan_make(&request, SOON, &made, &err), ERROR_BACKUP);
    assert_string_equal(err.detail, "/vault/x.tar.zst: it ends in the middle.");
    error_clear(&item.error);
}

/* --- what would be lost --- */

/* The server tells its counters of a session when that ends, or a little later. */
static void wait_for_counters(const char *sql, const char *wanted)
{
    msec deadline = SOON;
    CLEANUP(mem_freep) char *got = NULL;
    while (!text_equal(got, wanted)) {
        CLEANUP(db_closep) struct db *shop = session_in("shop");
        assert_false(deadline_passed(deadline));
        mem_free(got);
        got = value(shop, sql);
        deadline_sleep(deadline_in(20));
    }
}

#define COUNTERS                                                                                   \
    "select string_agg(concat_ws(' ', relname, n_tup_ins, n_tup_upd, n_tup_del), ', '"             \
    " order by relname) from pg_stat_user_tables"

/* As they are: 3 orders were inserted, one was updated; nothing else. */
static void a_world_of_counters(struct world *world)
{
    static char oid[16];
    CLEANUP(mem_freep)
    char *found = value(world->db, "select oid from pg_database where datname = 'shop'");
    (void)snprintf(oid, sizeof oid, "%s", found);
    manifest.database_oid = oid;
    manifest.system_identifier = db_identity(world->db)->system_identifier;
    {
        CLEANUP(db_closep) struct db *shop = session_in("shop");
        run(shop, "drop table which");
        run(shop, "create table orders (id int)");
        run(shop, "create table quiet (id int)");
        run(shop, "insert into orders select generate_series(1, 3)");
        run(shop, "update orders set id = 0 where id = 1");
    }
    wait_for_counters(COUNTERS, "orders 3 1 0, quiet 0 0 0");
    tables[0] = (struct manifest_table){
        .schema = "public", .name = "quiet", .inserted = 0, .updated = 0, .deleted = 0};
    tables[1] = (struct manifest_table){
        .schema = "public", .name = "orders", .inserted = 3, .updated = 1, .deleted = 0};
    manifest.n_tables = 2;
}

static void nothing_has_happened_since(void **state)
{
    a_world_of_counters(*state);
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    assert_null(made->losses_unknown);
    assert_int_equal(made->n_losses, 0);
}

static void what_has_happened_since_is_counted(void **state)
{
    a_world_of_counters(*state);
    {
        CLEANUP(db_closep) struct db *shop = session_in("shop");
        run(shop, "insert into orders select generate_series(1, 10)");
        run(shop, "delete from orders where id = 5");
        run(shop, "create table fresh as select generate_series(1, 200) as id");
    }
    wait_for_counters(COUNTERS, "fresh 200 0 0, orders 13 1 1, quiet 0 0 0");
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    assert_null(made->losses_unknown);
    assert_int_equal(made->n_losses, 2);
    assert_string_equal(made->losses[0].name, "fresh");
    assert_int_equal(made->losses[0].inserted, 200);
    assert_string_equal(made->losses[1].schema, "public");
    assert_string_equal(made->losses[1].name, "orders");
    assert_int_equal(made->losses[1].inserted, 10);
    assert_int_equal(made->losses[1].updated, 0);
    assert_int_equal(made->losses[1].deleted, 1);
}

static void expect_unknown(const char *why)
{
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    expect_no_refusal(made);
    assert_non_null(made->losses_unknown);
    assert_contains(made->losses_unknown, why);
    assert_int_equal(made->n_losses, 0);
}

static void other_counters_say_nothing(void **state)
{
    struct world *world = *state;
    a_world_of_counters(world);
    manifest.statistics_reset = "2026-01-01T00:00:00.000000Z";
    expect_unknown("the server's counters were reset since the backup");
    manifest.statistics_reset = NULL;
    expect_unknown("it is not known since when the server counts");
    manifest.statistics_reset = "never";
    tables[1].inserted = 4;
    expect_unknown("counters of table public.orders were set back since the backup");
    tables[1].inserted = 3;
    manifest.system_identifier = "4711";
    expect_unknown("it is a backup of another database, db1:5432/shop");
    manifest.system_identifier = db_identity(world->db)->system_identifier;
    manifest.database = "else";
    expect_unknown("it is a backup of another database, db1:5432/shop");
    manifest.database = "shop";
    make_database(world, "shop_before_29991231235959");
    expect_unknown("the database was restored since the backup");
    run(world->db, "drop database shop_before_29991231235959");
    manifest.database_oid = "1"; /* and that restore was finished */
    expect_unknown("the database was made anew since the backup");
}

static void a_counter_that_was_not_known_is_not_known(void **state)
{
    a_world_of_counters(*state);
    tables[1].updated = -1;
    CLEANUP(restore_plan_freep) struct restore_plan *made = plan();
    assert_null(made->losses_unknown);
    assert_int_equal(made->n_losses, 1);
    assert_int_equal(made->losses[0].inserted, 0);
    assert_int_equal(made->losses[0].updated, -1);
}

#define PLANNED(test) cmocka_unit_test_setup_teardown(test, plan_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLANNED(a_plan_says_what_is_there_and_what_it_will_be_called),
        PLANNED(a_database_that_is_not_there_is_an_answer),
        PLANNED(of_single_tables_nothing_is_swapped),
        PLANNED(an_older_server_is_refused),
        PLANNED(missing_rights_are_named_each_with_its_grant),
        PLANNED(a_superusers_session_only_a_superuser_ends),
        PLANNED(what_is_said_by_expect_counts_here_too),
        PLANNED(missing_roles_and_extensions_are_refused),
        PLANNED(a_disk_without_room_is_refused),
        PLANNED(an_archive_that_cannot_be_read_is_no_plan),
        PLANNED(nothing_has_happened_since),
        PLANNED(what_has_happened_since_is_counted),
        PLANNED(other_counters_say_nothing),
        PLANNED(a_counter_that_was_not_known_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
