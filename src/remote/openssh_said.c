/*
 * What ssh says, in our words. It says it in English and has done so for years; what is not
 * recognised is passed on as it is.
 */
#include <errno.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "openssh.h"

#define SHOWN_MAX ((size_t)64 * 1024)

/* --- texts --- */

/* What stands behind this on its line; NULL where it is nowhere. The last one counts. The caller's.
 */
static char *behind(const char *said, const char *mark)
{
    const char *found = NULL;
    for (const char *at = strstr(said, mark); at != NULL; at = strstr(at + 1, mark)) {
        found = at + strlen(mark);
    }
    return found != NULL ? mem_copy_n(found, strcspn(found, "\r\n")) : NULL;
}

/* "debug1: kex.c:kex_input_kexinit():677 (pid=1090): TEXT". */
static const char *without_place(const char *line, size_t *size)
{
    CLEANUP(mem_freep) char *copy = mem_copy_n(line, *size);
    const char *pid = strstr(copy, " (pid=");
    const char *end = pid != NULL ? strstr(pid, "): ") : NULL;
    size_t skipped = end != NULL ? (size_t)(end - copy) + 3 : 0;
    *size -= skipped;
    return line + skipped;
}

/* The lines that are no debug messages, the last few, as one. */
static char *last_words(const char *said)
{
    CLEANUP(strbuf_clear) struct strbuf words = STRBUF_INIT;
    for (const char *line = said; *line != '\0';) {
        size_t size = strcspn(line, "\r\n");
        size_t shown = size;
        const char *text = without_place(line, &shown);
        if (shown > 0 && strncmp(line, "debug", 5) != 0 && line[0] != '@') {
            strbuf_add(&words, words.size > 0 ? " " : "");
            strbuf_add_n(&words, text, shown);
        }
        line += size;
        line += strspn(line, "\r\n");
    }
    return strbuf_take(&words);
}

static bool has(const char *said, const char *text)
{
    return said != NULL && strstr(said, text) != NULL;
}

/* --- a hop that let us in --- */

bool openssh_is_in(const char *said)
{
    return has(said, "Authenticated to ") && has(said, " using \"");
}

/* "PATH ED25519 SHA256:... agent" in the words of remote_hop. The caller's. */
static char *key_in_words(const char *offered)
{
    static const char *const sources[][2] = {
        {" explicit", ""}, {" agent", " from the agent"}, {" explicit agent", " from the agent"}};
    CLEANUP(mem_freep) char *key = mem_copy(offered);
    const char *source = "";
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        if (text_ends(key, sources[i][0])) {
            key[strlen(key) - strlen(sources[i][0])] = '\0';
            source = sources[i][1];
        }
    }
    return mem_printf("%s%s", key, source);
}

static void find_authentication(const char *said, struct remote_hop *ret_hop)
{
    CLEANUP(mem_freep) char *method = behind(said, " using \"");
    CLEANUP(mem_freep) char *key = behind(said, "Server accepts key: ");
    strlist_clear(&ret_hop->tried);
    for (const char *at = strstr(said, "Offering public key: "); at != NULL;
         at = strstr(at + 1, "Offering public key: ")) {
        const char *from = at + strlen("Offering public key: ");
        CLEANUP(mem_freep) char *offered = mem_copy_n(from, strcspn(from, "\r\n"));
        if (!text_equal(offered, key)) {
            strlist_take(&ret_hop->tried, key_in_words(offered));
        }
    }
    if (method != NULL) {
        method[strcspn(method, "\"")] = '\0';
        bool by_key = key != NULL && text_equal(method, "publickey");
        CLEANUP(mem_freep) char *words = by_key ? key_in_words(key) : NULL;
        ret_hop->authentication = by_key ? mem_printf("publickey, %s", words) : mem_copy(method);
    }
}

/* "curve25519-sha256, aes128-ctr, hmac-sha2-256". */
static char *find_algorithms(const char *said)
{
    CLEANUP(mem_freep) char *kex = behind(said, "kex: algorithm: ");
    CLEANUP(mem_freep) char *cipher = behind(said, "kex: server->client cipher: ");
    char *mac = cipher != NULL ? strstr(cipher, " MAC: ") : NULL;
    if (kex == NULL || mac == NULL) {
        return NULL;
    }
    *mac = '\0';
    mac += strlen(" MAC: ");
    mac[strcspn(mac, " ")] = '\0';
    bool implicit = text_equal(mac, "<implicit>");
    return mem_printf("%s, %s%s%s", kex, cipher, implicit ? "" : ", ", implicit ? "" : mac);
}

void openssh_describe(const struct ssh_hop *hop, const char *said, struct remote_hop *ret_hop)
{
    CLEANUP(mem_freep) char *version = behind(said, "remote software version ");
    CLEANUP(mem_freep) char *key = behind(said, "Server host key: ");
    if (key == NULL) {
        key = behind(said, "Server host certificate: ");
    }
    char *const old[] = {ret_hop->shown,
                         ret_hop->banner,
                         ret_hop->host_key_type,
                         ret_hop->host_key,
                         ret_hop->host_key_known_by,
                         ret_hop->authentication,
                         ret_hop->algorithms};
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        mem_free(old[i]);
    }
    ret_hop->shown = mem_copy(hop->shown);
    ret_hop->banner = version != NULL ? mem_printf("SSH-2.0-%s", version) : NULL;
    ret_hop->authentication = NULL;
    ret_hop->host_key = NULL;
    ret_hop->host_key_type = NULL;
    if (key != NULL) {
        size_t size = strcspn(key, " ");
        const char *fingerprint = key + size + strspn(key + size, " ");
        ret_hop->host_key_type = mem_copy_n(key, size);
        ret_hop->host_key = mem_copy_n(fingerprint, strcspn(fingerprint, " ,"));
    }
    ret_hop->host_key_known_by = hop->host_key != NULL ? mem_copy("host_key of environments.json")
                                                       : behind(said, "Found key in ");
    if (ret_hop->host_key_known_by == NULL) {
        ret_hop->host_key_known_by = behind(said, "Found CA key in ");
    }
    ret_hop->algorithms = find_algorithms(said);
    find_authentication(said, ret_hop);
}

/* --- a session that ends --- */

/* "ssh-ed25519 SHA256:..." of the first such line: what it began with. */
static char *first_key(const char *said)
{
    static const char mark[] = "Server host key: ";
    const char *found = strstr(said, mark);
    const char *key = found != NULL ? found + strlen(mark) : "";
    return mem_copy_n(key, strcspn(key, "\r\n"));
}

/* ssh checks the key at each exchange as it did at the first, and refuses another in the same
 * words. */
bool openssh_key_changed(const struct ssh_hop *hop, const char *said, struct error *err)
{
    CLEANUP(mem_freep) char *first = first_key(said);
    CLEANUP(mem_freep) char *last = behind(said, "Server host key: ");
    if (!openssh_is_in(said) || !has(said, "Host key verification failed") || last == NULL ||
        text_equal(first, last)) {
        return false;
    }
    (void)host_key_changed(hop, first, last, err);
    return true;
}

/* --- a hop that did not --- */

/* The key it has shown, checked by us: false where that explains it. */
static bool explain_key(const struct ssh_hop *hop, const char *shown, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *unused = NULL;
    if (!file_read(shown, SHOWN_MAX, &text, &ignored)) {
        return true;
    }
    text.text[strcspn(text.text, "\n")] = '\0';
    const char *spelt = strchr(text.text, ' ');
    if (spelt == NULL) {
        return true;
    }
    size_t size = 0;
    CLEANUP(mem_freep) unsigned char *key = mem_new(strlen(spelt), 1);
    return !base64_decode(spelt + 1, strlen(spelt + 1), key, &size) ||
           host_key_check(hop, key, size, &unused, err);
}

struct cause {
    const char *mark;    /* what ssh says */
    const char *message; /* behind the hop */
    const char *hint;    /* NULL: none */
    bool retryable;
};
/* The first that fits. */
static const struct cause causes[] = {
    {"administratively prohibited", "the jump host before it does not forward connections",
     "sshd there says so with AllowTcpForwarding or PermitOpen.", false},
    {"Name or service not known", "the name is not known",
     "Is it spelt as DNS or ~/.ssh/config has it? `ssh -G` says what it comes to.", false},
    {"Could not resolve hostname", "the name is not known",
     "Is it spelt as DNS or ~/.ssh/config has it? `ssh -G` says what it comes to.", true},
    {"Connection refused", "nothing listens there", "Is sshd running, and is it this port?", true},
    {"No route to host", "there is no route to it", "Is it up, and does a firewall allow it?",
     true},
    {"Network is unreachable", "its network cannot be reached", "Is this machine online?", true},
    {"imed out", "it does not answer", "Is it up, and does a firewall drop what is sent to it?",
     true},
    {"no matching host key type found", "no host key of a type that both sides know",
     "\"HostKeyAlgorithms\" of ~/.ssh/config allows others.", false},
    {"no matching cipher found", "no cipher that both sides know",
     "\"Ciphers\" of ~/.ssh/config allows others.", false},
    {"no matching MAC found", "no MAC that both sides know",
     "\"MACs\" of ~/.ssh/config allows others.", false},
    {"no matching key exchange method found", "no key exchange that both sides know",
     "\"KexAlgorithms\" of ~/.ssh/config allows others.", false},
    {"Too many authentication failures", "it refused after too many keys",
     "The agent has many. \"identity\" says which one to try.", false},
    {"Permission denied", "it does not let us in", NULL, false},
    {"ssh_askpass: exec", "the passphrase or password could not be handed to ssh",
     "Programs cannot be executed in the folder for sockets: set TMPDIR, or XDG_RUNTIME_DIR, to "
     "one "
     "without noexec.",
     false},
    {"Bad configuration option", "ssh does not know an option", NULL, false},
    {"Connection closed by", "it closes the connection before anybody is let in",
     "Its log says why; MaxStartups of its sshd does that when many come at once.", true},
    {"Connection reset by", "it closes the connection before anybody is let in",
     "Its log says why; MaxStartups of its sshd does that when many come at once.", true},
    {"Invalid SSH identification string", "what answers there is no SSH server", "Is it this port?",
     false},
    {"banner exchange", "what answers there is no SSH server", "Is it this port?", false},
};

/* "publickey, password", of "Permission denied (publickey,password)." */
static void explain_denial(const struct ssh_hop *hop, const char *said, struct error *err)
{
    CLEANUP(mem_freep) char *methods = behind(said, "Permission denied (");
    CLEANUP(strbuf_clear) struct strbuf tried = STRBUF_INIT;
    struct remote_hop found = {.tried = STRLIST_INIT};
    find_authentication(said, &found);
    for (size_t i = 0; i < found.tried.n; i++) {
        strbuf_printf(&tried, "%s%s", i == 0 ? "" : "; ", found.tried.items[i]);
    }
    strlist_clear(&found.tried);
    mem_free(found.authentication);
    CLEANUP(mem_freep) char *asked = behind(said, OPENSSH_ASKED);
    const char *also = tried.size > 0 ? "; " : "";
    if (asked != NULL) {
        strbuf_printf(&tried, "%skeyboard-interactive, which asked \"%.*s\"", also, QUESTION_MAX,
                      asked);
    } else if (has(said, "Authentications that can continue") && hop->password != NULL) {
        strbuf_printf(&tried, "%sa password", also);
    }
    CLEANUP(mem_freep) char *load = behind(said, "Load key ");
    (void)error_detail(err, "It takes %.*s. Tried: %s.%s%s",
                       methods != NULL ? (int)strcspn(methods, ")") : 10,
                       methods != NULL ? methods : "other keys",
                       tried.size > 0 ? tried.text : "nothing, there was no key",
                       load != NULL ? " ssh could not load " : "", load != NULL ? load : "");
    if (asked != NULL) {
        (void)error_hint(err, "%s", QUESTION_HINT);
        return;
    }
    (void)error_hint(err,
                     "The public half of a key has to be in ~/.ssh/authorized_keys of %s there; "
                     "an encrypted key has to be in the agent, or to have its \"passphrase\".",
                     hop->user);
}

static bool explain(const struct ssh_hop *hop, const struct cause *cause, const char *said,
                    const char *words, struct error *err)
{
    err->retryable = cause->retryable;
    (void)error_set(err, ERROR_UNREACHABLE, "%s: %s", hop->shown, cause->message);
    if (text_equal(cause->mark, "Permission denied")) {
        explain_denial(hop, said, err);
        return false;
    }
    if (words[0] != '\0') {
        (void)error_detail(err, "ssh says: %s", words);
    }
    return cause->hint == NULL ? false : error_hint(err, "%s", cause->hint);
}

bool openssh_refused(const struct ssh_hop *hop, const char *said, const char *before,
                     const char *shown, struct error *err)
{
    CLEANUP(mem_freep) char *words = last_words(said);
    CLEANUP(mem_freep) char *way = before != NULL ? behind(before, "open failed: ") : NULL;
    if (has(said, "Server host key: ") && !has(said, "Authentications that can continue") &&
        !explain_key(hop, shown, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
        if (way != NULL ? has(way, causes[i].mark) : has(words, causes[i].mark)) {
            return explain(hop, &causes[i], said, way != NULL ? way : words, err);
        }
    }
    if (has(words, "Host key verification failed")) {
        (void)error_set(err, ERROR_UNREACHABLE, "%s: the host key is not accepted", hop->shown);
    } else if (words[0] == '\0' || has(said, "remote software version")) {
        err->retryable = true;
        (void)error_set(err, ERROR_UNREACHABLE, "%s: it does not let us in in time", hop->shown);
        (void)error_hint(err, has(said, "remote software version")
                                  ? "It is an SSH server, and slow: \"connect_timeout\" gives it "
                                    "more time."
                                  : "Nobody answers there as an SSH server would: look at host and "
                                    "port, and at what firewalls let through.");
    } else {
        (void)error_set(err, ERROR_UNREACHABLE, "%s: ssh could not connect", hop->shown);
    }
    return words[0] == '\0' ? false : error_detail(err, "ssh says: %s", words);
}
