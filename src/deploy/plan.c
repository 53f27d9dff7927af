/* Makes a plan by looking, and says what speaks against executing it. */
#include "deploy_sql.h"
#include "headgate/hash.h"
#include "private.h"

static void keep_identity(struct deploy_plan *plan, const struct db_identity *identity)
{
    plan->target = environment_display(plan->environment);
    plan->host = mem_copy(identity->host);
    plan->port = mem_copy(identity->port);
    plan->database = mem_copy(identity->database);
    plan->version_text = mem_copy(identity->version_text);
    plan->system_identifier = mem_copy(identity->system_identifier);
    plan->database_oid = mem_copy(identity->database_oid);
    const char *schema = environment_schema(plan->environment);
    plan->schema = mem_copy(schema != NULL ? schema : "public");
}

bool plan_read_history(struct deploy_plan *plan, struct db *db, msec deadline, struct error *err)
{
    history_freep(&plan->history);
    mem_free(TAKE(plan->items));
    plan->n = 0;
    plan->widest = 0;
    memset(plan->count, 0, sizeof plan->count);
    if (!history_use_schema(db, plan->schema, deadline, err) ||
        !history_read(db, plan->schema, deadline, &plan->history, err)) {
        return false;
    }
    plan_compare(plan);
    return true;
}

static void digest_history(struct deploy_plan *plan)
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    for (size_t i = 0; i < plan->history->n; i++) {
        const struct history_row *row = &plan->history->rows[i];
        const char *const facts[] = {row->id,          row->name,           row->checksum,
                                     row->finished_at, row->rolled_back_at, row->logs};
        for (size_t j = 0; j < ARRAY_LEN(facts); j++) {
            hash_add_field(hash, facts[j] != NULL ? facts[j] : "");
        }
    }
    hash_finish(hash, plan->history_digest);
}

/* One statement, because it must be one look: what is read in several is never one state. */
static bool digest_shape(struct deploy_plan *plan, struct db *db, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_DEPLOY_SHAPE, DB_NO_PARAMS, deadline, &rows, err)) {
        return error_prefix(err, "could not take the shape of the database");
    }
    hash_sha256(db_text(rows, 0, 0), strlen(db_text(rows, 0, 0)), plan->shape);
    return true;
}

static bool look(struct deploy_plan *plan, const struct deploy_request *request, struct db *db,
                 msec deadline, struct error *err)
{
    CLEANUP(needs_clear) struct needs needs = {.locked = STRLIST_INIT};
    if (!plan_read_quiet_history(plan, request, db, deadline, err)) {
        return false;
    }
    digest_history(plan);
    if (request != NULL && request->shape && !digest_shape(plan, db, deadline, err)) {
        return false;
    }
    if (!error_is_set(&plan->refusal)) {
        plan_refuse_history(plan);
    }
    if (error_is_set(&plan->refusal)) {
        return plan_show_edit(plan, db, deadline, err);
    }
    return plan_read_scripts(plan, db, deadline, &needs, err) &&
           plan_check_server(plan, db, &needs, deadline, err);
}

bool deploy_plan_make(struct environment *environment, const struct release *release,
                      const struct deploy_request *request, msec deadline,
                      struct deploy_plan **ret_plan, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(deploy_plan_freep) struct deploy_plan *plan = mem_new(1, sizeof *plan);
    const struct environment_session session = {.purpose = "plan",
                                                .read_only = true,
                                                .route = ROUTE_DIRECT,
                                                .on_progress =
                                                    request != NULL ? request->on_progress : NULL};
    plan->environment = environment;
    plan->release = release;
    plan->reason = request != NULL ? request->out_of_order_reason : NULL;
    if (!environment_connect(environment, &session, deadline, &db, err)) {
        return false;
    }
    keep_identity(plan, db_identity(db));
    if (!look(plan, request, db, deadline, err)) {
        return environment_name_error(environment, err);
    }
    *ret_plan = TAKE(plan);
    return true;
}

void deploy_plan_freep(struct deploy_plan **plan)
{
    if (*plan == NULL) {
        return;
    }
    for (size_t i = 0; i < (*plan)->n; i++) {
        mem_free((*plan)->items[i].mode);
    }
    history_freep(&(*plan)->history);
    mem_free((*plan)->items);
    mem_free((*plan)->target);
    mem_free((*plan)->host);
    mem_free((*plan)->port);
    mem_free((*plan)->database);
    mem_free((*plan)->version_text);
    mem_free((*plan)->system_identifier);
    mem_free((*plan)->database_oid);
    mem_free((*plan)->schema);
    error_clear(&(*plan)->refusal);
    mem_free(*plan);
    *plan = NULL;
}
