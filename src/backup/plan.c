/* What making a backup would do: by looking only. */
#include "backup_sql.h"
#include "headgate/file.h"
#include "private.h"

#define PACKED_TO                                                                                  \
    3 /* tables become about a third of their size, until a backup has shown better                \
       */

void backup_plan_clear(struct backup_plan *plan)
{
    mem_free(plan->address);
    mem_free(plan->server_version);
    mem_free(plan->system_identifier);
    mem_free(plan->pg_dump);
    mem_free(plan->pg_dump_version);
    mem_free(plan->pg_dump_host);
    error_clear(&plan->refusal);
    *plan = (struct backup_plan){0};
}

/* The last backup of the same environment knows best how well its data can be packed. */
static uint64_t estimate(const struct backup_request *request, uint64_t bytes)
{
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (vault_list(request->vault, request->environment->name, &list, &ignored)) {
        for (size_t i = 0; i < list.n; i++) {
            const struct manifest *last = list.items[i].manifest;
            if (last != NULL && last->dump_size > 0) {
                double packed = (double)list.items[i].size / (double)last->dump_size;
                return (uint64_t)((double)bytes * packed);
            }
        }
    }
    return bytes / PACKED_TO;
}

static bool look_at_server(const struct backup_request *request, struct backup_plan *plan,
                           int *ret_major, msec deadline, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const struct environment_session session = {
        .purpose = "backup", .read_only = true, .route = ROUTE_DIRECT};
    if (!environment_connect(request->environment, &session, deadline, &db, err)) {
        return false;
    }
    if (!db_query(db, &SQL_BACKUP_SIZE, DB_NO_PARAMS, deadline, &rows, err)) {
        return environment_name_error(request->environment, err);
    }
    const struct db_identity *identity = db_identity(db);
    plan->address = origin_address(request->environment, db);
    plan->server_version = mem_copy(identity->version_text);
    plan->system_identifier = mem_copy(identity->system_identifier);
    plan->n_tables = (size_t)db_integer(rows, 0, 1);
    plan->database_size = (uint64_t)db_integer(rows, 0, 2);
    plan->estimate = estimate(request, (uint64_t)db_integer(rows, 0, 0));
    *ret_major = identity->version / 10000;
    if (identity->pooled) {
        (void)error_set(&plan->refusal, ERROR_BACKUP,
                        "a backup needs a session of its own, and \"%s\" is reached through a "
                        "pooler",
                        request->environment->name);
        (void)error_hint(&plan->refusal, "Give the environment a \"direct_url\".");
    }
    return true;
}

bool backup_plan_make(const struct backup_request *request, msec deadline,
                      struct backup_plan *ret_plan, struct error *err)
{
    CLEANUP(backup_plan_clear) struct backup_plan plan = {0};
    CLEANUP(tools_clear) struct tools tools = {0};
    int major = 0;
    if (!look_at_server(request, &plan, &major, deadline, err)) {
        return false;
    }
    if (!error_is_set(&plan.refusal) &&
        tools_find_for(request->environment, major, deadline, &tools, &plan.refusal)) {
        plan.pg_dump =
            tools.folder != NULL ? path_join(tools.folder, "pg_dump") : mem_copy("pg_dump");
        plan.pg_dump_host = tools.remote != NULL ? mem_copy(far_shown(tools.remote)) : NULL;
        plan.pg_dump_version = mem_copy(tools.version_text);
        (void)!vault_check_room(request->vault, plan.estimate, &plan.refusal);
    }
    if (plan.refusal.code == ERROR_INTERRUPTED || plan.refusal.code == ERROR_TERMINATED) {
        error_move(err, &plan.refusal);
        return false;
    }
    *ret_plan = plan;
    plan = (struct backup_plan){0};
    return true;
}
