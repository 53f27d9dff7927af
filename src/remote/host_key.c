/*
 * Whose key it is that a host shows. Nothing turns this off: a key is pinned, or it is in a file
 * that a person keeps, or the connection is refused with all that a person needs to decide.
 */
#include <errno.h>
#include <string.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/mem.h"
#include "known_hosts_line.h"
#include "private.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define SSH_PORT 22
#define PREFIX "SHA256:"

char *host_key_fingerprint(const void *key, size_t size)
{
    unsigned char digest[HASH_SHA256_SIZE];
    hash_sha256_bytes(key, size, digest);
    CLEANUP(mem_freep) char *text = base64_encode(digest, sizeof digest);
    text[strcspn(text, "=")] = '\0';
    return mem_printf(PREFIX "%s", text);
}

/* A blob begins with its type, and the length of that in front. */
char *host_key_type(const void *key, size_t size)
{
    enum { LENGTH = 4, LONGEST = 64 };
    const unsigned char *bytes = key;
    if (size < LENGTH || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 0) {
        return NULL;
    }
    size_t n = bytes[3];
    if (n == 0 || n > LONGEST || n > size - LENGTH) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (bytes[LENGTH + i] <= ' ' || bytes[LENGTH + i] > '~') {
            return NULL;
        }
    }
    return mem_copy_n((const char *)bytes + LENGTH, n);
}

/* --- the files of a hop --- */

/* HostKeyAlias stands for host and port. */
static int port_of_name(const struct ssh_hop *hop)
{
    return hop->alias_is_meant ? SSH_PORT : hop->port;
}

/* One that is not there says nothing; one that cannot be read might have said "revoked". */
static bool read_known(const char *file, struct strbuf *ret_text, bool *ret_exists,
                       struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    *ret_exists = file_read(file, FILE_LIMIT, ret_text, &failure);
    if (*ret_exists || failure.sys_errno == ENOENT || failure.sys_errno == ENOTDIR) {
        return true;
    }
    (void)error_set(err, ERROR_UNREACHABLE, "host keys cannot be checked: %s", failure.message);
    return error_hint(err, "Nothing is connected with as long as a file of known hosts cannot be "
                           "read.");
}

bool host_key_files_check(const struct ssh_hop *hop, struct error *err)
{
    for (size_t i = 0; i < hop->known_hosts.n && hop->host_key == NULL; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        bool exists = false;
        if (!read_known(hop->known_hosts.items[i], &text, &exists, err)) {
            return false;
        }
    }
    return true;
}

static void add_answer(struct known_answer *all, struct known_answer *one)
{
    if (one->known > all->known) {
        all->known = one->known;
        mem_free(all->where);
        all->where = TAKE(one->where);
    }
    if (all->authority == NULL) {
        all->authority = TAKE(one->authority);
    }
    for (size_t i = 0; i < one->fingerprints.n; i++) {
        strlist_add(&all->fingerprints, one->fingerprints.items[i]);
    }
}

/* ret_looked: the files, for a sentence. */
static bool look(const struct ssh_hop *hop, const void *key, size_t size,
                 struct known_answer *answer, struct strlist *ret_looked, struct error *err)
{
    for (size_t i = 0; i < hop->known_hosts.n; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        CLEANUP(known_answer_clear) struct known_answer one = KNOWN_ANSWER_INIT;
        const char *file = hop->known_hosts.items[i];
        bool exists = false;
        if (!read_known(file, &text, &exists, err)) {
            return false;
        }
        const struct known_file known = {file, text.text, text.size};
        known_hosts_look(&known, hop->alias, port_of_name(hop), key, size, &one);
        add_answer(answer, &one);
        strlist_printf(ret_looked, "%s%s", file, exists ? "" : " (which is not there)");
    }
    return true;
}

void host_key_types(const struct ssh_hop *hop, struct strlist *ret_types)
{
    for (size_t i = 0; i < hop->known_hosts.n && hop->host_key == NULL; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        CLEANUP(error_clear) struct error ignored = ERROR_INIT; /* host_key_check says it */
        bool exists = false;
        if (read_known(hop->known_hosts.items[i], &text, &exists, &ignored)) {
            const struct known_file known = {hop->known_hosts.items[i], text.text, text.size};
            known_hosts_types(&known, hop->alias, port_of_name(hop), ret_types);
        }
    }
}

/* --- refusals --- */

struct offer {
    const struct ssh_hop *hop;
    const char *type, *fingerprint;
    char *name; /* as a file names the host */
    char *line; /* that makes the key a known one */
};

/* The file into which a person writes. */
static const char *first_file(const struct ssh_hop *hop)
{
    bool has_one = hop->known_hosts.n > 0 && !text_equal(hop->known_hosts.items[0], "/dev/null");
    return has_one ? hop->known_hosts.items[0] : "~/.ssh/known_hosts";
}

/* "ed25519", "ecdsa", "rsa": as in the names of sshd's own files. */
static const char *short_type(const char *type)
{
    static const char *const types[] = {"ed25519", "ecdsa", "rsa", "dsa"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strstr(type, types[i]) != NULL) {
            return types[i];
        }
    }
    return text_equal(type, "ssh-dss") ? "dsa" : "*";
}

/* Says how to compare, which has to come before anything is accepted. */
static void how_to_compare(const struct offer *offer, struct strbuf *hint)
{
    strbuf_printf(hint,
                  "Compare it with the host's own key, by another way than this one: on the host, "
                  "ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub shows it.",
                  short_type(offer->type));
}

static bool refuse_pinned(const struct offer *offer, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf hint = STRBUF_INIT;
    (void)error_set(err, ERROR_UNREACHABLE, "%s: the host key is not the pinned one",
                    offer->hop->shown);
    (void)error_detail(err,
                       "It shows %s %s; \"host_key\" is %s. Either the host was set up anew or has "
                       "several keys, or somebody in between shows a key of their own.",
                       offer->type, offer->fingerprint, offer->hop->host_key);
    how_to_compare(offer, &hint);
    return error_hint(err, "%s Only where they are equal, write the new fingerprint there.",
                      hint.text);
}

static bool refuse_revoked(const struct offer *offer, const struct known_answer *answer,
                           struct error *err)
{
    (void)error_set(err, ERROR_UNREACHABLE, "%s: the host key is revoked", offer->hop->shown);
    (void)error_detail(err, "It shows %s %s, which %s marks @revoked.", offer->type,
                       offer->fingerprint, answer->where);
    return error_hint(err, "Whoever shows this key is not to be trusted. The host needs a new one; "
                           "ask those who run it.");
}

static bool refuse_changed(const struct offer *offer, const struct known_answer *answer,
                           struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf hint = STRBUF_INIT, known = STRBUF_INIT;
    CLEANUP(mem_freep) char *same_type = mem_printf("%s ", offer->type);
    const char *former = NULL;
    for (size_t i = 0; i < answer->fingerprints.n; i++) {
        const char *fingerprint = answer->fingerprints.items[i];
        if (former == NULL && text_starts(fingerprint, same_type)) {
            former = strchr(fingerprint, '(') + 1;
        }
        strbuf_printf(&known, i == 0 ? "%s" : ", %s", fingerprint);
    }
    (void)error_set(err, ERROR_UNREACHABLE, "%s: the host key %s", offer->hop->shown,
                    former == NULL ? "is of a type that is not known of it" : "has changed");
    (void)error_detail(err,
                       "It shows %s %s; known of %s: %s. Either the host was set up anew, or "
                       "somebody in between shows a key of their own, and would read all that is "
                       "sent.",
                       offer->type, offer->fingerprint, offer->name, known.text);
    how_to_compare(offer, &hint);
    strbuf_add(&hint, " Only where they are equal: ");
    if (former != NULL) {
        strbuf_printf(&hint, "ssh-keygen -R '%s' -f %.*s; ", offer->name,
                      (int)(strrchr(former, ':') - former), former);
    }
    return error_hint(err, "%secho '%s' >> %s", hint.text, offer->line, first_file(offer->hop));
}

static bool refuse_unknown(const struct offer *offer, const struct known_answer *answer,
                           const struct strlist *looked, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf hint = STRBUF_INIT, files = STRBUF_INIT;
    bool by_libssh2 = offer->hop->transport == TRANSPORT_LIBSSH2;
    for (size_t i = 0; i < looked->n; i++) {
        strbuf_printf(&files, i == 0 ? "%s" : ", %s", looked->items[i]);
    }
    CLEANUP(mem_freep)
    char *authority =
        answer->authority == NULL
            ? NULL
            : mem_printf(" %s wants a certificate (@cert-authority), which the host does not "
                         "show%s.",
                         answer->authority, by_libssh2 ? " to libssh2" : "");
    (void)error_set(err, ERROR_UNREACHABLE, "%s: the host key is not known", offer->hop->shown);
    (void)error_detail(
        err, "It shows %s %s. Looked for %s in %s.%s", offer->type, offer->fingerprint, offer->name,
        files.size > 0 ? files.text : "no file at all", authority != NULL ? authority : "");
    if (authority != NULL && by_libssh2) {
        return error_hint(err, "\"transport\": \"openssh\" in its \"ssh\" checks certificates.");
    }
    how_to_compare(offer, &hint);
    return error_hint(err, "%s Only where they are equal: echo '%s' >> %s, or \"host_key\": \"%s\"",
                      hint.text, offer->line, first_file(offer->hop), offer->fingerprint);
}

/* The next session is no way around: its key is checked as that of this one was. */
bool host_key_changed(const struct ssh_hop *hop, const char *first, const char *other,
                      struct error *err)
{
    (void)error_set(err, ERROR_UNREACHABLE,
                    "%s showed another host key in the middle of the session", hop->shown);
    (void)error_detail(err,
                       "It began with %s; when keys were exchanged again it showed %s. The "
                       "session was ended before anything went through it with the new keys. A "
                       "host's key does not change in a session: somebody may have come in "
                       "between.",
                       first, other);
    return error_hint(err, "Look at the host by another way than this one, before anything else: "
                           "on the host, ssh-keygen -lf shows which keys are its own "
                           "(/etc/ssh/ssh_host_*_key.pub).");
}

/* --- the check --- */

/* Some write the fingerprint with the "=" that base64 has at its end. */
static bool is_pinned(const char *pinned, const char *fingerprint)
{
    size_t n = strlen(fingerprint);
    return strncmp(pinned, fingerprint, n) == 0 && pinned[n + strspn(pinned + n, "=")] == '\0';
}

static bool check_files(const struct offer *offer, const void *key, size_t size,
                        char **ret_known_by, struct error *err)
{
    CLEANUP(known_answer_clear) struct known_answer answer = KNOWN_ANSWER_INIT;
    CLEANUP(strlist_clear) struct strlist looked = STRLIST_INIT;
    if (!look(offer->hop, key, size, &answer, &looked, err)) {
        return false;
    }
    switch (answer.known) {
    case KNOWN_REVOKED:
        return refuse_revoked(offer, &answer, err);
    case KNOWN_DIFFERS:
        return refuse_changed(offer, &answer, err);
    case KNOWN_NOT:
        return refuse_unknown(offer, &answer, &looked, err);
    case KNOWN_MATCHES:
        break;
    }
    *ret_known_by = TAKE(answer.where);
    return true;
}

bool host_key_check(const struct ssh_hop *hop, const void *key, size_t size, char **ret_known_by,
                    struct error *err)
{
    CLEANUP(mem_freep) char *type = host_key_type(key, size);
    if (type == NULL) {
        return error_set(err, ERROR_UNREACHABLE, "%s: what the host shows is no key", hop->shown);
    }
    CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(key, size);
    CLEANUP(mem_freep) char *name = known_name(hop->alias, port_of_name(hop));
    CLEANUP(mem_freep) char *spelt = base64_encode(key, size);
    CLEANUP(mem_freep) char *line = mem_printf("%s %s %s", name, type, spelt);
    const struct offer offer = {hop, type, fingerprint, name, line};
    if (hop->host_key == NULL) {
        return check_files(&offer, key, size, ret_known_by, err);
    }
    if (!is_pinned(hop->host_key, fingerprint)) {
        return refuse_pinned(&offer, err);
    }
    *ret_known_by = mem_copy("host_key of environments.json");
    return true;
}
