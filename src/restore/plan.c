/* What a restore would do, by looking only. */
#include "private.h"

bool request_is_partial(const struct restore_request *request)
{
    return (request->tables != NULL && request->tables->n > 0) ||
           (request->schemas != NULL && request->schemas->n > 0);
}

/* The archive says nothing of itself: there is nothing to plan with. */
static bool refuse_unreadable(const struct restore_request *request, struct error *err)
{
    const struct vault_item *item = request->item;
    (void)error_set(err, ERROR_BACKUP, "backup %s cannot be read", item->name);
    if (error_is_set(&item->error)) {
        (void)error_detail(err, "%s: %s.", item->path, item->error.message);
    }
    return item->error.hint != NULL
               ? error_hint(err, "%s", item->error.hint)
               : error_hint(err, "See which others there are: headgate backup list %s",
                            item->environment);
}

static void name_databases(struct restore_plan *plan, const struct strlist *names)
{
    bool partial = request_is_partial(plan->request);
    plan->exists = strlist_has(names, plan->database);
    plan->beside = made_name(plan->database, partial ? MADE_RESTORED : MADE_RESTORING, names);
    plan->kept = plan->exists && !partial ? made_name(plan->database, MADE_BEFORE, names) : NULL;
    made_find(names, plan->database, MADE_BEFORE, &plan->earlier);
    made_find(names, plan->database, MADE_RESTORED, &plan->earlier);
}

static bool look(struct restore_plan *plan, msec deadline, struct error *err)
{
    CLEANUP(control_clear) struct control control = {0};
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!control_open(plan->request->environment, true, deadline, &control, err) ||
        !control_list(&control, deadline, &names, err)) {
        return false;
    }
    plan->database = mem_copy(control.database);
    plan->address = environment_display(plan->request->environment);
    plan->server_version = mem_copy(db_identity(control.db)->version_text);
    name_databases(plan, &names);
    return plan_look(plan, &control, deadline, err) &&
           (plan->kept == NULL || plan_find_losses(plan, &control, deadline, err));
}

bool restore_plan_make(const struct restore_request *request, msec deadline,
                       struct restore_plan **ret_plan, struct error *err)
{
    CLEANUP(restore_plan_freep) struct restore_plan *plan = mem_new(1, sizeof *plan);
    if (request->item->manifest == NULL) {
        return refuse_unreadable(request, err);
    }
    plan->request = request;
    plan->size = request->item->manifest->dump_size;
    if (!look(plan, deadline, err)) {
        return false;
    }
    *ret_plan = TAKE(plan);
    return true;
}

static void free_losses(struct restore_plan *plan)
{
    for (size_t i = 0; i < plan->n_losses; i++) {
        mem_free(plan->losses[i].schema);
        mem_free(plan->losses[i].name);
    }
    mem_free(plan->losses);
}

void restore_plan_freep(struct restore_plan **plan)
{
    struct restore_plan *it = *plan;
    if (it == NULL) {
        return;
    }
    mem_free(it->address);
    mem_free(it->server_version);
    mem_free(it->database);
    mem_free(it->beside);
    mem_free(it->kept);
    free_losses(it);
    mem_free(it->losses_unknown);
    strlist_clear(&it->missing_roles);
    strlist_clear(&it->missing_extensions);
    strlist_clear(&it->earlier);
    error_clear(&it->refusal);
    mem_free(it);
    *plan = NULL;
}
