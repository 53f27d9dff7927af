/*
 * The table of commands and what commands share.
 *
 * Parsing, help, the man page and the completions are all made from the same table, so they cannot
 * differ. A command is one file, cmd_<verb>.c, that defines one `const struct command`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/deploy.h"
#include "headgate/environment.h"
#include "headgate/error.h"
#include "headgate/release.h"
#include "headgate/report.h"
#include "headgate/run.h"

#define CONNECT_TIMEOUT 60000 /* also for the first start of an embedded cluster on a slow disk */

/* Everything that can be said on the command line. */
struct options {
    const char *environments, *release, *state, *env, *confirm, *format;
    const char *output, *key, *allowed_signers;
    const char *from, *source;
    const char *wait, *reason;
    const char *until, *done, *again;
    const char *override, *step, *signature, *expect;
    const char *to, *tables, *schemas, *level;
    bool json, no_input, no_color, quiet, verbose, help;
    bool dry_run, detailed_exitcode, origin, all, force, allow_out_of_order;
    bool applied, rolled_back, missing_ok;
    bool markdown, follow, reject, print;
    bool with_passwords, without_owners, finish, decrypt;
    const char **arguments;
    size_t n_arguments;
};

struct option {
    const char *name;     /* without the dashes */
    char letter;          /* 0: none */
    const char *argument; /* NULL: a flag */
    const char *help;
    size_t offset; /* of the member in struct options: bool for a flag, else const char * */
};

#define FLAG(name_, letter_, field_, help_)                                                        \
    {                                                                                              \
        .name = (name_), .letter = (letter_), .help = (help_),                                     \
        .offset = offsetof(struct options, field_)                                                 \
    }
#define VALUE(name_, argument_, field_, help_)                                                     \
    {                                                                                              \
        .name = (name_), .argument = (argument_), .help = (help_),                                 \
        .offset = offsetof(struct options, field_)                                                 \
    }

#define VALUE_LETTER(name_, letter_, argument_, field_, help_)                                     \
    {                                                                                              \
        .name = (name_), .letter = (letter_), .argument = (argument_), .help = (help_),            \
        .offset = offsetof(struct options, field_)                                                 \
    }

/* What a command's arguments are, for completions. */
enum argument_kind {
    ARGUMENT_OTHER,
    ARGUMENT_ENVIRONMENT,
    ARGUMENT_PIPELINE,
    ARGUMENT_RUN,
    ARGUMENT_BACKUP,
    ARGUMENT_COMMAND,
    ARGUMENT_SHELL
};

struct command {
    const char *name;             /* "deploy", "config show" */
    const char *arguments;        /* "[ENV]", for people; NULL: none */
    const char *summary;          /* one line */
    const char *description;      /* paragraphs, parted by an empty line */
    const struct option *options; /* its own, ends with an empty one; NULL: none */
    size_t least, most;           /* how many arguments */
    enum argument_kind argument_kind;
    bool (*run)(const struct options *options, int *status, struct error *err);
};

extern const struct command *const commands[]; /* NULL terminated */
extern const struct option common_options[];   /* ends with an empty one */

/* The command that these words begin with; ret_n_words is how many of them are its name. NULL where
 * there is none. */
const struct command *command_find(char *const *words, size_t n, size_t *ret_n_words);
NODISCARD bool options_parse(int argc, char **argv, const struct command **ret_command,
                             struct options *ret_options, struct error *err);
void options_clear(struct options *options);

char *help_overview(void);
char *help_for(const struct command *command);
char *help_man(void);
/* NULL for a shell we do not know. */
char *completion_for(const char *shell);
/* Shared by the generators. */
extern const struct exit_code {
    int status;
    const char *meaning;
} exit_codes[];

/* --- what several commands begin with --- */

/* --environments, else pipelines/environments.json here or above. */
NODISCARD bool project_environments(const struct options *options, struct environments **ret_set,
                                    struct error *err);
/* --release, else migrations/ beside the folder of pipelines. */
char *project_release_folder(const struct options *options, const struct environments *set);
/* The same for commands that need a release but no environment: without a project it is
 * ./migrations. */
NODISCARD bool project_migrations_path(const struct options *options, char **ret_path,
                                       struct error *err);
NODISCARD bool project_release(const struct options *options, const struct environments *set,
                               struct release **ret_release, struct error *err);
/* The argument or --env, else what the process environment says, else development. */
NODISCARD bool project_environment(const struct options *options, struct environments *set,
                                   struct environment **ret_environment, struct error *err);
/* --wait: how long others may take before we give up. */
NODISCARD bool project_patience(const struct options *options, msec *ret_patience,
                                struct error *err);
void say_progress(const char *sentence);
/* Who does it, for the records: "anna@buildhost". The caller's. */
char *project_actor(void);

/* Asks back before something dangerous: y/N for staging, the name for production. */
NODISCARD bool confirm(const struct options *options, const struct environment *environment,
                       const char *question, struct error *err);
/* The same, asking for what this command wants, whatever kind of environment it is. */
enum confirm_how { CONFIRM_NOTHING, CONFIRM_YES, CONFIRM_NAME };
NODISCARD bool confirm_by(const struct options *options, const struct environment *environment,
                          enum confirm_how how, const char *question, struct error *err);

/* --- what the commands that settle something by hand begin with --- */

struct desk {
    struct environments *set;
    struct environment *environment;
    struct release *release;
    struct deploy_plan *plan;
    char *actor;
    struct deploy_conduct conduct;
};
/* The environment that is meant, and how to act there. */
NODISCARD bool desk_open(const struct options *options, struct desk *desk, struct error *err);
/* The release, and how the database stands to it. */
NODISCARD bool desk_look(const struct options *options, struct desk *desk, struct error *err);
void desk_clear(struct desk *desk);

/* --- what the commands about pipelines and runs begin with --- */

struct pipeline_desk {
    struct workflow_source source;
    struct workflow *workflow;
    struct state *state;
    char *actor;
    struct policy_override *overrides; /* of --override and --reason */
    size_t n_overrides;
    struct strlist held; /* the texts that all of this borrows */
};
/* The pipeline that is named, its environments and release, the state, the overrides. `named` is a
 * path or a name ("promote"); NULL: promote. */
NODISCARD bool pipeline_desk_open(const struct options *options, const char *named,
                                  struct pipeline_desk *desk, struct error *err);
/* The same for a source that a saved plan or a run names; what the command line says of
 * environments, release and state comes first. */
NODISCARD bool pipeline_desk_open_source(const struct options *options,
                                         const struct workflow_source *source,
                                         struct pipeline_desk *desk, struct error *err);
/* Those of a saved plan, or of the run that is gone on with, as well. */
void pipeline_desk_override(struct pipeline_desk *desk, const struct policy_override *overrides,
                            size_t n);
/* What a run would do now. so_far: the run that is gone on with; or NULL. */
NODISCARD bool pipeline_desk_plan(const struct pipeline_desk *desk, const char *until,
                                  const struct record *so_far, struct plan **ret_plan,
                                  struct error *err);
void pipeline_desk_clear(struct pipeline_desk *desk);
/* Holds what the run will work with, for as long as --wait says where others hold it; before the
 * plan is made. run NULL: a new one. */
NODISCARD bool pipeline_hold(const struct options *options, const struct pipeline_desk *desk,
                             const char *run, struct run_hold **ret_hold, struct error *err);
/* Executes the plan as a new run, or goes on with one; asks where it must, shows what happens, and
 * says how it went. */
NODISCARD bool pipeline_execute(const struct options *options, const struct pipeline_desk *desk,
                                const struct run_hold *hold, struct plan *plan, bool resumes,
                                int *status, struct error *err);
/* Where runs are kept, for commands that name only a run: --state, else .headgate beside the folder
 * of pipelines, here or in a folder above. */
NODISCARD bool project_state(const struct options *options, struct state **ret_state,
                             struct error *err);
/* The run that the argument names by its id or the beginning of it; without one as run_find says.
 */
NODISCARD bool project_run(const struct options *options, struct state *state, bool open,
                           char **ret_run, struct error *err);
/* The names of the pipelines of the project: "promote", ... */
NODISCARD bool project_pipelines(const struct options *options, struct strlist *ret_names,
                                 struct error *err);

/* --- what the commands about backups begin with --- */

struct vault_desk {
    struct environments *set;
    struct vault *vault;
    char *actor;
};
NODISCARD bool vault_desk_open(const struct options *options, struct vault_desk *desk,
                               struct error *err);
void vault_desk_clear(struct vault_desk *desk);
/* The backup that is named. "latest" is that of --env, else of usual, else of the environment that
 * is meant where nothing is said. */
NODISCARD bool vault_desk_find(const struct options *options, const struct vault_desk *desk,
                               const char *usual, struct vault_item *ret_item, struct error *err);
/* "checksums", "contents" or "restore"; option: for people, "--level". */
NODISCARD bool vault_desk_level(const char *option, const char *text, enum proof_level *ret_level,
                                struct error *err);
/* Verifies one, with its progress. False where it was interrupted; what else went wrong is in the
 * verification. */
NODISCARD bool vault_desk_verify(const struct vault_desk *desk, const struct vault_item *item,
                                 enum proof_level level, const char *about,
                                 struct verification *verification, struct error *err);
/* ERROR_BACKUP that says what is wrong with this one; false. */
bool verification_error(struct verification *verification, struct error *err);
void verification_clear(struct verification *verification);

extern const struct command cmd_backup_create, cmd_backup_list, cmd_backup_show, cmd_backup_verify,
    cmd_backup_prune, cmd_backup_restore;
extern const struct command cmd_run, cmd_apply, cmd_resume;
extern const struct command cmd_plan, cmd_show, cmd_runs, cmd_logs, cmd_approve, cmd_cancel,
    cmd_audit_verify;
extern const struct command cmd_release_show, cmd_release_bundle, cmd_release_sign,
    cmd_release_verify;
extern const struct command cmd_adopt;
extern const struct command cmd_resolve, cmd_baseline, cmd_down, cmd_reset, cmd_seed, cmd_mark;
extern const struct command cmd_status, cmd_deploy, cmd_create, cmd_doctor, cmd_config_show,
    cmd_embedded_list, cmd_embedded_start, cmd_embedded_stop, cmd_embedded_remove, cmd_version,
    cmd_help, cmd_completion;
