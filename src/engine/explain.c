/* Failures, told to a person: where it is, what is in the database and what is not, what to do. */
#include <string.h>

#include "private.h"

char *statement_where(const struct script *script, size_t statement)
{
    size_t line = 0, column = 0;
    source_locate(&script->source, script->sql.statements[statement].offset, &line, &column);
    return mem_printf("line %zu", line);
}

/* Byte offset of the n-th character (from 1), as the server counts them. */
static size_t offset_of_character(const char *text, size_t size, int64_t n)
{
    size_t i = 0;
    for (; i < size; i++) {
        if (((unsigned char)text[i] >> 6) != 2 && --n == 0) {
            break;
        }
    }
    return i;
}

static size_t width_at(const struct script *script, size_t offset)
{
    return strcspn(script->text.text + offset, " \t\r\n(),;");
}

/* The server's word about the statement, with its place where it gave one. Its hint goes with it.
 */
void explain_place(const struct script *script, size_t statement, struct error *err)
{
    if (statement >= script->sql.n || err->code != ERROR_DATABASE) {
        return;
    }
    const struct sql_statement *failed = &script->sql.statements[statement];
    size_t offset = failed->offset;
    if (err->position > 0) {
        offset += offset_of_character(script->text.text + offset, failed->size, err->position);
    }
    struct problem *problem = problem_add(&err->problems, &script->source, offset,
                                          width_at(script, offset), "%s", err->message);
    if (err->hint != NULL) {
        problem_note(problem, "%s", err->hint);
    }
}

void explain_add(struct error *err, const char *format, ...)
{
    CLEANUP(mem_freep) char *before = TAKE(err->detail);
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *sentence = mem_vprintf(format, arguments);
    va_end(arguments);
    const char *gap = before == NULL ? "" : strchr(before, '\n') != NULL ? "\n" : " ";
    (void)error_detail(err, "%s%s%s", before != NULL ? before : "", gap, sentence);
}

/* Or with the server, its state and our rights there: classes of SQLSTATE. */
static bool lies_in_the_text(const char *sqlstate)
{
    static const char *const elsewhere[] = {"08", "25006", "28", "40", "42501", "53",
                                            "54", "55",    "57", "58", "XX"};
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        if (text_starts(sqlstate, elsewhere[i])) {
            return false;
        }
    }
    return true;
}

/* What PostgreSQL's own message leaves to be guessed. */
static const struct {
    const char *sqlstate, *advice;
} advices[] = {
    {"55P04", "A value that was added to an enum can be used in the next transaction only: put it "
              "into a migration of its own."},
    {"2D000", "A procedure or DO block that ends its own transaction needs the line \"-- headgate: "
              "no-transaction\" at the top of the file."},
    {"25001", "A statement that cannot run inside a transaction needs the line \"-- headgate: "
              "no-transaction\" at the top of the file."},
};

static char *command_again(const struct engine *engine)
{
    const struct engine_settings *settings = &engine->settings;
    return settings->again != NULL ? mem_copy(settings->again)
                                   : mem_printf("headgate deploy %s", settings->environment->name);
}

/* What lies in the data may be mended there, or in the file; then it may be another release. */
static void hint_correction(const struct engine *engine, const char *again, const char *path,
                            struct error *err)
{
    const char *corrected = engine->settings.corrected;
    bool lies_in_data = text_starts(err->sqlstate, "23");
    if (lies_in_data && corrected != NULL) {
        (void)error_hint(err, "Correct the data, then go on: %s\nOr correct %s, and begin anew: %s",
                         again, path, corrected);
    } else {
        (void)error_hint(err, "Correct %s%s, then go on: %s", lies_in_data ? "the data or " : "",
                         path, corrected != NULL ? corrected : again);
    }
}

static void hint_next(const struct engine *engine, const char *path, struct error *err)
{
    CLEANUP(mem_freep) char *again = command_again(engine);
    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (text_equal(err->sqlstate, advices[i].sqlstate)) {
            explain_add(err, "%s", advices[i].advice);
        }
    }
    if (err->code == ERROR_DATABASE && lies_in_the_text(err->sqlstate)) {
        hint_correction(engine, again, path, err);
    } else if (err->code == ERROR_LOCKED && err->hint != NULL) {
        return; /* it says how to wait */
    } else if (err->code == ERROR_DATABASE || err->code == ERROR_LOCKED) {
        (void)error_hint(err, "When that is settled, then go on: %s", again);
    } else {
        (void)error_hint(err, "Go on with: %s", again);
    }
}

static void explain_waiting(const struct engine *engine, struct error *err)
{
    const char *blocker = watch_blocker(engine->watch);
    if (text_equal(err->sqlstate, "55P03") && blocker != NULL) {
        explain_add(err, "The lock is held by %s.", blocker);
    }
    if (text_equal(err->sqlstate, "57014") && watch_has_cancelled(engine->watch)) {
        explain_add(err, "It was stopped because too many sessions waited for it.");
    }
}

static void explain_lost(const struct engine *engine, struct error *err)
{
    explain_add(err, "The server could not be asked what became of it. It decides by itself: the "
                     "migration is there as a whole, or not at all.");
    CLEANUP(mem_freep) char *again = command_again(engine);
    (void)error_hint(err, "Go on with: %s (it asks the database first)", again);
}

bool explain_transaction(struct engine *engine, const struct script *script,
                         const struct outcome *outcome, struct error *err)
{
    explain_place(script, outcome->statement, err);
    if (outcome->lost && !outcome->known) {
        explain_lost(engine, err);
        return false;
    }
    explain_waiting(engine, err);
    if (outcome->in_commit) {
        explain_add(err, "It failed at its COMMIT, where what was deferred is checked.");
    }
    if (err->code != ERROR_LOCKED) { /* then it was not begun */
        explain_add(err, "It was rolled back as a whole: nothing of it is in the database.");
    }
    hint_next(engine, script->source.file, err);
    return false;
}

/* "Steps 1 to 3 of 5 are done and committed." Where the connection was lost while the last of them
 * was noted, nobody knows whether it is. */
static void explain_done(const struct script *script, size_t step, bool noted, struct error *err)
{
    size_t n = script->n_steps;
    bool lost = err->code == ERROR_UNREACHABLE || err->code == ERROR_TIMEOUT;
    const char *note = noted  ? ""
                       : lost ? "; whether that is noted as well, the next deploy sees"
                              : "; only that is not noted yet";
    if (step == 0) {
        explain_add(err, "It is the first of %zu steps: nothing before it was changed.", n);
    } else if (step == n) {
        explain_add(err, "All %zu steps are done and committed%s.", n, note);
    } else if (step == 1) {
        explain_add(err, "Step 1 of %zu is done and committed%s.", n, note);
    } else {
        explain_add(err, "Steps 1 to %zu of %zu are done and committed%s.", step, n, note);
    }
}

bool script_check_doubtful(const struct script *script, const char *name, size_t step,
                           const char *environment, struct error *err)
{
    if (step >= script->n_steps || !script->steps[step].outside) {
        return true;
    }
    const struct sql_statement *statement = &script->sql.statements[script->steps[step].first];
    CLEANUP(mem_freep) char *where = statement_where(script, script->steps[step].first);
    if (proof_is_possible(statement)) {
        return true;
    }
    (void)error_set(err, ERROR_REFUSED, "nobody knows what its step %zu has done", step + 1);
    (void)error_detail(err,
                       "%s (%s, %s) had begun when the last deploy died. It does not run in a "
                       "transaction, and the catalog does not tell what it has done.",
                       statement->verb, script->source.file, where);
    return error_hint(err,
                      "Look at what it has done. If it is done: headgate resolve %s %s --done "
                      "%zu. If it is to run again: headgate resolve %s %s --again %zu",
                      environment, name, step + 1, environment, name, step + 1);
}

static void explain_this(struct engine *engine, const struct script *script, size_t step,
                         const struct outcome *outcome, struct error *err)
{
    const struct sql_statement *statement = &script->sql.statements[script->steps[step].first];
    CLEANUP(mem_freep) char *proven = NULL;
    bool in_doubt = outcome->lost && !outcome->known;
    if (!script->steps[step].outside) {
        explain_add(err,
                    in_doubt ? "Step %zu is there as a whole or not at all: the next deploy looks."
                    : err->code == ERROR_LOCKED ? "Step %zu was not begun."
                                                : "Step %zu was rolled back.",
                    step + 1);
        return;
    }
    proven = proof_of_failed(engine, statement);
    if (proven != NULL) {
        explain_add(err, "%s", proven);
    } else if ((err->code == ERROR_INTERRUPTED || err->code == ERROR_TERMINATED) &&
               !outcome->unsent) {
        explain_add(err, "Step %zu, %s, was stopped: the next deploy goes on with it.", step + 1,
                    statement->verb);
    } else if (outcome->unsent) {
        explain_add(err, "Step %zu, %s, was not begun.", step + 1, statement->verb);
    } else if (outcome->lost && outcome->known) {
        explain_add(err, "Step %zu, %s, is not done: the next deploy runs it again.", step + 1,
                    statement->verb);
    } else if (in_doubt) {
        explain_add(err, "Step %zu, %s, is in doubt: the next deploy asks the catalog.", step + 1,
                    statement->verb);
    }
}

bool explain_step(struct engine *engine, const struct script *script, size_t step,
                  const struct outcome *outcome, struct error *err)
{
    explain_place(script, outcome->statement, err);
    explain_waiting(engine, err);
    explain_done(script, step, true, err);
    explain_this(engine, script, step, outcome, err);
    hint_next(engine, script->source.file, err);
    if (err->code == ERROR_DATABASE) {
        err->code = ERROR_HALFWAY;
    }
    return false;
}

/* A refusal says all there is to say by itself. */
bool explain_between(const struct engine *engine, const struct script *script, size_t n_done,
                     bool noted, struct error *err)
{
    if (err->code == ERROR_REFUSED || err->code == ERROR_LOCKED) {
        return false;
    }
    explain_done(script, n_done, noted, err);
    hint_next(engine, script->source.file, err);
    err->code = err->code == ERROR_DATABASE ? ERROR_HALFWAY : err->code;
    return false;
}
