/* The folder format of Prisma 8: app/<time>_<name>/ with ops.json and migration.json, which are
 * operations and no SQL. It is only recognised, so that it can be refused by its name. */
#include "headgate/file.h"
#include "private.h"

static bool has(const char *folder, const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(folder, name);
    return path_exists(path);
}

static bool is_one(const char *folder)
{
    return !has(folder, "migration.sql") &&
           (has(folder, "ops.json") || has(folder, "migration.json"));
}

static char *find_below(const char *folder)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT; /* reading it as a migration tells */
    if (has(folder, "migration.sql") || !folder_list(folder, &names, &ignored)) {
        return NULL;
    }
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *path = path_join(folder, names.items[i]);
        if (is_one(path)) {
            return TAKE(path);
        }
    }
    return NULL;
}

bool prisma8_find(const char *folder, const struct strlist *names, char **ret_path)
{
    for (size_t i = 0; i < names->n; i++) {
        CLEANUP(mem_freep) char *path = path_join(folder, names->items[i]);
        char *found = NULL;
        if (names->items[i][0] == '.' || !path_is_folder(path)) {
            continue;
        }
        found = is_one(path) ? TAKE(path) : find_below(path);
        if (found != NULL) {
            *ret_path = found;
            return true;
        }
    }
    return false;
}
