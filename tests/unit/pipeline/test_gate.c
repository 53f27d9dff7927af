/* What a gate waits for: people and the clock. */
#include "scratch.h"

#include <string.h>

#include "approvals.h"
#include "headgate/file.h"
#include "private.h"

#define SECOND INT64_C(1000000)
#define NOW (INT64_C(1795089600) * SECOND) /* 2026-11-19 12:00 UTC, a Thursday */

/* build -> go -> production, and beside them: other. */
enum { BUILD, GO, PRODUCTION, OTHER, N_STEPS };

struct world {
    struct gate go;
    struct environment production;
    struct workflow_step steps[N_STEPS];
    struct workflow workflow;
    struct record_step done[N_STEPS];
    struct approval approvals[6];
    struct record record;
    size_t needs[N_STEPS];
};

static void begin(struct world *world)
{
    *world = (struct world){.needs = {0, BUILD, GO, BUILD}};
    static const char *const ids[] = {"build", "go", "production", "other"};
    for (size_t i = 0; i < N_STEPS; i++) {
        world->steps[i] = (struct workflow_step){.id = ids[i],
                                                 .number = i + 1,
                                                 .needs = &world->needs[i],
                                                 .n_needs = i == BUILD ? 0 : 1};
        world->done[i] = (struct record_step){.id = ids[i]};
    }
    world->steps[GO].gate = &world->go;
    world->steps[OTHER].gate = &world->go;
    world->steps[PRODUCTION].environment = &world->production;
    world->workflow = (struct workflow){.steps = world->steps, .n = N_STEPS, .n_all = N_STEPS};
    world->record = (struct record){
        .steps = world->done, .n = N_STEPS, .approvals = world->approvals, .begun = NOW};
}

static void add(struct world *world, const char *step, const char *who, const char *how)
{
    world->approvals[world->record.n_approvals++] =
        (struct approval){.step = step, .who = who, .how = how, .time = NOW};
}

static struct gate_waits check_at(struct world *world, size_t step, int64_t now)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct gate_waits waits = {.sentences = STRLIST_INIT};
    struct gate gate;
    gate_of_requirements(&world->production.require, &gate);
    const struct workflow_step *about = &world->steps[step];
    assert_ok(gate_check(about->gate != NULL ? about->gate : &gate, &world->record,
                         &world->workflow, about, now, &waits, &err));
    return waits;
}

/* One sentence, or NULL: it is open. */
static void expect(struct world *world, size_t step, const char *sentence)
{
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(world, step, NOW);
    assert_false(waits.rejected);
    assert_int_equal(waits.sentences.n, sentence != NULL ? 1 : 0);
    if (sentence != NULL) {
        assert_string_equal(waits.sentences.items[0], sentence);
    }
}

/* --- people --- */

static void a_gate_waits_for_as_many_people_as_it_says(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    expect(&world, GO, NULL);
    world.go.approvals = 2;
    expect(&world, GO, "0 of 2 approvals");
    add(&world, "go", "anna@a", "user");
    expect(&world, GO, "1 of 2 approvals");
    add(&world, "go", "bob@a", "user");
    expect(&world, GO, NULL);
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(&world, GO, NOW);
    assert_int_equal(waits.approvals, 2);
    assert_int_equal(waits.wanted, 2);
    assert_true(waits.until == 0);
}

static void only_people_are_waited_for_without_a_time(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 1;
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(&world, GO, NOW);
    assert_string_equal(waits.sentences.items[0], "0 of 1 approval");
    assert_true(waits.until == 0);
}

static void a_person_counts_once(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 3;
    add(&world, "go", "anna@a", "user");
    add(&world, "go", "anna@a", "user");
    add(&world, "go", "anna@b", "user");
    add(&world, "go", "root@a (sudo anna)", "user");
    expect(&world, GO, "1 of 3 approvals");
    add(&world, "go", "root@a (sudo bob)", "user");
    expect(&world, GO, "2 of 3 approvals");
}

static void names_are_of_one_person(void **state)
{
    (void)state;
    assert_true(person_is_same("anna@a", "anna@b"));
    assert_true(person_is_same("anna@example.com", "root@a (sudo anna)"));
    assert_true(person_is_same("anna", "anna@b"));
    assert_false(person_is_same("anna@a", "annab@a"));
    assert_false(person_is_same("root@a", "root@a (sudo anna)"));
    assert_false(person_is_same("anna@a", "bob@a"));
}

static void an_approval_counts_for_the_gate_that_it_names(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 1;
    add(&world, "other", "anna@a", "user");
    expect(&world, GO, "0 of 1 approval");
    expect(&world, OTHER, NULL);
}

static void an_environment_counts_every_approval_of_the_run(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.production.require.approvals = 2;
    add(&world, "go", "anna@a", "user");
    expect(&world, PRODUCTION, "1 of 2 approvals");
    add(&world, "other", "bob@a", "user");
    expect(&world, PRODUCTION, NULL);
}

static void an_approval_of_a_step_that_is_gone_does_not_count(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.production.require.approvals = 1;
    add(&world, "gone", "anna@a", "user");
    expect(&world, PRODUCTION, "0 of 1 approval");
}

static void the_author_does_not_count_where_that_is_said(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 1;
    add(&world, "go", "anna@a", "user");
    world.approvals[0].by_author = true;
    expect(&world, GO, NULL);
    world.go.exclude_author = true;
    expect(&world, GO, "0 of 1 approval");
    world.production.require.approvals = 1;
    expect(&world, PRODUCTION, NULL);
    world.production.require.exclude_author = true;
    expect(&world, PRODUCTION, "0 of 1 approval");
}

static void where_signers_are_named_only_signatures_count(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 2;
    world.go.approved_by = "signers";
    add(&world, "go", "anna@a", "user");
    expect(&world, GO, "0 of 2 approvals");
    add(&world, "go", "anna@example.com", "signature");
    add(&world, "go", "anna@example.org", "signature"); /* as the file of signers has it: another */
    add(&world, "go", "anna@example.org", "signature");
    expect(&world, GO, NULL);
}

static void a_signature_counts_where_the_same_signers_are_allowed(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 1;
    world.go.approved_by = "developers";
    world.production.require.approvals = 1;
    world.production.require.approved_by = "operators";
    add(&world, "go", "anna@example.com", "signature");
    expect(&world, GO, NULL);
    expect(&world, PRODUCTION, "0 of 1 approval"); /* a pipeline may not choose its signers */
    world.go.approved_by = "operators";
    expect(&world, PRODUCTION, NULL);
    world.go.approved_by = NULL;
    expect(&world, PRODUCTION, "0 of 1 approval");
    add(&world, "production", "bob@example.com", "signature");
    expect(&world, PRODUCTION, NULL);
}

static void a_file_of_signers_is_the_same_under_two_names(void **state)
{
    (void)state;
    scratch_sh("mkdir -p sub && : > signers && : > others && ln -sf ../signers sub/link");
    CLEANUP(mem_freep) char *a = path_join(scratch_dir(), "signers");
    CLEANUP(mem_freep) char *b = path_join(scratch_dir(), "sub/../signers");
    CLEANUP(mem_freep) char *c = path_join(scratch_dir(), "sub/link");
    CLEANUP(mem_freep) char *d = path_join(scratch_dir(), "others");
    CLEANUP(mem_freep) char *gone = path_join(scratch_dir(), "gone");
    assert_true(signers_are_same(a, a));
    assert_true(signers_are_same(a, b));
    assert_true(signers_are_same(a, c));
    assert_false(signers_are_same(a, d));
    assert_false(signers_are_same(a, gone));
    assert_false(signers_are_same(gone, a));
    assert_true(signers_are_same(gone, gone));
    assert_false(signers_are_same(a, NULL));
    assert_true(signers_are_same(NULL, NULL));
}

static void a_rejection_closes_for_good(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.approvals = 1;
    world.production.require.approvals = 1;
    add(&world, "go", "anna@a", "user");
    add(&world, "go", "bob@a", "user");
    add(&world, "go", "carl@a", "user");
    world.approvals[1].rejects = world.approvals[2].rejects = true;
    CLEANUP(gate_waits_clear) struct gate_waits go = check_at(&world, GO, NOW);
    assert_true(go.rejected);
    assert_string_equal(go.rejected_by, "bob@a");
    CLEANUP(gate_waits_clear) struct gate_waits production = check_at(&world, PRODUCTION, NOW);
    assert_true(production.rejected); /* the deploy is behind that gate */
    CLEANUP(gate_waits_clear) struct gate_waits other = check_at(&world, OTHER, NOW);
    assert_false(other.rejected);
}

static void a_rejection_beside_a_deploy_does_not_concern_it(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.production.require.approvals = 1;
    add(&world, "other", "bob@a", "user");
    add(&world, "gone", "bob@a", "user");
    world.approvals[0].rejects = world.approvals[1].rejects = true;
    expect(&world, PRODUCTION, "0 of 1 approval");
    add(&world, "production", "bob@a", "user");
    world.approvals[2].rejects = true;
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(&world, PRODUCTION, NOW);
    assert_true(waits.rejected);
}

/* --- the clock --- */

static struct window thursday(int from, int to)
{
    return (struct window){.text = "Thu", .days = 1u << 3, .from = from, .to = to, .zone = "UTC"};
}

static void expect_left(struct world *world, int64_t left, const char *sentence)
{
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(world, GO, NOW);
    assert_int_equal(waits.sentences.n, 1);
    assert_string_equal(waits.sentences.items[0], sentence);
    assert_true(waits.until == (left > 0 ? NOW + left * SECOND : 0));
}

static void a_window_says_when_it_opens(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct window window = thursday(14 * 60 + 13, 24 * 60);
    world.go.windows = &window;
    world.go.n_windows = 1;
    expect_left(&world, 7980, "window Thu opens in 2h 13m");
    window = thursday(14 * 60, 24 * 60);
    expect_left(&world, 7200, "window Thu opens in 2h");
    window = thursday(12 * 60 + 13, 24 * 60);
    expect_left(&world, 780, "window Thu opens in 13m");
    window = thursday(12 * 60 + 1, 24 * 60);
    expect_left(&world, 60, "window Thu opens in 60s");
    window = thursday(10 * 60, 11 * 60);
    expect_left(&world, (7 * 24 - 2) * 3600, "window Thu opens in 7 days");
    window = thursday(10 * 60, 12 * 60 + 1);
    expect(&world, GO, NULL);
    window.days = 0;
    expect_left(&world, 0, "window Thu does not open within a year");
}

static void what_is_left_is_never_less_than_told(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct window window = thursday(14 * 60, 24 * 60);
    world.go.windows = &window;
    world.go.n_windows = 1;
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(&world, GO, NOW + 1);
    assert_string_equal(waits.sentences.items[0], "window Thu opens in 2h");
    CLEANUP(gate_waits_clear)
    struct gate_waits last = check_at(&world, GO, NOW + 7200 * SECOND - 1);
    assert_string_equal(last.sentences.items[0], "window Thu opens in 1s");
}

static void a_freeze_says_when_it_ends(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct freeze freeze = {"F", 20261119, 20261130};
    world.go.freezes = &freeze;
    world.go.n_freezes = 1;
    expect_left(&world, (11 * 24 + 12) * 3600, "freeze F ends in 12 days");
    freeze = (struct freeze){"F", 20261120, 20261130};
    expect(&world, GO, NULL);
    freeze = (struct freeze){"F", 20261119, 20290101};
    expect_left(&world, 0, "freeze F does not end within a year");
}

static void a_freeze_is_meant_in_the_zone_of_the_first_window(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct freeze freeze = {"F", 20261120, 20261120};
    struct window always = {
        .text = "always", .days = 0x7f, .from = 0, .to = 1440, .zone = "Pacific/Kiritimati"};
    world.go.freezes = &freeze;
    world.go.n_freezes = 1;
    world.go.windows = &always;
    world.go.n_windows = 1;
    expect_left(&world, 22 * 3600, "freeze F ends in 22h"); /* it is the 20th there, at 2 o'clock */
}

static void a_soak_begins_with_the_end_of_what_was_needed(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.go.soak = 24 * 3600 * (msec)1000;
    expect_left(&world, 24 * 3600, "soak of 1d, 24h left"); /* it has not ended yet */
    world.done[BUILD].ended = NOW - (20 * 3600 + 50 * 60) * SECOND;
    expect_left(&world, 3 * 3600 + 600, "soak of 1d, 3h 10m left");
    world.done[BUILD].ended = NOW - 24 * 3600 * SECOND;
    expect(&world, GO, NULL);
    world.go.soak = 0;
    world.done[BUILD].ended = 0;
    expect(&world, GO, NULL);
}

static void a_soak_behind_nothing_begins_with_the_run(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.steps[GO].n_needs = 0;
    world.go.soak = 1800 * (msec)1000;
    world.record.begun = NOW - 1000 * SECOND;
    expect_left(&world, 800, "soak of 30m, 14m left");
}

static void everything_is_waited_for_and_the_first_that_can_change_is_told(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct window window = thursday(14 * 60, 24 * 60);
    struct freeze freeze = {"F", 20261119, 20261119};
    world.go = (struct gate){.approvals = 1,
                             .windows = &window,
                             .n_windows = 1,
                             .freezes = &freeze,
                             .n_freezes = 1,
                             .soak = 60000};
    world.done[BUILD].ended = NOW - 20 * SECOND;
    CLEANUP(gate_waits_clear) struct gate_waits waits = check_at(&world, GO, NOW);
    assert_int_equal(waits.sentences.n, 4);
    assert_string_equal(waits.sentences.items[0], "0 of 1 approval");
    assert_string_equal(waits.sentences.items[1], "window Thu opens in 2h");
    assert_string_equal(waits.sentences.items[2], "freeze F ends in 12h");
    assert_string_equal(waits.sentences.items[3], "soak of 1m, 40s left");
    assert_true(waits.until == NOW + 40 * SECOND);
}

static void before_anything_has_happened_all_of_it_is_waited_for(void **state)
{
    (void)state;
    struct world world;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(gate_waits_clear) struct gate_waits waits = {.sentences = STRLIST_INIT};
    begin(&world);
    world.go = (struct gate){.approvals = 1, .soak = 60000};
    assert_ok(gate_check(&world.go, NULL, &world.workflow, &world.steps[GO], NOW, &waits, &err));
    assert_int_equal(waits.sentences.n, 2);
    assert_string_equal(waits.sentences.items[1], "soak of 1m, 60s left");
}

static void a_zone_that_is_gone_is_an_error(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct window window = thursday(0, 1440);
    struct freeze freeze = {"F", 20261119, 20261119};
    window.zone = "Gone";
    world.go = (struct gate){.windows = &window, .n_windows = 1};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct gate_waits waits = {.until = 42};
        assert_fails(gate_check(&world.go, &world.record, &world.workflow, &world.steps[GO], NOW,
                                &waits, &err),
                     ERROR_CONFIG);
        assert_true(waits.until == 42);
        world.go.freezes = &freeze;
        world.go.n_freezes = 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gate_waits_for_as_many_people_as_it_says),
        cmocka_unit_test(only_people_are_waited_for_without_a_time),
        cmocka_unit_test(a_person_counts_once),
        cmocka_unit_test(names_are_of_one_person),
        cmocka_unit_test(an_approval_counts_for_the_gate_that_it_names),
        cmocka_unit_test(an_environment_counts_every_approval_of_the_run),
        cmocka_unit_test(an_approval_of_a_step_that_is_gone_does_not_count),
        cmocka_unit_test(the_author_does_not_count_where_that_is_said),
        cmocka_unit_test(where_signers_are_named_only_signatures_count),
        cmocka_unit_test(a_signature_counts_where_the_same_signers_are_allowed),
        cmocka_unit_test(a_file_of_signers_is_the_same_under_two_names),
        cmocka_unit_test(a_rejection_closes_for_good),
        cmocka_unit_test(a_rejection_beside_a_deploy_does_not_concern_it),
        cmocka_unit_test(a_window_says_when_it_opens),
        cmocka_unit_test(what_is_left_is_never_less_than_told),
        cmocka_unit_test(a_freeze_says_when_it_ends),
        cmocka_unit_test(a_freeze_is_meant_in_the_zone_of_the_first_window),
        cmocka_unit_test(a_soak_begins_with_the_end_of_what_was_needed),
        cmocka_unit_test(a_soak_behind_nothing_begins_with_the_run),
        cmocka_unit_test(everything_is_waited_for_and_the_first_that_can_change_is_told),
        cmocka_unit_test(before_anything_has_happened_all_of_it_is_waited_for),
        cmocka_unit_test(a_zone_that_is_gone_is_an_error),
    };
    return cmocka_run_group_tests_name("pipeline/gate", tests, NULL, NULL);
}
