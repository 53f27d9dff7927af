/*
 * What ssh says, in our words. It says it in English and has done so for years; what is not
 * recognised is passed on as it is.
 */
#include "openssh.h"

/* --- texts --- */

char *said_behind(const char *said, const char *mark)
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

/* The next line that is no debug message; NULL: there is none. Moves on. */
static const char *next_words(const char **at, size_t *ret_size)
{
    while (**at != '\0') {
        const char *line = *at;
        size_t size = strcspn(line, "\r\n");
        *at += size;
        *at += strspn(*at, "\r\n");
        const char *words = without_place(line, &size);
        if (size > 0 && !text_starts(line, "debug")) {
            *ret_size = size;
            return words;
        }
    }
    return NULL;
}

char *said_words(const char *said)
{
    CLEANUP(strbuf_clear) struct strbuf all = STRBUF_INIT;
    size_t size = 0;
    for (const char *words = NULL; (words = next_words(&said, &size)) != NULL;) {
        if (words[0] != '@') { /* a frame around a warning */
            strbuf_add(&all, all.size > 0 ? " " : "");
            strbuf_add_n(&all, words, size);
        }
    }
    return strbuf_take(&all);
}

char *said_last(const char *said)
{
    char *last = mem_copy("");
    size_t size = 0;
    for (const char *words = NULL; (words = next_words(&said, &size)) != NULL;) {
        if (!text_starts(words, "Transferred: ") && !text_starts(words, "Bytes per second: ") &&
            !text_starts(words, "Authenticated to ")) {
            mem_free(last);
            last = mem_copy_n(words, size);
        }
    }
    return last;
}

bool said_has(const char *said, const char *text)
{
    return said != NULL && strstr(said, text) != NULL;
}

/* --- a hop that let us in --- */

bool openssh_is_in(const char *said)
{
    return said_has(said, "Authenticated to ") && said_has(said, " using \"");
}

char *said_key(const char *offered)
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

void said_authentication(const char *said, struct remote_hop *ret_hop)
{
    CLEANUP(mem_freep) char *method = said_behind(said, " using \"");
    CLEANUP(mem_freep) char *key = said_behind(said, "Server accepts key: ");
    strlist_clear(&ret_hop->tried);
    for (const char *at = strstr(said, "Offering public key: "); at != NULL;
         at = strstr(at + 1, "Offering public key: ")) {
        const char *from = at + strlen("Offering public key: ");
        CLEANUP(mem_freep) char *offered = mem_copy_n(from, strcspn(from, "\r\n"));
        if (!text_equal(offered, key)) {
            strlist_take(&ret_hop->tried, said_key(offered));
        }
    }
    if (method != NULL) {
        method[strcspn(method, "\"")] = '\0';
        bool by_key = key != NULL && text_equal(method, "publickey");
        CLEANUP(mem_freep) char *words = by_key ? said_key(key) : NULL;
        ret_hop->authentication = by_key ? mem_printf("publickey, %s", words) : mem_copy(method);
    }
}

/* "curve25519-sha256, aes128-ctr, hmac-sha2-256". */
static char *find_algorithms(const char *said)
{
    CLEANUP(mem_freep) char *kex = said_behind(said, "kex: algorithm: ");
    CLEANUP(mem_freep) char *cipher = said_behind(said, "kex: server->client cipher: ");
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
    CLEANUP(mem_freep) char *version = said_behind(said, "remote software version ");
    CLEANUP(mem_freep) char *key = said_behind(said, "Server host key: ");
    if (key == NULL) {
        key = said_behind(said, "Server host certificate: ");
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
                                                       : said_behind(said, "Found key in ");
    if (ret_hop->host_key_known_by == NULL) {
        ret_hop->host_key_known_by = said_behind(said, "Found CA key in ");
    }
    ret_hop->algorithms = find_algorithms(said);
    said_authentication(said, ret_hop);
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
    CLEANUP(mem_freep) char *last = said_behind(said, "Server host key: ");
    if (!openssh_is_in(said) || !said_has(said, "Host key verification failed") || last == NULL ||
        text_equal(first, last)) {
        return false;
    }
    (void)host_key_changed(hop, first, last, err);
    return true;
}
