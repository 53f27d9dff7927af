/*
 * Encrypted vaults, with the real age.
 */
#include "vaults.h"

#define READER(path) "\"path\":\"" path "\",\"encrypt_to\":[\"./people\"],\"identity\":\"key\""
#define WRITER(path) "\"path\":\"" path "\",\"encrypt_to\":[\"./people\"]"

static int make_keys(void **state)
{
    (void)state;
    scratch_sh("age-keygen -o key 2>/dev/null && age-keygen -y key >people && "
               "age-keygen -o other-key 2>/dev/null");
    return 0;
}

static void who_writes_cannot_read_and_who_has_the_key_can(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *writer = vault_of(WRITER("v"));
    CLEANUP(vault_freep) struct vault *reader = vault_of(READER("v"));
    CLEANUP(mem_freep) char *name = make_backup(writer, "production", MOMENT, "aaaa");
    CLEANUP(vault_item_clear) struct vault_item item = found(writer, "production", "latest");
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    assert_true(vault_encrypts(writer));
    assert_true(item.encrypted);
    assert_false(vault_archive_open(writer, &item, &archive, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_contains(err.message, "can be read only with an identity");
    assert_contains(err.hint, "\"identity\"");
    expect_contents(reader, &item);
    scratch_sh("head -c 18 v/%s.tar.zst.age | grep -q ^age-encryption && "
               "[ \"$(stat -c %%a v/* | sort -u)\" = 600 ] && [ $(ls -A v | wc -l) = 2 ]",
               name);
}

static void what_may_be_told_is_told_without_the_key(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of(WRITER("told"));
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, "aaaa");
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_ok(vault_list(vault, NULL, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.items[0].manifest->release, "aaaa");
    assert_int_equal(list.items[0].manifest->n_tables, 0);
    scratch_sh("! grep -q orders told/*.info.json && rm told/*.info.json");
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    assert_null(item.manifest);
    assert_int_equal(item.error.code, ERROR_BACKUP);
    assert_contains(item.error.message, "it is encrypted");
}

static void a_proof_is_of_the_encrypted_file(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of(WRITER("proven"));
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    CLEANUP(proof_clear) struct proof proof = a_proof("of the pack within");
    assert_ok(vault_write_proof(vault, &item, &proof, &err));
    CLEANUP(vault_item_clear) struct vault_item proven = found(vault, NULL, name);
    assert_int_equal(proven.proof.level, PROOF_RESTORE);
    assert_string_equal(proven.proof.archive, "of the pack within");
    scratch_sh("cp -p proven/%s.tar.zst.age copy && printf x | dd of=proven/%s.tar.zst.age bs=1 "
               "seek=200 conv=notrunc status=none && touch -r copy proven/%s.tar.zst.age",
               name, name, name);
    CLEANUP(vault_item_clear) struct vault_item changed = found(vault, NULL, name);
    assert_int_equal(changed.proof.level, PROOF_NONE);
    scratch_sh("cp -p copy proven/%s.tar.zst.age", name);
    CLEANUP(vault_item_clear) struct vault_item again = found(vault, NULL, name);
    assert_int_equal(again.proof.level, PROOF_RESTORE);
    scratch_sh("touch proven/%s.tar.zst.age", name);
    CLEANUP(vault_item_clear) struct vault_item touched = found(vault, NULL, name);
    assert_int_equal(touched.proof.level, PROOF_NONE);
}

static void expect_unreadable(const struct vault *vault, const struct vault_item *item,
                              enum error_code code, const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct vault_archive archive = {.fd = -1};
    size_t before = count_files(vault);
    assert_false(vault_archive_open(vault, item, &archive, &err));
    assert_int_equal(err.code, code);
    assert_contains(err.message, message);
    assert_int_equal(count_files(vault), before);
}

static void a_wrong_or_missing_key_and_a_damaged_file_are_told(void **state)
{
    (void)state;
    CLEANUP(vault_freep) struct vault *vault = vault_of(READER("damaged"));
    CLEANUP(vault_freep)
    struct vault *stranger = vault_of("\"path\":\"damaged\",\"identity\":\"other-key\"");
    CLEANUP(vault_freep)
    struct vault *keyless = vault_of("\"path\":\"damaged\",\"identity\":\"no-key\"");
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    expect_unreadable(stranger, &item, ERROR_CONFIG, "could not decrypt backup production-2026");
    expect_unreadable(keyless, &item, ERROR_CONFIG, "no-key, the identity file of the vault");
    scratch_sh("truncate -s -1 damaged/%s.tar.zst.age", name);
    expect_unreadable(vault, &item, ERROR_BACKUP, "could not decrypt backup production-2026");
}

/* Anybody who may write there can make an old backup look young; who has the key sees it. */
static void what_is_told_without_the_key_must_be_what_is_inside(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of(READER("liar"));
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, "aaaa");
    scratch_sh("cp liar/%s.info.json summary && sed -i 's/\"aaaa\"/\"bbbb\"/' liar/*.info.json",
               name);
    CLEANUP(vault_item_clear) struct vault_item changed = found(vault, NULL, name);
    assert_string_equal(changed.manifest->release, "bbbb");
    expect_unreadable(vault, &changed, ERROR_BACKUP, ".info.json beside it says something else");
    scratch_sh("rm liar/*.info.json");
    CLEANUP(vault_item_clear) struct vault_item bare = found(vault, NULL, name);
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    assert_ok(vault_archive_open(vault, &bare, &archive, &err));
    scratch_sh("cp summary liar/%s.info.json", name);
    CLEANUP(vault_item_clear) struct vault_item told = found(vault, NULL, name);
    CLEANUP(vault_archive_clear) struct vault_archive again = {.fd = -1};
    assert_ok(vault_archive_open(vault, &told, &again, &err));
    assert_string_equal(again.manifest->release, "aaaa");
}

static void without_age_it_says_what_to_install(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of(WRITER("no-age"));
    CLEANUP(mem_freep) char *path = mem_copy(getenv("PATH"));
    struct vault_file file = VAULT_FILE_INIT;
    (void)setenv("PATH", "/nowhere", 1);
    bool made = vault_create(vault, "production", MOMENT, &file, &err);
    (void)setenv("PATH", path, 1);
    assert_false(made);
    assert_int_equal(err.code, ERROR_BACKUP);
    assert_contains(err.hint, "apt-get install age");
    assert_int_equal(count_files(vault), 0);
}

/* --- age ends too early --- */

static void expect_not_published(const struct vault *vault, void (*disturb)(pid_t age))
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    const struct manifest manifest = manifest_of(file.name, "production", MOMENT, NULL);
    disturb(file.encrypter.pid);
    if (write_pack(&file, &manifest, &err)) {
        assert_false(vault_publish(&file, &err));
        assert_int_equal(err.code, ERROR_BACKUP);
        assert_contains(err.message, "could not encrypt the backup");
    }
    vault_file_clear(&file);
    assert_int_equal(count_files(vault), 0);
}

static void kill_it(pid_t age)
{
    assert_int_equal(kill(age, SIGKILL), 0);
}

static void stop_it_kindly(pid_t age)
{
    assert_int_equal(kill(age, SIGTERM), 0);
}

static void nothing_that_age_did_not_end_is_published(void **state)
{
    (void)state;
    CLEANUP(vault_freep) struct vault *vault = vault_of(WRITER("early"));
    expect_not_published(vault, kill_it);
    expect_not_published(vault, stop_it_kindly);
}

static void a_recipient_that_age_refuses_makes_no_backup(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep)
    struct vault *vault = vault_of("\"path\":\"refused\",\"encrypt_to\":[\"age1nobody\"]");
    struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    assert_false(vault_publish(&file, &err));
    assert_contains(err.detail, "age1nobody");
    vault_file_clear(&file);
    CLEANUP(vault_freep)
    struct vault *nobody = vault_of("\"path\":\"refused\",\"encrypt_to\":[\"./nobody\"]");
    CLEANUP(error_clear) struct error missing = ERROR_INIT;
    assert_false(vault_create(nobody, "production", MOMENT, &file, &missing));
    assert_contains(missing.message, "nobody, a file of recipients of the vault");
    assert_int_equal(count_files(vault), 0);
}

static void age_dies_with_its_writer(void **state)
{
    (void)state;
    CLEANUP(vault_freep) struct vault *vault = vault_of(WRITER("killed"));
    pid_t pid = start_writer(vault);
    msec deadline = deadline_in(PATIENCE);
    vault_sweep(vault);
    assert_int_equal(count_files(vault), 1);
    kill_writer(pid);
    while (count_files(vault) > 0 && !deadline_passed(deadline)) { /* age ends a moment later */
        vault_sweep(vault);
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(count_files(vault), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_writes_cannot_read_and_who_has_the_key_can),
        cmocka_unit_test(what_may_be_told_is_told_without_the_key),
        cmocka_unit_test(a_proof_is_of_the_encrypted_file),
        cmocka_unit_test(a_wrong_or_missing_key_and_a_damaged_file_are_told),
        cmocka_unit_test(what_is_told_without_the_key_must_be_what_is_inside),
        cmocka_unit_test(without_age_it_says_what_to_install),
        cmocka_unit_test(nothing_that_age_did_not_end_is_published),
        cmocka_unit_test(a_recipient_that_age_refuses_makes_no_backup),
        cmocka_unit_test(age_dies_with_its_writer),
    };
    interrupt_install();
    return cmocka_run_group_tests_name("vault/age", tests, make_keys, NULL);
}
