/* Kinds of environments, and which environment a command means. */
#include <stdlib.h>

#include "headgate/environment.h"
#include "private.h"

const char *const environment_kind_words[] = {"development", "test", "staging", "production", NULL};

const char *environment_kind_name(enum environment_kind kind)
{
    return environment_kind_words[kind];
}

const char *environment_meant(const char *named, const char **ret_origin)
{
    static const char *const variables[] = {"DATABASE_ENV", "NODE_ENV"};
    if (named != NULL) {
        *ret_origin = "the command line";
        return named;
    }
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            *ret_origin = variables[i];
            return value;
        }
    }
    *ret_origin = "the default";
    return "development";
}
