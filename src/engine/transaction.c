/*
 * One step in one transaction, together with what is written about it.
 *
 * Everything goes to the server in one journey: the session brought into its state, BEGIN, the
 * statements, the row, COMMIT; also the question whether somebody holds what is needed, which ends
 * the journey before anything is begun. It takes a journey more where the file has a BEGIN of its
 * own, whose options may only stand at the very beginning of a transaction.
 *
 * Where the connection is lost on the way, nobody has told us how it ended. The next session that
 * holds the lock can see it: the row is there, or it is not.
 */
#include "headgate/clock.h"
#include "private.h"

struct transaction {
    struct engine *engine;
    const struct script *script;
    const struct script_step *step;
    const struct closing *closing;
    struct db_batch *ahead; /* the journey before, or NULL */
    struct db_batch *batch;
    size_t first, commit; /* the steps of the batch at which the statements begin, and it ends */
    struct db_batch *room_batch; /* of the two, that which asks whether there is room, or NULL */
    size_t room;                 /* and its step that does */
    bool has_waited;             /* there was none, and now there is: it is not asked again */
    size_t changed;              /* that which tells what was changed, or STATISTICS_NOT_ASKED */
    bool spoils;                 /* the session may be another one behind it */
    msec last_done;
};

static void transaction_clear(struct transaction *t)
{
    db_batch_freep(&t->ahead);
    db_batch_freep(&t->batch);
}

/* --- filling the batch --- */

void record_add(const struct engine *engine, struct db_batch *batch, const char *id,
                const struct closing *closing)
{
    const struct engine_settings *settings = &engine->settings;
    const struct history_record record = {
        .id = id,
        .name = closing->entry->name,
        .run = settings->run,
        .release = settings->release_digest,
        .actor = settings->actor,
        .mode = closing->mode,
        .reason = settings->reason,
        .text = closing->text,
        .attempts = (int64_t)(engine->cost.retries - engine->before.retries) + 1,
        .lock_wait = engine->cost.lock_wait - engine->before.lock_wait,
        .blocked = engine->cost.blocked - engine->before.blocked,
    };
    if (settings->recorded) {
        history_add_record(batch, &record);
    }
}

static void add_closing(struct transaction *t)
{
    const struct closing *closing = t->closing;
    if (t->spoils || closing->kind == CLOSING_PROGRESS) {
        history_add_settle(t->batch, t->engine->settings.schema);
    }
    t->changed = statistics_add_question(t->engine, t->batch);
    switch (closing->kind) {
    case CLOSING_APPLIED:
        history_add_applied(t->batch, closing->entry);
        record_add(t->engine, t->batch, closing->entry->id, closing);
        break;
    case CLOSING_PROGRESS:
        history_add_progress(t->batch, closing->entry->id, closing->n_steps, NULL);
        break;
    case CLOSING_TAKEN_BACK:
        history_add_taken_back(t->batch, closing->row_id);
        break;
    case CLOSING_NOTHING:
        break;
    }
}

static void on_done(void *context, size_t step)
{
    struct transaction *t = context;
    msec now = clock_now();
    if (step >= t->first && step < t->first + t->step->n) {
        engine_say_statement(t->engine, t->script, t->step->first + step - t->first,
                             now - t->last_done);
    }
    t->last_done = now;
}

/* Its session is made anew before a migration, where one before may have left it otherwise; within
 * a migration, what its steps set stays. */
static void add_preparation(struct transaction *t, bool own_begin)
{
    struct db_batch **batch = own_begin ? &t->ahead : &t->batch;
    const struct migration *migration = t->closing->migration;
    bool own_timeouts =
        migration != NULL && (migration->lock_timeout >= 0 || migration->statement_timeout >= 0);
    bool anew = t->closing->kind != CLOSING_PROGRESS && (t->engine->spoiled || own_timeouts);
    t->spoils = own_timeouts || step_spoils_session(t->script, t->step);
    bool ask = !t->has_waited && courtesy_needs_room(t->script, t->step);
    if (own_begin && (anew || ask)) {
        t->ahead = db_batch_new();
    }
    if (anew) {
        session_add_anew(t->engine, *batch, migration);
    }
    t->room_batch = ask ? *batch : NULL;
    t->room = ask ? courtesy_add_question(*batch) : 0;
}

static void fill(struct transaction *t)
{
    const char *text = t->script->text.text;
    const struct sql_statement *statements = t->script->sql.statements;
    bool own_begin = t->step->opener != SCRIPT_NO_OPENER;
    t->batch = db_batch_new();
    add_preparation(t, own_begin);
    if (own_begin) {
        const struct sql_statement *begin = &statements[t->step->opener];
        t->first = db_batch_add_text(t->batch, text + begin->offset, begin->size) + 1;
    } else {
        t->first = db_batch_begin(t->batch) + 1;
    }
    for (size_t i = t->step->first; i < t->step->first + t->step->n; i++) {
        (void)db_batch_add_text(t->batch, text + statements[i].offset, statements[i].size);
    }
    add_closing(t);
    t->commit = db_batch_commit(t->batch);
    db_batch_on_done(t->batch, on_done, t);
}

/* --- running it --- */

/* Of the first statement; a file of comments has none. */
static size_t line_of(const struct transaction *t)
{
    size_t line = 0, column = 0;
    if (t->step->n > 0) {
        source_locate(&t->script->source, t->script->sql.statements[t->step->first].offset, &line,
                      &column);
    }
    return line;
}

static bool is_no_room(const struct error *err)
{
    return text_equal(err->sqlstate, COURTESY_NO_ROOM);
}

/* ret_no_room: nothing was begun, because somebody holds what it needs. */
static bool attempt(struct transaction *t, size_t *ret_failed, bool *ret_no_room, struct error *err)
{
    size_t failed = 0;
    *ret_failed = t->first + t->step->n; /* where it does not come so far */
    watch_begin(t->engine->watch, line_of(t));
    if (t->ahead != NULL && !db_batch_run(t->engine->db, t->ahead, DEADLINE_NONE, &failed, err)) {
        *ret_no_room = t->room_batch == t->ahead && failed == t->room && is_no_room(err);
        return false;
    }
    t->last_done = clock_now();
    if (!db_batch_run(t->engine->db, t->batch, DEADLINE_NONE, ret_failed, err)) {
        *ret_no_room = t->room_batch == t->batch && *ret_failed == t->room && is_no_room(err);
        return false;
    }
    return true;
}

/* Whether the row says that the transaction came to its end. */
static bool look_up(const struct transaction *t, bool *ret_committed, struct error *err)
{
    const struct closing *closing = t->closing;
    const char *id = closing->entry != NULL ? closing->entry->id : closing->row_id;
    bool there = false, finished = false;
    int64_t n_steps = 0;
    if (!history_look_up(t->engine->db, id, DEADLINE_NONE, &there, &finished, &n_steps, err)) {
        return false;
    }
    *ret_committed =
        closing->kind == CLOSING_APPLIED ? finished : there && n_steps >= (int64_t)closing->n_steps;
    return true;
}

/* An error of the way to know it is no use to anybody: that we do not know says all. */
static void settle_lost(struct transaction *t, struct outcome *outcome)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    enum closing_kind kind = t->closing->kind;
    outcome->lost = true;
    engine_say(t->engine, EVENT_LOST,
               "the connection was lost; asking the server what became of it");
    outcome->known = (kind == CLOSING_APPLIED || kind == CLOSING_PROGRESS) &&
                     session_recover(t->engine, &failure) &&
                     look_up(t, &outcome->committed, &failure);
    if (outcome->known && outcome->committed) {
        engine_say(t->engine, EVENT_LOST, "it was committed before the connection was lost");
    }
}

static void note_failure(const struct transaction *t, size_t failed, struct outcome *outcome)
{
    bool in_statement = failed >= t->first && failed < t->first + t->step->n;
    outcome->in_commit = failed == t->commit;
    outcome->statement = in_statement ? t->step->first + failed - t->first : t->script->sql.n;
}

bool transaction_run(struct engine *engine, const struct script *script,
                     const struct script_step *step, const struct closing *closing,
                     struct outcome *ret_outcome, struct error *err)
{
    CLEANUP(transaction_clear)
    struct transaction t = {.engine = engine, .script = script, .step = step, .closing = closing};
    size_t n_tries = 0, failed = 0;
    bool again = true;
    while (again) {
        transaction_clear(&t); /* the record counts the attempts */
        fill(&t);
        bool no_room = false;
        *ret_outcome = (struct outcome){.statement = script->sql.n};
        if (attempt(&t, &failed, &no_room, err)) {
            engine->spoiled = t.spoils || closing->kind == CLOSING_PROGRESS;
            engine_pass_notices(engine);
            statistics_take_answer(engine, t.batch, t.changed);
            return true;
        }
        engine->spoiled = true; /* what was set in front of BEGIN is rolled back with it */
        note_failure(&t, failed, ret_outcome);
        if (!db_is_alive(engine->db)) {
            settle_lost(&t, ret_outcome);
            break;
        }
        db_rollback(engine->db);
        engine_pass_notices(engine);
        t.has_waited = no_room;
        again = no_room ? courtesy_wait_for_room(engine, script, step, err)
                        : courtesy_try_again(engine, &n_tries, err);
    }
    if (ret_outcome->committed) {
        error_clear(err);
    }
    return ret_outcome->committed;
}

/* --- notes --- */

#define NOTE_PATIENCE 60000

bool transaction_note(struct engine *engine, void (*add)(struct db_batch *batch, const void *what),
                      const void *what, struct error *err)
{
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_set_unstoppable(batch);
    (void)db_batch_begin(batch);
    history_add_settle(batch, engine->settings.schema);
    add(batch, what);
    (void)db_batch_commit(batch);
    return session_run(engine, batch, deadline_in(NOTE_PATIENCE), err);
}

static bool is_noted(struct engine *engine, enum note_kind kind, const char *id, bool *ret_noted,
                     struct error *err)
{
    bool there = false, finished = false;
    int64_t n_steps = 0;
    if (!history_look_up(engine->db, id, DEADLINE_NONE, &there, &finished, &n_steps, err)) {
        return false;
    }
    *ret_noted = (kind == NOTE_BEGUN && there) || (kind == NOTE_FINISHED && finished);
    return true;
}

bool transaction_note_surely(struct engine *engine, enum note_kind kind, const char *id,
                             void (*add)(struct db_batch *batch, const void *what),
                             const void *what, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    bool noted = transaction_note(engine, add, what, err);
    if (noted || db_is_alive(engine->db)) {
        return noted;
    }
    engine_say(engine, EVENT_LOST, "the connection was lost; asking the server how far it is");
    if (!session_recover(engine, &failure) || !is_noted(engine, kind, id, &noted, &failure)) {
        return false;
    }
    error_clear(err);
    return noted || transaction_note(engine, add, what, err);
}
