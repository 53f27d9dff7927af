/*
 * Files that are being written. Whoever writes one holds a lock on it, under a name that begins
 * with a dot and ends in .part; the lock dies with the writer, however that ends, and then anybody
 * may remove the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

bool part_open(const char *folder, const char *name, char **ret_path, int *ret_fd, bool *ret_taken,
               struct error *err)
{
    CLEANUP(mem_freep) char *path = mem_printf("%s/.%s" PART_END, folder, name);
    CLEANUP(fd_closep) int fd = -1;
    bool locked = false;
    if (!lock_file_try(path, &fd, &locked, err)) {
        return false;
    }
    *ret_taken = !locked;
    if (!locked) {
        return true;
    }
    if (ftruncate(fd, 0) != 0) { /* a dead writer's, of the same name */
        (void)error_set_errno(err, "could not empty %s", path);
        return false;
    }
    *ret_path = TAKE(path);
    *ret_fd = fd_take(&fd);
    return true;
}

bool part_publish(const char *folder, const char *part, int fd, const char *path, struct error *err)
{
    if (fsync(fd) != 0) {
        return error_set_errno(err, "could not sync %s", part);
    }
    if (rename(part, path) != 0) {
        return error_set_errno(err, "could not give %s its name", path);
    }
    return file_sync_folder(folder, err);
}

/* Two that write the same at once must not write into the same file. */
bool part_write(const char *folder, const char *name, const struct strbuf *text, struct error *err)
{
    char id[UUID_SIZE];
    CLEANUP(mem_freep) char *part = NULL;
    CLEANUP(mem_freep) char *path = path_join(folder, name);
    CLEANUP(fd_closep) int fd = -1;
    bool taken = true;
    while (taken) {
        random_uuid(id);
        CLEANUP(mem_freep) char *own = mem_printf("%s.%.8s", name, id);
        if (!part_open(folder, own, &part, &fd, &taken, err)) {
            return false;
        }
    }
    if (!fd_write_all(fd, text->text, text->size, err)) {
        (void)unlink(part);
        return error_prefix(err, "%s", path);
    }
    if (!part_publish(folder, part, fd, path, err)) {
        (void)unlink(part);
        return false;
    }
    return true;
}

/* --- sweeping --- */

/* Whoever made it locks it before anything else, and looks again whether it is still there: so it
 * may be removed under our lock. */
void part_sweep(const char *path)
{
    struct stat held, there;
    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 &&
        lstat(path, &there) == 0 && held.st_ino == there.st_ino && held.st_dev == there.st_dev &&
        S_ISREG(held.st_mode)) {
        (void)unlink(path);
    }
}
