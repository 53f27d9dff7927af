/* A world for a deploy: an empty database, an environment "x" that points at it, and a release. */
#pragma once

#include "../db/sessions.h"

#include <stdlib.h>

#include "headgate/deploy.h"
#include "headgate/file.h"

struct world {
    char *folder; /* of the environments file; the release is in its subfolder "m" */
    const char *url;
    struct db *db; /* a session that looks on */
    struct environments *set;
    struct release *release;
    struct deploy_plan *plan;
};

/* The environment with these further members, such as ",\"expect\":{...}". */
__attribute__((unused)) static void world_environment(struct world *world, const char *url,
                                                      const char *members)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(world->folder, "environments.json");
    CLEANUP(mem_freep)
    char *text =
        mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"%s\"%s}}}", url, members);
    deploy_plan_freep(&world->plan);
    environments_freep(&world->set);
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &world->set, &err));
}

/* All tests of a program share a database, because to make one takes a while. */
__attribute__((unused)) static int world_open(void **state)
{
    static int n;
    struct error err = ERROR_INIT;
    struct world *world = mem_new(1, sizeof *world);
    world->url = scratch_postgres();
    world->folder = mem_printf("%s/%d", scratch_dir(), ++n);
    CLEANUP(mem_freep) char *migrations = path_join(world->folder, "m");
    assert_ok(folder_make(migrations, 0755, &err));
    world->db = session(world->url, false);
    /* what a failed test has left */
    run(world->db, "select pg_terminate_backend(pid) from pg_stat_activity"
                   " where datname = current_database() and pid <> pg_backend_pid()");
    run(world->db, "do $$ declare name text; begin\n"
                   "  for name in select nspname from pg_namespace\n"
                   "              where nspname !~ '^pg_' and nspname <> 'information_schema'\n"
                   "  loop execute format('drop schema %I cascade', name); end loop;\n"
                   "end $$");
    run(world->db, "create schema public");
    world_environment(world, world->url, "");
    *state = world;
    return 0;
}

__attribute__((unused)) static int world_close(void **state)
{
    struct world *world = *state;
    deploy_plan_freep(&world->plan);
    release_freep(&world->release);
    environments_freep(&world->set);
    db_closep(&world->db);
    mem_free(world->folder);
    mem_free(world);
    return 0;
}

__attribute__((unused)) static void write_migration(const struct world *world, const char *name,
                                                    const char *sql)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_printf("%s/m/%s", world->folder, name);
    CLEANUP(mem_freep) char *path = path_join(folder, "migration.sql");
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, sql, strlen(sql), 0644, &err));
}

__attribute__((unused)) static void remove_migration(const struct world *world, const char *name)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_printf("%s/m/%s", world->folder, name);
    assert_ok(folder_remove(folder, &err));
}

/* Reads the release and makes a plan. */
__attribute__((unused)) static struct deploy_plan *make_plan(struct world *world)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    deploy_plan_freep(&world->plan);
    release_freep(&world->release);
    assert_ok(release_read(folder, &world->release, &err));
    assert_ok(
        deploy_plan_make(&world->set->items[0], world->release, NULL, SOON, &world->plan, &err));
    return world->plan;
}

/* Executes the plan with nobody looking on. */
__attribute__((unused)) static bool execute(const struct world *world, size_t *n_applied,
                                            struct error *err)
{
    const struct deploy_observer nobody = {0};
    *n_applied = 0;
    return deploy_plan_execute(world->plan, SOON, &nobody, n_applied, err);
}

/* Plans and executes; all must go well. */
__attribute__((unused)) static size_t deploy(struct world *world)
{
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    (void)make_plan(world);
    assert_int_equal(world->plan->refusal.code, ERROR_NONE);
    assert_ok(execute(world, &n_applied, &err));
    return n_applied;
}
