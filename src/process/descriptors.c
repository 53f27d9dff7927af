/* What a forked child that goes on in this program still holds of its parent's. */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "headgate/process.h"

void process_keep_only(int *const descriptors[], size_t n)
{
    unsigned first = 3;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (size_t i = 0; i < n; i++) {
        *descriptors[i] = fcntl(*descriptors[i], F_DUPFD_CLOEXEC, 3);
    }
    for (int stream = 0; stream < 3; stream++) {
        (void)dup2(null, stream);
    }
    for (size_t i = 0; i < n; i++) {
        if (*descriptors[i] < 0) {
            continue;
        }
        unsigned fd = (unsigned)*descriptors[i];
        if (fd > first) {
            (void)close_range(first, fd - 1, 0);
        }
        first = fd + 1;
    }
    (void)close_range(first, ~0U, 0);
}

void process_allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}
