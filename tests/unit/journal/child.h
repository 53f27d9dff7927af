/*
 * Forked children of a test. An assertion that fails in a child would go on with the tests there:
 * so its work only returns a number.
 */
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

typedef int child_work(void *context);

_Noreturn static inline void child_exit(int status)
{
#ifdef HEADGATE_COVERAGE
    extern void __gcov_dump(void);
    __gcov_dump();
#endif
    _exit(status);
}

static inline pid_t child_start(child_work *work, void *context)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        child_exit(work(context));
    }
    assert_true(pid > 0);
    return pid;
}

/* Its exit status, or minus the signal that ended it. */
static inline int child_end(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
