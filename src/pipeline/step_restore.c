/*
 * restore: gives an environment the contents of another one's backup: beside what is there,
 * compared, and then swapped in. Never production: what would be lost there a person has to see
 * first, and to say so.
 *
 * All or nothing happens, so a step that was cut off is simply done again.
 */
#include "headgate/restore.h"
#include "headgate/settle.h"
#include "private.h"

#define LATEST "latest"

static void read_restore(const struct workflow *workflow, struct json_object *object,
                         struct workflow_step *step)
{
    struct json_node node = json_member(object, "restore", JSON_REQUIRED);
    struct json_object restore;
    if (!json_object_open(&node, &restore, "\"restore\" of %s", object->what)) {
        return;
    }
    struct json_node archive = json_member(&restore, "archive", JSON_OPTIONAL);
    step->source = workflow_environment(workflow, &restore, "from", JSON_REQUIRED);
    step->environment = workflow_environment(workflow, &restore, "to", JSON_REQUIRED);
    step->archive = json_text(&restore, "archive", JSON_OPTIONAL, LATEST);
    if (text_equal(step->archive, "")) {
        (void)json_complain(&archive, "\"archive\" of %s is empty", restore.what);
    }
    json_object_close(&restore);
}

/* --- looking --- */

/* The last step before it that makes a backup of its source: that one is then the latest. */
static const struct workflow_step *maker_of(const struct plan *plan,
                                            const struct workflow_step *restore)
{
    const struct workflow_step *maker = NULL;
    for (size_t i = 0; i < plan->n && text_equal(restore->archive, LATEST); i++) {
        const struct workflow_step *step = plan->steps[i].step;
        if (step->kind == &step_kind_backup && step->environment == restore->source &&
            step->environment->backup_tool.name == NULL &&
            workflow_comes_before(plan->workflow, step, restore)) {
            maker = step;
        }
    }
    return maker;
}

static bool is_production(struct plan_step *step)
{
    const char *name = step->step->environment->name;
    if (step->step->environment->kind != KIND_PRODUCTION) {
        return false;
    }
    (void)error_set(&step->refusal, ERROR_REFUSED,
                    "\"%s\" is production, and no pipeline restores into it", name);
    (void)error_hint(&step->refusal,
                     "By hand, where what would be lost is shown first: headgate backup restore "
                     "%s --to %s",
                     step->step->archive, name);
    return true;
}

static void prepare(struct plan_restore *restore, const struct workflow_step *step)
{
    restore->request = (struct restore_request){
        .environment = step->environment, .vault = restore->vault, .item = &restore->item};
}

/* That there is no such backup is an answer. */
static bool look_for_backup(struct plan_step *step, msec deadline, struct error *err)
{
    struct plan_restore *restore = step->restore;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!vault_find(restore->vault, step->step->source->name, step->step->archive, &restore->item,
                    &failure)) {
        error_move(&step->refusal, &failure);
        return true;
    }
    prepare(restore, step->step);
    if (!restore_plan_make(&restore->request, deadline, &restore->plan, err)) {
        return false;
    }
    if (error_is_set(&restore->plan->refusal)) {
        refusal_copy(&step->refusal, &restore->plan->refusal);
        (void)environment_name_error(step->step->environment, &step->refusal);
    }
    return true;
}

static bool look_restore(struct plan *plan, struct plan_step *step,
                         const struct plan_request *request, msec deadline, struct error *err)
{
    (void)request;
    step->restore = mem_new(1, sizeof *step->restore);
    step->restore->made_from = maker_of(plan, step->step);
    if (is_production(step)) {
        return true;
    }
    if (!vault_open(step->step->source->set, &step->restore->vault, err)) {
        return false;
    }
    return step->restore->made_from != NULL || look_for_backup(step, deadline, err);
}

/* The names of the new and the old database have the time in them: they are shown, and no part of
 * what is planned. */
static void write_restore(struct json_writer *writer, const struct plan_step *step)
{
    const struct plan_restore *restore = step->restore;
    json_write_key(writer, "restore");
    json_write_object(writer);
    json_write_member_text(writer, "from", step->step->source->name);
    json_write_member_text(writer, "archive",
                           restore->made_from != NULL ? NULL : restore->item.name);
    json_write_member_text(writer, "archive_digest",
                           restore->made_from != NULL ? NULL : restore->item.digest);
    json_write_member_text(writer, "made_by_step",
                           restore->made_from != NULL ? restore->made_from->id : NULL);
    json_write_object_end(writer);
}

void plan_restore_freep(struct plan_restore **restore)
{
    if (*restore == NULL) {
        return;
    }
    restore_plan_freep(&(*restore)->plan);
    vault_item_clear(&(*restore)->item);
    vault_freep(&(*restore)->vault);
    mem_free(*restore);
    *restore = NULL;
}

/* --- the work --- */

/* What was shown is what is restored: the backup that was planned, or the one that this run has
 * made since. */
static bool find_backup(const struct step_work *work, const struct vault *vault,
                        struct vault_item *ret_item, struct error *err)
{
    const struct plan_restore *planned = work->step->restore;
    const char *source = work->step->step->source->name;
    if (planned->made_from == NULL) {
        return vault_find(vault, source, planned->item.name, ret_item, err) &&
               (text_equal(planned->item.digest, ret_item->digest) ||
                error_set(err, ERROR_STALE, "backup %s was changed since the plan was made",
                          ret_item->name));
    }
    if (!vault_find(vault, source, LATEST, ret_item, err)) {
        return false;
    }
    return (ret_item->manifest != NULL && text_equal(ret_item->manifest->run, work->run)) ||
           error_set(err, ERROR_STALE,
                     "%s, the latest backup of \"%s\", is not the one that step "
                     "\"%s\" has made",
                     ret_item->name, source, planned->made_from->id);
}

static void sum_up(struct step_work *work, const struct vault_item *item,
                   const struct restore_result *result)
{
    struct json_writer writer = json_writer_start(&work->end, false);
    strbuf_add(&work->end, "\"came_to\":");
    json_write_object(&writer);
    json_write_member_text(&writer, "name", item->name);
    json_write_member_text(&writer, "database", result->database);
    json_write_member_text(&writer, "kept", result->kept);
    json_write_member_integer(&writer, "rows", (int64_t)result->rows);
    json_write_member_integer(&writer, "tables", (int64_t)result->n_tables);
    json_write_member_integer(&writer, "sessions_ended", (int64_t)result->n_ended);
    json_write_key(&writer, "not_proven");
    json_write_array(&writer);
    for (size_t i = 0; i < result->not_proven.n; i++) {
        json_write_text(&writer, result->not_proven.items[i]);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    CLEANUP(mem_freep)
    char *kept = result->kept != NULL ? mem_printf("; what was there is now %s", result->kept)
                                      : mem_copy("");
    work->sentence = mem_printf("%s, %llu rows in %zu tables, compared%s", item->name,
                                (unsigned long long)result->rows, result->n_tables, kept);
}

/* The session that holds the environment is one of the old database, which nobody may use when it
 * is renamed. */
static bool restore_now(struct step_work *work, const struct restore_plan *plan,
                        const struct vault_item *item, struct error *err)
{
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    if (error_is_set(&plan->refusal)) {
        refusal_copy(err, &plan->refusal);
        return environment_name_error(work->step->step->environment, err);
    }
    const struct deploy_conduct conduct = {
        .patience = work->patience, .actor = work->actor, .run = work->run};
    db_closep(&work->held);
    if (!restore_execute(plan, &result, err) ||
        !marking_renew(work->step->step->environment, &conduct, err)) {
        return false;
    }
    sum_up(work, item, &result);
    return true;
}

static bool work_restore(struct step_work *work, struct error *err)
{
    CLEANUP(vault_freep) struct vault *vault = NULL;
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    CLEANUP(restore_plan_freep) struct restore_plan *plan = NULL;
    struct environment *environment = work->step->step->environment;
    if (!work_hold_environment(work, err) || !vault_open(environment->set, &vault, err) ||
        !find_backup(work, vault, &item, err)) {
        return false;
    }
    vault_sweep(vault);
    const struct restore_request request = {
        .environment = environment,
        .vault = vault,
        .item = &item,
        .actor = work->actor,
        .run = work->run,
        .observer = {.progress = work_backup_progress, .say = work_backup_say, .context = work}};
    return restore_plan_make(&request, DEADLINE_NONE, &plan, err) &&
           restore_now(work, plan, &item, err);
}

const struct step_kind step_kind_restore = {.name = "restore",
                                            .read = read_restore,
                                            .look = look_restore,
                                            .write = write_restore,
                                            .work = work_restore};
