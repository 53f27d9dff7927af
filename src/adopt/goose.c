/*
 * goose: 00001_title.sql with "-- +goose Up" and "-- +goose Down"; the newest row of a version in
 * goose_db_version counts. StatementBegin and StatementEnd only tell goose where a statement ends,
 * which PostgreSQL's own lexer knows; they are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#include "adopt_sql.h"

enum section { SECTION_NONE, SECTION_UP, SECTION_DOWN };

struct reading {
    struct their_folder *folder;
    const struct source *source;
    enum section section;
    bool no_transaction, in_statement;
    struct strbuf up, down;
};

static void reading_clear(struct reading *reading)
{
    strbuf_clear(&reading->up);
    strbuf_clear(&reading->down);
}

static void complain(struct reading *reading, const struct line *line, const char *message,
                     const char *note)
{
    struct problem *problem = problem_add(&reading->folder->problems, reading->source, line->offset,
                                          line->size, "%s", message);
    if (note != NULL) {
        problem_note(problem, "%s", note);
    }
}

static void take_section(struct reading *reading, const struct line *line, enum section section)
{
    if (reading->in_statement || (int)section != (int)reading->section + 1) {
        complain(reading, line,
                 reading->in_statement ? "\"-- +goose StatementEnd\" is missing before this"
                                       : "this is not the order of Up and Down",
                 NULL);
        return;
    }
    reading->section = section;
}

static void take_statement_mark(struct reading *reading, const struct line *line, bool begin)
{
    if (reading->section == SECTION_NONE || begin == reading->in_statement) {
        complain(reading, line, "StatementBegin and StatementEnd are no pair here", NULL);
        return;
    }
    reading->in_statement = begin;
}

static void take_mark(struct reading *reading, const struct line *line, const struct line *mark)
{
    if (line_equal(mark, "Up")) {
        take_section(reading, line, SECTION_UP);
    } else if (line_equal(mark, "Down")) {
        take_section(reading, line, SECTION_DOWN);
    } else if (line_equal(mark, "StatementBegin") || line_equal(mark, "StatementEnd")) {
        take_statement_mark(reading, line, line_equal(mark, "StatementBegin") != 0);
    } else if (line_equal(mark, "NO TRANSACTION")) {
        reading->no_transaction = true;
    } else if (line_equal(mark, "ENVSUB ON") || line_equal(mark, "ENVSUBST ON")) {
        complain(reading, line, "values are filled in from here on, which headgate does not do",
                 "write the values themselves, and take this mark out");
    } else if (!line_equal(mark, "ENVSUB OFF") && !line_equal(mark, "ENVSUBST OFF")) {
        complain(reading, line, "goose has no such mark", NULL);
    }
}

static void take_line(struct reading *reading, const struct line *line)
{
    bool means_nothing = line_is_blank(line) || text_starts(line->text, "--");
    if (reading->section == SECTION_NONE && !means_nothing) {
        complain(reading, line, "this stands before \"-- +goose Up\"", NULL);
        reading->section = SECTION_UP; /* told once */
    }
    struct strbuf *section = reading->section == SECTION_DOWN ? &reading->down : &reading->up;
    strbuf_add_n(section, line->text, line->size);
    strbuf_add_char(section, '\n');
}

void goose_sections(struct their_folder *folder, const struct source *source,
                    struct their_migration *migration)
{
    CLEANUP(reading_clear)
    struct reading reading = {
        .folder = folder, .source = source, .up = STRBUF_INIT, .down = STRBUF_INIT};
    struct line line, mark;
    for (size_t at = 0; source_line(source, &at, &line);) {
        if (line_is_mark(&line, "+goose", &mark)) {
            take_mark(&reading, &line, &mark);
        } else {
            take_line(&reading, &line);
        }
    }
    if (reading.section == SECTION_NONE || reading.in_statement) {
        (void)problem_add_plain(&folder->problems, source->file,
                                reading.in_statement
                                    ? "\"-- +goose StatementEnd\" is missing at the end"
                                    : "the file does not begin with \"-- +goose Up\"");
    }
    migration->text = arena_copy(folder->arena, reading.up.text);
    migration->down =
        reading.section == SECTION_DOWN ? arena_copy(folder->arena, reading.down.text) : NULL;
    migration->no_transaction = migration->down_no_transaction = reading.no_transaction;
}

static void read_file(struct their_folder *folder, const char *file)
{
    struct source source;
    size_t digits = strspn(file, "0123456789");
    if (digits == 0 || file[digits] != '_' || text_ends(file, "_test.go")) {
        return;
    }
    if (text_ends(file, ".go")) {
        CLEANUP(mem_freep) char *path = path_join(folder->path, file);
        problem_note(problem_add_plain(&folder->problems, path, "this migration is a Go program"),
                     "write what it does in SQL, in a file of the same version");
        return;
    }
    if (!text_ends(file, ".sql")) {
        return;
    }
    const char *title = file + digits + 1;
    const char *number = file + strspn(file, "0");
    CLEANUP(mem_freep)
    char *version = number < file + digits ? mem_copy_n(number, (size_t)(file + digits - number))
                                           : mem_copy("0");
    CLEANUP(mem_freep) char *name = mem_copy_n(title, strlen(title) - strlen(".sql"));
    struct their_migration *added = their_add(folder, version, name, file);
    added->number = added->version;
    if (their_text(folder, file, &source)) {
        goose_sections(folder, &source, added);
    }
}

static int by_version(const void *a, const void *b)
{
    const struct their_migration *left = a, *right = b;
    int order = version_compare(left->version, right->version);
    return order != 0 ? order : strcmp(left->file, right->file);
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
    if (folder->n > 0) {
        qsort(folder->items, folder->n, sizeof *folder->items, by_version);
    }
    refuse_same_versions(folder, version_compare);
    return true;
}

const struct tool tool_goose = {
    .name = "goose",
    .usual = {"migrations", "db/migrations", "sql/migrations"},
    .read = read_folder,
    .history = &SQL_ADOPT_GOOSE,
    .table = "goose_db_version",
    .same = row_same_number,
    .apply = "goose up",
};
