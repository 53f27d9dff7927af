/* A release to be written and read: scratch_dir()/r. */
#pragma once

#include "scratch.h"

#include <stdio.h>

#include "headgate/release.h"

static const char *folder(void)
{
    static char path[96];
    (void)snprintf(path, sizeof path, "%s/r", scratch_dir());
    return path;
}

static void migration(const char *name, const char *text)
{
    scratch_sh("mkdir -p r/%s && printf -- '%s' > r/%s/migration.sql", name, text, name);
}

/* A file of the release, from printf's form. */
static void file(const char *name, const char *text) __attribute__((unused));
static void file(const char *name, const char *text)
{
    scratch_sh("mkdir -p $(dirname r/%s) && printf -- '%s' > r/%s", name, text, name);
}

static struct release *read_it(void)
{
    struct error err = ERROR_INIT;
    struct release *release = NULL;
    assert_ok(release_read(folder(), &release, &err));
    return release;
}
