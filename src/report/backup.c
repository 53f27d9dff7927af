/* A backup while it is made, and when it is there. */
#include "headgate/clock.h"
#include "headgate/output.h"
#include "private.h"

#define QUIET_MOST                                                                                 \
    60000 /* elsewhere than on a terminal a line tells now and then that it goes on */

/* --- progress --- */

static char *with_subject(const struct backup_screen *screen, const char *sentence)
{
    return screen->about != NULL ? mem_printf("%s: %s", screen->about, sentence)
                                 : mem_copy(sentence);
}

static void on_progress(void *context, const struct backup_progress *progress)
{
    struct backup_screen *screen = context;
    msec now = clock_now();
    bool is_live = output_is_live();
    screen->shown = screen->shown == 0 ? now : screen->shown;
    if (!is_live && now < screen->shown + QUIET_MOST) {
        return;
    }
    CLEANUP(mem_freep) char *sentence = backup_progress_sentence(progress);
    CLEANUP(mem_freep) char *line = with_subject(screen, sentence);
    screen->shown = now;
    if (is_live) {
        CLEANUP(mem_freep) char *block = mem_printf("%s\n", line);
        output_live(block, strlen(block));
    } else {
        output_progress("%s", line);
    }
}

static void on_say(void *context, const char *sentence)
{
    struct backup_screen *screen = context;
    CLEANUP(mem_freep) char *line = with_subject(screen, sentence);
    screen->shown = clock_now();
    output_progress("%s", line);
}

struct backup_observer report_backup_observer(struct backup_screen *screen)
{
    return (struct backup_observer){.progress = on_progress, .say = on_say, .context = screen};
}

void report_backup_observed(void)
{
    output_live_end(false);
}

/* --- before --- */

static char *estimate_of(const struct backup_request *request, const struct backup_plan *plan)
{
    CLEANUP(mem_freep) char *size = size_human(plan->estimate);
    CLEANUP(mem_freep) char *folder = place_shown(vault_folder(request->vault));
    return mem_printf("about %s, %sinto %s", size,
                      vault_encrypts(request->vault) ? "encrypted, " : "", folder);
}

static void print_plan(const struct backup_request *request, const struct backup_plan *plan,
                       bool dry_run)
{
    CLEANUP(table_clear) struct table facts = {0};
    CLEANUP(mem_freep) char *size = size_human(plan->database_size);
    CLEANUP(mem_freep) char *tables = count_of(plan->n_tables, "table");
    output_print("Backup of %s  %s  PostgreSQL %s\n\n", request->environment->name, plan->address,
                 plan->server_version);
    fact_add(&facts, "database", mem_printf("%s on the server's disk, %s", size, tables));
    fact_add(&facts, "backup", estimate_of(request, plan));
    if (plan->pg_dump != NULL) {
        fact_add(&facts, "made with",
                 mem_printf("pg_dump %s (%s)%s%s",
                            plan->pg_dump_version != NULL ? plan->pg_dump_version : "",
                            plan->pg_dump, plan->pg_dump_host != NULL ? " on " : "",
                            plan->pg_dump_host != NULL ? plan->pg_dump_host : ""));
    }
    fact_add(&facts, "passwords",
             mem_copy(request->with_passwords ? "those of the roles are in it"
                                              : "of roles are left out"));
    table_print(&facts, "  ");
    if (dry_run) {
        output_print("\nNothing was made.\n");
    }
}

static void write_head(struct json_writer *writer, const struct backup_request *request)
{
    json_write_member_text(writer, "environment", request->environment->name);
    json_write_member_text(writer, "vault", vault_folder(request->vault));
    json_write_member_bool(writer, "encrypted", vault_encrypts(request->vault));
    json_write_member_bool(writer, "with_passwords", request->with_passwords);
}

void report_backup_plan(const struct backup_request *request, const struct backup_plan *plan,
                        bool dry_run)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_plan(request, plan, dry_run);
        return;
    }
    if (!dry_run) {
        return;
    }
    struct json_writer writer = document_start(&out);
    write_head(&writer, request);
    json_write_member_text(&writer, "target", plan->address);
    json_write_member_text(&writer, "server_version", plan->server_version);
    json_write_member_text(&writer, "system_identifier", plan->system_identifier);
    json_write_member_text(&writer, "pg_dump", plan->pg_dump);
    json_write_member_text(&writer, "pg_dump_version", plan->pg_dump_version);
    json_write_member_text(&writer, "pg_dump_host", plan->pg_dump_host);
    json_write_member_integer(&writer, "database_size", (int64_t)plan->database_size);
    json_write_member_integer(&writer, "estimate", (int64_t)plan->estimate);
    json_write_member_integer(&writer, "tables", (int64_t)plan->n_tables);
    write_member_error(&writer, "refusal", &plan->refusal);
    document_end(&writer);
}

/* --- after --- */

static char *size_of(const struct backup_made *made)
{
    CLEANUP(mem_freep) char *size = size_human(made->size);
    CLEANUP(mem_freep) char *dump = size_human(made->dump_size);
    if (made->size == 0 || made->dump_size <= made->size) {
        return mem_printf("%s, of a dump of %s", size, dump);
    }
    return mem_printf("%s, of a dump of %s: %.1f times smaller", size, dump,
                      (double)made->dump_size / (double)made->size);
}

/* What was proven, or what is to be typed so that it is. */
static void print_proof(const struct backup_made *made, const struct proof *proof)
{
    if (proof == NULL) {
        output_print("\nIt is not proven yet. Next: headgate backup verify %s\n", made->name);
        return;
    }
    for (size_t i = 0; i < proof->not_proven.n; i++) {
        output_print("  not proven: %s\n", proof->not_proven.items[i]);
    }
    if (!proof->failed && proof->level < PROOF_RESTORE) {
        output_print("\nIt was not restored yet. Next: headgate backup verify %s\n", made->name);
    }
}

static void print_made(const struct backup_made *made, const struct proof *proof)
{
    CLEANUP(table_clear) struct table facts = {0};
    CLEANUP(mem_freep) char *took = duration_human(made->took);
    CLEANUP(mem_freep) char *tables = count_of(made->n_tables, "table");
    CLEANUP(mem_freep) char *rows = rows_of(made->rows);
    output_print("\nMade %s in %s.\n", made->name, took);
    fact_add(&facts, "file", place_shown(made->path));
    fact_add(&facts, "size", size_of(made));
    fact_add(&facts, "holds", mem_printf("%s, %s", tables, rows));
    if (proof != NULL) {
        enum style style = STYLE_PLAIN;
        char *words = proof_words(proof, &style);
        fact_add(&facts, "proof", mem_copy(""));
        table_set_long(&facts, 1, style, words);
    }
    table_print(&facts, "  ");
    print_proof(made, proof);
}

void report_backup_made(const struct backup_request *request, const struct backup_made *made,
                        const struct proof *proof)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_made(made, proof);
        return;
    }
    struct json_writer writer = document_start(&out);
    write_head(&writer, request);
    json_write_member_text(&writer, "name", made->name);
    json_write_member_text(&writer, "path", made->path);
    json_write_member_integer(&writer, "size", (int64_t)made->size);
    json_write_member_integer(&writer, "dump_size", (int64_t)made->dump_size);
    json_write_member_integer(&writer, "tables", (int64_t)made->n_tables);
    json_write_member_integer(&writer, "rows", (int64_t)made->rows);
    json_write_member_integer(&writer, "milliseconds", made->took);
    write_proof(&writer, proof);
    document_end(&writer);
}
