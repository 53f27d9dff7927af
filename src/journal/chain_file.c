#include "chain_file.h"

#include <errno.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/file.h"

#define LOCK_PATIENCE ((msec)30000) /* an append takes milliseconds, on a sick disk seconds */
#define LOCK_POLL 1

/* Also while a wish to stop is pending: how a run stops is an event that must be written. */
static bool lock(int fd, int operation, const char *path, struct error *err)
{
    msec deadline = deadline_in(LOCK_PATIENCE);
    while (flock(fd, operation | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return error_set_errno(err, "could not lock %s", path);
        }
        if (deadline_passed(deadline)) {
            (void)error_set(err, ERROR_TIMEOUT, "another process holds the lock of %s", path);
            err->retryable = true;
            return false;
        }
        (void)poll(NULL, 0, LOCK_POLL);
    }
    return true;
}

static int open_patiently(const char *path, int flags)
{
    int fd = -1;
    do {
        fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

bool chain_file_open(const char *path, int flags, struct chain_file *ret_file, struct error *err)
{
    CLEANUP(fd_closep) int fd = open_patiently(path, flags);
    struct stat about;
    if (fd < 0) {
        return error_set_errno(err, "could not open %s", path);
    }
    if (!lock(fd, (flags & O_ACCMODE) == O_RDONLY ? LOCK_SH : LOCK_EX, path, err)) {
        return false;
    }
    if (fstat(fd, &about) != 0) {
        return error_set_errno(err, "could not look at %s", path);
    }
    if (!S_ISREG(about.st_mode)) {
        return error_set(err, ERROR_IO, "%s is no file", path);
    }
    *ret_file = (struct chain_file){.path = path,
                                    .fd = fd_take(&fd),
                                    .size = (size_t)about.st_size,
                                    .device = about.st_dev,
                                    .inode = about.st_ino};
    return true;
}

void chain_file_close(struct chain_file *file)
{
    fd_closep(&file->fd);
}

bool chain_file_read(const struct chain_file *file, size_t from, struct strbuf *ret_text,
                     struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    while (from + text.size < file->size) {
        size_t wanted = file->size - from - text.size;
        ssize_t n = pread(file->fd, strbuf_room(&text, wanted), wanted, (off_t)(from + text.size));
        if (n < 0 && errno != EINTR) {
            return error_set_errno(err, "could not read %s", file->path);
        }
        if (n == 0) {
            return error_set(err, ERROR_IO, "%s became shorter while it was read", file->path);
        }
        strbuf_grown(&text, n > 0 ? (size_t)n : 0);
    }
    strbuf_clear(ret_text);
    *ret_text = text;
    text = (struct strbuf)STRBUF_INIT;
    return true;
}

static bool cut(int fd, size_t end)
{
    int result = -1;
    do {
        result = ftruncate(fd, (off_t)end);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

static bool make_durable(int fd)
{
    int result = -1;
    do {
        result = fdatasync(fd);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

void chain_file_take_back(struct chain_file *file, size_t end)
{
    if (cut(file->fd, end)) {
        (void)make_durable(file->fd); /* best effort: the failure is told already */
    }
}

bool chain_file_append(struct chain_file *file, size_t end, const struct strbuf *line, bool durable,
                       bool *ret_touched, struct error *err)
{
    *ret_touched = false;
    if (file->size > end && !cut(file->fd, end)) {
        return error_set_errno(err, "could not cut off the torn end of %s", file->path);
    }
    *ret_touched = true;
    bool written = fd_write_all(file->fd, line->text, line->size, err);
    if (!written) {
        (void)error_prefix(err, "%s", file->path);
    } else if (durable && !make_durable(file->fd)) {
        written = error_set_errno(err, "could not make durable %s", file->path);
    }
    if (!written) {
        chain_file_take_back(file, end);
        return false;
    }
    file->size = end + line->size;
    return true;
}
