/*
 * Files without a name: whatever becomes of us, nothing of them stays. Programs that we run reach
 * them through /proc, for as long as we hold them open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

static const char *folder(void)
{
    const char *wanted = getenv("TMPDIR");
    return wanted != NULL && wanted[0] == '/' ? wanted : "/tmp";
}

/* Not every file system knows O_TMPFILE: there a name is taken away at once. */
static int open_nameless(void)
{
    int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) {
        return fd;
    }
    CLEANUP(mem_freep) char *name = mem_printf("%s/headgate-XXXXXX", folder());
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) {
        (void)unlink(name);
    }
    return fd;
}

bool temporary_open(struct temporary *ret_temporary, struct error *err)
{
    int fd = open_nameless();
    if (fd < 0) {
        return error_set_errno(err, "could not make a temporary file in \"%s\"", folder());
    }
    *ret_temporary =
        (struct temporary){.fd = fd, .path = mem_printf("/proc/%d/fd/%d", (int)getpid(), fd)};
    return true;
}

bool temporary_add(void *context, const char *bytes, size_t n, struct error *err)
{
    const struct temporary *temporary = context;
    return fd_write_all(temporary->fd, bytes, n, err) ||
           error_prefix(err, "could not write a temporary file in \"%s\"", folder());
}

void temporary_clear(struct temporary *temporary)
{
    fd_closep(&temporary->fd);
    mem_free(temporary->path);
    temporary->path = NULL;
}
