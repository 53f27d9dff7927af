/*
 * A migration that cannot be one transaction: step by step.
 *
 * Its row stands in the history from its beginning, unfinished. A step that may be a transaction is
 * one, together with the row's progress. Before a statement that may not is sent, the row says that
 * it has begun; should we die, the catalog is asked what it did. What the file sets for its session
 * (SET) is set again where a later session goes on with it.
 */
#include <string.h>
#include <strings.h>

#include "headgate/clock.h"
#include "private.h"

#include "engine_sql.h"

struct run {
    struct engine *engine;
    const struct migration *migration;
    const struct script *script;
    struct history_entry entry;
    struct closing closing;
    size_t done;
    char *mode;
    size_t session; /* the one that has the file's settings, or 0 */
};

static void run_clear(struct run *run)
{
    mem_free(run->mode);
}

static const struct script_step *step_at(const struct run *run, size_t i)
{
    return &run->script->steps[i];
}

static const struct sql_statement *statement_of(const struct run *run, size_t step)
{
    return &run->script->sql.statements[step_at(run, step)->first];
}

static bool is_concurrent(const struct sql_statement *statement)
{
    return statement->kind == SQL_CREATE_INDEX_CONCURRENTLY ||
           statement->kind == SQL_DROP_INDEX_CONCURRENTLY ||
           statement->kind == SQL_REINDEX_CONCURRENTLY ||
           statement->kind == SQL_DETACH_CONCURRENTLY;
}

/* --- what is written about it --- */

struct progress {
    const struct run *run;
    size_t n_steps;
    const char *note;
};

static void add_progress(struct db_batch *batch, const void *what)
{
    const struct progress *progress = what;
    history_add_progress(batch, progress->run->entry.id, progress->n_steps, progress->note);
}

static void add_begun(struct db_batch *batch, const void *what)
{
    const struct run *run = what;
    history_add_begun(batch, &run->entry);
    record_add(run->engine, batch, run->entry.id, &run->closing);
}

static void add_finished(struct db_batch *batch, const void *what)
{
    const struct run *run = what;
    history_add_finished(batch, &run->entry);
    record_add(run->engine, batch, run->entry.id, &run->closing);
}

static bool note_progress(const struct run *run, size_t n_steps, const char *note,
                          struct error *err)
{
    const struct progress progress = {run, n_steps, note};
    return transaction_note(run->engine, add_progress, &progress, err);
}

static bool note_done(const struct run *run, size_t n_steps, struct error *err)
{
    const struct progress progress = {run, n_steps, NULL};
    return transaction_note_surely(run->engine, NOTE_PROGRESS, run->entry.id, add_progress,
                                   &progress, err);
}

/* A wish to stop can come when the statement has just ended; the catalog knows. */
static bool was_stopped(const struct run *run, size_t step, const struct outcome *outcome,
                        const struct error *failure)
{
    return !outcome->unsent && is_concurrent(statement_of(run, step)) &&
           (failure->code == ERROR_INTERRUPTED || failure->code == ERROR_TERMINATED);
}

/* As good as possible: the failure itself is what people must hear of. Where it is not known what
 * the step did, the row goes on saying that it has begun. */
static void note_failed(const struct run *run, size_t step, const struct outcome *outcome,
                        const struct error *failure)
{
    bool in_doubt = (outcome->lost && !outcome->known) || was_stopped(run, step, outcome, failure);
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *where = statement_where(run->script, step_at(run, step)->first);
    CLEANUP(mem_freep) char *note = history_note_failed(step, where, failure->message);
    if (!in_doubt && db_is_alive(run->engine->db) &&
        !note_progress(run, run->done, note, &ignored)) {
        engine_say(run->engine, EVENT_NOTICE, "the failure could not be noted in the history: %s",
                   ignored.message);
    }
}

/* --- the session --- */

static const char *text_of(const struct run *run, const struct sql_statement *statement)
{
    return run->script->text.text + statement->offset;
}

/* Not for its transaction only. */
static bool sets_session(const struct run *run, const struct sql_statement *statement)
{
    static const char *const passing[] = {"LOCAL", "TRANSACTION", "CONSTRAINTS"};
    bool sets = text_equal(statement->verb, "SET");
    const char *word = text_of(run, statement) + (sets ? strlen("SET") : 0);
    word += strspn(word, " \t\r\n");
    for (size_t i = 0; sets && i < ARRAY_LEN(passing); i++) {
        sets = strncasecmp(word, passing[i], strlen(passing[i])) != 0;
    }
    return sets || text_equal(statement->verb, "RESET");
}

static bool forgets_session(const struct sql_statement *statement)
{
    return text_equal(statement->verb, "DISCARD ALL");
}

/* The step from which on what was set still counts. */
static size_t first_that_counts(const struct run *run)
{
    size_t first = run->done;
    while (first > 0 && !forgets_session(statement_of(run, first - 1))) {
        first--;
    }
    return first;
}

static void add_settings_again(const struct run *run, struct db_batch *batch)
{
    for (size_t i = first_that_counts(run); i < run->done; i++) {
        const struct script_step *step = step_at(run, i);
        for (size_t k = step->first; k < step->first + step->n; k++) {
            const struct sql_statement *statement = &run->script->sql.statements[k];
            if (sets_session(run, statement)) {
                (void)db_batch_add_text(batch, text_of(run, statement), statement->size);
            }
        }
    }
}

static bool make_session(struct run *run, struct error *err)
{
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    session_add_anew(run->engine, batch, run->migration);
    add_settings_again(run, batch);
    run->session = run->engine->n_sessions;
    return session_run(run->engine, batch, DEADLINE_NONE, err);
}

/* --- statements outside of transactions --- */

/* Does the file itself say how long its statements may wait? */
static bool file_sets_timeouts(const struct run *run)
{
    for (size_t i = 0; i < run->script->sql.n; i++) {
        const struct sql_statement *statement = &run->script->sql.statements[i];
        if (sets_session(run, statement) &&
            memmem(text_of(run, statement), statement->size, "_timeout", 8) != NULL) {
            return true;
        }
    }
    return false;
}

/* CONCURRENTLY waits for all older transactions, and holds nobody up meanwhile. */
static bool set_timeouts(const struct run *run, bool patient, struct error *err)
{
    const struct courtesy *courtesy = &run->engine->settings.environment->courtesy;
    const struct migration *own = run->migration;
    msec lock = patient ? 0 : own->lock_timeout >= 0 ? own->lock_timeout : courtesy->lock_timeout;
    msec statement = own->statement_timeout >= 0 ? own->statement_timeout
                     : patient                   ? 0
                                                 : courtesy->statement_timeout;
    CLEANUP(mem_freep) char *lock_text = mem_printf("%lld", (long long)lock);
    CLEANUP(mem_freep) char *statement_text = mem_printf("%lld", (long long)statement);
    return file_sets_timeouts(run) ||
           db_execute(run->engine->db, &SQL_ENGINE_LOCK_TIMEOUT,
                      DB_PARAMS(lock_text, statement_text), DEADLINE_NONE, err);
}

static bool send(struct run *run, const struct sql_statement *statement, struct error *err)
{
    struct engine *engine = run->engine;
    msec began = clock_now();
    size_t line = 0, column = 0;
    source_locate(&run->script->source, statement->offset, &line, &column);
    watch_begin(engine->watch, line);
    bool done =
        db_run_text(engine->db, text_of(run, statement), statement->size, DEADLINE_NONE, err);
    engine_pass_notices(engine);
    if (done) {
        engine_say_statement(engine, run->script, (size_t)(statement - run->script->sql.statements),
                             clock_now() - began);
    }
    return done;
}

/* Without Prisma's key: Prisma waits for it inside the server, with a snapshot that we would wait
 * for. The unfinished row stops it meanwhile. */
static bool begin_concurrent(const struct run *run, struct error *err)
{
    return set_timeouts(run, true, err) && session_give_prisma_key(run->engine, err);
}

static bool end_concurrent(const struct run *run, struct error *err)
{
    return session_take_prisma_key(run->engine, err) && set_timeouts(run, false, err);
}

static bool clear_and_send(struct run *run, size_t step, bool *ret_unsent, struct error *err)
{
    const struct sql_statement *statement = statement_of(run, step);
    CLEANUP(mem_freep) char *where = statement_where(run->script, step_at(run, step)->first);
    CLEANUP(mem_freep) char *note = history_note_begun(step, where);
    bool already = false;
    if (!proof_clear_way(run->engine, statement, &already, err)) {
        return false;
    }
    if (already) {
        return true;
    }
    if (!note_progress(run, step, note, err)) {
        return false;
    }
    *ret_unsent = false;
    return send(run, statement, err) && proof_check(run->engine, statement, err);
}

static bool send_once(struct run *run, size_t step, bool *ret_unsent, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    bool concurrent = is_concurrent(statement_of(run, step));
    *ret_unsent = true;
    if (!courtesy_wait_for_room(run->engine, run->script, step_at(run, step), err) ||
        (concurrent && !begin_concurrent(run, err))) {
        return false;
    }
    bool done = clear_and_send(run, step, ret_unsent, err);
    if (concurrent && db_is_alive(run->engine->db) && !end_concurrent(run, &failure) && done) {
        error_move(err, &failure);
        return false;
    }
    return done;
}

/* The connection was lost while it ran: what does the catalog say, once nothing runs any more? */
static bool settle_lost(struct run *run, size_t step, struct outcome *outcome)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    enum proof proof = PROOF_NONE;
    outcome->lost = true;
    engine_say(run->engine, EVENT_LOST,
               "the connection was lost; asking the server what became of it");
    outcome->known = session_recover(run->engine, &failure) &&
                     (outcome->unsent ||
                      (proof_of_doubtful(run->engine, statement_of(run, step), &proof, &failure) &&
                       proof != PROOF_NONE));
    outcome->committed = outcome->known && proof == PROOF_DONE;
    return outcome->committed;
}

static bool run_outside(struct run *run, size_t step, struct error *err)
{
    struct outcome outcome = {.statement = step_at(run, step)->first};
    size_t n_tries = 0;
    bool again = true, done = false;
    while (again && !done) {
        done = send_once(run, step, &outcome.unsent, err);
        again =
            !done && db_is_alive(run->engine->db) && courtesy_try_again(run->engine, &n_tries, err);
    }
    if (!done && !db_is_alive(run->engine->db) && settle_lost(run, step, &outcome)) {
        error_clear(err);
        done = true;
    }
    if (!done) {
        note_failed(run, step, &outcome, err);
        return explain_step(run->engine, run->script, step, &outcome, err);
    }
    if (forgets_session(statement_of(run, step))) {
        run->session = 0; /* the lock and our settings, too */
    }
    return note_done(run, step + 1, err) ||
           explain_between(run->engine, run->script, step + 1, false, err);
}

/* --- steps --- */

static bool run_inside(struct run *run, size_t step, struct error *err)
{
    struct outcome outcome = {0};
    run->closing.kind = CLOSING_PROGRESS;
    run->closing.n_steps = step + 1;
    if (transaction_run(run->engine, run->script, step_at(run, step), &run->closing, &outcome,
                        err)) {
        return true;
    }
    note_failed(run, step, &outcome, err);
    return explain_step(run->engine, run->script, step, &outcome, err);
}

static bool run_steps(struct run *run, struct error *err)
{
    for (; run->done < run->script->n_steps; run->done++) {
        size_t step = run->done;
        if (run->session != run->engine->n_sessions && !make_session(run, err)) {
            return explain_between(run->engine, run->script, step, true, err);
        }
        if (!(step_at(run, step)->outside ? run_outside(run, step, err)
                                          : run_inside(run, step, err))) {
            return false;
        }
    }
    return transaction_note_surely(run->engine, NOTE_FINISHED, run->entry.id, add_finished, run,
                                   err) ||
           explain_between(run->engine, run->script, run->done, false, err);
}

/* A step that had begun when we died: is there anything left of it to do? */
static bool settle_doubtful(struct run *run, size_t step, struct error *err)
{
    enum proof proof = PROOF_NONE;
    if (step >= run->script->n_steps || !step_at(run, step)->outside) {
        return true;
    }
    if (!script_check_doubtful(run->script, run->entry.name, step,
                               run->engine->settings.environment->name, err) ||
        !proof_of_doubtful(run->engine, statement_of(run, step), &proof, err)) {
        return false;
    }
    if (proof == PROOF_TO_DO) {
        return true;
    }
    engine_say(run->engine, EVENT_REPAIRED, "%s is done, as the catalog proves",
               statement_of(run, step)->verb);
    run->done++;
    return note_done(run, run->done, err);
}

static bool resume(struct run *run, const struct history_row *unfinished, struct error *err)
{
    int64_t doubtful = history_row_doubtful_step(unfinished);
    memcpy(run->entry.id, unfinished->id, sizeof run->entry.id);
    run->done = (size_t)unfinished->n_steps;
    if (run->done < run->script->n_steps) {
        CLEANUP(mem_freep)
        char *where = statement_where(run->script, step_at(run, run->done)->first);
        engine_say(run->engine, EVENT_RESUMED, "going on with step %zu of %zu (%s)", run->done + 1,
                   run->script->n_steps, where);
    }
    return (make_session(run, err) &&
            (doubtful < 0 || settle_doubtful(run, (size_t)doubtful, err))) ||
           explain_between(run->engine, run->script, run->done,
                           run->done == (size_t)unfinished->n_steps, err);
}

bool steps_run(struct engine *engine, const struct migration *migration,
               const struct script *script, const struct history_row *unfinished, struct error *err)
{
    CLEANUP(run_clear)
    struct run run = {.engine = engine, .migration = migration, .script = script};
    engine->spoiled = true; /* for the migration behind this one */
    run.mode = script_mode(script);
    history_entry_init(&run.entry, migration->name, migration->checksum);
    run.closing = (struct closing){.entry = &run.entry,
                                   .migration = migration,
                                   .mode = run.mode,
                                   .text = engine_recordable(script)};
    if (unfinished != NULL) {
        return resume(&run, unfinished, err) && run_steps(&run, err);
    }
    if (!make_session(&run, err) ||
        !transaction_note_surely(engine, NOTE_BEGUN, run.entry.id, add_begun, &run, err)) {
        return explain_between(engine, script, 0, true, err);
    }
    return run_steps(&run, err);
}
