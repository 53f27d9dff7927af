/* What a person settles by hand, and the helpers of development. */
#include "headgate/file.h"
#include "headgate/output.h"
#include "private.h"

static void print_head(const char *what, const struct deploy_plan *plan)
{
    output_print("%s %s  %s  PostgreSQL %s\n", what, plan->environment->name, plan->target,
                 plan->version_text);
}

static struct json_writer start(struct strbuf *out, const struct deploy_plan *plan)
{
    struct json_writer writer = document_start(out);
    json_write_member_text(&writer, "environment", plan->environment->name);
    json_write_member_text(&writer, "target", plan->target);
    return writer;
}

static void write_list(struct json_writer *writer, const char *key, const struct strlist *list)
{
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < list->n; i++) {
        json_write_text(writer, list->items[i]);
    }
    json_write_array_end(writer);
}

/* --- resolve --- */

static const char *const verdicts[] = {[RESOLVE_APPLIED] = "applied",
                                       [RESOLVE_ROLLED_BACK] = "rolled_back",
                                       [RESOLVE_DONE] = "done",
                                       [RESOLVE_AGAIN] = "again"};

void report_resolution_head(const struct resolution *resolution)
{
    const struct history_row *row = resolution->row;
    if (output_json()) {
        return;
    }
    print_head("Resolve in", resolution->plan);
    output_print("%s\n", resolution->request.migration);
    if (row != NULL) {
        output_print("  was begun at %s and not finished\n", row->started_at);
    } else {
        output_print("  %s\n", resolution->nothing ? "was rolled back already" : "was never begun");
    }
    if (row != NULL && row->logs != NULL && row->logs[0] != '\0') {
        output_print("  its note: %.*s\n", (int)strcspn(row->logs, "\n"), row->logs);
    }
    for (size_t i = 0; i < resolution->staying.n; i++) {
        output_print("  stays in the database: %s\n", resolution->staying.items[i]);
    }
    output_print("\n");
}

static void print_resolved(const struct resolution *resolution)
{
    const char *name = resolution->request.migration;
    const char *environment = resolution->plan->environment->name;
    size_t step = resolution->request.step;
    switch (resolution->request.verdict) {
    case RESOLVE_APPLIED:
        output_print("It counts as applied from now on; none of its SQL was run.\n");
        break;
    case RESOLVE_ROLLED_BACK:
        output_print("%s", resolution->nothing ? "There is nothing to do."
                                               : "It counts as rolled back from now on.");
        if (resolution->migration != NULL) {
            output_print(" It is pending. Next: headgate deploy %s", environment);
        }
        output_print("\n");
        break;
    case RESOLVE_DONE:
        output_print("Step %zu of %s counts as done. Next: headgate deploy %s\n", step, name,
                     environment);
        break;
    case RESOLVE_AGAIN:
        output_print("Step %zu of %s will be run again. Next: headgate deploy %s\n", step, name,
                     environment);
        break;
    }
}

void report_resolution_end(const struct resolution *resolution)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_resolved(resolution);
        return;
    }
    struct json_writer writer = start(&out, resolution->plan);
    json_write_member_text(&writer, "migration", resolution->request.migration);
    json_write_member_text(&writer, "verdict", verdicts[resolution->request.verdict]);
    if (resolution->request.step > 0) {
        json_write_member_integer(&writer, "step", (int64_t)resolution->request.step);
    }
    json_write_member_bool(&writer, "changed", !resolution->nothing);
    write_list(&writer, "staying", &resolution->staying);
    document_end(&writer);
}

/* --- baseline --- */

static void print_compared(const struct baseline *baseline)
{
    size_t n = baseline->n_promised, n_missing = baseline->missing.n;
    output_print("\n%zu of the %zu objects that they make are there.", n - n_missing, n);
    output_print(" Types of columns, constraints and data were not compared.\n");
    for (size_t i = 0; i < n_missing; i++) {
        output_print("  missing: %s\n", baseline->missing.items[i]);
    }
}

void report_baseline_head(const struct baseline *baseline)
{
    const struct release *release = baseline->plan->release;
    if (output_json()) {
        return;
    }
    CLEANUP(mem_freep) char *digest = short_digest(release->digest);
    CLEANUP(mem_freep) char *count = count_of(release->n, "migration");
    CLEANUP(mem_freep) char *folder = path_display(release->folder);
    print_head("Baseline of", baseline->plan);
    output_print("Release %s  %s in %s\n\n", digest, count, folder);
    for (size_t i = 0; i < baseline->n; i++) {
        output_print("  %s\n", release->migrations[i].name);
    }
    print_compared(baseline);
}

static void print_baseline_end(const struct baseline *baseline, bool done)
{
    size_t rest = baseline->plan->release->n - baseline->n;
    if (!done) {
        output_print("%zu would be recorded as applied. Nothing was changed.\n", baseline->n);
        return;
    }
    output_print("%zu recorded as applied; none of them was run.", baseline->n);
    if (rest > 0) {
        output_print(" Next, for the other %zu: headgate deploy %s", rest,
                     baseline->plan->environment->name);
    }
    output_print("\n");
}

void report_baseline_end(const struct baseline *baseline, bool done)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_baseline_end(baseline, done);
        return;
    }
    struct json_writer writer = start(&out, baseline->plan);
    write_release(&writer, baseline->plan->release);
    json_write_member_bool(&writer, "done", done);
    json_write_key(&writer, "recorded");
    json_write_array(&writer);
    for (size_t i = 0; i < baseline->n; i++) {
        json_write_text(&writer, baseline->plan->release->migrations[i].name);
    }
    json_write_array_end(&writer);
    json_write_member_integer(&writer, "objects", (int64_t)baseline->n_promised);
    write_list(&writer, "missing", &baseline->missing);
    document_end(&writer);
}

/* --- down --- */

void report_descent_head(const struct descent *descent)
{
    if (!output_json()) {
        print_head("Down in", descent->plan);
        output_print("%s  applied at %s\n\n", descent->migration->name, descent->row->finished_at);
    }
}

void report_descent_end(const struct descent *descent, msec took)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *time = duration_human(took);
    if (!output_json()) {
        output_print("Taken back in %s. The migration is pending again.\n", time);
        return;
    }
    struct json_writer writer = start(&out, descent->plan);
    json_write_member_text(&writer, "migration", descent->migration->name);
    json_write_member_integer(&writer, "milliseconds", took);
    document_end(&writer);
}

/* --- reset --- */

void report_reset_head(const struct reset *reset)
{
    if (!output_json()) {
        print_head("Reset of", reset->plan);
    }
}

void report_reset_dropped(const struct reset *reset)
{
    CLEANUP(mem_freep) char *schemas = strlist_sentence(&reset->schemas);
    CLEANUP(mem_freep) char *tables = count_of(reset->n_tables, "table");
    if (!output_json() && reset->schemas.n > 0) {
        output_print("Dropped %s with %s.\n\n", schemas, tables);
    }
}

void report_reset_deployed(const struct deploy_plan *plan, const struct deploy_result *result,
                           msec took, bool failed)
{
    if (!output_json()) {
        report_deploy_end(plan, result, took, failed);
    }
}

void report_reset_end(const struct reset *reset, const struct deploy_plan *plan,
                      const struct deploy_result *result, const char *seed)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        if (seed != NULL) {
            output_print("Seeded from %s.\n", seed);
        }
        return;
    }
    struct json_writer writer = start(&out, plan);
    write_release(&writer, plan->release);
    write_list(&writer, "dropped", &reset->schemas);
    json_write_member_integer(&writer, "tables", (int64_t)reset->n_tables);
    json_write_member_integer(&writer, "applied", (int64_t)result->n_applied);
    json_write_member_text(&writer, "seed", seed);
    document_end(&writer);
}

/* --- seed --- */

void report_seeded(const struct deploy_plan *plan, const char *path, msec took)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *time = duration_human(took);
    if (!output_json()) {
        output_print("Seeded %s (%s) from %s in %s.\n", plan->environment->name, plan->target, path,
                     time);
        return;
    }
    struct json_writer writer = start(&out, plan);
    json_write_member_text(&writer, "seed", path);
    json_write_member_integer(&writer, "milliseconds", took);
    document_end(&writer);
}

/* --- mark --- */

void report_marking_head(const struct marking *marking)
{
    if (output_json()) {
        return;
    }
    output_print("Mark of %s  %s  PostgreSQL %s\n", marking->environment->name, marking->target,
                 marking->version_text);
    if (marking->before != NULL) {
        output_print("It says that it is \"%s\".\n\n", marking->before);
    } else {
        output_print("It does not say yet what it is.\n\n");
    }
}

void report_marking_end(const struct marking *marking, bool changed)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        output_print(changed ? "From now on it is \"%s\".\n" : "Nothing to do: it is \"%s\".\n",
                     marking->environment->name);
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "environment", marking->environment->name);
    json_write_member_text(&writer, "target", marking->target);
    json_write_member_text(&writer, "before", marking->before);
    json_write_member_bool(&writer, "changed", changed);
    document_end(&writer);
}
