/*
 * What the files of the hook step share.
 */
#pragma once

#include "private.h"

/* --- its environment --- */

/* The names of the variables that it gets beside the plain ones (PATH, HOME, ...), as far as they
 * are known before the run; those of earlier steps' outputs end in "*". */
void hook_variable_names(const struct plan *plan, const struct workflow_step *step,
                         struct strlist *ret_names);
/* All of them with their values. What is secret in them is known to the redactor. */
NODISCARD bool hook_environment(const struct step_work *work, const char *output_path,
                                struct strlist *ret_env, struct error *err);

/* --- what it prints --- */

#define HOOK_LOG_LIMIT                                                                             \
    ((size_t)16 * 1000 * 1000) /* bytes of the run's log that an attempt gets                      \
                                */
#define HOOK_LINE_LIMIT ((size_t)64 * 1024)
#define HOOK_KEPT ((size_t)64 * 1024) /* the end of each stream, whatever came before */

struct hook_stream {
    const char *name; /* "out", "err" */
    struct redact_stream redact;
    struct strbuf line; /* the line that has not ended yet, redacted */
    size_t cut;         /* so much of it is beyond the limit */
    uint64_t dropped;   /* bytes that came when the log was full */
};

struct hook_output {
    struct step_work *work;
    struct hook_stream out, err;
    struct strbuf redacted;
    size_t logged;
    int64_t credit; /* how many lines may be shown, in thousandths */
    msec credited;  /* when that was counted */
};
struct hook_output hook_output_start(struct step_work *work);
/* on_output of process_run; context is a struct hook_output. */
void hook_output_take(void *context, int number, const char *bytes, size_t size);
/* What is still held back, and, where the log was full, how much is missing and the last lines. */
void hook_output_end(struct hook_output *output, const struct process_result *result);
void hook_output_clear(struct hook_output *output);
/* The last lines of stderr, or where there are none of stdout, redacted; "" where it said nothing.
 * The caller's. */
char *hook_last_words(const struct process_result *result);

/* --- what it leaves for later steps --- */

#define HOOK_OUTPUTS_MOST 100
#define HOOK_OUTPUTS_LIMIT ((size_t)64 * 1024)

struct hook_results {
    struct strlist keys, values; /* as it wrote them */
};
/* Reads $HEADGATE_OUTPUT. What is wrong with it is told in the log. */
void hook_results_read(struct step_work *work, const char *path, struct hook_results *ret_results);
void hook_results_clear(struct hook_results *results);

/* --- the work --- */

/* SHA-256 of the file that is executed; false where it cannot be read. */
NODISCARD bool hook_hash(const char *path, char ret_hex[HASH_HEX_SIZE], struct error *err);
/* The folder that it runs in: where its pipeline's is called "pipelines", the one above. The
 * caller's. */
char *hook_folder(const char *pipeline_folder);
bool hook_work(struct step_work *work, struct error *err);
/* A line about the hook, from us, for the log. */
void hook_note(struct step_work *work, const char *format, ...) PRINTF_LIKE(2, 3);
