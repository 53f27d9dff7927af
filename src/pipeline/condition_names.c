/* What the names in a condition mean: each must be something that can be known when it is asked. */
#include "condition_names.h"

#include <string.h>

#include "headgate/strlist.h"

/* --- places in a text --- */

static size_t characters(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

/* Where the string begins in the line; NULL where it does not stand there as it is, with escapes
 * or ${...} in it. */
static const char *find_in_line(const struct problem *problem, const char *text)
{
    const char *at = problem->source_line;
    for (size_t column = 1; at != NULL && *at != '\0' && column < problem->column; column++) {
        at++;
        while (((unsigned char)*at & 0xc0) == 0x80) {
            at++;
        }
    }
    bool found =
        at != NULL && *at == '"' && text_starts(at + 1, text) && at[1 + strlen(text)] == '"';
    return found ? at : NULL;
}

struct problem *condition_complain(struct condition_place *place, size_t start, size_t end,
                                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *message = mem_vprintf(format, arguments);
    va_end(arguments);
    struct problem *problem =
        json_complain(place->node, "\"when\" of %s: %s", place->node->of, message);
    size_t before = characters(place->text, start);
    size_t width = characters(place->text + start, end - start);
    place->n_mistakes++;
    if (find_in_line(problem, place->text) != NULL) {
        problem->column += 1 + before;
        problem->width = width > 0 ? width : 1;
    } else {
        problem_note(problem, "this is character %zu of the condition", before + 1);
    }
    return problem;
}

/* --- facts --- */

static const char forms[] = "a condition asks for pending.ENVIRONMENT, steps.ID.outcome, "
                            "steps.ID.outputs.KEY and env.NAME; texts and numbers are written in "
                            "'...'";

static void report_unknown(struct condition_place *place, size_t start, const char *fact)
{
    static const char *const beginnings[] = {"pending", "steps", "env", NULL};
    size_t n = strcspn(fact, ".");
    CLEANUP(mem_freep) char *beginning = mem_copy_n(fact, n);
    struct problem *problem = condition_complain(place, start, start + strlen(fact),
                                                 "\"%s\" is nothing that can be asked for", fact);
    const char *near = suggest_near(beginning, beginnings);
    if (near != NULL && !text_equal(near, beginning)) {
        problem_note(problem, "did you mean \"%s%s\"?", near, fact + n);
    }
    problem_note(problem, "%s", forms);
}

static bool looks_at(const struct workflow_step *step, const char *environment)
{
    return step->environment != NULL && text_equal(step->environment->name, environment) &&
           (step->kind == &step_kind_deploy || step->kind == &step_kind_check);
}

/* A plan knows this of the environments that it looks at. */
static void check_pending(struct condition_place *place, size_t start, const char *environment)
{
    const struct workflow *workflow = place->workflow;
    CLEANUP(mem_freep) const char **names = mem_new(workflow->n + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < workflow->n; i++) {
        const struct workflow_step *step = &workflow->steps[i];
        if (looks_at(step, environment)) {
            return;
        }
        if (step->environment != NULL && looks_at(step, step->environment->name)) {
            names[n++] = step->environment->name;
        }
    }
    if (workflow->environments == NULL) {
        return; /* nobody knows what there is */
    }
    struct problem *problem =
        condition_complain(place, start, start + strlen(environment),
                           "no step deploys to \"%s\" or checks it", environment);
    const char *near = suggest_near(environment, names);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
    }
}

static void report_no_step(struct condition_place *place, size_t start, const char *id)
{
    const struct workflow *workflow = place->workflow;
    CLEANUP(mem_freep) const char **ids = mem_new(workflow->n_all + 1, sizeof *ids);
    size_t n = 0;
    for (size_t i = 0; i < workflow->n_all; i++) {
        if (workflow->steps[i].id != NULL) {
            ids[n++] = workflow->steps[i].id;
        }
    }
    struct problem *problem =
        condition_complain(place, start, start + strlen(id), "there is no step \"%s\"", id);
    const char *near = suggest_near(id, ids);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
    }
}

/* What is asked about the step: `rest` begins behind "ID.". */
static void check_step(struct condition_place *place, size_t start, const char *id,
                       const char *rest)
{
    const struct workflow_step *step = workflow_find(place->workflow, id);
    size_t end = start + strlen(id);
    bool outputs = text_starts(rest, "outputs.");
    if (step == NULL) {
        report_no_step(place, start, id);
    } else if (step == place->about) {
        (void)condition_complain(place, start, end, "the step asks for itself");
    } else if (!workflow_comes_before(place->workflow, step, place->about)) {
        problem_note(condition_complain(place, start, end, "\"%s\" does not come before it", id),
                     "add \"%s\" to its \"needs\"", id);
    } else if (outputs && step->kind != NULL && step->kind != &step_kind_hook) {
        problem_note(condition_complain(place, start, end, "\"%s\" has no outputs", id),
                     "only hooks write them; it is a \"%s\"", step->kind->name);
    }
}

static bool is_output(const char *rest)
{
    return text_starts(rest, "outputs.") && rest[strlen("outputs.")] != '\0' &&
           strchr(rest + strlen("outputs."), '.') == NULL;
}

static bool is_variable(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && name[n] == '\0' && strchr("0123456789", name[0]) == NULL;
}

void condition_check_fact(struct condition_place *place, size_t start, const char *fact)
{
    const char *dot = strchr(fact, '.');
    const char *name = dot != NULL ? dot + 1 : "";
    size_t n = strcspn(name, "."), at = start + (size_t)(name - fact);
    const char *rest = name[n] == '.' ? name + n + 1 : "";
    CLEANUP(mem_freep) char *first = mem_copy_n(name, n);
    bool has_rest = name[n] == '.';
    if (text_starts(fact, "pending.") && n > 0 && !has_rest) {
        check_pending(place, at, first);
    } else if (text_starts(fact, "steps.") && n > 0 &&
               (text_equal(rest, "outcome") || is_output(rest))) {
        check_step(place, at, first, rest);
    } else if (!text_starts(fact, "env.") || !is_variable(name)) {
        report_unknown(place, start, fact);
    }
}

void condition_check_comparison(struct condition_place *place, size_t start, size_t end,
                                const struct operand *left, const struct operand *right)
{
    static const char *const outcomes[] = {"done", "failed", "skipped", NULL};
    const struct operand *fact = left->fact != NULL ? left : right;
    const struct operand *other = fact == left ? right : left;
    if (fact->fact == NULL || other->fact != NULL || !text_starts(fact->fact, "steps.") ||
        !text_ends(fact->fact, ".outcome")) {
        return;
    }
    for (size_t i = 0; outcomes[i] != NULL; i++) {
        if (text_equal(outcomes[i], other->text)) {
            return;
        }
    }
    struct problem *problem =
        condition_complain(place, start, end, "the outcome of a step is never '%s'", other->text);
    const char *near = suggest_near(other->text, outcomes);
    if (near != NULL) {
        problem_note(problem, "did you mean '%s'?", near);
    } else {
        problem_note(problem, "it is 'done', 'failed' or 'skipped'");
    }
}
