/* A forked process of ours that goes on alone: what its owner has open is not its business. */
#include <fcntl.h>
#include <unistd.h>

#include "private.h"

void keep_only(int *const *ours, size_t n)
{
    unsigned first = 3;
    for (size_t i = 0; i < n; i++) {
        *ours[i] = *ours[i] >= 0 ? fcntl(*ours[i], F_DUPFD_CLOEXEC, 3) : -1; /* in rising order */
    }
    for (size_t i = 0; i < n; i++) {
        unsigned fd = (unsigned)*ours[i];
        if (*ours[i] >= 0 && fd > first) {
            (void)close_range(first, fd - 1, 0);
        }
        first = *ours[i] >= 0 ? fd + 1 : first;
    }
    (void)close_range(first, ~0U, 0);
}
