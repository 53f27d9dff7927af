/*
 * Programs by name, in PATH.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/process.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static bool is_program(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        errno = EACCES;
        return false;
    }
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* The program in the first of these folders, which is taken off the list; NULL at its end. An empty
 * part is the current folder. Absolute, because the program may be started in another folder. */
static char *take_candidate(const char **folders, const char *name)
{
    if (*folders == NULL) {
        return NULL;
    }
    const char *end = strchrnul(*folders, ':');
    CLEANUP(mem_freep) char *folder = mem_copy_n(*folders, (size_t)(end - *folders));
    CLEANUP(mem_freep) char *path = path_join(folder[0] != '\0' ? folder : ".", name);
    *folders = *end == ':' ? end + 1 : NULL;
    if (path[0] == '/') {
        return TAKE(path);
    }
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    return path_join(here != NULL ? here : ".", path);
}

/* On NULL errno says why: EACCES where a file of this name is there but cannot be executed, else
 * ENOENT. */
static char *find_in(const char *folders, const char *name)
{
    int reason = ENOENT;
    char *path = take_candidate(&folders, name);
    while (path != NULL && !is_program(path)) {
        reason = errno == EACCES && path_exists(path) ? EACCES : reason;
        mem_free(path);
        path = take_candidate(&folders, name);
    }
    errno = reason;
    return path;
}

char *process_find(const char *name)
{
    const char *folders = getenv("PATH");
    if (name[0] == '\0') {
        errno = ENOENT;
        return NULL;
    }
    if (strchr(name, '/') != NULL) {
        return is_program(name) ? mem_copy(name) : NULL;
    }
    return find_in(folders != NULL ? folders : DEFAULT_PATH, name);
}
