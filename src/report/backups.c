/* The backups of a vault: what is there, what was proven, what goes. */
#include "headgate/clock.h"
#include "headgate/output.h"
#include "private.h"

static uint64_t size_of_all(const struct vault_list *list)
{
    uint64_t size = 0;
    for (size_t i = 0; i < list->n; i++) {
        size += list->items[i].size;
    }
    return size;
}

/* --- what is there --- */

static void set_contents(struct table *table, const struct vault_item *item)
{
    const struct manifest *manifest = item->manifest;
    enum style style = STYLE_PLAIN;
    if (manifest == NULL) {
        const char *message = item->error.message;
        table_set_long(table, 3, STYLE_BAD,
                       mem_printf("cannot be read: %s", message != NULL ? message : ""));
        return;
    }
    if (contents_are_known(item)) {
        table_set(table, 3, STYLE_PLAIN, count_of(manifest->n_tables, "table"));
        table_set(table, 4, STYLE_PLAIN, rows_of(manifest_rows(manifest)));
    }
    table_set(table, 5, STYLE_PLAIN,
              manifest->release != NULL ? short_digest(manifest->release) : mem_copy("-"));
    table_set(table, 6, STYLE_DIM, mem_copy(item->encrypted ? "encrypted" : ""));
    char *words = proof_words(&item->proof, &style);
    table_set(table, 7, style, words);
}

static void print_list(const struct vault *vault, const struct vault_list *list,
                       const char *environment)
{
    CLEANUP(table_clear) struct table table = {0};
    CLEANUP(mem_freep) char *folder = place_shown(vault_folder(vault));
    if (list->n == 0) {
        output_print("There are no backups%s%s in %s.\nMake one: headgate backup create %s\n",
                     environment != NULL ? " of " : "", environment != NULL ? environment : "",
                     folder, environment != NULL ? environment : "ENV");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct vault_item *item = &list->items[i];
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(item->name));
        table_set(&table, 1, STYLE_DIM, age_of(item->created));
        table_set(&table, 2, STYLE_PLAIN, size_human(item->size));
        set_contents(&table, item);
    }
    table_print(&table, "");
    CLEANUP(mem_freep) char *count = count_of(list->n, "backup");
    CLEANUP(mem_freep) char *size = size_human(size_of_all(list));
    output_print("\n%s, %s in %s\n", count, size, folder);
}

void report_backups(const struct vault *vault, const struct vault_list *list,
                    const char *environment)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_list(vault, list, environment);
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "vault", vault_folder(vault));
    json_write_key(&writer, "backups");
    json_write_array(&writer);
    for (size_t i = 0; i < list->n; i++) {
        json_write_object(&writer);
        write_backup(&writer, &list->items[i]);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

/* --- what was proven --- */

bool verification_is_good(const struct verification *verification)
{
    return !error_is_set(&verification->error) && !verification->proof.failed &&
           verification->proof.level >= verification->level;
}

static void print_figures(const struct proof *proof)
{
    if (proof->level == PROOF_RESTORE) {
        CLEANUP(mem_freep) char *rows = rows_of(proof->rows);
        CLEANUP(mem_freep) char *tables = count_of(proof->tables, "table");
        output_print("  %s, %s compared", tables, rows);
        if (proof->server_version != NULL) {
            output_print(", on PostgreSQL %s", proof->server_version);
        }
        output_print("\n");
    }
    for (size_t i = 0; i < proof->not_proven.n; i++) {
        output_print("  not proven: %s\n", proof->not_proven.items[i]);
    }
}

void report_verification(const struct verification *verification)
{
    const struct proof *proof = &verification->proof;
    const struct error *error = &verification->error;
    CLEANUP(strbuf_clear) struct strbuf word = STRBUF_INIT;
    if (output_json()) {
        return;
    }
    bool is_good = verification_is_good(verification);
    style_add(&word, output_color_stdout(), is_good ? STYLE_GOOD : STYLE_BAD,
              is_good               ? "good"
              : error_is_set(error) ? "could not be verified"
                                    : "BAD");
    output_print("%s  %s", verification->item->name, word.text);
    if (error_is_set(error)) {
        output_print(": %s\n", error->message);
        if (error->hint != NULL) {
            output_print("  %s\n", error->hint);
        }
    } else if (proof->failed) {
        output_print(": %s\n", proof->why != NULL ? proof->why : "");
    } else {
        CLEANUP(mem_freep) char *took = duration_human(proof->took);
        CLEANUP(mem_freep) char *sentence = proof_sentence(proof);
        output_print("  %s, in %s\n", sentence, took);
        print_figures(proof);
    }
    output_flush();
}

static void print_sum(const struct vault *vault, const struct verification *verifications, size_t n)
{
    size_t n_good = 0;
    CLEANUP(mem_freep) char *count = count_of(n, "backup");
    CLEANUP(mem_freep) char *folder = place_shown(vault_folder(vault));
    for (size_t i = 0; i < n; i++) {
        n_good += verification_is_good(&verifications[i]);
    }
    if (n_good == n) {
        output_print("\n%s in %s, all good\n", count, folder);
    } else {
        output_print("\n%s in %s, %zu not good\n", count, folder, n - n_good);
    }
}

void report_verifications(const struct vault *vault, const struct verification *verifications,
                          size_t n)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        if (n > 1) {
            print_sum(vault, verifications, n);
        }
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "vault", vault_folder(vault));
    json_write_key(&writer, "verified");
    json_write_array(&writer);
    for (size_t i = 0; i < n; i++) {
        const struct verification *verification = &verifications[i];
        json_write_object(&writer);
        json_write_member_text(&writer, "name", verification->item->name);
        json_write_member_text(&writer, "asked", proof_level_name(verification->level));
        json_write_member_bool(&writer, "good", verification_is_good(verification));
        write_proof(&writer, &verification->proof);
        write_member_error(&writer, "error", &verification->error);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

/* --- what goes --- */

static size_t count_goes(const struct vault_list *list, const struct prune_verdict *verdicts)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        n += !verdicts[i].keeps;
    }
    return n;
}

static void print_verdicts(const struct vault_list *list, const struct prune_verdict *verdicts)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < list->n; i++) {
        const struct vault_item *item = &list->items[i];
        const struct prune_verdict *verdict = &verdicts[i];
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(item->name));
        table_set(&table, 1, STYLE_DIM, age_of(item->created));
        table_set(&table, 2, STYLE_PLAIN, size_human(item->size));
        table_set(&table, 3, verdict->keeps ? STYLE_GOOD : STYLE_WARN,
                  mem_copy(verdict->keeps ? "stays" : "goes"));
        table_set(&table, 4, STYLE_PLAIN, mem_copy(verdict->why != NULL ? verdict->why : ""));
    }
    table_print(&table, "");
}

/* The first n of those that go have been removed. */
static void print_pruning_json(const struct vault_list *list, const struct prune_verdict *verdicts,
                               size_t n_removed)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = document_start(&out);
    json_write_key(&writer, "backups");
    json_write_array(&writer);
    for (size_t i = 0, n = 0; i < list->n; i++) {
        bool removed = !verdicts[i].keeps && n++ < n_removed;
        json_write_object(&writer);
        json_write_member_text(&writer, "name", list->items[i].name);
        json_write_member_text(&writer, "environment", list->items[i].environment);
        json_write_member_integer(&writer, "size", (int64_t)list->items[i].size);
        json_write_member_bool(&writer, "keeps", verdicts[i].keeps);
        json_write_member_text(&writer, "why", verdicts[i].why);
        json_write_member_bool(&writer, "removed", removed);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_member_integer(&writer, "removed", (int64_t)n_removed);
    document_end(&writer);
}

void report_pruning(const struct vault_list *list, const struct prune_verdict *verdicts,
                    bool dry_run)
{
    size_t n = count_goes(list, verdicts);
    if (output_json()) {
        if (dry_run) {
            print_pruning_json(list, verdicts, 0);
        }
        return;
    }
    print_verdicts(list, verdicts);
    if (dry_run) {
        output_print("%s%zu of %zu would go. Nothing was removed.\n", list->n > 0 ? "\n" : "", n,
                     list->n);
    }
}

void report_pruned(const struct vault_list *list, const struct prune_verdict *verdicts,
                   size_t n_removed)
{
    uint64_t freed = 0;
    if (output_json()) {
        print_pruning_json(list, verdicts, n_removed);
        return;
    }
    for (size_t i = 0, n = 0; i < list->n; i++) {
        freed += !verdicts[i].keeps && n++ < n_removed ? list->items[i].size : 0;
    }
    if (n_removed == 0) {
        output_print("%sNothing to do: every backup stays.\n", list->n > 0 ? "\n" : "");
        return;
    }
    CLEANUP(mem_freep) char *count = count_of(n_removed, "backup");
    CLEANUP(mem_freep) char *size = size_human(freed);
    output_print("\nRemoved %s: %s are free again.\n", count, size);
}
