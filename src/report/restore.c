/* Restoring a backup: what it would do, what would be lost by it, and what it has done. */
#include "headgate/clock.h"
#include "headgate/output.h"
#include "private.h"

#define LOSSES_SHOWN 10

static bool is_partial(const struct restore_request *request)
{
    return (request->tables != NULL && request->tables->n > 0) ||
           (request->schemas != NULL && request->schemas->n > 0);
}

/* --- the loss meter --- */

struct sum {
    uint64_t inserted, updated, deleted;
    bool is_partial; /* some counter is not known */
};

static void add_counter(uint64_t *sum, int64_t counter, bool *is_unknown)
{
    if (counter < 0) {
        *is_unknown = true;
    } else {
        *sum += (uint64_t)counter;
    }
}

static struct sum sum_of(const struct restore_plan *plan)
{
    struct sum sum = {0};
    for (size_t i = 0; i < plan->n_losses; i++) {
        const struct table_loss *loss = &plan->losses[i];
        add_counter(&sum.inserted, loss->inserted, &sum.is_partial);
        add_counter(&sum.updated, loss->updated, &sum.is_partial);
        add_counter(&sum.deleted, loss->deleted, &sum.is_partial);
    }
    return sum;
}

static char *counter_of(int64_t counter, const char *what)
{
    if (counter < 0) {
        return mem_printf("? %s", what);
    }
    CLEANUP(mem_freep) char *number = number_grouped((uint64_t)counter);
    return mem_printf("%s %s", number, what);
}

static void set_counters(struct table *table, enum style style, int64_t inserted, int64_t updated,
                         int64_t deleted)
{
    table_set(table, 1, style, counter_of(inserted, "inserted"));
    table_set(table, 2, style, counter_of(updated, "updated"));
    table_set(table, 3, style, counter_of(deleted, "deleted"));
}

static void print_losses(const struct restore_plan *plan)
{
    CLEANUP(table_clear) struct table table = {0};
    struct sum sum = sum_of(plan);
    for (size_t i = 0; i < plan->n_losses && i < LOSSES_SHOWN; i++) {
        const struct table_loss *loss = &plan->losses[i];
        table_row(&table);
        table_set(&table, 0, STYLE_PLAIN, mem_printf("%s.%s", loss->schema, loss->name));
        set_counters(&table, STYLE_PLAIN, loss->inserted, loss->updated, loss->deleted);
    }
    if (plan->n_losses > LOSSES_SHOWN) {
        CLEANUP(mem_freep) char *more = count_of(plan->n_losses - LOSSES_SHOWN, "more table");
        table_line(&table, STYLE_DIM, mem_printf("and %s", more));
    }
    table_row(&table);
    table_set(&table, 0, STYLE_BOLD,
              mem_copy(sum.is_partial ? "together, as far as known" : "together"));
    set_counters(&table, STYLE_BOLD, (int64_t)sum.inserted, (int64_t)sum.updated,
                 (int64_t)sum.deleted);
    table_print(&table, "  ");
}

static void print_meter(const struct restore_plan *plan)
{
    CLEANUP(mem_freep) char *when = wall_short(plan->request->item->created);
    const char *what = plan->kept != NULL ? "Lost by it" : "Changed there";
    if (!plan->exists) {
        return;
    }
    if (plan->losses_unknown != NULL) {
        output_print("\n%s, since the backup (%s): not known\n  %s\n", what, when,
                     plan->losses_unknown);
        return;
    }
    if (plan->n_losses == 0) {
        output_print("\n%s, since the backup (%s): nothing\n", what, when);
        return;
    }
    output_print("\n%s, rows since the backup (%s)\n", what, when);
    print_losses(plan);
}

/* --- the plan --- */

static char *joined(const struct strlist *list)
{
    return list != NULL && list->n > 0 ? strlist_join(list, ", ") : NULL;
}

static char *backup_of(const struct restore_plan *plan)
{
    const struct vault_item *item = plan->request->item;
    CLEANUP(mem_freep) char *age = age_of(item->created);
    CLEANUP(mem_freep) char *size = size_human(plan->size);
    CLEANUP(mem_freep) char *proof = proof_sentence(&item->proof);
    return mem_printf("%s, %s old, about %s, %s", item->name, age, size, proof);
}

static void print_facts(const struct restore_plan *plan)
{
    const struct restore_request *request = plan->request;
    CLEANUP(table_clear) struct table facts = {0};
    CLEANUP(mem_freep) char *sessions = count_of(plan->n_sessions, "session");
    fact_add(&facts, "backup", backup_of(plan));
    fact_add(&facts, "only tables", joined(request->tables));
    fact_add(&facts, "only schemas", joined(request->schemas));
    fact_add(&facts, "into",
             mem_printf("a new database \"%s\", compared with the backup", plan->beside));
    if (plan->kept != NULL) {
        fact_add(&facts, "then",
                 mem_printf("\"%s\" is renamed to \"%s\" and kept, the new one takes its name",
                            plan->database, plan->kept));
        fact_add(&facts, "ends",
                 plan->n_sessions > 0 ? mem_printf("%s of others", sessions) : NULL);
    } else if (is_partial(request)) {
        fact_add(&facts, "then",
                 mem_printf("it stays beside \"%s\", which is not touched", plan->database));
    } else {
        fact_add(&facts, "then", mem_printf("it is named \"%s\"", plan->database));
    }
    fact_add(&facts, "owners",
             request->without_owners ? mem_copy("everything belongs to who restores; no grants")
                                     : NULL);
    fact_add(&facts, "no such role", joined(&plan->missing_roles));
    fact_add(&facts, "no such extension", joined(&plan->missing_extensions));
    fact_add(&facts, "kept from before", joined(&plan->earlier));
    table_print(&facts, "  ");
}

static void write_losses(struct json_writer *writer, const struct restore_plan *plan)
{
    static const char *const keys[] = {"inserted", "updated", "deleted"};
    json_write_member_text(writer, "losses_unknown", plan->losses_unknown);
    json_write_key(writer, "losses");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n_losses; i++) {
        const struct table_loss *loss = &plan->losses[i];
        const int64_t counters[] = {loss->inserted, loss->updated, loss->deleted};
        json_write_object(writer);
        json_write_member_text(writer, "schema", loss->schema);
        json_write_member_text(writer, "name", loss->name);
        for (size_t j = 0; j < ARRAY_LEN(keys); j++) {
            json_write_key(writer, keys[j]);
            if (counters[j] < 0) {
                json_write_text(writer, NULL);
            } else {
                json_write_integer(writer, counters[j]);
            }
        }
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static struct json_writer start(struct strbuf *out, const struct restore_plan *plan)
{
    static const struct strlist none = STRLIST_INIT;
    const struct restore_request *request = plan->request;
    struct json_writer writer = document_start(out);
    json_write_member_text(&writer, "backup", request->item->name);
    json_write_member_text(&writer, "environment", request->environment->name);
    json_write_member_text(&writer, "target", plan->address);
    json_write_member_text(&writer, "server_version", plan->server_version);
    write_texts(&writer, "only_tables", request->tables != NULL ? request->tables : &none);
    write_texts(&writer, "only_schemas", request->schemas != NULL ? request->schemas : &none);
    json_write_member_bool(&writer, "without_owners", request->without_owners);
    write_losses(&writer, plan);
    write_texts(&writer, "missing_roles", &plan->missing_roles);
    write_texts(&writer, "missing_extensions", &plan->missing_extensions);
    write_texts(&writer, "kept_from_before", &plan->earlier);
    return writer;
}

static void print_plan_json(const struct restore_plan *plan)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = start(&out, plan);
    json_write_member_bool(&writer, "done", false);
    json_write_member_text(&writer, "database", plan->database);
    json_write_member_bool(&writer, "exists", plan->exists);
    json_write_member_text(&writer, "beside", plan->beside);
    json_write_member_text(&writer, "kept", plan->kept);
    json_write_member_integer(&writer, "sessions", (int64_t)plan->n_sessions);
    json_write_member_integer(&writer, "size", (int64_t)plan->size);
    write_member_error(&writer, "refusal", &plan->refusal);
    document_end(&writer);
}

void report_restore_plan(const struct restore_plan *plan, bool dry_run)
{
    if (output_json()) {
        if (dry_run) {
            print_plan_json(plan);
        }
        return;
    }
    output_print("Restore to %s  %s  PostgreSQL %s\n\n", plan->request->environment->name,
                 plan->address, plan->server_version);
    print_facts(plan);
    print_meter(plan);
    output_print("%s", dry_run ? "\nNothing was changed.\n" : "");
}

/* --- the result --- */

static void print_result(const struct restore_plan *plan, const struct restore_result *result)
{
    const char *environment = plan->request->environment->name;
    CLEANUP(mem_freep) char *took = duration_human(result->took);
    CLEANUP(mem_freep) char *tables = count_of(result->n_tables, "table");
    CLEANUP(mem_freep) char *rows = rows_of(result->rows);
    output_print("\nRestored %s in %s: %s, %s, equal to the backup.\n", plan->request->item->name,
                 took, tables, rows);
    for (size_t i = 0; i < result->not_proven.n; i++) {
        output_print("  not proven: %s\n", result->not_proven.items[i]);
    }
    if (!result->swapped) {
        output_print("It stands in the database \"%s\"; \"%s\" was not touched.\n",
                     result->database, plan->database);
        return;
    }
    output_print("%s has it now, in the database \"%s\".\n", environment, result->database);
    if (result->n_ended > 0) {
        CLEANUP(mem_freep) char *sessions = count_of(result->n_ended, "session");
        output_print("%s of others ended.\n", sessions);
    }
    if (result->kept != NULL) {
        output_print("What was there is kept as \"%s\". When nobody needs it: headgate backup "
                     "restore --finish --to %s\n",
                     result->kept, environment);
    }
}

void report_restored(const struct restore_plan *plan, const struct restore_result *result)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_result(plan, result);
        return;
    }
    struct json_writer writer = start(&out, plan);
    json_write_member_bool(&writer, "done", true);
    json_write_member_bool(&writer, "swapped", result->swapped);
    json_write_member_text(&writer, "database", result->database);
    json_write_member_text(&writer, "kept", result->kept);
    json_write_member_integer(&writer, "ended_sessions", (int64_t)result->n_ended);
    json_write_member_integer(&writer, "tables", (int64_t)result->n_tables);
    json_write_member_integer(&writer, "rows", (int64_t)result->rows);
    json_write_member_integer(&writer, "milliseconds", result->took);
    write_texts(&writer, "not_proven", &result->not_proven);
    document_end(&writer);
}

/* --- what earlier restores have kept --- */

void report_kept(const struct environment *environment, const struct strlist *kept)
{
    if (output_json() || kept->n == 0) {
        return;
    }
    output_print("Kept by earlier restores to %s\n", environment->name);
    for (size_t i = 0; i < kept->n; i++) {
        output_print("  %s\n", kept->items[i]);
    }
}

void report_kept_end(const struct environment *environment, const struct strlist *kept,
                     bool dropped)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = document_start(&out);
        json_write_member_text(&writer, "environment", environment->name);
        write_texts(&writer, "kept", kept);
        json_write_member_bool(&writer, "dropped", dropped);
        document_end(&writer);
    } else if (kept->n == 0) {
        output_print("Nothing to do: no restore to %s has kept a database.\n", environment->name);
    } else if (!dropped) {
        output_print("\nNothing was dropped.\n");
    } else {
        CLEANUP(mem_freep) char *count = count_of(kept->n, "database");
        output_print("\nDropped %s.\n", count);
    }
}
