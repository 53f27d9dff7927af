/*
 * Why a hop did not let us in, from what its ssh has said, and what the one before it.
 */
#include <errno.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "openssh.h"

#define SHOWN_MAX ((size_t)64 * 1024)

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

/* What ssh had for it, and what became of that; empty where it had nothing. The caller's. */
static char *list_tried(const struct ssh_hop *hop, const char *said, const char *asked)
{
    CLEANUP(strbuf_clear) struct strbuf tried = STRBUF_INIT;
    CLEANUP(mem_freep) char *accepted = said_behind(said, "Server accepts key: ");
    struct remote_hop found = {.tried = STRLIST_INIT};
    said_authentication(said, &found);
    if (accepted != NULL) {
        CLEANUP(mem_freep) char *key = said_key(accepted);
        strlist_printf(&found.tried, "%s (%s)", key,
                       said_has(said, "with partial success")
                           ? "which it takes, and wants more"
                           : "which it would take, but which could not be used: its passphrase is "
                             "missing or another, or its agent or device refused");
    }
    if (asked != NULL) {
        strlist_printf(&found.tried, "keyboard-interactive, which asked \"%.*s\"", QUESTION_MAX,
                       asked);
    } else if (said_has(said, "Authentications that can continue") && hop->password != NULL) {
        strlist_add(&found.tried, "a password");
    }
    for (size_t i = 0; i < found.tried.n; i++) {
        strbuf_printf(&tried, "%s%s", i == 0 ? "" : "; ", found.tried.items[i]);
    }
    strlist_clear(&found.tried);
    mem_free(found.authentication);
    return strbuf_take(&tried);
}

/* "publickey, password", of "Permission denied (publickey,password)." */
static bool explain_denial(const struct ssh_hop *hop, const char *said, struct error *err)
{
    CLEANUP(mem_freep) char *methods = said_behind(said, "Permission denied (");
    CLEANUP(mem_freep) char *asked = said_behind(said, OPENSSH_ASKED);
    CLEANUP(mem_freep) char *tried = list_tried(hop, said, asked);
    CLEANUP(mem_freep) char *load = said_behind(said, "Load key ");
    (void)error_detail(err, "It takes %.*s. Tried: %s.%s%s",
                       methods != NULL ? (int)strcspn(methods, ")") : 10,
                       methods != NULL ? methods : "other keys",
                       tried[0] != '\0' ? tried : "nothing, there was no key",
                       load != NULL ? " ssh could not load " : "", load != NULL ? load : "");
    return asked != NULL
               ? error_hint(err, "%s", QUESTION_HINT)
               : error_hint(err,
                            "The public half of a key has to be in ~/.ssh/authorized_keys of %s "
                            "there; an encrypted key has to be in the agent, or to have its "
                            "\"passphrase\".",
                            hop->user);
}

static bool explain(const struct ssh_hop *hop, const struct cause *cause, const char *said,
                    const char *words, struct error *err)
{
    err->retryable = cause->retryable;
    (void)error_set(err, ERROR_UNREACHABLE, "%s: %s", hop->shown, cause->message);
    if (text_equal(cause->mark, "Permission denied")) {
        return explain_denial(hop, said, err);
    }
    if (words[0] != '\0') {
        (void)error_detail(err, "ssh says: %s", words);
    }
    return cause->hint == NULL ? false : error_hint(err, "%s", cause->hint);
}

/* The user's program that is to reach it has not. */
static bool explain_command(const struct ssh_hop *hop, const char *said, const char *words,
                            struct error *err)
{
    if (!openssh_has_option(hop, "proxycommand") || said_has(said, "remote software version")) {
        return true;
    }
    (void)error_set(err, ERROR_UNREACHABLE,
                    "%s: the ProxyCommand of ssh's configuration does not lead to it", hop->shown);
    return words[0] == '\0' ? false : error_detail(err, "It and ssh say: %s", words);
}

/* It was let in by nothing. What else was said may be the host's: a banner. */
static bool is_denied(const char *words)
{
    return said_has(words, ": Permission denied (") && text_ends(words, ").") &&
           !said_has(words, "ssh_askpass: exec");
}

static bool hung_up(const char *said, const char *words)
{
    return said_has(said, "Authentications that can continue") &&
           (said_has(words, "Connection closed by") || said_has(words, "Connection reset by"));
}

/* words: of ssh, or of the ssh before it. */
static const struct cause *find_cause(const char *words, bool denied)
{
    for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
        if (said_has(words, causes[i].mark) &&
            (!denied || text_equal(causes[i].mark, "Permission denied"))) {
            return &causes[i];
        }
    }
    return NULL;
}

static bool too_slow(const struct ssh_hop *hop, const char *said, struct error *err)
{
    err->retryable = true;
    (void)error_set(err, ERROR_UNREACHABLE, "%s: it does not let us in in time", hop->shown);
    return error_hint(err, said_has(said, "remote software version")
                               ? "It is an SSH server, and slow: \"connect_timeout\" gives it more "
                                 "time."
                               : "Nobody answers there as an SSH server would: look at host and "
                                 "port, and at what firewalls let through.");
}

static bool explain_words(const struct ssh_hop *hop, const char *said, const char *words,
                          bool in_time, struct error *err)
{
    bool denied = is_denied(words);
    const struct cause *cause = find_cause(words, denied);
    if (!denied && hung_up(said, words)) {
        (void)error_set(err, ERROR_UNREACHABLE, "%s: it hung up while we logged in", hop->shown);
        (void)error_hint(err, "Its log says why.");
    } else if (cause != NULL) {
        return explain(hop, cause, said, words, err);
    } else if (said_has(words, "Host key verification failed")) {
        (void)error_set(err, ERROR_UNREACHABLE, "%s: the host key is not accepted", hop->shown);
    } else if (!in_time && (words[0] == '\0' || said_has(said, "remote software version"))) {
        (void)too_slow(hop, said, err);
    } else {
        (void)error_set(err, ERROR_UNREACHABLE, "%s: ssh could not connect", hop->shown);
    }
    return words[0] == '\0' ? false : error_detail(err, "ssh says: %s", words);
}

bool openssh_refused(const struct ssh_hop *hop, const char *said, const char *before,
                     const char *shown, bool in_time, struct error *err)
{
    CLEANUP(mem_freep) char *words = said_words(said);
    CLEANUP(mem_freep) char *way = before != NULL ? said_behind(before, "open failed: ") : NULL;
    if (said_has(said, "Server host key: ") &&
        !said_has(said, "Authentications that can continue") && !explain_key(hop, shown, err)) {
        return false;
    }
    if (before == NULL && !explain_command(hop, said, words, err)) {
        return false;
    }
    const struct cause *cause = way != NULL ? find_cause(way, false) : NULL;
    return cause != NULL ? explain(hop, cause, said, way, err)
                         : explain_words(hop, said, words, in_time, err);
}
