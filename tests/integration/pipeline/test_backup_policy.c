/* Which backup counts for a deploy: of this server and database, proven, of a time that can be. */
#include "../vault/vaults.h"
#include "private.h"

#define SERVER "7712345678901234567"

static struct environments *set;

static int set_open(void **state)
{
    struct error err = ERROR_INIT;
    static const char text[] = "{\"vault\":{\"path\":\"policy\"},\"environments\":{\"x\":{\"kind\":"
                               "\"test\",\"url\":\"embedded:x\"}}}";
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "environments.json");
    (void)state;
    assert_ok(file_write(path, text, strlen(text), 0600, &err));
    assert_ok(environments_read(path, NULL, &set, &err));
    set->items[0].require.backup = true;
    set->items[0].require.backup_max_age = 3600000;
    return 0;
}

static int set_close(void **state)
{
    (void)state;
    scratch_sh("rm -rf policy");
    environments_freep(&set);
    return 0;
}

static void back_up(const char *system_identifier, int64_t created, bool failed)
{
    struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = NULL;
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_open(set, &vault, &err));
    assert_ok(vault_create(vault, "x", created, &file, &err));
    struct manifest manifest = manifest_of(file.name, "x", created, NULL);
    manifest.system_identifier = system_identifier;
    assert_ok(write_pack(&file, &manifest, &err));
    assert_ok(vault_publish(&file, &err));
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, "x", file.name);
    CLEANUP(proof_clear) struct proof proof = a_proof(item.digest);
    proof.failed = failed;
    assert_ok(vault_write_proof(vault, &item, &proof, &err));
}

static void expect_in(const char *system_identifier, const char *database_oid, bool wanted,
                      const char *part)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *because = NULL;
    bool holds = !wanted;
    const struct deploy_plan target = {.system_identifier = (char *)(uintptr_t)system_identifier,
                                       .database = (char *)(uintptr_t) "shop",
                                       .database_oid = (char *)(uintptr_t)database_oid};
    assert_ok(backup_policy_look(&set->items[0], &target, DEADLINE_NONE, &holds, &because, &err));
    assert_contains(because, part);
    assert_int_equal(holds, wanted);
}

static void expect(const char *system_identifier, bool wanted, const char *part)
{
    expect_in(system_identifier, "16384", wanted, part);
}

/* The same server and name, and young: but a restore has put another database there since. */
static void one_of_before_a_restore_does_not(void **state)
{
    (void)state;
    back_up(SERVER, wall_now_usec() - HOUR / 2, false);
    expect_in(SERVER, "16384", true, "restored and compared");
    expect_in(SERVER, "16500", false, "is of before database shop was made anew");
    expect_in(SERVER, NULL, false, "is of before database shop was made anew");
}

static void one_of_now_counts(void **state)
{
    (void)state;
    expect(SERVER, false, "there is none in the vault");
    back_up(SERVER, wall_now_usec() - HOUR / 2, false);
    expect(SERVER, true, "restored and compared");
    expect("7700000000000000000", false, "is of another database");
}

static void one_that_is_old_or_bad_does_not(void **state)
{
    (void)state;
    back_up(SERVER, wall_now_usec() - 2 * HOUR, false);
    expect(SERVER, false, "old, and may be 1h");
    back_up(SERVER, wall_now_usec() - HOUR / 3, true);
    expect(SERVER, false, "old, and may be 1h");
}

static void one_of_the_future_does_not(void **state)
{
    (void)state;
    back_up(SERVER, wall_now_usec() + 48 * HOUR, false);
    expect(SERVER, false, "from now, by the clock of its server");
    back_up(SERVER, wall_now_usec() + HOUR / 60, false); /* clocks are never quite the same */
    expect(SERVER, true, "restored and compared");
}

/* Two that are not known are not the same. */
static void one_of_a_server_that_is_not_known_does_not(void **state)
{
    (void)state;
    back_up(NULL, wall_now_usec(), false);
    expect(NULL, false, "pg_control_system");
    expect(SERVER, false, "pg_control_system");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_open, set_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_of_now_counts),
        TEST(one_of_before_a_restore_does_not),
        TEST(one_that_is_old_or_bad_does_not),
        TEST(one_of_the_future_does_not),
        TEST(one_of_a_server_that_is_not_known_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
