/*
 * The document of a plan: all that was looked at, as JSON in canonical form, and nothing of when or
 * by whom it was looked at. Its digest is the plan's id. What changes by itself (clocks, measured
 * times, where a checkout stands on this machine) is not part of it.
 */
#include "private.h"

static void write_pipeline(struct json_writer *writer, const struct plan *plan)
{
    const struct workflow *workflow = plan->workflow;
    json_write_key(writer, "pipeline");
    json_write_object(writer);
    json_write_member_text(writer, "name", workflow->name);
    json_write_member_text(writer, "digest", workflow->digest);
    json_write_object_end(writer);
    json_write_member_text(writer, "environments", workflow->environments_digest);
    json_write_key(writer, "release");
    json_write_object(writer);
    json_write_member_text(writer, "digest", workflow->release->digest);
    json_write_member_integer(writer, "migrations", (int64_t)workflow->release->n);
    json_write_object_end(writer);
    json_write_member_text(writer, "until", plan->until);
}

/* The socket folder of an embedded server is another one after each restart. */
static void write_target(struct json_writer *writer, const struct plan_target *target)
{
    const struct deploy_plan *deploy = target->deploy;
    bool embedded = target->environment->target.embedded != NULL;
    json_write_object(writer);
    json_write_member_text(writer, "environment", target->environment->name);
    json_write_member_text(writer, "kind", environment_kind_name(target->environment->kind));
    json_write_member_text(writer, "target", deploy->target);
    json_write_member_text(writer, "host", embedded ? NULL : deploy->host);
    json_write_member_text(writer, "port", embedded ? NULL : deploy->port);
    json_write_member_text(writer, "database", deploy->database);
    json_write_member_text(writer, "server_version", deploy->version_text);
    json_write_member_text(writer, "system_identifier", deploy->system_identifier);
    json_write_member_text(writer, "schema", deploy->schema);
    json_write_member_text(writer, "marked", deploy->history->marked);
    json_write_member_text(writer, "history", deploy->history_digest);
    json_write_member_text(writer, "shape", deploy->shape);
    json_write_object_end(writer);
}

static void write_texts(struct json_writer *writer, const char *key, const char *const *texts,
                        size_t n)
{
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < n; i++) {
        json_write_text(writer, texts[i]);
    }
    json_write_array_end(writer);
}

static void write_needs(struct json_writer *writer, const struct plan *plan,
                        const struct workflow_step *step)
{
    json_write_key(writer, "needs");
    json_write_array(writer);
    for (size_t i = 0; i < step->n_needs; i++) {
        json_write_text(writer, plan->workflow->steps[step->needs[i]].id);
    }
    json_write_array_end(writer);
}

static void write_refusal(struct json_writer *writer, const struct plan_step *step)
{
    if (error_is_set(&step->refusal)) {
        json_write_member_text(writer, "refusal", step->refusal.message);
    }
}

static void write_step(struct json_writer *writer, const struct plan *plan,
                       const struct plan_step *planned)
{
    const struct workflow_step *step = planned->step;
    json_write_object(writer);
    json_write_member_text(writer, "id", step->id);
    json_write_member_integer(writer, "number", (int64_t)step->number);
    json_write_member_text(writer, "kind", step->kind->name);
    json_write_member_text(writer, "environment",
                           step->environment != NULL ? step->environment->name : NULL);
    write_needs(writer, plan, step);
    json_write_member_integer(writer, "stage", (int64_t)planned->stage);
    json_write_member_bool(writer, "always", step->always);
    json_write_member_text(writer, "verdict", plan_verdict_name(planned->verdict));
    json_write_member_text(writer, "why", planned->why);
    json_write_member_integer(writer, "timeout", step->timeout);
    json_write_member_integer(writer, "retries", step->retries);
    json_write_member_integer(writer, "backoff", step->backoff);
    json_write_member_text(writer, "when", step->when_text);
    json_write_member_text(writer, "evidence", step->evidence);
    json_write_member_text(writer, "on_failure", step->goes_on ? "continue" : "stop");
    if (step->kind->write != NULL) {
        step->kind->write(writer, planned);
    }
    write_refusal(writer, planned);
    json_write_object_end(writer);
}

/* Clocks go on and people approve: whether those policies hold now is no part of what is planned.
 */
static bool depends_on_now(const struct policy_finding *finding)
{
    return text_equal(finding->policy, "windows") || text_equal(finding->policy, "freeze") ||
           text_equal(finding->policy, "approvals");
}

/* That a backup will come, or has been made already, is the same: the demand is met. */
static const char *state_planned(const struct policy_finding *finding)
{
    bool backup = text_equal(finding->policy, "backup");
    return policy_state_name(backup && finding->state == POLICY_COMES ? POLICY_OK : finding->state);
}

static void write_finding(struct json_writer *writer, const struct policy_finding *finding)
{
    json_write_object(writer);
    json_write_member_text(writer, "step", finding->step->id);
    json_write_member_text(writer, "environment", finding->step->environment->name);
    json_write_member_text(writer, "policy", finding->policy);
    if (!depends_on_now(finding)) {
        json_write_member_text(writer, "demand", finding->demand);
        json_write_member_text(writer, "state", state_planned(finding));
    }
    json_write_object_end(writer);
}

static void write_document(struct json_writer *writer, const struct plan *plan)
{
    json_write_object(writer);
    json_write_member_integer(writer, "format", 1);
    json_write_member_text(writer, "headgate", HEADGATE_VERSION);
    write_pipeline(writer, plan);
    json_write_key(writer, "targets");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n_targets; i++) {
        write_target(writer, &plan->targets[i]);
    }
    json_write_array_end(writer);
    json_write_key(writer, "steps");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n; i++) {
        write_step(writer, plan, &plan->steps[i]);
    }
    json_write_array_end(writer);
    json_write_key(writer, "policies");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n_findings; i++) {
        write_finding(writer, &plan->findings[i]);
    }
    json_write_array_end(writer);
    CLEANUP(mem_freep) const char **overrides = mem_new(plan->n_overrides + 1, sizeof *overrides);
    for (size_t i = 0; i < plan->n_overrides; i++) {
        overrides[i] = plan->overrides[i].policy;
    }
    write_texts(writer, "overrides", overrides, plan->n_overrides);
    json_write_object_end(writer);
}

void plan_write_document(struct plan *plan)
{
    CLEANUP(strbuf_clear) struct strbuf drafted = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf canonical = STRBUF_INIT;
    CLEANUP(mem_freep) char *redacted = NULL;
    CLEANUP(json_data_freep) struct json_data *data = NULL;
    CLEANUP(error_clear) struct error never = ERROR_INIT;
    struct json_writer draft = json_writer_start(&drafted, false);
    struct json_writer writer = json_writer_start(&canonical, false);
    write_document(&draft, plan);
    redacted = redact_copy(drafted.text);
    if (!json_data_parse(redacted, strlen(redacted), &data, &never)) {
        abort(); /* we wrote it ourselves */
    }
    json_write_data(&writer, data);
    mem_free(plan->document);
    plan->document = strbuf_take(&canonical);
    hash_sha256(plan->document, strlen(plan->document), plan->id);
}
