/* Reads a folder of migrations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "private.h"

struct walk {
    struct reading *reading;
    char *real;      /* the folder without links */
    bool via_a_link; /* the migration's folder is one */
};

static void walk_clear(struct walk *walk)
{
    mem_free(walk->real);
}

/* --- one migration --- */

/* What stands outside would not be part of what is promoted. */
static bool is_inside(const struct walk *walk, const char *path)
{
    CLEANUP(mem_freep) char *real = realpath(path, NULL);
    size_t n = strlen(walk->real);
    n -= n > 0 && walk->real[n - 1] == '/' ? 1 : 0;
    return real != NULL && strncmp(real, walk->real, n) == 0 && real[n] == '/';
}

/* False where there is nothing to read, with the problem noted. */
static bool file_is_good(struct walk *walk, const char *folder, const char *path)
{
    struct problems *problems = &walk->reading->problems;
    struct stat about;
    bool there = lstat(path, &about) == 0;
    bool linked = walk->via_a_link || (there && S_ISLNK(about.st_mode));
    if (!there || (linked && stat(path, &about) != 0)) {
        (void)problem_add_plain(problems, folder, "the folder has no %s%s%s", path_name(path),
                                errno == ENOENT ? "" : " that can be seen: ",
                                errno == ENOENT ? "" : strerrordesc_np(errno));
        return false;
    }
    if (!S_ISREG(about.st_mode)) {
        (void)problem_add_plain(problems, path, "this is not a file");
        return false;
    }
    if (linked && !is_inside(walk, path)) {
        problem_note(problem_add_plain(problems, path,
                                       "this file is outside of the release: a link leads there"),
                     "copy it into the folder");
        return false;
    }
    return true;
}

/* False where there is nothing to read, with the problem noted. */
static bool read_text(struct walk *walk, const char *folder, const char *path,
                      struct strbuf *ret_text)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!file_is_good(walk, folder, path)) {
        return false;
    }
    if (!file_read(path, MIGRATION_LIMIT, ret_text, &failure)) {
        (void)problem_add_plain(&walk->reading->problems, path, "%s", failure.message);
        return false;
    }
    return true;
}

static bool is_there(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

static void read_down(struct walk *walk, const char *folder, struct migration *migration)
{
    const char *path = reading_path(walk->reading, migration->name, "down.sql");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (is_there(path) && read_text(walk, folder, path, &text)) {
        const struct source source = {path, text.text, text.size};
        reading_take_down(walk->reading, migration, &source);
    }
}

static void read_migration(struct walk *walk, const char *name)
{
    struct release *release = walk->reading->release;
    struct migration *migration = &release->migrations[release->n];
    CLEANUP(mem_freep) char *folder = path_join(release->folder, name);
    const char *path = reading_path(walk->reading, name, "migration.sql");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!read_text(walk, folder, path, &text)) {
        return;
    }
    const struct source source = {path, text.text, text.size};
    migration->name = arena_copy(release->arena, name);
    reading_take_text(walk->reading, migration, &source);
    read_down(walk, folder, migration);
    release->n++;
}

/* A link that leads nowhere is a migration that is missing, not a stray file. */
static bool is_migration(struct walk *walk, const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(walk->reading->release->folder, name);
    struct stat about;
    if (name[0] == '.' || lstat(path, &about) != 0) {
        return false;
    }
    walk->via_a_link = S_ISLNK(about.st_mode);
    if (walk->via_a_link && stat(path, &about) != 0) {
        (void)problem_add_plain(&walk->reading->problems, path, "this link leads nowhere");
        return false;
    }
    return S_ISDIR(about.st_mode);
}

/* --- the folder --- */

/* No such file is fine. */
static bool read_small(struct walk *walk, const char *name, struct release_file *ret_file,
                       struct error *err)
{
    struct release *release = walk->reading->release;
    const char *path = reading_path(walk->reading, NULL, name);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    bool is_elses = text_equal(name, ORDER_FILE) && path_is_folder(path); /* our state, perhaps */
    if (is_elses || !path_exists(path)) {
        return true;
    }
    if (!file_read(path, SMALL_FILE_LIMIT, &text, err)) {
        return false;
    }
    *ret_file =
        (struct release_file){arena_copy_n(release->arena, text.text, text.size), text.size};
    return true;
}

static bool refuse_prisma8(const char *path, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG,
                    "%s is in the folder format of Prisma 8, which headgate does not read yet",
                    path);
    (void)error_detail(err, "It has ops.json and migration.json, which are operations and no SQL.");
    return error_hint(err, "Keep the project's migrations with Prisma 7, whose folders have a "
                           "migration.sql each; or write what Prisma 8 has planned as SQL: "
                           "headgate create NAME");
}

bool folder_read(struct reading *reading, struct error *err)
{
    struct release *release = reading->release;
    CLEANUP(walk_clear)
    struct walk walk = {.reading = reading, .real = realpath(release->folder, NULL)};
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *prisma8 = NULL;
    if (walk.real == NULL) {
        return error_set_errno(err, "could not read %s", release->folder);
    }
    if (!folder_list(release->folder, &names, err)) {
        return false;
    }
    release->migrations = arena_alloc(release->arena, (names.n + 1) * sizeof *release->migrations);
    for (size_t i = 0; i < names.n; i++) {
        if (is_migration(&walk, names.items[i])) {
            reading_check_name(reading, names.items[i]);
            read_migration(&walk, names.items[i]);
        }
    }
    /* some folder of it has no migration.sql, which is a problem by now */
    if (reading->problems.n > 0 && prisma8_find(release->folder, &names, &prisma8)) {
        return refuse_prisma8(prisma8, err);
    }
    return read_small(&walk, LOCK_FILE, &release->lock, err) &&
           read_small(&walk, ORDER_FILE, &release->order, err);
}
