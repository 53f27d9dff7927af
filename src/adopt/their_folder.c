/* Folders and files of other tools: listed, read, and their mistakes gathered. */
#include <string.h>

#include "headgate/file.h"
#include "headgate/release.h"
#include "private.h"

#define DEPTH_LIMIT 16 /* links can make a ring */
#define BOM "\xef\xbb\xbf"

static bool list_below(const char *root, const char *below, int depth, struct strlist *files,
                       struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *path = below[0] != '\0' ? path_join(root, below) : mem_copy(root);
    bool good = folder_list(path, &names, err);
    for (size_t i = 0; i < names.n && good; i++) {
        CLEANUP(mem_freep)
        char *relative =
            below[0] != '\0' ? path_join(below, names.items[i]) : mem_copy(names.items[i]);
        CLEANUP(mem_freep) char *full = path_join(root, relative);
        if (!path_is_folder(full)) {
            strlist_add(files, relative);
        } else if (depth > 0 && names.items[i][0] != '.') {
            good = list_below(root, relative, depth - 1, files, err);
        }
    }
    return good;
}

bool their_files(const char *path, bool recursive, struct strlist *ret_files, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    if (!list_below(path, "", recursive ? DEPTH_LIMIT : 0, &files, err)) {
        return false;
    }
    strlist_sort(&files);
    *ret_files = files;
    files = (struct strlist)STRLIST_INIT;
    return true;
}

bool their_text(struct their_folder *folder, const char *file, struct source *ret_source)
{
    CLEANUP(mem_freep) char *path = path_join(folder->path, file);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!file_read(path, MIGRATION_LIMIT, &text, &failure)) {
        (void)problem_add_plain(&folder->problems, path, "%s", failure.message);
        return false;
    }
    size_t skipped = text_starts(text.text, BOM) ? strlen(BOM) : 0;
    *ret_source = (struct source){
        .file = arena_copy(folder->arena, path),
        .text = arena_copy_n(folder->arena, text.text + skipped, text.size - skipped),
        .size = text.size - skipped,
    };
    if (!text_is_utf8(ret_source->text, ret_source->size)) {
        (void)problem_add_plain(&folder->problems, path,
                                "the file is not UTF-8, or holds a NUL byte");
        return false;
    }
    return true;
}

struct their_migration *their_add(struct their_folder *folder, const char *version,
                                  const char *title, const char *file)
{
    folder->items = mem_resize(folder->items, folder->n + 1, sizeof *folder->items);
    struct their_migration *added = &folder->items[folder->n++];
    *added = (struct their_migration){
        .version = arena_copy(folder->arena, version),
        .title = arena_copy(folder->arena, title),
        .file = arena_copy(folder->arena, file),
        .text = "",
    };
    return added;
}

void refuse_same_versions(struct their_folder *folder, int (*compare)(const char *a, const char *b))
{
    for (size_t i = 1; i < folder->n; i++) {
        const struct their_migration *a = &folder->items[i - 1], *b = &folder->items[i];
        if (compare(a->version, b->version) == 0) {
            (void)problem_add_plain(&folder->problems, folder->path,
                                    "\"%s\" and \"%s\" have the same version", a->file, b->file);
        }
    }
}

void their_folder_clear(struct their_folder *folder)
{
    mem_free(folder->items);
    problems_clear(&folder->problems);
    strlist_clear(&folder->notes);
    arena_freep(&folder->arena);
}
