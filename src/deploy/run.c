/*
 * Runs one migration.
 *
 * The history row is inserted before the text and finished after it, all in one transaction. A text that ends the
 * transaction itself (COMMIT) keeps its meaning: its begun row was committed with it, and is finished on its own. If we die in
 * between, the row says that the migration is neither done nor undone, which stops every later deploy until a
 * person has looked.
 */
#include <string.h>

#include "headgate/clock.h"
#include "private.h"

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

static void add_place(const struct migration *migration, const struct strbuf *text, size_t skipped,
                      struct error *err)
{
    if (err->position <= 0) {
        return;
    }
    struct source source = {migration->path, text->text, text->size};
    size_t offset = skipped + offset_of_character(text->text + skipped, err->position);
    size_t width = strcspn(text->text + offset, " \t\r\n(),;");
    struct problem *problem = problem_add(&err->problems, &source, offset, width > 0 ? width : 1,
                                          "%s", err->message);
    if (err->hint != NULL) {
        problem_note(problem, "%s", err->hint);
    }
}

static bool explain(const struct migration *migration, bool rolled_back, struct error *err)
{
    if (rolled_back) {
        (void)error_detail(err, "It was rolled back as a whole: nothing of it is in the database.");
    } else {
        (void)error_detail(err, "It ended its own transaction, so a part of it may be in the database; "
                                "its history row says that it is unfinished.");
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
    return own_commit || db_commit(db, DEADLINE_NONE, err);
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

bool migration_run(struct db *db, const char *schema, const struct migration *migration,
                   struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!migration_load(migration, &text, err)) {
        return false;
    }
    if (run_text(db, schema, migration, &text, err)) {
        return true;
    }
    bool rolled_back = db_in_transaction(db);
    db_rollback(db);
    return explain(migration, rolled_back, err);
}
