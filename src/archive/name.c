/* Names of members, and what reading and writing share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <archive_entry.h>

#include "private.h"

bool archive_name_is_good(const char *name)
{
    const char *at = name;
    for (bool more = true; more; at++) {
        size_t n = strcspn(at, "/");
        bool dots = (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.');
        if (n == 0 || dots) {
            return false;
        }
        at += n;
        more = *at == '/';
    }
    return true;
}

struct utf8_scope utf8_begin(void)
{
    struct utf8_scope scope = {.made = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)};
    if (scope.made != (locale_t)0) {
        scope.before = uselocale(scope.made);
    }
    return scope;
}

void utf8_end(struct utf8_scope *scope)
{
    if (scope->made != (locale_t)0) {
        (void)uselocale(scope->before);
        freelocale(scope->made);
    }
}

static void free_entry(struct archive_entry **entry)
{
    archive_entry_free(*entry);
}

bool archive_add_header(struct archive *archive, const char *name, uint64_t size)
{
    CLEANUP(utf8_end) struct utf8_scope utf8 = utf8_begin();
    CLEANUP(free_entry) struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (int64_t)size);
    archive_entry_set_mtime(entry, 0, 0);
    (void)utf8;
    /* A warning is about the form that a name takes; its bytes are written all the same. */
    return archive_write_header(archive, entry) >= ARCHIVE_WARN;
}

bool archive_failed(struct archive *archive, enum error_code damaged, const char *what,
                    const char *shown, struct error *err)
{
    int number = archive_errno(archive);
    const char *said = archive_error_string(archive);
    if (number == ENOMEM) {
        abort();
    }
    /* Its own numbers: -1 for anything, EILSEQ for a bad format, EINVAL for a bad call. */
    bool is_ours = number <= 0 || number == EILSEQ || number == EINVAL;
    (void)error_set(err, is_ours ? damaged : ERROR_IO, "could not %s %s: %s", what, shown,
                    said != NULL ? said : "libarchive does not say why");
    err->sys_errno = is_ours ? 0 : number;
    return false;
}
