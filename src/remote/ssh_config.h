/* What ~/.ssh/config says of a host, asked through `ssh -G`. */
#pragma once

#include "private.h"

#define SSH_LOOP_HINT                                                                              \
    "A ProxyJump for a pattern that the jump host matches as well does that: \"ProxyJump none\" "  \
    "for the jump host, above the pattern, ends it."

struct ssh_config {
    char *hostname, *user, *host_key_alias, *agent, *jumps, *proxy_command, *revoked_keys;
    int port;
    struct strlist identities, known_hosts; /* identities as they stand there */
    bool identities_only;
    msec connect_timeout;   /* 0: it says nothing */
    struct strlist options; /* "ciphers ...": what has to be handed on to ssh */
};
#define SSH_CONFIG_INIT                                                                            \
    {                                                                                              \
        .identities = STRLIST_INIT, .known_hosts = STRLIST_INIT, .options = STRLIST_INIT           \
    }
/* Where this machine has no ssh, what is usual. */
NODISCARD bool ssh_config_ask(const struct ssh_place *place, msec deadline,
                              struct ssh_config *ret_config, struct error *err);
void ssh_config_clear(struct ssh_config *config);

/* Whether it is among those, of which the last is NULL. */
bool ssh_word_is_in(const char *word, size_t size, const char *const *words);
/* The home folder of whoever runs this, as the user database has it: that is how ssh sees it. The
 * caller's. */
char *ssh_home(void);

/* --- ssh_expand.c --- */

/* A path with "~", "${NAME}" and ssh's "%" in it. NULL: a variable or a "%" that nobody knows. The
 * caller's. */
char *ssh_expand(const char *text, const struct ssh_hop *hop);

/* --- ssh_ciphers.c --- */

/* The same ones, "aes128-ctr,aes128-gcm@openssh.com", with AES-GCM first. The caller's. */
char *ssh_ciphers_fast_first(const char *ciphers);
/* This processor has instructions for it. */
bool ssh_machine_has_aes(void);
