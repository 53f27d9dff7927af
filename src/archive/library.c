/*
 * libarchive, loaded when it is used first.
 *
 * Linked as usual it would bring some twenty libraries into every start (libxml2, ICU, GnuTLS, for
 * formats that we never use): a third of the time and of the memory of a command that has nothing
 * to do. So its functions are defined here under their own names, and passed on.
 */
#include <assert.h>
#include <dlfcn.h>
#include <string.h>

#include <archive_entry.h>

#include "private.h"

#define LIBRARY "libarchive.so.13"

bool library_is_there(struct error *err)
{
    if (dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL) != NULL) {
        return true;
    }
    (void)error_set(err, ERROR_IO, "could not load %s: %s", LIBRARY, dlerror());
    return error_hint(err, "Install it: sudo apt-get install libarchive13");
}

/* Only a count goes up where it is loaded already. */
static void *find(const char *name)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    void *found = library == NULL ? NULL : dlsym(library, name);
    assert(found != NULL && "library_is_there() was asked before");
    return found;
}

#define PASS_ON(result, name, parameters, arguments)                                               \
    result name parameters                                                                         \
    {                                                                                              \
        __typeof__(name) *real;                                                                    \
        void *found = find(#name);                                                                 \
        memcpy(&real, &found, sizeof real);                                                        \
        return real arguments;                                                                     \
    }

#define PASS_ON_VOID(name, parameters, arguments)                                                  \
    void name parameters                                                                           \
    {                                                                                              \
        __typeof__(name) *real;                                                                    \
        void *found = find(#name);                                                                 \
        memcpy(&real, &found, sizeof real);                                                        \
        real arguments;                                                                            \
    }

/* clang-format off */
PASS_ON(const char *, archive_error_string, (struct archive *a), (a))
PASS_ON(int, archive_errno, (struct archive *a), (a))

PASS_ON(struct archive *, archive_write_new, (void), ())
PASS_ON(int, archive_write_add_filter_zstd, (struct archive *a), (a))
PASS_ON(int, archive_write_set_format_pax_restricted, (struct archive *a), (a))
PASS_ON(int, archive_write_set_bytes_per_block, (struct archive *a, int bytes), (a, bytes))
PASS_ON(int, archive_write_set_bytes_in_last_block, (struct archive *a, int bytes), (a, bytes))
PASS_ON(int, archive_write_open,
        (struct archive *a, void *data, archive_open_callback *open, archive_write_callback *write,
         archive_close_callback *close), (a, data, open, write, close))
PASS_ON(int, archive_write_header, (struct archive *a, struct archive_entry *entry), (a, entry))
PASS_ON(la_ssize_t, archive_write_data, (struct archive *a, const void *bytes, size_t n), (a, bytes, n))
PASS_ON(int, archive_write_finish_entry, (struct archive *a), (a))
PASS_ON(int, archive_write_close, (struct archive *a), (a))
PASS_ON(int, archive_write_free, (struct archive *a), (a))

PASS_ON(struct archive *, archive_read_new, (void), ())
PASS_ON(int, archive_read_support_filter_zstd, (struct archive *a), (a))
PASS_ON(int, archive_read_support_format_tar, (struct archive *a), (a))
PASS_ON(int, archive_read_open_fd, (struct archive *a, int _fd, size_t _block_size), (a, _fd, _block_size))
PASS_ON(int, archive_read_next_header, (struct archive *a, struct archive_entry **entry), (a, entry))
PASS_ON(la_ssize_t, archive_read_data, (struct archive *a, void *bytes, size_t n), (a, bytes, n))
PASS_ON(int, archive_read_free, (struct archive *a), (a))

PASS_ON(struct archive_entry *, archive_entry_new, (void), ())
PASS_ON_VOID(archive_entry_free, (struct archive_entry *e), (e))
PASS_ON(const char *, archive_entry_pathname, (struct archive_entry *e), (e))
PASS_ON(const char *, archive_entry_hardlink, (struct archive_entry *e), (e))
PASS_ON(__LA_MODE_T, archive_entry_filetype, (struct archive_entry *e), (e))
PASS_ON(la_int64_t, archive_entry_size, (struct archive_entry *e), (e))
PASS_ON(int, archive_entry_size_is_set, (struct archive_entry *e), (e))
PASS_ON(int, archive_entry_sparse_count, (struct archive_entry *e), (e))
PASS_ON_VOID(archive_entry_set_pathname, (struct archive_entry *e, const char *name), (e, name))
PASS_ON_VOID(archive_entry_set_size, (struct archive_entry *e, la_int64_t size), (e, size))
PASS_ON_VOID(archive_entry_set_filetype, (struct archive_entry *e, unsigned int type), (e, type))
PASS_ON_VOID(archive_entry_set_perm, (struct archive_entry *e, __LA_MODE_T mode), (e, mode))
PASS_ON_VOID(archive_entry_set_mtime, (struct archive_entry *e, time_t time, long ns), (e, time, ns))
/* clang-format on */
