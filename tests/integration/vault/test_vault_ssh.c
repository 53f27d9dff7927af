/* A vault on another host, over a real sshd, by both transports. */
#include "depot_sftp.h"
#include "vaults.h"

struct far {
    struct scratch_sshd sshd;
    const char *transport;
};

/* As it stands in environments.json. The set lives as long as the vault. */
static struct vault *vault_on(const struct far *far, const char *folder,
                              struct environments **ret_set)
{
    struct error err = ERROR_INIT;
    struct vault *vault = NULL;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "environments.json");
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"vault\":{\"path\":\"%s/%s/\",\"ssh\":{\"host\":\"127.0.0.1\","
                            "\"port\":%d,\"user\":\"%s\",\"identity\":\"%s/user_ed25519\","
                            "\"known_hosts\":\"%s/known_hosts\",\"config\":\"/dev/null\","
                            "\"transport\":\"%s\"}},\"environments\":{\"x\":{\"kind\":\"test\","
                            "\"url\":\"embedded:x\"}}}",
                            scratch_dir(), folder, far->sshd.port, far->sshd.user, far->sshd.folder,
                            far->sshd.folder, far->transport);
    assert_ok(file_write(path, text, strlen(text), 0600, &err));
    assert_ok(environments_read(path, NULL, ret_set, &err));
    assert_ok(vault_open(*ret_set, &vault, &err));
    return vault;
}

static void use_vault(const struct far *far)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(vault_freep) struct vault *vault = vault_on(far, far->transport, &set);
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, "aaaa");
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_ok(vault_list(vault, NULL, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.items[0].manifest->release, "aaaa");
    expect_contents(vault, &list.items[0]);
    CLEANUP(proof_clear) struct proof proof = a_proof(list.items[0].digest);
    assert_ok(vault_write_proof(vault, &list.items[0], &proof, &err));
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, "latest");
    assert_int_equal(item.proof.level, PROOF_RESTORE);
    CLEANUP(mem_freep)
    char *shown = mem_printf("sftp://%s@127.0.0.1:%d%s/%s", far->sshd.user, far->sshd.port,
                             scratch_dir(), far->transport);
    assert_string_equal(vault_folder(vault), shown);
    scratch_sh("cd %s && [ \"$(ls -A | wc -l)\" = 2 ] && [ -e %s.proof.json ]", far->transport,
               name);
}

static void drop_and_go_on(const struct far *far)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(mem_freep) char *folder = mem_printf("dropped-%s", far->transport);
    CLEANUP(vault_freep) struct vault *vault = vault_on(far, folder, &set);
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    const struct manifest manifest = manifest_of(file.name, "production", MOMENT, NULL);
    scratch_sh("%s/sshd drop %s", TEST_SUPPORT, far->sshd.folder);
    assert_ok(write_pack(&file, &manifest, &err));
    assert_ok(vault_publish(&file, &err));
    scratch_sh("%s/sshd drop %s", TEST_SUPPORT, far->sshd.folder);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, file.name);
    expect_contents(vault, &item);
}

static void a_vault_is_used_over_ssh(void **state)
{
    struct far far = {.sshd = *(const struct scratch_sshd *)*state, .transport = "libssh2"};
    use_vault(&far);
    far.transport = "openssh";
    use_vault(&far);
}

static void sessions_that_are_dropped_are_opened_anew(void **state)
{
    struct far far = {.sshd = *(const struct scratch_sshd *)*state, .transport = "libssh2"};
    drop_and_go_on(&far);
    far.transport = "openssh";
    drop_and_go_on(&far);
}

static void a_host_that_cannot_be_reached_is_named(void **state)
{
    struct far far = {.sshd = *(const struct scratch_sshd *)*state, .transport = "libssh2"};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    far.sshd.port = 1;
    CLEANUP(vault_freep) struct vault *vault = vault_on(&far, "nowhere", &set);
    vault_sweep(vault); /* connects to nothing */
    assert_fails(vault_list(vault, NULL, &list, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "127.0.0.1");
}

static int start(void **state)
{
    static struct scratch_sshd sshd;
    sshd = scratch_sshd("far", "");
    *state = &sshd;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vault_is_used_over_ssh),
        cmocka_unit_test(sessions_that_are_dropped_are_opened_anew),
        cmocka_unit_test(a_host_that_cannot_be_reached_is_named),
    };
    interrupt_install();
    return cmocka_run_group_tests_name("vault/vault_ssh", tests, start, NULL);
}
