/*
 * The watch: a second session that looks, while a statement runs, who waits for it and for whom it
 * waits.
 *
 * It is opened when an answer takes long for the first time, so that a release of quick migrations
 * costs no second connection. Where none can be had it is done without: lock_timeout protects the
 * others as well, only later.
 */
#include "headgate/clock.h"
#include "private.h"

#include "engine_sql.h"

#define INTERVAL 200
#define PATIENCE 2000     /* of one look */
#define PROGRESS_GAP 5000 /* between two lines of progress */

struct watch {
    struct engine *engine;
    struct db *db;
    bool given_up;
    bool cancelled;
    size_t line;
    msec last_look;     /* 0: none in this attempt */
    msec blocked_since; /* more sessions than the breaker allows wait; 0: not now */
    msec last_progress;
    char *blocker, *phase;
};

static void tick(void *context);

struct watch *watch_new(struct engine *engine)
{
    struct watch *watch = mem_new(1, sizeof *watch);
    watch->engine = engine;
    return watch;
}

void watch_freep(struct watch **watch)
{
    if (*watch != NULL) {
        db_close((*watch)->db);
        mem_free((*watch)->blocker);
        mem_free((*watch)->phase);
        mem_free(*watch);
        *watch = NULL;
    }
}

void watch_begin(struct watch *watch, size_t line)
{
    const struct courtesy *courtesy = &watch->engine->settings.environment->courtesy;
    msec half = courtesy->lock_timeout / 2;
    watch->cancelled = false;
    watch->line = line;
    watch->last_look = watch->blocked_since = 0;
    watch->last_progress = clock_now();
    mem_free(TAKE(watch->blocker));
    mem_free(TAKE(watch->phase));
    db_on_wait(watch->engine->db, half > 0 && half < INTERVAL ? half : INTERVAL, tick, watch);
}

bool watch_has_cancelled(const struct watch *watch)
{
    return watch->cancelled;
}

const char *watch_blocker(const struct watch *watch)
{
    return watch->blocker;
}

static bool open_session(struct watch *watch)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const struct environment_session session = {
        .purpose = "watch", .read_only = true, .route = ROUTE_DIRECT};
    if (watch->db == NULL && !watch->given_up &&
        !environment_connect(watch->engine->settings.environment, &session, deadline_in(PATIENCE),
                             &watch->db, &failure)) {
        watch->given_up = true;
        engine_say(watch->engine, EVENT_NOTICE, "nobody watches who waits for us: %s",
                   failure.message);
    }
    return watch->db != NULL;
}

static void note_blocker(struct watch *watch, const struct db_rows *rows)
{
    const char *query = db_text(rows, 0, 6);
    const char *since = db_text(rows, 0, 4);
    if (db_text(rows, 0, 1) == NULL) {
        return;
    }
    bool first = watch->blocker == NULL;
    mem_free(watch->blocker);
    watch->blocker =
        mem_printf("%s (server process %lld, from %s)%s%s%s%s", db_text(rows, 0, 2),
                   (long long)db_integer(rows, 0, 1), db_text(rows, 0, 3),
                   since != NULL ? ", in a transaction since " : "", since != NULL ? since : "",
                   query != NULL ? ": " : "", query != NULL ? query : "");
    if (first) {
        engine_say(watch->engine, EVENT_WAITING, "waiting for a lock that is held by %s",
                   watch->blocker);
    }
}

static void note_progress(struct watch *watch, const struct db_rows *rows)
{
    const char *phase = db_text(rows, 0, 7);
    const char *percent = db_text(rows, 0, 8);
    if (phase == NULL ||
        (text_equal(phase, watch->phase) && clock_now() - watch->last_progress < PROGRESS_GAP)) {
        return;
    }
    mem_free(watch->phase);
    watch->phase = mem_copy(phase);
    watch->last_progress = clock_now();
    engine_say(watch->engine, EVENT_PROGRESS, "%s%s%s%s", phase, percent != NULL ? ", " : "",
               percent != NULL ? percent : "", percent != NULL ? " %" : "");
}

/* Too many wait for us for too long: what runs is given up, to be tried again later. */
static void check_breaker(struct watch *watch, int64_t n_blocked)
{
    const struct breaker *breaker = &watch->engine->settings.environment->courtesy.breaker;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    msec now = clock_now();
    if (breaker->blocked_sessions == 0 || n_blocked <= breaker->blocked_sessions) {
        watch->blocked_since = 0;
        return;
    }
    watch->blocked_since = watch->blocked_since == 0 ? now : watch->blocked_since;
    if (watch->cancelled || now - watch->blocked_since < breaker->after) {
        return;
    }
    CLEANUP(mem_freep) char *pid = mem_printf("%d", db_identity(watch->engine->db)->pid);
    watch->cancelled =
        db_execute(watch->db, &SQL_ENGINE_CANCEL, DB_PARAMS(pid), deadline_in(PATIENCE), &failure);
    if (watch->cancelled) {
        CLEANUP(mem_freep) char *after = duration_human(now - watch->blocked_since);
        engine_say(watch->engine, EVENT_WAITING,
                   "stopped it: %lld sessions have waited for it for %s", (long long)n_blocked,
                   after);
    }
}

static void take_sample(struct watch *watch, const struct db_rows *rows)
{
    struct engine_cost *cost = &watch->engine->cost;
    int64_t n_blocked = db_integer(rows, 0, 0);
    msec now = clock_now();
    msec gap = watch->last_look == 0 ? INTERVAL : now - watch->last_look;
    watch->last_look = now;
    cost->blocked += n_blocked * gap;
    cost->lock_wait += db_text(rows, 0, 1) != NULL ? gap : 0;
    note_blocker(watch, rows);
    note_progress(watch, rows);
    check_breaker(watch, n_blocked);
}

static void tick(void *context)
{
    struct watch *watch = context;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!open_session(watch)) {
        return;
    }
    CLEANUP(mem_freep) char *pid = mem_printf("%d", db_identity(watch->engine->db)->pid);
    if (db_query(watch->db, &SQL_ENGINE_WATCH, DB_PARAMS(pid), deadline_in(PATIENCE), &rows,
                 &failure)) {
        take_sample(watch, rows);
    } else if (!db_is_alive(watch->db)) {
        db_closep(&watch->db);
        watch->given_up = true;
    }
}
