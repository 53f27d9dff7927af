/* Signatures of releases: over their digest, in a file beside them. */
#include "headgate/signature.h"

#include <errno.h>
#include <stdlib.h>

#include "headgate/file.h"
#include "private.h"

#define NAMESPACE "headgate-release"

char *release_signature_path(const struct release *release)
{
    CLEANUP(mem_freep) char *path = mem_copy(release->folder);
    const char *name = path_name(path);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) {
        path[n - 1] = '\0';
        name = path_name(path);
    }
    if (text_equal(name, ".") || text_equal(name, "..")) {
        CLEANUP(mem_freep) char *real = realpath(path, NULL);
        return mem_printf("%s.sig", real != NULL ? real : path);
    }
    return mem_printf("%s.sig", path);
}

/* What is signed: one line. */
static char *signed_line(const struct release *release)
{
    return mem_printf("headgate-release-v1 %s\n", release->digest);
}

bool release_sign(const struct release *release, const char *key, char **ret_path,
                  struct error *err)
{
    CLEANUP(mem_freep) char *line = signed_line(release);
    CLEANUP(mem_freep) char *path = release_signature_path(release);
    CLEANUP(mem_freep) char *armored = NULL;
    if (!signature_make(key, NAMESPACE, line, &armored, err) ||
        !file_write(path, armored, strlen(armored), 0644, err)) {
        return false;
    }
    *ret_path = TAKE(path);
    return true;
}

static bool read_signature(const char *path, char **ret_armored, struct error *err)
{
    if (signature_read(path, ret_armored, err)) {
        return true;
    }
    return err->sys_errno == 0
               ? false
               : error_hint(err,
                            "Whoever may release signs it: headgate release sign %.*s --key FILE",
                            (int)(strlen(path) - strlen(".sig")), path);
}

static bool of_other(const struct release *release, const char *path, const char *said,
                     struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "%s is not a signature of release %.*s", path, DIGEST_SHOWN,
                    release->digest);
    (void)error_detail(err, "ssh-keygen says: %s", said);
    return error_hint(err, "The release was changed after it was signed, or this is the signature "
                           "of another one. Whoever may release signs it again: headgate release "
                           "sign --key FILE");
}

static bool of_nobody(const char *allowed_signers, const char *path, const char *said,
                      struct error *err)
{
    (void)error_set(err, ERROR_REFUSED, "nobody in %s has made the signature %s", allowed_signers,
                    path);
    (void)error_detail(err, "ssh-keygen says: %s", said);
    return error_hint(err, "Have it signed by one of them; or, where the signer should be one, add "
                           "a line: NAME namespaces=\"" NAMESPACE "\" KEYTYPE KEY");
}

bool release_verify_signature(const struct release *release, const char *allowed_signers,
                              char **ret_signer, struct error *err)
{
    CLEANUP(mem_freep) char *path = release_signature_path(release);
    CLEANUP(mem_freep) char *line = signed_line(release);
    CLEANUP(mem_freep) char *armored = NULL;
    CLEANUP(signature_answer_clear) struct signature_answer answer = {0};
    if (!read_signature(path, &armored, err) ||
        !signature_check(armored, allowed_signers, NAMESPACE, line, &answer, err)) {
        return false;
    }
    if (answer.verdict == SIGNATURE_OF_OTHER) {
        return of_other(release, path, answer.said, err);
    }
    if (answer.verdict == SIGNATURE_OF_NOBODY) {
        return of_nobody(allowed_signers, path, answer.said, err);
    }
    *ret_signer = TAKE(answer.signer);
    return true;
}
