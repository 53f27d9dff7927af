#include "watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "headgate/mem.h"

int watch_file(const char *path)
{
    CLEANUP(fd_closep) int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0) {
        return -1;
    }
    return fd_take(&fd);
}

void watch_quiet(int fd)
{
    char events[4096];
    while (fd >= 0 && read(fd, events, sizeof events) > 0) {
    }
}
