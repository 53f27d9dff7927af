/*
 * Which names a line of a known_hosts file means, as sshd(8) has it: a list of patterns with commas
 * between them, of which one with "!" in front excludes whatever the others say; or one name as
 * |1|SALT|HMAC-SHA1 of it.
 */
#include <string.h>

#include "headgate/hash.h"
#include "headgate/mem.h"
#include "known_hosts_line.h"
#include "private.h"

#define HASHED "|1|"
#define SSH_PORT 22

/* As everywhere in SSH: the letters of ASCII, whatever the locale. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char *known_name(const char *host, int port)
{
    char *name = port == SSH_PORT ? mem_copy(host) : mem_printf("[%s]:%d", host, port);
    for (char *c = name; *c != '\0'; c++) {
        *c = lower(*c);
    }
    return name;
}

/* "*" is any text and "?" any character. Of several stars only the last one is ever tried anew, so
 * that no pattern takes longer than its length times the name's. */
static bool pattern_matches(struct piece pattern, const char *name)
{
    size_t at = 0, after_star = 0;
    const char *retry = NULL;
    while (*name != '\0') {
        char c = at < pattern.size ? lower(pattern.text[at]) : '\0';
        if (c == '*') {
            after_star = ++at;
            retry = name;
        } else if (at < pattern.size && (c == '?' || c == *name)) {
            at++;
            name++;
        } else if (retry != NULL) {
            at = after_star;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (at < pattern.size && pattern.text[at] == '*') {
        at++;
    }
    return at == pattern.size;
}

static bool list_matches(struct piece hosts, const char *name)
{
    bool matches = false;
    size_t at = 0;
    while (at <= hosts.size) {
        const char *from = hosts.text + at;
        const char *comma = memchr(from, ',', hosts.size - at);
        struct piece pattern = {from, comma != NULL ? (size_t)(comma - from) : hosts.size - at};
        at += pattern.size + 1;
        bool excludes = pattern.size > 0 && pattern.text[0] == '!';
        if (excludes) {
            pattern = (struct piece){pattern.text + 1, pattern.size - 1};
        }
        if (pattern_matches(pattern, name)) {
            if (excludes) {
                return false;
            }
            matches = true;
        }
    }
    return matches;
}

/* Both parts are 20 bytes, 28 characters. */
static bool hash_matches(struct piece hash, const char *name)
{
    enum { SPELT = 28 };
    unsigned char salt[SPELT], wanted[SPELT], digest[HASH_SHA1_SIZE];
    size_t salt_size = 0, wanted_size = 0;
    if (hash.size != SPELT + 1 + SPELT || hash.text[SPELT] != '|' ||
        !base64_decode(hash.text, SPELT, salt, &salt_size) ||
        !base64_decode(hash.text + SPELT + 1, SPELT, wanted, &wanted_size) ||
        salt_size != HASH_SHA1_SIZE || wanted_size != HASH_SHA1_SIZE) {
        return false;
    }
    hash_hmac_sha1(salt, salt_size, name, strlen(name), digest);
    return memcmp(digest, wanted, sizeof digest) == 0;
}

bool known_hosts_match(struct piece hosts, const char *name)
{
    size_t prefix = strlen(HASHED);
    if (hosts.size > 0 && hosts.text[0] == HASHED[0]) {
        return hosts.size > prefix && memcmp(hosts.text, HASHED, prefix) == 0 &&
               hash_matches((struct piece){hosts.text + prefix, hosts.size - prefix}, name);
    }
    return list_matches(hosts, name);
}
