/* Their history against their folder: what is applied, and whether the two fit. */
#include <string.h>

#include "private.h"

#define UNDEFINED_TABLE "42P01"
#define UNDEFINED_COLUMN "42703"

static const char *const state_words[ROW_STATE_MAX] = {
    [ROW_APPLIED] = "applied",       [ROW_THROUGH] = "through", [ROW_BASELINE] = "baseline",
    [ROW_REPEATABLE] = "repeatable", [ROW_FAILED] = "failed",   [ROW_FOREIGN] = "foreign",
};

struct matching {
    const struct tool *tool;
    struct their_folder *folder;
    struct adoption *adoption;
    struct strlist missing, edited, failed;
    bool foreign;
};

static void matching_clear(struct matching *matching)
{
    strlist_clear(&matching->missing);
    strlist_clear(&matching->edited);
    strlist_clear(&matching->failed);
}

static enum row_state state_of(const char *word)
{
    for (size_t i = 0; i < ROW_STATE_MAX; i++) {
        if (text_equal(state_words[i], word)) {
            return (enum row_state)i;
        }
    }
    return ROW_FOREIGN;
}

static bool find(const struct matching *matching, const struct their_row *row, size_t *ret_at)
{
    for (size_t i = 0; i < matching->folder->n; i++) {
        if (matching->tool->same(row, &matching->folder->items[i])) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

static void mark(struct matching *matching, size_t at, const struct their_row *row)
{
    struct adopt_item *item = &matching->adoption->items[at];
    item->applied = true;
    if (row->applied_at != NULL) {
        item->applied_at = arena_copy(matching->folder->arena, row->applied_at);
    }
}

static void mark_through(struct matching *matching, const struct their_row *row)
{
    for (size_t i = 0; i < matching->folder->n; i++) {
        const struct their_migration *migration = &matching->folder->items[i];
        if (migration->version[0] >= '0' && migration->version[0] <= '9' &&
            version_compare(migration->version, row->version) <= 0) {
            mark(matching, i, row);
        }
    }
}

static void take_found(struct matching *matching, const struct their_row *row, size_t at)
{
    const struct their_migration *migration = &matching->folder->items[at];
    bool other = row->checksum != NULL && migration->checksum != NULL &&
                 !text_equal(row->checksum, migration->checksum);
    if (row->state == ROW_THROUGH) {
        mark_through(matching, row);
    } else if (!other) {
        mark(matching, at, row);
    } else if (row->state != ROW_REPEATABLE) {
        strlist_add(&matching->edited, migration->file);
    }
}

static void take_row(struct matching *matching, const struct their_row *row)
{
    size_t at = 0;
    if (row->state == ROW_FOREIGN) {
        matching->foreign = true;
    } else if (row->state == ROW_FAILED) {
        strlist_add(&matching->failed, row->version);
    } else if (row->state == ROW_BASELINE) {
        mark_through(matching, row);
        strlist_printf(&matching->folder->notes,
                       "Everything up to version %s counts as applied: it is the baseline.",
                       row->version);
    } else if (find(matching, row, &at)) {
        take_found(matching, row, at);
    } else {
        strlist_printf(&matching->missing, row->file != NULL ? "%s (%s)" : "%s", row->version,
                       row->file);
    }
}

static void refuse_table(const struct matching *matching, bool is_there, struct error *err)
{
    const struct adoption *adoption = matching->adoption;
    (void)error_set(err, ERROR_REFUSED, "%stable %s in schema \"%s\"%s%s",
                    is_there ? "" : "there is no ", matching->tool->table, adoption->schema,
                    is_there ? " was not made by " : ", the history of ", matching->tool->name);
    (void)error_hint(err,
                     "Where %s was never used, nothing is to be adopted: headgate deploy %s. Else "
                     "name its schema with ?schema= in \"url\", or another tool with --from.",
                     matching->tool->name, adoption->environment->name);
}

static void refuse_failed(const struct matching *matching, struct error *err)
{
    CLEANUP(mem_freep) char *versions = strlist_sentence(&matching->failed);
    (void)error_set(err, ERROR_REFUSED, "a migration has failed in %s and is not settled",
                    matching->tool->name);
    (void)error_detail(err, "Its table %s says so of version %s.", matching->tool->table, versions);
    if (matching->tool->clean_up != NULL) {
        (void)error_hint(err, "%s", matching->tool->clean_up);
    }
}

static void refuse_missing(const struct matching *matching, struct error *err)
{
    CLEANUP(mem_freep) char *versions = strlist_sentence(&matching->missing);
    (void)error_set(err, ERROR_REFUSED, "%zu applied migration%s of %s %s not in %s",
                    matching->missing.n, matching->missing.n == 1 ? "" : "s", matching->tool->name,
                    matching->missing.n == 1 ? "is" : "are", matching->adoption->source);
    (void)error_detail(err, "Table %s has %s.", matching->tool->table, versions);
    (void)error_hint(err, "Bring the missing files back, or name the right folder with --source.");
}

static void refuse_edited(const struct matching *matching, struct error *err)
{
    CLEANUP(mem_freep) char *files = strlist_sentence(&matching->edited);
    (void)error_set(err, ERROR_REFUSED, "%zu file%s changed after %s applied %s",
                    matching->edited.n, matching->edited.n == 1 ? " was" : "s were",
                    matching->tool->name, matching->edited.n == 1 ? "it" : "them");
    (void)error_detail(err, "The checksum in %s is another one for %s.", matching->tool->table,
                       files);
    (void)error_hint(err, "Bring back the text that was applied; or %s", matching->tool->rehash);
}

/* Deploy would refuse it afterwards, because an earlier one would come after a later one. */
static bool check_order(const struct matching *matching, struct error *err)
{
    const struct adoption *adoption = matching->adoption;
    const struct adopt_item *pending = NULL;
    for (size_t i = 0; i < adoption->n; i++) {
        const struct adopt_item *item = &adoption->items[i];
        if (!item->applied) {
            pending = pending != NULL ? pending : item;
        } else if (pending != NULL) {
            (void)error_set(err, ERROR_REFUSED, "%s is pending, but %s after it is applied",
                            pending->file, item->file);
            (void)error_detail(err, "headgate applies migrations in their order only.");
            return error_hint(err, "Apply it with %s first: %s", matching->tool->name,
                              matching->tool->apply);
        }
    }
    return true;
}

static bool judge(const struct matching *matching, struct error *err)
{
    if (matching->foreign) {
        refuse_table(matching, true, err);
    } else if (matching->failed.n > 0) {
        refuse_failed(matching, err);
    } else if (matching->missing.n > 0) {
        refuse_missing(matching, err);
    } else if (matching->edited.n > 0) {
        refuse_edited(matching, err);
    } else {
        return check_order(matching, err);
    }
    return false;
}

static bool read_rows(struct db *db, struct matching *matching, msec deadline,
                      struct db_rows **ret_rows, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const char *project = matching->folder->project;
    struct db_params params = project != NULL ? DB_PARAMS(project) : DB_NO_PARAMS;
    if (db_query(db, matching->tool->history, params, deadline, ret_rows, &failure)) {
        return true;
    }
    if (text_equal(failure.sqlstate, UNDEFINED_TABLE)) {
        refuse_table(matching, false, err);
    } else if (text_equal(failure.sqlstate, UNDEFINED_COLUMN)) {
        refuse_table(matching, true, err);
    } else {
        error_move(err, &failure);
    }
    return false;
}

bool match_history(struct db *db, const struct tool *tool, struct their_folder *folder,
                   struct adoption *adoption, msec deadline, struct error *err)
{
    CLEANUP(matching_clear)
    struct matching matching = {.tool = tool, .folder = folder, .adoption = adoption};
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!read_rows(db, &matching, deadline, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const struct their_row row = {
            .version = db_text(rows, i, 0),
            .state = state_of(db_text(rows, i, 1)),
            .checksum = db_text(rows, i, 2),
            .applied_at = db_text(rows, i, 3),
            .file = db_text(rows, i, 4),
        };
        take_row(&matching, &row);
    }
    if (!judge(&matching, err)) {
        return false;
    }
    for (size_t i = 0; i < adoption->n; i++) {
        adoption->n_applied += adoption->items[i].applied ? 1 : 0;
    }
    return true;
}
