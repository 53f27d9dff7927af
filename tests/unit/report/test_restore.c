#include <fcntl.h>

#include "../base/child.h"
#include "headgate/clock.h"
#include "headgate/output.h"
#include "headgate/report.h"

#define NAME "production-20261128T203000Z-4f2a"
#define CREATED 1795897800000000 /* 2026-11-28 20:30 UTC */
#define KEPT "shop_20261128_2045"
#define TABLES 12

/* --- by hand: what the command would have from the restore --- */

static struct environment production = {.name = "production", .kind = KIND_PRODUCTION};

struct play {
    struct vault_item item;
    struct strlist tables, schemas;
    struct restore_request request;
    struct table_loss losses[TABLES];
    struct restore_plan plan;
};

static void play_begin(struct play *play)
{
    static char backup[] = NAME;
    *play = (struct play){.item = {.name = backup, .created = CREATED, .size = 499000000}};
    play->request = (struct restore_request){.environment = &production,
                                             .item = &play->item,
                                             .tables = &play->tables,
                                             .schemas = &play->schemas};
    for (size_t i = 0; i < TABLES; i++) {
        static char schema[] = "public", name[] = "orders", other[] = "small";
        play->losses[i] = (struct table_loss){.schema = schema,
                                              .name = i == 0 ? name : other,
                                              .inserted = i == 0 ? 1204118 : 3,
                                              .updated = i == 0 ? 17 : 0,
                                              .deleted = i == 1 ? -1 : 0};
    }
    play->plan = (struct restore_plan){.request = &play->request,
                                       .address = mem_copy("db1:5432/shop"),
                                       .server_version = mem_copy("15.20"),
                                       .database = mem_copy("shop"),
                                       .exists = true,
                                       .beside = mem_copy("shop_restored"),
                                       .kept = mem_copy(KEPT),
                                       .n_sessions = 4,
                                       .losses = play->losses,
                                       .n_losses = TABLES,
                                       .size = 1900000000};
}

static void play_end(struct play *play)
{
    struct restore_plan *plan = &play->plan;
    char *const texts[] = {plan->address, plan->server_version, plan->database,
                           plan->beside,  plan->kept,           plan->losses_unknown};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        mem_free(texts[i]);
    }
    strlist_clear(&plan->missing_roles);
    strlist_clear(&plan->missing_extensions);
    strlist_clear(&plan->earlier);
    strlist_clear(&play->tables);
    strlist_clear(&play->schemas);
}

/* --- what is shown --- */

static bool as_json;

static int to_files(const void *context)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    child_work *const *work = context;
    int out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (dup2(out, STDOUT_FILENO) < 0) {
        return 99;
    }
    output_set_up(&(struct output_settings){.level = OUTPUT_NORMAL, .json = as_json});
    int status = (*work)(NULL);
    return output_finish(&err) ? status : 98;
}

static const char *shown_as(bool json, child_work *work)
{
    as_json = json;
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_int_equal(in_child(to_files, &work), 0);
    return scratch_out("cat out");
}

static const char *text_of(child_work *work)
{
    return shown_as(false, work);
}

static void assert_json(child_work *work, const char *expression, const char *expected)
{
    (void)shown_as(true, work);
    assert_string_equal(scratch_out("python3 -c 'import json; d = json.load(open(\"out\")); "
                                    "assert d[\"format\"] == 1; print(%s)'",
                                    expression),
                        expected);
}

/* --- the plan and its loss meter --- */

static int show_plan(const void *context)
{
    (void)context;
    struct play play;
    play_begin(&play);
    strlist_add(&play.plan.missing_roles, "report");
    strlist_add(&play.plan.earlier, "shop_20261101_0000");
    report_restore_plan(&play.plan, true);
    play_end(&play);
    return 0;
}

static int show_before_asking(const void *context)
{
    (void)context;
    struct play play;
    play_begin(&play);
    report_restore_plan(&play.plan, false);
    play_end(&play);
    return 0;
}

static int show_unknown_losses(const void *context)
{
    (void)context;
    struct play play;
    play_begin(&play);
    play.plan.n_losses = 0;
    play.plan.losses_unknown = mem_copy("the counters were reset since");
    report_restore_plan(&play.plan, true);
    play_end(&play);
    return 0;
}

static int show_no_losses(const void *context)
{
    (void)context;
    struct play play;
    play_begin(&play);
    play.plan.n_losses = 0;
    report_restore_plan(&play.plan, true);
    play_end(&play);
    return 0;
}

/* Into a server that has no such database. */
static int show_a_new_one(const void *context)
{
    (void)context;
    struct play play;
    play_begin(&play);
    play.plan.n_losses = 0;
    play.plan.exists = false;
    mem_free(TAKE(play.plan.kept));
    report_restore_plan(&play.plan, true);
    play_end(&play);
    return 0;
}

static int show_a_part(const void *context)
{
    (void)context;
    struct play play;
    play_begin(&play);
    mem_free(TAKE(play.plan.kept));
    strlist_add(&play.tables, "orders");
    strlist_add(&play.tables, "public.users");
    report_restore_plan(&play.plan, true);
    play_end(&play);
    return 0;
}

static void the_ten_largest_losses_and_their_sum_are_told(void **state)
{
    (void)state;
    const char *text = text_of(show_plan);
    assert_contains(text, "Restore to production  db1:5432/shop  PostgreSQL 15.20\n\n  backup  ");
    assert_contains(text, "a new database \"shop_restored\", compared with the backup\n");
    assert_contains(text,
                    "\"shop\" is renamed to \"" KEPT "\" and kept, the new one takes its name\n");
    assert_contains(text, "4 sessions of others\n");
    assert_contains(text, "  no such role      report\n");
    assert_contains(text, "  kept from before  shop_20261101_0000\n");
    assert_contains(text,
                    "\nLost by it, rows since the backup (2026-11-28 20:30 UTC)\n"
                    "  public.orders              1,204,118 inserted  17 updated  0 deleted\n"
                    "  public.small               3 inserted          0 updated   ? deleted\n"
                    "  public.small               3 inserted          0 updated   0 deleted\n");
    assert_contains(text, "  and 2 more tables\n"
                          "  together, as far as known  1,204,151 inserted  17 updated  0 deleted\n"
                          "\n"
                          "Nothing was changed.");
}

static void a_loss_that_is_not_known_says_why(void **state)
{
    (void)state;
    assert_contains(text_of(show_unknown_losses),
                    "\nLost by it, since the backup (2026-11-28 20:30 UTC): not known\n"
                    "  the counters were reset since\n");
    assert_contains(text_of(show_no_losses),
                    "\nLost by it, since the backup (2026-11-28 20:30 UTC): nothing\n");
}

static void where_nothing_is_replaced_nothing_is_lost(void **state)
{
    (void)state;
    const char *fresh = text_of(show_a_new_one);
    assert_contains(fresh, "it is named \"shop\"\n");
    assert_null(strstr(fresh, "Lost"));
    const char *part = text_of(show_a_part);
    assert_contains(part, "  only tables  orders, public.users\n");
    assert_contains(part, "it stays beside \"shop\", which is not touched\n");
    assert_contains(part, "\nChanged there, rows since the backup");
}

static void a_plan_is_a_document_only_where_nothing_follows(void **state)
{
    (void)state;
    assert_json(show_plan,
                "d[\"done\"], len(d[\"losses\"]), d[\"losses\"][0][\"inserted\"], "
                "d[\"losses\"][1][\"deleted\"], d[\"kept\"], d[\"missing_roles\"]",
                "False 12 1204118 None " KEPT " ['report']");
    assert_string_equal(shown_as(true, show_before_asking), "");
    assert_null(strstr(text_of(show_before_asking), "Nothing was changed"));
}

/* --- the result --- */

static int show_result_with(bool swapped)
{
    struct play play;
    play_begin(&play);
    struct restore_result result = {.swapped = swapped,
                                    .database = mem_copy(swapped ? "shop" : "shop_restored"),
                                    .kept = swapped ? mem_copy(KEPT) : NULL,
                                    .n_ended = swapped ? 1 : 0,
                                    .rows = 12345678,
                                    .n_tables = 308,
                                    .took = 28200};
    strlist_add(&result.not_proven, "statistics");
    report_restored(&play.plan, &result);
    restore_result_clear(&result);
    play_end(&play);
    return 0;
}

static int show_swapped(const void *context)
{
    (void)context;
    return show_result_with(true);
}

static int show_beside(const void *context)
{
    (void)context;
    return show_result_with(false);
}

static void a_result_names_what_is_kept_and_how_it_is_dropped(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_swapped),
                        "\nRestored " NAME " in 28 s: 308 tables, 12,345,678 rows, equal to the "
                        "backup.\n"
                        "  not proven: statistics\n"
                        "production has it now, in the database \"shop\".\n"
                        "1 session of others ended.\n"
                        "What was there is kept as \"" KEPT "\". When nobody needs it: headgate "
                        "backup restore --finish --to production");
    assert_contains(text_of(show_beside),
                    "It stands in the database \"shop_restored\"; \"shop\" was not touched.");
    assert_json(show_swapped, "d[\"done\"], d[\"swapped\"], d[\"kept\"], d[\"rows\"]",
                "True True " KEPT " 12345678");
    assert_json(show_beside, "d[\"swapped\"], d[\"kept\"]", "False None");
}

/* --- what was kept --- */

static void show_kept_of(bool any, bool dropped)
{
    CLEANUP(strlist_clear) struct strlist kept = STRLIST_INIT;
    if (any) {
        strlist_add(&kept, KEPT);
    }
    report_kept(&production, &kept);
    report_kept_end(&production, &kept, dropped);
}

static int show_dropped(const void *context)
{
    (void)context;
    show_kept_of(true, true);
    return 0;
}

static int show_not_dropped(const void *context)
{
    (void)context;
    show_kept_of(true, false);
    return 0;
}

static int show_none_kept(const void *context)
{
    (void)context;
    show_kept_of(false, false);
    return 0;
}

static void what_was_kept_is_listed_and_dropped(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_dropped), "Kept by earlier restores to production\n  " KEPT
                                               "\n\nDropped 1 database.");
    assert_contains(text_of(show_not_dropped), KEPT "\n\nNothing was dropped.");
    assert_string_equal(text_of(show_none_kept),
                        "Nothing to do: no restore to production has kept a database.");
    assert_json(show_dropped, "d[\"kept\"], d[\"dropped\"]", "['" KEPT "'] True");
    assert_json(show_none_kept, "d[\"kept\"], d[\"dropped\"]", "[] False");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ten_largest_losses_and_their_sum_are_told),
        cmocka_unit_test(a_loss_that_is_not_known_says_why),
        cmocka_unit_test(where_nothing_is_replaced_nothing_is_lost),
        cmocka_unit_test(a_plan_is_a_document_only_where_nothing_follows),
        cmocka_unit_test(a_result_names_what_is_kept_and_how_it_is_dropped),
        cmocka_unit_test(what_was_kept_is_listed_and_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
