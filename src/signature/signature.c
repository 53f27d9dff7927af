/*
 * Three questions, in this order, so that each answer has its own sentence: is this a signature of
 * this text at all, has somebody made it who is allowed to, and (the one that decides) does
 * ssh-keygen accept both together?
 */
#include "headgate/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/process.h"

#define ARMOR "-----BEGIN SSH SIGNATURE-----"
#define SIGNATURE_LIMIT ((size_t)64 << 10)
#define SIGNERS_LIMIT ((size_t)16 << 20)
#define PATIENCE 120000 /* a key in hardware waits to be touched */

/* --- ssh-keygen --- */

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
        return error_hint(err, "It makes and checks signatures. Install the package "
                               "openssh-client.");
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
    if (ret_result->interrupted) {
        return interrupt_error(err);
    }
    if (ret_result->timed_out) {
        CLEANUP(mem_freep) char *patience = duration_human(PATIENCE);
        (void)error_set(err, ERROR_TIMEOUT, "ssh-keygen was still running after %s", patience);
        return error_hint(err, "A key in hardware waits to be touched, an agent for a password.");
    }
    strbuf_trim_end(&ret_result->err);
    return true;
}

/* What it said, on both streams, in one line. */
static char *said(const struct process_result *result)
{
    const char *text = result->err.size > 0 ? result->err.text : result->out.text;
    CLEANUP(mem_freep) char *how = process_result_describe(result);
    char *line = mem_copy(text[0] != '\0' ? text : how);
    for (char *c = line; *c != '\0'; c++) {
        *c = *c == '\r' || *c == '\n' ? ' ' : *c;
    }
    return line;
}

static bool check_file(const char *path, const char *what, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (file_read(path, SIGNERS_LIMIT, &text, &failure)) {
        return true;
    }
    (void)error_set(err, ERROR_CONFIG, "%s: %s", what, failure.message);
    return false;
}

/* --- making --- */

bool signature_make(const char *key, const char *namespace, const char *text, char **ret_armored,
                    struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    const char *const arguments[] = {"-q", "-Y", "sign", "-n", namespace, "-f", key, NULL};
    if (!check_file(key, "the key", err) || !ask(arguments, text, &result, err)) {
        return false;
    }
    if (result.exit_status != 0 || !text_starts(result.out.text, ARMOR)) {
        CLEANUP(mem_freep) char *words = said(&result);
        (void)error_set(err, ERROR_IO, "could not sign with %s", key);
        (void)error_detail(err, "ssh-keygen says: %s", words);
        return error_hint(err, "A key with a passphrase is used through the agent: ssh-add FILE, "
                               "then --key FILE.pub");
    }
    *ret_armored = strbuf_take(&result.out);
    return true;
}

bool signature_read(const char *path, char **ret_armored, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!file_read(path, SIGNATURE_LIMIT, &text, &failure)) {
        bool missing = failure.sys_errno == ENOENT;
        (void)error_set(err, ERROR_CONFIG, missing ? "there is no signature at %s" : "%s",
                        missing ? path : failure.message);
        err->sys_errno = failure.sys_errno;
        return false;
    }
    if (!text_starts(text.text, ARMOR)) {
        return error_set(err, ERROR_CONFIG, "%s is no signature of ssh-keygen", path);
    }
    *ret_armored = strbuf_take(&text);
    return true;
}

/* --- checking --- */

void signature_answer_clear(struct signature_answer *answer)
{
    mem_free(answer->signer);
    mem_free(answer->said);
    *answer = (struct signature_answer){0};
}

/* ssh-keygen reads the signature from a file, and its input from us: what is checked is a copy that
 * nobody else writes to. */
static void copy_removep(char **path)
{
    if (*path != NULL) {
        (void)unlink(*path);
        mem_free(TAKE(*path));
    }
}

static bool copy_make(const char *armored, char **ret_path, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    CLEANUP(copy_removep)
    char *path = mem_printf("%s/headgate-signature-XXXXXX",
                            folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    CLEANUP(fd_closep) int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, "could not make %s", path);
    }
    if (!fd_write_all(fd, armored, strlen(armored), err)) {
        return false;
    }
    *ret_path = TAKE(path);
    return true;
}

static bool answer(enum signature_verdict verdict, const struct process_result *result,
                   struct signature_answer *ret_answer)
{
    *ret_answer = (struct signature_answer){.verdict = verdict, .said = said(result)};
    return true;
}

/* The names that the file has for whoever made it; empty where there are none. */
static bool find_signer(const char *path, const char *allowed_signers,
                        struct process_result *result, char **ret_signer, struct error *err)
{
    const char *const arguments[] = {"-Y", "find-principals", "-s", path,
                                     "-f", allowed_signers,   NULL};
    if (!ask(arguments, "", result, err)) {
        return false;
    }
    size_t n = result->exit_status == 0 ? strcspn(result->out.text, "\r\n") : 0;
    *ret_signer = mem_copy_n(result->out.text, n);
    return true;
}

static bool check_copy(const char *path, const char *allowed_signers, const char *namespace,
                       const char *text, struct signature_answer *ret_answer, struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result about = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(process_result_clear)
    struct process_result found = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(process_result_clear)
    struct process_result verified = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(mem_freep) char *signer = NULL;
    const char *const is_about[] = {"-Y", "check-novalidate", "-n", namespace, "-s", path, NULL};
    if (!ask(is_about, text, &about, err)) {
        return false;
    }
    if (about.exit_status != 0) {
        return answer(SIGNATURE_OF_OTHER, &about, ret_answer);
    }
    if (!find_signer(path, allowed_signers, &found, &signer, err)) {
        return false;
    }
    if (signer[0] == '\0') {
        return answer(SIGNATURE_OF_NOBODY, &found, ret_answer);
    }
    const char *const verify[] = {"-Y", "verify", "-n", namespace,       "-s", path,
                                  "-I", signer,   "-f", allowed_signers, NULL};
    if (!ask(verify, text, &verified, err)) {
        return false;
    }
    if (verified.exit_status != 0) {
        return answer(SIGNATURE_OF_NOBODY, &verified, ret_answer);
    }
    *ret_answer = (struct signature_answer){.verdict = SIGNATURE_GOOD, .signer = TAKE(signer)};
    return true;
}

bool signature_check(const char *armored, const char *allowed_signers, const char *namespace,
                     const char *text, struct signature_answer *ret_answer, struct error *err)
{
    CLEANUP(copy_removep) char *path = NULL;
    return check_file(allowed_signers, "the allowed signers", err) &&
           copy_make(armored, &path, err) &&
           check_copy(path, allowed_signers, namespace, text, ret_answer, err);
}
