/* Paths, as texts and as what stands there. */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"

char *path_join(const char *folder, const char *name)
{
    if (name[0] == '/' || folder[0] == '\0') {
        return mem_copy(name);
    }
    return mem_printf("%s%s%s", folder, text_ends(folder, "/") ? "" : "/", name);
}

char *path_parent(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    return n > 0 ? mem_copy_n(path, n) : mem_copy(".");
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool path_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

bool path_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

char *path_display(const char *path)
{
    char here[PATH_MAX]; /* what getcwd can return at most */
    size_t n = path[0] == '/' && getcwd(here, sizeof here) != NULL ? strlen(here) : 0;
    if (n > 1 && strncmp(path, here, n) == 0 && (path[n] == '/' || path[n] == '\0')) {
        const char *below = path + n + strspn(path + n, "/");
        return mem_copy(below[0] != '\0' ? below : ".");
    }
    return mem_copy(path);
}

static bool is_end_of_part(char c)
{
    return c == '/' || c == '\0';
}

char *path_from(const char *folder, const char *path)
{
    struct strbuf way = STRBUF_INIT;
    size_t i = 0, same = 0; /* same: bytes of the folders that both have */
    while (folder[i] != '\0' && folder[i] == path[i]) {
        i++;
        same = is_end_of_part(folder[i]) && is_end_of_part(path[i]) ? i : same;
    }
    for (const char *at = folder + same; *at != '\0'; at++) {
        strbuf_add(&way, *at == '/' && at[1] != '\0' ? "../" : "");
    }
    strbuf_add(&way, path + same + strspn(path + same, "/"));
    return strbuf_take(&way);
}

char *path_find_upwards(const char *from, const char *relative)
{
    CLEANUP(mem_freep) char *folder = realpath(from, NULL);
    while (folder != NULL) {
        CLEANUP(mem_freep) char *candidate = path_join(folder, relative);
        if (path_exists(candidate)) {
            return TAKE(candidate);
        }
        if (text_equal(folder, "/")) {
            return NULL;
        }
        char *above = path_parent(folder);
        mem_free(folder);
        folder = above;
    }
    return NULL;
}
