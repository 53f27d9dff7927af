/* tests/support/twoface.py for a C test: an SSH server with more than one face. */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

struct twoface {
    pid_t pid;
    int port;        /* of 127.0.0.1 */
    const char *log; /* what happened there; until exit */
};

/* Debian's python3: another one may come first in PATH, and have no paramiko. */
#define TWOFACE_PYTHON "/usr/bin/python3"

/* Keys of that name in scratch_dir: NAME and NAME.pub. */
static inline void twoface_key(const char *name, const char *type)
{
    scratch_sh("test -f %s || ssh-keygen -q -t %s -N '' -C test -f %s", name, type, name);
}

/* settings: words for a shell that stands in scratch_dir ("key=face rekey=100000"). */
static inline struct twoface twoface_start(const char *settings)
{
    static int number = 0;
    struct twoface face = {.log = scratch_out("echo $PWD/face%d.log", ++number)};
    const char *folder = scratch_dir();
    char line[2048], said[16] = "";
    int ends[2];
    size_t n = 0;
    ssize_t got = 1;
    scratch_sh("rm -f %s; : >%s", face.log, face.log);
    (void)snprintf(line, sizeof line, "cd %s && exec " TWOFACE_PYTHON " %s/twoface.py log=%s %s",
                   folder, TEST_SUPPORT, face.log, settings);
    assert_int_equal(pipe(ends), 0);
    face.pid = fork();
    if (face.pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_DFL);
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(ends[1], STDOUT_FILENO) >= 0 && close(ends[0]) == 0 && close(ends[1]) == 0) {
            (void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        }
        _exit(127);
    }
    (void)close(ends[1]);
    while (got > 0 && n + 1 < sizeof said && memchr(said, '\n', n) == NULL) {
        got = read(ends[0], said + n, sizeof said - 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(ends[0]);
    face.port = (int)strtol(said, NULL, 10);
    if (face.port <= 0) {
        fail_msg("no server came up: is python3-paramiko installed (scripts/setup test)?");
    }
    return face;
}

static inline void twoface_stop(struct twoface *face)
{
    if (face->pid > 0) {
        (void)kill(face->pid, SIGKILL);
        (void)waitpid(face->pid, NULL, 0);
    }
    face->pid = -1;
}

/* How many lines of its log begin so. */
static inline int twoface_count(const struct twoface *face, const char *beginning)
{
    return (int)strtol(scratch_out("grep -c '^%s' %s || true", beginning, face->log), NULL, 10);
}
