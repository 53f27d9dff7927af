/* Files: read whole, written so that a crash leaves the old or the new one. */
#include "headgate/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/hash.h"
#include "headgate/interrupt.h"

#define PIECE ((size_t)64 << 10)

bool file_read(const char *path, size_t limit, struct strbuf *ret_text, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct stat about;
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        return error_set_errno(err, "could not read %s", path);
    }
    size_t expected = S_ISREG(about.st_mode) ? (size_t)about.st_size : 0;
    ssize_t n = 1;
    bool ended = false;
    while (n > 0 && !ended && expected <= limit && text.size <= limit) {
        size_t piece = expected > text.size ? expected - text.size + 1 : PIECE;
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (!S_ISREG(about.st_mode) && interrupt_poll(&readable, 1, DEADLINE_NONE) < 0) {
            return interrupt_error(err); /* a pipe into which nobody writes yet */
        }
        n = read(fd, strbuf_room(&text, piece), piece);
        strbuf_grown(&text, n > 0 ? (size_t)n : 0);
        /* No need to ask again; but files of /proc say 0, and come in pieces. */
        ended = expected > 0 && n >= 0 && (size_t)n < piece;
    }
    if (n < 0) {
        return error_set_errno(err, "could not read %s", path);
    }
    if (expected > limit || text.size > limit) {
        return error_set(err, ERROR_IO, "%s is larger than %zu bytes", path, limit);
    }
    strbuf_clear(ret_text);
    *ret_text = text;
    text = (struct strbuf)STRBUF_INIT;
    return true;
}

bool fd_write_all(int fd, const char *bytes, size_t size, struct error *err)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR) {
            return error_set_errno(err, "could not write");
        }
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool file_sync_folder(const char *path, struct error *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        return error_set_errno(err, "could not sync folder %s", path);
    }
    return true;
}

/* Makes the file under its (not yet existing) name, written and synced; removes it again where that
 * fails. */
static bool write_new(const char *path, const char *bytes, size_t size, mode_t mode,
                      struct error *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return error_set_errno(err, "could not make %s", path);
    }
    bool written = fd_write_all(fd, bytes, size, err);
    if (written && fsync(fd) != 0) {
        written = error_set_errno(err, "could not sync");
    }
    if (!written) {
        (void)unlink(path);
        return error_prefix(err, "%s", path);
    }
    return true;
}

static bool sync_parent(const char *path, struct error *err)
{
    CLEANUP(mem_freep) char *folder = path_parent(path);
    return file_sync_folder(folder, err);
}

bool file_write(const char *path, const char *bytes, size_t size, mode_t mode, struct error *err)
{
    char id[UUID_SIZE];
    random_uuid(id);
    CLEANUP(mem_freep) char *temporary = mem_printf("%s.%.8s.tmp", path, id);
    if (!write_new(temporary, bytes, size, mode, err)) {
        return false;
    }
    if (rename(temporary, path) != 0) {
        (void)error_set_errno(err, "could not replace %s", path);
        (void)unlink(temporary);
        return false;
    }
    return sync_parent(path, err);
}

bool file_create(const char *path, const char *bytes, size_t size, mode_t mode, struct error *err)
{
    return write_new(path, bytes, size, mode, err) && sync_parent(path, err);
}
