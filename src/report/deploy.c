/* A deploy before, while and after it runs. */
#include "headgate/file.h"
#include "headgate/output.h"
#include "private.h"

void report_deploy_head(const struct deploy_plan *plan)
{
    CLEANUP(mem_freep) char *digest = short_digest(plan->release->digest);
    CLEANUP(mem_freep) char *count = count_of(plan->release->n, "migration");
    CLEANUP(mem_freep) char *folder = path_display(plan->release->folder);
    if (!output_json()) {
        output_print("Deploy to %s  %s  PostgreSQL %s\n", plan->environment->name, plan->target,
                     plan->version_text);
        output_print("Release %s  %s in %s\n\n", digest, count, folder);
    }
}

static void print_items(const struct deploy_plan *plan)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];
        if (item->state == MIGRATION_APPLIED) {
            continue;
        }
        bool pending = item->state == MIGRATION_PENDING;
        table_row(&table);
        table_set(&table, 0, STYLE_PLAIN, mem_copy(item->name));
        table_set(&table, 1, pending ? STYLE_WARN : STYLE_BAD,
                  mem_copy(migration_state_name(item->state)));
        table_set(&table, 2, STYLE_DIM, mem_copy(pending ? "in a transaction" : ""));
    }
    table_print(&table, "  ");
}

static void print_plan_text(const struct deploy_plan *plan)
{
    size_t n = deploy_plan_size(plan);
    report_deploy_head(plan);
    print_items(plan);
    if (n == 0 && !error_is_set(&plan->refusal)) {
        output_print("Nothing to do: all %zu are applied.\n", plan->count[MIGRATION_APPLIED]);
    } else {
        output_print("\n%zu to apply. Nothing was changed.\n", n);
    }
}

void report_plan(const struct deploy_plan *plan)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_plan_text(plan);
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "environment", plan->environment->name);
    write_release(&writer, plan->release);
    write_plan(&writer, plan);
    document_end(&writer);
}

/* So that the times stand below each other although each line is printed when it happens. */
static int widest_pending(const struct deploy_plan *plan)
{
    size_t widest = 0;
    for (size_t i = 0; i < plan->n; i++) {
        size_t width = strlen(plan->items[i].name);
        if (plan->items[i].state == MIGRATION_PENDING && width > widest) {
            widest = width;
        }
    }
    return (int)widest;
}

void report_deploy_applied(const struct deploy_plan *plan, const struct plan_item *item, msec took)
{
    CLEANUP(mem_freep) char *time = duration_human(took);
    if (!output_json()) {
        output_print("  %-*s  applied in %s\n", widest_pending(plan), item->name, time);
    }
}

void report_deploy_waiting(const struct history_holder *holder)
{
    output_progress("waiting for %s (server process %lld, from %s), which holds the lock since %s",
                    holder->application, (long long)holder->pid, holder->client, holder->since);
}

static void print_end_json(const struct deploy_plan *plan, size_t n_applied, msec took, bool failed)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "environment", plan->environment->name);
    json_write_member_text(&writer, "target", plan->target);
    write_release(&writer, plan->release);
    json_write_member_bool(&writer, "done", !failed);
    json_write_member_integer(&writer, "milliseconds", took);
    json_write_key(&writer, "applied");
    json_write_array(&writer);
    size_t left = n_applied;
    for (size_t i = 0; i < plan->n && left > 0; i++) {
        if (plan->items[i].state == MIGRATION_PENDING) {
            json_write_text(&writer, plan->items[i].name);
            left--;
        }
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

void report_deploy_end(const struct deploy_plan *plan, size_t n_applied, msec took, bool failed)
{
    CLEANUP(mem_freep) char *digest = short_digest(plan->release->digest);
    CLEANUP(mem_freep) char *time = duration_human(took);
    if (output_json()) {
        print_end_json(plan, n_applied, took, failed);
    } else if (failed) {
        output_print("\n%zu of %zu applied in %s, then it stopped.\n", n_applied,
                     deploy_plan_size(plan), time);
    } else if (n_applied == 0) {
        output_print("Nothing to do: %s has release %s.\n", plan->environment->name, digest);
    } else {
        output_print("\n%zu applied in %s. %s has release %s.\n", n_applied, time,
                     plan->environment->name, digest);
    }
}
