#include "state.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "headgate/file.h"

static char *without_slashes_at_end(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    return mem_copy_n(path, n);
}

bool state_open(const char *folder, struct state **ret_state, struct error *err)
{
    char here[PATH_MAX]; /* what getcwd can return at most */
    if (getcwd(here, sizeof here) == NULL) {
        return error_set_errno(err, "could not find out the current folder");
    }
    CLEANUP(mem_freep) char *absolute = path_join(here, folder);
    if (path_exists(absolute) && !path_is_folder(absolute)) {
        (void)error_set(err, ERROR_CONFIG, "the state %s is no folder", folder);
        return error_hint(err, "Name a folder, or a path where one can be made.");
    }
    struct state *state = mem_new(1, sizeof *state);
    state->folder = without_slashes_at_end(absolute);
    state->ledger = ledger_new();
    *ret_state = state;
    return true;
}

void state_freep(struct state **state)
{
    if (*state != NULL) {
        mem_free((*state)->folder);
        ledger_freep(&(*state)->ledger);
        mem_free(TAKE(*state));
    }
}

char *state_path(const struct state *state, const char *name)
{
    return path_join(state->folder, name);
}

static bool is_run_name(const char *run)
{
    return run[0] != '\0' && run[0] != '.' && strchr(run, '/') == NULL;
}

char *state_journal_path(const struct state *state, const char *run)
{
    return is_run_name(run) ? mem_printf("%s/runs/%s/journal", state->folder, run) : NULL;
}

char *state_run_folder(const struct state *state, const char *run)
{
    return mem_printf("%s/runs/%s", state->folder, run);
}

bool state_has_run(const struct state *state, const char *run)
{
    CLEANUP(mem_freep) char *path = state_journal_path(state, run);
    return path != NULL && path_exists(path);
}

/* That of somebody else is there, too, although it may not be looked into. */
static bool is_run(const struct state *state, const char *name)
{
    return state_has_run(state, name) || (is_run_name(name) && errno == EACCES);
}

bool state_list(const struct state *state, struct strlist *ret_runs, struct error *err)
{
    CLEANUP(mem_freep) char *path = state_path(state, "runs");
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!folder_list(path, &names, &failure) && failure.sys_errno != ENOENT) {
        error_move(err, &failure);
        return false;
    }
    for (size_t i = 0; i < names.n; i++) { /* an id begins with its time */
        if (is_run(state, names.items[i])) {
            strlist_add(&runs, names.items[i]);
        }
    }
    strlist_clear(ret_runs);
    *ret_runs = runs;
    runs = (struct strlist)STRLIST_INIT;
    return true;
}

/* The path itself, or the first above it that is there. */
static char *nearest_existing(const char *path)
{
    char *at = mem_copy(path);
    while (!path_exists(at)) {
        char *above = path_parent(at);
        mem_free(at);
        at = above;
    }
    return at;
}

/* Those above are synced also where they were there: whoever made them may have died just then. */
bool state_make_folder(const struct state *state, const char *name, struct error *err)
{
    CLEANUP(mem_freep) char *top = nearest_existing(state->folder);
    CLEANUP(mem_freep) char *at = state_path(state, name);
    if (!folder_make(at, 0700, err)) {
        return false;
    }
    while (!text_equal(at, top)) {
        char *above = path_parent(at);
        mem_free(at);
        at = above;
        if (!file_sync_folder(at, err)) {
            return false;
        }
    }
    return true;
}

bool state_refuse_run(const char *run, struct error *err)
{
    (void)error_set(err, ERROR_USAGE, "there is no run \"%s\"", run);
    return error_hint(err, "See which there are: headgate runs");
}

bool state_advise(struct error *err)
{
    bool is_told = err->code != ERROR_IO || err->hint != NULL;
    if (!is_told && (err->sys_errno == ENOSPC || err->sys_errno == EDQUOT)) {
        return error_hint(err,
                          "Make room on that disk (df shows it), then give the command again.");
    }
    if (!is_told && err->sys_errno == EIO) {
        return error_hint(err, "The disk fails; dmesg says more. When it is well again, give the "
                               "command again.");
    }
    if (!is_told && (err->sys_errno == EACCES || err->sys_errno == EROFS)) {
        return error_hint(err, "Let this user write there, or keep the state elsewhere: --state "
                               "DIR.");
    }
    return false;
}
