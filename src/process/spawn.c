/*
 * From fork to exec.
 *
 * Everything that allocates, looks something up or may wait is done before the fork; the child
 * makes system calls only. A pipe that closes by itself at the exec carries the news of a failure,
 * its stage and errno; that it ends without news means that the program runs. The parent waits for
 * that, so process group, session and death signal are in place when spawn returns.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

enum stage { STAGE_STREAMS, STAGE_USER, STAGE_FOLDER, STAGE_EXEC };

struct failure {
    enum stage stage;
    int sys_errno;
};

struct launch {
    const struct process_spec *spec;
    char *path;
    struct strlist argv, env;
    bool change_user;
    gid_t *groups;
    int n_groups;
    int streams[3];
    int notify;
    bool detached;
    pid_t parent;
};

static void launch_clear(struct launch *launch)
{
    mem_free(launch->path);
    mem_free(launch->groups);
    strlist_clear(&launch->argv);
    strlist_clear(&launch->env);
}

static void add_all(struct strlist *list, const char *const *texts)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        strlist_add(list, texts[i]);
    }
}

/* The groups that the user database gives to this user: looking them up is nothing for a forked
 * child. */
static void find_groups(struct launch *launch)
{
    const struct process_user *user = launch->spec->user;
    int room = 16;
    int found = -1;
    while (found < 0) {
        launch->groups = mem_resize(launch->groups, (size_t)room, sizeof(gid_t));
        launch->n_groups = room;
        found = getgrouplist(user->name, user->gid, launch->groups, &launch->n_groups);
        room *= 2;
    }
}

static bool prepare(struct launch *launch, struct error *err)
{
    const struct process_spec *spec = launch->spec;
    const char *program = spec->argv[0];
    launch->path = strchr(program, '/') != NULL ? mem_copy(program) : process_find(program);
    if (launch->path == NULL) {
        return error_set_errno(err, "could not execute \"%s\"", program);
    }
    add_all(&launch->argv, spec->argv);
    if (spec->env != NULL) {
        add_all(&launch->env, spec->env);
    } else {
        process_plain_environment(spec->user, &launch->env);
    }
    if (spec->user != NULL && spec->user->uid != geteuid()) {
        launch->change_user = true;
        find_groups(launch);
    }
    return true;
}

_Noreturn void process_exit_child(int status)
{
#ifdef HEADGATE_COVERAGE
    extern void __gcov_dump(void);
    __gcov_dump();
#endif
    _exit(status);
}

_Noreturn static void fail(const struct launch *launch, enum stage stage)
{
    struct failure failure = {stage, errno};
    /* Less than PIPE_BUF, so it is written whole or not at all; then there is nobody left to be
     * told. */
    ssize_t written = write(launch->notify, &failure, sizeof failure);
    (void)written;
    process_exit_child(127);
}

static bool move_away(int *fd)
{
    int moved = *fd > STDERR_FILENO ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved >= 0) {
        *fd = moved;
    }
    return moved >= 0;
}

/* Descriptors 0 to 2 may be among ours, where we were started without some of them: all move out of
 * the way first. */
static bool place_streams(struct launch *launch)
{
    int *streams = launch->streams;
    return move_away(&launch->notify) && move_away(&streams[0]) && move_away(&streams[1]) &&
           move_away(&streams[2]) && dup2(streams[0], STDIN_FILENO) >= 0 &&
           dup2(streams[1], STDOUT_FILENO) >= 0 && dup2(streams[2], STDERR_FILENO) >= 0 &&
           close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static bool become_user(const struct launch *launch)
{
    const struct process_user *user = launch->spec->user;
    return !launch->change_user || (setgroups((size_t)launch->n_groups, launch->groups) == 0 &&
                                    setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

/* A change of user clears the death signal, so this comes after it. A parent that is gone by now
 * will not send it. */
static void die_with_parent(const struct launch *launch)
{
    if (launch->detached) {
        return;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch->parent) {
        process_exit_child(127);
    }
}

_Noreturn static void become_program(struct launch *launch)
{
    const char *folder = launch->spec->folder;
    interrupt_reset_in_child();
    if (launch->detached) {
        (void)setsid();
    } else {
        (void)setpgid(0, 0);
    }
    if (!place_streams(launch)) {
        fail(launch, STAGE_STREAMS);
    }
    if (!become_user(launch)) {
        fail(launch, STAGE_USER);
    }
    die_with_parent(launch);
    if (folder != NULL && chdir(folder) < 0) {
        fail(launch, STAGE_FOLDER);
    }
    (void)execve(launch->path, launch->argv.items, launch->env.items);
    fail(launch, STAGE_EXEC);
}

static bool read_failure(int fd, struct failure *ret_failure)
{
    struct failure failure;
    ssize_t size = -1;
    do {
        size = read(fd, &failure, sizeof failure);
    } while (size < 0 && errno == EINTR);
    if (size != (ssize_t)sizeof failure) {
        return false;
    }
    *ret_failure = failure;
    return true;
}

/* What errno does not say: a script whose interpreter is missing fails with the same ENOENT as a
 * missing script. */
static void explain_exec(const struct launch *launch, int sys_errno, struct error *err)
{
    const char *folder = launch->spec->folder;
    CLEANUP(mem_freep) char *path = path_join(folder != NULL ? folder : ".", launch->path);
    if (sys_errno == ENOENT && path_exists(path)) {
        (void)error_detail(err, "The file exists, but the interpreter that it names does not.");
    } else if (sys_errno == ENOEXEC) {
        (void)error_hint(err, "A script names its interpreter in its first line, as in #!/bin/sh.");
    }
}

static bool raise_failure(const struct launch *launch, struct failure failure, struct error *err)
{
    const char *program = launch->spec->argv[0];
    errno = failure.sys_errno;
    switch (failure.stage) {
    case STAGE_STREAMS:
        return error_set_errno(err, "could not set up the streams of \"%s\"", program);
    case STAGE_USER:
        return error_set_errno(err, "could not run \"%s\" as user \"%s\"", program,
                               launch->spec->user->name);
    case STAGE_FOLDER:
        return error_set_errno(err, "could not run \"%s\" in folder \"%s\"", program,
                               launch->spec->folder);
    case STAGE_EXEC:
        break;
    }
    (void)error_set_errno(err, "could not execute \"%s\"", program);
    explain_exec(launch, failure.sys_errno, err);
    return false;
}

void want_exit_statuses(void)
{
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        (void)sigaction(SIGCHLD, &action, NULL);
    }
}

/* The child is still ours, so its pid cannot have been reused yet. */
static bool open_child(const struct launch *launch, pid_t pid, struct child *ret_child,
                       struct error *err)
{
    int pidfd = process_open(pid);
    if (pidfd < 0) {
        (void)error_set_errno(err, "could not watch \"%s\"", launch->spec->argv[0]);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return false;
    }
    *ret_child = (struct child){pid, pidfd};
    return true;
}

bool spawn(const struct process_spec *spec, const int streams[3], bool detached,
           struct child *ret_child, struct error *err)
{
    CLEANUP(launch_clear)
    struct launch launch = {.spec = spec,
                            .argv = STRLIST_INIT,
                            .env = STRLIST_INIT,
                            .streams = {streams[0], streams[1], streams[2]},
                            .detached = detached,
                            .parent = getpid()};
    int notify[2];
    if (!prepare(&launch, err)) {
        return false;
    }
    if (pipe2(notify, O_CLOEXEC) < 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    CLEANUP(fd_closep) int reading = notify[0];
    CLEANUP(fd_closep) int writing = notify[1];
    launch.notify = writing;
    want_exit_statuses();
    pid_t pid = fork();
    if (pid < 0) {
        return error_set_errno(err, "could not start \"%s\"", spec->argv[0]);
    }
    if (pid == 0) {
        become_program(&launch);
    }
    fd_closep(&writing);
    struct failure failure;
    if (read_failure(reading, &failure)) {
        (void)waitpid(pid, NULL, 0);
        return raise_failure(&launch, failure, err);
    }
    return open_child(&launch, pid, ret_child, err);
}
