/*
 * Courtesy towards the other users of the database: not to begin while somebody holds what we need
 * who cannot be hurried, and to come back later where a lock was not to be had.
 */
#include "headgate/clock.h"
#include "headgate/hash.h"
#include "headgate/interrupt.h"
#include "headgate/strlist.h"
#include "private.h"

#include "engine_sql.h"

#define ROOM_POLL 1000
#define GAP_LEAST 100
#define GAP_MOST 5000

/* A relation that the same text makes cannot be held by anybody else. */
static bool is_made_before(const struct script *script, size_t before, const struct sql_name *name)
{
    for (size_t i = 0; i < before; i++) {
        const struct sql_statement *statement = &script->sql.statements[i];
        if (text_starts(statement->verb, "CREATE TABLE") &&
            text_equal(statement->name.name, name->name) &&
            text_equal(statement->name.schema, name->schema)) {
            return true;
        }
    }
    return false;
}

static void find_locked(const struct script *script, const struct script_step *step,
                        struct strlist *ret_names)
{
    for (size_t i = step->first; i < step->first + step->n; i++) {
        const struct sql_statement *statement = &script->sql.statements[i];
        for (size_t k = 0; k < statement->n_locks; k++) {
            if (!is_made_before(script, i, &statement->locks[k])) {
                strlist_take(ret_names, sql_name_quoted(&statement->locks[k]));
            }
        }
    }
}

bool courtesy_needs_room(const struct script *script, const struct script_step *step)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    find_locked(script, step, &names);
    return names.n > 0;
}

static char *locked_names(const struct script *script, const struct script_step *step)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    find_locked(script, step, &names);
    return db_array(&names);
}

size_t courtesy_add_question(struct db_batch *batch)
{
    return db_batch_add(batch, &SQL_ENGINE_ROOM, DB_NO_PARAMS);
}

static char *describe_obstacle(const struct db_rows *rows)
{
    const char *relation = db_text(rows, 0, 4);
    if (db_bool(rows, 0, 5)) {
        return mem_printf("a vacuum against wraparound (server process %lld), which works on %s",
                          (long long)db_integer(rows, 0, 0), relation);
    }
    return mem_printf("%s (server process %lld, from %s), which holds %s since %s",
                      db_text(rows, 0, 1), (long long)db_integer(rows, 0, 0), db_text(rows, 0, 2),
                      relation, db_text(rows, 0, 3));
}

static bool find_obstacle(struct engine *engine, const char *names, char **ret_obstacle,
                          struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(engine->db, &SQL_ENGINE_OBSTACLES, DB_PARAMS(names), DEADLINE_NONE, &rows, err)) {
        return false;
    }
    *ret_obstacle = db_rows_count(rows) > 0 ? describe_obstacle(rows) : NULL;
    return true;
}

static bool no_room(const char *obstacle, struct error *err)
{
    (void)error_set(err, ERROR_LOCKED, "something else holds what the migration needs");
    (void)error_detail(err,
                       "It is %s. Behind a migration that waits for it everybody else would "
                       "wait as well, so it was not begun: nothing was changed.",
                       obstacle);
    return error_hint(err, "Wait until it has ended, or let headgate wait longer: --wait 2h");
}

bool courtesy_wait_for_room(struct engine *engine, const struct script *script,
                            const struct script_step *step, struct error *err)
{
    CLEANUP(mem_freep) char *names = locked_names(script, step);
    msec deadline = deadline_in(engine->settings.patience);
    error_clear(err); /* that there was no room, in the server's words */
    for (bool said = false;; said = true) {
        CLEANUP(mem_freep) char *obstacle = NULL;
        if (!find_obstacle(engine, names, &obstacle, err)) {
            return false;
        }
        if (obstacle == NULL) {
            return true;
        }
        if (!said) {
            engine_say(engine, EVENT_WAITING, "waiting for %s", obstacle);
        }
        if (deadline_passed(deadline)) {
            return no_room(obstacle, err);
        }
        deadline_sleep(deadline_earlier(deadline_in(ROOM_POLL), deadline));
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
}

/* Growing, and never the same twice: two that got into each other's way must not meet again. */
static msec gap_before(size_t n_tries)
{
    uint32_t random;
    random_bytes(&random, sizeof random);
    msec most = (msec)GAP_LEAST << (n_tries < 6 ? n_tries : 6);
    most = most < GAP_MOST ? most : GAP_MOST;
    return most / 2 + (msec)(random % (uint32_t)(most / 2 + 1));
}

/* lock_timeout, a deadlock, and what SERIALIZABLE cannot serialize. */
static bool is_about_locks(const struct engine *engine, const struct error *err)
{
    return err->code == ERROR_DATABASE &&
           (text_equal(err->sqlstate, "55P03") || text_equal(err->sqlstate, "40P01") ||
            text_equal(err->sqlstate, "40001") ||
            (text_equal(err->sqlstate, "57014") && watch_has_cancelled(engine->watch)));
}

bool courtesy_try_again(struct engine *engine, size_t *n_tries, struct error *err)
{
    int64_t most = engine->settings.environment->courtesy.lock_retries;
    if (!is_about_locks(engine, err) || (int64_t)*n_tries >= most || interrupt_pending() != 0) {
        return false;
    }
    (*n_tries)++;
    engine->cost.retries++;
    msec gap = gap_before(*n_tries);
    CLEANUP(mem_freep) char *pause = duration_human(gap);
    const char *blocker = watch_blocker(engine->watch);
    engine_say(engine, EVENT_RETRY, "%s%s%s; everything is given up, again in %s (%zu of %lld)",
               err->message, blocker != NULL ? ", held by " : "", blocker != NULL ? blocker : "",
               pause, *n_tries, (long long)most);
    error_clear(err);
    deadline_sleep(deadline_in(gap));
    return true;
}
