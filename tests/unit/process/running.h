/*
 * What the tests of running programs share.
 */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/process.h"
#include "scratch.h"

#define PATIENCE 30000 /* how long a test waits for what must happen */
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SH(line) ARGV("sh", "-c", (line))

static inline struct process_result run(const struct process_spec *spec)
{
    struct error err = ERROR_INIT;
    struct process_result result = {.exit_status = -2, .out = STRBUF_INIT, .err = STRBUF_INIT};
    assert_ok(process_run(spec, &result, &err));
    return result;
}

static inline struct process_result run_sh(const char *line)
{
    return run(&(struct process_spec){.argv = SH(line), .deadline = deadline_in(PATIENCE)});
}

/* Fails where the process does not end within PATIENCE. */
static inline void assert_ends(pid_t pid)
{
    msec deadline = deadline_in(PATIENCE);
    while (process_start_time(pid) != 0 && !deadline_passed(deadline)) {
        deadline_sleep(deadline_in(5));
    }
    if (process_start_time(pid) != 0) {
        fail_msg("process %ld is still there", (long)pid);
    }
}

/* Waits until the file holds this text. */
static inline void wait_for_text(const char *path, const char *text)
{
    struct strbuf content = STRBUF_INIT;
    msec deadline = deadline_in(PATIENCE);
    while (strstr(content.text, text) == NULL && !deadline_passed(deadline)) {
        struct error ignored = ERROR_INIT;
        deadline_sleep(deadline_in(5));
        strbuf_clear(&content);
        (void)!file_read(path, 1000000, &content, &ignored);
        error_clear(&ignored);
    }
    assert_contains(content.text, text);
    strbuf_clear(&content);
}

static inline int count_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

/* How a forked child of the test itself ended. */
static inline int exit_status_of(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
