/*
 * Being let in: keys that the agent has, keys in files, a password where one is configured. What
 * was not accepted is kept, for people who look why.
 */
#include <errno.h>
#include <stdlib.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "link.h"

#define RSA_SHA2_SINCE 0x010b00 /* the libssh2 that signs with RSA and SHA-2 */
#define SHA1_REFUSED_SINCE 808  /* OpenSSH 8.8 */

bool attempt_rsa_is_futile(const struct attempt *attempt)
{
    const char *banner = attempt->link->told.banner;
    const char *version = banner != NULL ? strstr(banner, "OpenSSH_") : NULL;
    if (libssh2_version(RSA_SHA2_SINCE) != NULL || version == NULL) {
        return false;
    }
    char *end = NULL;
    long major = strtol(version + strlen("OpenSSH_"), &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    return major * 100 + minor >= SHA1_REFUSED_SINCE;
}

bool attempt_note(struct attempt *attempt, int result, const char *what, struct error *err)
{
    struct link *link = attempt->link;
    if (result == 0) {
        attempt->in = true;
        mem_free(link->told.authentication);
        link->told.authentication = mem_copy(what);
        return true;
    }
    if (link->other_key != NULL) {
        return link_key_changed(link, err);
    }
    if (link->ended) {
        link_failed(link, result, "could not log in", err);
        return error_hint(err, "A server ends it after some keys that it does not know: name the "
                               "one that it knows (\"identity\").");
    }
    strlist_printf(&link->told.tried, "%s", what);
    return true;
}

static bool wait_or_fail(struct attempt *attempt, struct error *err)
{
    return link_wait(attempt->link, attempt->deadline, err);
}

/* --- what the server takes --- */

static bool ask_methods(struct attempt *attempt, const char **ret_methods, struct error *err)
{
    struct link *link = attempt->link;
    const char *user = link->hop->user, *methods = NULL;
    while ((methods = libssh2_userauth_list(link->session, user, (unsigned)strlen(user))) == NULL) {
        int result = libssh2_session_last_errno(link->session);
        if (libssh2_userauth_authenticated(link->session) != 0) {
            *ret_methods = "";
            return attempt_note(attempt, 0, "none", err);
        }
        if (result != LIBSSH2_ERROR_EAGAIN || link->ended) {
            return link_failed(link, result, "could not begin to log in", err);
        }
        if (!wait_or_fail(attempt, err)) {
            return false;
        }
    }
    *ret_methods = methods;
    return true;
}

/* --- keys --- */

/* The agent has it perhaps, and then needs no passphrase. */
static bool try_meant(struct attempt *attempt, const char *path, struct error *err)
{
    CLEANUP(key_file_clear) struct key_file key = {.type = NULL};
    const struct ssh_hop *hop = attempt->link->hop;
    bool had = false;
    if (!key_file_look(path, &key)) {
        return hop->identity_is_meant ? ssh_key_missing(hop, path, errno, err)
                                      : attempt_file(attempt, path, err);
    }
    if (hop->agent != NULL && key.blob != NULL &&
        !attempt_agent(attempt, key.blob, key.blob_size, &had, err)) {
        return false;
    }
    return had || attempt_file(attempt, path, err);
}

static bool try_keys(struct attempt *attempt, struct error *err)
{
    const struct ssh_hop *hop = attempt->link->hop;
    bool had = false, few = hop->identities_only && hop->identities.n > 0;
    if (!few && hop->agent != NULL && !attempt_agent(attempt, NULL, 0, &had, err)) {
        return false;
    }
    for (size_t i = 0; i < hop->identities.n && !attempt->in && !attempt->link->ended; i++) {
        const char *path = hop->identities.items[i];
        if (!(few ? try_meant(attempt, path, err) : attempt_file(attempt, path, err))) {
            return false;
        }
    }
    return true;
}

/* --- a password --- */

static bool try_password(struct attempt *attempt, struct error *err)
{
    struct link *link = attempt->link;
    const char *user = link->hop->user, *password = link->hop->password;
    int result = 0;
    while ((result = libssh2_userauth_password_ex(link->session, user, (unsigned)strlen(user),
                                                  password, (unsigned)strlen(password), NULL)) ==
           LIBSSH2_ERROR_EAGAIN) {
        if (!wait_or_fail(attempt, err)) {
            return false;
        }
    }
    return attempt_note(attempt, result, "password", err);
}

/* As ssh calls it for what asks on its behalf. */
static bool asks_for_password(const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt)
{
    return prompt->echo == 0 && memmem(prompt->text, prompt->length, "assword", 7) != NULL;
}

/* The password is given once, and to a question for it alone: a code that is asked for as well is
 * nothing to guess at, and a host that asks again did not like the first answer. */
static bool has_answers(struct link *link, int n, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts)
{
    for (int i = 0; i < n; i++) {
        if (link->answered || !asks_for_password(&prompts[i]) || i > 0) {
            size_t size = prompts[i].length < QUESTION_MAX ? prompts[i].length : QUESTION_MAX;
            mem_free(link->question);
            link->question = mem_copy_n(prompts[i].text, size);
            return false;
        }
    }
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): so many parameters are libssh2's wish */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer)
{
    (void)name;
    (void)name_len;
    (void)instruction;
    (void)instruction_len;
    struct link *link = *abstract;
    bool known = has_answers(link, num_prompts, prompts);
    for (int i = 0; i < num_prompts; i++) {
        responses[i].text = mem_copy(known ? link->hop->password : "");
        responses[i].length = (unsigned)strlen(responses[i].text);
        link->answered = true;
    }
}

static bool try_questions(struct attempt *attempt, struct error *err)
{
    struct link *link = attempt->link;
    const char *user = link->hop->user;
    int result = 0;
    while ((result = libssh2_userauth_keyboard_interactive_ex(
                link->session, user, (unsigned)strlen(user), answer)) == LIBSSH2_ERROR_EAGAIN) {
        if (!wait_or_fail(attempt, err)) {
            return false;
        }
    }
    CLEANUP(mem_freep)
    char *tried = link->question != NULL && result != 0
                      ? mem_printf("keyboard-interactive, which asked \"%s\"", link->question)
                      : mem_copy("keyboard-interactive");
    return attempt_note(attempt, result, tried, err);
}

/* --- refusals --- */

static void hint_at_keys(const struct attempt *attempt, struct error *err)
{
    if (attempt->skipped_rsa) {
        error_hint(err,
                   "libssh2 %s signs with RSA and SHA-1 only, which this server does not take: use "
                   "an ed25519 or ecdsa key, or \"transport\": \"openssh\".",
                   libssh2_version(0));
    } else if (attempt->locked) {
        error_hint(err, "A key with a passphrase is used through the agent, or with "
                        "\"passphrase\".");
    } else if (attempt->link->question != NULL) {
        error_hint(err, "%s", QUESTION_HINT);
    } else if (attempt->certificate) {
        error_hint(err, "libssh2 cannot use the certificate that lies beside the key: "
                        "\"transport\": \"openssh\" can.");
    } else {
        error_hint(err, "Look at the user, and whether its authorized_keys there has one of our "
                        "keys.");
    }
}

static bool refused(const struct attempt *attempt, const char *methods, struct error *err)
{
    const struct link *link = attempt->link;
    CLEANUP(strbuf_clear) struct strbuf tried = STRBUF_INIT;
    for (size_t i = 0; i < link->told.tried.n; i++) {
        strbuf_printf(&tried, "%s%s", i > 0 ? "; " : "", link->told.tried.items[i]);
    }
    error_set(err, ERROR_UNREACHABLE, "%s does not let us in", link->hop->shown);
    error_detail(err, "It takes %s. Tried: %s.", methods,
                 tried.size > 0 ? tried.text : "nothing, as there is no key to try");
    hint_at_keys(attempt, err);
    return false;
}

/* "password" or "keyboard-interactive" where both are among the methods. */
static bool try_secret(struct attempt *attempt, const char *methods, struct error *err)
{
    if (strstr(methods, "password") != NULL && !try_password(attempt, err)) {
        return false;
    }
    return attempt->in || strstr(methods, "keyboard-interactive") == NULL ||
           try_questions(attempt, err);
}

static bool takes_secret(const char *methods)
{
    return strstr(methods, "password") != NULL || strstr(methods, "keyboard-interactive") != NULL;
}

bool link_authenticate(struct link *link, msec deadline, struct error *err)
{
    struct attempt attempt = {.link = link, .deadline = deadline};
    const char *offered = NULL;
    bool has_password = link->hop->password != NULL;
    if (!ask_methods(&attempt, &offered, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *methods = mem_copy(offered); /* libssh2 reuses its own */
    if (!attempt.in && strstr(methods, "publickey") != NULL && !try_keys(&attempt, err)) {
        return false;
    }
    /* A key may have been the first half of what it wants (AuthenticationMethods of sshd): libssh2
     * does not say so, but the server takes something else then. */
    if (!attempt.in && has_password && !takes_secret(methods)) {
        if (!ask_methods(&attempt, &offered, err)) {
            return false;
        }
        mem_free(methods);
        methods = mem_copy(offered);
    }
    if (!attempt.in && has_password && !try_secret(&attempt, methods, err)) {
        return false;
    }
    return attempt.in || refused(&attempt, methods, err);
}
