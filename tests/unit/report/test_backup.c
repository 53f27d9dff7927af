#include <fcntl.h>

#include "../base/child.h"
#include "headgate/clock.h"
#include "headgate/json_data.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "terminal.h"

#define NAME "production-20261128T203000Z-4f2a"
#define OTHER "production-20261127T203000Z-99aa"
#define CREATED 1795897800000000 /* 2026-11-28 20:30 UTC */
#define MANY 23

/* --- by hand: what commands would have from the modules below --- */

static struct manifest_table tables[MANY];
static char long_name[] = "orders";

static struct manifest a_manifest(size_t n_tables)
{
    static struct manifest_extension extensions[] = {{"citext", "1.6"}, {"plpgsql", "1.0"}};
    for (size_t i = 0; i < n_tables; i++) {
        tables[i] = (struct manifest_table){.schema = "public",
                                            .name = i == 0 ? long_name : "small",
                                            .at = 1000 + i,
                                            .size = i == 1 ? 2000000000 : 1000 * (i + 1),
                                            .digest = {.rows = i == 1 ? 12345000 : 4, .low = i},
                                            .inserted = i == 0 ? -1 : 7};
    }
    return (struct manifest){.name = NAME,
                             .environment = "production",
                             .created = CREATED,
                             .took = 7900,
                             .release = "5b1e44c012345678",
                             .last_migration = "0044_drop_legacy",
                             .actor = "anna@buildhost",
                             .address = "db1:5432/shop",
                             .database = "shop",
                             .encoding = "UTF8",
                             .collate = "C",
                             .owner = "deploy",
                             .system_identifier = "7301555512344412345",
                             .database_oid = "16384",
                             .server_version = "15.20",
                             .lsn = "0/16B3748",
                             .snapshot = "00000003-1",
                             .headgate_version = "0.1.0",
                             .pg_dump_version = "15.20",
                             .extensions = extensions,
                             .n_extensions = ARRAY_LEN(extensions),
                             .dump_size = 1900000000,
                             .tables = tables,
                             .n_tables = n_tables,
                             .has_blobs = true,
                             .blobs = {.rows = 1},
                             .n_sequences = 3};
}

static struct vault_item an_item(const char *name, struct manifest *manifest)
{
    struct vault_item item = {.name = mem_copy(name),
                              .path = mem_printf("/vault/it's %s.tar.zst", name),
                              .environment = mem_copy("production"),
                              .created = CREATED,
                              .size = 499000000,
                              .manifest = manifest,
                              .digest = "d16e57"};
    return item;
}

static struct proof a_proof(enum proof_level level, const char *why)
{
    struct proof proof = {.level = level,
                          .failed = why != NULL,
                          .why = mem_copy(why),
                          .time = CREATED + 60000000,
                          .actor = mem_copy("anna@buildhost"),
                          .took = 28200,
                          .server_version = mem_copy("15.20"),
                          .tables = 2,
                          .rows = 12345004};
    return proof;
}

static void item_end(struct vault_item *item)
{
    mem_free(item->name);
    mem_free(item->path);
    mem_free(item->environment);
    proof_clear(&item->proof);
    error_clear(&item->error);
}

/* The vault itself is made from an environments file, as a command makes it. */
struct place {
    struct environments *set;
    struct vault *vault;
};

static struct place place_open(void)
{
    struct place place = {0};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const char *text = "{\"vault\":{\"path\":\"vault\"},\"environments\":{\"production\":{\"kind\":"
                       "\"production\",\"url\":\"embedded:p\"}}}";
    if (!file_write("environments.json", text, strlen(text), 0600, &err) ||
        !environments_read("environments.json", NULL, &place.set, &err) ||
        !vault_open(place.set, &place.vault, &err)) {
        (void)fprintf(stderr, "%s\n", err.message);
        abort();
    }
    return place;
}

static void place_close(struct place *place)
{
    vault_freep(&place->vault);
    environments_freep(&place->set);
}

/* --- what is shown --- */

static bool as_json;

static int to_files(const void *context)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    child_work *const *work = context;
    int out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int log = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) {
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

/* One document, of format 1; what a line of python says of it. */
static void assert_json(child_work *work, const char *expression, const char *expected)
{
    const char *text = shown_as(true, work);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(json_data_freep) struct json_data *data = NULL;
    assert_ok(json_data_parse(text, strlen(text), &data, &err));
    assert_int_equal(json_data_integer(data, "format", 0), 1);
    assert_string_equal(
        scratch_out("python3 -c 'import json; d = json.load(open(\"out\")); print(%s)'",
                    expression),
        expected);
}

/* --- create --- */

static struct environment production = {.name = "production", .kind = KIND_PRODUCTION};

static int show_plan(const void *context)
{
    bool dry_run = context == NULL;
    struct place place = place_open();
    const struct backup_request request = {.environment = &production, .vault = place.vault};
    struct backup_plan plan = {.address = mem_copy("db1:5432/shop"),
                               .server_version = mem_copy("15.20"),
                               .pg_dump = mem_copy("/usr/lib/postgresql/15/bin/pg_dump"),
                               .pg_dump_version = mem_copy("15.19"),
                               .database_size = 1900000000,
                               .estimate = 560000000,
                               .n_tables = 308};
    report_backup_plan(&request, &plan, dry_run);
    backup_plan_clear(&plan);
    place_close(&place);
    return 0;
}

static int show_plan_before_making(const void *context)
{
    (void)context;
    return show_plan(&production);
}

static void a_plan_says_what_would_be_made(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_plan),
                        "Backup of production  db1:5432/shop  PostgreSQL 15.20\n"
                        "\n"
                        "  database   1.9 GB on the server's disk, 308 tables\n"
                        "  backup     about 560 MB, into vault\n"
                        "  made with  pg_dump 15.19 (/usr/lib/postgresql/15/bin/pg_dump)\n"
                        "  passwords  of roles are left out\n"
                        "\n"
                        "Nothing was made.");
    assert_json(show_plan, "d[\"estimate\"], d[\"tables\"], d[\"refusal\"], d[\"pg_dump_version\"]",
                "560000000 308 None 15.19");
}

static void before_it_is_made_a_plan_is_text_only(void **state)
{
    (void)state;
    const char *text = text_of(show_plan_before_making);
    assert_contains(text, "  made with  pg_dump 15.19");
    assert_null(strstr(text, "Nothing was made"));
    assert_string_equal(shown_as(true, show_plan_before_making), "");
}

static void show_made_with(struct proof *proof)
{
    struct place place = place_open();
    const struct backup_request request = {.environment = &production, .vault = place.vault};
    struct backup_made made = {.name = mem_copy(NAME),
                               .path = mem_copy("/vault/" NAME ".tar.zst"),
                               .size = 500000000,
                               .dump_size = 1900000000,
                               .rows = 12345678,
                               .n_tables = 1,
                               .took = 7900};
    report_backup_made(&request, &made, proof);
    backup_made_clear(&made);
    place_close(&place);
}

static int show_made(const void *context)
{
    (void)context;
    show_made_with(NULL);
    return 0;
}

static int show_made_and_restored(const void *context)
{
    (void)context;
    CLEANUP(proof_clear) struct proof proof = a_proof(PROOF_RESTORE, NULL);
    strlist_add(&proof.not_proven, "the server lacks the extension postgis");
    show_made_with(&proof);
    return 0;
}

static int show_made_and_read(const void *context)
{
    (void)context;
    CLEANUP(proof_clear) struct proof proof = a_proof(PROOF_CONTENTS, NULL);
    show_made_with(&proof);
    return 0;
}

static void what_was_made_says_how_it_is_proven(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_made),
                        "\nMade " NAME " in 7.9 s.\n"
                        "  file   /vault/" NAME ".tar.zst\n"
                        "  size   500 MB, of a dump of 1.9 GB: 3.8 times smaller\n"
                        "  holds  1 table, 12,345,678 rows\n"
                        "\n"
                        "It is not proven yet. Next: headgate backup verify " NAME);
    const char *restored = text_of(show_made_and_restored);
    assert_contains(restored, "\n  proof  restored and compared 2026-11-28 20:31 UTC\n");
    assert_contains(restored, "\n  not proven: the server lacks the extension postgis");
    assert_null(strstr(restored, "Next:"));
    assert_contains(text_of(show_made_and_read),
                    "\nIt was not restored yet. Next: headgate backup verify " NAME);
    assert_json(show_made, "d[\"name\"], d[\"rows\"], d[\"proof\"]", NAME " 12345678 None");
    assert_json(show_made_and_restored, "d[\"proof\"][\"level\"], d[\"proof\"][\"not_proven\"]",
                "restore ['the server lacks the extension postgis']");
}

/* --- list --- */

static int show_nothing(const void *context)
{
    (void)context;
    struct place place = place_open();
    report_backups(place.vault, &(struct vault_list){0}, NULL);
    place_close(&place);
    return 0;
}

static int show_list(const void *context)
{
    (void)context;
    struct place place = place_open();
    struct manifest manifest = a_manifest(2);
    struct vault_item items[] = {an_item(NAME, &manifest), an_item(OTHER, NULL),
                                 an_item("production-3", &manifest)};
    items[0].created = wall_now_usec() - INT64_C(10860) * 1000000;
    items[0].encrypted = true;
    items[0].proof = a_proof(PROOF_RESTORE, NULL);
    items[1].created = wall_now_usec() - INT64_C(2246400) * 1000000;
    (void)error_set(&items[1].error, ERROR_BACKUP, "the footer is damaged");
    items[2].created = wall_now_usec() - INT64_C(90) * 1000000;
    items[2].proof = a_proof(PROOF_CHECKSUMS, "2 frames differ");
    report_backups(place.vault, &(struct vault_list){.items = items, .n = 3}, NULL);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        item_end(&items[i]);
    }
    place_close(&place);
    return 0;
}

static void an_empty_vault_says_how_to_make_a_backup(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_nothing), "There are no backups in vault.\n"
                                               "Make one: headgate backup create ENV");
    assert_json(show_nothing, "d[\"backups\"]", "[]");
}

static void a_list_tells_age_size_contents_and_proof(void **state)
{
    (void)state;
    assert_string_equal(
        text_of(show_list),
        NAME "  3 h      499 MB  2 tables  12,345,004 rows  5b1e44c0  encrypted  restored and "
             "compared 2026-11-28 20:31 UTC\n" OTHER
             "  26 days  499 MB  cannot be read: the footer is damaged\n"
             "production-3                      1 min    499 MB  2 tables  12,345,004 rows  "
             "5b1e44c0             BAD (2026-11-28 20:31 UTC): 2 frames differ\n"
             "\n"
             "3 backups, 1.5 GB in vault");
    assert_json(show_list,
                "[(b[\"encrypted\"], b.get(\"rows\"), b[\"error\"] and "
                "b[\"error\"][\"message\"], b[\"proof\"] and b[\"proof\"][\"failed\"]) for b in "
                "d[\"backups\"]]",
                "[(True, 12345004, None, False), (False, None, 'the footer is damaged', None), "
                "(False, 12345004, None, True)]");
}

/* --- show --- */

static int show_one_with(size_t n_tables, bool encrypted)
{
    struct manifest manifest = a_manifest(n_tables);
    struct vault_item item = an_item(NAME, &manifest);
    item.encrypted = encrypted;
    report_backup(&item);
    item_end(&item);
    return 0;
}

static int show_one(const void *context)
{
    (void)context;
    return show_one_with(2, false);
}

static int show_an_encrypted_one_with_many_tables(const void *context)
{
    (void)context;
    return show_one_with(MANY, true);
}

/* What is told of it without the key. */
static int show_a_closed_one(const void *context)
{
    (void)context;
    return show_one_with(0, true);
}

static int show_a_broken_one(const void *context)
{
    (void)context;
    struct vault_item item = an_item(NAME, NULL);
    (void)error_set(&item.error, ERROR_CONFIG, "it is encrypted, and there is no identity");
    (void)error_hint(&item.error, "Name it as \"vault.identity\".");
    report_backup(&item);
    item_end(&item);
    return 0;
}

static void one_backup_is_told_whole(void **state)
{
    (void)state;
    const char *text = text_of(show_one);
    assert_contains(text, "Backup " NAME "\n\n  environment  production\n");
    assert_contains(text, "\n  proof        not verified\n");
    assert_contains(text, "\n  made         2026-11-28 20:30 UTC by anna@buildhost in 7.9 s\n");
    assert_contains(text, "\n  release      5b1e44c0, up to 0044_drop_legacy\n");
    assert_contains(text, "\n  source       db1:5432/shop, PostgreSQL 15.20\n");
    assert_contains(text, "\n  extensions   citext 1.6, plpgsql 1.0\n");
    assert_contains(text, "\n  holds        2 tables, 12,345,004 rows, 3 sequences, 1 large "
                          "object; 1.9 GB as a dump\n");
    /* the largest first */
    assert_contains(text, "\nTables\n"
                          "  public.small   12,345,000 rows  2.0 GB\n"
                          "  public.orders  4 rows           1.0 kB\n"
                          "\n"
                          "Without headgate\n"
                          "  tar --zstd -xOf '/vault/it'\\''s " NAME ".tar.zst' --wildcards "
                          "'dump/*' | pg_restore -d EMPTY_DATABASE\n");
    assert_contains(text, "\nNext: headgate backup verify " NAME);
}

static void of_many_tables_the_largest_are_told(void **state)
{
    (void)state;
    const char *text = text_of(show_an_encrypted_one_with_many_tables);
    assert_contains(text, "\n  and 3 smaller ones: headgate backup show " NAME " --json\n");
    assert_contains(text, "\n  age -d -i KEYFILE '/vault/it'\\''s " NAME
                          ".tar.zst' | tar --zstd -xO --wildcards 'dump/*' | pg_restore -d "
                          "EMPTY_DATABASE\n");
    assert_null(strstr(text, "public.orders")); /* the smallest */
    assert_json(show_an_encrypted_one_with_many_tables,
                "[(len(t), t[0][\"inserted\"], t[1][\"inserted\"], t[1][\"digest\"]) for t in "
                "[d[\"manifest\"][\"tables\"]]]",
                "[(23, -1, 7, '00000000000000000000000000000001')]");
}

static void what_an_encrypted_one_holds_is_not_known(void **state)
{
    (void)state;
    const char *text = text_of(show_a_closed_one);
    assert_contains(text, "\n  holds        told with the key: headgate backup show " NAME
                          " --decrypt\n");
    assert_null(strstr(text, "0 tables"));
    assert_null(strstr(text, "extensions"));
    assert_json(show_a_closed_one,
                "\"tables\" in d, \"tables\" in d[\"manifest\"], \"roles\" in "
                "d[\"manifest\"], d[\"release\"]",
                "False False False 5b1e44c012345678");
}

static void a_backup_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    const char *text = text_of(show_a_broken_one);
    assert_contains(text, "\nIt cannot be read: it is encrypted, and there is no identity\n  Name "
                          "it as \"vault.identity\".");
    assert_null(strstr(text, "Without headgate"));
}

/* --- verify --- */

static int show_verified(const void *context)
{
    (void)context;
    struct place place = place_open();
    struct vault_item items[] = {an_item(NAME, NULL), an_item(OTHER, NULL),
                                 an_item("production-3", NULL)};
    struct verification done[] = {
        {.item = &items[0], .level = PROOF_RESTORE, .proof = a_proof(PROOF_RESTORE, NULL)},
        {.item = &items[1],
         .level = PROOF_CHECKSUMS,
         .proof = a_proof(PROOF_NONE, "2 frames differ")},
        {.item = &items[2], .level = PROOF_CHECKSUMS},
    };
    (void)error_set(&done[2].error, ERROR_IO, "could not read it");
    (void)error_hint(&done[2].error, "Look at the disk.");
    for (size_t i = 0; i < ARRAY_LEN(done); i++) {
        report_verification(&done[i]);
    }
    report_verifications(place.vault, done, ARRAY_LEN(done));
    for (size_t i = 0; i < ARRAY_LEN(done); i++) {
        proof_clear(&done[i].proof);
        error_clear(&done[i].error);
        item_end(&items[i]);
    }
    place_close(&place);
    return 0;
}

static void each_backup_is_told_good_or_bad(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_verified),
                        NAME "  good  restored and compared 2026-11-28 20:31 UTC, in 28 s\n"
                             "  2 tables, 12,345,004 rows compared, on PostgreSQL 15.20\n" OTHER
                             "  BAD: 2 frames differ\n"
                             "production-3  could not be verified: could not read it\n"
                             "  Look at the disk.\n"
                             "\n"
                             "3 backups in vault, 2 not good");
    assert_json(show_verified, "[(v[\"asked\"], v[\"good\"]) for v in d[\"verified\"]]",
                "[('restore', True), ('checksums', False), ('checksums', False)]");
}

/* Proven, but not as far as was asked for: an answer, and not a good one. */
static void a_proof_that_stops_short_is_not_good(void **state)
{
    (void)state;
    struct verification short_of = {.level = PROOF_RESTORE, .proof = {.level = PROOF_CONTENTS}};
    struct verification more = {.level = PROOF_CHECKSUMS, .proof = {.level = PROOF_CONTENTS}};
    struct verification failed = {.level = PROOF_CHECKSUMS,
                                  .proof = {.level = PROOF_CONTENTS, .failed = true}};
    struct verification none = {.level = PROOF_CHECKSUMS, .error = {.code = ERROR_IO}};
    assert_false(verification_is_good(&short_of));
    assert_true(verification_is_good(&more));
    assert_false(verification_is_good(&failed));
    assert_false(verification_is_good(&none));
}

/* --- prune --- */

static int show_pruning(const void *context)
{
    const size_t *removed = context;
    struct vault_item items[] = {an_item(NAME, NULL), an_item(OTHER, NULL), an_item("p-3", NULL)};
    static char last[] = "the last 7", nothing[] = "nothing keeps it";
    const struct prune_verdict verdicts[] = {
        {.keeps = true, .why = last}, {.why = nothing}, {.why = nothing}};
    const struct vault_list list = {.items = items, .n = ARRAY_LEN(items)};
    for (size_t i = 0; i < list.n; i++) {
        items[i].created = wall_now_usec() - INT64_C(50) * 3600 * 1000000;
    }
    if (removed == NULL) {
        report_pruning(&list, verdicts, true);
    } else {
        report_pruned(&list, verdicts, *removed);
    }
    for (size_t i = 0; i < list.n; i++) {
        item_end(&items[i]);
    }
    return 0;
}

static int show_pruned(const void *context)
{
    (void)context;
    return show_pruning(&(size_t){1});
}

static void pruning_says_what_goes_and_why(void **state)
{
    (void)state;
    assert_string_equal(text_of(show_pruning),
                        NAME "  2 days  499 MB  stays  the last 7\n" OTHER
                             "  2 days  499 MB  goes   nothing keeps it\n"
                             "p-3                               2 days  499 MB  goes   nothing "
                             "keeps it\n"
                             "\n"
                             "2 of 3 would go. Nothing was removed.");
    assert_string_equal(text_of(show_pruned), "\nRemoved 1 backup: 499 MB are free again.");
    assert_json(show_pruning, "[(b[\"keeps\"], b[\"removed\"]) for b in d[\"backups\"]]",
                "[(True, False), (False, False), (False, False)]");
    assert_json(show_pruned, "[b[\"removed\"] for b in d[\"backups\"]], d[\"removed\"]",
                "[False, True, False] 1");
}

/* --- progress --- */

static void observe(void)
{
    static struct backup_screen screen;
    struct backup_observer observer = report_backup_observer(&screen);
    struct backup_progress progress = {
        .stage = "dump", .done = 600000000, .total = 1200000000, .elapsed = 2000};
    observer.progress(observer.context, &progress);
    progress.done = 900000000;
    progress.elapsed = 3000;
    observer.progress(observer.context, &progress);
    observer.say(observer.context, "dump: 1.2 GB in 4.0 s, 300 MB/s");
    progress = (struct backup_progress){.stage = "compare", .what = "public.orders"};
    observer.progress(observer.context, &progress);
}

static int observe_to_a_file(const void *context)
{
    (void)context;
    observe();
    report_backup_observed();
    return 0;
}

static int take_terminal(const struct terminal *terminal)
{
    return dup2(terminal->screen, STDOUT_FILENO) < 0 || dup2(terminal->screen, STDERR_FILENO) < 0;
}

/* As if it had been killed there. */
static int observe_and_die(const void *context)
{
    if (take_terminal(context) != 0) {
        return 99;
    }
    output_set_up(&(struct output_settings){.level = OUTPUT_NORMAL});
    observe();
    return 0;
}

static int observe_and_end(const void *context)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int status = observe_and_die(context);
    report_backup_observed();
    return output_finish(&err) ? status : 1;
}

static void assert_screen(child_work *work, const char *expected)
{
    struct terminal terminal;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    terminal_open(&terminal, 20, 72);
    assert_int_equal(in_child(work, &terminal), 0);
    CLEANUP(mem_freep) char *seen = terminal_look(&terminal);
    terminal_close(&terminal);
    assert_string_equal(seen, expected);
}

static void on_a_terminal_progress_is_one_line_that_goes(void **state)
{
    (void)state;
    assert_screen(observe_and_die,
                  "dump: 1.2 GB in 4.0 s, 300 MB/s\ncompare: 0 B (public.orders)\n_\n");
    assert_screen(observe_and_end, "dump: 1.2 GB in 4.0 s, 300 MB/s\n_\n");
}

static void elsewhere_each_stage_is_a_line(void **state)
{
    (void)state;
    assert_string_equal(text_of(observe_to_a_file), "");
    assert_string_equal(scratch_out("cat err"), "dump: 1.2 GB in 4.0 s, 300 MB/s");
    assert_string_equal(shown_as(true, observe_to_a_file), "");
    assert_string_equal(scratch_out("cat err"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_says_what_would_be_made),
        cmocka_unit_test(before_it_is_made_a_plan_is_text_only),
        cmocka_unit_test(what_was_made_says_how_it_is_proven),
        cmocka_unit_test(an_empty_vault_says_how_to_make_a_backup),
        cmocka_unit_test(a_list_tells_age_size_contents_and_proof),
        cmocka_unit_test(one_backup_is_told_whole),
        cmocka_unit_test(of_many_tables_the_largest_are_told),
        cmocka_unit_test(what_an_encrypted_one_holds_is_not_known),
        cmocka_unit_test(a_backup_that_cannot_be_read_says_why),
        cmocka_unit_test(each_backup_is_told_good_or_bad),
        cmocka_unit_test(a_proof_that_stops_short_is_not_good),
        cmocka_unit_test(pruning_says_what_goes_and_why),
        cmocka_unit_test(on_a_terminal_progress_is_one_line_that_goes),
        cmocka_unit_test(elsewhere_each_stage_is_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
