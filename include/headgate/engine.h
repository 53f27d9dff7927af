/*
 * The engine: runs migrations on one session, so that each is done exactly once.
 *
 * A migration is split into statements. Where all of them may stand in a transaction, they run in
 * one, together with the history row: after any crash it is there as a whole, with its row, or not
 * at all. Where one may not (CREATE INDEX CONCURRENTLY, VACUUM), or the file has transactions of
 * its own, it runs step by step: each step that may is a transaction together with the row's
 * progress; of the others the catalog is asked what they did, and the row says which of them had
 * begun.
 *
 * It is courteous: it waits for a lock only so long (lock_timeout), gives up everything it holds
 * and tries again later; a second session watches who waits for us, and stops us where too many
 * wait too long (breaker); it does not begin while a dump or a vacuum against wraparound holds what
 * it needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/environment.h"
#include "headgate/history.h"
#include "headgate/release.h"
#include "headgate/sql.h"

/* --- a migration's text, taken apart --- */

struct script_step {
    size_t first, n; /* of the statements */
    size_t opener;   /* the BEGIN of its own that it has, where it has one; else SCRIPT_NO_OPENER */
    bool outside;    /* one statement, run outside of any transaction */
};
#define SCRIPT_NO_OPENER ((size_t)-1)

struct script {
    struct strbuf text;   /* without a BOM */
    struct source source; /* the same, for problems */
    struct sql_script sql;
    struct script_step *steps;
    size_t n_steps;
    bool each_alone;    /* each statement that is in no block of the file's own is a step */
    bool transactional; /* one step, in a transaction together with the history row */
    const char *why;    /* where it is not: "CREATE INDEX CONCURRENTLY", "no-transaction", "its own
                           transactions" */
};
/* Fails with what speaks against running it anywhere (ERROR_CONFIG, with places): ROLLBACK, a BEGIN
 * without its COMMIT, COPY FROM STDIN, a command of psql, an index built concurrently without a
 * name. */
NODISCARD bool script_read(const struct migration *migration, struct script *ret_script,
                           struct error *err);
/* The same for one that has been begun step by step: it stays so, also where the file has been
 * edited since. */
NODISCARD bool script_read_begun(const struct migration *migration, struct script *ret_script,
                                 struct error *err);
void script_clear(struct script *script);
/* "in a transaction", "step by step (CREATE INDEX CONCURRENTLY)"; the caller's. */
char *script_mode(const struct script *script);
/* Of the step (from 0) that had begun when a deploy died: ERROR_REFUSED, with what to do, where the
 * catalog cannot tell what it did. */
NODISCARD bool script_check_doubtful(const struct script *script, const char *name, size_t step,
                                     const char *environment, struct error *err);
/* Where the begun migration's text was another one (edited since): are the steps that are done the
 * same? */
NODISCARD bool script_same_start(const struct migration *migration, const struct script *now,
                                 const char *recorded_text, size_t n_steps, bool *ret_same,
                                 struct error *err);

/* --- what the engine says while it works --- */

enum engine_event_kind {
    EVENT_WAITING,   /* for somebody else: `sentence` says for whom and what they do */
    EVENT_BEGAN,     /* a migration */
    EVENT_RESUMED,   /* a migration, at a step */
    EVENT_STATEMENT, /* done, after `took` */
    EVENT_RETRY,     /* rolled back because of locks; tried again */
    EVENT_PROGRESS,  /* of a long statement */
    EVENT_REPAIRED,  /* something unfinished was found and taken away, or proven to be done */
    EVENT_APPLIED,   /* a migration */
    EVENT_LOST,      /* the connection; looked up what became of the transaction */
    EVENT_NOTICE,    /* the server's */
    EVENT_KIND_MAX
};
const char *engine_event_name(enum engine_event_kind kind);

struct engine_event {
    enum engine_event_kind kind;
    const char *migration; /* NULL where it concerns none */
    size_t line;           /* of the statement in its file, or 0 */
    const char *verb;      /* of the statement, or NULL */
    msec took;
    const char *sentence; /* for people; NULL where the kind says it all */
};

struct engine_observer {
    void (*event)(void *context, const struct engine_event *event);
    void *context;
};

/* What it cost others and us, over all migrations of this engine. */
struct engine_cost {
    size_t retries;
    msec lock_wait; /* we waited for locks */
    msec blocked;   /* sessions waited for us, summed up */
};

/* --- running --- */

/* The id of a run: "20261120-190501-3f2a". The caller's. */
char *engine_new_run(void);

struct engine_settings {
    struct environment *environment;
    const char *schema;         /* of the history */
    const char *release_digest; /* for the records */
    const char *run;            /* an id: in application_name and in the records */
    const char *actor;
    const char *reason; /* why something is done against a rule; or NULL */
    /* What goes on after a failure, for hints: NULL: headgate deploy ENV. And where a file has been
     * corrected; NULL: the same. */
    const char *again, *corrected;
    bool recorded; /* the second part of the history is there */
    msec patience; /* how long to wait for others: another deploy, a dump, a vacuum */
    struct engine_observer observer;
};

struct engine;

/* Connects and takes the lock; refuses where the lock would not be real. The error names the
 * environment. */
NODISCARD bool engine_open(const struct engine_settings *settings, struct engine **ret_engine,
                           struct error *err);
void engine_freep(struct engine **engine);
/* Its session, in the history's schema; borrowed, and another one after a migration was run. */
struct db *engine_session(struct engine *engine);
const struct engine_cost *engine_cost(const struct engine *engine);
/* From now on the second part is there. */
void engine_set_recorded(struct engine *engine, bool recorded);

/* Runs one migration to its end; `unfinished`, which may be NULL, is the row of ours to go on with.
 * On failure the error says what was committed and what was not, and what to do. */
NODISCARD bool engine_run(struct engine *engine, const struct migration *migration,
                          const struct history_row *unfinished, struct error *err);
/* Refreshes the statistics of the tables whose rows the migrations of this engine have changed;
 * only where the environment asks for it. */
NODISCARD bool engine_analyze(struct engine *engine, size_t *ret_n, struct error *err);
/* Runs a down.sql in one transaction, together with taking back the row. */
NODISCARD bool engine_run_down(struct engine *engine, const struct migration *migration,
                               const char *row_id, struct error *err);
/* Runs a text that is no migration (seed.sql) in one transaction, with the same courtesy. */
NODISCARD bool engine_run_file(struct engine *engine, const char *path, struct error *err);
