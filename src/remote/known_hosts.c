/*
 * What a known_hosts file says about a host's key. libssh2 has a reader of its own, which passes a
 * @revoked key, knows no patterns and refuses a file for one bad line; so we have ours, and hold it
 * against ssh-keygen's in tests.
 */
#include <string.h>

#include "headgate/mem.h"
#include "known_hosts_line.h"
#include "private.h"

struct looking {
    const char *file;
    const void *key;
    size_t size;
    struct known_answer *answer;
};

static void decide(const struct looking *looking, enum known known, const struct known_line *line)
{
    struct known_answer *answer = looking->answer;
    mem_free(answer->where);
    answer->where = mem_printf("%s:%zu", looking->file, line->number);
    answer->known = known;
}

static void see_key(const struct looking *looking, const struct known_line *line, const void *key,
                    size_t size)
{
    struct known_answer *answer = looking->answer;
    bool same = size == looking->size && memcmp(key, looking->key, size) == 0;
    if (line->marker == MARKER_REVOKED) {
        if (same) {
            decide(looking, KNOWN_REVOKED, line);
        }
    } else if (line->marker == MARKER_AUTHORITY) {
        if (answer->authority == NULL) {
            answer->authority = mem_printf("%s:%zu", looking->file, line->number);
        }
    } else if (same) {
        if (answer->known < KNOWN_MATCHES) {
            decide(looking, KNOWN_MATCHES, line);
        }
    } else {
        CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(key, size);
        strlist_printf(&answer->fingerprints, "%.*s %s (%s:%zu)", (int)line->type.size,
                       line->type.text, fingerprint, looking->file, line->number);
        if (answer->known == KNOWN_NOT) {
            decide(looking, KNOWN_DIFFERS, line);
        }
    }
}

void known_hosts_look(const struct known_file *file, const char *host, int port, const void *key,
                      size_t key_size, struct known_answer *answer)
{
    CLEANUP(mem_freep) char *name = known_name(host, port);
    const struct looking looking = {file->name, key, key_size, answer};
    struct known_reader reader = {.rest = {file->text, file->size}};
    struct known_line line;
    *answer = (struct known_answer){.known = KNOWN_NOT};
    while (answer->known != KNOWN_REVOKED && known_reader_next(&reader, &line)) {
        CLEANUP(mem_freep) unsigned char *known = NULL;
        size_t known_size = 0;
        if (known_hosts_match(line.hosts, name) && known_line_key(&line, &known, &known_size)) {
            see_key(&looking, &line, known, known_size);
        }
    }
}

void known_hosts_types(const struct known_file *file, const char *host, int port,
                       struct strlist *ret_types)
{
    CLEANUP(mem_freep) char *name = known_name(host, port);
    struct known_reader reader = {.rest = {file->text, file->size}};
    struct known_line line;
    while (known_reader_next(&reader, &line)) {
        CLEANUP(mem_freep) unsigned char *known = NULL;
        size_t known_size = 0;
        if (line.marker != MARKER_NONE || !known_hosts_match(line.hosts, name) ||
            !known_line_key(&line, &known, &known_size)) {
            continue;
        }
        CLEANUP(mem_freep) char *type = host_key_type(known, known_size);
        if (!strlist_has(ret_types, type)) {
            strlist_add(ret_types, type);
        }
    }
}

void known_answer_clear(struct known_answer *answer)
{
    mem_free(TAKE(answer->where));
    mem_free(TAKE(answer->authority));
    strlist_clear(&answer->fingerprints);
    answer->known = KNOWN_NOT;
}
