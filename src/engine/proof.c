/*
 * What the catalog proves of statements that are no transactions.
 *
 * An index that was built concurrently and is valid, is done. One that is invalid serves no query,
 * slows every write, and stands in the way of its own name: it is dropped and built again; IF NOT
 * EXISTS would take it for success. REINDEX leaves such indexes behind under names of its own, a
 * detached partition can be half detached.
 */
#include "headgate/clock.h"
#include "headgate/interrupt.h"
#include "private.h"

#include "engine_sql.h"

#define BUILDER_POLL 200

/* --- indexes --- */

struct index_state {
    bool there, valid;
    int64_t built_by; /* the process that builds it now, or 0 */
    char *drop, *name;
};

static void index_state_clear(struct index_state *state)
{
    mem_free(state->drop);
    mem_free(state->name);
    *state = (struct index_state){0};
}

/* An index is made in the schema of its table, which is not always the first of the search path
 * that has one of this name. No table: the empty name, which no schema has. */
static bool find_schema(struct engine *engine, const struct sql_statement *statement,
                        char **ret_schema, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (statement->table.name == NULL) {
        *ret_schema = NULL;
        return true;
    }
    CLEANUP(mem_freep) char *table = sql_name_quoted(&statement->table);
    if (!db_query(engine->db, &SQL_ENGINE_SCHEMA_OF, DB_PARAMS(table), DEADLINE_NONE, &rows, err)) {
        return false;
    }
    *ret_schema = mem_copy(db_rows_count(rows) > 0 ? db_text(rows, 0, 0) : "");
    return true;
}

static bool find_index(struct engine *engine, const struct sql_statement *statement,
                       struct index_state *ret_state, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *schema = NULL;
    *ret_state = (struct index_state){0};
    if (statement->name.name == NULL) {
        return true;
    }
    CLEANUP(mem_freep) char *name = sql_name_quoted(&statement->name);
    if (!find_schema(engine, statement, &schema, err) ||
        !db_query(engine->db, &SQL_ENGINE_INDEX, DB_PARAMS(name, schema), DEADLINE_NONE, &rows,
                  err)) {
        return false;
    }
    if (db_rows_count(rows) > 0 && db_bool(rows, 0, 0)) {
        ret_state->there = true;
        ret_state->valid = db_bool(rows, 0, 1);
        ret_state->built_by = db_text(rows, 0, 2) != NULL ? db_integer(rows, 0, 2) : 0;
        ret_state->drop = mem_copy(db_text(rows, 0, 3));
        ret_state->name = mem_copy(db_text(rows, 0, 4));
    }
    return true;
}

static bool drop_invalid(struct engine *engine, const char *name, const char *drop,
                         struct error *err)
{
    if (!db_run_text(engine->db, drop, strlen(drop), DEADLINE_NONE, err)) {
        return error_prefix(err, "could not drop the invalid index %s", name);
    }
    engine_say(engine, EVENT_REPAIRED,
               "dropped the invalid index %s, which an unfinished build had left", name);
    return true;
}

/* Not valid yet, because somebody is at it. Waits until that has ended; the state is as it is then.
 */
static bool wait_for_builder(struct engine *engine, const struct sql_statement *statement,
                             struct index_state *state, struct error *err)
{
    msec deadline = deadline_in(engine->settings.patience);
    for (bool said = false; state->built_by != 0 && !state->valid; said = true) {
        if (!said) {
            engine_say(engine, EVENT_WAITING,
                       "waiting for server process %lld, which builds index %s",
                       (long long)state->built_by, state->name);
        }
        if (deadline_passed(deadline)) {
            (void)error_set(err, ERROR_LOCKED, "index %s is being built by somebody else",
                            state->name);
            (void)error_detail(err, "It is server process %lld.", (long long)state->built_by);
            return error_hint(err, "Wait until it has ended, or let headgate wait longer: --wait "
                                   "2h");
        }
        deadline_sleep(deadline_earlier(deadline_in(BUILDER_POLL), deadline));
        index_state_clear(state);
        if (interrupt_pending() != 0 ? !interrupt_error(err)
                                     : !find_index(engine, statement, state, err)) {
            return false;
        }
    }
    return true;
}

static bool clear_index(struct engine *engine, const struct sql_statement *statement,
                        struct error *err)
{
    CLEANUP(index_state_clear) struct index_state state = {0};
    if (!find_index(engine, statement, &state, err) ||
        !wait_for_builder(engine, statement, &state, err)) {
        return false;
    }
    return !state.there || state.valid || drop_invalid(engine, state.name, state.drop, err);
}

static bool index_proof(struct engine *engine, const struct sql_statement *statement,
                        enum proof *ret_proof, struct error *err)
{
    CLEANUP(index_state_clear) struct index_state state = {0};
    if (!find_index(engine, statement, &state, err)) {
        return false;
    }
    bool create = statement->kind == SQL_CREATE_INDEX_CONCURRENTLY;
    *ret_proof = (create ? state.there && state.valid : !state.there) ? PROOF_DONE : PROOF_TO_DO;
    return true;
}

static bool check_index(struct engine *engine, const struct sql_statement *statement,
                        struct error *err)
{
    CLEANUP(index_state_clear) struct index_state state = {0};
    if (statement->name.name == NULL || !find_index(engine, statement, &state, err)) {
        return statement->name.name == NULL;
    }
    if (state.there && !state.valid) {
        return error_set(err, ERROR_DATABASE, "index %s is there, but it is not valid", state.name);
    }
    return true;
}

/* --- what REINDEX leaves --- */

static bool clear_reindex(struct engine *engine, const struct sql_statement *statement,
                          struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const struct sql_name *wanted =
        statement->table.name != NULL ? &statement->table : &statement->name;
    CLEANUP(mem_freep) char *name = wanted->name != NULL ? sql_name_quoted(wanted) : NULL;
    if (!db_query(engine->db, &SQL_ENGINE_REINDEX_LEFTOVERS, DB_PARAMS(name), DEADLINE_NONE, &rows,
                  err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        if (!drop_invalid(engine, db_text(rows, i, 1), db_text(rows, i, 0), err)) {
            return false;
        }
    }
    return true;
}

/* --- partitions --- */

struct partition_state {
    bool attached, half_detached;
    char *finalize;
};

static bool find_partition(struct engine *engine, const struct sql_statement *statement,
                           struct partition_state *ret_state, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *partition = sql_name_quoted(&statement->name);
    CLEANUP(mem_freep) char *parent = sql_name_quoted(&statement->table);
    if (!db_query(engine->db, &SQL_ENGINE_PARTITION, DB_PARAMS(partition, parent), DEADLINE_NONE,
                  &rows, err)) {
        return false;
    }
    *ret_state = (struct partition_state){0};
    if (db_rows_count(rows) > 0) {
        ret_state->attached = db_bool(rows, 0, 0);
        ret_state->half_detached = db_bool(rows, 0, 1);
        ret_state->finalize = mem_copy(db_text(rows, 0, 2));
    }
    return true;
}

static bool clear_partition(struct engine *engine, const struct sql_statement *statement,
                            bool *ret_done, struct error *err)
{
    struct partition_state state = {0};
    if (!find_partition(engine, statement, &state, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *finalize = state.finalize;
    if (!state.half_detached) {
        return true;
    }
    if (!db_run_text(engine->db, finalize, strlen(finalize), DEADLINE_NONE, err)) {
        return error_prefix(err, "could not end the unfinished detaching");
    }
    engine_say(engine, EVENT_REPAIRED, "ended an unfinished detaching of partition %s",
               statement->name.name);
    *ret_done = true;
    return true;
}

static bool partition_proof(struct engine *engine, const struct sql_statement *statement,
                            enum proof *ret_proof, struct error *err)
{
    struct partition_state state = {0};
    if (!find_partition(engine, statement, &state, err)) {
        return false;
    }
    mem_free(state.finalize);
    *ret_proof = state.attached ? PROOF_TO_DO : PROOF_DONE;
    return true;
}

/* --- databases and the rest --- */

static bool database_proof(struct engine *engine, const struct sql_statement *statement,
                           enum proof *ret_proof, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(engine->db, &SQL_ENGINE_DATABASE, DB_PARAMS(statement->name.name), DEADLINE_NONE,
                  &rows, err)) {
        return false;
    }
    bool create = statement->kind == SQL_CREATE_DATABASE;
    *ret_proof = db_bool(rows, 0, 0) == create ? PROOF_DONE : PROOF_TO_DO;
    return true;
}

/* Run twice they do what they do once. */
static bool is_harmless_again(const struct sql_statement *statement)
{
    static const char *const verbs[] = {"VACUUM",       "CLUSTER", "REINDEX",
                                        "ALTER SYSTEM", "DISCARD", "ALTER DATABASE"};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (text_starts(statement->verb, verbs[i])) {
            return true;
        }
    }
    return false;
}

/* --- the statements --- */

bool proof_is_possible(const struct sql_statement *statement)
{
    return (statement->kind != SQL_CALL && statement->kind != SQL_OUTSIDE) ||
           is_harmless_again(statement);
}

bool proof_of_doubtful(struct engine *engine, const struct sql_statement *statement,
                       enum proof *ret_proof, struct error *err)
{
    switch ((int)statement->kind) {
    case SQL_CREATE_INDEX_CONCURRENTLY:
    case SQL_DROP_INDEX_CONCURRENTLY:
        return index_proof(engine, statement, ret_proof, err);
    case SQL_DETACH_CONCURRENTLY:
        return partition_proof(engine, statement, ret_proof, err);
    case SQL_CREATE_DATABASE:
    case SQL_DROP_DATABASE:
        return database_proof(engine, statement, ret_proof, err);
    case SQL_REINDEX_CONCURRENTLY:
        *ret_proof = PROOF_TO_DO;
        return true;
    default:
        *ret_proof = is_harmless_again(statement) ? PROOF_TO_DO : PROOF_NONE;
        return true;
    }
}

bool proof_clear_way(struct engine *engine, const struct sql_statement *statement, bool *ret_done,
                     struct error *err)
{
    switch ((int)statement->kind) {
    case SQL_CREATE_INDEX_CONCURRENTLY:
        return clear_index(engine, statement, err);
    case SQL_REINDEX_CONCURRENTLY:
        return clear_reindex(engine, statement, err);
    case SQL_DETACH_CONCURRENTLY:
        return clear_partition(engine, statement, ret_done, err);
    default:
        return true;
    }
}

bool proof_check(struct engine *engine, const struct sql_statement *statement, struct error *err)
{
    return statement->kind != SQL_CREATE_INDEX_CONCURRENTLY || check_index(engine, statement, err);
}

static char *words_of_index(const struct index_state *state)
{
    return state->there && !state->valid
               ? mem_printf(
                     "The index %s is there, but INVALID: it serves no query and slows every "
                     "write until it is dropped, which the next deploy does.",
                     state->name)
               : NULL;
}

char *proof_of_failed(struct engine *engine, const struct sql_statement *statement)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(index_state_clear) struct index_state state = {0};
    bool is_index = statement->kind == SQL_CREATE_INDEX_CONCURRENTLY ||
                    statement->kind == SQL_DROP_INDEX_CONCURRENTLY;
    if (!is_index || !db_is_alive(engine->db) || !find_index(engine, statement, &state, &ignored)) {
        return NULL;
    }
    return words_of_index(&state);
}
