/* A pipeline's plan as Markdown: for a ticket or a merge request. */
#include "private.h"

static void add_head(struct strbuf *out, const struct plan *plan)
{
    const struct release *release = plan->workflow->release;
    CLEANUP(mem_freep) char *id = short_digest(plan->id);
    CLEANUP(mem_freep) char *digest = short_digest(release->digest);
    CLEANUP(mem_freep) char *count = count_of(release->n, "migration");
    CLEANUP(mem_freep) char *until = wall_short(plan->valid_until);
    strbuf_add(out, "## Plan ");
    markdown_add_code(out, id);
    strbuf_add(out, " of ");
    markdown_add_code(out, plan->workflow->name);
    strbuf_printf(out, "\n\nRelease `%s` (%s). Valid until %s.\n", digest, count, until);
    if (plan->until != NULL) {
        strbuf_add(out, "\nOnly until step ");
        markdown_add_code(out, plan->until);
        strbuf_add(out, ".\n");
    }
}

static void add_targets(struct strbuf *out, const struct plan *plan)
{
    static const char *const titles[] = {"environment", "database", "server", "state", NULL};
    for (size_t i = 0; i < plan->n_targets; i++) {
        const struct deploy_plan *deploy = plan->targets[i].deploy;
        enum style style;
        CLEANUP(mem_freep) char *summary = plan_summary(deploy, &style);
        CLEANUP(mem_freep)
        char *server = mem_printf("PostgreSQL %s, system identifier %s", deploy->version_text,
                                  deploy->system_identifier);
        if (i == 0) {
            markdown_add_head(out, titles);
        }
        strbuf_add_char(out, '|');
        markdown_add_code_cell(out, plan->targets[i].environment->name);
        markdown_add_code_cell(out, deploy->target);
        markdown_add_cell(out, server);
        markdown_add_cell(out, summary);
        strbuf_add_char(out, '\n');
    }
}

static void add_step(struct strbuf *out, const struct plan *plan, const struct plan_step *step)
{
    bool refused = plan_step_is_refused(step);
    CLEANUP(mem_freep)
    char *what = refused ? mem_copy("cannot be done, see below") : plan_step_what(plan, step);
    CLEANUP(mem_freep) char *terms = plan_step_terms(step);
    CLEANUP(mem_freep) char *beside = plan_step_beside(plan, step);
    strbuf_printf(out, "| %zu |", step->step->number);
    markdown_add_code_cell(out, step->step->id);
    markdown_add_cell(out, step_kind_name(step->step->kind));
    markdown_add_cell(out, what);
    markdown_add_cell(out, terms);
    markdown_add_cell(out, step->step->always ? "always, at the end" : beside);
    strbuf_add_char(out, '\n');
}

static void add_migrations(struct strbuf *out, const struct plan_step *step)
{
    static const char *const titles[] = {"migration", "how", "statements", "state", NULL};
    strbuf_add(out, "\n### Migrations of step ");
    markdown_add_code(out, step->step->id);
    strbuf_add_char(out, '\n');
    markdown_add_head(out, titles);
    for (size_t i = 0; i < step->deploy->n; i++) {
        const struct plan_item *item = &step->deploy->items[i];
        if (plan_item_is_to_do(step->deploy, item)) {
            strbuf_add_char(out, '|');
            markdown_add_code_cell(out, item->name);
            markdown_add_cell(out, item->mode);
            strbuf_printf(out, " %zu |", item->n_statements);
            markdown_add_cell(out, migration_state_name(item->state));
            strbuf_add_char(out, '\n');
        }
    }
}

static void add_steps(struct strbuf *out, const struct plan *plan)
{
    static const char *const titles[] = {"#", "step", "kind", "what", "terms", "", NULL};
    strbuf_add(out, "\n### Steps\n");
    markdown_add_head(out, titles);
    for (size_t i = 0; i < plan->n; i++) {
        add_step(out, plan, &plan->steps[i]);
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        bool runs = step->verdict == PLAN_RUNS || step->verdict == PLAN_OPEN;
        if (runs && plan_step_is_deploy(step) && deploy_plan_size(step->deploy) > 0 &&
            plan_step_like(plan, step) == NULL) {
            add_migrations(out, step);
        }
    }
}

static void add_policies(struct strbuf *out, const struct plan *plan)
{
    static const char *const titles[] = {"environment", "", "policy", "because", NULL};
    if (plan->n_findings > 0) {
        strbuf_add(out, "\n### Policy\n");
        markdown_add_head(out, titles);
    }
    for (size_t i = 0; i < plan->n_findings; i++) {
        const struct policy_finding *finding = &plan->findings[i];
        CLEANUP(mem_freep)
        char *because = finding->state == POLICY_OVERRIDDEN
                            ? mem_printf("%s. Overridden: %s", finding->because, finding->reason)
                            : mem_copy(finding->because);
        strbuf_add_char(out, '|');
        markdown_add_code_cell(out, finding->step->environment->name);
        markdown_add_cell(out, policy_state_name(finding->state));
        markdown_add_cell(out, finding->demand);
        markdown_add_cell(out, because);
        strbuf_add_char(out, '\n');
    }
}

static void add_problem(struct strbuf *out, const struct problem *problem)
{
    strbuf_add(out, "\n  - ");
    markdown_add(out, problem->message);
    if (problem->file != NULL) {
        CLEANUP(mem_freep)
        char *place = problem->line > 0
                          ? mem_printf("%s:%zu:%zu", problem->file, problem->line, problem->column)
                          : mem_copy(problem->file);
        strbuf_add(out, ": ");
        markdown_add_code(out, place);
    }
}

/* about: the step or environment. */
static void add_error(struct strbuf *out, const char *about, const struct error *error,
                      const struct problems *problems)
{
    strbuf_add(out, "- **error** ");
    markdown_add_code(out, about);
    strbuf_add(out, about[0] != '\0' ? ": " : "");
    markdown_add(out, error->message);
    for (size_t i = 0; i < problems->n; i++) {
        add_problem(out, &problems->items[i]);
    }
    if (error->detail != NULL) {
        strbuf_add(out, "\n  - ");
        markdown_add(out, error->detail);
    }
    if (error->hint != NULL) {
        strbuf_add(out, "\n  - hint: ");
        markdown_add(out, error->hint);
    }
    strbuf_add_char(out, '\n');
}

static void add_errors(struct strbuf *out, const struct plan *plan)
{
    size_t before;
    if (plan_n_errors(plan) > 0) {
        strbuf_add(out, "\n### What speaks against it\n\n");
    }
    before = out->size;
    for (size_t i = 0; i < plan->n; i++) {
        if (plan_step_is_refused(&plan->steps[i])) {
            add_error(out, plan->steps[i].step->id, &plan->steps[i].refusal,
                      plan_step_new_problems(plan, &plan->steps[i]));
        }
    }
    for (size_t i = 0; i < plan->n_findings; i++) {
        const struct policy_finding *finding = &plan->findings[i];
        if (finding->state == POLICY_FAILS) {
            CLEANUP(error_clear) struct error error = ERROR_INIT;
            plan_finding_error(finding, &error);
            add_error(out, finding->step->environment->name, &error, &error.problems);
        }
    }
    if (out->size == before && error_is_set(&plan->refusal)) {
        add_error(out, "", &plan->refusal, &plan->refusal.problems);
    }
}

void markdown_add_plan(struct strbuf *out, const struct plan *plan)
{
    CLEANUP(mem_freep) char *sum = plan_sum(plan);
    add_head(out, plan);
    add_targets(out, plan);
    add_steps(out, plan);
    add_policies(out, plan);
    add_errors(out, plan);
    strbuf_printf(out, "\n%s\n", sum);
}
