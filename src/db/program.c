/*
 * A connection for other programs, in their environment.
 *
 * A service's values count more for libpq than variables do, so its name cannot stand beside them:
 * it is looked up here, by libpq itself. libpq tells what it made of a connection string only of a
 * connection that was begun. So one is begun with a value that libpq refuses once it has looked up
 * everything, and before it connects anywhere; what that value covers is had from a second one.
 */
#include <libpq-fe.h>
#include <stdlib.h>

#include "conninfo.h"
#include "headgate/db_copy.h"
#include "headgate/secret.h"

#define REFUSED "headgate-looks-up"

static const char *const refused_keywords[] = {"gssencmode", "channel_binding"};

struct sources {
    struct parameters written;     /* in the connection string */
    PQconninfoOption *resolved[2]; /* where there is a service; else NULL */
};

static void sources_clear(struct sources *sources)
{
    parameters_clear(&sources->written);
    PQconninfoFree(sources->resolved[0]);
    PQconninfoFree(sources->resolved[1]);
}

static const char *written_value(const struct parameters *written, const char *keyword)
{
    for (size_t i = 0; i < written->n; i++) {
        if (text_equal(written->keywords[i], keyword)) {
            return written->values[i];
        }
    }
    return NULL;
}

static const char *value_in(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (text_equal(o->keyword, keyword)) {
            return o->val;
        }
    }
    return NULL;
}

/* NULL where libpq does not come so far: there is no such service. */
static PQconninfoOption *look_up(const struct conninfo *conninfo, const char *refused_keyword)
{
    struct parameters parameters;
    conninfo_parameters(conninfo, &parameters);
    parameters_set(&parameters, refused_keyword, REFUSED);
    PGconn *conn = PQconnectStartParams(parameters.keywords, parameters.values, 0);
    PQconninfoOption *options = PQconninfo(conn);
    PQfinish(conn);
    parameters_clear(&parameters);
    if (!text_equal(value_in(options, refused_keyword), REFUSED)) {
        PQconninfoFree(options);
        return NULL;
    }
    return options;
}

static void find_sources(const struct conninfo *conninfo, struct sources *sources)
{
    conninfo_parameters(conninfo, &sources->written);
    if (written_value(&sources->written, "service") == NULL && getenv("PGSERVICE") == NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(refused_keywords); i++) {
        sources->resolved[i] = look_up(conninfo, refused_keywords[i]);
    }
}

static const char *value_of(const struct sources *sources, const PQconninfoOption *option)
{
    if (sources->resolved[0] != NULL) {
        bool covered = text_equal(option->keyword, refused_keywords[0]);
        bool is_name = text_starts(option->keyword, "service");
        return is_name ? NULL : value_in(sources->resolved[covered ? 1 : 0], option->keyword);
    }
    const char *value = written_value(&sources->written, option->keyword);
    return value != NULL ? value : getenv(option->envvar);
}

/* --- the list --- */

static void remove_variable(struct strlist *env, const char *name)
{
    CLEANUP(mem_freep) char *prefix = mem_printf("%s=", name);
    struct strlist kept = STRLIST_INIT;
    for (size_t i = 0; i < env->n; i++) {
        if (!text_starts(env->items[i], prefix)) {
            strlist_add(&kept, env->items[i]);
        }
    }
    strlist_clear(env);
    *env = kept;
}

/* An empty value is libpq's default, as without a variable. */
static void set_variable(struct strlist *env, const PQconninfoOption *option, const char *value)
{
    remove_variable(env, option->envvar);
    if (value == NULL || *value == '\0') {
        return;
    }
    strlist_printf(env, "%s=%s", option->envvar, value);
    if (option->dispchar[0] == '*') {
        secret_register(value);
    }
}

static void set_options(struct strlist *env, const PQconninfoOption *option, const char *value,
                        const char *more)
{
    bool both = value != NULL && *value != '\0' && more != NULL;
    CLEANUP(mem_freep) char *joined = both ? mem_printf("%s %s", value, more) : NULL;
    set_variable(env, option, both ? joined : more != NULL ? more : value);
}

void conninfo_environment(const struct conninfo *conninfo, const char *options,
                          struct strlist *ret_env)
{
    CLEANUP(sources_clear) struct sources sources = {0};
    find_sources(conninfo, &sources);
    PQconninfoOption *all = PQconninfoParse("", NULL);
    for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
        if (o->envvar == NULL) {
            continue;
        }
        const char *value = value_of(&sources, o);
        if (text_equal(o->keyword, "options")) {
            set_options(ret_env, o, value, options);
        } else {
            set_variable(ret_env, o, value);
        }
    }
    PQconninfoFree(all);
}
