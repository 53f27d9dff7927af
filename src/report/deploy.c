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
        bool to_do = plan_item_is_to_do(plan, item);
        table_row(&table);
        table_set(&table, 0, STYLE_PLAIN, mem_copy(item->name));
        table_set(&table, 1, to_do ? STYLE_WARN : STYLE_BAD,
                  mem_copy(migration_state_name(item->state)));
        table_set(&table, 2, STYLE_DIM, mem_copy(to_do && item->mode != NULL ? item->mode : ""));
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

/* The times stand below each other although each line is printed when it happens. */
static void print_applied(const struct deploy_plan *plan, const struct engine_event *event)
{
    CLEANUP(mem_freep) char *time = duration_human(event->took);
    if (!output_json()) {
        output_print("  %-*s  applied in %s\n", (int)plan->widest, event->migration, time);
    }
}

void report_deploy_event(const struct deploy_plan *plan, const struct engine_event *event)
{
    const char *migration = event->migration != NULL ? event->migration : "";
    const char *gap = event->migration != NULL ? ": " : "";
    CLEANUP(mem_freep) char *time = duration_human(event->took);
    switch (event->kind) {
    case EVENT_APPLIED:
        print_applied(plan, event);
        break;
    case EVENT_STATEMENT:
        output_detail("%s: line %zu, %s, took %s", migration, event->line, event->verb, time);
        break;
    case EVENT_NOTICE:
        output_detail("%s", event->sentence);
        break;
    case EVENT_BEGAN:
        output_detail("%s: begins", migration);
        break;
    case EVENT_WAITING:
    case EVENT_RESUMED:
    case EVENT_RETRY:
    case EVENT_PROGRESS:
    case EVENT_REPAIRED:
    case EVENT_LOST:
    case EVENT_KIND_MAX:
        output_progress("%s%s%s", migration, gap, event->sentence);
        break;
    }
}

/* --- the end --- */

static void write_applied(struct json_writer *writer, const struct deploy_plan *plan, size_t left)
{
    json_write_key(writer, "applied");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n && left > 0; i++) {
        if (plan_item_is_to_do(plan, &plan->items[i])) {
            json_write_text(writer, plan->items[i].name);
            left--;
        }
    }
    json_write_array_end(writer);
}

static void print_end_json(const struct deploy_plan *plan, const struct deploy_result *result,
                           msec took, bool failed)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "environment", plan->environment->name);
    json_write_member_text(&writer, "target", plan->target);
    write_release(&writer, plan->release);
    json_write_member_text(&writer, "run", result->run);
    json_write_member_bool(&writer, "done", !failed);
    json_write_member_integer(&writer, "milliseconds", took);
    write_applied(&writer, plan, result->n_applied);
    json_write_member_integer(&writer, "retries", (int64_t)result->cost.retries);
    json_write_member_integer(&writer, "lock_wait_milliseconds", result->cost.lock_wait);
    json_write_member_integer(&writer, "others_waited_milliseconds", result->cost.blocked);
    json_write_member_integer(&writer, "analyzed", (int64_t)result->n_analyzed);
    if (plan->reason != NULL) {
        json_write_member_text(&writer, "out_of_order_reason", plan->reason);
    }
    if (result->replica != NULL) {
        json_write_member_text(&writer, "replica", result->replica);
    }
    document_end(&writer);
}

/* What it cost others and us, where it cost anything. */
static void print_cost(const struct deploy_result *result)
{
    const struct engine_cost *cost = &result->cost;
    CLEANUP(mem_freep) char *ours = duration_human(cost->lock_wait);
    CLEANUP(mem_freep) char *theirs = duration_human(cost->blocked);
    if (cost->lock_wait > 0 || cost->blocked > 0 || cost->retries > 0) {
        output_print(
            "Locks: waited %s for others, others waited %s for it, tried again %zu time%s.\n", ours,
            theirs, cost->retries, cost->retries == 1 ? "" : "s");
    }
}

static void print_aftercare(const struct deploy_result *result)
{
    if (result->n_analyzed > 0) {
        CLEANUP(mem_freep) char *tables = count_of(result->n_analyzed, "table");
        output_print("Statistics of %s refreshed.\n", tables);
    }
    if (result->replica != NULL) {
        output_print("Replica: %s.\n", result->replica);
    }
}

static void print_end_text(const struct deploy_plan *plan, const struct deploy_result *result,
                           msec took, bool failed)
{
    CLEANUP(mem_freep) char *digest = short_digest(plan->release->digest);
    CLEANUP(mem_freep) char *time = duration_human(took);
    if (failed) {
        output_print("%s%zu of %zu applied in %s, then it stopped.\n",
                     result->n_applied > 0 ? "\n" : "", result->n_applied, deploy_plan_size(plan),
                     time);
        print_cost(result);
    } else if (result->n_applied == 0) {
        output_print("Nothing to do: %s has release %s.\n", plan->environment->name, digest);
    } else {
        output_print("\n%zu applied in %s. %s has release %s.\n", result->n_applied, time,
                     plan->environment->name, digest);
        print_cost(result);
        print_aftercare(result);
    }
}

void report_deploy_end(const struct deploy_plan *plan, const struct deploy_result *result,
                       msec took, bool failed)
{
    if (output_json()) {
        print_end_json(plan, result, took, failed);
    } else {
        print_end_text(plan, result, took, failed);
    }
}
