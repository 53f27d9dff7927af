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
static void add_place(const struct migration *migration, const struct strbuf *text, size_t skipped,
                      struct error *err)
{
    struct source source = {migration->path, text->text, text->size};
    struct problem *problem;
    if (err->position > 0) {
        size_t offset = skipped + offset_of_character(text->text + skipped, err->position);
        size_t width = strcspn(text->text + offset, " \t\r\n(),;");
        problem = problem_add(&err->problems, &source, offset, width, "%s", err->message);
    } else {
        problem = problem_add_plain(&err->problems, migration->path, "%s", err->message);
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

/* What is in the database now, and what to do next. */
static bool explain(const struct deploy_plan *plan, const struct migration *migration,
                    bool rolled_back, struct error *err)
{
    CLEANUP(mem_freep) char *detail = TAKE(err->detail);
    const char *servers = detail != NULL ? detail : "", *blank = detail != NULL ? " " : "";
    const char *environment = plan->environment->name;
    if (rolled_back) {
        (void)error_detail(err,
                           "%s%sIt was rolled back as a whole: nothing of it is in the database.",
                           servers, blank);
        CLEANUP(mem_freep)
        char *first = lies_in_the_text(err->sqlstate) ? mem_printf("Correct %s", migration->path)
                                                      : mem_copy("When that is settled");
        (void)error_hint(err, "%s, then go on: headgate deploy %s", first, environment);
    } else {
        (void)error_detail(err,
                           "%s%sIt ended its own transaction, so a part of it may be in the "
                           "database; its history row says that it is unfinished.",
                           servers, blank);
        (void)error_hint(err,
                         "Look at what it has done, then settle it with: prisma migrate resolve "
                         "--rolled-back %s (or --applied).",
                         migration->name);
    }
    return error_prefix(err, "migration \"%s\" failed", migration->name);
}

static bool finish(struct db *db, const char *schema, const char *id, struct error *err)
{
    bool own_commit = !db_in_transaction(db);
    bool found = false;
    if (!history_finish(db, schema, id, DEADLINE_NONE, &found, err)) {
        return false;
    }
    if (!found) {
        return error_set(err, ERROR_DATABASE, "it rolled back its own transaction");
    }
    return own_commit || db_commit(db, deadline_in(COMMIT_PATIENCE), err);
}

static bool run_text(struct db *db, const char *schema, const struct migration *migration,
                     const struct strbuf *text, struct error *err)
{
    char id[UUID_SIZE];
    size_t skipped = text_starts(text->text, BOM) ? strlen(BOM) : 0;
    if (!db_begin(db, DEADLINE_NONE, err) ||
        !history_begin(db, migration->name, migration->checksum, id, DEADLINE_NONE, err)) {
        return false;
    }
    if (!db_run_script(db, text->text + skipped, DEADLINE_NONE, err)) {
        add_place(migration, text, skipped, err);
        return false;
    }
    return finish(db, schema, id, err);
}

bool migration_run(struct db *db, const struct deploy_plan *plan, const struct migration *migration,
                   struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!migration_load(migration, &text, err)) {
        return false;
    }
    if (run_text(db, plan->schema, migration, &text, err)) {
        return true;
    }
    bool rolled_back = db_in_transaction(db);
    db_rollback(db);
    if (err->code == ERROR_DATABASE) {
        return explain(plan, migration, rolled_back, err);
    }
    return error_prefix(err, "migration \"%s\"", migration->name);
}
