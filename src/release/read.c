/*
 * Reads a release, from a folder or a bundle. What is wrong with it is found here, with all
 * mistakes at once, and not half-way through a deploy.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "private.h"

static void reading_clear(struct reading *reading)
{
    release_freep(&reading->release);
    problems_clear(&reading->problems);
}

const char *reading_path(const struct reading *reading, const char *name, const char *file)
{
    const struct release *release = reading->release;
    if (release->bundled) {
        return arena_printf(release->arena, "%s:migrations/%s%s%s", release->folder,
                            name != NULL ? name : "", name != NULL ? "/" : "", file);
    }
    return arena_printf(release->arena, "%s%s%s%s%s", release->folder,
                        text_ends(release->folder, "/") ? "" : "/", name != NULL ? name : "",
                        name != NULL ? "/" : "", file);
}

void reading_check_name(struct reading *reading, const char *name)
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

void reading_take_text(struct reading *reading, struct migration *migration,
                       const struct source *text)
{
    struct directives directives = {.lock_timeout = -1, .statement_timeout = -1};
    if (text_check(text, &reading->problems)) {
        directives_read(text, &directives, &reading->problems);
    }
    migration->path = text->file;
    migration->size = text->size;
    migration->no_transaction = directives.no_transaction;
    migration->lock_timeout = directives.lock_timeout;
    migration->statement_timeout = directives.statement_timeout;
    migration->down = (struct directives){.lock_timeout = -1, .statement_timeout = -1};
    text_take_checksums(migration, text);
}

void reading_take_down(struct reading *reading, struct migration *migration,
                       const struct source *text)
{
    if (text_check(text, &reading->problems)) {
        directives_read(text, &migration->down, &reading->problems);
    }
    migration->down_path = text->file;
    migration->down_size = text->size;
    hash_sha256(text->text, text->size, migration->down_checksum);
}

/* As Prisma reads it: the first line that starts with this word. No file is fine. */
static void check_lock_file(struct reading *reading)
{
    const struct release_file *lock = &reading->release->lock;
    const char *at = lock->text;
    while (at != NULL && !text_starts(at, "provider")) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL) {
        return;
    }
    at += strlen("provider");
    at += strspn(at, " \t=\"'");
    size_t n = strcspn(at, " \t\r\n\"'#");
    CLEANUP(mem_freep) char *provider = mem_copy_n(at, n);
    if (!text_equal(provider, "postgresql") && !text_equal(provider, "postgres")) {
        const struct source source = {reading_path(reading, NULL, LOCK_FILE), lock->text,
                                      lock->size};
        problem_note(problem_add(&reading->problems, &source, (size_t)(at - lock->text), n,
                                 "these migrations are not for PostgreSQL"),
                     "headgate deploys to PostgreSQL only; --release names another folder");
    }
}

static void take_digest(struct release *release)
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    for (size_t i = 0; i < release->n; i++) {
        const struct migration *migration = &release->migrations[i];
        hash_add_field(hash, migration->name);
        hash_add_field(hash, migration->checksum);
        if (migration->down_path != NULL) {
            /* no migration has a name with a slash */
            CLEANUP(mem_freep) char *down = mem_printf("%s/down.sql", migration->name);
            hash_add_field(hash, down);
            hash_add_field(hash, migration->down_checksum);
        }
    }
    hash_finish(hash, release->digest);
}

static bool fail_with(struct problems *problems, const char *path, struct error *err)
{
    problems_sort(problems);
    (void)error_set(err, ERROR_CONFIG, "the release %s has %zu mistake%s", path, problems->n,
                    problems->n == 1 ? "" : "s");
    problems_move(&err->problems, problems);
    return false;
}

static bool read_either(struct reading *reading, struct error *err)
{
    struct release *release = reading->release;
    char said[HASH_HEX_SIZE] = "";
    if (!(release->bundled ? bundle_read(reading, said, err) : folder_read(reading, err))) {
        return false;
    }
    reading_check_order(reading);
    check_lock_file(reading);
    if (reading->problems.n > 0) {
        return fail_with(&reading->problems, release->folder, err);
    }
    take_digest(release);
    if (release->bundled && !text_equal(said, release->digest)) {
        return error_set(err, ERROR_CONFIG,
                         "%s says that it is release %.8s, and what is in it is release %.8s",
                         release->folder, said, release->digest);
    }
    return true;
}

bool release_read(const char *path, struct release **ret_release, struct error *err)
{
    CLEANUP(reading_clear) struct reading reading = {0};
    struct stat about;
    if (stat(path, &about) != 0 || (!S_ISDIR(about.st_mode) && !S_ISREG(about.st_mode))) {
        (void)error_set(err, ERROR_CONFIG, "there is no folder of migrations at %s", path);
        return error_hint(err, "Name it, or a bundle, with --release, or make the first migration "
                               "with: headgate create NAME");
    }
    reading.release = mem_new(1, sizeof *reading.release);
    reading.release->arena = arena_new();
    reading.release->folder = mem_copy(path);
    reading.release->bundled = S_ISREG(about.st_mode);
    if (!read_either(&reading, err)) {
        return false;
    }
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
