/* What is there: the folder itself is the index. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#define TOLD 5
#define TOGETHER 16 /* archives that are looked at at a time */

/* The files of the archives of this environment (NULL: of all), in no order, out of all names. */
static bool archive_files(const struct vault *vault, const char *environment,
                          struct strlist *ret_files, struct strlist *ret_names, struct error *err)
{
    if (!vault->depot.kind->list(&vault->depot, ret_names, err)) {
        return error_prefix(err, "the vault");
    }
    for (size_t i = 0; i < ret_names->n; i++) {
        bool encrypted = false;
        int64_t created = 0;
        const char *file = ret_names->items[i];
        CLEANUP(mem_freep) char *name = archive_name_of(file, &encrypted);
        CLEANUP(mem_freep) char *its = NULL;
        if (name != NULL && (environment == NULL || (backup_name_parse(name, &its, &created) &&
                                                     text_equal(its, environment)))) {
            strlist_add(ret_files, file);
        }
    }
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct vault_item *one = a, *other = b;
    if (one->created != other->created) {
        return one->created > other->created ? -1 : 1;
    }
    return strcmp(other->name, one->name);
}

/* What item_read will want of the next archives; of none: what was seen is forgotten. */
static void look_ahead(const struct depot *depot, const struct strlist *files, size_t from,
                       const struct strlist *names)
{
    CLEANUP(strlist_clear) struct strlist wanted = STRLIST_INIT;
    if (depot->kind->look_ahead == NULL) {
        return;
    }
    for (size_t i = from; i < files->n && i < from + TOGETHER; i++) {
        bool encrypted = false;
        CLEANUP(mem_freep) char *name = archive_name_of(files->items[i], &encrypted);
        strlist_add(&wanted, files->items[i]);
        strlist_printf(&wanted, "%s" PROOF_END, name);
        if (encrypted) {
            strlist_printf(&wanted, "%s" SUMMARY_END, name);
        }
    }
    depot->kind->look_ahead(depot, &wanted, names);
}

bool vault_list(const struct vault *vault, const char *environment, struct vault_list *ret_list,
                struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!archive_files(vault, environment, &files, &names, err)) {
        return false;
    }
    struct vault_list list = {.items = mem_new(files.n + 1, sizeof *list.items)};
    for (size_t i = 0; i < files.n; i++) {
        struct vault_item *item = &list.items[list.n];
        if (i % TOGETHER == 0) {
            look_ahead(&vault->depot, &files, i, &names);
        }
        item_read(&vault->depot, files.items[i], item);
        if (item->error.sys_errno == ENOENT) {
            vault_item_clear(item); /* removed meanwhile */
        } else {
            list.n++;
        }
    }
    look_ahead(&vault->depot, &files, files.n, &names);
    qsort(list.items, list.n, sizeof *list.items, newest_first);
    *ret_list = list;
    return true;
}

void vault_list_clear(struct vault_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        vault_item_clear(&list->items[i]);
    }
    mem_free(list->items);
    *list = (struct vault_list){0};
}

/* --- finding one --- */

struct found {
    struct strlist files; /* that the name could mean */
    const char *exact;    /* the one that it is; borrowed from the candidates */
};

static int64_t time_of(const char *file)
{
    bool encrypted = false;
    int64_t created = INT64_MIN;
    CLEANUP(mem_freep) char *name = archive_name_of(file, &encrypted);
    CLEANUP(mem_freep) char *environment = NULL;
    return backup_name_parse(name, &environment, &created) ? created : INT64_MIN;
}

static int file_newest_first(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *other = *(char *const *)b;
    int64_t first = time_of(one), second = time_of(other);
    if (first != second) {
        return first > second ? -1 : 1;
    }
    return strcmp(other, one);
}

static void find_matches(const struct strlist *candidates, const char *named, struct found *found)
{
    for (size_t i = 0; i < candidates->n; i++) {
        const char *file = candidates->items[i];
        bool encrypted = false;
        CLEANUP(mem_freep) char *name = archive_name_of(file, &encrypted);
        if (text_equal(file, named) || text_equal(name, named)) {
            found->exact = file;
        }
        if (text_starts(file, named)) {
            strlist_add(&found->files, file);
        }
    }
}

/* "A", "B" and "C", the newest first, at most TOLD of them. */
static char *some_names(const struct strlist *files)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i < files->n && i < TOLD; i++) {
        bool encrypted = false;
        strlist_take(&names, archive_name_of(files->items[i], &encrypted));
    }
    if (files->n > TOLD) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        for (size_t i = 0; i < names.n; i++) {
            strbuf_printf(&text, "\"%s\", ", names.items[i]);
        }
        strbuf_printf(&text, "and %zu older ones", files->n - TOLD);
        return strbuf_take(&text);
    }
    return strlist_sentence(&names);
}

static bool refuse_unknown(const struct vault *vault, const char *environment, const char *named,
                           const struct strlist *candidates, struct error *err)
{
    CLEANUP(mem_freep) char *of = environment != NULL ? mem_printf(" of %s", environment) : NULL;
    const char *whose = of != NULL ? of : "";
    if (candidates->n == 0) {
        (void)error_set(err, ERROR_USAGE, "there is no backup%s in %s", whose, vault->depot.shown);
        return error_hint(err, "headgate backup create %s makes one.",
                          environment != NULL ? environment : "ENV");
    }
    CLEANUP(mem_freep) char *names = some_names(candidates);
    (void)error_set(err, ERROR_USAGE, "there is no backup \"%s\"%s in %s", named, whose,
                    vault->depot.shown);
    return error_hint(err, "There is %s.", names);
}

static bool choose(const struct vault *vault, const char *environment, const char *named,
                   const struct strlist *candidates, const char **ret_file, struct error *err)
{
    if (text_equal(named, "latest") && candidates->n > 0) {
        *ret_file = candidates->items[0];
        return true;
    }
    struct found found = {.files = STRLIST_INIT};
    CLEANUP(strlist_clear) struct strlist matches = STRLIST_INIT;
    find_matches(candidates, named, &found);
    matches = found.files;
    if (found.exact == NULL && matches.n > 1 && named[0] != '\0') {
        CLEANUP(mem_freep) char *names = some_names(&matches);
        (void)error_set(err, ERROR_USAGE, "\"%s\" is the beginning of several backups", named);
        return error_hint(err, "Write more of it: there is %s.", names);
    }
    if (found.exact == NULL && (matches.n == 0 || named[0] == '\0')) {
        return refuse_unknown(vault, environment, named, candidates, err);
    }
    for (size_t i = 0; i < candidates->n && found.exact == NULL; i++) {
        found.exact =
            text_equal(candidates->items[i], matches.items[0]) ? candidates->items[i] : NULL;
    }
    *ret_file = found.exact;
    return true;
}

static bool find_path(const struct vault *vault, const char *path, struct vault_item *ret_item,
                      struct error *err)
{
    bool encrypted = false, there = false;
    CLEANUP(depot_clear) struct depot other = {0};
    CLEANUP(mem_freep) char *name = archive_name_of(path_name(path), &encrypted);
    CLEANUP(mem_freep) char *folder = path_parent(path);
    const struct depot *depot = depot_of(vault, folder, &other);
    if (name != NULL && !depot->kind->has(depot, path_name(path), &there, err)) {
        return false;
    }
    if (!there) {
        (void)error_set(err, ERROR_USAGE, "there is no backup at %s", path);
        return error_hint(err, "A backup is a file whose name ends in " ARCHIVE_END
                               " or " ENCRYPTED_END ".");
    }
    item_read(depot, path_name(path), ret_item);
    return true;
}

bool vault_find(const struct vault *vault, const char *environment, const char *named,
                struct vault_item *ret_item, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist candidates = STRLIST_INIT;
    const char *file = NULL;
    if (strchr(named, '/') != NULL) {
        return find_path(vault, named, ret_item, err);
    }
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!archive_files(vault, environment, &candidates, &names, err)) {
        return false;
    }
    if (candidates.n > 1) {
        qsort(candidates.items, candidates.n, sizeof *candidates.items, file_newest_first);
    }
    if (!choose(vault, environment, named, &candidates, &file, err)) {
        return false;
    }
    item_read(&vault->depot, file, ret_item);
    return true;
}
