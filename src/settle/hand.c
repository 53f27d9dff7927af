/* A hand on the database: the engine's session with its lock, on the server that was looked at. */
#include "headgate/clock.h"
#include "headgate/hash.h"
#include "private.h"

bool history_row_counts(const struct history_row *row)
{
    return row->rolled_back_at == NULL;
}

struct grip grip_of(const struct deploy_plan *plan)
{
    return (struct grip){.environment = plan->environment,
                         .schema = plan->schema,
                         .system_identifier = plan->system_identifier,
                         .release_digest = plan->release->digest};
}

static bool check_same_server(const struct grip *grip, const struct db *db, struct error *err)
{
    const char *identifier = db_identity(db)->system_identifier;
    if (text_equal(grip->system_identifier, identifier)) {
        return true;
    }
    (void)error_set(err, ERROR_STALE, "this is another server than the one that was looked at");
    return error_detail(err, "Its system identifier is %s, before it was %s.",
                        identifier != NULL ? identifier : "unknown",
                        grip->system_identifier != NULL ? grip->system_identifier : "unknown");
}

bool hand_open(const struct grip *grip, const struct deploy_conduct *conduct, struct hand *ret_hand,
               struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {.run = engine_new_run()};
    const struct engine_settings settings = {.environment = grip->environment,
                                             .schema = grip->schema,
                                             .release_digest = grip->release_digest,
                                             .run = hand.run,
                                             .actor = conduct->actor,
                                             .patience = conduct->patience,
                                             .observer = conduct->observer};
    if (!engine_open(&settings, &hand.engine, err) ||
        !check_same_server(grip, hand_session(&hand), err) ||
        !history_use_schema(hand_session(&hand), grip->schema, DEADLINE_NONE, err)) {
        return false;
    }
    *ret_hand = hand;
    hand = (struct hand){0};
    return true;
}

struct db *hand_session(struct hand *hand)
{
    return engine_session(hand->engine);
}

void hand_close(struct hand *hand)
{
    engine_freep(&hand->engine);
    mem_free(hand->run);
    hand->run = NULL;
}

static bool same_row(const struct history_row *a, const struct history_row *b)
{
    return text_equal(a->id, b->id) && text_equal(a->finished_at, b->finished_at) &&
           text_equal(a->rolled_back_at, b->rolled_back_at) && text_equal(a->logs, b->logs) &&
           a->n_steps == b->n_steps;
}

static bool same_history(const struct history *a, const struct history *b)
{
    bool same = a->exists == b->exists && a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_row(&a->rows[i], &b->rows[i]);
    }
    return same;
}

bool hand_open_unchanged(const struct deploy_plan *plan, const struct deploy_conduct *conduct,
                         struct hand *ret_hand, struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    CLEANUP(history_freep) struct history *now = NULL;
    const struct grip grip = grip_of(plan);
    if (!hand_open(&grip, conduct, &hand, err) ||
        !history_read(hand_session(&hand), plan->schema, DEADLINE_NONE, &now, err)) {
        return false;
    }
    if (!same_history(plan->history, now)) {
        (void)error_set(err, ERROR_STALE, "the history has changed since it was looked at");
        return error_hint(err, "Look at it again: headgate status %s", plan->environment->name);
    }
    *ret_hand = hand;
    hand = (struct hand){0};
    return true;
}

bool hand_look(struct environment *environment, const char *schema,
               void (*on_progress)(const char *sentence), msec deadline, struct db **ret_db,
               struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    const struct environment_session session = {
        .purpose = "look", .read_only = true, .route = ROUTE_DIRECT, .on_progress = on_progress};
    if (!environment_connect(environment, &session, deadline, &db, err) ||
        !history_use_schema(db, schema, deadline, err)) {
        return false;
    }
    *ret_db = TAKE(db);
    return true;
}

bool settle_check_marker(struct deploy_plan *plan, struct error *err)
{
    if (plan->refusal.code != ERROR_STALE) {
        return true;
    }
    error_move(err, &plan->refusal);
    return false;
}

bool settle_unknown_migration(const struct release *release, const char *name, struct error *err)
{
    const char **names = mem_new(release->n + 1, sizeof *names);
    for (size_t i = 0; i < release->n; i++) {
        names[i] = release->migrations[i].name;
    }
    const char *near = suggest_near(name, names);
    (void)error_set(err, ERROR_USAGE, "there is no migration \"%s\"", name);
    (void)(near != NULL
               ? error_hint(err, "Did you mean \"%s\"?", near)
               : error_hint(err, "See what there is: headgate release show %s", release->folder));
    mem_free(names);
    return false;
}
