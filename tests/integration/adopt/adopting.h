/* An empty database, an environment "x" that points at it, and folders: theirs in "t", ours "m". */
#pragma once

#include "../db/sessions.h"

#include <stdlib.h>

#include "headgate/adopt.h"
#include "headgate/file.h"
#include "headgate/release.h"

struct world {
    char *folder;
    const char *url;
    struct db *db; /* a session that looks on */
    struct environments *set;
    struct adoption *adoption;
};

/* All tests of a program share a database, because to make one takes a while. */
__attribute__((unused)) static int world_open(void **state)
{
    static int n;
    struct error err = ERROR_INIT;
    struct world *world = mem_new(1, sizeof *world);
    world->url = scratch_postgres();
    world->folder = mem_printf("%s/%d", scratch_dir(), ++n);
    CLEANUP(mem_freep) char *theirs = path_join(world->folder, "t");
    CLEANUP(mem_freep) char *path = path_join(world->folder, "environments.json");
    CLEANUP(mem_freep)
    char *text =
        mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"%s\"}}}", world->url);
    assert_ok(folder_make(theirs, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &world->set, &err));
    world->db = session(world->url, false);
    run(world->db, "set client_min_messages = error");
    run(world->db, "do $$ declare name text; begin\n"
                   "  for name in select nspname from pg_namespace\n"
                   "              where nspname !~ '^pg_' and nspname <> 'information_schema'\n"
                   "  loop execute format('drop schema %I cascade', name); end loop;\n"
                   "end $$");
    run(world->db, "create schema public");
    *state = world;
    return 0;
}

__attribute__((unused)) static int world_close(void **state)
{
    struct world *world = *state;
    adoption_freep(&world->adoption);
    environments_freep(&world->set);
    db_closep(&world->db);
    mem_free(world->folder);
    mem_free(world);
    return 0;
}

/* A file of theirs. */
__attribute__((unused)) static void theirs(const struct world *world, const char *file,
                                           const char *text)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s/t/%s", world->folder, file);
    CLEANUP(mem_freep) char *parent = path_parent(path);
    assert_ok(folder_make(parent, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

__attribute__((unused)) static bool look(struct world *world, const char *tool, struct error *err)
{
    CLEANUP(mem_freep) char *source = path_join(world->folder, "t");
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    const struct adopt_request request = {.tool = tool, .source = source, .folder = folder};
    adoption_freep(&world->adoption);
    return adopt_look(&world->set->items[0], &request, SOON, &world->adoption, err);
}

/* Nothing may be there afterwards. */
__attribute__((unused)) static void expect_refused(struct world *world, const char *tool,
                                                   const char *message, const char *hint)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    bool was_there = path_exists(folder);
    assert_fails(look(world, tool, &err), ERROR_REFUSED);
    assert_contains(err.message, message);
    assert_contains(err.hint, hint);
    error_clear(&err);
    assert_int_equal(path_exists(folder), was_there);
}

/* "1 applied|2 pending": what would be made. */
__attribute__((unused)) static void expect_look(struct world *world, const char *tool,
                                                const char *wanted)
{
    struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf got = STRBUF_INIT;
    assert_ok(look(world, tool, &err));
    for (size_t i = 0; i < world->adoption->n; i++) {
        const struct adopt_item *item = &world->adoption->items[i];
        strbuf_printf(&got, "%s%s %s", i > 0 ? "|" : "", item->version,
                      item->applied ? "applied" : "pending");
    }
    assert_string_equal(got.text, wanted);
}

/* Does it, and holds release and history against each other. */
__attribute__((unused)) static void adopt(struct world *world)
{
    struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = NULL;
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    assert_ok(adopt_execute(world->adoption, SOON, &err));
    assert_ok(release_read(folder, &release, &err));
    assert_int_equal(release->n, world->adoption->n);
    for (size_t i = 0; i < release->n; i++) {
        const struct adopt_item *item = &world->adoption->items[i];
        assert_string_equal(release->migrations[i].name, item->name);
        assert_string_equal(release->migrations[i].checksum, item->checksum);
        CLEANUP(mem_freep)
        char *rows = mem_printf("select count(*) from _prisma_migrations where migration_name = "
                                "'%s' and checksum = '%s' and finished_at = started_at"
                                " and finished_at is not null and rolled_back_at is null"
                                " and applied_steps_count = 0 and logs = ''",
                                item->name, item->checksum);
        must_be(world->db, rows, item->applied ? "1" : "0");
    }
    CLEANUP(mem_freep) char *n = mem_printf("%zu", world->adoption->n_applied);
    must_be(world->db, "select count(*) from _prisma_migrations", n);
}

/* What stands in a file of ours. */
__attribute__((unused)) static void expect_file(const struct world *world, const char *file,
                                                const char *wanted)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s/m/%s", world->folder, file);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    assert_ok(file_read(path, 1u << 20, &text, &err));
    assert_string_equal(text.text, wanted);
}
