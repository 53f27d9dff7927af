/* A world for an engine: an empty database, an environment "x" that points at it, a release, and a
 * log of what the engine says. */
#pragma once

#include "../db/sessions.h"

#include <signal.h>
#include <stdlib.h>

#include "headgate/engine.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"

#define A "20260101000000_a"
#define B "20260102000000_b"
#define C "20260103000000_c"

struct world {
    char *folder; /* of the environments file; the release is in its subfolder "m" */
    const char *url;
    const char *schema; /* of the history; NULL: public */
    struct db *db;      /* a session that looks on */
    struct db *other;   /* one that gets in the way, or NULL */
    struct environments *set;
    struct release *release;
    struct strbuf log;
    /* Called at each event, behind the log. */
    void (*hook)(struct world *world, const struct engine_event *event);
    int n_hooked; /* for the hook's own use */
    msec patience;
    /* what the last run_all did */
    size_t n_applied;
    struct engine_cost cost;
    struct engine *engine;    /* while it runs */
    struct deploy_plan *plan; /* of the tests of deploy */
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
    environments_freep(&world->set);
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &world->set, &err));
}

__attribute__((unused)) static void world_deploy(struct world *world, const char *members)
{
    CLEANUP(mem_freep) char *all = mem_printf(",\"deploy\":{%s}", members);
    world_environment(world, world->url, all);
}

/* As new, but for the release. */
__attribute__((unused)) static void world_empty(const struct world *world)
{
    run(world->db, "do $$ declare name text; begin\n"
                   "  for name in select nspname from pg_namespace\n"
                   "              where nspname !~ '^pg_' and nspname <> 'information_schema'\n"
                   "  loop execute format('drop schema %I cascade', name); end loop;\n"
                   "  for name in select rolname from pg_roles\n"
                   "              where rolname !~ '^pg_' and rolname <> 'tester'\n"
                   "  loop execute format('drop owned by %I cascade', name);\n"
                   "       execute format('drop role %I', name); end loop;\n"
                   "  alter role tester reset all;\n"
                   "end $$");
    run(world->db, "create schema public");
}

/* All tests of a program share a database, because to make one takes a while. */
__attribute__((unused)) static int world_open(void **state)
{
    static int n;
    struct error err = ERROR_INIT;
    struct world *world = mem_new(1, sizeof *world);
    interrupt_forget();
    world->url = scratch_postgres();
    world->folder = mem_printf("%s/%d", scratch_dir(), ++n);
    world->log = (struct strbuf)STRBUF_INIT;
    world->patience = 20000; /* the last one's session may be about to end */
    CLEANUP(mem_freep) char *migrations = path_join(world->folder, "m");
    assert_ok(folder_make(migrations, 0755, &err));
    world->db = session(world->url, false);
    /* what a failed test has left */
    run(world->db, "select pg_terminate_backend(pid) from pg_stat_activity"
                   " where datname = current_database() and pid <> pg_backend_pid()");
    world_empty(world);
    db_closep(&world->db);
    world->db = session(world->url, false); /* with the settings of its role as they are now */
    world_environment(world, world->url, "");
    *state = world;
    return 0;
}

__attribute__((unused)) static int world_close(void **state)
{
    struct world *world = *state;
    interrupt_forget();
    release_freep(&world->release);
    environments_freep(&world->set);
    db_closep(&world->other);
    db_closep(&world->db);
    strbuf_clear(&world->log);
    mem_free(world->folder);
    mem_free(world);
    return 0;
}

__attribute__((unused)) static void write_migration_n(const struct world *world, const char *name,
                                                      const char *sql, size_t size)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_printf("%s/m/%s", world->folder, name);
    CLEANUP(mem_freep) char *path = path_join(folder, "migration.sql");
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, sql, size, 0644, &err));
}

__attribute__((unused)) static void write_migration(const struct world *world, const char *name,
                                                    const char *sql)
{
    write_migration_n(world, name, sql, strlen(sql));
}

__attribute__((unused)) static void remove_migration(const struct world *world, const char *name)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_printf("%s/m/%s", world->folder, name);
    assert_ok(folder_remove(folder, &err));
}

__attribute__((unused)) static void read_release(struct world *world)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    release_freep(&world->release);
    assert_ok(release_read(folder, &world->release, &err));
}

/* Waits until this says true: of other sessions, so the answer comes by itself. */
__attribute__((unused)) static void wait_until(struct db *db, const char *sql)
{
    msec deadline = SOON;
    for (;;) {
        CLEANUP(mem_freep) char *got = value(db, sql);
        if (text_equal(got, "t")) {
            return;
        }
        if (deadline_passed(deadline)) {
            fail_msg("never true: %s", sql);
        }
        deadline_sleep(deadline_in(5));
    }
}

/* Another program that runs this by itself; it ends when the server lets it. */
__attribute__((unused)) static void in_background(const struct world *world, const char *sql)
{
    scratch_sh("PGOPTIONS='-c deadlock_timeout=20s' PGAPPNAME=background timeout 60"
               " psql -X -q -v ON_ERROR_STOP=1 '%s' -c \"%s\" >/dev/null 2>&1 </dev/null &",
               world->url, sql);
}

/* The n-th session in the background waits for a lock. */
#define N_WAIT(n)                                                                                  \
    "select count(*) = " #n " from pg_stat_activity"                                               \
    " where application_name = 'background' and wait_event_type = 'Lock'"
#define NOBODY_IN_BACKGROUND                                                                       \
    "select count(*) = 0 from pg_stat_activity where application_name = 'background'"

/* --- an engine --- */

__attribute__((unused)) static void on_event(void *context, const struct engine_event *event)
{
    struct world *world = context;
    strbuf_printf(&world->log, "%s", engine_event_name(event->kind));
    if (event->verb != NULL) {
        strbuf_printf(&world->log, " %zu %s", event->line, event->verb);
    }
    strbuf_printf(&world->log, "%s%s\n", event->sentence != NULL ? " " : "",
                  event->sentence != NULL ? event->sentence : "");
    if (world->hook != NULL) {
        world->hook(world, event);
    }
}

__attribute__((unused)) static bool open_engine(struct world *world, struct engine **ret_engine,
                                                struct error *err)
{
    const struct engine_settings settings = {.environment = &world->set->items[0],
                                             .schema =
                                                 world->schema != NULL ? world->schema : "public",
                                             .release_digest = world->release->digest,
                                             .run = "run-1",
                                             .actor = "somebody",
                                             .patience = world->patience,
                                             .observer = {.event = on_event, .context = world}};
    return engine_open(&settings, ret_engine, err);
}

/* The row that speaks for it, or NULL. */
__attribute__((unused)) static const struct history_row *row_of(const struct history *history,
                                                                const char *name)
{
    for (size_t i = 0; i < history->n; i++) {
        if (text_equal(history->rows[i].name, name) && history->rows[i].rolled_back_at == NULL) {
            return &history->rows[i];
        }
    }
    return NULL;
}

__attribute__((unused)) static bool run_each(struct world *world, const struct history *history,
                                             struct error *err)
{
    for (size_t i = 0; i < world->release->n; i++) {
        const struct migration *migration = &world->release->migrations[i];
        const struct history_row *row = row_of(history, migration->name);
        if (row != NULL && row->finished_at != NULL) {
            continue;
        }
        if (!engine_run(world->engine, migration, row, err)) {
            return false;
        }
        world->n_applied++;
    }
    return true;
}

/* What a deploy does with an engine: all that is not finished yet, in order. */
__attribute__((unused)) static bool run_all(struct world *world, struct error *err)
{
    CLEANUP(engine_freep) struct engine *engine = NULL;
    CLEANUP(history_freep) struct history *history = NULL;
    bool recorded = false;
    read_release(world);
    world->n_applied = 0;
    strbuf_cut(&world->log, 0);
    if (!open_engine(world, &engine, err)) {
        return false;
    }
    world->engine = engine;
    struct db *db = engine_session(engine);
    bool done = history_read(db, world->schema, SOON, &history, err) &&
                (history->exists || history_create(db, SOON, err)) &&
                history_create_records(db, SOON, &recorded, err);
    engine_set_recorded(engine, recorded);
    done = done && run_each(world, history, err);
    world->cost = *engine_cost(engine);
    world->engine = NULL;
    return done;
}

__attribute__((unused)) static void must_run(struct world *world, size_t n)
{
    struct error err = ERROR_INIT;
    assert_ok(run_all(world, &err));
    assert_int_equal(world->n_applied, n);
}

/* The error is left for a closer look. */
__attribute__((unused)) static void must_fail(struct world *world, enum error_code code,
                                              const char *sqlstate, struct error *ret_err)
{
    struct error err = ERROR_INIT;
    error_clear(ret_err);
    assert_fails(run_all(world, &err), code);
    assert_string_equal(err.sqlstate, sqlstate);
    *ret_err = err;
}

#define assert_logged(part) assert_contains(world->log.text, (part))
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)
