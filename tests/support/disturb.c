/*
 * Loaded with LD_PRELOAD: something happens at the n-th durable step or write of one process.
 *
 *   DISTURB=kill-before:sync:7     SIGKILL before the 7th fsync or fdatasync; kill-after: after it
 *   DISTURB=ENOSPC:write:3         the 3rd write to a file of the state fails so; EIO, too
 *   DISTURB=EIO:sync:3             the same for a sync
 *   DISTURB=short:write:3          half of it is written, what follows fails with ENOSPC
 *   DISTURB=sick:write:3           half of it is written, and from then on every write, sync and
 *                                  truncation fails with EIO; sick:sync:3 begins with that sync
 *   DISTURB=count:sync:0           nothing; DISTURB_COUNT names a file that gets their number
 *
 * Only the process that was started counts, not what it forks; only files under DISTURB_UNDER.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    pid_t pid;
    char what[16], call[16];
    int at, seen;
    bool cut;  /* the rest of a short write fails, too */
    bool sick; /* nothing that changes a file works any more */
    const char *under;
} plan;

__attribute__((constructor)) static void begin(void)
{
    const char *said = getenv("DISTURB");
    plan.under = getenv("DISTURB_UNDER");
    if (said != NULL && sscanf(said, "%15[^:]:%15[^:]:%d", plan.what, plan.call, &plan.at) == 3) {
        plan.pid = getpid();
    }
    (void)unsetenv("LD_PRELOAD"); /* what it starts is not meant */
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("DISTURB_COUNT");
    FILE *file = path != NULL && plan.pid == getpid() ? fopen(path, "w") : NULL;
    if (file != NULL) {
        (void)fprintf(file, "%d\n", plan.seen);
        (void)fclose(file);
    }
}

static bool is_under(int fd)
{
    char link[64], path[4096];
    if (plan.pid != getpid()) {
        return false;
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) {
        return false;
    }
    path[n] = '\0';
    return plan.under == NULL || strstr(path, plan.under) != NULL;
}

static bool is_meant(int fd, const char *call)
{
    return strcmp(call, plan.call) == 0 && is_under(fd);
}

static int failure(void)
{
    return strcmp(plan.what, "EIO") == 0 || plan.sick ? EIO : ENOSPC;
}

static bool is_called(const char *what)
{
    return strcmp(plan.what, what) == 0;
}

static int synced(int fd, const char *name)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    bool now = is_meant(fd, "sync") && ++plan.seen == plan.at;
    if (now && is_called("kill-before")) {
        (void)raise(SIGKILL);
    }
    plan.sick = plan.sick || (now && is_called("sick"));
    if ((now && (is_called("EIO") || is_called("ENOSPC"))) || (plan.sick && is_under(fd))) {
        errno = failure();
        return -1;
    }
    int result = real(fd);
    if (now && is_called("kill-after")) {
        (void)raise(SIGKILL);
    }
    return result;
}

int fsync(int fd)
{
    return synced(fd, "fsync");
}

int fdatasync(int fd)
{
    return synced(fd, "fdatasync");
}

/* How much of it is written: all, a half, or nothing, which fails. */
static ssize_t allowed(int fd, size_t size)
{
    bool now = is_meant(fd, "write") && ++plan.seen == plan.at;
    bool fails = (plan.cut && is_meant(fd, "write")) || (plan.sick && is_under(fd)) ||
                 (now && (is_called("EIO") || is_called("ENOSPC")));
    if (fails) {
        errno = failure();
        return -1;
    }
    plan.cut = plan.cut || (now && is_called("short"));
    plan.sick = plan.sick || (now && is_called("sick"));
    return (ssize_t)(now && (plan.cut || plan.sick) ? size / 2 : size);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    ssize_t n = allowed(fd, size);
    return n < 0 ? n : real(fd, bytes, (size_t)n);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    ssize_t n = allowed(fd, size);
    return n < 0 ? n : real(fd, bytes, (size_t)n, at);
}

int ftruncate(int fd, off_t size)
{
    int (*real)(int, off_t) = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
    if (plan.sick && is_under(fd)) {
        errno = failure();
        return -1;
    }
    return real(fd, size);
}
