/*
 * Names of backups. An environment's name may hold "-" as well, so they are read from their end.
 * The last four digits are the fraction of the second, so that the order of names is that of time.
 */
#include <string.h>

#include "private.h"

#define SHAPE "-00000000T000000Z-ffff" /* 0: a digit, f: one of hex */
#define SECOND_USEC ((int64_t)1000000)
#define SHAPE_SIZE (sizeof(SHAPE) - 1)
#define ENVIRONMENT_LIMIT 40
#define DIGITS "0123456789"
#define HEX "0123456789abcdef"

char *backup_name_make(const char *environment, int64_t created)
{
    CLEANUP(mem_freep) char *digits = wall_format_digits(created);
    int64_t fraction = created % SECOND_USEC * 0x10000 / SECOND_USEC;
    return mem_printf("%s-%.8sT%sZ-%04x", environment, digits, digits + 8, (unsigned)fraction);
}

static bool has_shape(const char *text)
{
    for (size_t i = 0; i < SHAPE_SIZE; i++) {
        char wanted = SHAPE[i];
        const char *among = wanted == '0' ? DIGITS : HEX;
        bool good =
            wanted == '0' || wanted == 'f' ? strchr(among, text[i]) != NULL : text[i] == wanted;
        if (!good) {
            return false;
        }
    }
    return true;
}

/* 20261128T203000 as the clock's own form, so that a 31st of February is none. */
static bool parse_time(const char *time, int64_t *ret_usec)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(mem_freep)
    char *text = mem_printf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.000000Z", time, time + 4, time + 6,
                            time + 9, time + 11, time + 13);
    return wall_parse(text, ret_usec, &none);
}

bool backup_name_parse(const char *name, char **ret_environment, int64_t *ret_created)
{
    size_t size = strlen(name);
    if (size <= SHAPE_SIZE || size > SHAPE_SIZE + ENVIRONMENT_LIMIT) {
        return false;
    }
    size_t length = size - SHAPE_SIZE;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") < length || name[0] == '-' ||
        name[0] == '_' || !has_shape(name + length) ||
        !parse_time(name + length + 1, ret_created)) {
        return false;
    }
    *ret_environment = mem_copy_n(name, length);
    return true;
}

char *archive_name_of(const char *file, bool *ret_encrypted)
{
    bool encrypted = text_ends(file, ENCRYPTED_END);
    size_t end = strlen(encrypted ? ENCRYPTED_END : ARCHIVE_END);
    if (file[0] == '.' || (!encrypted && !text_ends(file, ARCHIVE_END)) || strlen(file) == end) {
        return NULL;
    }
    *ret_encrypted = encrypted;
    return mem_copy_n(file, strlen(file) - end);
}
