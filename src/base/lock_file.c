/*
 * Locks that die with their holder. Somebody may remove the file between our open and our lock;
 * then we hold a lock that nobody else can see, so the path is looked at again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"

#define LOCK_POLL 20

static bool is_still_there(int fd, const char *path)
{
    struct stat held, there;
    return fstat(fd, &held) == 0 && stat(path, &there) == 0 && held.st_dev == there.st_dev &&
           held.st_ino == there.st_ino;
}

bool lock_file_try(const char *path, int *ret_fd, bool *ret_locked, struct error *err)
{
    for (;;) {
        CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            return error_set_errno(err, "could not open lock file %s", path);
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                *ret_locked = false;
                return true;
            }
            return error_set_errno(err, "could not lock %s", path);
        }
        if (is_still_there(fd, path)) {
            *ret_locked = true;
            *ret_fd = fd_take(&fd);
            return true;
        }
    }
}

bool lock_file_wait(const char *path, int64_t deadline, int *ret_fd, struct error *err)
{
    bool locked = false;
    while (lock_file_try(path, ret_fd, &locked, err)) {
        if (locked) {
            return true;
        }
        if (deadline_passed(deadline)) {
            return error_set(err, ERROR_TIMEOUT, "another process holds %s", path);
        }
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
        deadline_sleep(deadline_earlier(deadline_in(LOCK_POLL), deadline));
    }
    return false;
}
