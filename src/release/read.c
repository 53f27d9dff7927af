/*
 * Reads a folder of migrations. What is wrong with it is found here, with all mistakes at once, and
 * not half-way through a deploy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "headgate/arena.h"
#include "headgate/file.h"
#include "private.h"

#define LOCK_FILE "migration_lock.toml"

struct reading {
    struct release *release;
    char *real_folder; /* without links */
    struct problems problems;
};

static void reading_clear(struct reading *reading)
{
    release_freep(&reading->release);
    mem_free(reading->real_folder);
    problems_clear(&reading->problems);
}

static void check_text(const struct migration *migration, const struct strbuf *text,
                       struct problems *problems)
{
    const struct source source = {migration->path, text->text, text->size};
    const char *nul = memchr(text->text, '\0', text->size);
    size_t good = text_good_length(text->text, text->size);
    if (nul != NULL) {
        (void)problem_add(problems, &source, (size_t)(nul - text->text), 1,
                          "the file holds a NUL byte");
    } else if (good < text->size) {
        (void)problem_add(problems, &source, good, 1, "the file is not UTF-8");
    } else if (text->text[strspn(text->text, " \t\r\n")] == '\0') {
        (void)problem_add_plain(problems, migration->path, "the file is empty");
    }
}

/* --- one migration --- */

/* What stands outside would not be part of what is promoted. */
static bool is_inside(const struct reading *reading, const char *path)
{
    CLEANUP(mem_freep) char *real = realpath(path, NULL);
    size_t n = strlen(reading->real_folder);
    n -= n > 0 && reading->real_folder[n - 1] == '/' ? 1 : 0;
    return real != NULL && strncmp(real, reading->real_folder, n) == 0 && real[n] == '/';
}

/* False where there is nothing to read, with the problem noted. */
static bool file_is_good(struct reading *reading, const char *folder, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        (void)problem_add_plain(&reading->problems, folder, "the folder has no migration.sql%s%s",
                                errno == ENOENT ? "" : " that can be seen: ",
                                errno == ENOENT ? "" : strerrordesc_np(errno));
        return false;
    }
    if (!S_ISREG(about.st_mode)) {
        (void)problem_add_plain(&reading->problems, path, "this is not a file");
        return false;
    }
    if (!is_inside(reading, path)) {
        problem_note(problem_add_plain(&reading->problems, path,
                                       "this file is outside of the release: a link leads there"),
                     "copy it into the folder");
        return false;
    }
    return true;
}

static void read_migration(struct reading *reading, const char *name)
{
    struct release *release = reading->release;
    struct migration *migration = &release->migrations[release->n];
    CLEANUP(mem_freep) char *folder = path_join(release->folder, name);
    CLEANUP(mem_freep) char *path = path_join(folder, "migration.sql");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!file_is_good(reading, folder, path)) {
        return;
    }
    if (!file_read(path, MIGRATION_LIMIT, &text, &failure)) {
        (void)problem_add_plain(&reading->problems, path, "%s", failure.message);
        return;
    }
    migration->name = arena_copy(release->arena, name);
    migration->path = arena_copy(release->arena, path);
    check_text(migration, &text, &reading->problems);
    text_take_checksums(migration, &text);
    release->n++;
}

static void check_name(struct reading *reading, const char *name)
{
    size_t good = text_good_length(name, strlen(name));
    if (name[good] != '\0') {
        (void)problem_add_plain(&reading->problems, reading->release->folder,
                                "the name of the folder \"%.*s...\" is not UTF-8", (int)good, name);
    }
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            (void)problem_add_plain(&reading->problems, reading->release->folder,
                                    "the name of the folder \"%.*s...\" has a control character",
                                    (int)(c - name), name);
            return;
        }
    }
}

/* --- the folder --- */

/* As Prisma reads it: the first line that starts with this word. No file is fine. */
static bool check_lock_file(struct reading *reading, struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(reading->release->folder, LOCK_FILE);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!path_exists(path)) {
        return true;
    }
    if (!file_read(path, 1u << 16, &text, err)) {
        return false;
    }
    const char *at = text.text;
    while (at != NULL && !text_starts(at, "provider")) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL) {
        return true;
    }
    at += strlen("provider");
    at += strspn(at, " \t=\"'");
    size_t n = strcspn(at, " \t\r\n\"'#");
    CLEANUP(mem_freep) char *provider = mem_copy_n(at, n);
    if (!text_equal(provider, "postgresql") && !text_equal(provider, "postgres")) {
        const struct source source = {path, text.text, text.size};
        (void)problem_add(&reading->problems, &source, (size_t)(at - text.text), n,
                          "these migrations are not for PostgreSQL");
    }
    return true;
}

/* Two migrations made in the same second have no order that everybody agrees on. */
static void check_times(struct reading *reading)
{
    const struct release *release = reading->release;
    for (size_t i = 1; i < release->n; i++) {
        const char *a = release->migrations[i - 1].name, *b = release->migrations[i].name;
        if (name_has_time(a) && name_has_time(b) && strncmp(a, b, TIME_DIGITS) == 0) {
            problem_note(problem_add_plain(&reading->problems, release->folder,
                                           "\"%s\" and \"%s\" have the same time", a, b),
                         "rename the one that should come second");
        }
    }
}

/* A link that leads nowhere is a migration that is missing, not a stray file. */
static bool is_migration(struct reading *reading, const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(reading->release->folder, name);
    struct stat about;
    if (name[0] == '.' || path_is_folder(path) || path_exists(path)) {
        return name[0] != '.' && path_is_folder(path);
    }
    if (lstat(path, &about) == 0 && S_ISLNK(about.st_mode)) {
        (void)problem_add_plain(&reading->problems, path, "this link leads nowhere");
    }
    return false;
}

static bool read_all(struct reading *reading, struct error *err)
{
    struct release *release = reading->release;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!folder_list(release->folder, &names, err)) {
        return false;
    }
    release->migrations = arena_alloc(release->arena, (names.n + 1) * sizeof *release->migrations);
    for (size_t i = 0; i < names.n; i++) {
        if (is_migration(reading, names.items[i])) {
            check_name(reading, names.items[i]);
            read_migration(reading, names.items[i]);
        }
    }
    check_times(reading);
    return check_lock_file(reading, err);
}

static void take_digest(struct release *release)
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    for (size_t i = 0; i < release->n; i++) {
        hash_add_field(hash, release->migrations[i].name);
        hash_add_field(hash, release->migrations[i].checksum);
    }
    hash_finish(hash, release->digest);
}

static bool fail_with(struct problems *problems, const char *folder, struct error *err)
{
    problems_sort(problems);
    (void)error_set(err, ERROR_CONFIG, "the release %s has %zu mistake%s", folder, problems->n,
                    problems->n == 1 ? "" : "s");
    problems_move(&err->problems, problems);
    return false;
}

bool release_read(const char *folder, struct release **ret_release, struct error *err)
{
    CLEANUP(reading_clear) struct reading reading = {.real_folder = realpath(folder, NULL)};
    if (reading.real_folder == NULL || !path_is_folder(folder)) {
        (void)error_set(err, ERROR_CONFIG, "there is no folder of migrations at %s", folder);
        return error_hint(err, "Name it with --release, or make the first migration with: "
                               "headgate create NAME");
    }
    reading.release = mem_new(1, sizeof *reading.release);
    reading.release->arena = arena_new();
    reading.release->folder = mem_copy(folder);
    if (!read_all(&reading, err)) {
        return false;
    }
    if (reading.problems.n > 0) {
        return fail_with(&reading.problems, folder, err);
    }
    take_digest(reading.release);
    *ret_release = TAKE(reading.release);
    return true;
}

void release_freep(struct release **release)
{
    if (*release != NULL) {
        mem_free((*release)->folder);
        arena_free((*release)->arena);
        mem_free(*release);
        *release = NULL;
    }
}
