/*
 * What went wrong, for a person and for a program.
 *
 *   true   the work is done, every ret_ output is set, *err is untouched
 *   false  the work is not done, no ret_ output is touched, *err is set
 *
 * Only failures travel in an error. "The lock is held", "there is no such table" are answers and
 * come as ret_ values. The caller owns the object and starts it with ERROR_INIT. Raising over an
 * error that is already set asserts: two failures in one object mean that the first was ignored.
 * Decisions use code, sqlstate and retryable, never text.
 *
 * The words follow PostgreSQL's style: the message is one line, without a capital or a full stop;
 * "could not" may work later, "cannot" never will; detail and hint are whole sentences: facts
 * there, what to do here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "headgate/mem.h"
#include "headgate/problem.h"

/* Append, never renumber. Each has one exit status: error_exit_status. */
enum error_code {
    ERROR_NONE = 0,
    ERROR_INTERNAL,    /*   1  a bug of ours */
    ERROR_IO,          /*   1  a file, a pipe, a disk */
    ERROR_DATABASE,    /*   1  the server answered with an error */
    ERROR_TIMEOUT,     /*   1  a deadline passed */
    ERROR_WAITING,     /*   3  waiting at a gate */
    ERROR_REFUSED,     /*   4  a safety rule or a policy forbids it */
    ERROR_DRIFT,       /*   5  the database is not what the migrations made */
    ERROR_LOCKED,      /*   6  another run holds the lock */
    ERROR_HOOK,        /*   7  a hook failed */
    ERROR_HALFWAY,     /*   8  stopped half-way, resume continues */
    ERROR_STALE,       /*   9  the plan is stale, or this is the wrong server */
    ERROR_BACKUP,      /*  10  a backup failed or could not be verified */
    ERROR_MASKING,     /*  11  masking is incomplete */
    ERROR_USAGE,       /*  64  the command line */
    ERROR_CONFIG,      /*  65  a pipeline, environments file or release */
    ERROR_UNREACHABLE, /*  69  a host or database cannot be reached */
    ERROR_INTERRUPTED, /* 130  SIGINT at a safe point */
    ERROR_TERMINATED,  /* 143  SIGTERM at a safe point */
    ERROR_CODE_MAX
};

struct error {
    enum error_code code;
    int sys_errno;
    bool retryable;   /* the same call may succeed later, unchanged */
    char sqlstate[6]; /* five characters and NUL; empty where the server said none */
    int64_t position; /* in characters from 1 in the statement sent; 0 where the server said none */
    char *message, *detail, *hint;
    char *table, *constraint; /* as the server named them */
    struct problems problems; /* mistakes in files, each with its place */
    const char *file;         /* where in our source it was raised */
    int line;
};

#define ERROR_INIT                                                                                 \
    {                                                                                              \
        .code = ERROR_NONE                                                                         \
    }

/* All four return false, so that raising reads: return error_set(err, ERROR_CONFIG, "..."). */
#define error_set(err, code, ...) error_set_at((err), (code), __FILE__, __LINE__, __VA_ARGS__)
/* The same for a failed system call: appends strerror(errno) and keeps errno. */
#define error_set_errno(err, ...) error_set_errno_at((err), __FILE__, __LINE__, __VA_ARGS__)
bool error_set_at(struct error *err, enum error_code code, const char *file, int line,
                  const char *format, ...) PRINTF_LIKE(5, 6);
bool error_set_errno_at(struct error *err, const char *file, int line, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Adds, at a module's boundary and once, what only this level knows: "step \"e2e\": <message>". */
bool error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
bool error_detail(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
bool error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

bool error_is_set(const struct error *err);
/* The error is moved: *from is empty afterwards. *to must be empty before. */
void error_move(struct error *to, struct error *from);
void error_clear(struct error *err);

int error_exit_status(enum error_code code);
/* "config", "unreachable", ...: the word in JSON output. */
const char *error_code_name(enum error_code code);
/* The other way round; ERROR_INTERNAL for a word that is none of them, or NULL. */
enum error_code error_code_named(const char *name);
