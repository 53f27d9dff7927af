/* What is left to do when all is applied: the planner's statistics, who listens, the replica. */
#include "headgate/clock.h"
#include "headgate/interrupt.h"
#include "headgate/json_write.h"
#include "private.h"

#include "deploy_sql.h"

#define REPLICA_POLL 200

/* --- NOTIFY --- */

static char *payload(const struct deploy_plan *plan, const struct deploy_result *result)
{
    struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    json_write_member_text(&writer, "environment", plan->environment->name);
    json_write_member_text(&writer, "release", plan->release->digest);
    json_write_member_text(&writer, "run", result->run);
    json_write_member_integer(&writer, "applied", (int64_t)result->n_applied);
    json_write_object_end(&writer);
    return strbuf_take(&out);
}

static bool notify(const struct deploy_plan *plan, struct engine *engine,
                   const struct deploy_result *result, struct error *err)
{
    const char *channel = plan->environment->aftercare.notify;
    CLEANUP(mem_freep) char *text = payload(plan, result);
    return channel == NULL || db_execute(engine_session(engine), &SQL_DEPLOY_NOTIFY,
                                         DB_PARAMS(channel, text), DEADLINE_NONE, err);
}

/* --- the replica --- */

static bool written_up_to(struct engine *engine, char **ret_lsn, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(engine_session(engine), &SQL_DEPLOY_WRITTEN, DB_NO_PARAMS, DEADLINE_NONE, &rows,
                  err)) {
        return false;
    }
    *ret_lsn = mem_copy(db_text(rows, 0, 0));
    return true;
}

static bool replica_is_late(const struct deploy_plan *plan, const char *lsn, const char *replayed,
                            struct error *err)
{
    CLEANUP(mem_freep) char *waited = duration_format(plan->environment->aftercare.replica_wait);
    (void)error_set(err, ERROR_TIMEOUT, "the replica has not replayed the deploy within %s",
                    waited);
    (void)error_detail(err,
                       "Everything is applied to the primary. The replica is at %s, the deploy "
                       "ended at %s.",
                       replayed != NULL ? replayed : "an unknown position", lsn);
    return error_hint(err,
                      "Look at what holds the replica up (a long query there, a full disk, the "
                      "network); \"replica_wait\" of \"deploy\" says how long it may take.");
}

static bool wait_until_replayed(const struct deploy_plan *plan, struct db *replica, const char *lsn,
                                char **ret_sentence, struct error *err)
{
    msec began = clock_now();
    msec deadline = deadline_in(plan->environment->aftercare.replica_wait);
    for (;;) {
        CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
        if (!db_query(replica, &SQL_DEPLOY_REPLAYED, DB_PARAMS(lsn), DEADLINE_NONE, &rows, err)) {
            return false;
        }
        if (!db_bool(rows, 0, 0)) {
            *ret_sentence =
                mem_copy("replica_url leads to no standby, so there was nothing to wait "
                         "for");
            return true;
        }
        if (db_bool(rows, 0, 1)) {
            CLEANUP(mem_freep) char *took = duration_human(clock_now() - began);
            *ret_sentence = mem_printf("the replica has replayed it after %s", took);
            return true;
        }
        if (deadline_passed(deadline)) {
            return replica_is_late(plan, lsn, db_text(rows, 0, 2), err);
        }
        deadline_sleep(deadline_earlier(deadline_in(REPLICA_POLL), deadline));
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
}

static bool wait_for_replica(const struct deploy_plan *plan, struct engine *engine,
                             struct deploy_result *result, struct error *err)
{
    CLEANUP(db_closep) struct db *replica = NULL;
    CLEANUP(mem_freep) char *lsn = NULL;
    const struct environment_session session = {
        .purpose = "replica", .read_only = true, .route = ROUTE_REPLICA};
    if (plan->environment->target.replica_conninfo == NULL) {
        return true;
    }
    return written_up_to(engine, &lsn, err) &&
           environment_connect(plan->environment, &session,
                               deadline_in(plan->environment->aftercare.replica_wait), &replica,
                               err) &&
           wait_until_replayed(plan, replica, lsn, &result->replica, err);
}

bool deploy_aftercare(const struct deploy_plan *plan, struct engine *engine,
                      struct deploy_result *result, struct error *err)
{
    return ((!plan->environment->aftercare.analyze ||
             engine_analyze(engine, &result->n_analyzed, err)) &&
            notify(plan, engine, result, err) && wait_for_replica(plan, engine, result, err)) ||
           error_prefix(err, "after the deploy, which is done");
}
