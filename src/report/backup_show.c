/* One backup: all that its manifest and its proof say, and how to open it without us. */
#include <stdlib.h>

#include "headgate/clock.h"
#include "headgate/output.h"
#include "private.h"

#define TABLES_SHOWN 20

/* --- facts --- */

/* "by anna@buildhost in 7.9 s, run 20261128-..."; */
static char *made_of(const struct manifest *manifest)
{
    CLEANUP(mem_freep) char *time = wall_short(manifest->created);
    CLEANUP(mem_freep) char *took = duration_human(manifest->took);
    return mem_printf("%s%s%s in %s%s%s", time, manifest->actor != NULL ? " by " : "",
                      manifest->actor != NULL ? manifest->actor : "", took,
                      manifest->run != NULL ? ", run " : "",
                      manifest->run != NULL ? manifest->run : "");
}

static char *release_of(const struct manifest *manifest)
{
    if (manifest->release == NULL) {
        return mem_copy("none: it has no history of migrations");
    }
    CLEANUP(mem_freep) char *digest = short_digest(manifest->release);
    return mem_printf("%s%s%s", digest, manifest->last_migration != NULL ? ", up to " : "",
                      manifest->last_migration != NULL ? manifest->last_migration : "");
}

static const char *or_unknown(const char *text)
{
    return text != NULL ? text : "not known";
}

static void add_source(struct table *facts, const struct manifest *manifest)
{
    fact_add(facts, "source",
             mem_printf("%s, PostgreSQL %s%s", or_unknown(manifest->address),
                        or_unknown(manifest->server_version),
                        manifest->in_recovery ? ", a replica" : ""));
    fact_add(facts, "database",
             mem_printf("%s of %s, %s, collation %s", or_unknown(manifest->database),
                        or_unknown(manifest->owner), or_unknown(manifest->encoding),
                        or_unknown(manifest->collate)));
    fact_add(facts, "system", mem_printf("identifier %s", or_unknown(manifest->system_identifier)));
    fact_add(facts, "snapshot",
             mem_printf("%s at %s", or_unknown(manifest->snapshot), or_unknown(manifest->lsn)));
}

static char *extensions_of(const struct manifest *manifest)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < manifest->n_extensions; i++) {
        strbuf_printf(&out, "%s%s %s", i > 0 ? ", " : "", manifest->extensions[i].name,
                      or_unknown(manifest->extensions[i].version));
    }
    return out.size > 0 ? strbuf_take(&out) : NULL;
}

static char *roles_of(const struct manifest *manifest)
{
    return manifest->roles.n > 0 ? strlist_join(&manifest->roles, ", ") : NULL;
}

static char *contents_of(const struct manifest *manifest)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *tables = count_of(manifest->n_tables, "table");
    CLEANUP(mem_freep) char *rows = rows_of(manifest_rows(manifest));
    CLEANUP(mem_freep) char *sequences = count_of(manifest->n_sequences, "sequence");
    CLEANUP(mem_freep) char *size = size_human(manifest->dump_size);
    strbuf_printf(&out, "%s, %s, %s", tables, rows, sequences);
    if (manifest->has_blobs) {
        CLEANUP(mem_freep) char *blobs = count_of(manifest->blobs.rows, "large object");
        strbuf_printf(&out, ", %s", blobs);
    }
    strbuf_printf(&out, "; %s as a dump", size);
    return strbuf_take(&out);
}

static void add_proof(struct table *facts, const struct proof *proof)
{
    enum style style = STYLE_PLAIN;
    char *words = proof_words(proof, &style);
    fact_add(facts, "proof", mem_copy(""));
    table_set_long(facts, 1, style, words);
    if (proof->level == PROOF_RESTORE && !proof->failed) {
        CLEANUP(mem_freep) char *tables = count_of(proof->tables, "table");
        CLEANUP(mem_freep) char *rows = rows_of(proof->rows);
        CLEANUP(mem_freep) char *took = duration_human(proof->took);
        fact_add(facts, "",
                 mem_printf("%s, %s, in %s by %s, on PostgreSQL %s", tables, rows, took,
                            or_unknown(proof->actor), or_unknown(proof->server_version)));
    }
    for (size_t i = 0; i < proof->not_proven.n; i++) {
        fact_add(facts, i == 0 ? "not proven" : "", mem_copy(proof->not_proven.items[i]));
    }
}

static void print_facts(const struct vault_item *item)
{
    const struct manifest *manifest = item->manifest;
    CLEANUP(table_clear) struct table facts = {0};
    CLEANUP(mem_freep) char *size = size_human(item->size);
    CLEANUP(mem_freep) char *path = place_shown(item->path);
    fact_add(&facts, "environment", mem_copy(item->environment));
    fact_add(&facts, "file",
             mem_printf("%s, %s%s", path, size, item->encrypted ? ", encrypted" : ""));
    fact_add(&facts, "digest", item->digest[0] != '\0' ? mem_copy(item->digest) : NULL);
    add_proof(&facts, &item->proof);
    if (manifest != NULL) {
        fact_add(&facts, "made", made_of(manifest));
        fact_add(&facts, "release", release_of(manifest));
        add_source(&facts, manifest);
        fact_add(&facts, "made with",
                 mem_printf("headgate %s, pg_dump %s", or_unknown(manifest->headgate_version),
                            or_unknown(manifest->pg_dump_version)));
    }
    if (manifest != NULL && contents_are_known(item)) {
        fact_add(&facts, "extensions", extensions_of(manifest));
        fact_add(&facts, "roles", roles_of(manifest));
        fact_add(&facts, "holds", contents_of(manifest));
    } else if (manifest != NULL) {
        fact_add(&facts, "holds",
                 mem_printf("told with the key: headgate backup show %s --decrypt", item->name));
    }
    table_print(&facts, "  ");
}

/* --- tables --- */

static int by_size(const void *a, const void *b)
{
    const struct manifest_table *const *one = a;
    const struct manifest_table *const *other = b;
    if ((*one)->size != (*other)->size) {
        return (*one)->size < (*other)->size ? 1 : -1;
    }
    return (*one)->at < (*other)->at ? -1 : (*one)->at > (*other)->at;
}

/* Pointers into the manifest, the largest first. */
static const struct manifest_table **sorted_tables(const struct manifest *manifest)
{
    const struct manifest_table **tables =
        mem_new(manifest->n_tables + 1, sizeof(const struct manifest_table *));
    for (size_t i = 0; i < manifest->n_tables; i++) {
        tables[i] = &manifest->tables[i];
    }
    qsort(tables, manifest->n_tables, sizeof *tables, by_size);
    return tables;
}

static void print_tables(const struct manifest *manifest)
{
    CLEANUP(table_clear) struct table table = {0};
    CLEANUP(mem_freep) const struct manifest_table **tables = sorted_tables(manifest);
    for (size_t i = 0; i < manifest->n_tables && i < TABLES_SHOWN; i++) {
        table_row(&table);
        table_set(&table, 0, STYLE_PLAIN, mem_printf("%s.%s", tables[i]->schema, tables[i]->name));
        table_set(&table, 1, STYLE_PLAIN, rows_of(tables[i]->digest.rows));
        table_set(&table, 2, STYLE_DIM, size_human(tables[i]->size));
    }
    output_print("%s", manifest->n_tables > 0 ? "\nTables\n" : "");
    table_print(&table, "  ");
    if (manifest->n_tables > TABLES_SHOWN) {
        output_print("  and %zu smaller ones: headgate backup show %s --json\n",
                     manifest->n_tables - TABLES_SHOWN, manifest->name);
    }
}

/* --- without us --- */

/* As one word of a shell. */
static char *shell_word(const char *text)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (text[0] != '\0' && text[0] != '-' &&
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") ==
            strlen(text)) {
        return mem_copy(text);
    }
    strbuf_add_char(&out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            strbuf_add(&out, "'\\''");
        } else {
            strbuf_add_char(&out, *text);
        }
    }
    strbuf_add_char(&out, '\'');
    return strbuf_take(&out);
}

#define MEMBERS "--wildcards '" DUMP_FOLDER "/*'"

static void print_way_out(const struct vault_item *item)
{
    CLEANUP(mem_freep) char *shown = place_shown(item->path);
    CLEANUP(mem_freep) char *path = shell_word(shown);
    output_print("\nWithout headgate\n");
    if (item->encrypted) {
        output_print("  age -d -i KEYFILE %s | tar --zstd -xO " MEMBERS
                     " | pg_restore -d EMPTY_DATABASE\n",
                     path);
        output_print("  age -d -i KEYFILE %s | tar --zstd -xO " GLOBALS_MEMBER "\n", path);
        return;
    }
    output_print("  tar --zstd -xOf %s " MEMBERS " | pg_restore -d EMPTY_DATABASE\n", path);
    output_print("  tar --zstd -xOf %s " GLOBALS_MEMBER "\n", path);
}

static void print_next(const struct vault_item *item)
{
    const struct proof *proof = &item->proof;
    if (item->manifest != NULL && (proof->time == 0 || proof->level < PROOF_RESTORE)) {
        output_print("\nNext: headgate backup verify %s\n", item->name);
    }
}

/* --- JSON --- */

/* As it stands in the archive itself: without the key only what may be told without it. */
static void write_manifest(struct json_writer *writer, const struct manifest *manifest,
                           bool knows_contents)
{
    json_write_key(writer, "manifest");
    json_write_object(writer);
    manifest_write_facts(manifest, writer);
    if (knows_contents) {
        manifest_write_contents(manifest, writer);
    }
    json_write_object_end(writer);
}

void report_backup(const struct vault_item *item)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = document_start(&out);
        write_backup(&writer, item);
        if (item->manifest != NULL) {
            write_manifest(&writer, item->manifest, contents_are_known(item));
        }
        document_end(&writer);
        return;
    }
    output_print("Backup %s\n\n", item->name);
    print_facts(item);
    if (item->manifest != NULL) {
        print_tables(item->manifest);
    } else {
        output_print("\nIt cannot be read: %s\n",
                     item->error.message != NULL ? item->error.message : "");
        if (item->error.hint != NULL) {
            output_print("  %s\n", item->error.hint);
        }
        return;
    }
    print_way_out(item);
    print_next(item);
}
