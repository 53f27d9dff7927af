/* Makes a plan by looking, and says what speaks against executing it. */
#include "private.h"

static const struct plan_item *first_of(const struct deploy_plan *plan, enum migration_state state)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->items[i].state == state) {
            return &plan->items[i];
        }
    }
    return NULL;
}

static void refuse_failed(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED, "migration \"%s\" has failed before", item->name);
    (void)error_detail(refusal,
                       "It was begun at %s and neither finished nor was settled since.%s%s",
                       item->row->started_at, item->row->logs != NULL ? " It left this note: " : "",
                       item->row->logs != NULL ? item->row->logs : "");
    (void)error_hint(refusal,
                     "Look at what it has done, then settle it with: prisma migrate "
                     "resolve --rolled-back %s (or --applied).",
                     item->name);
}

static void refuse_edited(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED, "migration \"%s\" was edited after it was applied",
                    item->name);
    (void)error_detail(refusal, "It was applied at %s with checksum %.8s; %s now has %.8s.",
                       item->row->finished_at, item->row->checksum, item->migration->path,
                       item->migration->checksum);
    (void)error_hint(refusal,
                     "Bring back the file as it was (git log -- %s) and make the change in a "
                     "new migration: headgate create NAME.",
                     item->migration->path);
}

static void refuse_missing(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "the database has migration \"%s\", which is not part of this release",
                    item->name);
    (void)error_detail(refusal,
                       "The database is newer than the release, or the release lost a folder. "
                       "%zu of its migrations are unknown here.",
                       plan->count[MIGRATION_MISSING]);
    (void)error_hint(refusal, "Deploy the release that has it (git pull, or --release PATH).");
}

static void refuse_out_of_order(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "migration \"%s\" is pending, but a later one is applied already", item->name);
    (void)error_detail(refusal, "On this database it would run in another order than on those that "
                                "have it.");
    (void)error_hint(refusal,
                     "Give its folder a time later than the last applied one, so that it comes "
                     "last everywhere.");
}

static void refuse_unmanaged(struct deploy_plan *plan)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "the database has tables already, but no history of migrations");
    (void)error_detail(refusal, "Schema \"%s\" is not empty and has no table _prisma_migrations.",
                       plan->schema);
    (void)error_hint(refusal,
                     "Record what it already has, once for each migration: prisma migrate resolve "
                     "--applied NAME. Or choose an empty schema with ?schema=NAME in \"url\".");
}

/* What a database can say against every deploy, the weightiest first. */
static void find_refusal(struct deploy_plan *plan)
{
    static const struct {
        enum migration_state state;
        void (*refuse)(struct deploy_plan *plan, const struct plan_item *item);
    } reasons[] = {
        {MIGRATION_FAILED, refuse_failed},
        {MIGRATION_EDITED, refuse_edited},
        {MIGRATION_MISSING, refuse_missing},
        {MIGRATION_OUT_OF_ORDER, refuse_out_of_order},
    };
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (plan->count[reasons[i].state] > 0) {
            reasons[i].refuse(plan, first_of(plan, reasons[i].state));
            return;
        }
    }
    if (!plan->history->exists && plan->history->other_tables && deploy_plan_size(plan) > 0) {
        refuse_unmanaged(plan);
    }
}

static void refuse_kind_of_session(struct deploy_plan *plan, const struct db_identity *identity)
{
    struct error *refusal = &plan->refusal;
    if (error_is_set(refusal) || deploy_plan_size(plan) == 0) {
        return;
    }
    if (identity->in_recovery) {
        (void)error_set(refusal, ERROR_REFUSED,
                        "this server is a standby, which cannot be written");
        (void)error_hint(refusal, "Point \"url\" of environment \"%s\" at its primary.",
                         plan->environment->name);
    } else if (identity->pooled) {
        (void)error_set(refusal, ERROR_REFUSED, "a connection pooler stands before this server");
        (void)error_detail(refusal,
                           "Locks of a session mean nothing through it, so two deploys could "
                           "run at once.");
        (void)error_hint(refusal,
                         "Give environment \"%s\" a \"direct_url\" that goes to the server "
                         "itself.",
                         plan->environment->name);
    }
}

static void keep_identity(struct deploy_plan *plan, const struct db_identity *identity)
{
    plan->target = environment_display(plan->environment);
    plan->version_text = mem_copy(identity->version_text);
    plan->system_identifier = mem_copy(identity->system_identifier);
    const char *schema = environment_schema(plan->environment);
    plan->schema = mem_copy(schema != NULL ? schema : "public");
}

bool deploy_plan_make(struct environment *environment, const struct release *release,
                      void (*on_progress)(const char *sentence), msec deadline,
                      struct deploy_plan **ret_plan, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(deploy_plan_freep) struct deploy_plan *plan = mem_new(1, sizeof *plan);
    const struct environment_session session = {
        .purpose = "plan", .read_only = true, .route = ROUTE_DIRECT, .on_progress = on_progress};
    plan->environment = environment;
    plan->release = release;
    if (!environment_connect(environment, &session, deadline, &db, err)) {
        return false;
    }
    keep_identity(plan, db_identity(db));
    if (!history_use_schema(db, plan->schema, deadline, err) ||
        !history_read(db, plan->schema, deadline, &plan->history, err)) {
        return error_prefix(err, "environment \"%s\"", environment->name);
    }
    plan_compare(plan);
    find_refusal(plan);
    refuse_kind_of_session(plan, db_identity(db));
    *ret_plan = TAKE(plan);
    return true;
}

void deploy_plan_freep(struct deploy_plan **plan)
{
    if (*plan == NULL) {
        return;
    }
    history_freep(&(*plan)->history);
    mem_free((*plan)->items);
    mem_free((*plan)->target);
    mem_free((*plan)->version_text);
    mem_free((*plan)->system_identifier);
    mem_free((*plan)->schema);
    error_clear(&(*plan)->refusal);
    mem_free(*plan);
    *plan = NULL;
}
