/* Finds the project that a command works on: its environments, its release, the environment that is
 * meant. */
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/output.h"
#include "private.h"

void say_progress(const char *sentence)
{
    output_progress("%s", sentence);
}

static bool find_file(const struct options *options, char **ret_path, struct error *err)
{
    if (options->environments != NULL) {
        *ret_path = mem_copy(options->environments);
        return true;
    }
    CLEANUP(mem_freep) char *found = path_find_upwards(".", "pipelines/environments.json");
    if (found == NULL) {
        (void)error_set(err, ERROR_CONFIG,
                        "there is no pipelines/environments.json here or in a folder above");
        return error_hint(err, "Name the file with --environments FILE, or make it: "
                               "{\"environments\": {\"development\": {\"kind\": \"development\", "
                               "\"url\": \"embedded:development\"}}}");
    }
    *ret_path = path_display(found);
    return true;
}

bool project_environments(const struct options *options, struct environments **ret_set,
                          struct error *err)
{
    CLEANUP(mem_freep) char *path = NULL;
    CLEANUP(environments_freep) struct environments *set = NULL;
    if (!find_file(options, &path, err) || !environments_read(path, options->state, &set, err)) {
        return false;
    }
    clusters_sweep(set->state_folder);
    *ret_set = TAKE(set);
    return true;
}

char *project_release_folder(const struct options *options, const struct environments *set)
{
    if (options->release != NULL) {
        return mem_copy(options->release);
    }
    CLEANUP(mem_freep) char *folder = path_join(set->project_folder, "migrations");
    return path_display(folder);
}

bool project_release(const struct options *options, const struct environments *set,
                     struct release **ret_release, struct error *err)
{
    CLEANUP(mem_freep) char *folder = project_release_folder(options, set);
    return release_read(folder, ret_release, err);
}

bool project_environment(const struct options *options, struct environments *set,
                         struct environment **ret_environment, struct error *err)
{
    const char *named = options->n_arguments > 0 ? options->arguments[0] : options->env;
    const char *origin;
    if (named != NULL && options->env != NULL && !text_equal(named, options->env)) {
        return error_set(err, ERROR_USAGE, "two environments are named: \"%s\" and --env \"%s\"",
                         named, options->env);
    }
    const char *name = environment_meant(named, &origin);
    return environments_find(set, name, ret_environment, err) ||
           (named == NULL ? error_detail(err, "The name comes from %s.", origin) : false);
}

/* Whom sudo has made us root for. Only root is believed: anybody else could say anything. */
static char *behind_sudo(const char *name)
{
    const char *before = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    bool is_another = before != NULL && !text_equal(before, name) && getpwnam(before) != NULL;
    return is_another ? mem_printf(" (sudo %s)", before) : mem_copy("");
}

char *project_actor(void)
{
    char host[HOST_NAME_MAX + 1] = "";
    const struct passwd *user = getpwuid(getuid());
    CLEANUP(mem_freep)
    char *name = user != NULL ? mem_copy(user->pw_name) : mem_printf("uid %u", (unsigned)getuid());
    CLEANUP(mem_freep) char *sudo = behind_sudo(name);
    if (gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    return mem_printf("%s@%s%s", name, host, sudo);
}

#define PATIENCE 10000

bool project_patience(const struct options *options, msec *ret_patience, struct error *err)
{
    msec patience = PATIENCE;
    if (options->wait != NULL && !duration_parse(options->wait, &patience, err)) {
        err->code = ERROR_USAGE;
        return error_prefix(err, "--wait");
    }
    *ret_patience = patience;
    return true;
}

bool project_migrations_path(const struct options *options, char **ret_path, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    if (options->release != NULL) {
        *ret_path = mem_copy(options->release);
        return true;
    }
    CLEANUP(mem_freep) char *file = path_find_upwards(".", "pipelines/environments.json");
    if (options->environments == NULL && file == NULL) {
        *ret_path = mem_copy("migrations");
        return true;
    }
    if (!project_environments(options, &set, err)) {
        return false;
    }
    *ret_path = project_release_folder(options, set);
    return true;
}
