/*
 * Proofs: in words, and as files beside an archive.
 */
#include "manifests.h"

#include "headgate/file.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void proof_of(const char *folder, const char *name, const char *digest, struct proof *proof)
{
    CLEANUP(depot_clear) struct depot depot = depot_of_folder(folder);
    proof_read(&depot, name, digest, proof);
}

static const struct vault vault = {0};

static struct vault_item item_here(void)
{
    struct vault_item item = {.name = mem_copy(NAME),
                              .path = mem_printf("%s/" NAME ".tar.zst", scratch_dir())};
    memcpy(item.digest, DIGEST, sizeof item.digest);
    return item;
}

static struct proof some_proof(void)
{
    struct proof proof = {.level = PROOF_RESTORE,
                          .time = 1795897800123456,
                          .actor = mem_copy("some \"body\""),
                          .archive = mem_copy(DIGEST),
                          .took = 1500,
                          .server_version = mem_copy("15.20"),
                          .tables = 308,
                          .rows = 5000000000};
    strlist_add(&proof.not_proven, "role \"x\" is not here");
    return proof;
}

static void what_was_kept_is_read(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_item_clear) struct vault_item item = item_here();
    CLEANUP(proof_clear) struct proof proof = some_proof();
    CLEANUP(proof_clear) struct proof found = {0};
    assert_ok(vault_write_proof(&vault, &item, &proof, &err));
    proof_of(scratch_dir(), NAME, DIGEST, &found);
    assert_int_equal(found.level, PROOF_RESTORE);
    assert_false(found.failed);
    assert_null(found.why);
    assert_int_equal(found.time, proof.time);
    assert_string_equal(found.actor, "some \"body\"");
    assert_string_equal(found.archive, DIGEST);
    assert_int_equal(found.took, 1500);
    assert_int_equal(found.rows, 5000000000);
    assert_int_equal(found.not_proven.n, 1);
}

static void a_later_one_replaces_it(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_item_clear) struct vault_item item = item_here();
    CLEANUP(proof_clear) struct proof proof = some_proof();
    CLEANUP(proof_clear) struct proof found = {0};
    proof.failed = true;
    proof.why = mem_copy("frame 3 differs");
    assert_ok(vault_write_proof(&vault, &item, &proof, &err));
    proof_of(scratch_dir(), NAME, DIGEST, &found);
    assert_true(found.failed);
    CLEANUP(mem_freep) char *sentence = proof_sentence(&found);
    assert_string_equal(sentence, "BAD (2026-11-28 20:30 UTC): frame 3 differs");
    scratch_sh("[ \"$(ls -A)\" = " NAME ".proof.json ] && [ $(stat -c %%a *.json) = 600 ]");
}

static void it_counts_only_for_what_was_verified(void **state)
{
    (void)state;
    CLEANUP(proof_clear) struct proof found = {0};
    proof_of(scratch_dir(), NAME, "1" DIGEST, &found);
    proof_of(scratch_dir(), NAME, "", &found);
    scratch_sh("cp " NAME ".proof.json x-20261128T203000Z-4f2a.proof.json");
    proof_of(scratch_dir(), "x-20261128T203000Z-4f2a", DIGEST, &found);
    proof_of(scratch_dir(), "nothing", DIGEST, &found);
    assert_int_equal(found.time, 0);
    assert_int_equal(found.level, PROOF_NONE);
}

static void expect_none(const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), NAME ".proof.json");
    CLEANUP(proof_clear) struct proof found = {0};
    assert_ok(file_write(path, text, strlen(text), 0600, &err));
    proof_of(scratch_dir(), NAME, DIGEST, &found);
    assert_int_equal(found.time, 0);
    assert_int_equal(found.level, PROOF_NONE);
}

#define HEAD "{\"format\":1,\"backup\":\"" NAME "\",\"file\":\"" DIGEST "\""

static void a_damaged_one_proves_nothing(void **state)
{
    (void)state;
    expect_none("");
    expect_none("{");
    expect_none("[]");
    expect_none(HEAD ",\"level\":\"restore\"}");
    expect_none(HEAD ",\"level\":\"restore\",\"time\":\"yesterday\"}");
    expect_none("{\"format\":2,\"backup\":\"" NAME "\",\"file\":\"" DIGEST
                "\",\"level\":\"restore\",\"time\":\"2026-11-28T20:30:00.000000Z\"}");
}

static void who_does_not_say_that_it_passed_has_failed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), NAME ".proof.json");
    CLEANUP(proof_clear) struct proof found = {0};
    static const char text[] =
        HEAD ",\"level\":\"restore\",\"time\":\"2026-11-28T20:30:00.000000Z\"}";
    assert_ok(file_write(path, text, sizeof text - 1, 0600, &err));
    proof_of(scratch_dir(), NAME, DIGEST, &found);
    assert_true(found.failed);
}

static void levels_have_names(void **state)
{
    (void)state;
    for (int level = PROOF_NONE; level <= PROOF_RESTORE; level++) {
        const char *name = proof_level_name((enum proof_level)level);
        assert_int_equal(proof_level_named(name), level);
    }
    assert_int_equal(proof_level_named("Restore"), PROOF_NONE);
    assert_int_equal(proof_level_named(NULL), PROOF_NONE);
}

static void sentences_say_how_far(void **state)
{
    (void)state;
    const struct proof none = {0};
    const struct proof restored = {.level = PROOF_RESTORE, .time = 1795897800123456};
    CLEANUP(mem_freep) char *nothing = proof_sentence(&none);
    CLEANUP(mem_freep) char *all = proof_sentence(&restored);
    assert_string_equal(nothing, "not verified");
    assert_string_equal(all, "restored and compared 2026-11-28 20:30 UTC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_is_read),
        cmocka_unit_test(a_later_one_replaces_it),
        cmocka_unit_test(it_counts_only_for_what_was_verified),
        cmocka_unit_test(a_damaged_one_proves_nothing),
        cmocka_unit_test(who_does_not_say_that_it_passed_has_failed),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(sentences_say_how_far),
    };
    return cmocka_run_group_tests_name("vault/proof", tests, NULL, NULL);
}
