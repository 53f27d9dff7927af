/*
 * A scratch cluster must be gone when its owner is, whatever death that was. So another process
 * does the work: the owner forks a keeper, which runs initdb and the server as its children and
 * meanwhile watches the owner: by a socket, whose other end the owner shuts down when it is done,
 * and by a pidfd, because children of the owner may have inherited that end. A signal of the
 * terminal is not the keeper's business.
 *
 * The server gets SIGQUIT when the keeper dies, so that a kill of both leaves a folder behind and
 * no process; the lock that the keeper held is free then, which is how sweep.c knows.
 */
#include "keeper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"
#include "postmaster.h"
#include "server_arguments.h"
#include "workers.h"

#define GLANCE 2   /* milliseconds between two looks at a server that starts */
#define HURRY 2000 /* milliseconds for an immediate shutdown */
#define READY 'R'
#define FAILED 'F' /* then: code, message, detail, hint, each ending in NUL */
#define REPORT_FIELDS 4

struct child {
    pid_t pid; /* 0 while there is none */
    int pidfd;
};

/* Whoever sends these means the owner. */
static const int deaf_to[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

enum news { NEWS_NONE, NEWS_OWNER_ENDED, NEWS_CHILD_ENDED };

/* --- the keeper's process --- */

static void settle(struct keeper *keeper)
{
    interrupt_reset_in_child();
    for (size_t i = 0; i < ARRAY_LEN(deaf_to); i++) {
        (void)signal(deaf_to[i], SIG_IGN);
    }
    (void)prctl(PR_SET_PDEATHSIG, 0);
    (void)prctl(PR_SET_NAME, "headgate-keeper");
    bool settled = setsid() > 0 && chdir("/") == 0;
    assert(settled);
    process_keep_only((int *const[]){&keeper->owner_socket, &keeper->owner_pidfd, &keeper->lock_fd},
                      3);
}

static enum news watch(const struct keeper *keeper, const struct child *child, msec deadline)
{
    struct pollfd fds[] = {{.fd = keeper->owner_socket, .events = POLLIN},
                           {.fd = keeper->owner_pidfd, .events = POLLIN},
                           {.fd = child->pidfd, .events = POLLIN}};
    if (poll(fds, ARRAY_LEN(fds), deadline_poll_timeout(deadline)) <= 0) {
        return NEWS_NONE;
    }
    if (fds[0].revents != 0 || fds[1].revents != 0) {
        return NEWS_OWNER_ENDED;
    }
    return NEWS_CHILD_ENDED;
}

/* --- its children --- */

static void become_program(const struct keeper *keeper, const struct strlist *argv,
                           const struct strlist *env, int death_signal)
{
    CLEANUP(mem_freep) char *log = path_join(keeper->folder, "log");
    for (size_t i = 0; i < ARRAY_LEN(deaf_to); i++) {
        (void)signal(deaf_to[i], SIG_DFL);
    }
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
        setpgid(0, 0) != 0 || !server_user_become(keeper->user)) {
        return;
    }
    /* A change of the user would have reset it. */
    if (prctl(PR_SET_PDEATHSIG, death_signal) == 0) {
        (void)execve(argv->items[0], argv->items, env->items);
        (void)dprintf(STDERR_FILENO, "could not execute \"%s\": %s\n", argv->items[0],
                      strerror(errno));
    }
}

static struct child start_child(const struct keeper *keeper, const struct strlist *argv,
                                int death_signal)
{
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    process_plain_environment(server_user_spec(keeper->user), &env);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become_program(keeper, argv, &env, getppid() == parent ? death_signal : SIGKILL);
        _exit(127);
    }
    if (pid > 0) {
        (void)setpgid(
            pid,
            pid); /* here as well: we may want to kill its group before it came to that itself */
    }
    return (struct child){.pid = pid > 0 ? pid : 0, .pidfd = pid > 0 ? process_open(pid) : -1};
}

/* Its exit status, or -1. */
static int reap(struct child *child)
{
    int status = -1;
    while (child->pid > 0 && waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    fd_closep(&child->pidfd);
    child->pid = 0;
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* initdb's own children are in its group; it is not reaped yet, so the number still means them. */
static void end_initdb(struct child *initdb)
{
    (void)kill(-initdb->pid, SIGKILL);
    (void)reap(initdb);
}

static void end_server(struct child *server)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (server->pid != 0 && !process_stop(server->pidfd, SIGQUIT, deadline_in(HURRY), &ignored)) {
        return; /* it hangs in the kernel */
    }
    fd_closep(&server->pidfd);
}

/* --- the cluster --- */

static bool failed(const struct keeper *keeper, const char *what, struct error *err)
{
    CLEANUP(mem_freep) char *log = path_join(keeper->folder, "log");
    CLEANUP(mem_freep) char *tail = log_tail(log, 0);
    error_set(err, ERROR_IO, "could not %s a scratch cluster", what);
    return tail[0] == '\0' ? false : error_detail(err, "The log ends with: %s", tail);
}

/* ret_owner_ended: there is nobody any more to make it for, which is no failure. */
static bool make_data(const struct keeper *keeper, const char *data, bool *ret_owner_ended,
                      struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    initdb_arguments(keeper->server, data, false, &argv);
    struct child initdb = start_child(keeper, &argv, SIGKILL);
    if (initdb.pid != 0 && watch(keeper, &initdb, DEADLINE_NONE) == NEWS_OWNER_ENDED) {
        end_initdb(&initdb);
        *ret_owner_ended = true;
        return true;
    }
    if (reap(&initdb) != 0) {
        return failed(keeper, "make", err);
    }
    *ret_owner_ended = false;
    return true;
}

static bool is_ready(const char *data)
{
    CLEANUP(postmaster_clear) struct postmaster postmaster = POSTMASTER_INIT;
    postmaster_find(data, &postmaster);
    return postmaster.state == POSTMASTER_READY;
}

static enum news wait_until_ready(const struct keeper *keeper, const char *data,
                                  const struct child *server)
{
    enum news news = NEWS_NONE;
    while (news == NEWS_NONE && !is_ready(data)) {
        news = watch(keeper, server, deadline_in(GLANCE));
    }
    return news;
}

/* --- what the owner is told --- */

static void report_error(const struct keeper *keeper, const struct error *error)
{
    CLEANUP(strbuf_clear) struct strbuf report = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    const char *const texts[] = {error->message, error->detail, error->hint};
    strbuf_printf(&report, "%c%d", FAILED, (int)error->code);
    strbuf_add_char(&report, '\0');
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        strbuf_add(&report, texts[i] != NULL ? texts[i] : "");
        strbuf_add_char(&report, '\0');
    }
    if (!fd_write_all(keeper->owner_socket, report.text, report.size, &ignored)) {
        error_clear(&ignored); /* it is gone */
    }
}

/* Makes and starts it, and stays until the owner or the server ends. */
static bool live(const struct keeper *keeper, const char *data, struct child *server,
                 struct error *err)
{
    static const char ready = READY;
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    bool owner_ended = false;
    if (!make_data(keeper, data, &owner_ended, err)) {
        return false;
    }
    if (owner_ended) {
        return true;
    }
    postgres_arguments(keeper->server, data, keeper->folder, false, &argv);
    *server = start_child(keeper, &argv, SIGQUIT);
    switch (server->pid != 0 ? wait_until_ready(keeper, data, server) : NEWS_CHILD_ENDED) {
    case NEWS_CHILD_ENDED:
        return failed(keeper, "start", err);
    case NEWS_OWNER_ENDED:
        return true;
    case NEWS_NONE:
        break;
    }
    if (fd_write_all(keeper->owner_socket, &ready, 1, err)) {
        (void)watch(keeper, server, DEADLINE_NONE);
    }
    return !error_is_set(err);
}

void keeper_live(const struct keeper *task)
{
    struct keeper keeper = *task;
    settle(&keeper);
    CLEANUP(error_clear) struct error error = ERROR_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *data = path_join(keeper.folder, "data");
    struct child server = {.pid = 0, .pidfd = -1};
    if (!live(&keeper, data, &server, &error)) {
        report_error(&keeper, &error);
    }
    end_server(&server);
    workers_kill(keeper.folder);
    bool removed = folder_remove(keeper.folder, &ignored) && unlink(keeper.lock) == 0;
    process_exit_child(removed ? 0 : 1);
}

/* --- the owner's side --- */

static bool read_report(int keeper_socket, msec deadline, struct strbuf *report, struct error *err)
{
    struct pollfd news = {.fd = keeper_socket, .events = POLLIN};
    for (;;) {
        int n = interrupt_poll(&news, 1, deadline);
        if (n < 0) {
            return interrupt_error(err);
        }
        if (n == 0) {
            err->retryable = true;
            return error_set(err, ERROR_TIMEOUT, "a scratch cluster was not ready in time");
        }
        ssize_t got = read(keeper_socket, strbuf_room(report, 4096), 4096);
        if (got <= 0) {
            return true;
        }
        strbuf_grown(report, (size_t)got);
        if (report->text[0] == READY) {
            return true;
        }
    }
}

static bool raise_report(const struct strbuf *report, struct error *err)
{
    const char *fields[REPORT_FIELDS];
    size_t at = 1, n = 0;
    for (; n < REPORT_FIELDS && at < report->size; n++) {
        fields[n] = report->text + at;
        at += strlen(fields[n]) + 1;
    }
    if (n < REPORT_FIELDS) {
        return error_set(err, ERROR_IO, "the keeper of a scratch cluster ended unexpectedly");
    }
    error_set(err, (enum error_code)strtol(fields[0], NULL, 10), "%s", fields[1]);
    if (fields[2][0] != '\0') {
        error_detail(err, "%s", fields[2]);
    }
    return fields[3][0] == '\0' ? false : error_hint(err, "%s", fields[3]);
}

bool keeper_wait_ready(int keeper_socket, msec deadline, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf report = STRBUF_INIT;
    if (!read_report(keeper_socket, deadline, &report, err)) {
        return false;
    }
    return (report.size > 0 && report.text[0] == READY) || raise_report(&report, err);
}
