/*
 * Forked children of a test: for what ends a process, or needs other limits or rights than the test
 * has.
 *
 * An assertion that fails in a child would go on with the tests there. So its work only returns a
 * number.
 */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "scratch.h"

#define PATIENCE 30000 /* how long a test waits for what must happen */

typedef int child_work(const void *context);

_Noreturn static inline void child_exit(int status)
{
#ifdef HEADGATE_COVERAGE
    extern void __gcov_dump(void);
    __gcov_dump();
#endif
    _exit(status);
}

static inline pid_t child_start(child_work *work, const void *context)
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

static inline int in_child(child_work *work, const void *context)
{
    return child_end(child_start(work, context));
}

struct fatal_work {
    child_work *work;
    const void *context;
    const char *last_words;
};

static inline int work_fatally(const void *context)
{
    const struct fatal_work *fatal = context;
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (freopen(fatal->last_words, "w", stderr) == NULL) {
        return 2;
    }
    return fatal->work(fatal->context);
}

/* The work must end in an abort that says this. */
static inline void assert_aborts(child_work *work, const void *context, const char *words)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s/last-words", scratch_dir());
    int ended = in_child(work_fatally, &(struct fatal_work){work, context, path});
    assert_ok(file_read(path, 100000, &said, &err));
    assert_contains(said.text, words);
    assert_int_equal(ended, -SIGABRT);
}
