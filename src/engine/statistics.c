/* The planner's statistics of what was changed: asked for in each transaction, refreshed at the
 * end. */
#include "private.h"

#include "engine_sql.h"

size_t statistics_add_question(const struct engine *engine, struct db_batch *batch)
{
    return engine->settings.environment->aftercare.analyze
               ? db_batch_add(batch, &SQL_ENGINE_CHANGED, DB_NO_PARAMS)
               : STATISTICS_NOT_ASKED;
}

void statistics_take_answer(struct engine *engine, const struct db_batch *batch, size_t step)
{
    if (step == STATISTICS_NOT_ASKED) {
        return;
    }
    const struct db_rows *rows = db_batch_rows(batch, step);
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        if (!strlist_has(&engine->to_analyze, db_text(rows, i, 0))) {
            strlist_add(&engine->to_analyze, db_text(rows, i, 0));
        }
    }
}

/* A table that was dropped by a later migration needs none. */
static bool is_gone(const struct error *failure)
{
    return text_equal(failure->sqlstate, "42P01") || text_equal(failure->sqlstate, "3F000");
}

/* As after a migration: that one may have left another role, which may not analyze. */
static bool make_session(struct engine *engine, struct error *err)
{
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    session_add_anew(engine, batch, NULL);
    return session_run(engine, batch, DEADLINE_NONE, err);
}

static bool analyze(struct engine *engine, const char *text, struct error *err)
{
    bool done = false, again = true;
    for (size_t n_tries = 0; !done && again;) {
        watch_begin(engine->watch, 0);
        done = db_run_text(engine->db, text, strlen(text), DEADLINE_NONE, err);
        again = !done && courtesy_try_again(engine, &n_tries, err);
    }
    return done;
}

bool engine_analyze(struct engine *engine, size_t *ret_n, struct error *err)
{
    size_t n = 0;
    if (engine->to_analyze.n > 0 && !make_session(engine, err)) {
        return false;
    }
    for (size_t i = 0; i < engine->to_analyze.n; i++) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        const char *text = engine->to_analyze.items[i];
        if (analyze(engine, text, &failure)) {
            n++;
        } else if (!is_gone(&failure)) {
            error_move(err, &failure);
            return error_prefix(err, "%s", text);
        }
    }
    *ret_n = n;
    return true;
}
