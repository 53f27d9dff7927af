/*
 * Other programs.
 *
 * A program is run without a shell: an argument list, found in PATH, in a process group of its own,
 * with a chosen environment and no descriptor of ours but its three streams. That it could not be
 * executed is an error with errno, not an exit status. When the deadline passes, or somebody asks
 * us to stop, its group gets SIGTERM, after `grace` SIGKILL. It dies with us (PR_SET_PDEATHSIG)
 * unless it is detached. What it leaves behind in its group is killed when it has ended; what is to
 * go on makes a session of its own. Where the run `adopts`, that too is stopped at a deadline or an
 * interruption, and told by name after a good end.
 *
 * That a program ended with another status than 0, or by a signal, is an answer (struct
 * process_result), not a failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"

#define PROCESS_GRACE 3000 /* milliseconds between SIGTERM and SIGKILL */
#define PROCESS_TOLD 20

/* Another user to run as, when we are root. */
struct process_user {
    uid_t uid;
    gid_t gid;
    char *name, *home;
};

struct process_spec {
    const char *const *argv;         /* argv[0] without a slash is looked up in our PATH */
    const char *const *env;          /* NULL terminated; NULL: process_plain_environment */
    const char *folder;              /* its working folder; NULL: ours */
    const struct process_user *user; /* NULL: ourselves */
    const char *input;               /* what it reads on stdin, else /dev/null */
    size_t input_size;
    msec deadline; /* 0: DEADLINE_NONE */
    msec grace;    /* 0: PROCESS_GRACE */
    /* Each piece of output as it comes, before it is kept, from STDOUT_FILENO or STDERR_FILENO; may
     * be NULL. Redaction is the caller's. */
    void (*on_output)(void *context, int stream, const char *bytes, size_t size);
    void *context;
    /* Looked at after each piece: once it is true, what follows is not wanted, and the program is
     * stopped as at a deadline; how it then ended says nothing. NULL: all of it is. */
    const bool *enough;
    size_t keep; /* how many bytes of each stream the result keeps, the last ones; 0: 1 MiB */
    /* Called once it runs, with its process group. May be NULL. */
    void (*on_start)(void *context, pid_t group);
    /* What it starts stays ours, even in a session of its own: it is stopped together with it at a
     * deadline or an interruption, and where it ended by itself told in left_behind. Children that
     * we had before are left alone. For a process that starts nothing else meanwhile. */
    bool adopts;
};

struct process_result {
    int exit_status; /* -1 where it ended by a signal */
    int signal;      /* 0 where it exited */
    bool timed_out;
    bool interrupted; /* we were asked to stop, and stopped it */
    struct strbuf out, err;
    bool out_cut, err_cut; /* the beginning was dropped: there was more than `keep` */
    struct rusage usage;
    msec elapsed;
    /* "4711 (node)": what went on in a session of its own, and what could not be killed. The first
     * of each family, at most PROCESS_TOLD of them. */
    struct strlist left_behind;
};

/* Runs it to its end. ret_result is set whenever the program could be started; clear it with
 * process_result_clear. */
NODISCARD bool process_run(const struct process_spec *spec, struct process_result *ret_result,
                           struct error *err);
void process_result_clear(struct process_result *result);
/* "exit status 3", "signal 9 (Killed)", "still running after 30s", "interrupted": for messages. The
 * caller's. */
char *process_result_describe(const struct process_result *result);
/* Runs it and wants exit status 0; else an ERROR_IO (ERROR_TIMEOUT past its deadline) that names
 * the program, how it ended and the last lines of its stderr, or that of interrupt_error. ret_out
 * may be NULL; it is the whole stdout: more than `keep` is an error. */
NODISCARD bool process_must_run(const struct process_spec *spec, char **ret_out, struct error *err);

/* A program that runs beside us while we feed it, or read what it writes. It dies with us. */
struct process_beside {
    pid_t pid; /* and its process group */
    int pidfd; /* -1: there is none, or it has ended */
    int said;  /* what it wrote to stderr: a file without a name */
    char *program;
};
#define PROCESS_BESIDE_INIT                                                                        \
    {                                                                                              \
        .pid = -1, .pidfd = -1, .said = -1, .program = NULL                                        \
    }
/* Its stdin and stdout are these two, which stay the caller's; -1: /dev/null. Of the spec only
 * argv, env, folder and user count. */
NODISCARD bool process_start(const struct process_spec *spec, int input, int output,
                             struct process_beside *ret_beside, struct error *err);
/* Waits for its end and wants exit status 0; errors as of process_must_run. What runs still at the
 * deadline, or when somebody asks us to stop, is killed. Afterwards it has ended in any case. */
NODISCARD bool process_wait(struct process_beside *beside, msec deadline, struct error *err);
/* Kills it where it still runs. */
void process_beside_clear(struct process_beside *beside);
/* The same for one that is waited for by other means: what is left of its group is killed, and how
 * it ended is what the result says of that. */
void process_reap_group(pid_t *pid, int *pidfd, struct process_result *result);
/* What a program wrote to such a file: the last of it, into result->err. */
void process_read_said(int said, struct process_result *result);

/* A program that goes on without us: its own session, stdin from /dev/null, stdout and stderr
 * appended to log_path. It is not stopped by our end. */
NODISCARD bool process_start_detached(const struct process_spec *spec, const char *log_path,
                                      pid_t *ret_pid, int *ret_pidfd, struct error *err);
/* True once it has ended: by its pidfd, so that a reused pid cannot be mistaken. A child of ours is
 * reaped then. */
bool process_has_ended(int pidfd);
/* TERM (or another first signal) to the process, then KILL at the deadline; waits for the end. For
 * processes that are not our children as well. ESRCH is success. */
NODISCARD bool process_stop(int pidfd, int first_signal, msec deadline, struct error *err);
/* A pidfd for a process; -1 where there is none of that pid. */
int process_open(pid_t pid);
/* When the process started, in clock ticks since boot: with its pid it names a process for good. 0
 * where there is none, or only a zombie. */
unsigned long long process_start_time(pid_t pid);

/* PATH, HOME, USER, LOGNAME, LANG, LC_ALL, TZ, TMPDIR and TERM of ours: what a program needs to
 * feel at home, and no secrets. NULL terminated; the caller clears the list. */
void process_plain_environment(const struct process_user *user, struct strlist *ret_env);
/* Our whole environment but for the variables whose value is a known secret: for programs of the
 * user that bring their own credentials. */
void process_user_environment(struct strlist *ret_env);

/* The absolute path of a program as execvp would find it (a name with a slash as it is), or NULL;
 * then errno says why. The caller's. */
char *process_find(const char *name);
/* The user of this name; false where there is none. */
bool process_user_find(const char *name, struct process_user *ret_user);
void process_user_clear(struct process_user *user);

/* --- workers: children that go on in this program --- */

struct worker {
    pid_t pid; /* and its process group */
    int pidfd;
    int news; /* what it writes; does not block */
};
/*
 * The child calls body(context, news), `news` being the other end of a pipe, and leaves with the
 * status that this returns. It has a process group of its own, no stdin and no stdout, no wish to
 * stop of ours, accepts a gentle one (interrupt.h), and gets SIGTERM when we die. Descriptors of
 * ours stay open in it: locks on files are held until it is gone, too.
 */
NODISCARD bool worker_start(int (*body)(void *context, int news), void *context,
                            struct worker *ret_worker, struct error *err);
/* To the worker alone. */
void worker_signal(const struct worker *worker, int signal);
/* SIGKILL to its whole process group, and to what it has started in its session: a program that
 * process_run runs for it has a group of its own. */
void worker_kill(const struct worker *worker);
/* True once it has ended; reaps it then. ret_status is -1 where it ended by a signal, ret_signal 0
 * where it exited. */
bool worker_has_ended(struct worker *worker, int *ret_status, int *ret_signal);
/* Closes what belongs to it; it is not ended by that. */
void worker_clear(struct worker *worker);

/* For a forked child that is to outlive its parent, or must hold nothing of its: these become
 * descriptors 3, 4 and so on, or somewhat higher, in rising order; its streams are /dev/null;
 * everything else is closed. */
void process_keep_only(int *const descriptors[], size_t n);
/* As many descriptors as we may have at all: for a process that stands between many. */
void process_allow_descriptors(void);

/* Leaves a forked child without running our exit handlers, but with its coverage counters written.
 */
_Noreturn void process_exit_child(int status);
