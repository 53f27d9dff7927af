/*
 * Reads a folder of migrations. What is wrong with it is found here, with all mistakes at once, and not half-way through a
 * deploy.
 */
#include <stdlib.h>
#include <string.h>

#include "headgate/arena.h"
#include "headgate/file.h"
#include "headgate/release.h"

#define LOCK_FILE "migration_lock.toml"
#define NAME_LIMIT 255 /* bytes: the history's column holds no more */

static bool text_is_utf8(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        unsigned char c = (unsigned char)text[i];
        size_t n = c < 0x80 ? 1 : (c >> 5) == 6 ? 2 : (c >> 4) == 14 ? 3 : (c >> 3) == 30 ? 4 : 0;
        if (n == 0 || i + n > size) {
            return false;
        }
        for (size_t k = 1; k < n; k++) {
            if (((unsigned char)text[i + k] >> 6) != 2) {
                return false;
            }
        }
        i += n;
    }
    return true;
}

/* The checksum of the same text with the other line breaks, as Prisma compares it. */
static void take_checksums(struct migration *migration, const struct strbuf *text)
{
    CLEANUP(strbuf_clear) struct strbuf lf = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf crlf = STRBUF_INIT;
    hash_bytes(text->text, text->size, migration->checksum);
    for (size_t i = 0; i < text->size; i++) {
        bool pair = text->text[i] == '\r' && i + 1 < text->size && text->text[i + 1] == '\n';
        if (!pair) {
            strbuf_add_char(&lf, text->text[i]);
        }
        if (text->text[i] == '\n') {
            strbuf_add_char(&crlf, '\r');
        }
        strbuf_add_char(&crlf, text->text[i]);
    }
    hash_bytes(lf.text, lf.size, migration->checksum_lf);
    hash_bytes(crlf.text, crlf.size, migration->checksum_crlf);
}

static void check_text(const struct migration *migration, const struct strbuf *text,
                       struct problems *problems)
{
    if (memchr(text->text, '\0', text->size) != NULL) {
        (void)problem_add_plain(problems, migration->path, "the file contains a NUL byte");
    } else if (!text_is_utf8(text->text, text->size)) {
        (void)problem_add_plain(problems, migration->path, "the file is not UTF-8");
    } else if (text->text[strspn(text->text, " \t\r\n")] == '\0') {
        (void)problem_add_plain(problems, migration->path, "the file is empty");
    }
}

static bool read_migration(struct release *release, const char *name, struct problems *problems,
                           struct error *err)
{
    struct migration *migration = &release->migrations[release->n];
    CLEANUP(mem_freep) char *folder = path_join(release->folder, name);
    CLEANUP(mem_freep) char *path = path_join(folder, "migration.sql");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct error failure = ERROR_INIT;
    migration->name = arena_copy(release->arena, name);
    migration->path = arena_copy(release->arena, path);
    if (!path_exists(path)) {
        (void)problem_add_plain(problems, folder, "the folder has no migration.sql");
        return true;
    }
    if (!file_read(path, MIGRATION_LIMIT, &text, &failure)) {
        error_move(err, &failure);
        return false;
    }
    check_text(migration, &text, problems);
    take_checksums(migration, &text);
    release->n++;
    return true;
}

/* Prisma writes: provider = "postgresql". No file is fine. */
static bool check_lock_file(const char *folder, struct problems *problems, struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(folder, LOCK_FILE);
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
    const char *quote = at != NULL ? strchr(at, '"') : NULL;
    if (quote != NULL && !text_starts(quote, "\"postgresql\"") &&
        !text_starts(quote, "\"postgres\"")) {
        struct source source = {path, text.text, text.size};
        (void)problem_add(problems, &source, (size_t)(quote - text.text), strcspn(quote, "\n\r"),
                          "these migrations are not for PostgreSQL");
    }
    return true;
}

static void check_name(const char *folder, const char *name, struct problems *problems)
{
    if (strlen(name) > NAME_LIMIT) {
        (void)problem_add_plain(problems, folder, "the name of \"%s\" is longer than %d bytes", name,
                                NAME_LIMIT);
    }
    if (!text_is_utf8(name, strlen(name))) {
        (void)problem_add_plain(problems, folder, "the name of a folder is not UTF-8");
    }
}

/* Two migrations made in the same second have no order that everybody agrees on. */
static void check_timestamps(const struct release *release, struct problems *problems)
{
    for (size_t i = 1; i < release->n; i++) {
        const char *a = release->migrations[i - 1].name, *b = release->migrations[i].name;
        if (strspn(b, "0123456789") == 14 && strncmp(a, b, 14) == 0) {
            struct problem *problem =
                problem_add_plain(problems, release->folder, "\"%s\" and \"%s\" have the same time",
                                  a, b);
            problem_note(problem, "rename the one that should come second");
        }
    }
}

static bool read_all(struct release *release, struct problems *problems, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!folder_list(release->folder, &names, err)) {
        return false;
    }
    release->migrations =
        arena_alloc(release->arena, (names.n + 1) * sizeof *release->migrations);
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *path = path_join(release->folder, names.items[i]);
        if (names.items[i][0] == '.' || !path_is_folder(path)) {
            continue;
        }
        check_name(release->folder, names.items[i], problems);
        if (!read_migration(release, names.items[i], problems, err)) {
            return false;
        }
    }
    check_timestamps(release, problems);
    return check_lock_file(release->folder, problems, err);
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
    size_t n = problems->n;
    (void)error_set(err, ERROR_CONFIG, "the release %s has %zu mistake%s", folder, n,
                    n == 1 ? "" : "s");
    problems_move(&err->problems, problems);
    return false;
}

bool release_read(const char *folder, struct release **ret_release, struct error *err)
{
    CLEANUP(release_freep) struct release *release = mem_new(1, sizeof *release);
    CLEANUP(problems_clear) struct problems problems = {0};
    release->arena = arena_new();
    release->folder = mem_copy(folder);
    if (!path_is_folder(folder)) {
        (void)error_set(err, ERROR_CONFIG, "there is no folder of migrations at %s", folder);
        return error_hint(err, "Name it with --release, or make the first migration with: "
                               "headgate create NAME");
    }
    if (!read_all(release, &problems, err)) {
        return false;
    }
    if (problems.n > 0) {
        return fail_with(&problems, folder, err);
    }
    take_digest(release);
    *ret_release = TAKE(release);
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
