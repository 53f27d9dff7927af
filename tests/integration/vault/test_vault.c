/*
 * The vault with real packs, real locks and a disk that is full.
 */
#include "vaults.h"

static void a_backup_is_made_listed_and_opened(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"made/here\"");
    CLEANUP(vault_list_clear) struct vault_list none = {0};
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_ok(vault_list(vault, NULL, &none, &err));
    assert_int_equal(none.n, 0);
    assert_false(path_exists(vault_folder(vault)));
    CLEANUP(mem_freep) char *older = make_backup(vault, "production", MOMENT, "aaaa");
    CLEANUP(mem_freep) char *newer = make_backup(vault, "staging", MOMENT + HOUR, NULL);
    assert_ok(vault_list(vault, NULL, &list, &err));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0].name, newer);
    assert_string_equal(list.items[1].name, older);
    assert_string_equal(list.items[1].environment, "production");
    assert_int_equal(list.items[1].created, MOMENT);
    assert_string_equal(list.items[1].manifest->release, "aaaa");
    assert_int_equal(strlen(list.items[1].digest), HASH_HEX_SIZE - 1);
    assert_int_equal(list.items[1].proof.time, 0);
    assert_false(error_is_set(&list.items[1].error));
    expect_contents(vault, &list.items[1]);
    scratch_sh("[ $(stat -c %%a made/here) = 700 ] && "
               "[ \"$(stat -c %%a made/here/* | sort -u)\" = 600 ]");
}

static void an_environment_is_listed_alone(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"alone\"");
    CLEANUP(mem_freep) char *one = make_backup(vault, "prod", MOMENT, NULL);
    CLEANUP(mem_freep)
    __attribute__((unused)) char *other = make_backup(vault, "prod-2", MOMENT, NULL);
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_ok(vault_list(vault, "prod", &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.items[0].name, one);
}

/* --- proofs --- */

static void a_proof_is_believed_until_the_file_changes(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"proofs\"");
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(mem_freep) char *other = make_backup(vault, "production", MOMENT + HOUR, NULL);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    CLEANUP(proof_clear) struct proof proof = a_proof(item.digest);
    assert_ok(vault_write_proof(vault, &item, &proof, &err));
    CLEANUP(vault_item_clear) struct vault_item proven = found(vault, NULL, name);
    assert_int_equal(proven.proof.level, PROOF_RESTORE);
    scratch_sh("cp proofs/%s.tar.zst proofs/%s.tar.zst", other, name);
    CLEANUP(vault_item_clear) struct vault_item changed = found(vault, NULL, name);
    assert_int_equal(changed.proof.time, 0);
    assert_int_equal(changed.proof.level, PROOF_NONE);
    assert_null(changed.manifest);
    assert_contains(changed.error.message, other);
}

/* --- what is broken --- */

static void a_broken_file_is_told_and_hides_no_other(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"broken\"");
    CLEANUP(mem_freep) char *good = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(mem_freep) char *cut = make_backup(vault, "production", MOMENT + HOUR, NULL);
    scratch_sh("cd broken && truncate -s -1 %s.tar.zst && cp %s.tar.zst mine.tar.zst && "
               "mkdir a-20261128T203000Z-4f2a.tar.zst && echo hello >notes.txt",
               cut, good);
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_ok(vault_list(vault, NULL, &list, &err));
    assert_int_equal(list.n, 4);
    size_t readable = 0;
    for (size_t i = 0; i < list.n; i++) {
        readable += list.items[i].manifest != NULL;
        assert_int_equal(list.items[i].manifest == NULL, error_is_set(&list.items[i].error));
    }
    assert_int_equal(readable, 1);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, cut);
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    assert_int_equal(item.error.code, ERROR_BACKUP);
    assert_false(vault_archive_open(vault, &item, &archive, &err));
    assert_int_equal(err.code, ERROR_BACKUP);
}

/* --- finding --- */

static void expect_not_found(const struct vault *vault, const char *environment, const char *named,
                             const char *message, const char *hint)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct vault_item item = {.name = NULL};
    assert_false(vault_find(vault, environment, named, &item, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_contains(err.message, message);
    assert_contains(err.hint, hint);
}

static void expect_found(const struct vault *vault, const char *environment, const char *named,
                         const char *name)
{
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, environment, named);
    assert_string_equal(item.name, name);
    assert_non_null(item.manifest);
}

static void a_backup_is_found_in_many_ways(void **state)
{
    (void)state;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"many\"");
    expect_not_found(vault, "production", "latest", "there is no backup of production in ",
                     "headgate backup create production");
    CLEANUP(mem_freep) char *first = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(mem_freep) char *second = make_backup(vault, "production", MOMENT + 24 * HOUR, NULL);
    CLEANUP(mem_freep) char *staging = make_backup(vault, "staging", MOMENT + 48 * HOUR, NULL);
    CLEANUP(mem_freep) char *file = mem_printf("%s.tar.zst", first);
    CLEANUP(mem_freep) char *path = path_join(vault_folder(vault), file);
    expect_found(vault, "production", "latest", second);
    expect_found(vault, NULL, "latest", staging);
    expect_found(vault, NULL, first, first);
    expect_found(vault, NULL, "production-20261128", first);
    expect_found(vault, NULL, file, first);
    expect_found(vault, "staging", path, first);
    expect_not_found(vault, NULL, "production", "is the beginning of several", second);
    expect_not_found(vault, NULL, "", "there is no backup \"\"", second);
    expect_not_found(vault, "production", staging, "there is no backup \"staging-", first);
    expect_not_found(vault, "test", "latest", "there is no backup of test", "create test");
    expect_not_found(vault, NULL, "./nothing.tar.zst", "there is no backup at ./nothing", ".age");
    expect_not_found(vault, NULL, "/etc/passwd", "there is no backup at /etc/passwd", ".age");
}

/* --- pruning --- */

static void what_nothing_keeps_is_removed_with_what_lies_beside_it(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep)
    struct vault *vault = vault_of("\"path\":\"pruned\",\"keep\":{\"last\":1}");
    CLEANUP(mem_freep)
    __attribute__((unused)) char *oldest = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(mem_freep) char *proven = make_backup(vault, "production", MOMENT + HOUR, NULL);
    CLEANUP(mem_freep)
    __attribute__((unused)) char *newest =
        make_backup(vault, "production", MOMENT + 2 * HOUR, NULL);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, proven);
    CLEANUP(proof_clear) struct proof proof = a_proof(item.digest);
    assert_ok(vault_write_proof(vault, &item, &proof, &err));
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    struct prune_verdict *verdicts = NULL;
    assert_ok(vault_list(vault, NULL, &list, &err));
    vault_weigh_pruning(vault, &list, &verdicts);
    assert_true(verdicts[0].keeps);
    assert_string_equal(verdicts[1].why, "the last that was proven");
    assert_false(verdicts[2].keeps);
    prune_verdicts_free(verdicts, list.n);
    assert_int_equal(count_files(vault), 4);
    assert_ok(vault_remove(vault, &list.items[1], &err));
    assert_ok(vault_remove(vault, &list.items[2], &err));
    assert_ok(vault_remove(vault, &list.items[2], &err)); /* gone is gone */
    assert_int_equal(count_files(vault), 1);
}

static void what_a_dead_pruning_left_is_swept(void **state)
{
    (void)state;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"orphans\"");
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, NULL);
    scratch_sh("cd orphans && touch %s.proof.json a-20261128T203000Z-4f2a.proof.json "
               "a-20261128T203000Z-4f2a.info.json notes.proof.json",
               name);
    vault_sweep(vault);
    scratch_sh("cd orphans && [ -e %s.proof.json ] && [ -e notes.proof.json ]", name);
    assert_int_equal(count_files(vault), 3);
}

/* --- writers --- */

static void what_was_not_published_was_never_there(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"never\"");
    struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_int_equal(count_files(vault), 1);
    assert_ok(vault_list(vault, NULL, &list, &err));
    assert_int_equal(list.n, 0);
    vault_file_clear(&file);
    assert_int_equal(count_files(vault), 0);
    vault_file_clear(&file);
}

static void a_living_writer_is_left_alone_and_a_dead_one_swept(void **state)
{
    (void)state;
    CLEANUP(vault_freep) struct vault *vault = vault_of("\"path\":\"killed\"");
    vault_sweep(vault); /* of a folder that is not there */
    pid_t one = start_writer(vault), other = start_writer(vault);
    vault_sweep(vault);
    assert_int_equal(count_files(vault), 2);
    kill_writer(one);
    assert_int_equal(count_files(vault), 2);
    vault_sweep(vault);
    assert_int_equal(count_files(vault), 1);
    kill_writer(other);
    CLEANUP(mem_freep)
    __attribute__((unused)) char *name = make_backup(vault, "production", MOMENT, NULL);
    assert_int_equal(count_files(vault), 1); /* whoever makes one sweeps as well */
}

/* --- a disk that is full --- */

static bool mount_small(const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    assert_int_equal(mkdir(path, 0700), 0);
    return mount("tmpfs", path, "tmpfs", 0, "size=256k") == 0;
}

static void unmount(const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void fill_up(struct vault_file *file, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    strbuf_add_repeated(&bytes, 'x', (size_t)1 << 20);
    if (fd_write_all(file->fd, bytes.text, bytes.size, err)) {
        assert_false(vault_publish(file, err));
    }
}

static void expect_full(const char *members)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error small = ERROR_INIT;
    CLEANUP(vault_freep) struct vault *vault = vault_of(members);
    assert_ok(vault_check_room(vault, 10000, &err));
    assert_false(vault_check_room(vault, 5000000000, &small));
    assert_int_equal(small.code, ERROR_BACKUP);
    assert_contains(small.message, "the backup needs about 5.0 GB");
    assert_contains(small.message, "kB free");
    assert_contains(small.hint, "headgate backup prune");
    struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    fill_up(&file, &err);
    assert_true(error_is_set(&err));
    vault_file_clear(&file);
    assert_int_equal(count_files(vault), 0);
}

static void nothing_is_left_on_a_full_disk(void **state)
{
    (void)state;
    if (!mount_small("small")) {
        skip();
    }
    expect_full("\"path\":\"small/not/there/yet\"");
    scratch_sh("age-keygen -o key 2>/dev/null && age-keygen -y key >people");
    expect_full("\"path\":\"small/encrypted\",\"encrypt_to\":[\"./people\"]");
    unmount("small");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_is_made_listed_and_opened),
        cmocka_unit_test(an_environment_is_listed_alone),
        cmocka_unit_test(a_proof_is_believed_until_the_file_changes),
        cmocka_unit_test(a_broken_file_is_told_and_hides_no_other),
        cmocka_unit_test(a_backup_is_found_in_many_ways),
        cmocka_unit_test(what_nothing_keeps_is_removed_with_what_lies_beside_it),
        cmocka_unit_test(what_a_dead_pruning_left_is_swept),
        cmocka_unit_test(what_was_not_published_was_never_there),
        cmocka_unit_test(a_living_writer_is_left_alone_and_a_dead_one_swept),
        cmocka_unit_test(nothing_is_left_on_a_full_disk),
    };
    interrupt_install();
    return cmocka_run_group_tests_name("vault/vault", tests, NULL, NULL);
}
