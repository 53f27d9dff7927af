/* What a run of a pipeline would do. */
#include "headgate/output.h"
#include "private.h"

#define LONG 40 /* what a step does, in characters; more would push the rest off the screen */

static void add_head(struct strbuf *out, const struct plan *plan)
{
    const struct release *release = plan->workflow->release;
    CLEANUP(mem_freep) char *id = short_digest(plan->id);
    CLEANUP(mem_freep) char *digest = short_digest(release->digest);
    CLEANUP(mem_freep) char *count = count_of(release->n, "migration");
    CLEANUP(mem_freep) char *until = wall_short(plan->valid_until);
    strbuf_printf(out, "Plan %s  %s  release %s (%s)  valid until %s\n", id, plan->workflow->name,
                  digest, count, until);
    if (plan->until != NULL) {
        strbuf_printf(out, "Only until step \"%s\".\n", plan->until);
    }
}

static void add_targets(struct strbuf *out, const struct plan *plan, bool verbose)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < plan->n_targets; i++) {
        const struct deploy_plan *deploy = plan->targets[i].deploy;
        enum style style = STYLE_PLAIN;
        char *summary = plan_summary(deploy, &style);
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(plan->targets[i].environment->name));
        table_set(&table, 1, STYLE_PLAIN, mem_copy(deploy->target));
        table_set(&table, 2, STYLE_PLAIN, mem_printf("PostgreSQL %s", deploy->version_text));
        table_set(&table, 3, style, summary);
        if (verbose) {
            table_set(&table, 4, STYLE_DIM,
                      mem_printf("%s:%s/%s, system identifier %s", deploy->host, deploy->port,
                                 deploy->database, deploy->system_identifier));
        }
    }
    strbuf_add(out, plan->n_targets > 0 ? "\n" : "");
    table_render(&table, "  ", out);
}

/* --- steps --- */

/* Their columns are their own. */
static void add_migrations(struct table *table, const struct deploy_plan *deploy)
{
    CLEANUP(table_clear) struct table own = {0};
    CLEANUP(strbuf_clear) struct strbuf lines = STRBUF_INIT;
    for (size_t i = 0; i < deploy->n; i++) {
        const struct plan_item *item = &deploy->items[i];
        if (plan_item_is_to_do(deploy, item)) {
            bool pending = item->state == MIGRATION_PENDING;
            table_row(&own);
            table_set(&own, 0, STYLE_PLAIN, mem_copy(item->name));
            table_set(&own, 1, STYLE_DIM, mem_copy(item->mode));
            table_set(&own, 2, STYLE_DIM, count_of(item->n_statements, "statement"));
            table_set(&own, 3, STYLE_WARN,
                      mem_copy(pending ? "" : migration_state_name(item->state)));
        }
    }
    table_render(&own, NOTE_INDENT, &lines);
    for (const char *line = lines.text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        table_line(table, STYLE_PLAIN, mem_copy_n(line, strcspn(line, "\n")));
    }
}

/* What every hook gets is only told to those who ask for more. */
static void add_variables(struct table *table, const struct strlist *variables, bool verbose)
{
    CLEANUP(strbuf_clear) struct strbuf names = STRBUF_INIT;
    for (size_t i = 0; i < variables->n; i++) {
        if (verbose || !text_starts(variables->items[i], "HEADGATE_")) {
            strbuf_printf(&names, "%s%s", names.size > 0 ? ", " : "", variables->items[i]);
        }
    }
    table_note(table, STYLE_DIM, "gets ", names.text);
}

static void add_details(struct table *table, const struct plan *plan, const struct plan_step *step,
                        bool verbose)
{
    const struct gate *gate = step->step->gate;
    if (step->verdict != PLAN_RUNS && step->verdict != PLAN_OPEN) {
        return;
    }
    const struct plan_step *like =
        plan_step_is_deploy(step) && !verbose ? plan_step_like(plan, step) : NULL;
    if (like != NULL && deploy_plan_size(step->deploy) > 0) {
        CLEANUP(mem_freep) char *number = mem_printf("%zu", like->step->number);
        table_note(table, STYLE_DIM, "the same as in step ", number);
    } else if (plan_step_is_deploy(step)) {
        add_migrations(table, step->deploy);
    }
    add_variables(table, &step->variables, verbose);
    if (gate != NULL && gate->message != NULL) {
        table_note(table, STYLE_DIM, "", gate->message);
    }
}

static void add_step(struct table *table, const struct plan *plan, const struct plan_step *step)
{
    static const enum style styles[] = {[PLAN_RUNS] = STYLE_PLAIN,
                                        [PLAN_NOTHING] = STYLE_DIM,
                                        [PLAN_SKIPPED] = STYLE_DIM,
                                        [PLAN_OPEN] = STYLE_PLAIN,
                                        [PLAN_SETTLED] = STYLE_DIM};
    table_row(table);
    table_set(table, 0, STYLE_DIM, mem_printf("%2zu", step->step->number));
    table_set(table, 1, STYLE_BOLD, mem_copy(step->step->id));
    table_set(table, 2, STYLE_PLAIN, mem_copy(step_kind_name(step->step->kind)));
    if (plan_step_is_refused(step)) {
        table_set(table, 3, STYLE_BAD, mem_copy("cannot be done, see below"));
        return;
    }
    char *what = plan_step_what(plan, step);
    CLEANUP(mem_freep) char *beside = plan_step_beside(plan, step);
    CLEANUP(mem_freep) char *terms = plan_step_terms(step);
    if (strlen(what) <= LONG) {
        table_set(table, 3, styles[step->verdict], what);
        table_set(table, 4, STYLE_DIM, TAKE(beside));
        table_set_long(table, 5, STYLE_DIM, TAKE(terms));
    } else {
        table_set_long(table, 3, styles[step->verdict], what);
        table_note(table, STYLE_DIM, "", beside);
        table_note(table, STYLE_DIM, "", terms);
    }
}

static void add_steps(struct strbuf *out, const struct plan *plan, bool always, bool verbose)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->steps[i].step->always == always) {
            add_step(&table, plan, &plan->steps[i]);
            add_details(&table, plan, &plan->steps[i], verbose);
        }
    }
    if (table.n_rows > 0) {
        strbuf_printf(out, "\n%s\n", always ? "Always, at the end" : "Steps");
        table_render(&table, "  ", out);
    }
}

/* --- policy --- */

static void add_policy(struct strbuf *out, const struct plan *plan,
                       const struct workflow_step *step)
{
    static const enum style styles[] = {[POLICY_OK] = STYLE_GOOD,
                                        [POLICY_COMES] = STYLE_GOOD,
                                        [POLICY_WAITS] = STYLE_WARN,
                                        [POLICY_FAILS] = STYLE_BAD,
                                        [POLICY_OVERRIDDEN] = STYLE_WARN};
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < plan->n_findings; i++) {
        const struct policy_finding *finding = &plan->findings[i];
        if (finding->step == step) {
            table_row(&table);
            table_set(&table, 0, styles[finding->state],
                      mem_copy(policy_state_name(finding->state)));
            table_set(&table, 1, STYLE_PLAIN, mem_copy(finding->demand));
            table_set(&table, 2, STYLE_DIM, mem_copy(finding->because));
            if (finding->state == POLICY_OVERRIDDEN) {
                table_set(&table, 3, STYLE_WARN, mem_printf("because: %s", finding->reason));
            }
        }
    }
    if (table.n_rows > 0) {
        strbuf_printf(out, "\nPolicy of %s\n", step->environment->name);
        table_render(&table, "  ", out);
    }
}

/* --- what speaks against it --- */

static void add_error(struct strbuf *out, const char *about, const struct error *error,
                      const struct problems *problems)
{
    strbuf_add_char(out, '\n');
    problems_render(out, output_color_stdout(), problems);
    error_render(out, output_color_stdout(), about, error);
}

static void add_errors(struct strbuf *out, const struct plan *plan)
{
    bool told = false;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (plan_step_is_refused(step)) {
            CLEANUP(mem_freep) char *about = mem_printf("step \"%s\": ", step->step->id);
            add_error(out, about, &step->refusal, plan_step_new_problems(plan, step));
            told = true;
        }
    }
    for (size_t i = 0; i < plan->n_findings; i++) {
        const struct policy_finding *finding = &plan->findings[i];
        if (finding->state == POLICY_FAILS) {
            CLEANUP(error_clear) struct error error = ERROR_INIT;
            CLEANUP(mem_freep)
            char *about = mem_printf("policy of \"%s\": ", finding->step->environment->name);
            plan_finding_error(finding, &error);
            add_error(out, about, &error, &error.problems);
            told = true;
        }
    }
    if (!told && error_is_set(&plan->refusal)) {
        add_error(out, "", &plan->refusal, &plan->refusal.problems);
    }
}

void text_add_plan(struct strbuf *out, const struct plan *plan, bool verbose)
{
    CLEANUP(mem_freep) char *sum = plan_sum(plan);
    add_head(out, plan);
    add_targets(out, plan, verbose);
    add_steps(out, plan, false, verbose);
    add_steps(out, plan, true, verbose);
    for (size_t i = 0; i < plan->n; i++) {
        add_policy(out, plan, plan->steps[i].step);
    }
    add_errors(out, plan);
    strbuf_printf(out, "\n%s\n", sum);
}

static void print_saved(const char *path)
{
    if (path != NULL) {
        output_print("Saved as %s; to execute exactly this: headgate apply %s\n", path, path);
    }
}

void report_pipeline_plan(const struct plan *plan, const struct report_manner *manner)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = document_start(&out);
        write_pipeline_plan(&writer, plan);
        if (manner->saved_as != NULL) {
            json_write_member_text(&writer, "saved_as", manner->saved_as);
        }
        document_end(&writer);
    } else if (manner->markdown) {
        markdown_add_plan(&out, plan);
        output_write(out.text, out.size);
    } else {
        text_add_plan(&out, plan, output_level() == OUTPUT_VERBOSE);
        output_write(out.text, out.size);
        print_saved(manner->saved_as);
    }
}
