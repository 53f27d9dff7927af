/* Folders: made, listed, removed as whole trees. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/file.h"

#define REMOVE_PATIENCE 2000 /* while somebody still writes into the tree */
#define RETRY_AFTER 10

bool folder_make(const char *path, mode_t mode, struct error *err)
{
    if (mkdir(path, mode) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        CLEANUP(mem_freep) char *above = path_parent(path);
        if (!text_equal(above, path) && !folder_make(above, mode, err)) {
            return false;
        }
        if (mkdir(path, mode) == 0) {
            return true;
        }
    }
    int failed = errno;
    if (failed == EEXIST && path_is_folder(path)) {
        return true;
    }
    errno = failed;
    return error_set_errno(err, "could not make folder %s", path);
}

static void closedirp(DIR **stream)
{
    if (*stream != NULL) {
        (void)closedir(*stream);
    }
}

static bool is_self(const char *name)
{
    return text_equal(name, ".") || text_equal(name, "..");
}

/* The next entry; NULL at the end (errno 0) and where it could not be read. */
static struct dirent *read_next(DIR *stream)
{
    errno = 0;
    return readdir(stream);
}

static bool read_names(DIR *stream, struct strlist *names)
{
    for (struct dirent *entry = read_next(stream); entry != NULL; entry = read_next(stream)) {
        if (!is_self(entry->d_name)) {
            strlist_add(names, entry->d_name);
        }
    }
    return errno == 0;
}

bool folder_list(const char *path, struct strlist *ret_names, struct error *err)
{
    CLEANUP(closedirp) DIR *stream = opendir(path);
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (stream == NULL || !read_names(stream, &names)) {
        return error_set_errno(err, "could not read folder %s", path);
    }
    strlist_sort(&names);
    strlist_clear(ret_names);
    *ret_names = names;
    names = (struct strlist)STRLIST_INIT;
    return true;
}

/* Removes what it can below the folder; 0, or the first errno that a caller may want to wait for.
 */
static int remove_below(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP(closedirp) DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (stream == NULL) {
        return errno == ENOENT ? 0 : errno;
    }
    int result = read_names(stream, &names) ? 0 : errno;
    for (size_t i = 0; i < names.n; i++) {
        int failed = 0;
        if (unlinkat(fd, names.items[i], 0) != 0 && errno != ENOENT) {
            failed = errno == EISDIR ? remove_below(fd, names.items[i]) : errno;
        }
        result = result != 0 ? result : failed;
    }
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT && result == 0) {
        result = errno;
    }
    return result;
}

bool folder_remove(const char *path, struct error *err)
{
    msec deadline = deadline_in(REMOVE_PATIENCE);
    int failed = remove_below(AT_FDCWD, path);
    while (failed == ENOTEMPTY && !deadline_passed(deadline)) {
        (void)poll(NULL, 0, RETRY_AFTER); /* not deadline_sleep: also after a wish to stop */
        failed = remove_below(AT_FDCWD, path);
    }
    if (failed != 0) {
        errno = failed;
        return error_set_errno(err, "could not remove %s", path);
    }
    return true;
}
