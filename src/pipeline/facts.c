/* The facts that conditions ask for, as far as a plan and a record know them. */
#include "private.h"

/* What was looked at when the plan was made. */
static enum fact pending_fact(const struct plan *plan, const char *environment,
                              const char **ret_value)
{
    for (size_t i = 0; i < plan->n_targets; i++) {
        if (text_equal(plan->targets[i].environment->name, environment)) {
            *ret_value = deploy_plan_size(plan->targets[i].deploy) > 0 ? "true" : "false";
            return FACT_KNOWN;
        }
    }
    return FACT_MISSING;
}

/* "ID.outcome" or "ID.outputs.KEY": open until the step has ended. */
static enum fact step_fact(struct plan_facts *facts, const char *name, const char **ret_value)
{
    const char *dot = strchr(name, '.');
    CLEANUP(mem_freep) char *id = mem_copy_n(name, dot != NULL ? (size_t)(dot - name) : 0);
    const char *rest = dot != NULL ? dot + 1 : "";
    const struct record_step *step = facts->record != NULL ? record_find(facts->record, id) : NULL;
    bool ended = step != NULL && (step->state == STEP_DONE || step->state == STEP_SKIPPED ||
                                  step->state == STEP_FAILED);
    if (!ended) {
        return FACT_OPEN;
    }
    *ret_value = text_equal(rest, "outcome") ? step_state_name(step->state)
                 : text_starts(rest, "outputs.")
                     ? json_data_text(step->outputs, rest + strlen("outputs."))
                     : NULL;
    return *ret_value != NULL ? FACT_KNOWN : FACT_MISSING;
}

static enum fact variable_fact(const char *name, const char **ret_value)
{
    *ret_value = getenv(name);
    return *ret_value != NULL ? FACT_KNOWN : FACT_MISSING;
}

enum fact plan_fact(void *context, const char *name, const char **ret_value)
{
    struct plan_facts *facts = context;
    const char *const prefixes[] = {"pending.", "steps.", "env."};
    size_t i = 0;
    while (i < ARRAY_LEN(prefixes) && !text_starts(name, prefixes[i])) {
        i++;
    }
    const char *rest = i < ARRAY_LEN(prefixes) ? name + strlen(prefixes[i]) : "";
    return i == 0   ? pending_fact(facts->plan, rest, ret_value)
           : i == 1 ? step_fact(facts, rest, ret_value)
           : i == 2 ? variable_fact(rest, ret_value)
                    : FACT_MISSING;
}
