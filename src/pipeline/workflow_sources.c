/* Where ${...} of a pipeline takes its values from: the same as in an environments file. */
#include <stdlib.h>

#include "headgate/file.h"
#include "reading.h"

#define SECRET_FILE_LIMIT (64u << 10)
#define COMMAND_TIMEOUT 30000

static const char *read_variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static bool read_secret_file(void *context, const char *folder, const char *path, char **ret_text,
                             struct error *err)
{
    (void)context;
    CLEANUP(mem_freep) char *full = path_join(folder, path);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!file_read(full, SECRET_FILE_LIMIT, &text, err)) {
        return false;
    }
    *ret_text = strbuf_take(&text);
    return true;
}

static bool run_password_command(void *context, const char *folder, const char *const *argv,
                                 char **ret_text, struct error *err)
{
    (void)context;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    process_user_environment(&env);
    const struct process_spec spec = {
        .argv = argv,
        .env = (const char *const *)env.items,
        .folder = folder,
        .deadline = deadline_in(COMMAND_TIMEOUT),
    };
    return process_must_run(&spec, ret_text, err);
}

const struct json_sources workflow_sources = {
    .variable = read_variable,
    .file = read_secret_file,
    .command = run_password_command,
};
