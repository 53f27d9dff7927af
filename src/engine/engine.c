/* What the engine runs: a migration forward or back, or a file that is none. */
#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

#define RECORD_LIMIT (1u << 20) /* bytes of a text that is kept beside its row */

const char *engine_recordable(const struct script *script)
{
    return script->text.size <= RECORD_LIMIT ? script->text.text : NULL;
}

/* --- a failure is noted, so that other people and Prisma see it --- */

struct failed_attempt {
    const struct history_entry *entry;
    const char *logs;
};

static void add_failed(struct db_batch *batch, const void *what)
{
    const struct failed_attempt *attempt = what;
    history_add_rolled_back(batch, attempt->entry, attempt->logs);
}

static char *failure_as_logs(const struct error *failure)
{
    return mem_printf("%s%s%s%s%s", failure->sqlstate, *failure->sqlstate != '\0' ? ": " : "",
                      failure->message, failure->detail != NULL ? "\n" : "",
                      failure->detail != NULL ? failure->detail : "");
}

/* As good as possible. Only what the server refused is noted, not that somebody stopped us; and
 * without the lock nothing. */
static void note_failed(struct engine *engine, const struct migration *migration,
                        const struct error *failure)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    struct history_entry entry;
    CLEANUP(mem_freep) char *logs = failure_as_logs(failure);
    const struct failed_attempt attempt = {&entry, logs};
    history_entry_init(&entry, migration->name, migration->checksum);
    if (failure->code == ERROR_DATABASE && !text_equal(failure->sqlstate, HISTORY_LOCK_LOST) &&
        db_is_alive(engine->db) && !transaction_note(engine, add_failed, &attempt, &ignored)) {
        engine_say(engine, EVENT_NOTICE, "the failure could not be noted in the history: %s",
                   ignored.message);
    }
}

/* --- a migration --- */

static bool run_transactional(struct engine *engine, const struct migration *migration,
                              const struct script *script, struct error *err)
{
    struct history_entry entry;
    struct outcome outcome = {0};
    const struct script_step nothing = {.opener = SCRIPT_NO_OPENER};
    const struct script_step *step = script->n_steps > 0 ? &script->steps[0] : &nothing;
    const struct closing closing = {.kind = CLOSING_APPLIED,
                                    .entry = &entry,
                                    .migration = migration,
                                    .mode = "in a transaction",
                                    .text = engine_recordable(script)};
    history_entry_init(&entry, migration->name, migration->checksum);
    if (transaction_run(engine, script, step, &closing, &outcome, err)) {
        return true;
    }
    note_failed(engine, migration, err);
    return explain_transaction(engine, script, &outcome, err);
}

static bool lost_lock(struct error *err)
{
    error_clear(err);
    (void)error_set(err, ERROR_LOCKED,
                    "the lock of this database was given back by a migration, and another deploy "
                    "holds it now");
    return error_hint(err, "Wait until it has ended, then try again.");
}

static bool run_read(struct engine *engine, const struct migration *migration,
                     const struct script *script, const struct history_row *unfinished,
                     struct error *err)
{
    bool done = script->transactional ? run_transactional(engine, migration, script, err)
                                      : steps_run(engine, migration, script, unfinished, err);
    return done || (text_equal(err->sqlstate, HISTORY_LOCK_LOST) && lost_lock(err));
}

bool engine_run(struct engine *engine, const struct migration *migration,
                const struct history_row *unfinished, struct error *err)
{
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    msec began = clock_now();
    if (!(unfinished != NULL ? script_read_begun(migration, &script, err)
                             : script_read(migration, &script, err))) {
        return false;
    }
    engine->migration = migration->name;
    engine->before = engine->cost;
    engine->lines = (struct line_count){0};
    engine_say(engine, EVENT_BEGAN, "%s", migration->name);
    bool done = run_read(engine, migration, &script, unfinished, err);
    if (done) {
        engine_say_done(engine, clock_now() - began);
    } else {
        error_prefix(err, "migration \"%s\"%s", migration->name,
                     err->sqlstate[0] != '\0' && err->code != ERROR_LOCKED ? " failed" : "");
    }
    engine->migration = NULL;
    return done;
}

/* --- other texts --- */

static bool run_whole(struct engine *engine, const struct script *script,
                      const struct closing *closing, struct error *err)
{
    struct outcome outcome = {0};
    const char *file = script->source.file;
    engine->lines = (struct line_count){0};
    if (!script->transactional) {
        (void)error_set(err, ERROR_CONFIG, "%s cannot run in one transaction", file);
        (void)error_detail(err, "It has %s.", script->why);
        return error_hint(err, "Write it so that it can: it is run as a whole or not at all.");
    }
    if (script->n_steps == 0) {
        return error_set(err, ERROR_CONFIG, "%s holds no statement", file);
    }
    if (transaction_run(engine, script, &script->steps[0], closing, &outcome, err)) {
        return true;
    }
    explain_place(script, outcome.statement, err);
    if (outcome.lost) {
        explain_add(err, "It is not known whether it was committed.");
    } else {
        explain_add(err, "It was rolled back as a whole: nothing of it is in the database.");
    }
    (void)error_prefix(err, "%s%s", file, err->sqlstate[0] != '\0' ? " failed" : "");
    return error_hint(err, "Correct %s, then try again.", file);
}

bool engine_run_down(struct engine *engine, const struct migration *migration, const char *row_id,
                     struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    const struct closing closing = {.kind = CLOSING_TAKEN_BACK, .row_id = row_id};
    engine->migration = migration->name;
    bool done = migration_load_down(migration, &text, err) &&
                script_build(migration->down_path, &text, false, &script, err) &&
                run_whole(engine, &script, &closing, err);
    engine->migration = NULL;
    return done;
}

bool engine_run_file(struct engine *engine, const char *path, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    const struct closing closing = {.kind = CLOSING_NOTHING};
    return file_read(path, MIGRATION_LIMIT, &text, err) &&
           script_build(path, &text, false, &script, err) &&
           run_whole(engine, &script, &closing, err);
}
