/*
 * Keys in files. libssh2 reads and uses them; what kind of key it is, and whether it needs a
 * passphrase, is looked up before, because libssh2 tells neither.
 */
#include <errno.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/secret.h"
#include "link.h"

#define KEY_MAX ((size_t)64 * 1024)
#define MAGIC "openssh-key-v1"

void key_file_clear(struct key_file *key)
{
    mem_free(TAKE(key->type));
    mem_free(TAKE(key->blob));
}

/* --- base64 --- */

static int sextet(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Up to the first character that is neither of it nor a break. */
static void decode(const char *text, struct strbuf *ret_bytes)
{
    unsigned bits = 0;
    int n_bits = 0;
    for (const char *c = text; *c != '\0'; c++) {
        int six = sextet(*c);
        if (*c == '\n' || *c == '\r') {
            continue;
        }
        if (six < 0) {
            return;
        }
        bits = (bits << 6 | (unsigned)six) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            strbuf_add_char(ret_bytes, (char)(bits >> n_bits & 0xff));
        }
    }
}

/* --- OpenSSH's format: cipher, kdf, its options, how many keys, the public key --- */

static bool take_text(const struct strbuf *bytes, size_t *at, const char **ret_text,
                      size_t *ret_size)
{
    if (bytes->size < *at + 4) {
        return false;
    }
    const unsigned char *b = (const unsigned char *)bytes->text + *at;
    size_t size = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    if (size > bytes->size - *at - 4) {
        return false;
    }
    *ret_text = bytes->text + *at + 4;
    *ret_size = size;
    *at += 4 + size;
    return true;
}

static void look_into_openssh(const char *body, struct key_file *key)
{
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    const char *text = NULL, *cipher = NULL;
    size_t at = sizeof MAGIC, size = 0, cipher_size = 0;
    decode(body, &bytes);
    if (bytes.size < sizeof MAGIC || memcmp(bytes.text, MAGIC, sizeof MAGIC) != 0 ||
        !take_text(&bytes, &at, &cipher, &cipher_size) || !take_text(&bytes, &at, &text, &size) ||
        !take_text(&bytes, &at, &text, &size)) {
        return;
    }
    key->encrypted = cipher_size != 4 || memcmp(cipher, "none", 4) != 0;
    at += 4;
    if (at <= bytes.size && take_text(&bytes, &at, &text, &size)) {
        key->blob = mem_copy_n(text, size);
        key->blob_size = size;
        key->type = host_key_type(text, size);
    }
}

static void look_into(const char *text, struct key_file *key)
{
    static const char begin[] = "-----BEGIN ";
    const char *header = strstr(text, begin);
    const char *body = header != NULL ? strchr(header, '\n') : NULL;
    if (body == NULL) {
        return;
    }
    const char *kind = header + sizeof begin - 1;
    if (text_starts(kind, "OPENSSH")) {
        look_into_openssh(body + 1, key);
        return;
    }
    key->type = text_starts(kind, "RSA") ? mem_copy("ssh-rsa") : NULL;
    key->encrypted = text_starts(kind, "ENCRYPTED") || strstr(text, "Proc-Type: 4,ENCRYPTED");
}

/* "TYPE BASE64 comment": of a key that only the agent has in full there is this much. */
static void look_beside(const char *path, struct key_file *key)
{
    CLEANUP(mem_freep) char *public = mem_printf("%s.pub", path);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    const char *blank = file_read(public, KEY_MAX, &text, &ignored) ? strchr(text.text, ' ') : NULL;
    if (blank == NULL) {
        return;
    }
    decode(blank + 1, &bytes);
    key->type = host_key_type(bytes.text, bytes.size);
    key->blob_size = bytes.size;
    key->blob = strbuf_take(&bytes);
}

bool key_file_look(const char *path, struct key_file *ret_key)
{
    struct stat status;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    struct key_file key = {.type = NULL};
    if (stat(path, &status) != 0) {
        int why_not = errno;
        look_beside(path, &key);
        errno = why_not;
        key.missing = true;
        *ret_key = key;
        return key.blob != NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return false;
    }
    if (!file_read(path, KEY_MAX, &text, &why)) {
        errno = why.sys_errno != 0 ? why.sys_errno : EFBIG;
        return false;
    }
    look_into(text.text, &key);
    mem_wipe(text.text, text.size);
    if (key.blob == NULL && key.type == NULL) {
        look_beside(path, &key);
    }
    *ret_key = key;
    return true;
}

/* --- a try --- */

static uint64_t all_sent(const struct link *link)
{
    return link->sent + link_unsent(link);
}

static bool sign_in(struct attempt *attempt, const char *path, const struct key_file *key,
                    struct error *err)
{
    struct link *link = attempt->link;
    const struct ssh_hop *hop = link->hop;
    uint64_t before = all_sent(link);
    int result = 0;
    while ((result = libssh2_userauth_publickey_fromfile_ex(
                link->session, hop->user, (unsigned)strlen(hop->user), NULL, path,
                hop->passphrase != NULL ? hop->passphrase : "")) == LIBSSH2_ERROR_EAGAIN) {
        if (!link_wait(link, attempt->deadline, err)) {
            return false;
        }
    }
    CLEANUP(mem_freep)
    char *fingerprint = key->blob != NULL ? host_key_fingerprint(key->blob, key->blob_size) : NULL;
    bool unread = result != 0 && !link->ended && all_sent(link) == before;
    CLEANUP(mem_freep)
    char *what =
        mem_printf("publickey, %s %s from \"%s\"%s", key->type != NULL ? key->type : "a key",
                   fingerprint != NULL ? fingerprint : "", path,
                   !unread          ? ""
                   : key->encrypted ? " (its passphrase is another)"
                                    : " (libssh2 cannot read it)");
    attempt->locked = attempt->locked || (unread && key->encrypted);
    return attempt_note(attempt, result, what, err);
}

bool attempt_file(struct attempt *attempt, const char *path, struct error *err)
{
    CLEANUP(key_file_clear) struct key_file key = {.type = NULL};
    struct strlist *tried = &attempt->link->told.tried;
    if (!key_file_look(path, &key)) {
        strlist_printf(tried, "\"%s\" (%s)", path, strerror(errno));
        return true;
    }
    if (key.missing) {
        strlist_printf(tried, "\"%s\" not, as only its public part is there", path);
        return true;
    }
    CLEANUP(mem_freep) char *certificate = mem_printf("%s-cert.pub", path);
    attempt->certificate = attempt->certificate || path_exists(certificate);
    if (key.type != NULL && text_equal(key.type, "ssh-rsa") && attempt_rsa_is_futile(attempt)) {
        attempt->skipped_rsa = true;
        strlist_printf(tried, "\"%s\" not, as it is an RSA key", path);
        return true;
    }
    if (key.encrypted && attempt->link->hop->passphrase == NULL) {
        attempt->locked = true;
        strlist_printf(tried, "\"%s\" not, as it has a passphrase", path);
        return true;
    }
    return sign_in(attempt, path, &key, err);
}
