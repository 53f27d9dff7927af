#include "scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/release.h"

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf -- *; mkdir -p r/1_a r/2_b && echo 'select 1;' > r/1_a/migration.sql && "
               "echo 'select 2;' > r/2_b/migration.sql");
    scratch_sh("for name in alice bob; do ssh-keygen -q -t ed25519 -N '' -C $name -f $name; "
               "echo \"$name@example.com $(cut -d' ' -f1,2 $name.pub)\" > allowed.$name; done; "
               "cat allowed.alice allowed.bob > allowed");
    return 0;
}

static char *in_scratch(const char *name)
{
    return path_join(scratch_dir(), name);
}

static struct release *read_it(const char *name)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch(name);
    struct release *release = NULL;
    assert_ok(release_read(path, &release, &err));
    return release;
}

static void sign(const char *name, const char *key)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = read_it(name);
    CLEANUP(mem_freep) char *key_path = in_scratch(key);
    CLEANUP(mem_freep) char *path = NULL;
    assert_ok(release_sign(release, key_path, &path, &err));
    assert_true(text_ends(path, ".sig"));
}

static void expect_signer(const char *name, const char *allowed, const char *wanted)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = read_it(name);
    CLEANUP(mem_freep) char *path = in_scratch(allowed);
    CLEANUP(mem_freep) char *signer = NULL;
    assert_ok(release_verify_signature(release, path, &signer, &err));
    assert_string_equal(signer, wanted);
}

static void expect_refused(const char *name, const char *allowed, enum error_code code,
                           const char *message, const char *detail)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = read_it(name);
    CLEANUP(mem_freep) char *path = in_scratch(allowed);
    char *signer = NULL;
    assert_fails(release_verify_signature(release, path, &signer, &err), code);
    assert_null(signer);
    assert_contains(err.message, message);
    if (detail != NULL) {
        assert_contains(err.detail, detail);
    }
}

static void what_was_signed_is_verified(void **state)
{
    (void)state;
    sign("r", "alice");
    assert_contains(scratch_out("head -1 r.sig"), "-----BEGIN SSH SIGNATURE-----");
    expect_signer("r", "allowed", "alice@example.com");
    expect_signer("r", "allowed.alice", "alice@example.com");
    sign("r", "bob"); /* again, by another */
    expect_signer("r", "allowed", "bob@example.com");
}

static void what_is_signed_is_the_line_that_is_documented(void **state)
{
    (void)state;
    CLEANUP(release_freep) struct release *release = read_it("r");
    sign("r", "alice");
    scratch_sh("printf 'headgate-release-v1 %s\\n' | ssh-keygen -q -Y verify -f allowed -I "
               "alice@example.com -n headgate-release -s r.sig",
               release->digest);
}

static void a_signature_is_good_for_the_folder_and_for_its_bundles(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = read_it("r");
    CLEANUP(mem_freep) char *bundle = in_scratch("b.tar.zst");
    sign("r", "alice");
    assert_ok(release_bundle_write(release, bundle, false, &err));
    expect_refused("b.tar.zst", "allowed", ERROR_CONFIG, "there is no signature at ", NULL);
    scratch_sh("mv r.sig b.tar.zst.sig");
    expect_signer("b.tar.zst", "allowed", "alice@example.com");
    sign("b.tar.zst", "bob");
    scratch_sh("cp b.tar.zst.sig r.sig");
    expect_signer("r", "allowed", "bob@example.com");
}

static void no_signature_is_refused(void **state)
{
    (void)state;
    expect_refused("r", "allowed", ERROR_CONFIG, "/r.sig", NULL);
    scratch_sh("mkdir r.sig");
    expect_refused("r", "allowed", ERROR_CONFIG, "could not read ", NULL);
}

static void a_signer_who_is_not_allowed_is_refused(void **state)
{
    (void)state;
    sign("r", "bob");
    expect_refused("r", "allowed.alice", ERROR_REFUSED, "nobody in ", "ssh-keygen says: ");
    scratch_sh(": > allowed.alice");
    expect_refused("r", "allowed.alice", ERROR_REFUSED, "has made the signature ", NULL);
}

static void a_signer_of_other_things_is_refused(void **state)
{
    (void)state;
    sign("r", "alice");
    scratch_sh("sed -i 's/ssh-/namespaces=\"git\" ssh-/' allowed.alice");
    expect_refused("r", "allowed.alice", ERROR_REFUSED, "nobody in ", "ssh-keygen says: ");
    scratch_sh("sed -i 's/\"git\"/\"git,headgate-release\"/' allowed.alice");
    expect_signer("r", "allowed.alice", "alice@example.com");
    scratch_sh("sed -i 's/namespaces/valid-before=\"20200101\",namespaces/' allowed.alice");
    expect_refused("r", "allowed.alice", ERROR_REFUSED, "nobody in ", NULL);
}

static void a_signature_of_another_release_is_refused(void **state)
{
    (void)state;
    sign("r", "alice");
    scratch_sh("echo '-- one more line' >> r/2_b/migration.sql");
    expect_refused("r", "allowed", ERROR_CONFIG, "r.sig is not a signature of release ",
                   "incorrect signature");
}

static void a_signature_for_another_purpose_is_refused(void **state)
{
    (void)state;
    CLEANUP(release_freep) struct release *release = read_it("r");
    scratch_sh("printf 'headgate-release-v1 %s\\n' | ssh-keygen -q -Y sign -f alice -n git > r.sig",
               release->digest);
    expect_refused("r", "allowed", ERROR_CONFIG, "r.sig is not a signature of release ", NULL);
}

static void what_is_no_signature_is_refused(void **state)
{
    (void)state;
    scratch_sh("echo hello > r.sig");
    expect_refused("r", "allowed", ERROR_CONFIG, "r.sig is no signature of ssh-keygen", NULL);
    sign("r", "alice");
    scratch_sh("sed -i '3s/^./!/' r.sig");
    expect_refused("r", "allowed", ERROR_CONFIG, "r.sig is not a signature of release ", NULL);
}

static void a_file_of_signers_that_is_missing_is_told(void **state)
{
    (void)state;
    sign("r", "alice");
    expect_refused("r", "nowhere", ERROR_CONFIG, "the allowed signers: could not read ", NULL);
}

static void a_key_that_cannot_sign_is_told(void **state)
{
    (void)state;
    CLEANUP(release_freep) struct release *release = read_it("r");
    static const char *const keys[] = {"nowhere", "allowed", "secret", "bob.pub"};
    static const enum error_code codes[] = {ERROR_CONFIG, ERROR_IO, ERROR_IO, ERROR_IO};
    scratch_sh("ssh-keygen -q -t ed25519 -N 'a passphrase' -f secret; mv bob bob.away");
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    assert_int_equal(setenv("SSH_ASKPASS", "/bin/false", 1), 0);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *key = in_scratch(keys[i]);
        char *path = NULL;
        assert_fails(release_sign(release, key, &path, &err), codes[i]);
        assert_null(path);
        if (i > 0) {
            assert_contains(err.message, "could not sign with ");
            assert_contains(err.detail, "ssh-keygen says: ");
            assert_contains(err.hint, "ssh-add");
        }
    }
    assert_int_equal(unsetenv("SSH_ASKPASS"), 0);
    assert_string_equal(scratch_out("ls | grep sig || true"), "");
}

static void a_key_of_the_agent_signs_by_its_public_half(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *socket = in_scratch("agent");
    scratch_sh("ssh-agent -a agent > agent.env && . ./agent.env > /dev/null && ssh-add -q alice && "
               "rm alice");
    assert_int_equal(setenv("SSH_AUTH_SOCK", socket, 1), 0);
    sign("r", "alice.pub");
    scratch_sh(". ./agent.env > /dev/null && ssh-agent -k > /dev/null");
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    expect_signer("r", "allowed", "alice@example.com");
}

static void without_ssh_keygen_its_package_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(release_freep) struct release *release = read_it("r");
    CLEANUP(mem_freep) char *key = in_scratch("alice");
    CLEANUP(mem_freep) char *before = mem_copy(getenv("PATH"));
    char *path = NULL;
    assert_int_equal(setenv("PATH", scratch_dir(), 1), 0);
    bool done = release_sign(release, key, &path, &err);
    assert_int_equal(setenv("PATH", before, 1), 0);
    assert_false(done);
    assert_int_equal(err.code, ERROR_IO);
    assert_string_equal(err.message, "there is no ssh-keygen on this machine");
    assert_contains(err.hint, "openssh-client");
}

static void the_signature_stands_beside_the_release(void **state)
{
    (void)state;
    static const char *const paths[][2] = {{"r", "r.sig"}, {"r/", "r.sig"}, {"./r//", "./r.sig"}};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        CLEANUP(mem_freep) char *folder = mem_copy(paths[i][0]);
        CLEANUP(mem_freep) char *path = release_signature_path(&(struct release){.folder = folder});
        assert_string_equal(path, paths[i][1]);
    }
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_int_equal(chdir("r"), 0);
    static const char *const here[] = {".", "./", "../r/."};
    CLEANUP(mem_freep) char *wanted = in_scratch("r.sig");
    for (size_t i = 0; i < ARRAY_LEN(here); i++) {
        CLEANUP(mem_freep) char *folder = mem_copy(here[i]);
        CLEANUP(mem_freep) char *path = release_signature_path(&(struct release){.folder = folder});
        assert_string_equal(path, wanted);
    }
    assert_int_equal(chdir("/"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(what_was_signed_is_verified),
        TEST(what_is_signed_is_the_line_that_is_documented),
        TEST(a_signature_is_good_for_the_folder_and_for_its_bundles),
        TEST(no_signature_is_refused),
        TEST(a_signer_who_is_not_allowed_is_refused),
        TEST(a_signer_of_other_things_is_refused),
        TEST(a_signature_of_another_release_is_refused),
        TEST(a_signature_for_another_purpose_is_refused),
        TEST(what_is_no_signature_is_refused),
        TEST(a_file_of_signers_that_is_missing_is_told),
        TEST(a_key_that_cannot_sign_is_told),
        TEST(a_key_of_the_agent_signs_by_its_public_half),
        TEST(without_ssh_keygen_its_package_is_named),
        TEST(the_signature_stands_beside_the_release),
    };
    return cmocka_run_group_tests_name("release/signature", tests, NULL, NULL);
}
