/* What a plan says about a database, and against deploying to it. */
#include "planning.h"

static void an_empty_database_has_everything_pending(void **state)
{
    struct world *world = *state;
    CLEANUP(mem_freep)
    char *identifier = value(world->db, "select system_identifier from pg_control_system()");
    run(world->db, "drop table _prisma_migrations");
    expect_states(world, "ppp");
    expect_no_refusal(world);
    assert_int_equal(deploy_plan_size(world->plan), 3);
    assert_false(world->plan->history->exists);
    assert_string_equal(world->plan->schema, "public");
    assert_contains(world->plan->target, "/pg:5432/postgres");
    assert_string_equal(world->plan->system_identifier, identifier);
    must_be(world->db, "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
            "0");
}

static void migrations_are_applied_or_pending(void **state)
{
    struct world *world = *state;
    applied_as_it_is(world, A);
    expect_states(world, "app");
    expect_no_refusal(world);
    assert_non_null(world->plan->items[0].row);
    assert_null(world->plan->items[1].row);
    assert_int_equal(deploy_plan_size(world->plan), 2);
    applied_as_it_is(world, B);
    applied_as_it_is(world, C);
    expect_states(world, "aaa");
    expect_no_refusal(world);
    assert_int_equal(deploy_plan_size(world->plan), 0);
}

static void a_begun_migration_has_failed(void **state)
{
    struct world *world = *state;
    row(world, "migration_name, started_at, logs",
        "'" A "', '2026-05-01 10:00:00+00', 'ERROR: no luck'");
    expect_states(world, "fpp");
    expect_refusal(world, "migration \"" A "\" has failed before");
    assert_contains(world->plan->refusal.detail, "begun at 2026-05-01T10:00:00Z, and neither");
    assert_contains(world->plan->refusal.detail, "ERROR: no luck");
    assert_contains(world->plan->refusal.hint, "headgate resolve x " A " --rolled-back");
}

static void one_that_we_have_begun_is_gone_on_with(void **state)
{
    struct world *world = *state;
    row(world, "migration_name, logs", "'" A "', 'headgate: no step is done yet'");
    expect_states(world, "upp");
    expect_no_refusal(world);
    assert_int_equal(deploy_plan_size(world->plan), 3);
    row(world, "migration_name, logs", "'20260101120000_gone', 'headgate: no step is done yet'");
    expect_states(world, "ufpp");
    expect_refusal(world, "migration \"20260101120000_gone\" has failed before");
}

static void one_that_is_out_of_order_is_allowed_with_a_reason(void **state)
{
    struct world *world = *state;
    const struct deploy_request request = {.out_of_order_reason = "a hotfix"};
    applied_as_it_is(world, B);
    (void)make_plan_for(world, &request);
    expect_no_refusal(world);
    assert_true(plan_item_is_to_do(world->plan, &world->plan->items[0]));
    assert_false(plan_item_is_to_do(world->plan, &world->plan->items[1]));
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    assert_ok(execute(world, &n_applied, &err));
    assert_int_equal(n_applied, 2);
    must_be(world->db, "select string_agg(reason, ', ') from headgate.migration",
            "a hotfix, a hotfix");
}

static void a_database_that_says_it_is_another_one_is_not_touched(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    assert_ok(history_mark(world->db, "production", "production", "somebody", SOON, &err));
    (void)make_plan(world);
    assert_int_equal(world->plan->refusal.code, ERROR_STALE);
    assert_string_equal(world->plan->refusal.message,
                        "this database says that it is \"production\", not \"x\"");
    assert_contains(world->plan->refusal.hint, "headgate mark x");
    assert_ok(history_mark(world->db, "x", "test", "somebody", SOON, &err));
    (void)make_plan(world);
    expect_no_refusal(world);
}

static void an_edit_is_shown_where_the_applied_text_is_known(void **state)
{
    struct world *world = *state;
    assert_int_equal(deploy(world), 3);
    write_migration(world, B, "create table b (id int);\r\ncreate table bb (id int);\n");
    expect_states(world, "aea");
    expect_refusal(world, "migration \"" B "\" was edited after it was applied");
    assert_int_equal(world->plan->refusal.problems.n, 1);
    const struct problem *problem = &world->plan->refusal.problems.items[0];
    assert_int_equal(problem->line, 2);
    assert_string_equal(problem->source_line, "create table bb (id int);");
    assert_string_equal(problem->notes.items[0], "what was applied ends before it");
    write_migration(world, B, "create table c (id int);\n");
    (void)make_plan(world);
    problem = &world->plan->refusal.problems.items[0];
    assert_int_equal(problem->line, 1);
    assert_string_equal(problem->notes.items[0], "applied was: create table b (id int);");
    run(world->db, "update headgate.migration set sql = null");
    (void)make_plan(world);
    expect_refusal(world, "was edited after it was applied");
    assert_int_equal(world->plan->refusal.problems.n, 0);
}

static void a_failed_migration_that_the_release_does_not_have_counts_too(void **state)
{
    struct world *world = *state;
    row(world, "migration_name", "'20260101120000_gone'");
    expect_states(world, "ofpp");
    expect_refusal(world, "migration \"20260101120000_gone\" has failed before");
    assert_null(world->plan->items[1].migration);
}

static void an_edited_migration_is_told_with_both_checksums(void **state)
{
    struct world *world = *state;
    applied(world, A, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    expect_states(world, "epp");
    expect_refusal(world, "migration \"" A "\" was edited after it was applied");
    CLEANUP(mem_freep)
    char *now = mem_printf("with checksum 01234567; %s/m/" A "/migration.sql now has %.8s.",
                           world->folder, checksum_of(world, A));
    assert_contains(world->plan->refusal.detail, now);
}

static void a_migration_that_the_release_does_not_have_is_missing(void **state)
{
    struct world *world = *state;
    applied_as_it_is(world, A);
    applied_as_it_is(world, B);
    applied_as_it_is(world, C);
    applied(world, "20250101000000_first", "x");
    applied(world, "20270101000000_last", "x");
    expect_states(world, "maaam");
    expect_refusal(world, "\"20250101000000_first\", which is not part of this release");
    assert_contains(world->plan->refusal.detail, "2 of its migrations are unknown here");
    assert_null(world->plan->items[4].migration);
}

static void one_before_an_applied_one_is_out_of_order(void **state)
{
    struct world *world = *state;
    applied_as_it_is(world, B);
    expect_states(world, "oap");
    expect_refusal(world, "migration \"" A "\" is pending, but a later one is applied already");
    assert_int_equal(deploy_plan_size(world->plan), 2);
}

static void the_weightiest_reason_is_told(void **state)
{
    struct world *world = *state;
    applied(world, B, "0123");
    applied(world, "20270101000000_last", "x");
    expect_states(world, "oeom");
    expect_refusal(world, "was edited");
    row(world, "migration_name", "'" C "'");
    expect_states(world, "oefm");
    expect_refusal(world, "has failed before");
    run(world->db, "delete from _prisma_migrations where migration_name in ('" B "', '" C "')");
    expect_states(world, "ooom");
    expect_refusal(world, "not part of this release");
}

static void what_was_rolled_back_is_pending_again(void **state)
{
    struct world *world = *state;
    applied_as_it_is(world, A);
    row(world, "migration_name, rolled_back_at", "'" B "', now()");
    row(world, "migration_name, rolled_back_at", "'20270101000000_gone', now()");
    expect_states(world, "app");
    expect_no_refusal(world);
    assert_null(world->plan->items[1].row);
}

static void of_several_rows_for_a_name_the_living_one_counts(void **state)
{
    struct world *world = *state;
    row(world, "migration_name, rolled_back_at", "'" A "', now()");
    row(world, "migration_name, rolled_back_at", "'" A "', now()");
    applied_as_it_is(world, A);
    row(world, "migration_name, rolled_back_at", "'" A "', now()");
    expect_states(world, "app");
    assert_string_equal(world->plan->items[0].row->checksum, checksum_of(world, A));
    row(world, "migration_name, started_at", "'" A "', '2020-01-01'");
    expect_states(world, "fpp");
    run(world->db, "update _prisma_migrations set rolled_back_at = now() where started_at < "
                   "'2021-01-01'");
    row(world, "migration_name", "'" A "'");
    expect_states(world, "fpp");
    assert_null(world->plan->items[0].row->finished_at);
}

/* Prisma before 2.20 wrote each byte without a leading zero. */
static char *without_zeros(const char *checksum)
{
    struct strbuf out = STRBUF_INIT;
    for (; *checksum != '\0'; checksum += 2) {
        strbuf_add_n(&out, checksum + (checksum[0] == '0'), checksum[0] == '0' ? 1 : 2);
    }
    return strbuf_take(&out);
}

static void old_checksums_without_zeros_are_no_edit(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {A, B, C};
    size_t shorter = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(mem_freep) char *old = without_zeros(checksum_of(world, names[i]));
        shorter += strlen(old) < 64;
        applied(world, names[i], old);
    }
    assert_true(shorter > 0);
    expect_states(world, "aaa");
}

static void other_line_breaks_are_no_edit(void **state)
{
    struct world *world = *state;
    applied(world, A, release_find(world->release, A)->checksum_crlf);
    write_migration(world, B, "create table b (id int);\r\n");
    applied(world, B, checksum_of(world, B));
    expect_states(world, "aap");
}

static void tables_without_a_history_are_refused(void **state)
{
    struct world *world = *state;
    run(world->db, "drop table _prisma_migrations");
    run(world->db, "create table theirs (id int)");
    expect_states(world, "ppp");
    expect_refusal(world, "the database has tables already, but no history of migrations");
    assert_contains(world->plan->refusal.detail, "Schema \"public\" of ");
    run(world->db, CREATE_HISTORY);
    expect_states(world, "ppp");
    expect_no_refusal(world);
}

static void the_schema_is_the_one_of_the_url(void **state)
{
    struct world *world = *state;
    CLEANUP(mem_freep)
    char *url = mem_printf("postgresql://tester@/postgres?host=%s/pg&schema=shop", scratch_dir());
    change_environment(world, url, "");
    run(world->db, "create table theirs (id int)");
    applied_as_it_is(world, A);
    expect_states(world, "ppp");
    expect_no_refusal(world);
    assert_string_equal(world->plan->schema, "shop");
    run(world->db, "create schema shop");
    run(world->db, "alter table _prisma_migrations set schema shop");
    expect_states(world, "app");
}

static void a_database_out_of_reach_is_a_failure(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct deploy_plan *plan = NULL;
    change_environment(world, "host=/nowhere dbname=x", "");
    assert_fails(deploy_plan_make(&world->set->items[0], world->release, NULL, SOON, &plan, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "environment \"x\": could not connect to /nowhere");
    assert_null(plan);
    error_clear(&err);
}

static void a_history_that_may_not_be_read_is_a_failure(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct deploy_plan *plan = NULL;
    run(world->db, "create role stranger login");
    CLEANUP(mem_freep) char *url = mem_printf("%s user=stranger", world->url);
    change_environment(world, url, "");
    assert_fails(deploy_plan_make(&world->set->items[0], world->release, NULL, SOON, &plan, &err),
                 ERROR_DATABASE);
    assert_contains(err.message, "environment \"x\": permission denied for schema \"public\"");
    error_clear(&err);
}

/* --- policy --- */

static void check_policy(struct world *world)
{
    struct error err = ERROR_INIT;
    assert_ok(deploy_plan_check_policy(make_plan(world), SOON, &err));
}

static void what_only_a_pipeline_brings_refuses_a_single_deploy(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *require, *word;
    } cases[] = {
        {"\"evidence\":[\"e2e\"]", "its policy requires evidence,"},
        {"\"backup\":{}", "requires a backup,"},
        {"\"approvals\":1", "requires approvals,"},
        {"\"windows\":[\"Mon 08:00-16:00 UTC\"]", "requires a window of time,"},
        {"\"freeze\":[\"2026-12-20/2027-01-03\"]", "requires that no freeze is on,"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(mem_freep) char *members = mem_printf(",\"require\":{%s}", cases[i].require);
        change_environment(world, world->url, members);
        check_policy(world);
        expect_refusal(world, cases[i].word);
    }
    applied_as_it_is(world, A);
    applied_as_it_is(world, B);
    applied_as_it_is(world, C);
    check_policy(world);
    expect_no_refusal(world);
}

static void a_release_that_nobody_has_signed_is_refused(void **state)
{
    struct world *world = *state;
    scratch_sh(
        "ssh-keygen -q -t ed25519 -N '' -f key && (echo -n 'ci namespaces=\"headgate-release\""
        " '; cat key.pub) >signers");
    CLEANUP(mem_freep)
    char *members = mem_printf(",\"require\":{\"signed_by\":\"%s/signers\"}", scratch_dir());
    change_environment(world, world->url, members);
    check_policy(world);
    expect_refusal(world, "it takes signed releases only: ");
}

/* "x" comes after "before", which has the history of a schema of its own. */
static void come_after(struct world *world, const char *members)
{
    CLEANUP(mem_freep)
    char *all = mem_printf(",\"after\":[\"before\"]%s},\"before\":{\"kind\":\"test\",\"url\":"
                           "\"postgresql://tester@/postgres?host=%s/pg&schema=before\"",
                           members, scratch_dir());
    change_environment(world, world->url, all);
}

static void the_one_before_must_have_the_same(void **state)
{
    struct world *world = *state;
    come_after(world, "");
    run(world->db, "create schema before");
    run(world->db, "set search_path to before");
    run(world->db, CREATE_HISTORY);
    applied_as_it_is(world, A);
    applied(world, B, "0123");
    check_policy(world);
    expect_refusal(world, "\"before\" must have this release before \"x\"");
    assert_contains(world->plan->refusal.detail, "2 of the 3 migrations of release ");
    run(world->db, "delete from _prisma_migrations where migration_name = '" B "'");
    applied_as_it_is(world, B);
    row(world, "migration_name", "'" C "'");
    check_policy(world);
    assert_contains(world->plan->refusal.detail, "1 of the 3 migrations of release ");
    run(world->db, "delete from _prisma_migrations where migration_name = '" C "'");
    applied_as_it_is(world, C);
    applied(world, "20270101000000_newer", "x");
    check_policy(world);
    expect_no_refusal(world);
}

static void another_reason_is_not_hidden_by_policy(void **state)
{
    struct world *world = *state;
    come_after(world, ",\"require\":{\"approvals\":1}");
    check_policy(world);
    expect_refusal(world, "must have this release before");
    row(world, "migration_name", "'" A "'");
    check_policy(world);
    expect_refusal(world, "has failed before");
}

static void a_one_before_out_of_reach_is_a_failure(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    change_environment(world, world->url,
                       ",\"after\":[\"before\"]},\"before\":{\"kind\":\"test\","
                       "\"url\":\"host=/nowhere dbname=x\"");
    assert_fails(deploy_plan_check_policy(make_plan(world), SOON, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "\"before\" comes before \"x\", and could not be looked at: ");
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_NEW_WORLD(an_empty_database_has_everything_pending),
        IN_A_NEW_WORLD(migrations_are_applied_or_pending),
        IN_A_NEW_WORLD(a_begun_migration_has_failed),
        IN_A_NEW_WORLD(one_that_we_have_begun_is_gone_on_with),
        IN_A_NEW_WORLD(one_that_is_out_of_order_is_allowed_with_a_reason),
        IN_A_NEW_WORLD(a_database_that_says_it_is_another_one_is_not_touched),
        IN_A_NEW_WORLD(an_edit_is_shown_where_the_applied_text_is_known),
        IN_A_NEW_WORLD(a_failed_migration_that_the_release_does_not_have_counts_too),
        IN_A_NEW_WORLD(an_edited_migration_is_told_with_both_checksums),
        IN_A_NEW_WORLD(a_migration_that_the_release_does_not_have_is_missing),
        IN_A_NEW_WORLD(one_before_an_applied_one_is_out_of_order),
        IN_A_NEW_WORLD(the_weightiest_reason_is_told),
        IN_A_NEW_WORLD(what_was_rolled_back_is_pending_again),
        IN_A_NEW_WORLD(of_several_rows_for_a_name_the_living_one_counts),
        IN_A_NEW_WORLD(old_checksums_without_zeros_are_no_edit),
        IN_A_NEW_WORLD(other_line_breaks_are_no_edit),
        IN_A_NEW_WORLD(tables_without_a_history_are_refused),
        IN_A_NEW_WORLD(the_schema_is_the_one_of_the_url),
        IN_A_NEW_WORLD(a_database_out_of_reach_is_a_failure),
        IN_A_NEW_WORLD(a_history_that_may_not_be_read_is_a_failure),
        IN_A_NEW_WORLD(what_only_a_pipeline_brings_refuses_a_single_deploy),
        IN_A_NEW_WORLD(a_release_that_nobody_has_signed_is_refused),
        IN_A_NEW_WORLD(the_one_before_must_have_the_same),
        IN_A_NEW_WORLD(another_reason_is_not_hidden_by_policy),
        IN_A_NEW_WORLD(a_one_before_out_of_reach_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
