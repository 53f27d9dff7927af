/*
 * Flyway: V1_2__title.sql, U1_2__title.sql (undo) and R__title.sql (repeatable), in the folder and
 * below it; flyway_schema_history keeps a CRC-32 for each.
 *
 * Headgate has no migrations that run again when they change. A repeatable one becomes the last,
 * in its text of today: where it is applied in that text it counts as applied. What is pending
 * before it would be out of order, so such a database is brought up to date by Flyway first.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#include "adopt_sql.h"

#define REPEATABLE "R__"
#define IS_REPEATABLE(migration) (text_starts((migration)->version, "R ") != 0)

/* "V1_2__title.sql": ret_version "1.2", ret_title "title". False where it is no such name. */
static bool split_name(const char *file, char **ret_version, char **ret_title)
{
    const char *name = path_name(file), *parted = strstr(name, "__");
    if (!text_ends(name, ".sql") || parted == NULL) {
        return false;
    }
    CLEANUP(mem_freep) char *version = mem_copy_n(name + 1, (size_t)(parted - name - 1));
    for (char *c = version; *c != '\0'; c++) {
        *c = *c == '_' ? '.' : *c;
    }
    if (version[strspn(version, "0123456789.")] != '\0') {
        return false;
    }
    *ret_version = TAKE(version);
    *ret_title = mem_copy_n(parted + 2, strlen(parted + 2) - strlen(".sql"));
    for (char *c = *ret_title; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return true;
}

/* The line without its blanks, in any case. */
static bool says(const struct line *line, const char *packed)
{
    size_t n = 0;
    for (size_t i = 0; i < line->size; i++) {
        char c = line->text[i];
        if (c != ' ' && c != '\t' && packed[n] != (char)(tolower)((unsigned char)c)) {
            return false; /* also where it is longer */
        }
        n += c != ' ' && c != '\t' ? 1 : 0;
    }
    return packed[n] == '\0';
}

/* V1__x.sql.conf beside it: executeInTransaction=false. */
static bool says_no_transaction(struct their_folder *folder, const char *file)
{
    CLEANUP(mem_freep) char *own = mem_printf("%s.conf", file);
    CLEANUP(mem_freep) char *path = path_join(folder->path, own);
    struct source source;
    struct line line;
    if (!path_exists(path) || !their_text(folder, own, &source)) {
        return false;
    }
    for (size_t at = 0; source_line(&source, &at, &line);) {
        if (says(&line, "executeintransaction=false")) {
            return true;
        }
    }
    return false;
}

static bool read_source(struct their_folder *folder, const char *file, struct source *ret_source)
{
    if (!their_text(folder, file, ret_source)) {
        return false;
    }
    refuse_placeholders(folder, ret_source,
                        "write the value itself; then flyway repair, which takes new checksums");
    return true;
}

static void add_migration(struct their_folder *folder, const char *file, const char *version,
                          const char *title)
{
    struct source source;
    bool repeatable = version[0] == '\0';
    CLEANUP(mem_freep)
    char *own = repeatable ? mem_printf("R %s", title) : mem_copy(version);
    struct their_migration *added = their_add(folder, own, title, file);
    added->number = repeatable || strchr(version, '.') != NULL ? NULL : added->version;
    if (read_source(folder, file, &source)) {
        added->text = source.text;
        added->checksum = checksum_flyway(folder->arena, &source);
        added->no_transaction = says_no_transaction(folder, file);
    }
}

static void add_undo(struct their_folder *folder, const char *file, const char *version)
{
    struct source source;
    for (size_t i = 0; i < folder->n; i++) {
        struct their_migration *migration = &folder->items[i];
        if (!IS_REPEATABLE(migration) && version_compare(migration->version, version) == 0) {
            migration->down = read_source(folder, file, &source) ? source.text : NULL;
            return;
        }
    }
    CLEANUP(mem_freep) char *path = path_join(folder->path, file);
    (void)problem_add_plain(&folder->problems, path, "there is no migration V%s to be undone",
                            version);
}

static void refuse_other(struct their_folder *folder, const char *file)
{
    const char *name = path_name(file);
    bool by_name = strchr("VURB", name[0]) != NULL && name[0] != '\0' && strstr(name, "__") != NULL;
    bool program = text_ends(name, ".java") || text_ends(name, ".class") ||
                   text_ends(name, ".kt") || text_ends(name, ".groovy") || text_ends(name, ".py") ||
                   text_ends(name, ".sh");
    CLEANUP(mem_freep) char *path = path_join(folder->path, file);
    if (by_name && program) {
        problem_note(problem_add_plain(&folder->problems, path, "this migration is no SQL"),
                     "write what it does in SQL, in a file of the same version");
    } else if (by_name && text_ends(name, ".sql")) {
        (void)problem_add_plain(&folder->problems, path,
                                name[0] == 'B' ? "headgate has no baseline migrations"
                                               : "the version is no number");
    }
}

static void take_file(struct their_folder *folder, const char *file, bool undo)
{
    CLEANUP(mem_freep) char *version = NULL;
    CLEANUP(mem_freep) char *title = NULL;
    char kind = path_name(file)[0];
    bool known = strchr("VRU", kind) != NULL && split_name(file, &version, &title) &&
                 (kind == 'R') == (version[0] == '\0');
    if (!known && !undo) {
        refuse_other(folder, file);
    } else if (known && undo && kind == 'U') {
        add_undo(folder, file, version);
    } else if (known && !undo && kind != 'U') {
        add_migration(folder, file, version, title);
    }
}

static int compare_versions(const char *a, const char *b)
{
    bool left = text_starts(a, "R ") != 0, right = text_starts(b, "R ") != 0;
    return left != right ? left - right : left ? strcmp(a, b) : version_compare(a, b);
}

static int by_version(const void *a, const void *b)
{
    const struct their_migration *left = a, *right = b;
    int order = compare_versions(left->version, right->version);
    return order != 0 ? order : strcmp(left->file, right->file);
}

/* A dotted version has no number; then none of them may keep theirs. */
static void check_numbers(struct their_folder *folder)
{
    bool all = true, any_repeatable = false;
    for (size_t i = 0; i < folder->n; i++) {
        bool repeatable = IS_REPEATABLE(&folder->items[i]);
        all = all && (repeatable || folder->items[i].number != NULL);
        any_repeatable = any_repeatable || repeatable;
    }
    for (size_t i = 0; i < folder->n && !all; i++) {
        folder->items[i].number = NULL;
    }
    if (any_repeatable) {
        strlist_add(&folder->notes, "A repeatable migration becomes an ordinary one, the last: to "
                                    "change it later, make a new migration.");
    }
}

static bool read_folder(struct their_folder *folder, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    if (!their_files(folder->path, true, &files, err)) {
        return false;
    }
    for (int undo = 0; undo < 2; undo++) {
        for (size_t i = 0; i < files.n; i++) {
            take_file(folder, files.items[i], undo == 1);
        }
    }
    if (folder->n > 0) {
        qsort(folder->items, folder->n, sizeof *folder->items, by_version);
    }
    check_numbers(folder);
    refuse_same_versions(folder, compare_versions);
    return true;
}

static bool same(const struct their_row *row, const struct their_migration *migration)
{
    return compare_versions(row->version, migration->version) == 0;
}

const struct tool tool_flyway = {
    .name = "flyway",
    .usual = {"src/main/resources/db/migration", "db/migration", "sql", "migrations"},
    .read = read_folder,
    .history = &SQL_ADOPT_FLYWAY,
    .table = "flyway_schema_history",
    .same = same,
    .clean_up = "Repair what is half done, then: flyway repair",
    .apply = "flyway migrate",
    .rehash = "where the text of today is right: flyway repair",
};
