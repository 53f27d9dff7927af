/* OpenSSH's SFTP server at the other end of a socket, without SSH. */
#pragma once

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

#define SFTP_SERVER "/usr/lib/openssh/sftp-server"

struct sftp_peer {
    int fd; /* the client's end */
    pid_t pid;
};

/* The server starts in the scratch folder. */
static inline struct sftp_peer sftp_peer_start(void)
{
    int ends[2];
    const char *folder = scratch_dir();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGPIPE, SIG_DFL);
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(ends[1], STDIN_FILENO) >= 0 && dup2(ends[1], STDOUT_FILENO) >= 0) {
            (void)execl(SFTP_SERVER, SFTP_SERVER, "-d", folder, (char *)NULL);
        }
        _exit(127);
    }
    (void)close(ends[1]);
    assert_true(pid > 0);
    return (struct sftp_peer){.fd = ends[0], .pid = pid};
}

/* It has ended, or is ended by this. */
static inline void sftp_peer_end(struct sftp_peer *peer)
{
    if (peer->pid > 0) {
        (void)kill(peer->pid, SIGKILL);
        assert_int_equal(waitpid(peer->pid, NULL, 0), peer->pid);
    }
    peer->pid = -1;
}
