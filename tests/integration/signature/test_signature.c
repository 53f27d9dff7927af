/* Signatures by real keys. */
#include "scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/signature.h"

static int make_keys(void **state)
{
    (void)state;
    scratch_sh("for name in alice bob; do ssh-keygen -q -t ed25519 -N '' -C $name -f $name; "
               "echo \"$name@example.com $(cut -d' ' -f1,2 $name.pub)\" > allowed.$name; done; "
               "cat allowed.alice allowed.bob > allowed; mkdir tmp; : > nobody");
    return 0;
}

static char *in_scratch(const char *name)
{
    return path_join(scratch_dir(), name);
}

static char *made(const char *key, const char *namespace, const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch(key);
    char *armored = NULL;
    assert_ok(signature_make(path, namespace, text, &armored, &err));
    return armored;
}

/* signer NULL: ssh-keygen has something to say. */
static void expect(const char *armored, const char *allowed, const char *text,
                   enum signature_verdict verdict, const char *signer)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = in_scratch(allowed);
    CLEANUP(signature_answer_clear) struct signature_answer answer = {0};
    assert_ok(signature_check(armored, path, "test", text, &answer, &err));
    assert_int_equal(answer.verdict, verdict);
    assert_true(text_equal(answer.signer, signer));
    assert_int_equal(answer.said == NULL, signer != NULL);
    assert_null(answer.said != NULL ? strchr(answer.said, '\n') : NULL);
}

static void what_was_signed_is_good(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *alices = made("alice", "test", "a line\n");
    CLEANUP(mem_freep) char *bobs = made("bob", "test", "a line\n");
    expect(alices, "allowed", "a line\n", SIGNATURE_GOOD, "alice@example.com");
    expect(bobs, "allowed", "a line\n", SIGNATURE_GOOD, "bob@example.com");
}

static void another_text_or_purpose_is_another_signature(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *armored = made("alice", "test", "a line\n");
    CLEANUP(mem_freep) char *elsewhere = made("alice", "git", "a line\n");
    expect(armored, "allowed", "another line\n", SIGNATURE_OF_OTHER, NULL);
    expect(armored, "allowed", "a line", SIGNATURE_OF_OTHER, NULL);
    expect(elsewhere, "allowed", "a line\n", SIGNATURE_OF_OTHER, NULL);
    expect("-----BEGIN SSH SIGNATURE-----\n!\n", "allowed", "a line\n", SIGNATURE_OF_OTHER, NULL);
}

static void whoever_is_not_in_the_file_is_nobody(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *armored = made("bob", "test", "a line\n");
    expect(armored, "allowed.alice", "a line\n", SIGNATURE_OF_NOBODY, NULL);
    expect(armored, "nobody", "a line\n", SIGNATURE_OF_NOBODY, NULL);
    scratch_sh("sed 's/ ssh-/ namespaces=\"git\" ssh-/' allowed.bob > for-git");
    expect(armored, "for-git", "a line\n", SIGNATURE_OF_NOBODY, NULL);
}

static void without_allowed_signers_nothing_is_checked(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *armored = made("bob", "test", "a line\n");
    CLEANUP(mem_freep) char *path = in_scratch("nowhere");
    struct signature_answer answer = {.verdict = SIGNATURE_OF_NOBODY};
    assert_fails(signature_check(armored, path, "test", "a line\n", &answer, &err), ERROR_CONFIG);
    assert_contains(err.message, "the allowed signers: could not read ");
    assert_int_equal(answer.verdict, SIGNATURE_OF_NOBODY);
}

static void nothing_is_left_in_the_temporary_folder(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *armored = made("bob", "test", "a line\n");
    CLEANUP(mem_freep) char *tmp = in_scratch("tmp");
    CLEANUP(mem_freep) char *gone = in_scratch("tmp/gone");
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *allowed = in_scratch("allowed");
    struct signature_answer answer = {0};
    assert_int_equal(setenv("TMPDIR", tmp, 1), 0);
    expect(armored, "allowed", "a line\n", SIGNATURE_GOOD, "bob@example.com");
    expect(armored, "allowed", "another line\n", SIGNATURE_OF_OTHER, NULL);
    assert_int_equal(setenv("TMPDIR", gone, 1), 0);
    bool done = signature_check(armored, allowed, "test", "a line\n", &answer, &err);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_false(done);
    assert_int_equal(err.code, ERROR_IO);
    assert_string_equal(scratch_out("ls tmp"), "");
}

static void a_file_is_a_signature_or_is_told(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *armored = made("bob", "test", "a line\n");
    CLEANUP(mem_freep) char *path = in_scratch("s.sig");
    CLEANUP(mem_freep) char *folder = in_scratch("tmp");
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *read = NULL;
    assert_fails(signature_read(path, &read, &err), ERROR_CONFIG);
    assert_contains(err.message, "there is no signature at ");
    assert_int_equal(err.sys_errno, ENOENT);
    error_clear(&err);
    assert_fails(signature_read(folder, &read, &err), ERROR_CONFIG);
    assert_contains(err.message, "could not read ");
    error_clear(&err);
    assert_ok(file_write(path, "hello", 5, 0644, &err));
    assert_fails(signature_read(path, &read, &err), ERROR_CONFIG);
    assert_contains(err.message, "is no signature of ssh-keygen");
    assert_int_equal(err.sys_errno, 0);
    error_clear(&err);
    assert_null(read);
    assert_ok(file_write(path, armored, strlen(armored), 0644, &err));
    assert_ok(signature_read(path, &read, &err));
    assert_string_equal(read, armored);
}

static void without_ssh_keygen_its_package_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *armored = made("bob", "test", "a line\n");
    CLEANUP(mem_freep) char *allowed = in_scratch("allowed");
    CLEANUP(mem_freep) char *before = mem_copy(getenv("PATH"));
    struct signature_answer answer = {0};
    assert_int_equal(setenv("PATH", scratch_dir(), 1), 0);
    bool done = signature_check(armored, allowed, "test", "a line\n", &answer, &err);
    assert_int_equal(setenv("PATH", before, 1), 0);
    assert_false(done);
    assert_int_equal(err.code, ERROR_IO);
    assert_contains(err.hint, "openssh-client");
}

static void somebody_who_stops_us_stops_ssh_keygen(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *key = in_scratch("alice");
    CLEANUP(mem_freep) char *before = mem_copy(getenv("PATH"));
    CLEANUP(mem_freep) char *path = mem_printf("%s/slow:%s", scratch_dir(), before);
    char *armored = NULL;
    scratch_sh(
        "mkdir slow; printf '#!/bin/sh\\nkill -TERM %d\\nexec sleep 60\\n' > slow/ssh-keygen; "
        "chmod +x slow/ssh-keygen",
        (int)getpid());
    interrupt_install();
    assert_int_equal(setenv("PATH", path, 1), 0);
    bool done = signature_make(key, "test", "a line\n", &armored, &err);
    assert_int_equal(setenv("PATH", before, 1), 0);
    interrupt_forget();
    assert_false(done);
    assert_null(armored);
    assert_int_equal(err.code, ERROR_TERMINATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_good),
        cmocka_unit_test(another_text_or_purpose_is_another_signature),
        cmocka_unit_test(whoever_is_not_in_the_file_is_nobody),
        cmocka_unit_test(without_allowed_signers_nothing_is_checked),
        cmocka_unit_test(nothing_is_left_in_the_temporary_folder),
        cmocka_unit_test(a_file_is_a_signature_or_is_told),
        cmocka_unit_test(without_ssh_keygen_its_package_is_named),
        cmocka_unit_test(somebody_who_stops_us_stops_ssh_keygen),
    };
    return cmocka_run_group_tests_name("signature", tests, make_keys, NULL);
}
