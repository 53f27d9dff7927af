/* A server with a database "shop", an environment "x" that points at it, and what is to take its
 * place. */
#pragma once

#include "../db/sessions.h"

#include <stdlib.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

#define KEPT "shop_before_20261128203000"
#define BESIDE "shop_restoring_00ff"

struct world {
    const char *url; /* of the superuser, database postgres */
    char *folder;
    struct db *db; /* looks on */
    struct environments *set;
    struct environment *environment;
};

/* The caller's. */
__attribute__((unused)) static char *url_of(const char *database, const char *role)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(scratch_postgres());
    return mem_printf("host=%s port=%s user=%s dbname=%s", conninfo_get(conninfo, "host"),
                      conninfo_get(conninfo, "port"), role, database);
}

__attribute__((unused)) static struct db *session_in(const char *database)
{
    CLEANUP(mem_freep) char *url = url_of(database, "tester");
    return session(url, false);
}

__attribute__((unused)) static void world_environment(struct world *world, const char *role,
                                                      const char *members)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(world->folder, "environments.json");
    CLEANUP(mem_freep) char *url = url_of("shop", role);
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"vault\":{\"path\":\"vault\"},\"environments\":{\"x\":{\"kind\":"
                            "\"test\",\"url\":\"%s\"%s}}}",
                            url, members);
    environments_freep(&world->set);
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &world->set, &err));
    world->environment = &world->set->items[0];
}

__attribute__((unused)) static void fill(const char *database, const char *which)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf("create table which as select '%s'::text as one", which);
    CLEANUP(db_closep) struct db *db = session_in(database);
    run(db, sql);
}

/* A session that was closed is gone a moment later. */
__attribute__((unused)) static void wait_until_left(struct db *db)
{
    msec deadline = SOON;
    CLEANUP(mem_freep) char *n = NULL;
    while (!text_equal(n, "0")) {
        assert_false(deadline_passed(deadline));
        mem_free(n);
        n = value(db, "select count(*)::text from pg_stat_activity where datname ~ '^s(hop|pare)'");
    }
}

/* Making a database takes longest of all here. Those that a test leaves as they are made, but for
 * what is in the schema public, are emptied and used again. */
#define LIKE_NEW                                                                                   \
    "select d.datname from pg_database d join pg_database t on t.datname = 'template0'"            \
    " where not d.datistemplate and d.datname ~ '^(shop|spare)' and d.datallowconn"                \
    " and d.datacl is null and d.datconnlimit = -1 and d.datdba = t.datdba and"                    \
    " (d.encoding, d.datcollate, d.datctype) = (t.encoding, t.datcollate, t.datctype)"             \
    " and to_jsonb(d) ->> 'datlocprovider' is not distinct from to_jsonb(t) ->> 'datlocprovider'"  \
    " and not exists (select from pg_db_role_setting where setdatabase = d.oid)"                   \
    " and not exists (select from pg_prepared_xacts x where x.database = d.datname)"

static void empty_database(const char *name)
{
    CLEANUP(db_closep) struct db *db = session_in(name);
    run(db, "set client_min_messages = error");
    run(db, "drop schema public cascade");
    run(db, "create schema public");
}

static void keep_spares(struct world *world)
{
    static int n;
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    run(world->db,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname ~ '^shop'");
    assert_ok(db_query(world->db, STATEMENT(LIKE_NEW), DB_NO_PARAMS, SOON, &rows, &err));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        empty_database(db_text(rows, i, 0));
    }
    wait_until_left(world->db);
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        CLEANUP(mem_freep)
        char *sql =
            mem_printf("alter database \"%s\" rename to spare_%d", db_text(rows, i, 0), ++n);
        run(world->db, sql);
    }
}

__attribute__((unused)) static void make_database(struct world *world, const char *name)
{
    CLEANUP(mem_freep)
    char *spare =
        value(world->db, "select coalesce(min(datname), '') from pg_database where datname ~ "
                         "'^spare_'");
    CLEANUP(mem_freep)
    char *sql = spare[0] != '\0' ? mem_printf("alter database %s rename to %s", spare, name)
                                 : mem_printf("create database %s template template0", name);
    run(world->db, sql);
}

/* All databases and roles but the server's own, and spare ones. */
__attribute__((unused)) static void world_empty(struct world *world)
{
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    run(world->db, "rollback");
    keep_spares(world);
    assert_ok(db_query(
        world->db,
        STATEMENT(
            "select format('drop database %I with (force)', datname)"
            " from pg_database where not datistemplate and datname <> "
            "'postgres' and datname !~ '^spare_' union all select format('drop role %I', rolname)"
            " from pg_roles where rolname !~ '^pg_' and rolname <> 'tester'"),
        DB_NO_PARAMS, SOON, &rows, &err));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        run(world->db, db_text(rows, i, 0));
    }
}

__attribute__((unused)) static int world_open(void **state)
{
    static int n;
    struct error err = ERROR_INIT;
    struct world *world = mem_new(1, sizeof *world);
    interrupt_forget();
    world->url = scratch_postgres();
    world->folder = mem_printf("%s/%d", scratch_dir(), ++n);
    assert_ok(folder_make(world->folder, 0755, &err));
    world->db = session(world->url, false);
    world_empty(world);
    make_database(world, "shop");
    fill("shop", "old");
    wait_until_left(world->db);
    world_environment(world, "tester", "");
    *state = world;
    return 0;
}

__attribute__((unused)) static int world_close(void **state)
{
    struct world *world = *state;
    interrupt_forget();
    environments_freep(&world->set);
    db_closep(&world->db);
    mem_free(world->folder);
    mem_free(world);
    return 0;
}

/* What is to take the place of "shop". */
__attribute__((unused)) static void make_beside(struct world *world)
{
    make_database(world, BESIDE);
    fill(BESIDE, "new");
    wait_until_left(world->db);
}

__attribute__((unused)) static void expect_shop(const char *which)
{
    CLEANUP(db_closep) struct db *shop = session_in("shop");
    must_be(shop, "select one from which", which);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)
