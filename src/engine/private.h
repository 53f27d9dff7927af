/* The inside of an engine, for the files of this module that make one up. */
#pragma once

#include "headgate/engine.h"
#include "headgate/strlist.h"
#include "script.h"

struct watch;

/* How far a text's lines are counted. */
struct line_count {
    const char *text;
    size_t offset, line;
};

struct engine {
    struct engine_settings settings;
    struct db *db;
    size_t n_sessions; /* that there were: tells one from the next */
    struct watch *watch;
    struct engine_cost cost;
    struct engine_cost before; /* as it was when this migration began */
    const char *migration;     /* that is being run, or NULL */
    bool spoiled;              /* the session may not be as session_add_settings made it */
    bool prisma_key_is_free;   /* given back for a CONCURRENTLY statement */
    struct strlist to_analyze; /* statements that refresh statistics */
    struct line_count lines;
};

/* --- events --- */

void engine_say(const struct engine *engine, enum engine_event_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void engine_say_statement(struct engine *engine, const struct script *script, size_t statement,
                          msec took);
void engine_say_done(const struct engine *engine, msec took);
/* The server's notices since the last time. */
void engine_pass_notices(struct engine *engine);

/* --- session --- */

/* A new session after one was lost, with the lock: then nothing of the old one is under way any
 * more. */
NODISCARD bool session_recover(struct engine *engine, struct error *err);
/* The settings of a session, for a migration with its own timeouts (or NULL). */
void session_add_settings(struct engine *engine, struct db_batch *batch,
                          const struct migration *migration);
/* The session as it was at the beginning, then the settings. */
void session_add_anew(struct engine *engine, struct db_batch *batch,
                      const struct migration *migration);
/* Runs a batch of ours; where it fails, nothing of it stays open. */
NODISCARD bool session_run(struct engine *engine, struct db_batch *batch, msec deadline,
                           struct error *err);
NODISCARD bool session_give_prisma_key(struct engine *engine, struct error *err);
NODISCARD bool session_take_prisma_key(struct engine *engine, struct error *err);

/* May these statements leave their session other than it was? */
bool step_spoils_session(const struct script *script, const struct script_step *step);

/* --- courtesy --- */

/* Do these statements lock relations that others may hold? */
bool courtesy_needs_room(const struct script *script, const struct script_step *step);
/* A step that fails where a dump or a vacuum against wraparound holds one of them. */
size_t courtesy_add_question(struct db_batch *batch);
/* What its failure says where there may be no room. */
#define COURTESY_NO_ROOM "22P02"
/* Waits until none does; clears the error that said so. */
NODISCARD bool courtesy_wait_for_room(struct engine *engine, const struct script *script,
                                      const struct script_step *step, struct error *err);
/* Was this failure one of locks, and may it be tried again? Then it has slept, and the error is
 * cleared. */
bool courtesy_try_again(struct engine *engine, size_t *n_tries, struct error *err);

/* --- transactions --- */

enum closing_kind { CLOSING_APPLIED, CLOSING_PROGRESS, CLOSING_TAKEN_BACK, CLOSING_NOTHING };
/* What is written in the same transaction. */
struct closing {
    enum closing_kind kind;
    const struct history_entry *entry; /* of APPLIED and PROGRESS */
    size_t n_steps;                    /* of PROGRESS: done with this one */
    const char *row_id;                /* of TAKEN_BACK */
    const struct migration *migration; /* for its timeouts; may be NULL */
    const char *mode;                  /* for the record */
    const char *text;                  /* for the record; may be NULL */
};
struct outcome {
    bool lost; /* the connection; `committed` was looked up, if `known` */
    bool known, committed;
    bool unsent;      /* the step's statement, which is no transaction, was not even sent */
    bool in_commit;   /* it failed at COMMIT, not in a statement */
    size_t statement; /* that failed, or the number of statements */
};
/* One step in one transaction, as often as locks make it necessary. */
NODISCARD bool transaction_run(struct engine *engine, const struct script *script,
                               const struct script_step *step, const struct closing *closing,
                               struct outcome *ret_outcome, struct error *err);
/* A short transaction of our own in the history's schema, filled by `add`. It is written also where
 * we were asked to stop: what was done must be known. */
NODISCARD bool transaction_note(struct engine *engine,
                                void (*add)(struct db_batch *batch, const void *what),
                                const void *what, struct error *err);
enum note_kind { NOTE_BEGUN, NOTE_PROGRESS, NOTE_FINISHED };
/* The same of a row, in spite of one lost connection: a new session sees whether it was written,
 * and writes it if not. */
NODISCARD bool transaction_note_surely(struct engine *engine, enum note_kind kind, const char *id,
                                       void (*add)(struct db_batch *batch, const void *what),
                                       const void *what, struct error *err);
void record_add(const struct engine *engine, struct db_batch *batch, const char *id,
                const struct closing *closing);

/* --- steps --- */

NODISCARD bool steps_run(struct engine *engine, const struct migration *migration,
                         const struct script *script, const struct history_row *unfinished,
                         struct error *err);

/* --- statements that stand outside of transactions, and what the catalog proves of them --- */

enum proof { PROOF_TO_DO, PROOF_DONE, PROOF_NONE };
/* Can the catalog tell at all, or may it be run again in any case? */
bool proof_is_possible(const struct sql_statement *statement);
/* What became of a statement that had begun when we died. */
NODISCARD bool proof_of_doubtful(struct engine *engine, const struct sql_statement *statement,
                                 enum proof *ret_proof, struct error *err);
/* Before it runs: takes away what an earlier attempt left. ret_done: that is all there was to do.
 */
NODISCARD bool proof_clear_way(struct engine *engine, const struct sql_statement *statement,
                               bool *ret_done, struct error *err);
/* After it ran without an error: did it bring what it says? */
NODISCARD bool proof_check(struct engine *engine, const struct sql_statement *statement,
                           struct error *err);
/* What the catalog says after it failed, as a sentence; NULL: nothing. The caller's. */
char *proof_of_failed(struct engine *engine, const struct sql_statement *statement);

/* --- words --- */

/* "line 7" of the statement. The caller's. */
char *statement_where(const struct script *script, size_t statement);
/* Gives the error its place in the file. */
void explain_place(const struct script *script, size_t statement, struct error *err);
/* What is in the database now, and what to do next; false. */
bool explain_transaction(struct engine *engine, const struct script *script,
                         const struct outcome *outcome, struct error *err);
bool explain_step(struct engine *engine, const struct script *script, size_t step,
                  const struct outcome *outcome, struct error *err);
/* The same of what we do ourselves between the steps. noted: that so many are done is in the
 * history. */
bool explain_between(const struct engine *engine, const struct script *script, size_t n_done,
                     bool noted, struct error *err);
/* The text for the record, or NULL where it is too long to be kept twice. Borrowed. */
const char *engine_recordable(const struct script *script);
/* A detail behind the one that there is. */
void explain_add(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* --- statistics --- */

#define STATISTICS_NOT_ASKED ((size_t)-1)
/* Which tables does this transaction change? Only where the environment wants to know. */
size_t statistics_add_question(const struct engine *engine, struct db_batch *batch);
void statistics_take_answer(struct engine *engine, const struct db_batch *batch, size_t step);

/* --- watch --- */

/* Watches the session of the engine while it waits for answers, from a second one that is opened
 * when it is needed first. */
struct watch *watch_new(struct engine *engine);
void watch_freep(struct watch **watch);
/* Before each attempt. */
void watch_begin(struct watch *watch, size_t line);
/* Did it cancel the statement since? */
bool watch_has_cancelled(const struct watch *watch);
/* For whom we waited last, as a sentence; NULL where for nobody. Borrowed. */
const char *watch_blocker(const struct watch *watch);
