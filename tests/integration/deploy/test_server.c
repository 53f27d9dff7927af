/* What server and role say against a deploy, before anything is done. */
#include "world.h"

/* The role "app" deploys, which may do nothing yet. */
static void deploy_as_app(struct world *world, const char *schema)
{
    CLEANUP(mem_freep)
    char *url =
        mem_printf("postgresql://app@/postgres?host=%s/pg&schema=%s", scratch_dir(), schema);
    run(world->db, "create role owner");
    run(world->db, "create role app login");
    change_environment(world, url, "");
}

static void expect_hint(const struct world *world, const char *grant)
{
    assert_contains(world->plan->refusal.hint, grant);
}

static void a_schema_that_cannot_be_made_is_told_before(void **state)
{
    struct world *world = *state;
    deploy_as_app(world, "shop");
    write_migration(world, A, "create table a (id int);");
    (void)make_plan(world);
    expect_refusal(world, "role \"app\" may not create schema shop");
    expect_hint(world, "grant create on database postgres to app");
    run(world->db, "create schema shop");
    run(world->db, "grant usage on schema shop to app");
    (void)make_plan(world);
    expect_refusal(world, "role \"app\" may not create anything in schema shop");
    expect_hint(world, "grant create on schema shop to app");
    run(world->db, "grant create on schema shop to app");
    assert_int_equal(deploy(world), 1);
    run(world->db, "revoke create on schema shop from app");
    write_migration(world, B, "select 1;");
    assert_int_equal(deploy(world), 1);
    write_migration(world, C, "create table shop.c (id int);");
    (void)make_plan(world);
    expect_refusal(world, "role \"app\" may not create anything in schema shop");
    run(world->db, "alter table shop._prisma_migrations owner to owner");
    run(world->db, "grant select, insert on shop._prisma_migrations to app");
    run(world->db, "grant create on schema shop to app");
    (void)make_plan(world);
    expect_refusal(world, "role \"app\" may not write the history, _prisma_migrations");
    expect_hint(world, "grant select, insert, update on _prisma_migrations to app");
}

static void what_belongs_to_somebody_else_is_told_before(void **state)
{
    struct world *world = *state;
    deploy_as_app(world, "public");
    run(world->db, "grant create, usage on schema public to app");
    run(world->db, "create schema theirs");
    run(world->db, "create table theirs.one (id int)");
    run(world->db, "create schema ours");
    run(world->db, "grant usage on schema ours to app");
    run(world->db, "create table ours.two (id int)");
    run(world->db, "alter table ours.two owner to owner");
    write_migration(world, A, "alter table ours.two add column b int;");
    (void)make_plan(world);
    expect_refusal(world, "role \"app\" does not own ours.two, which a migration changes");
    assert_contains(world->plan->refusal.detail, "ours.two belongs to \"owner\"");
    expect_hint(world, "grant owner to app");
    write_migration(world, A, "alter table theirs.one add column b int;");
    (void)make_plan(world);
    expect_refusal(world, "role \"app\" may not use schema theirs");
    expect_hint(world, "grant usage on schema theirs to app");
    /* whose rights those of the other role are, is not known here */
    write_migration(world, A, "set role owner; alter table ours.two add column b int;");
    (void)make_plan(world);
    expect_no_refusal(world);
    write_migration(world, A, "alter table ours.two add column b int;");
    run(world->db, "grant owner to app");
    assert_int_equal(deploy(world), 1);
}

static void a_database_that_was_closed_is_not_written(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "create table a (id int);");
    run(world->db, "alter database postgres set default_transaction_read_only = on");
    (void)make_plan(world);
    run(world->db, "alter database postgres reset default_transaction_read_only");
    expect_refusal(world, "this database is read only");
    expect_hint(world, "alter database postgres reset default_transaction_read_only");
    run(world->db, "alter role tester set default_transaction_read_only = on");
    (void)make_plan(world);
    run(world->db, "alter role tester reset default_transaction_read_only");
    expect_refusal(world, "this database is read only");
    expect_hint(world, "alter role tester reset default_transaction_read_only");
    CLEANUP(mem_freep)
    char *url = mem_printf("%s options='-c default_transaction_read_only=on'", world->url);
    change_environment(world, url, "");
    (void)make_plan(world);
    expect_refusal(world, "this database is read only");
    expect_hint(world, "take it out of \"options\"");
}

static void through_a_pooler_nothing_is_deployed(void **state)
{
    struct world *world = *state;
    CLEANUP(mem_freep)
    char *url =
        mem_printf("postgresql://tester@/postgres?host=%s/pg&pgbouncer=true", scratch_dir());
    change_environment(world, url, "");
    write_migration(world, A, "create table a (id int);");
    (void)make_plan(world);
    expect_refusal(world, "a connection pooler stands before this server");
    expect_hint(world, "Give environment \"x\" a \"direct_url\"");
    CLEANUP(mem_freep) char *direct = mem_printf(",\"direct_url\":\"%s\"", world->url);
    change_environment(world, url, direct);
    assert_int_equal(deploy(world), 1);
}

/* A hole makes the table larger than any disk. */
static void a_rewrite_that_the_disk_has_no_room_for_is_told_before(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    assert_ok(history_use_schema(world->db, NULL, SOON, &err));
    assert_ok(history_create(world->db, SOON, &err));
    run(world->db, "create table big (id int) with (autovacuum_enabled = off)");
    run(world->db, "create table small (id int)");
    CLEANUP(mem_freep) char *file = value(world->db, "select pg_relation_filepath('big')");
    write_migration(
        world, A, "alter table small alter id type bigint; alter table big alter id type bigint;");
    scratch_sh("%s/pg as truncate -s 8T pg/data/%s", TEST_SUPPORT, file);
    (void)make_plan(world);
    scratch_sh("%s/pg as truncate -s 0 pg/data/%s", TEST_SUPPORT, file);
    expect_refusal(world, "the server's disk has no room for a rewrite");
    assert_contains(world->plan->refusal.detail, "big is written anew and needs up to 8.8 TB");
    assert_contains(world->plan->refusal.detail, "/pg/data.");
    expect_hint(world, "a new column, filled in pieces");
    assert_int_equal(deploy(world), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLANNED_WORLD(a_schema_that_cannot_be_made_is_told_before),
        IN_A_PLANNED_WORLD(what_belongs_to_somebody_else_is_told_before),
        IN_A_PLANNED_WORLD(a_database_that_was_closed_is_not_written),
        IN_A_PLANNED_WORLD(through_a_pooler_nothing_is_deployed),
        IN_A_PLANNED_WORLD(a_rewrite_that_the_disk_has_no_room_for_is_told_before),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
