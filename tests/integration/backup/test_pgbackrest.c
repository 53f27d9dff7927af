/* pgBackRest itself, on a server that archives its WAL: what is said of its backups is what it
 * says, also when its repository is damaged. */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/backup_tool.h"
#include "headgate/file.h"

#define AS TEST_SUPPORT "/pg as "

struct world {
    struct environment environment;
    char *config;
    const char *system_identifier;
};
static struct world world;

/* pgbackrest must be the user that the server is; ours is found first in PATH. */
static void write_wrapper(void)
{
    scratch_sh("mkdir -p br/bin && printf '#!/bin/sh\\nexec " AS "/usr/bin/pgbackrest \"$@\"\\n' "
               ">br/bin/pgbackrest && chmod 755 br/bin/pgbackrest");
    CLEANUP(mem_freep)
    char *path = mem_printf("%s/br/bin:%s", scratch_dir(), getenv("PATH"));
    assert_int_equal(setenv("PATH", path, 1), 0);
}

static int open_world(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    scratch_sh("mkdir -p br br/repo br/log br/lock br/spool && chmod 711 br && "
               "if [ $(id -u) = 0 ]; then chown -R postgres br; fi");
    world.config = mem_printf("%s/br/pgbackrest.conf", scratch_dir());
    const char *folder = scratch_dir();
    CLEANUP(mem_freep)
    char *text =
        mem_printf("[global]\nrepo1-path=%s/br/repo\nlog-path=%s/br/log\nlock-path=%s/br/lock\n"
                   "spool-path=%s/br/spool\nstart-fast=y\nrepo1-retention-full=2\n[main]\n"
                   "pg1-path=%s/br/server/data\npg1-socket-path=%s/br/server\npg1-user=tester\n"
                   "pg1-database=postgres\n",
                   folder, folder, folder, folder, folder, folder);
    assert_ok(file_write(world.config, text, strlen(text), 0644, &err));
    write_wrapper();
    scratch_sh(TEST_SUPPORT "/pg start $PWD/br/server wal_level=replica archive_mode=on "
                            "\"archive_command='pgbackrest --config=%s --stanza=main "
                            "archive-push %%p'\" >/dev/null",
               world.config);
    world.system_identifier = scratch_out("psql -h %s/br/server -U tester -d postgres -Atc "
                                          "'select system_identifier from pg_control_system()'",
                                          scratch_dir());
    world.environment = (struct environment){
        .name = "big",
        .backup_tool = {.name = "pgbackrest", .stanza = "main", .config = world.config}};
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    scratch_sh(TEST_SUPPORT "/pg stop $PWD/br/server");
    mem_free(world.config);
    return 0;
}

static void look(struct tool_report *ret_report)
{
    struct error err = ERROR_INIT;
    assert_ok(backup_tool_look(&world.environment, deadline_in(60000), ret_report, &err));
}

static void before_there_is_a_backup_there_is_none(void **state)
{
    (void)state;
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    CLEANUP(mem_freep) char *lack = NULL;
    look(&report);
    assert_int_not_equal(report.status, 0);
    assert_null(backup_tool_newest(&report, world.system_identifier, 0, wall_now_usec(), &lack));
    assert_contains(lack, "missing stanza path");
}

static enum tool_verdict verify(const char *label, char **ret_text)
{
    struct error err = ERROR_INIT;
    const struct backup_observer nobody = {0};
    enum tool_verdict verdict = TOOL_CANNOT;
    assert_ok(backup_tool_verify(&world.environment, label, &nobody, &verdict, ret_text, &err));
    return verdict;
}

static void a_backup_counts_until_one_byte_of_it_is_wrong(void **state)
{
    (void)state;
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    CLEANUP(mem_freep) char *lack = NULL;
    CLEANUP(mem_freep) char *text = NULL;
    scratch_sh("pgbackrest --config=%s --stanza=main stanza-create && "
               "pgbackrest --config=%s --stanza=main backup",
               world.config, world.config);
    look(&report);
    const struct tool_backup *newest =
        backup_tool_newest(&report, world.system_identifier, 600000, wall_now_usec(), &lack);
    if (newest == NULL) {
        fail_msg("%s", lack);
    }
    assert_true(newest->size > 1000000);
    assert_null(backup_tool_newest(&report, "1", 0, wall_now_usec(), &lack));
    assert_contains(lack, "is of another server");
    enum tool_verdict verdict = verify(newest->label, &text);
    if (verdict == TOOL_CANNOT) {
        skip(); /* before 2.45 */
    }
    assert_int_equal(verdict, TOOL_VERIFIED);
    scratch_sh("file=$(find br/repo/backup/main/*F/pg_data/base -name '*.gz' -size +4k | head -1) "
               "&& printf XX | dd of=$file bs=1 seek=500 conv=notrunc 2>/dev/null");
    assert_int_equal(verify(newest->label, &text), TOOL_DAMAGED);
    assert_contains(text, "status: invalid");
}

static void that_it_cannot_work_is_told_in_its_words(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    struct environment other = world.environment;
    other.backup_tool.config = "/nonexistent/pgbackrest.conf";
    assert_fails(backup_tool_look(&other, deadline_in(60000), &report, &err), ERROR_BACKUP);
    assert_contains(err.message, "pgbackrest info: exit status");
    assert_contains(err.detail, "ERROR: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_there_is_a_backup_there_is_none),
        cmocka_unit_test(a_backup_counts_until_one_byte_of_it_is_wrong),
        cmocka_unit_test(that_it_cannot_work_is_told_in_its_words),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
