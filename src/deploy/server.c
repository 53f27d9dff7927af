/* What the server and our role there say against a deploy: found before it begins, not half-way. */
#include "private.h"

#include "deploy_sql.h"

static void refuse_standby(struct deploy_plan *plan)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED,
                    "this server is a standby, which cannot be written");
    (void)error_detail(&plan->refusal, "It is %s.", plan->target);
    (void)error_hint(&plan->refusal, "Point \"url\" of environment \"%s\" at its primary.",
                     plan->environment->name);
}

static void refuse_pooler(struct deploy_plan *plan)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED, "a connection pooler stands before this server");
    (void)error_detail(&plan->refusal, "Locks of a session mean nothing through it, so two deploys "
                                       "could run at once.");
    (void)error_hint(&plan->refusal,
                     "Give environment \"%s\" a \"direct_url\" that goes to the server itself.",
                     plan->environment->name);
}

static void refuse_read_only(struct deploy_plan *plan, const char *command)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED, "this database is read only");
    (void)error_detail(&plan->refusal,
                       "default_transaction_read_only is on for %s: somebody has closed it.",
                       plan->target);
    (void)error_hint(&plan->refusal, "Ask why. Where it is to be opened again: %s", command);
}

/* --- rights --- */

/* Of the first right that is missing; `name` is what it is about. */
static void say_right(struct error *refusal, const char *what, const char *name, const char *user)
{
    if (text_equal(what, "database")) {
        (void)error_set(refusal, ERROR_REFUSED, "role \"%s\" may not create schema %s", user, name);
    } else if (text_equal(what, "create")) {
        (void)error_set(refusal, ERROR_REFUSED, "role \"%s\" may not create anything in schema %s",
                        user, name);
    } else if (text_equal(what, "usage")) {
        (void)error_set(refusal, ERROR_REFUSED,
                        "role \"%s\" may not use schema %s, in which a migration changes something",
                        user, name);
    } else if (text_equal(what, "history")) {
        (void)error_set(refusal, ERROR_REFUSED, "role \"%s\" may not write the history, %s", user,
                        name);
    } else {
        (void)error_set(refusal, ERROR_REFUSED,
                        "role \"%s\" does not own %s, which a migration changes", user, name);
    }
}

/* All that is missing at once, each with what grants it. */
static void refuse_rights(struct deploy_plan *plan, const struct db_rows *rows)
{
    CLEANUP(strlist_clear) struct strlist grants = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf owners = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf hint = STRBUF_INIT;
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const char *owner = db_text(rows, i, 2), *grant = db_text(rows, i, 4);
        if (owner != NULL) {
            strbuf_printf(&owners, "%s%s belongs to \"%s\"", owners.size > 0 ? ", " : "",
                          db_text(rows, i, 1), owner);
        }
        if (!strlist_has(&grants, grant)) {
            strlist_add(&grants, grant);
            strbuf_printf(&hint, "%s%s", hint.size > 0 ? "; " : "", grant);
        }
    }
    say_right(&plan->refusal, db_text(rows, 0, 0), db_text(rows, 0, 1), db_text(rows, 0, 3));
    if (owners.size > 0) {
        (void)error_detail(&plan->refusal, "In %s, %s.", plan->target, owners.text);
    } else {
        (void)error_detail(&plan->refusal, "The deploy would need it in %s.", plan->target);
    }
    (void)error_hint(&plan->refusal, "Deploy as a role that may, or have it granted: %s",
                     hint.text);
}

static bool check_rights(struct deploy_plan *plan, struct db *db, const struct needs *needs,
                         msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *names = db_array(needs->other_role ? NULL : &needs->locked);
    bool creates = needs->creates && !needs->other_role;
    if (!db_query(db, &SQL_DEPLOY_RIGHTS,
                  DB_PARAMS(plan->schema, names, creates ? "true" : "false"), deadline, &rows,
                  err)) {
        return false;
    }
    if (db_rows_count(rows) > 0) {
        refuse_rights(plan, rows);
    }
    return true;
}

/* --- the disk --- */

static bool check_disk(struct deploy_plan *plan, struct db *db, const struct needs *needs,
                       msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *names = db_array(&needs->rewritten);
    uint64_t room = 0;
    if (needs->rewritten.n == 0 || error_is_set(&plan->refusal)) {
        return true;
    }
    if (!db_query(db, &SQL_DEPLOY_DISK, DB_PARAMS(names), deadline, &rows, err)) {
        return false;
    }
    uint64_t needed = (uint64_t)db_integer(rows, 0, 0);
    if (!db_free_bytes(db, db_text(rows, 0, 1), &room) || room >= needed) {
        return true;
    }
    CLEANUP(mem_freep) char *needed_text = size_human(needed);
    CLEANUP(mem_freep) char *room_text = size_human(room);
    (void)error_set(&plan->refusal, ERROR_REFUSED, "the server's disk has no room for a rewrite");
    (void)error_detail(
        &plan->refusal,
        "%s is written anew and needs up to %s beside the old one; %s are free in %s.",
        db_text(rows, 0, 2), needed_text, room_text, db_text(rows, 0, 1));
    (void)error_hint(&plan->refusal, "Make room on the disk of the server, or change the table in "
                                     "another way: a new column, filled in pieces.");
    return true;
}

/* --- all of it --- */

static bool check_writable(struct deploy_plan *plan, struct db *db, msec deadline,
                           struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_DEPLOY_WRITABLE, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    if (db_rows_count(rows) > 0) {
        refuse_read_only(plan, db_text(rows, 0, 0));
    }
    return true;
}

bool plan_check_server(struct deploy_plan *plan, struct db *db, const struct needs *needs,
                       msec deadline, struct error *err)
{
    const struct db_identity *identity = db_identity(db);
    if (error_is_set(&plan->refusal) || deploy_plan_size(plan) == 0) {
        return true;
    }
    if (identity->in_recovery) {
        refuse_standby(plan);
        return true;
    }
    if (identity->pooled) {
        refuse_pooler(plan);
        return true;
    }
    if (!check_writable(plan, db, deadline, err)) {
        return false;
    }
    return error_is_set(&plan->refusal) || (check_rights(plan, db, needs, deadline, err) &&
                                            check_disk(plan, db, needs, deadline, err));
}
