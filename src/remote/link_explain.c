/*
 * What libssh2 could not do, in words. Its own say little ("Unable to exchange encryption keys"),
 * so what the server had said in clear is read: its banner, and the lists of what it can.
 */
#include <errno.h>

#include "headgate/mem.h"
#include "link.h"

#define OTHER_TRANSPORT                                                                            \
    "Use \"transport\": \"openssh\" for this host: the ssh of this machine knows more."
#define MESSAGE_KEXINIT 20
#define COOKIE_SIZE 16
#define SHOWN_MAX 120 /* of what a server says instead of a banner */

/* What libssh2 1.10 can and OpenSSH still has by default comes first. */
const char link_kex[] =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
    "diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,diffie-hellman-group14-"
    "sha1";
const char link_host_keys[] =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,"
    "rsa-sha2-256,ssh-rsa";
const char link_ciphers[] = "aes128-ctr,aes256-ctr,aes192-ctr";
const char link_macs[] =
    "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
    "hmac-sha1";

/* --- the server's lists --- */

struct list {
    const char *at;
    size_t size;
};

static size_t number_at(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* Where the banner's line ends; NULL: there was none. */
static const char *behind_banner(const struct strbuf *opening)
{
    const char *banner = opening->text;
    if (!text_starts(banner, "SSH-")) {
        banner = memmem(opening->text, opening->size, "\nSSH-", 5);
    }
    const char *end = banner == NULL ? NULL
                                     : memchr(banner + 1, '\n',
                                              (size_t)(opening->text + opening->size - banner - 1));
    return end != NULL ? end + 1 : NULL;
}

/* The n-th of the lists in its KEXINIT: 0 key exchange, 1 host keys, 3 ciphers and 5 MACs towards
 * us. */
static bool server_list(const struct link *link, size_t wanted, struct list *ret_list)
{
    const char *packet = behind_banner(&link->opening);
    const char *end = link->opening.text + link->opening.size;
    if (packet == NULL || end - packet < 6 + COOKIE_SIZE || packet[5] != MESSAGE_KEXINIT) {
        return false;
    }
    const char *at = packet + 6 + COOKIE_SIZE;
    for (size_t i = 0; end - at >= 4; i++) {
        struct list list = {.at = at + 4, .size = number_at(at)};
        if (list.size > (size_t)(end - list.at)) {
            return false;
        }
        if (i == wanted) {
            *ret_list = list;
            return true;
        }
        at = list.at + list.size;
    }
    return false;
}

static bool list_has(const char *list, size_t size, const char *name, size_t name_size)
{
    const char *at = list;
    while (size > 0) {
        const char *comma = memchr(at, ',', size);
        size_t n = comma != NULL ? (size_t)(comma - at) : size;
        if (n == name_size && memcmp(at, name, n) == 0) {
            return true;
        }
        n += comma != NULL;
        at += n;
        size -= n;
    }
    return false;
}

/* Of ours, what this libssh2 can, too. */
static bool is_common(const struct link *link, const struct list *theirs, int method,
                      const char *ours)
{
    const char **known = NULL;
    int n = libssh2_session_supported_algs(link->session, method, &known);
    bool common = false;
    for (int i = 0; i < n && !common; i++) {
        common = list_has(theirs->at, theirs->size, known[i], strlen(known[i])) &&
                 list_has(ours, strlen(ours), known[i], strlen(known[i]));
    }
    if (known != NULL) {
        libssh2_free(link->session, known);
    }
    return common;
}

static bool nothing_in_common(const struct link *link, struct error *err)
{
    const struct {
        const char *noun, *ours;
        size_t list;
        int method;
    } kinds[] = {
        {"key exchange methods", link_kex, 0, LIBSSH2_METHOD_KEX},
        {"kinds of host keys", link_host_keys, 1, LIBSSH2_METHOD_HOSTKEY},
        {"ciphers", link_ciphers, 3, LIBSSH2_METHOD_CRYPT_SC},
        {"MACs", link_macs, 5, LIBSSH2_METHOD_MAC_SC},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct list list;
        if (server_list(link, kinds[i].list, &list) &&
            !is_common(link, &list, kinds[i].method, kinds[i].ours)) {
            error_set(err, ERROR_UNREACHABLE, "%s has no %s that libssh2 %s knows",
                      link->hop->shown, kinds[i].noun, libssh2_version(0));
            error_detail(err, "It offers %.*s.", (int)list.size, list.at);
            error_hint(err, "%s", OTHER_TRANSPORT);
            return true;
        }
    }
    return false;
}

/* --- sentences --- */

/* Printable, and not too much of it. */
static char *shown_opening(const struct link *link)
{
    CLEANUP(strbuf_clear) struct strbuf shown = STRBUF_INIT;
    for (size_t i = 0; i < link->opening.size && shown.size < SHOWN_MAX; i++) {
        char c = link->opening.text[i];
        if (c == '\n' && shown.size > 0) {
            break;
        }
        if (c != '\r' && c != '\n') {
            strbuf_add_char(&shown, c >= ' ' && c < 127 ? c : '?');
        }
    }
    return strbuf_take(&shown);
}

static bool speaks_no_ssh(const struct link *link, struct error *err)
{
    CLEANUP(mem_freep) char *shown = shown_opening(link);
    if (link->failed == EOVERFLOW) {
        error_set(err, ERROR_UNREACHABLE, "%s says too much before it begins to speak SSH",
                  link->hop->shown);
    } else if (link->opening.size == 0) {
        err->retryable = true;
        error_set(err, ERROR_UNREACHABLE, "%s hung up without a word", link->hop->shown);
        return error_hint(err, "Its MaxStartups may be reached, or something in between (a "
                               "firewall, fail2ban) does not let us through.");
    } else {
        error_set(err, ERROR_UNREACHABLE, "%s does not speak SSH", link->hop->shown);
    }
    error_detail(err, "It said \"%s\".", shown);
    return error_hint(err, "Look at host and port.");
}

static bool died(const struct link *link, const char *what, struct error *err)
{
    err->retryable = true;
    error_set(err, ERROR_UNREACHABLE, "%s hung up %s", link->hop->shown, what);
    if (link->farewell != NULL) {
        return error_detail(err, "It said \"%s\".", link->farewell);
    }
    return link->failed == 0 ? false : error_detail(err, "%s.", strerror(link->failed));
}

bool link_handshake_failed(const struct link *link, int result, struct error *err)
{
    const char *banner = libssh2_session_banner_get(link->session);
    if (behind_banner(&link->opening) == NULL || link->failed == EOVERFLOW) {
        return speaks_no_ssh(link, err);
    }
    if (result != LIBSSH2_ERROR_SOCKET_RECV && nothing_in_common(link, err)) {
        return false;
    }
    if (link->ended) {
        return died(link, "before the keys were exchanged", err);
    }
    if (banner != NULL && !text_starts(banner, "SSH-2.0") && !text_starts(banner, "SSH-1.99")) {
        error_set(err, ERROR_UNREACHABLE, "%s speaks another SSH than 2.0", link->hop->shown);
        return error_detail(err, "It said \"%s\".", banner);
    }
    return link_failed(link, result, "could not exchange keys", err);
}

bool link_key_changed(const struct link *link, struct error *err)
{
    CLEANUP(mem_freep)
    char *first = mem_printf("%s %s", link->told.host_key_type, link->told.host_key);
    return host_key_changed(link->hop, first, link->other_key, err);
}

bool link_failed(const struct link *link, int result, const char *what, struct error *err)
{
    if (link->other_key != NULL) {
        return link_key_changed(link, err);
    }
    char *said = NULL;
    (void)libssh2_session_last_error(link->session, &said, NULL, 0);
    if (link->ended || result == LIBSSH2_ERROR_SOCKET_RECV ||
        result == LIBSSH2_ERROR_SOCKET_DISCONNECT) {
        CLEANUP(mem_freep) char *when = mem_printf("when we %s", what);
        return died(link, text_starts(what, "could not ") ? "in the middle" : when, err);
    }
    error_set(err, ERROR_UNREACHABLE, "%s: %s", link->hop->shown, what);
    return error_detail(err, "libssh2 says: %s (%d).",
                        said != NULL && said[0] != '\0' ? said : "nothing", result);
}
