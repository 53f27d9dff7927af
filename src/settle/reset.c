/* Everything is dropped: the schema of the connection, those that the migrations make, ours. */
#include "private.h"

#include "settle_sql.h"

#define EXTENSION_LOST "HG002" /* by settle-reset.sql */
#define LOCK_NOT_AVAILABLE "55P03"

bool reset_check_policy(const struct environment *environment, struct error *err)
{
    if (environment->kind != KIND_PRODUCTION) {
        return true;
    }
    (void)error_set(err, ERROR_REFUSED,
                    "environment \"%s\": reset is never for a production environment",
                    environment->name);
    return error_hint(err,
                      "There is no option that allows it. What is meant? See: headgate status");
}

/* --- what goes --- */

/* public is nobody's but where it is the schema of the connection. */
static void add_schema(struct strlist *doomed, const char *name)
{
    if (name != NULL && !strlist_has(doomed, name) && !text_equal(name, "public") &&
        !text_equal(name, "information_schema") && !text_starts(name, "pg_")) {
        strlist_add(doomed, name);
    }
}

/* What cannot be run would be found only after everything is gone: so all of it is read. */
static bool read_migration(const struct migration *migration, struct strlist *doomed,
                           struct strlist *made, struct error *err)
{
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    if (!script_read(migration, &script, err)) {
        return false;
    }
    for (size_t i = 0; i < script.sql.n; i++) {
        const struct sql_statement *statement = &script.sql.statements[i];
        if (text_equal(statement->verb, "CREATE SCHEMA")) {
            add_schema(doomed, statement->name.name);
        } else if (text_equal(statement->verb, "CREATE EXTENSION") &&
                   statement->name.name != NULL) {
            strlist_add(made, statement->name.name);
        }
    }
    return true;
}

static bool find(struct reset *reset, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist doomed = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist made = STRLIST_INIT;
    const struct release *release = reset->plan->release;
    strlist_add(&doomed, reset->plan->schema);
    for (size_t i = 0; i < release->n; i++) {
        if (!read_migration(&release->migrations[i], &doomed, &made, err)) {
            return false;
        }
    }
    add_schema(&doomed, "headgate");
    reset->doomed = db_array(&doomed);
    reset->made = db_array(&made);
    return true;
}

static bool look(struct reset *reset, msec deadline, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const struct deploy_plan *plan = reset->plan;
    if (!find(reset, err) ||
        !hand_look(plan->environment, plan->schema, NULL, deadline, &db, err) ||
        !db_query(db, &SQL_SETTLE_RESET_LOOK, DB_PARAMS(reset->doomed), deadline, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        strlist_add(&reset->schemas, db_text(rows, i, 0));
        reset->n_tables += (size_t)db_integer(rows, i, 1);
    }
    return true;
}

/* The policy for all of the release, as after the reset: what it forbids would leave nothing. */
static bool check_release(const struct deploy_plan *plan, msec deadline, struct error *err)
{
    struct deploy_plan afterwards = {.environment = plan->environment, .release = plan->release};
    afterwards.count[MIGRATION_PENDING] = plan->release->n;
    if (!deploy_plan_check_policy(&afterwards, deadline, err)) {
        return false;
    }
    if (error_is_set(&afterwards.refusal)) {
        error_move(err, &afterwards.refusal);
        return false;
    }
    return true;
}

bool reset_make(struct deploy_plan *plan, msec deadline, struct reset *ret_reset, struct error *err)
{
    CLEANUP(reset_clear) struct reset reset = {.plan = plan, .schemas = STRLIST_INIT};
    if (!settle_check_marker(plan, err) || !check_release(plan, deadline, err) ||
        !look(&reset, deadline, err)) {
        return environment_name_error(plan->environment, err);
    }
    *ret_reset = reset;
    reset = (struct reset){.schemas = STRLIST_INIT};
    return true;
}

void reset_clear(struct reset *reset)
{
    strlist_clear(&reset->schemas);
    mem_free(reset->doomed);
    mem_free(reset->made);
    *reset = (struct reset){.schemas = STRLIST_INIT};
}

/* --- doing it --- */

static bool explain(struct error *err)
{
    if (text_equal(err->sqlstate, EXTENSION_LOST)) {
        err->code = ERROR_REFUSED;
        (void)error_detail(err, "Nothing was changed.");
        return error_hint(err, "Move it into a schema of its own (ALTER EXTENSION ... SET SCHEMA), "
                               "make it in a migration, or reset as a role that may make it.");
    }
    if (text_equal(err->sqlstate, LOCK_NOT_AVAILABLE)) {
        (void)error_detail(err, "Somebody uses the tables. Nothing was changed.");
        return error_hint(err, "End the programs that are connected, then try again.");
    }
    return false;
}

static bool drop_all(const struct reset *reset, struct db *db, struct error *err)
{
    if (!db_begin(db, DEADLINE_NONE, err)) {
        return false;
    }
    if (db_execute(db, &SQL_SETTLE_RESET_ASK,
                   DB_PARAMS(reset->plan->schema, reset->doomed, reset->made), DEADLINE_NONE,
                   err) &&
        db_execute(db, &SQL_SETTLE_RESET, DB_NO_PARAMS, DEADLINE_NONE, err)) {
        return db_commit(db, DEADLINE_NONE, err);
    }
    db_rollback(db);
    return explain(err);
}

bool reset_execute(const struct reset *reset, const struct deploy_conduct *conduct,
                   struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    const struct grip grip = grip_of(reset->plan);
    return (hand_open(&grip, conduct, &hand, err) && drop_all(reset, hand_session(&hand), err)) ||
           environment_name_error(reset->plan->environment, err);
}
