/*
 * Signatures, made and checked by ssh-keygen: people have keys for it, in files, agents and
 * hardware, and its file of allowed signers is a format that others read.
 *
 * Three questions, in this order, so that each answer has its own sentence: is this a signature of
 * this release at all, has somebody made it who is allowed to, and (the one that decides) does
 * ssh-keygen accept both together?
 */
#include <errno.h>
#include <stdlib.h>

#include "headgate/file.h"
#include "headgate/process.h"
#include "private.h"

#define NAMESPACE "headgate-release"
#define SIGNATURE_LIMIT ((size_t)64 << 10)
#define PATIENCE 120000 /* a key in hardware waits to be touched */

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

/* --- ssh-keygen --- */

/* What is signed: one line. */
static char *signed_line(const struct release *release)
{
    return mem_printf("headgate-release-v1 %s\n", release->digest);
}

/* Our environment, for the agent; never a question on the terminal, which we have in use. */
static void signing_environment(struct strlist *ret_env)
{
    process_user_environment(ret_env);
    strlist_add(ret_env, "SSH_ASKPASS_REQUIRE=force");
}

static bool ask(const char *const *arguments, const char *input, struct process_result *ret_result,
                struct error *err)
{
    CLEANUP(mem_freep) char *program = process_find("ssh-keygen");
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    if (program == NULL) {
        (void)error_set(err, ERROR_IO, "there is no ssh-keygen on this machine");
        return error_hint(err, "It signs and checks releases. Install the package openssh-client.");
    }
    strlist_add(&argv, program);
    for (; *arguments != NULL; arguments++) {
        strlist_add(&argv, *arguments);
    }
    signing_environment(&env);
    const struct process_spec spec = {.argv = (const char *const *)argv.items,
                                      .env = (const char *const *)env.items,
                                      .input = input,
                                      .input_size = strlen(input),
                                      .deadline = deadline_in(PATIENCE)};
    if (!process_run(&spec, ret_result, err)) {
        return false;
    }
    strbuf_trim_end(&ret_result->err);
    return true;
}

/* What it said, on both streams, in one line. */
static bool add_detail(const struct process_result *result, struct error *err)
{
    const char *said = result->err.size > 0 ? result->err.text : result->out.text;
    CLEANUP(mem_freep) char *how = process_result_describe(result);
    CLEANUP(mem_freep) char *text = mem_copy(said[0] != '\0' ? said : how);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\r' || *c == '\n' ? ' ' : *c;
    }
    return error_detail(err, "ssh-keygen says: %s", text);
}

static bool check_file(const char *path, const char *what, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (file_read(path, (size_t)16 << 20, &text, &failure)) {
        return true;
    }
    (void)error_set(err, ERROR_CONFIG, "%s: %s", what, failure.message);
    return false;
}

/* --- signing --- */

bool release_sign(const struct release *release, const char *key, char **ret_path,
                  struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(mem_freep) char *line = signed_line(release);
    CLEANUP(mem_freep) char *path = release_signature_path(release);
    const char *const arguments[] = {"-q", "-Y", "sign", "-n", NAMESPACE, "-f", key, NULL};
    if (!check_file(key, "the key", err) || !ask(arguments, line, &result, err)) {
        return false;
    }
    if (result.exit_status != 0 || !text_starts(result.out.text, "-----BEGIN SSH SIGNATURE-----")) {
        (void)error_set(err, ERROR_IO, "could not sign with %s", key);
        (void)add_detail(&result, err);
        return error_hint(err, "A key with a passphrase is used through the agent: ssh-add FILE, "
                               "then --key FILE.pub");
    }
    if (!file_write(path, result.out.text, result.out.size, 0644, err)) {
        return false;
    }
    *ret_path = TAKE(path);
    return true;
}

/* --- checking --- */

static bool check_signature_file(const char *path, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!file_read(path, SIGNATURE_LIMIT, &text, &failure)) {
        bool missing = failure.sys_errno == ENOENT;
        (void)error_set(err, ERROR_CONFIG, missing ? "there is no signature at %s" : "%s",
                        missing ? path : failure.message);
        return error_hint(err,
                          "Whoever may release signs it: headgate release sign %.*s --key FILE",
                          (int)(strlen(path) - strlen(".sig")), path);
    }
    return text_starts(text.text, "-----BEGIN SSH SIGNATURE-----") ||
           error_set(err, ERROR_CONFIG, "%s is no signature of ssh-keygen", path);
}

static bool is_of_this_release(const struct release *release, const char *path, const char *line,
                               struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    const char *const arguments[] = {"-Y", "check-novalidate", "-n", NAMESPACE, "-s", path, NULL};
    if (!ask(arguments, line, &result, err)) {
        return false;
    }
    if (result.exit_status == 0) {
        return true;
    }
    (void)error_set(err, ERROR_CONFIG, "%s is not a signature of release %.*s", path, DIGEST_SHOWN,
                    release->digest);
    (void)add_detail(&result, err);
    return error_hint(err, "The release was changed after it was signed, or this is the signature "
                           "of another one. Whoever may release signs it again: headgate release "
                           "sign --key FILE");
}

static bool unknown_signer(const char *path, const char *allowed_signers,
                           const struct process_result *result, struct error *err)
{
    (void)error_set(err, ERROR_REFUSED, "nobody in %s has made the signature %s", allowed_signers,
                    path);
    (void)add_detail(result, err);
    return error_hint(err, "Have it signed by one of them; or, where the signer should be one, add "
                           "a line: NAME namespaces=\"" NAMESPACE "\" KEYTYPE KEY");
}

static bool find_signer(const char *path, const char *allowed_signers, char **ret_signer,
                        struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    const char *const arguments[] = {"-Y", "find-principals", "-s", path,
                                     "-f", allowed_signers,   NULL};
    if (!ask(arguments, "", &result, err)) {
        return false;
    }
    size_t n = strcspn(result.out.text, "\r\n");
    if (result.exit_status != 0 || n == 0) {
        return unknown_signer(path, allowed_signers, &result, err);
    }
    *ret_signer = mem_copy_n(result.out.text, n);
    return true;
}

bool release_verify_signature(const struct release *release, const char *allowed_signers,
                              char **ret_signer, struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(mem_freep) char *path = release_signature_path(release);
    CLEANUP(mem_freep) char *line = signed_line(release);
    CLEANUP(mem_freep) char *signer = NULL;
    if (!check_file(allowed_signers, "the allowed signers", err) ||
        !check_signature_file(path, err) || !is_of_this_release(release, path, line, err) ||
        !find_signer(path, allowed_signers, &signer, err)) {
        return false;
    }
    const char *const arguments[] = {"-Y", "verify", "-n", NAMESPACE,       "-s", path,
                                     "-I", signer,   "-f", allowed_signers, NULL};
    if (!ask(arguments, line, &result, err)) {
        return false;
    }
    if (result.exit_status != 0) {
        return unknown_signer(path, allowed_signers, &result, err);
    }
    *ret_signer = TAKE(signer);
    return true;
}
