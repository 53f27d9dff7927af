/*
 * Which backups stay: invented lists, and what is said of each.
 */
#include "manifests.h"

#define MOST 200

struct told {
    const char *environment, *time; /* "2026-11-28T20:30" */
    const char *release;
    enum proof_level level;
    bool failed, unreadable;
};

struct world {
    struct vault_item items[MOST];
    struct manifest manifests[MOST];
    struct vault_list list;
    struct prune_verdict *verdicts;
};

static void world_clear(struct world *world)
{
    prune_verdicts_free(world->verdicts, world->list.n);
}

static int64_t moment(const char *time)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *text = mem_printf("%s:00.000000Z", time);
    int64_t usec = 0;
    assert_ok(wall_parse(text, &usec, &err));
    return usec;
}

static void add(struct world *world, const struct told *told, int64_t created)
{
    size_t i = world->list.n++;
    assert_true(i < MOST);
    world->manifests[i] = (struct manifest){.release = told->release};
    world->items[i] =
        (struct vault_item){.environment = (char *)(uintptr_t)told->environment,
                            .created = created,
                            .manifest = told->unreadable ? NULL : &world->manifests[i],
                            .proof = {.level = told->level, .failed = told->failed, .time = 1}};
    world->list.items = world->items;
}

static void weigh(struct world *world, const struct retention *keep)
{
    const struct vault vault = {.keep = *keep};
    prune_verdicts_free(world->verdicts, world->list.n);
    vault_weigh_pruning(&vault, &world->list, &world->verdicts);
}

/* Each told with the reason that keeps it, or "nothing keeps it". */
static void expect(const struct retention *keep, const struct told *told, const char *const *whys,
                   size_t n)
{
    CLEANUP(world_clear) struct world world = {.list = {.n = 0}};
    for (size_t i = 0; i < n; i++) {
        add(&world, &told[i], moment(told[i].time));
    }
    weigh(&world, keep);
    for (size_t i = 0; i < n; i++) {
        const struct prune_verdict *verdict = &world.verdicts[i];
        if (!text_equal(verdict->why, whys[i]) ||
            verdict->keeps == text_equal(whys[i], "nothing keeps it")) {
            fail_msg("%s %s: %s, not %s", told[i].environment, told[i].time, verdict->why, whys[i]);
        }
    }
}
#define EXPECT(keep, told, ...)                                                                    \
    do {                                                                                           \
        static const char *const whys[] = {__VA_ARGS__};                                           \
        assert_int_equal(ARRAY_LEN(whys), ARRAY_LEN(told));                                        \
        expect(&(struct retention)keep, told, whys, ARRAY_LEN(told));                              \
    } while (0)
#define RULES(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define NOTHING "nothing keeps it"

static void the_last_of_each_environment_stay(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-28T20:30", NULL, 0, 0, 0}, {"s", "2026-11-28T20:00", NULL, 0, 0, 0},
        {"p", "2026-11-28T19:30", NULL, 0, 0, 0}, {"p", "2026-11-28T18:30", NULL, 0, 0, 0},
        {"s", "2026-11-27T20:00", NULL, 0, 0, 0}, {"s", "2026-11-26T20:00", NULL, 0, 0, 0},
    };
    EXPECT(RULES(.last = 2), told, "the last 2", "the last 2", "the last 2", NOTHING, "the last 2",
           NOTHING);
}

static void without_a_rule_everything_stays(void **state)
{
    (void)state;
    static const struct told told[] = {{"p", "2026-11-28T20:30", NULL, 0, 0, 0},
                                       {"p", "2020-11-28T20:30", NULL, 0, 1, 0}};
    EXPECT(RULES(.last = 0), told, "there is no rule", "there is no rule");
}

static void the_newest_of_hours_and_days_stays(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-28T20:59", NULL, 0, 0, 0}, {"p", "2026-11-28T20:00", NULL, 0, 0, 0},
        {"p", "2026-11-28T19:59", NULL, 0, 0, 0}, {"p", "2026-11-27T23:59", NULL, 0, 0, 0},
        {"p", "2026-11-27T00:00", NULL, 0, 0, 0}, {"p", "2026-11-20T12:00", NULL, 0, 0, 0},
    };
    EXPECT(RULES(.hourly = 2), told, "hourly 2026-11-28 20:00", NOTHING, "hourly 2026-11-28 19:00",
           NOTHING, NOTHING, NOTHING);
    EXPECT(RULES(.daily = 3), told, "daily 2026-11-28", NOTHING, NOTHING, "daily 2026-11-27",
           NOTHING, "daily 2026-11-20");
}

static void weeks_are_those_of_iso_8601(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2027-01-04T00:00", NULL, 0, 0, 0}, {"p", "2027-01-03T23:59", NULL, 0, 0, 0},
        {"p", "2027-01-01T12:00", NULL, 0, 0, 0}, {"p", "2026-12-28T00:00", NULL, 0, 0, 0},
        {"p", "2026-12-27T23:59", NULL, 0, 0, 0}, {"p", "2026-01-01T00:00", NULL, 0, 0, 0},
        {"p", "2025-12-29T00:00", NULL, 0, 0, 0}, {"p", "2023-01-01T00:00", NULL, 0, 0, 0},
    };
    EXPECT(RULES(.weekly = 9), told, "weekly 2027-W01", "weekly 2026-W53", NOTHING, NOTHING,
           "weekly 2026-W52", "weekly 2026-W01", NOTHING, "weekly 2022-W52");
}

static void months_reach_as_far_as_there_are_some(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-01T00:00", NULL, 0, 0, 0}, {"p", "2026-10-31T23:59", NULL, 0, 0, 0},
        {"p", "2026-10-01T12:00", NULL, 0, 0, 0}, {"p", "2025-12-28T00:00", NULL, 0, 0, 0},
        {"p", "2025-10-27T23:59", NULL, 0, 0, 0},
    };
    EXPECT(RULES(.monthly = 3), told, "monthly 2026-11", "monthly 2026-10", NOTHING,
           "monthly 2025-12", NOTHING);
}

static void each_release_keeps_its_newest(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-28T20:30", "cccc", 0, 0, 0}, {"p", "2026-11-27T20:30", NULL, 0, 0, 0},
        {"p", "2026-11-26T20:30", "bbbb", 0, 0, 0}, {"p", "2026-11-25T20:30", "cccc", 0, 0, 0},
        {"p", "2026-11-24T20:30", "bbbb", 0, 0, 0}, {"p", "2026-11-23T20:30", "aaaa", 0, 0, 0},
    };
    EXPECT(RULES(.releases = 2), told, "release cccc", NOTHING, "release bbbb", NOTHING, NOTHING,
           NOTHING);
}

static void what_was_proven_the_highest_stays(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-28T20:30", NULL, PROOF_CHECKSUMS, 0, 0},
        {"p", "2026-11-27T20:30", NULL, PROOF_CHECKSUMS, 0, 0},
        {"p", "2026-11-26T20:30", NULL, PROOF_RESTORE, 1, 0},
        {"p", "2026-11-25T20:30", NULL, PROOF_CONTENTS, 0, 0},
        {"p", "2026-11-24T20:30", NULL, PROOF_CONTENTS, 0, 0},
        {"s", "2026-11-23T20:30", NULL, PROOF_NONE, 0, 0},
    };
    EXPECT(RULES(.last = 1), told, "the last 1", NOTHING, NOTHING, "the last that was proven",
           NOTHING, "the last 1");
}

/* Else a night of bad backups would push out the last good ones. */
static void a_bad_one_holds_no_place(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-28T20:30", NULL, 0, 1, 0}, {"p", "2026-11-27T20:30", NULL, 0, 1, 0},
        {"p", "2026-11-26T20:30", NULL, 0, 0, 0}, {"p", "2026-11-25T20:30", NULL, 0, 0, 0},
        {"p", "2026-11-24T20:30", NULL, 0, 1, 0},
    };
    EXPECT(RULES(.last = 1), told, "the last 1", "the last 1", "the last 1", NOTHING, NOTHING);
    EXPECT(RULES(.daily = 1), told, NOTHING, NOTHING, "daily 2026-11-26", NOTHING, NOTHING);
}

static void what_cannot_be_read_stays(void **state)
{
    (void)state;
    static const struct told told[] = {
        {"p", "2026-11-28T20:30", NULL, 0, 0, 0},
        {"p", "2026-11-27T20:30", NULL, 0, 0, 1},
        {"", "2026-11-26T20:30", NULL, 0, 0, 1},
    };
    EXPECT(RULES(.last = 1), told, "the last 1", "it cannot be read: look at it first",
           "it cannot be read: look at it first");
}

/* --- whatever the list, whatever the rules --- */

static size_t dice(uint64_t *seed, size_t sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % sides;
}

static void expect_guarantee(const struct world *world, const char *environment)
{
    size_t best = MOST, readable = 0, kept = 0;
    for (size_t i = 0; i < world->list.n; i++) {
        const struct vault_item *item = &world->list.items[i];
        if (!text_equal(item->environment, environment)) {
            continue;
        }
        readable++;
        kept += world->verdicts[i].keeps;
        if (!item->proof.failed && item->proof.level != PROOF_NONE &&
            (best == MOST || item->proof.level > world->list.items[best].proof.level)) {
            best = i;
        }
    }
    assert_true(best == MOST || world->verdicts[best].keeps);
    assert_true(kept <= readable);
}

static void the_best_proven_one_stays_in_any_case(void **state)
{
    (void)state;
    static const char *const environments[] = {"p", "s"};
    uint64_t seed = 4711;
    size_t pruned = 0;
    for (int round = 0; round < 2000; round++) {
        CLEANUP(world_clear) struct world world = {.list = {.n = 0}};
        int64_t created = moment("2026-11-28T20:30");
        for (size_t n = dice(&seed, 30); n > 0; n--) {
            const struct told told = {environments[dice(&seed, 2)],
                                      NULL,
                                      dice(&seed, 2) != 0 ? "aaaa" : "bbbb",
                                      (enum proof_level)dice(&seed, 4),
                                      dice(&seed, 3) == 0,
                                      false};
            add(&world, &told, created);
            created -= (int64_t)dice(&seed, 3000000) * 1000000;
        }
        const struct retention keep = {.last = (int64_t)dice(&seed, 3),
                                       .daily = (int64_t)dice(&seed, 3),
                                       .monthly = (int64_t)dice(&seed, 2),
                                       .releases = (int64_t)dice(&seed, 2)};
        weigh(&world, &keep);
        expect_guarantee(&world, "p");
        expect_guarantee(&world, "s");
        for (size_t i = 0; i < world.list.n; i++) {
            pruned += !world.verdicts[i].keeps;
        }
    }
    assert_true(pruned > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_each_environment_stay),
        cmocka_unit_test(without_a_rule_everything_stays),
        cmocka_unit_test(the_newest_of_hours_and_days_stays),
        cmocka_unit_test(weeks_are_those_of_iso_8601),
        cmocka_unit_test(months_reach_as_far_as_there_are_some),
        cmocka_unit_test(each_release_keeps_its_newest),
        cmocka_unit_test(what_was_proven_the_highest_stays),
        cmocka_unit_test(a_bad_one_holds_no_place),
        cmocka_unit_test(what_cannot_be_read_stays),
        cmocka_unit_test(the_best_proven_one_stays_in_any_case),
    };
    return cmocka_run_group_tests_name("vault/prune", tests, NULL, NULL);
}
