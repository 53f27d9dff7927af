/*
 * One configuration for all hops, and for nothing else: what the user's own says has been asked
 * (ssh_config.c) and stands in it. A jump host's ssh is started by the one behind it, as ProxyJump
 * would do it, but with its own file for what it says and its own script for what it asks.
 *
 * Host keys: ssh checks them itself (StrictHostKeyChecking yes). It also calls a script with the
 * key it was shown, which notes it, so that a refusal can be told with both fingerprints; and which
 * says, of a pinned key alone, that it is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "headgate/file.h"
#include "openssh.h"
#include "ssh_config.h"

/* Files of ssh's whose debug messages say what we want to know; they say it once a connection. */
#define TELLING "sshconnect.c:*,sshconnect2.c:*,kex.c:*,ssh_api.c:*"

#define SCRIPT_KEY                                                                                 \
    "# fingerprint, host, reason, key, type\n"                                                     \
    "[ \"$3\" = ORDER ] || printf '%%s %%s\\n' \"$5\" \"$4\" >>'%s'\n"
#define SCRIPT_PINNED "[ \"$1\" != '%s' ] || printf '%%s %%s %%s\\n' \"$2\" \"$5\" \"$4\"\n"
/* What it is asked for decides. What a host asks stands behind "(USER@HOST) ", ssh's own questions
 * do not: a passphrase is ssh's alone. The password is given once, as a host that asks again did
 * not like it; what else the host asks for (not ssh itself, after that) is noted, for the refusal.
 */
#define SCRIPT_SECRET                                                                              \
    "#!/bin/sh\n"                                                                                  \
    "[ \"$SSH_ASKPASS_PROMPT\" != none ] || exit 0\n"                                              \
    "case $1 in\n"                                                                                 \
    "'Enter passphrase for '*) exec cat '%s' ;;\n"                                                 \
    "'('*) hg_asked=${1#*') '} ;;\n"                                                               \
    "*) hg_asked=$1 ;;\n"                                                                          \
    "esac\n"                                                                                       \
    "case $hg_asked in\n"                                                                          \
    "*assword*) cat '%s' 2>/dev/null && rm '%s' && exit 0 ;;\n"                                    \
    "esac\n"                                                                                       \
    "case $1 in '('*) printf '" OPENSSH_ASKED "%%s\\n' \"$hg_asked\" >&2 ;; esac\n"                \
    "exit 1\n"

char *openssh_hop_name(size_t hop)
{
    return mem_printf("hop%zu", hop);
}

char *openssh_file(const struct remote *remote, const char *what, size_t hop)
{
    return mem_printf("%s/%s%zu", remote->folder, what, hop);
}

/* --- texts for ssh_config --- */

/* In quotes, with nothing that ssh would replace. */
static void add_quoted(struct strbuf *text, const char *value)
{
    strbuf_add_char(text, '"');
    for (; *value != '\0'; value++) {
        if (*value == '%') {
            strbuf_add_char(text, '%');
        } else if (*value == '"' || *value == '\\') {
            strbuf_add_char(text, '\\');
        }
        strbuf_add_char(text, *value);
    }
    strbuf_add_char(text, '"');
}

static void add_setting(struct strbuf *text, const char *name, const char *value)
{
    strbuf_printf(text, "  %s ", name);
    add_quoted(text, value);
    strbuf_add_char(text, '\n');
}

/* User names are taken as they are. */
static void add_plain(struct strbuf *text, const char *name, const char *value)
{
    strbuf_printf(text, "  %s %s\n", name, value);
}

static void add_keys(const struct ssh_hop *hop, struct strbuf *text)
{
    for (size_t i = 0; i < hop->identities.n; i++) {
        add_setting(text, "IdentityFile", hop->identities.items[i]);
    }
    if (hop->identities.n == 0) {
        add_plain(text, "IdentityFile", "none");
    }
    add_plain(text, "IdentitiesOnly", hop->identities_only ? "yes" : "no");
    if (hop->agent != NULL) {
        add_setting(text, "IdentityAgent", hop->agent);
    } else {
        add_plain(text, "IdentityAgent", "none");
    }
}

static void add_known_hosts(const struct remote *remote, size_t at, struct strbuf *text)
{
    const struct ssh_hop *hop = &remote->route.hops[at];
    CLEANUP(mem_freep) char *script = openssh_file(remote, "key", at);
    strbuf_add(text, "  UserKnownHostsFile");
    for (size_t i = 0; i < hop->known_hosts.n && hop->host_key == NULL; i++) {
        strbuf_add_char(text, ' ');
        add_quoted(text, hop->known_hosts.items[i]);
    }
    strbuf_add(text, hop->known_hosts.n == 0 || hop->host_key != NULL ? " /dev/null\n" : "\n");
    strbuf_add(text, "  KnownHostsCommand /bin/sh ");
    add_quoted(text, script);
    strbuf_add(text, " %f %H %I %K %t\n");
    if (hop->alias_is_meant) {
        add_plain(text, "HostKeyAlias", hop->alias);
    }
}

static void add_authentication(const struct ssh_hop *hop, struct strbuf *text)
{
    bool asks = hop->password != NULL || hop->passphrase != NULL;
    const char *password = hop->password != NULL ? "yes" : "no";
    add_plain(text, "BatchMode", asks ? "no" : "yes");
    add_plain(text, "PasswordAuthentication", password);
    add_plain(text, "KbdInteractiveAuthentication", password);
}

static int seconds(msec duration)
{
    return (int)((duration + 999) / 1000);
}

/* Its ssh begins to wait when those of the hops before it do. */
msec openssh_patience(const struct ssh_route *route, size_t at)
{
    msec all = 0;
    for (size_t i = 0; i <= at; i++) {
        all += route->hops[i].connect_timeout;
    }
    return all;
}

static void add_patience(const struct ssh_route *route, size_t at, struct strbuf *text)
{
    /* Two questions without an answer, and a third of the time after the second it is over. */
    strbuf_printf(text, "  ConnectTimeout %d\n  ServerAliveInterval %d\n  ServerAliveCountMax 2\n",
                  seconds(openssh_patience(route, at)), seconds(route->hops[at].keepalive / 3));
}

/* A text between single quotes, for /bin/sh. */
static void add_for_shell(struct strbuf *text, const char *word)
{
    strbuf_add_char(text, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '%') {
            strbuf_add(text, "%%"); /* ssh replaces these first */
        } else if (*word == '\'') {
            strbuf_add(text, "'\\''");
        } else {
            strbuf_add_char(text, *word);
        }
    }
    strbuf_add_char(text, '\'');
}

static void add_way_over(const struct remote *remote, size_t before, struct strbuf *text)
{
    const struct openssh *openssh = remote->state;
    CLEANUP(mem_freep) char *name = openssh_hop_name(before);
    CLEANUP(mem_freep) char *said = openssh_file(remote, "said", before);
    CLEANUP(mem_freep) char *ask = openssh_file(remote, "ask", before);
    strbuf_add(text, "  ProxyCommand env SSH_ASKPASS=");
    add_for_shell(text, ask);
    strbuf_add_char(text, ' ');
    add_for_shell(text, openssh->program);
    strbuf_add(text, " -F ");
    add_for_shell(text, openssh->config);
    strbuf_printf(text, " -W '[%%h]:%%p' %s 2>", name);
    add_for_shell(text, said);
    strbuf_add(text, "\n");
}

bool openssh_has_option(const struct ssh_hop *hop, const char *word)
{
    for (size_t i = 0; i < hop->options.n; i++) {
        const char *option = hop->options.items[i];
        if (text_starts(option, word) && option[strlen(word)] == ' ') {
            return true;
        }
    }
    return false;
}

/* Ours is up some 40 ms earlier than ssh's own, which waits for the other side's acknowledgement
 * (TCP_NODELAY) until it has logged in; and that it cannot be made is told as by the other back
 * end. What the user's configuration says of how to connect is left to ssh, and so is what comes
 * before a jump host, which another ssh starts. */
bool openssh_is_connected(const struct ssh_route *route)
{
    static const char *const how[] = {"addressfamily", "bindaddress", "bindinterface",
                                      "proxycommand"};
    bool is_ours = route->n == 1;
    for (size_t i = 0; i < ARRAY_LEN(how); i++) {
        is_ours = is_ours && !openssh_has_option(&route->hops[0], how[i]);
    }
    return is_ours;
}

/* "%n" and "%k" would be what the host is called in our configuration. What it asks for is not for
 * our script to answer: that has the secrets of this host, and an ssh in it asks for another's. */
static void add_command(const struct ssh_hop *hop, const char *command, struct strbuf *text)
{
    const char *alias = hop->alias_is_meant ? hop->alias : hop->written;
    strbuf_add(text, "env SSH_ASKPASS=/bin/false /bin/sh -c 'exec ");
    for (const char *c = command; *c != '\0'; c++) {
        if (*c == '\'') {
            strbuf_add(text, "'\\''");
        } else if (c[0] == '%' && (c[1] == 'n' || c[1] == 'k')) {
            strbuf_add(text, *++c == 'n' ? hop->written : alias);
        } else {
            strbuf_add_char(text, *c);
            if (c[0] == '%' && c[1] != '\0') {
                strbuf_add_char(text, *++c);
            }
        }
    }
    strbuf_add_char(text, '\'');
}

static void add_option(const struct ssh_hop *hop, const char *option, struct strbuf *text)
{
    static const char *const paths[] = {"certificatefile", "pkcs11provider", "revokedhostkeys",
                                        "securitykeyprovider"};
    size_t size = strcspn(option, " ");
    CLEANUP(mem_freep) char *word = mem_copy_n(option, size);
    const char *value = option + size + strspn(option + size, " ");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        CLEANUP(mem_freep) char *path = NULL;
        if (text_equal(word, paths[i]) && (path = ssh_expand(value, hop)) != NULL) {
            add_setting(text, word, path);
            return;
        }
    }
    strbuf_printf(text, "  %s ", word);
    if (text_equal(word, "proxycommand")) {
        add_command(hop, value, text);
    } else {
        strbuf_add(text, value);
    }
    strbuf_add_char(text, '\n');
}

static void add_hop(const struct remote *remote, size_t at, struct strbuf *text)
{
    const struct ssh_hop *hop = &remote->route.hops[at];
    CLEANUP(mem_freep) char *name = openssh_hop_name(at);
    strbuf_printf(text, "Host %s\n", name);
    add_setting(text, "HostName", hop->host);
    strbuf_printf(text, "  Port %d\n", hop->port);
    add_plain(text, "User", hop->user);
    if (at > 0) {
        add_way_over(remote, at - 1, text);
    } else if (openssh_is_connected(&remote->route)) {
        add_plain(text, "ProxyCommand", "-");
    }
    if (hop->host_key != NULL && !openssh_has_option(hop, "hostkeyalgorithms")) {
        /* It is a key that is pinned: a certificate of the same key is another one for ssh. */
        add_plain(text, "HostKeyAlgorithms", "-*-cert-v01@openssh.com");
    }
    add_keys(hop, text);
    add_known_hosts(remote, at, text);
    add_authentication(hop, text);
    add_patience(&remote->route, at, text);
    for (size_t i = 0; i < hop->options.n; i++) {
        add_option(hop, hop->options.items[i], text);
    }
}

static const char for_all[] = "Host *\n"
                              "  AddKeysToAgent no\n"
                              "  CheckHostIP no\n"
                              "  ControlPath none\n"
                              "  EscapeChar none\n"
                              "  ForwardAgent no\n"
                              "  ForwardX11 no\n"
                              "  GlobalKnownHostsFile /dev/null\n"
                              "  LogLevel VERBOSE\n"
                              "  LogVerbose " TELLING "\n"
                              "  NumberOfPasswordPrompts 1\n"
                              "  PermitLocalCommand no\n"
                              "  StreamLocalBindUnlink yes\n"
                              "  StrictHostKeyChecking yes\n"
                              "  TCPKeepAlive yes\n"
                              "  UpdateHostKeys no\n"
                              "  VerifyHostKeyDNS no\n";

/* --- files --- */

static bool write_file(const char *path, const char *text, size_t size, mode_t mode,
                       struct error *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return error_set_errno(err, "could not write \"%s\"", path);
    }
    return fd_write_all(fd, text, size, err) || error_prefix(err, "%s", path);
}

static bool write_scripts(const struct remote *remote, size_t at, struct error *err)
{
    const struct ssh_hop *hop = &remote->route.hops[at];
    CLEANUP(strbuf_clear) struct strbuf script = STRBUF_INIT;
    CLEANUP(mem_freep) char *key = openssh_file(remote, "key", at);
    CLEANUP(mem_freep) char *shown = openssh_file(remote, "shown", at);
    CLEANUP(mem_freep) char *ask = openssh_file(remote, "ask", at);
    CLEANUP(mem_freep) char *passphrase = openssh_file(remote, "passphrase", at);
    CLEANUP(mem_freep) char *password = openssh_file(remote, "password", at);
    strbuf_printf(&script, SCRIPT_KEY, shown);
    if (hop->host_key != NULL) {
        CLEANUP(mem_freep) char *pinned = mem_copy(hop->host_key);
        pinned[strcspn(pinned, "='\n")] = '\0';
        strbuf_printf(&script, SCRIPT_PINNED, pinned);
    }
    if (!write_file(key, script.text, script.size, 0600, err)) {
        return false;
    }
    strbuf_cut(&script, 0);
    strbuf_printf(&script, SCRIPT_SECRET, passphrase, password, password);
    return write_file(ask, script.text, script.size, 0700, err);
}

/* ssh would say it among much else, and go on without. */
static bool check_identity(const struct ssh_hop *hop, struct error *err)
{
    const char *path = hop->identity_is_meant ? hop->identities.items[0] : NULL;
    CLEANUP(mem_freep) char *public = mem_printf("%s.pub", path != NULL ? path : "");
    return path == NULL || path_exists(path) || path_exists(public) ||
           ssh_key_missing(hop, path, ENOENT, err);
}

bool openssh_config_write(const struct remote *remote, struct error *err)
{
    const struct openssh *openssh = remote->state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "IgnoreUnknown KnownHostsCommand,LogVerbose\n");
    for (size_t i = 0; i < remote->route.n; i++) {
        const struct ssh_hop *hop = &remote->route.hops[i];
        add_hop(remote, i, &text);
        if (!check_identity(hop, err) || !host_key_files_check(hop, err) ||
            !write_scripts(remote, i, err)) {
            return false;
        }
    }
    strbuf_add(&text, for_all);
    return write_file(openssh->config, text.text, text.size, 0600, err);
}

static bool write_secret(const struct remote *remote, const char *what, size_t hop,
                         const char *secret, struct error *err)
{
    CLEANUP(mem_freep) char *path = openssh_file(remote, what, hop);
    return secret == NULL || write_file(path, secret, strlen(secret), 0600, err);
}

bool openssh_secrets_write(const struct remote *remote, struct error *err)
{
    for (size_t i = 0; i < remote->route.n; i++) {
        const struct ssh_hop *hop = &remote->route.hops[i];
        if (!write_secret(remote, "passphrase", i, hop->passphrase, err) ||
            !write_secret(remote, "password", i, hop->password, err)) {
            return false;
        }
    }
    return true;
}

void openssh_secrets_remove(const struct remote *remote)
{
    for (size_t i = 0; i < remote->route.n; i++) {
        CLEANUP(mem_freep) char *passphrase = openssh_file(remote, "passphrase", i);
        CLEANUP(mem_freep) char *password = openssh_file(remote, "password", i);
        (void)unlink(passphrase);
        (void)unlink(password);
    }
}
