/*
 * A pipeline's plan for programs: its document, which the id is the digest of, and what is known
 * beside it: the evidence of the policies, how long steps took before, what speaks against it.
 */
#include "private.h"

static void write_time(struct json_writer *writer, const char *key, int64_t usec)
{
    CLEANUP(mem_freep) char *text = wall_format(usec);
    json_write_member_text(writer, key, text);
}

static void write_members(struct json_writer *writer, const struct json_data *object,
                          const char *const *but)
{
    for (size_t i = 0; i < json_data_count(object); i++) {
        const char *key = json_data_key(object, i);
        bool left_out = false;
        for (size_t j = 0; but[j] != NULL; j++) {
            left_out = left_out || text_equal(but[j], key);
        }
        if (!left_out) {
            json_write_key(writer, key);
            json_write_data(writer, json_data_member(object, key));
        }
    }
}

static void write_steps(struct json_writer *writer, const struct plan *plan,
                        const struct json_data *steps)
{
    static const char *const nothing[] = {NULL};
    json_write_key(writer, "steps");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        json_write_object(writer);
        write_members(writer, json_data_item(steps, i), nothing);
        json_write_key(writer, "measured_milliseconds");
        if (step->measured >= 0) {
            json_write_integer(writer, step->measured);
        } else {
            json_write_text(writer, NULL);
        }
        json_write_member_text(writer, "measured_in", step->measured_in);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void write_findings(struct json_writer *writer, const struct plan *plan)
{
    json_write_key(writer, "policies");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n_findings; i++) {
        const struct policy_finding *finding = &plan->findings[i];
        json_write_object(writer);
        json_write_member_text(writer, "environment", finding->step->environment->name);
        json_write_member_text(writer, "step", finding->step->id);
        json_write_member_text(writer, "policy", finding->policy);
        json_write_member_text(writer, "state", policy_state_name(finding->state));
        json_write_member_text(writer, "demand", finding->demand);
        json_write_member_text(writer, "because", finding->because);
        json_write_member_text(writer, "hint", finding->hint);
        json_write_member_text(writer, "reason", finding->reason);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void write_refusal(struct json_writer *writer, const char *step, const struct error *error,
                          const struct problems *problems)
{
    json_write_object(writer);
    json_write_member_text(writer, "step", step);
    json_write_key(writer, "error");
    write_error_with(writer, error, problems);
    json_write_object_end(writer);
}

static void write_refusals(struct json_writer *writer, const struct plan *plan)
{
    bool told = false;
    json_write_key(writer, "refusals");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n; i++) {
        if (plan_step_is_refused(&plan->steps[i])) {
            write_refusal(writer, plan->steps[i].step->id, &plan->steps[i].refusal,
                          plan_step_problems(&plan->steps[i]));
            told = true;
        }
    }
    for (size_t i = 0; i < plan->n_findings; i++) {
        if (plan->findings[i].state == POLICY_FAILS) {
            CLEANUP(error_clear) struct error error = ERROR_INIT;
            plan_finding_error(&plan->findings[i], &error);
            write_refusal(writer, plan->findings[i].step->id, &error, &error.problems);
            told = true;
        }
    }
    if (!told && error_is_set(&plan->refusal)) {
        write_refusal(writer, NULL, &plan->refusal, &plan->refusal.problems);
    }
    json_write_array_end(writer);
}

void write_pipeline_plan(struct json_writer *writer, const struct plan *plan)
{
    static const char *const told_here[] = {"format", "steps", "policies", NULL};
    CLEANUP(json_data_freep) struct json_data *document = NULL;
    CLEANUP(error_clear) struct error never = ERROR_INIT;
    json_write_member_text(writer, "plan", plan->id);
    write_time(writer, "made", plan->made);
    write_time(writer, "valid_until", plan->valid_until);
    json_write_member_integer(writer, "to_apply", (int64_t)plan->to_apply);
    json_write_member_integer(writer, "errors", (int64_t)plan_n_errors(plan));
    json_write_member_bool(writer, "changes", plan_does_something(plan));
    json_write_member_bool(writer, "confirms", plan->confirms);
    if (json_data_parse(plan->document, strlen(plan->document), &document, &never)) {
        write_members(writer, document, told_here);
    }
    write_steps(writer, plan, json_data_member(document, "steps"));
    write_findings(writer, plan);
    write_refusals(writer, plan);
}
