/* The engine's session: opened, pinned, locked, and had anew where it was lost. */
#include "headgate/clock.h"
#include "headgate/hash.h"
#include "headgate/interrupt.h"
#include "private.h"

#include "engine_sql.h"

#define LOCK_POLL 200
#define CONNECT_PATIENCE 60000 /* also for the first start of an embedded cluster */
#define RECOVER_PATIENCE 30000
#define RECOVER_POLL 500

/* --- the lock --- */

static bool say_who_holds(struct engine *engine, const char *key, struct history_holder *ret_holder,
                          struct error *err)
{
    bool found = false;
    history_holder_clear(ret_holder);
    if (!history_lock_holder(engine->db, key, DEADLINE_NONE, &found, ret_holder, err)) {
        return false;
    }
    if (found) {
        engine_say(engine, EVENT_WAITING,
                   "waiting for %s (server process %lld, from %s), which holds the lock; connected "
                   "since %s%s%s",
                   ret_holder->application, (long long)ret_holder->pid, ret_holder->client,
                   ret_holder->since, ret_holder->query != NULL ? "; it runs: " : "",
                   ret_holder->query != NULL ? ret_holder->query : "");
    }
    return true;
}

static bool locked_by_other(const struct history_holder *holder, struct error *err)
{
    (void)error_set(err, ERROR_LOCKED, "another deploy holds the lock of this database");
    if (holder->application != NULL) {
        (void)error_detail(err, "It is %s (server process %lld, from %s), connected since %s.",
                           holder->application, (long long)holder->pid, holder->client,
                           holder->since);
    }
    if (holder->application == NULL) {
        return error_hint(err, "Wait until it has ended, or let headgate wait longer: --wait 10m");
    }
    return error_hint(err,
                      "Wait until it has ended, or let headgate wait longer: --wait 10m. Where "
                      "nobody works there any more, end that session: select "
                      "pg_terminate_backend(%lld)",
                      (long long)holder->pid);
}

/* Polled: a session that waits inside the server holds a snapshot, and CREATE INDEX CONCURRENTLY
 * waits for that. */
static bool take_key(struct engine *engine, const char *key, msec deadline, struct error *err)
{
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    bool locked = false, said = false;
    while (history_try_lock(engine->db, key, DEADLINE_NONE, &locked, err)) {
        if (locked) {
            return true;
        }
        if (!said && !say_who_holds(engine, key, &holder, err)) {
            return false;
        }
        said = true;
        if (deadline_passed(deadline)) {
            return locked_by_other(&holder, err);
        }
        deadline_sleep(deadline_earlier(deadline_in(LOCK_POLL), deadline));
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
    return false;
}

static bool refuse_unreal_lock(const struct engine *engine, struct error *err)
{
    (void)error_set(err, ERROR_REFUSED, "a connection pooler stands before this server");
    (void)error_detail(err, "Locks of a session mean nothing through it, so two deploys could run "
                            "at once.");
    return error_hint(err,
                      "Give environment \"%s\" a \"direct_url\" that goes to the server itself.",
                      engine->settings.environment->name);
}

static bool take_lock(struct engine *engine, msec deadline, struct error *err)
{
    bool real = false;
    if (db_identity(engine->db)->pooled) {
        return refuse_unreal_lock(engine, err);
    }
    if (!take_key(engine, HISTORY_KEY_OWN, deadline, err) ||
        !take_key(engine, HISTORY_KEY_PRISMA, deadline, err) ||
        !history_lock_is_real(engine->db, DEADLINE_NONE, &real, err)) {
        return false;
    }
    engine->prisma_key_is_free = false;
    return real || refuse_unreal_lock(engine, err);
}

bool session_give_prisma_key(struct engine *engine, struct error *err)
{
    engine->prisma_key_is_free = history_give_prisma_key(engine->db, DEADLINE_NONE, err);
    return engine->prisma_key_is_free;
}

/* Prisma holds it for a moment only: it finds the unfinished row, and stops. */
bool session_take_prisma_key(struct engine *engine, struct error *err)
{
    if (engine->prisma_key_is_free &&
        !take_key(engine, HISTORY_KEY_PRISMA, deadline_in(RECOVER_PATIENCE), err)) {
        return false;
    }
    engine->prisma_key_is_free = false;
    return true;
}

/* --- settings --- */

static char *milliseconds(msec own, msec usual)
{
    return mem_printf("%lld", (long long)(own >= 0 ? own : usual));
}

void session_add_settings(struct engine *engine, struct db_batch *batch,
                          const struct migration *migration)
{
    const struct courtesy *courtesy = &engine->settings.environment->courtesy;
    CLEANUP(mem_freep)
    char *lock =
        milliseconds(migration != NULL ? migration->lock_timeout : -1, courtesy->lock_timeout);
    CLEANUP(mem_freep)
    char *statement = milliseconds(migration != NULL ? migration->statement_timeout : -1,
                                   courtesy->statement_timeout);
    CLEANUP(mem_freep) char *name = mem_printf("headgate deploy %s", engine->settings.run);
    (void)db_batch_add(batch, &SQL_ENGINE_SETTINGS,
                       DB_PARAMS(engine->settings.schema, lock, statement, name));
}

void session_add_anew(struct engine *engine, struct db_batch *batch,
                      const struct migration *migration)
{
    history_add_fresh(batch);
    session_add_settings(engine, batch, migration);
}

bool session_run(struct engine *engine, struct db_batch *batch, msec deadline, struct error *err)
{
    size_t failed = 0;
    if (!db_batch_run(engine->db, batch, deadline, &failed, err)) {
        db_rollback(engine->db);
        return false;
    }
    return true;
}

/* --- the session --- */

static bool connect_and_lock(struct engine *engine, msec connect_deadline, msec lock_deadline,
                             struct error *err)
{
    const struct environment_session session = {.purpose = "deploy", .route = ROUTE_DIRECT};
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    struct environment *environment = engine->settings.environment;
    size_t failed = 0;
    if (!environment_connect(environment, &session, connect_deadline, &engine->db, err)) {
        return false; /* which names it already */
    }
    engine->n_sessions++;
    session_add_settings(engine, batch, NULL);
    return (take_lock(engine, lock_deadline, err) &&
            db_batch_run(engine->db, batch, DEADLINE_NONE, &failed, err)) ||
           environment_name_error(environment, err);
}

/* The old session may still be at work, with the lock, until the server notices that we are gone:
 * once the lock is ours, everything of it is decided. */
bool session_recover(struct engine *engine, struct error *err)
{
    msec patience =
        engine->settings.patience > RECOVER_PATIENCE ? engine->settings.patience : RECOVER_PATIENCE;
    msec deadline = deadline_in(patience);
    watch_freep(&engine->watch);
    engine->watch = watch_new(engine);
    for (;;) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        db_closep(&engine->db);
        if (connect_and_lock(engine, deadline, deadline, &failure)) {
            return true;
        }
        if (failure.code != ERROR_UNREACHABLE || deadline_passed(deadline) ||
            interrupt_pending() != 0) {
            db_closep(&engine->db); /* without the lock it is of no use */
            error_move(err, &failure);
            return false;
        }
        deadline_sleep(deadline_earlier(deadline_in(RECOVER_POLL), deadline));
    }
}

/* Ids of one machine are in the order of their times, to a millisecond: ten of the last sixteen
 * bits are those, the others keep two apart. */
char *engine_new_run(void)
{
    int64_t now = wall_now_usec();
    CLEANUP(mem_freep) char *digits = wall_format_digits(now);
    unsigned char chance;
    random_bytes(&chance, sizeof chance);
    unsigned last = (unsigned)(now / 1000 % 1000) << 6 | (chance & 63u);
    return mem_printf("%.8s-%s-%04x", digits, digits + 8, last);
}

bool engine_open(const struct engine_settings *settings, struct engine **ret_engine,
                 struct error *err)
{
    CLEANUP(engine_freep) struct engine *engine = mem_new(1, sizeof *engine);
    engine->settings = *settings;
    engine->watch = watch_new(engine);
    if (!connect_and_lock(engine, deadline_in(CONNECT_PATIENCE), deadline_in(settings->patience),
                          err)) {
        return false;
    }
    *ret_engine = TAKE(engine);
    return true;
}

void engine_freep(struct engine **engine)
{
    if (*engine != NULL) {
        watch_freep(&(*engine)->watch);
        db_close((*engine)->db);
        strlist_clear(&(*engine)->to_analyze);
        mem_free(*engine);
        *engine = NULL;
    }
}

struct db *engine_session(struct engine *engine)
{
    return engine->db;
}

const struct engine_cost *engine_cost(const struct engine *engine)
{
    return &engine->cost;
}

void engine_set_recorded(struct engine *engine, bool recorded)
{
    engine->settings.recorded = recorded;
}
