/* Takes the texts apart that a plan would run: how each is run, what it needs, and whether it can
 * be run at all. */
#include <string.h>

#include "private.h"

void needs_clear(struct needs *needs)
{
    strlist_clear(&needs->locked);
    strlist_clear(&needs->rewritten);
}

static bool takes_other_role(const struct script *script, const struct sql_statement *statement)
{
    CLEANUP(mem_freep)
    char *text = mem_copy_n(script->text.text + statement->offset, statement->size);
    return text_equal(statement->verb, "SET") &&
           (strcasestr(text, "role") != NULL || strcasestr(text, "authorization") != NULL);
}

static bool creates_in_schema(const struct sql_statement *statement, const char *schema)
{
    static const char *const verbs[] = {"CREATE TABLE", "CREATE VIEW", "CREATE SEQUENCE"};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (text_equal(statement->verb, verbs[i])) {
            return statement->name.schema == NULL || text_equal(statement->name.schema, schema);
        }
    }
    return false;
}

static void note_needs(const struct deploy_plan *plan, const struct script *script,
                       struct needs *needs)
{
    for (size_t i = 0; i < script->sql.n; i++) {
        const struct sql_statement *statement = &script->sql.statements[i];
        needs->creates = needs->creates || creates_in_schema(statement, plan->schema);
        needs->other_role = needs->other_role || takes_other_role(script, statement);
        for (size_t k = 0; k < statement->n_locks; k++) {
            strlist_take(&needs->locked, sql_name_quoted(&statement->locks[k]));
            if (statement->rewrites) {
                strlist_take(&needs->rewritten, sql_name_quoted(&statement->locks[k]));
            }
        }
    }
}

static void refuse_edited_begun(struct deploy_plan *plan, const struct plan_item *item,
                                const char *why)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "migration \"%s\" was edited after a part of it was applied", item->name);
    (void)error_detail(refusal, "%lld of its steps are done. %s", (long long)item->row->n_steps,
                       why);
    (void)error_hint(refusal,
                     "Bring back what is done as it was (git log -- %s) and change only what "
                     "comes after it; or settle it by hand: headgate resolve %s %s --applied (or "
                     "--rolled-back)",
                     item->migration->path, plan->environment->name, item->name);
}

static bool check_doubtful(struct deploy_plan *plan, const struct plan_item *item,
                           const struct script *script)
{
    int64_t step = history_row_doubtful_step(item->row);
    return step < 0 ||
           script_check_doubtful(script, item->name, (size_t)step, plan->environment->name,
                                 &plan->refusal) ||
           error_prefix(&plan->refusal, "migration \"%s\"", item->name);
}

/* What is done must be what the file says now. */
static bool check_same_start(struct deploy_plan *plan, const struct plan_item *item, struct db *db,
                             const struct script *script, msec deadline, struct error *err)
{
    CLEANUP(mem_freep) char *recorded = NULL;
    bool same = false;
    if (migration_matches(item->migration, item->row->checksum) || item->row->n_steps == 0) {
        return true;
    }
    if (plan->history->recorded &&
        !history_recorded_text(db, item->row->id, deadline, &recorded, err)) {
        return false;
    }
    if (recorded == NULL) {
        refuse_edited_begun(plan, item, "What they were was not recorded.");
        return true;
    }
    if (!script_same_start(item->migration, script, recorded, (size_t)item->row->n_steps, &same,
                           err)) {
        return false;
    }
    if (!same) {
        refuse_edited_begun(plan, item, "The file now says something else of them.");
    }
    return true;
}

/* A text that cannot be run is an answer, not a failure. */
static bool read_script(const struct plan_item *item, struct script *ret_script,
                        struct error *ret_refusal, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    bool begun = item->state == MIGRATION_UNFINISHED;
    if (begun ? script_read_begun(item->migration, ret_script, &failure)
              : script_read(item->migration, ret_script, &failure)) {
        return true;
    }
    if (failure.code != ERROR_CONFIG) {
        error_move(err, &failure);
    } else if (!error_is_set(ret_refusal)) {
        error_move(ret_refusal, &failure);
    } else {
        problems_move(&ret_refusal->problems, &failure.problems);
    }
    return false;
}

static bool read_item(struct deploy_plan *plan, struct plan_item *item, struct db *db,
                      msec deadline, struct needs *needs, struct error *err)
{
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    if (!read_script(item, &script, &plan->refusal, err)) {
        return !error_is_set(err);
    }
    item->mode = script_mode(&script);
    item->transactional = script.transactional;
    item->n_statements = script.sql.n;
    note_needs(plan, &script, needs);
    return item->state != MIGRATION_UNFINISHED || error_is_set(&plan->refusal) ||
           !check_doubtful(plan, item, &script) ||
           check_same_start(plan, item, db, &script, deadline, err);
}

bool plan_read_scripts(struct deploy_plan *plan, struct db *db, msec deadline,
                       struct needs *ret_needs, struct error *err)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan_item_is_to_do(plan, &plan->items[i]) &&
            !read_item(plan, &plan->items[i], db, deadline, ret_needs, err)) {
            return false;
        }
    }
    if (plan->refusal.code == ERROR_CONFIG) {
        (void)error_hint(&plan->refusal, "Correct what is marked, then go on: headgate deploy %s",
                         plan->environment->name);
    }
    return true;
}
