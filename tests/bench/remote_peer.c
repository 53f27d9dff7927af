/*
 * What the remote module does, as programs that can be timed beside ssh and sftp:
 *
 *   remote_peer TRANSPORT CONFIG HOST open               lets itself in, runs `true` there, leaves
 *                                     way TO PORT        prints "HOST PORT" of a way there, and
 * stays until its stdin ends exec PROGRAM...    the program there writes to our stdout put FROM TO
 * a file over SFTP get FROM TO
 *
 * TRANSPORT: libssh2 or openssh. CONFIG: an ssh_config with all about HOST.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/remote.h"
#include "headgate/sftp.h"

#define PIECE ((size_t)256 * 1024) /* as backups are carried */
#define SILENCE ((msec)15000)

struct verb {
    const char *name;
    int n_words; /* at least */
    bool (*run)(struct remote *remote, char *const *words, struct error *err);
};

static bool run_true(struct remote *remote, char *const *words, struct error *err)
{
    (void)words;
    const char *const argv[] = {"true", NULL};
    const struct process_spec spec = {.argv = argv};
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    return remote_run(remote, &spec, &result, err);
}

static bool stay(struct remote *remote, char *const *words, struct error *err)
{
    CLEANUP(remote_way_clear) struct remote_way way = {.host = NULL};
    char byte = 0;
    if (!remote_way_to(remote, words[0], (int)strtol(words[1], NULL, 10), DOOR_SOCKET,
                       DEADLINE_NONE, &way, err)) {
        return false;
    }
    (void)printf("%s %d\n", way.host, way.port);
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return true;
}

static bool run_there(struct remote *remote, char *const *words, struct error *err)
{
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    const struct process_spec spec = {.argv = (const char *const *)words};
    return remote_start(remote, &spec, -1, STDOUT_FILENO, &beside, err) &&
           remote_wait(&beside, DEADLINE_NONE, err);
}

static bool open_sftp(struct remote *remote, struct sftp **ret_sftp, struct error *err)
{
    int fd = -1;
    return remote_subsystem(remote, "sftp", DEADLINE_NONE, &fd, err) &&
           sftp_open(fd, remote_shown(remote), SILENCE, ret_sftp, err);
}

static bool put(struct remote *remote, char *const *words, struct error *err)
{
    CLEANUP(sftp_closep) struct sftp *sftp = NULL;
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    CLEANUP(mem_freep) char *piece = mem_new(1, PIECE);
    CLEANUP(fd_closep) int from = open(words[0], O_RDONLY | O_CLOEXEC);
    bool durable = false;
    uint64_t at = 0;
    if (from < 0) {
        return error_set_errno(err, "could not open \"%s\"", words[0]);
    }
    if (!open_sftp(remote, &sftp, err) ||
        !sftp_open_to_write(sftp, words[1], true, 0600, &file, err)) {
        return false;
    }
    for (;;) {
        ssize_t n = read(from, piece, PIECE);
        if (n < 0) {
            return error_set_errno(err, "could not read \"%s\"", words[0]);
        }
        if (n == 0) {
            return sftp_sync(file, &durable, err);
        }
        if (!sftp_write_at(file, piece, (size_t)n, at, err)) {
            return false;
        }
        at += (uint64_t)n;
    }
}

static bool get(struct remote *remote, char *const *words, struct error *err)
{
    CLEANUP(sftp_closep) struct sftp *sftp = NULL;
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    CLEANUP(mem_freep) char *piece = mem_new(1, PIECE);
    CLEANUP(fd_closep) int to = open(words[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t n = PIECE;
    if (to < 0) {
        return error_set_errno(err, "could not open \"%s\"", words[1]);
    }
    if (!open_sftp(remote, &sftp, err) || !sftp_open_to_read(sftp, words[0], &file, err)) {
        return false;
    }
    for (uint64_t at = 0; n == PIECE; at += n) {
        if (!sftp_read_at(file, piece, PIECE, at, &n, err) || !fd_write_all(to, piece, n, err)) {
            return false;
        }
    }
    return true;
}

static const struct verb *find_verb(const char *name, int n_words)
{
    static const struct verb verbs[] = {{"open", 0, run_true},
                                        {"way", 2, stay},
                                        {"exec", 1, run_there},
                                        {"put", 2, put},
                                        {"get", 2, get}};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0 && n_words >= verbs[i].n_words) {
            return &verbs[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct verb *verb = argc > 4 ? find_verb(argv[4], argc - 5) : NULL;
    CLEANUP(error_clear) struct error error = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    if (verb == NULL) {
        (void)fputs("remote_peer TRANSPORT CONFIG HOST open|way|exec|put|get [WORD...]\n", stderr);
        return error_exit_status(ERROR_USAGE);
    }
    const struct ssh_place place = {
        .host = argv[3],
        .config = argv[2],
        .transport = strcmp(argv[1], "openssh") == 0 ? TRANSPORT_OPENSSH : TRANSPORT_LIBSSH2};
    if (remote_open(&place, DEADLINE_NONE, &remote, &error) &&
        verb->run(remote, argv + 5, &error)) {
        return 0;
    }
    (void)fprintf(stderr, "remote_peer: %s%s%s\n", error.message, error.detail != NULL ? "\n" : "",
                  error.detail != NULL ? error.detail : "");
    return error_exit_status(error.code);
}
