/* The words of a pipeline's plan, for people: what each step does, on which terms, and what speaks
 * against it. */
#include "headgate/file.h"
#include "private.h"

bool plan_step_is_deploy(const struct plan_step *step)
{
    return step->deploy != NULL && text_equal(step_kind_name(step->step->kind), "deploy");
}

/* --- what it does --- */

static void add_part(struct strbuf *out, const char *gap, const char *text)
{
    strbuf_printf(out, "%s%s", out->size > 0 ? gap : "", text);
}

static void take_part(struct strbuf *out, char *text)
{
    add_part(out, ", ", text);
    mem_free(text);
}

static char *gate_words(const struct gate *gate)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (gate->approvals > 0) {
        take_part(&out, count_of((size_t)gate->approvals, "approval"));
    }
    if (gate->approvals > 0 && gate->approved_by != NULL) {
        take_part(&out, mem_printf("signed by somebody in %s", gate->approved_by));
    }
    if (gate->approvals > 0 && gate->exclude_author) {
        add_part(&out, ", ", "not by the author");
    }
    for (size_t i = 0; i < gate->n_windows; i++) {
        take_part(&out, mem_printf("%s%s", i == 0 ? "window " : "or ", gate->windows[i].text));
    }
    for (size_t i = 0; i < gate->n_freezes; i++) {
        take_part(&out, mem_printf("not in freeze %s", gate->freezes[i].text));
    }
    if (gate->soak > 0) {
        CLEANUP(mem_freep) char *soak = duration_format(gate->soak);
        take_part(&out, mem_printf("soak %s", soak));
    }
    return strbuf_take(&out);
}

static char *hook_words(const struct plan_step *step)
{
    const struct hook *hook = step->step->hook;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep)
    char *program = path_display(step->program != NULL ? step->program : hook->argv[0]);
    strbuf_add(&out, program + (text_starts(program, "./") ? 2 : 0));
    for (size_t i = 1; i < hook->n; i++) {
        bool quoted = hook->argv[i][0] == '\0' || strpbrk(hook->argv[i], " \t\n\"'") != NULL;
        strbuf_printf(&out, quoted ? " \"%s\"" : " %s", hook->argv[i]);
    }
    return strbuf_take(&out);
}

static char *deploy_words(const struct plan_step *step)
{
    size_t n = deploy_plan_size(step->deploy);
    const char *environment = step->step->environment->name;
    return text_equal(environment, step->step->id)
               ? mem_printf("%zu to apply", n)
               : mem_printf("%zu to apply to %s", n, environment);
}

static char *check_words(const struct plan *plan, const struct plan_step *step)
{
    CLEANUP(mem_freep) char *digest = short_digest(plan->workflow->release->digest);
    return mem_printf("%s has release %s", step->step->environment->name, digest);
}

char *plan_step_what(const struct plan *plan, const struct plan_step *step)
{
    const char *why = step->why != NULL ? step->why : "";
    if (step->verdict == PLAN_NOTHING) {
        return mem_printf("nothing to do: %s", why);
    }
    if (step->verdict == PLAN_SKIPPED) {
        return mem_printf("skipped: %s", why);
    }
    if (step->verdict == PLAN_SETTLED) {
        return mem_copy(why);
    }
    if (step->step->hook != NULL) {
        return hook_words(step);
    }
    if (step->step->gate != NULL) {
        return gate_words(step->step->gate);
    }
    if (step->seed != NULL) {
        return path_display(step->seed);
    }
    if (step->backup != NULL || step->restore != NULL) {
        return step->backup != NULL ? backup_words(step) : restore_words(step);
    }
    if (plan_step_is_deploy(step)) {
        return deploy_words(step);
    }
    return step->step->environment != NULL ? check_words(plan, step) : mem_copy("");
}

/* --- on which terms --- */

static void add_environment(struct strbuf *out, const struct plan_step *step)
{
    if (step->step->environment != NULL && (step->step->hook != NULL || step->seed != NULL)) {
        take_part(out, mem_printf("on %s", step->step->environment->name));
    }
}

static void add_limits(struct strbuf *out, const struct workflow_step *step)
{
    if (step->timeout > 0) {
        CLEANUP(mem_freep) char *timeout = duration_format(step->timeout);
        take_part(out, mem_printf("timeout %s", timeout));
    }
    if (step->retries > 0) {
        take_part(out, mem_printf("%ld %s", (long)step->retries,
                                  step->retries == 1 ? "retry" : "retries"));
    }
    if (step->goes_on) {
        add_part(out, ", ", "goes on where it fails");
    }
    if (step->evidence != NULL) {
        take_part(out, mem_printf("brings evidence %s", step->evidence));
    }
}

char *plan_step_terms(const struct plan_step *step)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (step->verdict != PLAN_RUNS && step->verdict != PLAN_OPEN) {
        return strbuf_take(&out);
    }
    add_environment(&out, step);
    add_limits(&out, step->step);
    if (step->verdict == PLAN_OPEN && step->why != NULL) {
        add_part(&out, ", ", step->why);
    }
    if (step->measured >= 0) {
        CLEANUP(mem_freep) char *time = duration_human(step->measured);
        take_part(&out, mem_printf("took %s before", time));
    }
    return strbuf_take(&out);
}

/* Of those that run: nothing runs beside what does not. */
static bool is_beside(const struct plan *plan, const struct plan_step *a, const struct plan_step *b)
{
    bool run = (a->verdict == PLAN_RUNS || a->verdict == PLAN_OPEN) &&
               (b->verdict == PLAN_RUNS || b->verdict == PLAN_OPEN);
    return a != b && run && !a->step->always && !b->step->always &&
           !workflow_comes_before(plan->workflow, a->step, b->step) &&
           !workflow_comes_before(plan->workflow, b->step, a->step);
}

char *plan_step_beside(const struct plan *plan, const struct plan_step *step)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < plan->n; i++) {
        if (is_beside(plan, step, &plan->steps[i])) {
            strbuf_printf(&out, "%s%zu", out.size > 0 ? ", " : "beside ",
                          plan->steps[i].step->number);
        }
    }
    return strbuf_take(&out);
}

/* --- deploys that are alike --- */

static const struct plan_item *next_to_do(const struct deploy_plan *plan, size_t *at)
{
    while (*at < plan->n) {
        const struct plan_item *item = &plan->items[(*at)++];
        if (plan_item_is_to_do(plan, item)) {
            return item;
        }
    }
    return NULL;
}

static bool are_alike(const struct deploy_plan *a, const struct deploy_plan *b)
{
    size_t at_a = 0, at_b = 0;
    const struct plan_item *of_a = next_to_do(a, &at_a), *of_b = next_to_do(b, &at_b);
    while (of_a != NULL && of_b != NULL && of_a->state == of_b->state &&
           text_equal(of_a->name, of_b->name) && text_equal(of_a->mode, of_b->mode)) {
        of_a = next_to_do(a, &at_a);
        of_b = next_to_do(b, &at_b);
    }
    return of_a == NULL && of_b == NULL;
}

const struct plan_step *plan_step_like(const struct plan *plan, const struct plan_step *step)
{
    for (const struct plan_step *before = plan->steps; before < step; before++) {
        if (plan_step_is_deploy(before) && before->verdict == step->verdict &&
            are_alike(before->deploy, step->deploy)) {
            return before;
        }
    }
    return NULL;
}

/* --- what speaks against it --- */

bool plan_step_is_refused(const struct plan_step *step)
{
    return error_is_set(&step->refusal) && step->verdict != PLAN_SKIPPED &&
           step->verdict != PLAN_SETTLED;
}

const struct problems *plan_step_problems(const struct plan_step *step)
{
    bool has_own = step->refusal.problems.n > 0 || step->deploy == NULL;
    return has_own ? &step->refusal.problems : &step->deploy->refusal.problems;
}

static bool same_problems(const struct problems *a, const struct problems *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        const struct problem *of_a = &a->items[i], *of_b = &b->items[i];
        same = of_a->line == of_b->line && text_equal(of_a->file, of_b->file) &&
               text_equal(of_a->message, of_b->message);
    }
    return same;
}

const struct problems *plan_step_new_problems(const struct plan *plan, const struct plan_step *step)
{
    static const struct problems none = {0};
    const struct problems *problems = plan_step_problems(step);
    for (const struct plan_step *before = plan->steps; before < step; before++) {
        if (plan_step_is_refused(before) && same_problems(plan_step_problems(before), problems)) {
            return &none;
        }
    }
    return problems;
}

void plan_finding_error(const struct policy_finding *finding, struct error *ret_error)
{
    (void)error_set(ret_error, ERROR_REFUSED, "%s: %s", finding->demand, finding->because);
    const char *hint = finding->hint != NULL ? finding->hint : "";
    if (strstr(hint, "--override") != NULL) {
        (void)error_hint(ret_error, "%s", hint);
    } else {
        (void)error_hint(ret_error, "%s%so past it, on the record: --override %s --reason TEXT",
                         hint, hint[0] != '\0' ? " Or g" : "G", finding->policy);
    }
}

size_t plan_n_errors(const struct plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++) {
        n += plan_step_is_refused(&plan->steps[i]);
    }
    for (size_t i = 0; i < plan->n_findings; i++) {
        n += plan->findings[i].state == POLICY_FAILS;
    }
    return n == 0 && error_is_set(&plan->refusal) ? 1 : n;
}

char *plan_sum(const struct plan *plan)
{
    size_t n = plan_n_errors(plan);
    CLEANUP(mem_freep) char *errors = count_of(n, "error");
    if (n == 0 && !plan_does_something(plan)) {
        return mem_copy("Nothing to do. Nothing was changed.");
    }
    return mem_printf("%zu to apply%s%s. Nothing was changed.", plan->to_apply, n > 0 ? ", " : "",
                      n > 0 ? errors : "");
}
