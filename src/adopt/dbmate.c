/*
 * dbmate: 20240131120000_title.sql with "-- migrate:up" and "-- migrate:down"; schema_migrations
 * has one row for each version. Applied in the order of the file names.
 */
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#include "adopt_sql.h"

/* Options stand behind the mark: transaction:false. */
static bool says_no_transaction(const struct line *rest)
{
    return memmem(rest->text, rest->size, "transaction:false", strlen("transaction:false")) != NULL;
}

void dbmate_sections(struct their_folder *folder, const struct source *source,
                     struct their_migration *migration)
{
    CLEANUP(strbuf_clear) struct strbuf up = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf down = STRBUF_INIT;
    bool seen_up = false, seen_down = false;
    struct line line, rest;
    for (size_t at = 0; source_line(source, &at, &line);) {
        if (!seen_up && line_is_mark(&line, "migrate:up", &rest)) {
            seen_up = true;
            migration->no_transaction = says_no_transaction(&rest);
        } else if (!seen_down && line_is_mark(&line, "migrate:down", &rest)) {
            if (!seen_up) {
                break;
            }
            seen_down = true;
            migration->down_no_transaction = says_no_transaction(&rest);
        } else if (!seen_up && !line_is_blank(&line) && !text_starts(line.text, "--")) {
            (void)problem_add(&folder->problems, source, line.offset, line.size,
                              "this stands before \"-- migrate:up\"");
            return;
        } else {
            struct strbuf *section = seen_down ? &down : &up;
            strbuf_add_n(section, line.text, line.size);
            strbuf_add_char(section, '\n');
        }
    }
    if (!seen_up) {
        (void)problem_add_plain(&folder->problems, source->file,
                                "the file does not begin with \"-- migrate:up\"");
    }
    migration->text = arena_copy(folder->arena, up.text);
    migration->down = seen_down ? arena_copy(folder->arena, down.text) : NULL;
}

static void read_file(struct their_folder *folder, const char *file)
{
    struct source source;
    size_t digits = strspn(file, "0123456789");
    if (digits == 0 || !text_ends(file, ".sql")) {
        return;
    }
    const char *title = file + digits;
    CLEANUP(mem_freep) char *version = mem_copy_n(file, digits);
    CLEANUP(mem_freep) char *name = mem_copy_n(title, strlen(title) - strlen(".sql"));
    struct their_migration *added = their_add(folder, version, name, file);
    added->number = added->version;
    if (their_text(folder, file, &source)) {
        dbmate_sections(folder, &source, added);
    }
}

static bool read_folder(struct their_folder *folder, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    if (!their_files(folder->path, false, &files, err)) {
        return false;
    }
    for (size_t i = 0; i < files.n; i++) {
        read_file(folder, files.items[i]);
    }
    refuse_same_versions(folder, version_compare_text);
    return true;
}

const struct tool tool_dbmate = {
    .name = "dbmate",
    .usual = {"db/migrations"},
    .read = read_folder,
    .history = &SQL_ADOPT_DBMATE,
    .table = "schema_migrations",
    .same = row_same_text,
    .apply = "dbmate up",
};
