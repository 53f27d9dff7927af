#pragma once

#include <sys/types.h>

#include "headgate/journal.h"

struct lease {
    char *key;
    uint64_t token;
    int fd;
    pid_t taker;
};
