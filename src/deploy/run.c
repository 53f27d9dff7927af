/*
 * Runs one migration.
 *
 * The history row is inserted before the text and finished after it, all in one transaction. A text
 * that ends the transaction itself (COMMIT) keeps its meaning: its begun row was committed with it,
 * and is finished on its own. If we die in between, the row says that the migration is neither done
 * nor undone, which stops every later deploy until a person has looked.
 */
#include <string.h>

#include "headgate/clock.h"
#include "private.h"

/* A COMMIT that gets no answer for so long is as good as lost: what became of it is then unknown.
 */
#define COMMIT_PATIENCE (10 * 60 * 1000)
#define BOM "\xef\xbb\xbf"

/* Byte offset of the n-th character (from 1), as the server counts them. */
static size_t offset_of_character(const char *text, int64_t n)
{
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        if (((unsigned char)text[i] >> 6) != 2 && --n == 0) {
            break;
        }
    }
    return i;
}

/* The server's word about the text, with its place where it gave one. Its hint goes with it. */
static void add_place(const struct source *source, struct error *err)
{
    struct problem *problem;
    if (err->position > 0) {
        size_t offset = offset_of_character(source->text, err->position);
        size_t width = strcspn(source->text + offset, " \t\r\n(),;");
        problem = problem_add(&err->problems, source, offset, width, "%s", err->message);
    } else {
        problem = problem_add_plain(&err->problems, source->file, "%s", err->message);
    }
    if (err->hint != NULL) {
        problem_note(problem, "%s", err->hint);
    }
}

/* Or with the server, its state and our rights there: classes of SQLSTATE. */
static bool lies_in_the_text(const char *sqlstate)
{
    static const char *const elsewhere[] = {"08", "25006", "28", "40", "42501", "53",
                                            "54", "55",    "57", "58", "XX"};
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        if (text_starts(sqlstate, elsewhere[i])) {
            return false;
        }
    }
    return true;
}

static void add_detail(struct error *err, const char *sentence)
{
    CLEANUP(mem_freep) char *servers = TAKE(err->detail);
    (void)error_detail(err, "%s%s%s", servers != NULL ? servers : "", servers != NULL ? " " : "",
                       sentence);
}

static void explain_nothing(const char *environment, const struct migration *migration,
                            struct error *err)
{
    add_detail(err, "It was rolled back as a whole: nothing of it is in the database.");
    if (err->code != ERROR_DATABASE) {
        (void)error_hint(err, "Go on with: headgate deploy %s", environment);
    } else if (lies_in_the_text(err->sqlstate)) {
        (void)error_hint(err, "Correct %s, then go on: headgate deploy %s", migration->path,
                         environment);
    } else {
        (void)error_hint(err, "When that is settled, then go on: headgate deploy %s", environment);
    }
}

static void explain_own_commit(const struct migration *migration, struct error *err)
{
    add_detail(err, "It ended its own transaction, so a part of it may be in the database; its "
                    "history row says that it is unfinished.");
    (void)error_hint(err,
                     "Look at what it has done, then settle it with: prisma migrate resolve "
                     "--rolled-back %s (or --applied).",
                     migration->name);
}

static void explain_own_rollback(const struct migration *migration, struct error *err)
{
    add_detail(err, "What it did behind its ROLLBACK may be in the database, and it has no history "
                    "row.");
    (void)error_hint(err, "Look at what it has done, and take the ROLLBACK out of %s.",
                     migration->path);
}

static bool finish(struct db *db, const char *schema, const char *id, bool *row_is_gone,
                   struct error *err)
{
    bool own_commit = !db_in_transaction(db);
    bool found = false;
    if (!history_finish(db, schema, id, DEADLINE_NONE, &found, err)) {
        return false;
    }
    *row_is_gone = !found;
    if (!found) {
        return error_set(err, ERROR_DATABASE, "it rolled back its own transaction");
    }
    return own_commit || db_commit(db, deadline_in(COMMIT_PATIENCE), err);
}

static bool run_text(struct db *db, const char *schema, const struct migration *migration,
                     const struct strbuf *text, bool *row_is_gone, struct error *err)
{
    char id[UUID_SIZE];
    size_t skipped = text_starts(text->text, BOM) ? strlen(BOM) : 0;
    const struct source source = {migration->path, text->text + skipped, text->size - skipped};
    if (!db_begin(db, DEADLINE_NONE, err) ||
        !history_begin(db, migration->name, migration->checksum, id, DEADLINE_NONE, err)) {
        return false;
    }
    if (!db_run_script(db, source.text, DEADLINE_NONE, err)) {
        if (err->code == ERROR_DATABASE) {
            add_place(&source, err);
        }
        return false;
    }
    return finish(db, schema, id, row_is_gone, err);
}

/* A lost COMMIT has said already that nobody knows what became of it. */
static void explain_lost_session(const char *environment, struct error *err)
{
    if (err->detail == NULL) {
        (void)error_detail(err, "The server rolls back what was not committed when it notices.");
    }
    if (err->hint == NULL) {
        (void)error_hint(err,
                         "See what it has with: headgate status %s. Then go on with: headgate "
                         "deploy %s",
                         environment, environment);
    }
}

/* What is in the database now, and what to do next. */
static bool explain(const struct deploy_plan *plan, const struct migration *migration,
                    struct db *db, bool row_is_gone, struct error *err)
{
    bool alive = db_is_alive(db);
    db_rollback(db);
    if (alive && row_is_gone) {
        explain_own_rollback(migration, err);
    } else if (alive && db_script_committed(db)) {
        explain_own_commit(migration, err);
    } else if (alive) {
        explain_nothing(plan->environment->name, migration, err);
    } else {
        explain_lost_session(plan->environment->name, err);
    }
    return error_prefix(err, "migration \"%s\"%s", migration->name,
                        err->code == ERROR_DATABASE ? " failed" : "");
}

bool migration_run(struct db *db, const struct deploy_plan *plan, const struct migration *migration,
                   struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    bool row_is_gone = false;
    return migration_load(migration, &text, err) &&
           (run_text(db, plan->schema, migration, &text, &row_is_gone, err) ||
            explain(plan, migration, db, row_is_gone, err));
}
