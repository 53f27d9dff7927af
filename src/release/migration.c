/* One migration: its text, its checksum, and how a new one is made. */
#include <assert.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "private.h"

#define SLUG_LIMIT 100

const struct migration *release_find(const struct release *release, const char *name)
{
    size_t low = 0, high = release->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(release->migrations[middle].name, name);
        if (order == 0) {
            return &release->migrations[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

static bool load(const char *path, const char *kept, size_t size, const char *wanted,
                 struct strbuf *ret_text, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    char checksum[HASH_HEX_SIZE];
    if (kept != NULL) {
        strbuf_add_n(&text, kept, size);
    } else if (!file_read(path, MIGRATION_LIMIT, &text, err)) {
        return false;
    }
    hash_sha256(text.text, text.size, checksum);
    if (!text_equal(checksum, wanted)) {
        (void)error_set(err, ERROR_STALE, "%s has changed since the release was read", path);
        return error_hint(err, "Nothing of it was run. Start again to see what it would do now.");
    }
    strbuf_clear(ret_text);
    *ret_text = text;
    text = (struct strbuf)STRBUF_INIT;
    return true;
}

bool migration_load(const struct migration *migration, struct strbuf *ret_text, struct error *err)
{
    return load(migration->path, migration->text, migration->size, migration->checksum, ret_text,
                err);
}

bool migration_load_down(const struct migration *migration, struct strbuf *ret_text,
                         struct error *err)
{
    assert(migration->down_path != NULL);
    return load(migration->down_path, migration->down_text, migration->down_size,
                migration->down_checksum, ret_text, err);
}

/* Prisma before 2.20 wrote each byte without a leading zero. */
static bool matches_unpadded(const char *hex, const char *stored)
{
    for (size_t i = 0; i + 1 < HASH_HEX_SIZE; i += 2) {
        if (hex[i] != '0' && *stored++ != hex[i]) {
            return false;
        }
        if (*stored++ != hex[i + 1]) {
            return false;
        }
    }
    return *stored == '\0';
}

bool migration_matches(const struct migration *migration, const char *stored)
{
    const char *const all[] = {migration->checksum, migration->checksum_lf,
                               migration->checksum_crlf};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (text_equal(all[i], stored) ||
            (strlen(stored) < HASH_HEX_SIZE - 1 && matches_unpadded(all[i], stored))) {
            return true;
        }
    }
    return false;
}

bool name_has_time(const char *name)
{
    return strspn(name, "0123456789") == TIME_DIGITS;
}

/* A lower-case letter or a digit, else "_"; in every locale. */
static char shaped(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

/* "Add Users' e-mail" becomes "add_users_e_mail". */
static char *slug(const char *name)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (; *name != '\0' && text.size < SLUG_LIMIT; name++) {
        char c = shaped(*name);
        bool may_part = *name != '\'' && text.size > 0 && text.text[text.size - 1] != '_';
        if (c != '_' || may_part) {
            strbuf_add_char(&text, c);
        }
    }
    while (text.size > 0 && text.text[text.size - 1] == '_') {
        strbuf_cut(&text, text.size - 1);
    }
    return strbuf_take(&text);
}

/* A second later, in the form that names are in. */
static bool digits_after(const char *name, char **ret_digits, struct error *err)
{
    struct tm time = {.tm_isdst = 0};
    const char *end = strptime(name, "%Y%m%d%H%M%S", &time);
    time.tm_sec++;
    CLEANUP(mem_freep) char *digits = wall_format_digits((int64_t)timegm(&time) * 1000000);
    if (end != name + TIME_DIGITS || strlen(digits) != TIME_DIGITS) {
        (void)error_set(err, ERROR_CONFIG, "no migration can come after \"%s\"", name);
        return error_hint(err, "Its name begins with %d digits that are no time. Rename it.",
                          TIME_DIGITS);
    }
    *ret_digits = TAKE(digits);
    return true;
}

/* Now, or a second after the last migration where that one claims to be from the future. */
static bool next_time(const char *folder, int64_t now_usec, char **ret_digits, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *digits = wall_format_digits(now_usec);
    const char *last = NULL;
    if (!folder_list(folder, &names, err)) {
        return false;
    }
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *path = path_join(folder, names.items[i]);
        if (name_has_time(names.items[i]) && path_is_folder(path)) {
            last = names.items[i];
        }
    }
    if (last != NULL && strncmp(last, digits, TIME_DIGITS) >= 0) {
        return digits_after(last, ret_digits, err);
    }
    *ret_digits = TAKE(digits);
    return true;
}

static bool write_lock_file(const char *folder, struct error *err)
{
    static const char text[] = "# Please do not edit this file manually\n"
                               "# It should be added in your version-control system (e.g., Git)\n"
                               "provider = \"postgresql\"\n";
    CLEANUP(mem_freep) char *path = path_join(folder, LOCK_FILE);
    return path_exists(path) || file_create(path, text, sizeof text - 1, 0644, err);
}

/* A name that has several lines, or another control character, must stay one comment. */
static char *first_text(const char *name)
{
    char *text = mem_printf("-- %s\n", name);
    for (char *c = text; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' && c[1] != '\0' ? ' ' : *c;
    }
    return text;
}

static bool write_migration(const char *folder, const char *path, const char *text,
                            struct error *err)
{
    if (!folder_make(folder, 0755, err)) {
        return false;
    }
    if (!file_create(path, text, strlen(text), 0644, err)) {
        (void)rmdir(folder); /* a folder without its file would be a broken release */
        return false;
    }
    return true;
}

bool migration_create(const char *folder, const char *name, int64_t now_usec, char **ret_path,
                      struct error *err)
{
    CLEANUP(mem_freep) char *short_name = slug(name);
    CLEANUP(mem_freep) char *digits = NULL;
    if (short_name[0] == '\0') {
        return error_set(err, ERROR_USAGE, "\"%s\" has no letter or digit to name a migration by",
                         name);
    }
    if (!folder_make(folder, 0755, err) || !write_lock_file(folder, err) ||
        !next_time(folder, now_usec, &digits, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *own_name = mem_printf("%s_%s", digits, short_name);
    CLEANUP(mem_freep) char *own = path_join(folder, own_name);
    CLEANUP(mem_freep) char *path = path_join(own, "migration.sql");
    CLEANUP(mem_freep) char *text = first_text(name);
    if (!write_migration(own, path, text, err)) {
        return false;
    }
    *ret_path = TAKE(path);
    return true;
}
