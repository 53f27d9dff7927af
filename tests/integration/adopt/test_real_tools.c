/* Coming from the real programs, where they are installed: dbmate, Sqitch, goose, golang-migrate.
 */
#include "adopting.h"

#include <stdio.h>

/* Its path; where it is not installed the test says so and is skipped. */
static const char *program(const char *name)
{
    const char *path = scratch_out("command -v %s || true", name);
    if (path[0] == '\0') {
        (void)fprintf(stderr, "skipped: %s is not installed\n", name);
        skip();
    }
    return path;
}

static char *url_of(const struct world *world)
{
    const struct db_identity *identity = db_identity(world->db);
    return mem_printf("postgres://%s@/%s?host=%s&port=%s&sslmode=disable", identity->user,
                      identity->database, identity->host, identity->port);
}

static void dbmate_itself(void **state)
{
    struct world *world = *state;
    const char *dbmate = program("dbmate");
    CLEANUP(mem_freep) char *url = url_of(world);
    theirs(world, "20240101000000_a.sql",
           "-- migrate:up\ncreate table a (id int);\n-- migrate:down\ndrop table a;\n");
    theirs(world, "20240102000000_b.sql",
           "-- migrate:up transaction:false\n"
           "create index concurrently b on a (id);\n"
           "-- migrate:down\n");
    scratch_sh("%s --url '%s' -d %s/t --no-dump-schema up >/dev/null", dbmate, url, world->folder);
    theirs(world, "20240103000000_c.sql",
           "-- migrate:up\ncreate table c (id int);\n-- migrate:down\ndrop table c;\n");
    expect_look(world, "dbmate",
                "20240101000000 applied|20240102000000 applied|20240103000000 pending");
    adopt(world);
    CLEANUP(mem_freep) char *folder = path_join(world->folder, "m");
    assert_string_equal(scratch_out("head -1 %s/20240102000000_b/migration.sql", folder),
                        "-- headgate: no-transaction");
    /* and nothing of theirs is changed */
    assert_string_equal(scratch_out("%s --url '%s' -d %s/t status | tail -2 | tr '\\n' ' '", dbmate,
                                    url, world->folder),
                        "Applied: 2 Pending: 1 ");
}

static void sqitch(const struct world *world, const char *arguments)
{
    const struct db_identity *identity = db_identity(world->db);
    scratch_sh("cd %s/t && HOME=%s PGHOST=%s PGPORT=%s PGUSER=%s SQITCH_FULLNAME=Ada"
               " SQITCH_EMAIL=ada@example.org sqitch %s >%s/sqitch.log 2>&1 ||"
               " { cat %s/sqitch.log >&2; false; }",
               world->folder, world->folder, identity->host, identity->port, identity->user,
               arguments, world->folder, world->folder);
}

static void sqitch_itself(void **state)
{
    struct world *world = *state;
    (void)program("sqitch");
    CLEANUP(mem_freep)
    char *deploy = mem_printf("deploy db:pg:%s", db_identity(world->db)->database);
    sqitch(world, "init shop --engine pg");
    sqitch(world, "add users -n one");
    theirs(world, "deploy/users.sql", "-- Deploy\nbegin;\ncreate table users (id int);\ncommit;\n");
    sqitch(world, "tag v1 -n first");
    sqitch(world, "add orders -n two -r users");
    theirs(world, "deploy/orders.sql", "create table orders (id int);\n");
    sqitch(world, deploy);
    sqitch(world, "tag v2 -n second");
    sqitch(world, "rework users -n three");
    theirs(world, "deploy/users.sql", "alter table users add column name text;\n");
    expect_look(world, "sqitch", "users applied|orders applied|users (2) pending");
    assert_contains(world->adoption->items[0].file, "users@v2.sql");
    sqitch(world, deploy);
    expect_look(world, "sqitch", "users applied|orders applied|users (2) applied");
    adopt(world);
    must_be(world->db,
            "select p.started_at = c.committed_at from _prisma_migrations p, sqitch.changes c"
            " where p.migration_name like '%orders' and c.change = 'orders'",
            "t");
    theirs(world, "deploy/orders.sql", "create table orders (id bigint);\n");
    run(world->db, "drop table _prisma_migrations");
    expect_refused(world, "sqitch", "1 file was changed after sqitch applied it", "sqitch");
}

static void goose_itself(void **state)
{
    struct world *world = *state;
    const char *goose = program("goose");
    CLEANUP(mem_freep) char *url = url_of(world);
    theirs(world, "00001_a.sql",
           "-- +goose Up\ncreate table a (id int);\n-- +goose Down\n"
           "drop table a;\n");
    theirs(world, "00002_b.sql",
           "-- +goose Up\ncreate table b (id int);\n-- +goose Down\n"
           "drop table b;\n");
    scratch_sh("%s -dir %s/t postgres '%s' up 2>/dev/null", goose, world->folder, url);
    scratch_sh("%s -dir %s/t postgres '%s' down 2>/dev/null", goose, world->folder, url);
    expect_look(world, "goose", "1 applied|2 pending");
    adopt(world);
}

static void golang_migrate_itself(void **state)
{
    struct world *world = *state;
    const char *migrate = program("migrate");
    CLEANUP(mem_freep) char *url = url_of(world);
    theirs(world, "1_a.up.sql", "create table a (id int);\n");
    theirs(world, "2_b.up.sql", "create table b (id nonsense);\n");
    scratch_sh("%s -path %s/t -database '%s' up 1 2>/dev/null", migrate, world->folder, url);
    expect_look(world, "golang-migrate", "1 applied|2 pending");
    scratch_sh("! %s -path %s/t -database '%s' up 2>/dev/null", migrate, world->folder, url);
    expect_refused(world, "golang-migrate", "has failed", "migrate force");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dbmate_itself),
        TEST(sqitch_itself),
        TEST(goose_itself),
        TEST(golang_migrate_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
