/*
 * Hooks and databases: the URL that they get, and evidence that is about what it says.
 */
#include "hooks.h"

static const char *database_url(void)
{
    static char *url;
    if (url == NULL) {
        scratch_sh("psql -Xq '%s' -c 'create database hooked'", scratch_postgres());
        url = mem_printf("%s dbname=hooked", scratch_postgres());
    }
    return url;
}

static int open_with_database(void **state)
{
    (void)hooks_open(state);
    const struct hooks *hooks = *state;
    CLEANUP(db_closep) struct db *db = session(database_url(), false);
    run(db, "drop schema public cascade");
    run(db, "create schema public");
    write_environments(hooks, database_url());
    return 0;
}

static int remove_embedded(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    return embedded_remove(scratch_state(), "hooked", SOON, &err) ? 0 : -1;
}

/* Brings "x" to the release of the pipeline that was read last. */
static void deploy(const struct hooks *hooks)
{
    struct error err = ERROR_INIT;
    CLEANUP(deploy_plan_freep) struct deploy_plan *plan = NULL;
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    const struct deploy_conduct conduct = {.actor = "somebody"};
    assert_ok(deploy_plan_make(&hooks->workflow->environments->items[0], hooks->workflow->release,
                               NULL, SOON, &plan, &err));
    assert_ok(deploy_plan_execute(plan, &conduct, &result, &err));
}

#define EVIDENCE ",\"on\":\"x\",\"evidence\":\"e2e\""

static void the_url_leads_to_its_environment(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, ",\"on\":\"x\"",
             "#!/bin/sh\necho environment=$HEADGATE_ENVIRONMENT\n"
             "psql -XAt \"$DATABASE_URL\" -c \"select 'in ' || current_database()\"\n");
    expect_done(hooks);
    assert_contains(hooks->log.text, " h out| environment=x\n");
    assert_contains(hooks->log.text, " h out| in hooked\n");
    assert_true(strlist_has(&last_step(hooks)->variables, "DATABASE_URL"));
}

static void an_embedded_database_has_a_url_too(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, ",\"on\":\"mine\"",
             "#!/bin/sh\necho $DATABASE_URL | grep -o '^postgresql://[a-z]*@localhost'\n"
             "psql -XAt \"$DATABASE_URL\" -c 'select 40 + 2'\n");
    expect_done(hooks);
    assert_contains(hooks->log.text, " h out| postgresql://postgres@localhost\n");
    assert_contains(hooks->log.text, " h out| 42\n");
    assert_null(json_data_member(hooks->more, "left_behind")); /* that server is ours */
}

static void a_server_that_we_started_is_not_stopped_with_a_hook(void **state)
{
    struct hooks *hooks = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_true(embedded_stop(scratch_state(), "hooked", SOON, &err));
    prepare_hook(hooks, ",\"on\":\"mine\"", "#!/bin/sh\necho ready\nexec sleep 1000\n");
    start_hook(hooks);
    hear_until(hooks, "ready");
    worker_signal(&hooks->worker, SIGTERM);
    end_hook(hooks);
    (void)expect_failure(hooks, "terminated");
    struct embedded_list list = {0};
    assert_true(embedded_find(scratch_state(), &list, &err));
    assert_int_equal(list.n, 1);
    assert_true(list.items[0].running);
    embedded_list_clear(&list);
}

static void a_password_is_hidden(void **state)
{
    struct hooks *hooks = *state;
    CLEANUP(mem_freep) char *url = mem_printf("%s password=open-se$$ame", database_url());
    write_environments(hooks, url);
    run_hook(hooks, ",\"on\":\"x\"",
             "#!/bin/sh\necho $DATABASE_URL | cut -c1-14\n"
             "case $DATABASE_URL in *:open-se%24ame@*) echo it is in there;; esac\n"
             "echo password: open-se\\$ame or open-se%24ame\necho $DATABASE_URL >&2\nexit 1\n");
    assert_contains(hooks->log.text, " h out| it is in there\n");
    assert_contains(hooks->log.text, " h out| password: *** or ***\n");
    assert_null(strstr(hooks->log.text, "open-se"));
    assert_null(strstr(hooks->news.text, "open-se"));
}

static void another_server_than_expected_gets_no_hook(void **state)
{
    struct hooks *hooks = *state;
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"%s\",\"expect\":"
                            "{\"database\":\"shop\"}}}}",
                            database_url());
    write_in(hooks, "pipelines/environments.json", text, 0644);
    run_hook(hooks, ",\"on\":\"x\"", "#!/bin/sh\ntouch ran\n");
    assert_contains(json_data_text(expect_failure(hooks, "stale"), "message"), "not \"shop\"");
    scratch_sh("test ! -e %s/ran", hooks->folder);
}

static void an_environment_that_cannot_be_had_gets_no_hook(void **state)
{
    struct hooks *hooks = *state;
    write_environments(hooks, "${HG_NO_SUCH_VARIABLE}");
    run_hook(hooks, ",\"on\":\"x\"", "#!/bin/sh\ntouch ran\n");
    (void)expect_failure(hooks, "config");
    write_environments(hooks, "host=127.0.0.1 port=1 dbname=nowhere");
    run_hook(hooks, EVIDENCE, "#!/bin/sh\ntouch ran\n");
    (void)expect_failure(hooks, "unreachable");
    scratch_sh("test ! -e %s/ran", hooks->folder);
}

static void evidence_needs_exactly_this_release_before(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, EVIDENCE, "#!/bin/sh\ntouch ran\n");
    const struct json_data *error = expect_failure(hooks, "refused");
    assert_contains(json_data_text(error, "message"), "environment \"x\" does not have exactly "
                                                      "this release: evidence \"e2e\" would be "
                                                      "about something else");
    assert_contains(json_data_text(error, "detail"), "\"" MIGRATION " (pending)\"");
    scratch_sh("test ! -e %s/ran", hooks->folder);

    deploy(hooks);
    run_prepared(hooks);
    expect_done(hooks);
    scratch_sh("rm %s/ran", hooks->folder);

    /* A later release is there: nothing is pending, and yet it is another one. */
    CLEANUP(db_closep) struct db *db = session(database_url(), false);
    run(db, "insert into _prisma_migrations (id, checksum, finished_at, migration_name, "
            "applied_steps_count) values ('1', 'x', now(), '20260102000000_b', 1)");
    run_prepared(hooks);
    error = expect_failure(hooks, "refused");
    assert_contains(json_data_text(error, "detail"), "20260102000000_b (missing)");
    scratch_sh("test ! -e %s/ran", hooks->folder);
}

static void evidence_needs_exactly_this_release_afterwards(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, EVIDENCE,
                 "#!/bin/sh\npsql -Xq \"$DATABASE_URL\" -c \"insert into _prisma_migrations (id, "
                 "checksum, finished_at, migration_name, applied_steps_count) values ('1', 'x', "
                 "now(), '20260102000000_b', 1)\"\n");
    deploy(hooks);
    run_prepared(hooks);
    const struct json_data *error = expect_failure(hooks, "refused");
    assert_contains(json_data_text(error, "message"), "any more, now that the hook has ended");
    assert_contains(json_data_text(error, "hint"), "headgate status");
    assert_int_equal(json_data_integer(hooks->more, "exit_status", -1), 0);
}

static void without_evidence_any_release_will_do(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, ",\"on\":\"x\"", "#!/bin/sh\nexit 0\n");
    expect_done(hooks);
    run_hook(hooks, ",\"evidence\":\"reviewed\"", "#!/bin/sh\nexit 0\n"); /* of no database */
    expect_done(hooks);
}

static void a_hook_keeps_other_runs_away(void **state)
{
    struct hooks *hooks = *state;
    CLEANUP(db_closep) struct db *db = session(database_url(), false);
    prepare_hook(hooks, ",\"on\":\"x\"",
                 "#!/bin/sh\necho ready\nuntil test -e go; do sleep 0.01; "
                 "done\n");
    start_hook(hooks);
    hear_until(hooks, "ready");
    must_be(db,
            "select count(*)::text from pg_locks join pg_database d on d.oid = database where "
            "locktype = 'advisory' and datname = 'hooked'",
            "1");
    write_in(hooks, "go", "", 0644);
    end_hook(hooks);
    expect_done(hooks);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_with_database, hooks_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DATABASE(the_url_leads_to_its_environment),
        WITH_DATABASE(an_embedded_database_has_a_url_too),
        WITH_DATABASE(a_server_that_we_started_is_not_stopped_with_a_hook),
        WITH_DATABASE(a_password_is_hidden),
        WITH_DATABASE(another_server_than_expected_gets_no_hook),
        WITH_DATABASE(an_environment_that_cannot_be_had_gets_no_hook),
        WITH_DATABASE(evidence_needs_exactly_this_release_before),
        WITH_DATABASE(evidence_needs_exactly_this_release_afterwards),
        WITH_DATABASE(without_evidence_any_release_will_do),
        WITH_DATABASE(a_hook_keeps_other_runs_away),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, remove_embedded);
}
