/*
 * golang-migrate: 0001_title.up.sql and 0001_title.down.sql; schema_migrations has one row, the
 * version that the database is at. A file is one message to the server, as with us.
 */
#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#include "adopt_sql.h"

struct pair {
    char *version, *title;
    const char *up, *down;
};

/* "0001_title.up.sql"; false where it is none of theirs. */
static bool split_name(const char *file, struct pair *ret_pair, bool *ret_up)
{
    size_t digits = strspn(file, "0123456789");
    bool up = text_ends(file, ".up.sql") != 0, down = text_ends(file, ".down.sql") != 0;
    if (digits == 0 || file[digits] != '_' || (!up && !down)) {
        return false;
    }
    const char *title = file + digits + 1;
    size_t size = strlen(title);
    size_t suffix = strlen(up ? ".up.sql" : ".down.sql");
    const char *version = file + strspn(file, "0");
    version = version >= file + digits ? file + digits - 1 : version;
    *ret_pair = (struct pair){
        .version = mem_copy_n(version, (size_t)(file + digits - version)),
        .title = mem_copy_n(title, size > suffix ? size - suffix : 0),
    };
    *ret_up = up;
    return true;
}

static int by_version(const void *a, const void *b)
{
    const struct their_migration *left = a, *right = b;
    int order = version_compare(left->version, right->version);
    return order != 0 ? order : strcmp(left->file, right->file);
}

/* Its way down has the same version, whatever its title. */
static void add_down(struct their_folder *folder, const char *version, const char *file)
{
    struct source source;
    for (size_t i = 0; i < folder->n; i++) {
        if (text_equal(folder->items[i].version, version)) {
            folder->items[i].down = their_text(folder, file, &source) ? source.text : NULL;
            return;
        }
    }
    CLEANUP(mem_freep) char *path = path_join(folder->path, file);
    (void)problem_add_plain(&folder->problems, path, "there is no .up.sql file of this version");
}

static void read_files(struct their_folder *folder, const struct strlist *files, bool want_up)
{
    struct source source;
    for (size_t i = 0; i < files->n; i++) {
        struct pair pair;
        bool up = false;
        if (!split_name(files->items[i], &pair, &up)) {
            continue;
        }
        if (up != want_up) {
            /* the other pass takes it */
        } else if (!up) {
            add_down(folder, pair.version, files->items[i]);
        } else {
            struct their_migration *added =
                their_add(folder, pair.version, pair.title, files->items[i]);
            added->number = added->version;
            added->text = their_text(folder, files->items[i], &source) ? source.text : "";
        }
        mem_free(pair.version);
        mem_free(pair.title);
    }
}

static bool read_folder(struct their_folder *folder, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    if (!their_files(folder->path, false, &files, err)) {
        return false;
    }
    read_files(folder, &files, true);
    read_files(folder, &files, false);
    if (folder->n > 0) {
        qsort(folder->items, folder->n, sizeof *folder->items, by_version);
    }
    refuse_same_versions(folder, version_compare);
    return true;
}

const struct tool tool_golang_migrate = {
    .name = "golang-migrate",
    .usual = {"migrations", "db/migrations", "db/migration"},
    .read = read_folder,
    .history = &SQL_ADOPT_GOLANG_MIGRATE,
    .table = "schema_migrations",
    .same = row_same_number,
    .clean_up = "Repair what is half done, then say so: migrate force VERSION",
    .apply = "migrate up",
};
