/*
 * The environments that programs get.
 */
#include <stdlib.h>
#include <unistd.h>

#include "headgate/process.h"
#include "headgate/secret.h"

/* What another user has instead of ours, or NULL where it makes no difference. */
static const char *users_own(const struct process_user *user, const char *name)
{
    if (user == NULL) {
        return NULL;
    }
    if (text_equal(name, "HOME")) {
        return user->home;
    }
    return text_equal(name, "USER") || text_equal(name, "LOGNAME") ? user->name : NULL;
}

void process_plain_environment(const struct process_user *user, struct strlist *ret_env)
{
    static const char *const names[] = {"PATH",   "HOME", "USER",   "LOGNAME", "LANG",
                                        "LC_ALL", "TZ",   "TMPDIR", "TERM"};
    struct strlist env = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *own = users_own(user, names[i]);
        const char *value = own != NULL ? own : getenv(names[i]);
        if (value != NULL) {
            strlist_printf(&env, "%s=%s", names[i], value);
        }
    }
    *ret_env = env;
}

void process_user_environment(struct strlist *ret_env)
{
    struct strlist env = STRLIST_INIT;
    for (char **variable = environ; *variable != NULL; variable++) {
        const char *equals = strchr(*variable, '=');
        if (equals != NULL && !redact_needed(equals + 1, strlen(equals + 1))) {
            strlist_add(&env, *variable);
        }
    }
    *ret_env = env;
}
