/*
 * Names of the databases that a restore makes: the database's own, and what it is for.
 *
 * PostgreSQL cuts names silently after 63 bytes. A long one is cut by us, and gets a part of its
 * hash, so that two databases with the same beginning do not get each other's.
 */
#include <stdio.h>

#include "headgate/hash.h"
#include "private.h"

#define NAME_MOST 63
#define HASH_DIGITS 8
#define RANDOM_DIGITS 4
#define TIME_DIGITS 14

static const struct kind {
    const char *infix, *digits;
    size_t n_digits;
} kinds[] = {
    [MADE_RESTORING] = {"_restoring_", "0123456789abcdef", RANDOM_DIGITS},
    [MADE_BEFORE] = {"_before_", "0123456789", TIME_DIGITS},
    [MADE_RESTORED] = {"_restored_", "0123456789", TIME_DIGITS},
};

/* Not in the middle of a character of UTF-8. */
static size_t cut_at(const char *text, size_t most)
{
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) {
        most--;
    }
    return most;
}

static char *beginning(const char *database, const struct kind *kind)
{
    size_t room = NAME_MOST - strlen(kind->infix) - kind->n_digits;
    char hex[HASH_HEX_SIZE];
    if (strlen(database) <= room) {
        return mem_printf("%s%s", database, kind->infix);
    }
    hash_sha256(database, strlen(database), hex);
    return mem_printf("%.*s_%.*s%s", (int)cut_at(database, room - HASH_DIGITS - 1), database,
                      HASH_DIGITS, hex, kind->infix);
}

static char *random_digits(void)
{
    unsigned char bytes[2];
    random_bytes(bytes, sizeof bytes);
    return mem_printf("%02x%02x", bytes[0], bytes[1]);
}

char *made_name(const char *database, enum made made, const struct strlist *taken)
{
    CLEANUP(mem_freep) char *begins = beginning(database, &kinds[made]);
    for (int64_t moment = wall_now_usec();; moment += 1000000) {
        CLEANUP(mem_freep)
        char *digits = made == MADE_RESTORING ? random_digits() : wall_format_digits(moment);
        CLEANUP(mem_freep) char *name = mem_printf("%s%s", begins, digits);
        if (!strlist_has(taken, name)) {
            return TAKE(name);
        }
    }
}

bool made_is(const char *name, const char *database, enum made made)
{
    const struct kind *kind = &kinds[made];
    CLEANUP(mem_freep) char *begins = beginning(database, kind);
    if (!text_starts(name, begins)) {
        return false;
    }
    const char *digits = name + strlen(begins);
    return strlen(digits) == kind->n_digits && strspn(digits, kind->digits) == kind->n_digits;
}

void made_find(const struct strlist *names, const char *database, enum made made,
               struct strlist *ret_found)
{
    for (size_t i = 0; i < names->n; i++) {
        if (made_is(names->items[i], database, made)) {
            strlist_add(ret_found, names->items[i]);
        }
    }
}
