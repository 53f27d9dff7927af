/*
 * Liquibase: from a master changelog, or from a folder of formatted SQL files in the order of their
 * names, to changesets; databasechangelog names each by author, id and file. Its checksums are over
 * a text that Liquibase has normalised in a way of each version, and are not compared.
 */
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#include "adopt_sql.h"

#define DEPTH_LIMIT 16 /* of changelogs that include each other */

static bool read_changelog(struct their_folder *folder, const char *file, int depth,
                           struct error *err);

static bool is_changelog(const char *file)
{
    return text_ends(file, ".sql") || text_ends(file, ".xml") || text_ends(file, ".yaml") ||
           text_ends(file, ".yml") || text_ends(file, ".json");
}

static bool read_all_in(struct their_folder *folder, const char *path, int depth, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    CLEANUP(mem_freep) char *full = path_join(folder->path, path);
    bool good = their_files(full, true, &files, err);
    for (size_t i = 0; i < files.n && good; i++) {
        CLEANUP(mem_freep) char *file = path_join(path, files.items[i]);
        good = !is_changelog(file) || read_changelog(folder, file, depth, err);
    }
    return good;
}

/* Where an include leads, relative to the source: to the changelog's folder, or to one of those
 * above it, which Liquibase knows as its search path. */
static char *resolve(const struct their_folder *folder, const char *changelog, const char *value,
                     bool relative)
{
    CLEANUP(mem_freep) char *base = path_parent(changelog);
    value = text_starts(value, "classpath:") ? value + strlen("classpath:") : value;
    CLEANUP(mem_freep)
    char *beside = strchr(changelog, '/') != NULL ? path_join(base, value) : mem_copy(value);
    CLEANUP(mem_freep) char *full = path_join(folder->path, value);
    if (relative || !path_exists(full)) {
        return TAKE(beside);
    }
    return mem_copy(value);
}

/* "changelog/001.sql" in a source that is the folder "changelog" itself. */
static char *without_own_folder(const struct their_folder *folder, char *file)
{
    CLEANUP(mem_freep) char *path = path_join(folder->path, file);
    const char *own = path_name(folder->path), *found = strstr(file, own);
    size_t n = strlen(own);
    if (path_exists(path) || n == 0 || found == NULL || found[n] != '/') {
        return file;
    }
    char *shorter = mem_copy(found + n + 1);
    mem_free(file);
    return shorter;
}

static bool follow(struct their_folder *folder, const char *changelog, const char *include,
                   int depth, struct error *err)
{
    bool relative = include[0] == '~';
    include += relative ? 1 : 0;
    bool all = include[0] == '*';
    include += all ? 1 : 0;
    char *found = resolve(folder, changelog, include, relative);
    CLEANUP(mem_freep) char *file = without_own_folder(folder, found);
    return all ? read_all_in(folder, file, depth - 1, err)
               : read_changelog(folder, file, depth - 1, err);
}

static bool read_master(struct their_folder *folder, const char *file, const struct source *source,
                        int depth, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist includes = STRLIST_INIT;
    bool good = true;
    if (text_ends(file, ".json")) {
        good = liquibase_json(folder, source, &includes, err);
    } else if (text_ends(file, ".xml")) {
        liquibase_xml(folder, source, &includes);
    } else {
        liquibase_yaml(folder, source, &includes);
    }
    for (size_t i = 0; i < includes.n && good; i++) {
        good = follow(folder, file, includes.items[i], depth, err);
    }
    return good;
}

static bool is_formatted(const struct source *source)
{
    struct line line, rest;
    for (size_t at = 0; source_line(source, &at, &line);) {
        if (!line_is_blank(&line)) {
            return line_is_mark(&line, "liquibase formatted", &rest);
        }
    }
    return false;
}

static bool read_changelog(struct their_folder *folder, const char *file, int depth,
                           struct error *err)
{
    struct source source;
    if (depth == 0) {
        (void)problem_add_plain(&folder->problems, file, "changelogs include each other in a ring");
        return true;
    }
    if (!their_text(folder, file, &source)) {
        return true;
    }
    if (!text_ends(file, ".sql")) {
        return read_master(folder, file, &source, depth, err);
    }
    if (is_formatted(&source)) {
        liquibase_changesets(folder, &source);
    } else {
        problem_note(
            problem_add_plain(&folder->problems, source.file,
                              "the file does not begin with \"--liquibase formatted sql\""),
            "write --changeset author:id before each part of it");
    }
    return true;
}

/* The only changelog of these names beside the files; NULL where there is none. */
static const char *find_master(const struct strlist *files)
{
    static const char *const words[] = {"master", "root", "changelog.xml", "changelog.y"};
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        for (size_t i = 0; i < files->n; i++) {
            const char *file = files->items[i];
            if (strstr(file, words[w]) != NULL && is_changelog(file) && !text_ends(file, ".sql")) {
                return file;
            }
        }
    }
    return NULL;
}

static bool read_folder(struct their_folder *folder, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    if (!path_is_folder(folder->path)) {
        const char *whole = folder->path;
        CLEANUP(mem_freep) char *parent = path_parent(whole);
        folder->path = arena_copy(folder->arena, parent);
        return read_changelog(folder, path_name(whole), DEPTH_LIMIT, err);
    }
    if (!their_files(folder->path, false, &files, err)) {
        return false;
    }
    const char *master = find_master(&files);
    return master != NULL ? read_changelog(folder, master, DEPTH_LIMIT, err)
                          : read_all_in(folder, ".", DEPTH_LIMIT, err);
}

/* One of the paths is the end of the other: they start from different folders. */
static bool same_file(const char *a, const char *b)
{
    while (text_starts(a, "./")) {
        a += 2;
    }
    while (text_starts(b, "./")) {
        b += 2;
    }
    size_t n_a = strlen(a), n_b = strlen(b);
    const char *longer = n_a > n_b ? a : b, *shorter = n_a > n_b ? b : a;
    size_t more = strlen(longer) - strlen(shorter);
    return strcmp(longer + more, shorter) == 0 &&
           (more == 0 || strchr("/:", longer[more - 1]) != NULL);
}

static bool same(const struct their_row *row, const struct their_migration *migration)
{
    return text_equal(row->version, migration->version) && same_file(row->file, migration->file);
}

const struct tool tool_liquibase = {
    .name = "liquibase",
    .usual = {"src/main/resources/db/changelog", "db/changelog", "changelog", "liquibase"},
    .read = read_folder,
    .history = &SQL_ADOPT_LIQUIBASE,
    .table = "databasechangelog",
    .same = same,
    .clean_up = "Settle what failed, then: liquibase update",
    .apply = "liquibase update",
};
