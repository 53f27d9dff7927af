/*
 * Keys that an agent has. Its protocol is spoken here and not by libssh2, which would wait for an
 * agent without end (one that asks a person, or hangs).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "headgate/mem.h"
#include "link.h"

#define REQUEST_IDENTITIES 11
#define IDENTITIES 12
#define SIGN 13
#define SIGNATURE 14
#define ANSWER_MAX ((size_t)256 * 1024)
#define KEYS_MAX 100

/* One signature: what the callback needs and libssh2 hands through. */
struct signer {
    struct attempt *attempt;
    int fd;
    const char *blob;
    size_t size;
};

/* --- messages --- */

static void add_number(struct strbuf *text, size_t number)
{
    const char bytes[] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8),
                          (char)number};
    strbuf_add_n(text, bytes, sizeof bytes);
}

static void add_text(struct strbuf *text, const char *bytes, size_t size)
{
    add_number(text, size);
    strbuf_add_n(text, bytes, size);
}

static bool take_number(const struct strbuf *text, size_t *at, size_t *ret_number)
{
    if (text->size < 4 || *at > text->size - 4) {
        return false;
    }
    const unsigned char *b = (const unsigned char *)text->text + *at;
    *ret_number = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    *at += 4;
    return true;
}

static bool take_text(const struct strbuf *text, size_t *at, const char **ret_bytes,
                      size_t *ret_size)
{
    if (!take_number(text, at, ret_size) || *ret_size > text->size - *at) {
        return false;
    }
    *ret_bytes = text->text + *at;
    *at += *ret_size;
    return true;
}

/* --- the agent --- */

static int agent_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || n < 0 || (size_t)n >= sizeof address.sun_path ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        return -1;
    }
    return fd_take(&fd);
}

static bool exchange_bytes(const struct attempt *attempt, int fd, const struct strbuf *question,
                           struct strbuf *answer)
{
    size_t sent = 0, wanted = 4;
    while (answer->size < wanted) {
        bool sending = sent < question->size;
        if (owner_watch_wait(attempt->link->owner, fd, sending ? POLLOUT : POLLIN,
                             attempt->deadline) <= 0) {
            return false;
        }
        ssize_t n = sending ? send(fd, question->text + sent, question->size - sent, MSG_NOSIGNAL)
                            : recv(fd, strbuf_room(answer, wanted), wanted - answer->size, 0);
        if (n <= 0) {
            return false;
        }
        sent += sending ? (size_t)n : 0;
        strbuf_grown(answer, sending ? 0 : (size_t)n);
        size_t at = 0, size = 0;
        if (answer->size == 4 && take_number(answer, &at, &size)) {
            wanted = 4 + size;
        }
        if (wanted > ANSWER_MAX) {
            return false;
        }
    }
    return wanted > 4;
}

/* False: it does not answer, or not as wanted. */
static bool agent_ask(const struct attempt *attempt, int fd, const struct strbuf *body, char wanted,
                      struct strbuf *answer)
{
    CLEANUP(strbuf_clear) struct strbuf question = STRBUF_INIT;
    add_text(&question, body->text, body->size);
    return exchange_bytes(attempt, fd, &question, answer) && answer->text[4] == wanted;
}

/* --- signing in --- */

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign)
{
    (void)session;
    const struct signer *signer = *abstract;
    CLEANUP(strbuf_clear) struct strbuf body = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf answer = STRBUF_INIT;
    const char *whole = NULL, *type = NULL, *bytes = NULL;
    size_t at = 5, whole_size = 0, type_size = 0, size = 0;
    strbuf_add_char(&body, SIGN);
    add_text(&body, signer->blob, signer->size);
    add_text(&body, (const char *)data, data_len);
    add_number(&body, 0);
    if (!agent_ask(signer->attempt, signer->fd, &body, SIGNATURE, &answer) ||
        !take_text(&answer, &at, &whole, &whole_size)) {
        return -1;
    }
    at = (size_t)(whole - answer.text);
    if (!take_text(&answer, &at, &type, &type_size) || !take_text(&answer, &at, &bytes, &size)) {
        return -1;
    }
    *sig = (unsigned char *)mem_copy_n(bytes, size);
    *sig_len = size;
    return 0;
}

static bool sign_in(struct signer *signer, const char *type, const char *comment, struct error *err)
{
    struct link *link = signer->attempt->link;
    const char *user = link->hop->user;
    void *abstract = signer;
    int result = 0;
    while ((result = libssh2_userauth_publickey(link->session, user,
                                                (const unsigned char *)signer->blob, signer->size,
                                                sign, &abstract)) == LIBSSH2_ERROR_EAGAIN) {
        if (!link_wait(link, signer->attempt->deadline, err)) {
            return false;
        }
    }
    CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(signer->blob, signer->size);
    CLEANUP(mem_freep)
    char *what = mem_printf("publickey, %s %s from the agent (%s)", type, fingerprint, comment);
    return attempt_note(signer->attempt, result, what, err);
}

static bool is_usable(const char *type)
{
    return type != NULL && (text_equal(type, "ssh-ed25519") || text_equal(type, "ssh-rsa") ||
                            (text_starts(type, "ecdsa-sha2-") && strstr(type, "-cert-") == NULL));
}

static bool try_key(struct signer *signer, const char *comment, struct error *err)
{
    struct attempt *attempt = signer->attempt;
    CLEANUP(mem_freep) char *type = host_key_type(signer->blob, signer->size);
    if (!is_usable(type)) {
        strlist_printf(&attempt->link->told.tried,
                       "the agent's \"%s\" not, as libssh2 cannot use its kind (%s)", comment,
                       type != NULL ? type : "unknown");
        return true;
    }
    if (text_equal(type, "ssh-rsa") && attempt_rsa_is_futile(attempt)) {
        attempt->skipped_rsa = true;
        strlist_printf(&attempt->link->told.tried, "the agent's \"%s\" not, as it is an RSA key",
                       comment);
        return true;
    }
    return sign_in(signer, type, comment, err);
}

static bool try_keys(struct signer *signer, const struct strbuf *keys, const struct signer *only,
                     bool *ret_had, struct error *err)
{
    size_t at = 5, n = 0;
    bool more = take_number(keys, &at, &n) && n <= KEYS_MAX;
    for (size_t i = 0; more && i < n && !signer->attempt->in; i++) {
        const char *comment = NULL;
        size_t comment_size = 0;
        more = take_text(keys, &at, &signer->blob, &signer->size) &&
               take_text(keys, &at, &comment, &comment_size);
        bool wanted =
            more && (only->blob == NULL || (only->size == signer->size &&
                                            memcmp(only->blob, signer->blob, signer->size) == 0));
        if (!wanted) {
            continue;
        }
        CLEANUP(mem_freep) char *shown = mem_copy_n(comment, comment_size);
        *ret_had = true;
        if (!try_key(signer, shown, err)) {
            return false;
        }
    }
    return true;
}

bool attempt_agent(struct attempt *attempt, const char *only, size_t only_size, bool *ret_had,
                   struct error *err)
{
    const char *path = attempt->link->hop->agent;
    CLEANUP(strbuf_clear) struct strbuf keys = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf body = STRBUF_INIT;
    CLEANUP(fd_closep) int fd = agent_connect(path);
    struct signer signer = {.attempt = attempt, .fd = fd};
    const struct signer wanted = {.blob = only, .size = only_size};
    *ret_had = false;
    strbuf_add_char(&body, REQUEST_IDENTITIES);
    if (fd < 0 || !agent_ask(attempt, fd, &body, IDENTITIES, &keys)) {
        strlist_printf(&attempt->link->told.tried, "the agent at \"%s\" does not answer", path);
        return true;
    }
    return try_keys(&signer, &keys, &wanted, ret_had, err);
}
