/*
 * A new session: the host is reached (by TCP, or through the hop before), keys are exchanged, the
 * host's key is checked, and we are let in. All of it within the hop's connect_timeout. A server
 * that hangs up before it said anything may be at its MaxStartups: it is asked again for as long as
 * the time lasts.
 */
#include <errno.h>

#include "headgate/hash.h"
#include "headgate/mem.h"
#include "link.h"

#define RETRIES 8
#define RETRY_FIRST 50 /* milliseconds; doubled each time */
#define RETRY_MAX 1000
/* libssh2 sends no keepalive before so many seconds of the wall clock have gone since the last; the
 * wall clock may be set back. Asked so, it always sends one. */
#define KEEPALIVE_AT_ONCE ((unsigned)-2000000000)

/* Whether the server hung up without a word, and may be asked again. */
static bool is_shy(const struct link *link)
{
    return link->ended && !link->keyed && link->opening.size == 0;
}

/* --- keys --- */

/* Of these names those that this libssh2 knows: from a list with others in it 1.10 takes them out
 * by copying bytes over themselves. */
static void wish(const struct link *link, int method, const char *names)
{
    CLEANUP(strlist_clear) struct strlist ours = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf list = STRBUF_INIT;
    const char **known = NULL;
    int n = libssh2_session_supported_algs(link->session, method, &known);
    for (const char *at = names; *at != '\0'; at += strspn(at, ",")) {
        size_t size = strcspn(at, ",");
        CLEANUP(mem_freep) char *name = mem_copy_n(at, size);
        for (int i = 0; i < n; i++) {
            if (text_equal(name, known[i]) && !strlist_has(&ours, name)) {
                strlist_add(&ours, name);
            }
        }
        at += size;
    }
    for (size_t i = 0; i < ours.n; i++) {
        strbuf_printf(&list, "%s%s", i > 0 ? "," : "", ours.items[i]);
    }
    if (ours.n > 0) {
        (void)libssh2_session_method_pref(link->session, method, list.text);
    }
    if (known != NULL) {
        libssh2_free(link->session, known);
    }
}

/* A kind of key that is known of the host comes first: another one would be a stranger. */
static void prefer(const struct link *link)
{
    CLEANUP(strlist_clear) struct strlist known = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf host_keys = STRBUF_INIT;
    host_key_types(link->hop, &known);
    for (size_t i = 0; i < known.n; i++) {
        strbuf_printf(&host_keys, "%s,", known.items[i]);
    }
    strbuf_add(&host_keys, link_host_keys);
    wish(link, LIBSSH2_METHOD_KEX, link_kex);
    wish(link, LIBSSH2_METHOD_HOSTKEY, host_keys.text);
    wish(link, LIBSSH2_METHOD_CRYPT_CS, link_ciphers);
    wish(link, LIBSSH2_METHOD_CRYPT_SC, link_ciphers);
    wish(link, LIBSSH2_METHOD_MAC_CS, link_macs);
    wish(link, LIBSSH2_METHOD_MAC_SC, link_macs);
}

static bool exchange_keys(struct link *link, msec deadline, struct error *err)
{
    int result = 0;
    prefer(link);
    while ((result = libssh2_session_handshake(link->session, link->fd)) == LIBSSH2_ERROR_EAGAIN) {
        if (link->ended) {
            break;
        }
        link_acknowledge(link);
        if (!link_wait(link, deadline, err)) {
            return false;
        }
    }
    return result == 0 || link_handshake_failed(link, result, err);
}

static void tell_algorithms(struct link *link)
{
    const char *kex = libssh2_session_methods(link->session, LIBSSH2_METHOD_KEX);
    const char *cipher = libssh2_session_methods(link->session, LIBSSH2_METHOD_CRYPT_SC);
    const char *mac = libssh2_session_methods(link->session, LIBSSH2_METHOD_MAC_SC);
    const char *banner = libssh2_session_banner_get(link->session);
    link->told.banner = mem_copy(banner != NULL ? banner : "");
    if (kex != NULL && cipher != NULL && mac != NULL) {
        link->told.algorithms = mem_printf("%s, %s, %s", kex, cipher, mac);
    }
}

static bool check_key(struct link *link, struct error *err)
{
    int type = 0;
    size_t size = 0;
    const char *key = libssh2_session_hostkey(link->session, &size, &type);
    if (key == NULL) {
        return error_set(err, ERROR_UNREACHABLE, "%s showed no host key", link->hop->shown);
    }
    link->key = mem_copy_n(key, size);
    link->key_size = size;
    link->told.host_key_type = host_key_type(key, size);
    link->told.host_key = host_key_fingerprint(key, size);
    return host_key_check(link->hop, key, size, &link->told.host_key_known_by, err);
}

bool link_key_is_same(struct link *link)
{
    size_t size = 0;
    const char *key =
        link->key != NULL ? libssh2_session_hostkey(link->session, &size, NULL) : NULL;
    if (key == NULL || (size == link->key_size && memcmp(key, link->key, size) == 0)) {
        return true;
    }
    if (link->other_key == NULL) {
        CLEANUP(mem_freep) char *type = host_key_type(key, size);
        CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(key, size);
        link->other_key = mem_printf("%s %s", type != NULL ? type : "a key", fingerprint);
    }
    link->ended = true;
    return false;
}

/* --- the way there --- */

static bool go_through(const struct ssh_hop *hop, const char *before, msec deadline, int *ret_fd,
                       struct error *err)
{
    char verb[] = "connect";
    CLEANUP(mem_freep) char *port = mem_printf("%d", hop->port);
    const struct door_request request = {.fields = {verb, hop->host, port},
                                         .sizes = {strlen(verb), strlen(hop->host), strlen(port)},
                                         .n = 3,
                                         .fds = {-1, -1, -1}};
    return door_ask(before, hop->shown, &request, deadline, ret_fd, err);
}

static bool dial_once(const struct ssh_hop *hop, const char *before, struct link *link,
                      msec deadline, struct error *err)
{
    CLEANUP(fd_closep) int fd = -1;
    msec began = clock_now();
    bool tcp = before == NULL;
    if (!(tcp ? link_connect(hop, link->owner, deadline, &fd, err)
              : go_through(hop, before, deadline, &fd, err)) ||
        !link_attach(link, fd_take(&fd), tcp, err)) {
        return false;
    }
    link->told.shown = mem_copy(hop->shown);
    link->told.connected = clock_now() - began;
    if (!exchange_keys(link, deadline, err)) {
        return false;
    }
    link->keyed = true;
    strbuf_clear(&link->opening);
    tell_algorithms(link);
    if (!check_key(link, err) || !link_authenticate(link, deadline, err)) {
        return false;
    }
    if (link->other_key != NULL) {
        return link_key_changed(link, err);
    }
    link->told.authorized = clock_now() - began - link->told.connected;
    (void)libssh2_keepalive_config(link->session, 1, KEEPALIVE_AT_ONCE);
    return true;
}

static msec patience(int attempt)
{
    uint32_t dice = 0;
    random_bytes(&dice, sizeof dice);
    msec base = (msec)RETRY_FIRST << attempt;
    base = base < RETRY_MAX ? base : RETRY_MAX;
    return base / 2 + (msec)dice % base;
}

bool link_dial(const struct ssh_hop *hop, const char *before, struct owner_watch *owner,
               struct link **ret_link, struct error *err)
{
    msec deadline = deadline_in(hop->connect_timeout);
    for (int attempt = 0;; attempt++) {
        CLEANUP(link_closep) struct link *link = link_new(hop, owner);
        CLEANUP(error_clear) struct error why = ERROR_INIT;
        if (dial_once(hop, before, link, deadline, &why)) {
            *ret_link = TAKE(link);
            return true;
        }
        msec again = deadline_in(patience(attempt));
        if (!is_shy(link) || attempt == RETRIES || again >= deadline) {
            error_move(err, &why);
            return false;
        }
        if (owner_watch_wait(owner, -1, 0, again) < 0) {
            return error_set(err, ERROR_TERMINATED, "nobody waits for the session any more");
        }
    }
}
