/* A world with a release of three and a history to be filled by hand: for tests of plans. */
#pragma once

#include "world.h"

#define CREATE_HISTORY                                                                             \
    "create table _prisma_migrations (id varchar(36) primary key default md5(random()::text),"     \
    " checksum varchar(64) not null default 'x', finished_at timestamptz,"                         \
    " migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,"                \
    " started_at timestamptz not null default clock_timestamp(),"                                  \
    " applied_steps_count integer not null default 0)"

__attribute__((unused)) static int open_world(void **state)
{
    (void)world_open(state);
    struct world *world = *state;
    write_migration(world, A, "create table a (id int);\n");
    write_migration(world, B, "create table b (id int);\n");
    write_migration(world, C, "create table c (id int);\n");
    run(world->db, CREATE_HISTORY);
    (void)make_plan(world);
    return 0;
}

__attribute__((unused)) static void row(const struct world *world, const char *members,
                                        const char *values)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf("insert into _prisma_migrations (%s) values (%s)", members, values);
    run(world->db, sql);
}

__attribute__((unused)) static void applied(const struct world *world, const char *name,
                                            const char *checksum)
{
    CLEANUP(mem_freep)
    char *values = mem_printf("'%s', '%s', clock_timestamp()", name, checksum);
    row(world, "migration_name, checksum, finished_at", values);
}

__attribute__((unused)) static const char *checksum_of(const struct world *world, const char *name)
{
    return release_find(world->release, name)->checksum;
}

__attribute__((unused)) static void applied_as_it_is(const struct world *world, const char *name)
{
    applied(world, name, checksum_of(world, name));
}

/* The states in the order of the names, by their first letters: "aapo"; missing is "m". */
__attribute__((unused)) static void expect_states(struct world *world, const char *wanted)
{
    char got[16] = "";
    const struct deploy_plan *plan = make_plan(world);
    size_t n = 0;
    assert_true(plan->n < sizeof got);
    for (size_t i = 0; i < plan->n; i++) {
        got[i] = migration_state_name(plan->items[i].state)[0];
        assert_true(i == 0 || strcmp(plan->items[i - 1].name, plan->items[i].name) < 0);
    }
    assert_string_equal(got, wanted);
    for (size_t i = 0; i < MIGRATION_STATE_MAX; i++) {
        n += plan->count[i];
    }
    assert_int_equal(n, plan->n);
}

#define IN_A_NEW_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, plan_close)
