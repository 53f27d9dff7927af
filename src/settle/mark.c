/* Which environment a database is. */
#include "private.h"

#define INSUFFICIENT_PRIVILEGE "42501"

bool marking_make(struct environment *environment, void (*on_progress)(const char *sentence),
                  msec deadline, struct marking *ret_marking, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(history_freep) struct history *history = NULL;
    const struct environment_session session = {
        .purpose = "look", .read_only = true, .route = ROUTE_DIRECT, .on_progress = on_progress};
    if (!environment_connect(environment, &session, deadline, &db, err)) {
        return false;
    }
    const char *schema = environment_schema(environment);
    if (!history_use_schema(db, schema, deadline, err) ||
        !history_read(db, schema, deadline, &history, err)) {
        return environment_name_error(environment, err);
    }
    *ret_marking =
        (struct marking){.environment = environment,
                         .target = environment_display(environment),
                         .version_text = mem_copy(db_identity(db)->version_text),
                         .system_identifier = mem_copy(db_identity(db)->system_identifier),
                         .schema = mem_copy(schema != NULL ? schema : "public"),
                         .before = mem_copy(history->marked)};
    return true;
}

static bool write_mark(const struct marking *marking, struct db *db, const char *actor,
                       struct error *err)
{
    const struct environment *environment = marking->environment;
    if (history_mark(db, environment->name, environment_kind_name(environment->kind), actor,
                     DEADLINE_NONE, err)) {
        return true;
    }
    if (text_equal(err->sqlstate, INSUFFICIENT_PRIVILEGE)) {
        return error_hint(err,
                          "The mark stands in schema \"headgate\". Have it granted, or let its "
                          "owner do it: grant create on database \"%s\" to \"%s\".",
                          db_identity(db)->database, db_identity(db)->user);
    }
    return false;
}

bool marking_execute(const struct marking *marking, const struct deploy_conduct *conduct,
                     struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    const struct grip grip = {.environment = marking->environment,
                              .schema = marking->schema,
                              .system_identifier = marking->system_identifier};
    return (hand_open(&grip, conduct, &hand, err) &&
            write_mark(marking, hand_session(&hand), conduct->actor, err)) ||
           environment_name_error(marking->environment, err);
}

bool marking_renew(struct environment *environment, const struct deploy_conduct *conduct,
                   struct error *err)
{
    CLEANUP(marking_clear) struct marking marking = {0};
    if (marking_make(environment, NULL, DEADLINE_NONE, &marking, err) &&
        (marking.before == NULL || text_equal(marking.before, environment->name) ||
         marking_execute(&marking, conduct, err))) {
        return true;
    }
    (void)error_prefix(err, "it is restored, but does not say yet that it is \"%s\"",
                       environment->name);
    return err->hint != NULL ||
           error_hint(err, "Let it say so: headgate mark %s", environment->name);
}

void marking_clear(struct marking *marking)
{
    mem_free(marking->target);
    mem_free(marking->version_text);
    mem_free(marking->system_identifier);
    mem_free(marking->schema);
    mem_free(marking->before);
    *marking = (struct marking){0};
}
