/* The table of commands, and what is common to all of them. */
#include "private.h"

/* One a line, however many there are. */
/* clang-format off */
const struct command *const commands[] = {
    &cmd_status,
    &cmd_deploy,
    &cmd_create,
    &cmd_resolve,
    &cmd_down,
    &cmd_seed,
    &cmd_reset,
    &cmd_baseline,
    &cmd_mark,
    &cmd_adopt,
    &cmd_release_show,
    &cmd_release_bundle,
    &cmd_release_sign,
    &cmd_release_verify,
    &cmd_doctor,
    &cmd_config_show,
    &cmd_embedded_list,
    &cmd_embedded_start,
    &cmd_embedded_stop,
    &cmd_embedded_remove,
    &cmd_version,
    &cmd_help,
    &cmd_completion,
    NULL,
};
/* clang-format on */

const struct option common_options[] = {
    VALUE("environments", "FILE", environments,
          "the environments file; else pipelines/environments.json, here or in a folder above"),
    VALUE("release", "PATH", release,
          "the folder of migrations, or a bundle; else migrations/ beside the folder of pipelines"),
    VALUE("state", "DIR", state,
          "where headgate keeps what it makes; else .headgate/ beside the folder of pipelines"),
    FLAG("json", 0, json, "results as JSON on stdout, errors as JSON on stderr"),
    FLAG("no-input", 0, no_input, "never ask; refuse instead"),
    FLAG("no-color", 0, no_color, "no colours (so does NO_COLOR)"),
    FLAG("quiet", 'q', quiet, "no progress on stderr"),
    FLAG("verbose", 'v', verbose, "more on stderr: notices of the server"),
    FLAG("help", 'h', help, "what this command does"),
    {0},
};

const struct exit_code exit_codes[] = {
    {0, "done, or nothing to do"},
    {1, "failed; for status and doctor: a person must act"},
    {2, "with --detailed-exitcode: there are migrations to apply"},
    {3, "waiting at a gate"},
    {4, "a safety rule or policy forbids it"},
    {5, "drift found"},
    {6, "another run holds the lock"},
    {7, "a hook failed"},
    {8, "stopped half-way, resume continues"},
    {9, "the plan is stale, or this is the wrong server"},
    {10, "a backup failed or could not be verified"},
    {11, "masking is incomplete"},
    {64, "usage"},
    {65, "a bad pipeline, environments file or release"},
    {69, "a host or database cannot be reached"},
    {130, "stopped by SIGINT at a safe point"},
    {143, "stopped by SIGTERM at a safe point"},
    {0, NULL},
};
