/* What is decided by hand, where the world changes between looking and doing. */
#include "../deploy/world.h"

#include "headgate/settle.h"

static const struct deploy_conduct conduct = {.patience = 0, .actor = "tester"};

static struct world *two_migrations(void **state)
{
    struct world *world = *state;
    write_migration(world, "20260101000000_a", "create table a (id int);");
    write_migration(world, "20260102000000_b", "create table b (id int);");
    return world;
}

static void write_down(const struct world *world, const char *name, const char *sql)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s/m/%s/down.sql", world->folder, name);
    assert_ok(file_write(path, sql, strlen(sql), 0644, &err));
}

static void a_history_that_has_changed_is_looked_at_again(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(resolution_clear) struct resolution resolution = {0};
    struct world *world = two_migrations(state);
    (void)deploy(world);
    write_migration(world, "20260103000000_c", "create table c (id int);");
    const struct resolve_request request = {RESOLVE_APPLIED, "20260103000000_c", 0};
    assert_ok(resolution_make(make_plan(world), &request, &resolution, &err));
    run(world->db, "update public._prisma_migrations set logs = 'x'");
    assert_fails(resolution_execute(&resolution, &conduct, &err), ERROR_STALE);
    assert_contains(err.message, "the history has changed since it was looked at");
}

static void a_resolution_that_changes_nothing_does_not_even_connect(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(resolution_clear) struct resolution resolution = {0};
    struct world *world = two_migrations(state);
    (void)deploy(world);
    run(world->db, "update public._prisma_migrations set rolled_back_at = now()");
    const struct resolve_request request = {RESOLVE_ROLLED_BACK, "20260102000000_b", 0};
    assert_ok(resolution_make(make_plan(world), &request, &resolution, &err));
    assert_true(resolution.nothing);
    assert_ok(resolution_execute(&resolution, &conduct, &err));
}

static void a_half_done_migration_whose_text_is_gone_tells_its_steps_by_number(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(resolution_clear) struct resolution resolution = {0};
    struct world *world = two_migrations(state);
    (void)deploy(world);
    run(world->db,
        "insert into public._prisma_migrations (id, checksum, migration_name, "
        "applied_steps_count, logs) values ('x', 'x', 'gone', 2, 'headgate: step 3 (line "
        "7) has begun')");
    const struct resolve_request request = {RESOLVE_ROLLED_BACK, "gone", 0};
    assert_ok(resolution_make(make_plan(world), &request, &resolution, &err));
    assert_int_equal(resolution.staying.n, 2);
    assert_string_equal(resolution.staying.items[0], "its first 2 steps, as its text was then");
    assert_string_equal(resolution.staying.items[1], "step 3, perhaps: it had begun");
    assert_ok(resolution_execute(&resolution, &conduct, &err));
}

static void a_baseline_is_recorded_as_a_whole(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(baseline_clear) struct baseline baseline = {0};
    struct world *world = two_migrations(state);
    run(world->db, "create table public.a (id int)");
    run(world->db, "create table public.b (id int)");
    assert_ok(baseline_make(make_plan(world), NULL, NULL, SOON, &baseline, &err));
    assert_int_equal(baseline.n, 2);
    assert_int_equal(baseline.n_promised, 4);
    assert_ok(baseline_execute(&baseline, &conduct, &err));
    struct deploy_plan *plan = make_plan(world);
    assert_int_equal(plan->count[MIGRATION_APPLIED], 2);
    assert_string_equal(plan->history->rows[0].name, "20260101000000_a");
    assert_string_equal(plan->history->marked, "x");
}

static void a_baseline_tells_an_invalid_index_from_a_missing_one(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(baseline_clear) struct baseline baseline = {0};
    struct world *world = two_migrations(state);
    write_migration(world, "20260103000000_c", "create unique index concurrently i on a (id);");
    run(world->db, "create table public.a as select 1 as id from generate_series(1, 2)");
    run(world->db, "create table public.b (id int)");
    run(world->db,
        "do $$ begin\n"
        "  create index i on public.a (id);\n"
        "  update pg_index set indisvalid = false where indexrelid = 'public.i'::regclass;\n"
        "end $$");
    assert_fails(baseline_make(make_plan(world), NULL, NULL, SOON, &baseline, &err), ERROR_DRIFT);
    assert_contains(err.detail, "Not there: index i (invalid).");
}

static void many_missing_objects_are_counted(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(baseline_clear) struct baseline baseline = {0};
    CLEANUP(strbuf_clear) struct strbuf sql = STRBUF_INIT;
    struct world *world = two_migrations(state);
    run(world->db, "create table public.a (id int)");
    for (int i = 0; i < 30; i++) {
        strbuf_printf(&sql, "create view v%d as select 1;\n", i);
    }
    write_migration(world, "20260103000000_c", sql.text);
    assert_fails(baseline_make(make_plan(world), NULL, NULL, SOON, &baseline, &err), ERROR_DRIFT);
    assert_contains(err.message, "31 of the 34 objects");
    assert_contains(err.detail, "view v18 and 11 more.");
}

static void a_release_without_migrations_is_no_baseline(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(baseline_clear) struct baseline baseline = {0};
    struct world *world = *state;
    run(world->db, "create table public.a (id int)");
    assert_fails(baseline_make(make_plan(world), NULL, NULL, SOON, &baseline, &err), ERROR_REFUSED);
    assert_contains(err.message, "no migrations to record");
}

static void down_takes_back_what_was_applied_last(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct descent descent;
    struct world *world = two_migrations(state);
    write_down(world, "20260101000000_a", "drop table a");
    (void)deploy(world);
    run(world->db, "update public._prisma_migrations set started_at = started_at + interval '1 h' "
                   "where migration_name = '20260101000000_a'");
    assert_ok(descent_make(make_plan(world), &descent, &err));
    assert_string_equal(descent.migration->name, "20260101000000_a");
    run(world->db, "create view public.v as select * from a");
    assert_fails(descent_execute(&descent, &conduct, &err), ERROR_DATABASE);
    error_clear(&err);
    run(world->db, "drop view public.v");
    assert_ok(descent_execute(&descent, &conduct, &err));
    assert_int_equal(make_plan(world)->count[MIGRATION_OUT_OF_ORDER], 1);
    assert_fails(descent_make(world->plan, &descent, &err), ERROR_REFUSED);
    assert_contains(err.message, "\"20260102000000_b\" has no down.sql");
}

static void one_that_we_have_begun_is_finished_first(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct descent descent;
    struct world *world = two_migrations(state);
    (void)deploy(world);
    run(world->db, "update public._prisma_migrations set finished_at = null, logs = 'headgate: no "
                   "step is done yet' where migration_name = '20260102000000_b'");
    assert_fails(descent_make(make_plan(world), &descent, &err), ERROR_REFUSED);
    assert_string_equal(err.hint, "Finish it first: headgate deploy x");
}

static void another_server_is_not_touched(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(marking_clear) struct marking marking = {0};
    struct world *world = *state;
    assert_ok(marking_make(&world->set->items[0], NULL, SOON, &marking, &err));
    assert_null(marking.before);
    mem_free(marking.system_identifier);
    marking.system_identifier = mem_copy("1");
    assert_fails(marking_execute(&marking, &conduct, &err), ERROR_STALE);
    assert_contains(err.detail, "before it was 1.");
    error_clear(&err);
    mem_free(marking.system_identifier);
    marking.system_identifier = NULL;
    assert_fails(marking_execute(&marking, &conduct, &err), ERROR_STALE);
    assert_contains(err.detail, "before it was unknown.");
}

static void a_reset_of_a_schema_of_its_own_leaves_the_others_alone(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(reset_clear) struct reset reset = {.schemas = STRLIST_INIT};
    struct world *world = two_migrations(state);
    CLEANUP(mem_freep)
    char *url = mem_printf("postgresql://tester@/postgres?host=%s&schema=Mine",
                           scratch_out("dirname $(find %s -name postmaster.pid | head -1 | xargs "
                                       "dirname)",
                                       scratch_dir()));
    write_migration(world, "20260103000000_c",
                    "create schema if not exists public; create schema \"O'1\";");
    run(world->db, "create table public.stays (id int)");
    world_environment(world, url, "");
    (void)deploy(world);
    assert_ok(reset_make(make_plan(world), SOON, &reset, &err));
    CLEANUP(mem_freep) char *schemas = strlist_sentence(&reset.schemas);
    assert_string_equal(schemas, "\"Mine\", \"O'1\" and \"headgate\"");
    assert_ok(reset_execute(&reset, &conduct, &err));
    assert_int_equal(make_plan(world)->count[MIGRATION_PENDING], 3);
    run(world->db, "drop table public.stays");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLANNED_WORLD(a_history_that_has_changed_is_looked_at_again),
        IN_A_PLANNED_WORLD(a_resolution_that_changes_nothing_does_not_even_connect),
        IN_A_PLANNED_WORLD(a_half_done_migration_whose_text_is_gone_tells_its_steps_by_number),
        IN_A_PLANNED_WORLD(a_baseline_is_recorded_as_a_whole),
        IN_A_PLANNED_WORLD(a_baseline_tells_an_invalid_index_from_a_missing_one),
        IN_A_PLANNED_WORLD(many_missing_objects_are_counted),
        IN_A_PLANNED_WORLD(a_release_without_migrations_is_no_baseline),
        IN_A_PLANNED_WORLD(down_takes_back_what_was_applied_last),
        IN_A_PLANNED_WORLD(one_that_we_have_begun_is_finished_first),
        IN_A_PLANNED_WORLD(another_server_is_not_touched),
        IN_A_PLANNED_WORLD(a_reset_of_a_schema_of_its_own_leaves_the_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
