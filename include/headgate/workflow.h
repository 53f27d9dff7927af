/*
 * A workflow: what a pipeline file says. In which order a release gets to its environments; what
 * each of them demands stands in the environments file.
 *
 * Reading checks the pipeline, its environments file and the release, and reports every mistake of
 * all three at once. It connects to nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/environment.h"
#include "headgate/release.h"
#include "headgate/vault.h"

struct step_kind; /* one of the table in src/pipeline/kinds.c */
const char *step_kind_name(const struct step_kind *kind);

struct hook_variable {
    const char *name, *value; /* the value may hold secrets */
};

/* A program: argv[0], where it has a slash, is relative to the pipeline file. */
struct hook {
    const char *const *argv;
    size_t n;
    const struct hook_variable *variables; /* "env" */
    size_t n_variables;
};

/* What a gate waits for: all of it. */
struct gate {
    int64_t approvals; /* 1 where the gate names nothing else, else 0 */
    const char *message;
    const char *approved_by_text; /* as it stands in the file */
    const char *approved_by; /* path of a file of allowed signers: only signatures count; or NULL */
    bool exclude_author;
    struct window *windows;
    size_t n_windows;
    struct freeze *freezes;
    size_t n_freezes;
    msec soak; /* so long after the last of the steps that it needs; 0: none */
};

struct condition; /* of "when" */

struct workflow_step {
    const char *id;
    size_t number; /* from 1; those of "always" are numbered on */
    const struct step_kind *kind;
    const size_t *needs; /* indexes in steps, also of later ones; there is no circle */
    size_t n_needs;
    struct environment
        *environment; /* the one it works with: of deploy, seed, check, on; or NULL */
    msec timeout;     /* 0: none */
    int64_t retries;
    msec backoff;                 /* before the first retry; doubles each time, up to 5 minutes */
    const struct condition *when; /* NULL: always */
    const char *when_text;
    const char *evidence;    /* recorded about the release when it succeeds; or NULL */
    bool goes_on;            /* on_failure: continue */
    bool always;             /* runs at the end, however the run went */
    const struct hook *hook; /* of this kind, else NULL */
    const struct gate *gate;
    enum proof_level verify;          /* of a backup: up to this level; as the file says it, or as
                                         its environment demands it */
    const struct environment *source; /* of a restore: whose backup is taken; else NULL */
    const char *archive;              /* of a restore: a name in the vault, or "latest" */
    struct json_node node;
};

struct workflow {
    const char *name;
    const char *path;                        /* as the user would name it */
    const char *folder;                      /* that relative paths in it start from */
    char digest[HASH_HEX_SIZE];              /* of the file's bytes */
    char environments_digest[HASH_HEX_SIZE]; /* of the environments file's bytes */
    struct environments *environments;
    struct release *release;
    struct workflow_step *steps; /* in the order of the file; those of "always" behind */
    size_t n;                    /* without those of "always" */
    size_t n_all;
    struct json_document *document;
};

struct workflow_source {
    const char *path;         /* of the pipeline file */
    const char *environments; /* instead of what it names; or NULL */
    const char *release; /* instead of what it names, or of the project's migrations; or NULL */
    const char *state_folder; /* NULL: .headgate beside the folder of pipelines */
};
NODISCARD bool workflow_read(const struct workflow_source *source, struct workflow **ret_workflow,
                             struct error *err);
void workflow_freep(struct workflow **workflow);
/* NULL where there is none of this id. */
const struct workflow_step *workflow_find(const struct workflow *workflow, const char *id);
/* Does the second wait, directly or by others, for the first? Those of "always" wait for all others
 * and run one after the other. */
bool workflow_comes_before(const struct workflow *workflow, const struct workflow_step *first,
                           const struct workflow_step *second);

/* --- conditions --- */

/*
 *   pending.ENV              there was something to deploy there when the plan was made
 *   steps.ID.outcome         done, failed or skipped
 *   steps.ID.outputs.KEY     what a hook wrote to $HEADGATE_OUTPUT
 *   env.NAME                 an environment variable
 *
 * and texts in '...' (a quote in them is written twice), compared with == and !=, joined by not,
 * and, or (in this order) and ( ). Alone, a value is true unless it is missing, empty, 0 or false;
 * compared, one that is missing is the empty text.
 */
enum condition_answer { CONDITION_NO, CONDITION_YES, CONDITION_OPEN /* not known yet */ };
enum fact { FACT_MISSING, FACT_KNOWN, FACT_OPEN };
struct condition_facts {
    /* ret_value is borrowed until the next call. */
    enum fact (*fact)(void *context, const char *name, const char **ret_value);
    void *context;
};
enum condition_answer condition_answer(const struct condition *condition,
                                       const struct condition_facts *facts);
