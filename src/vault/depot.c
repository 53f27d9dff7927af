/* What is the same in every place. */
#include "depot.h"

#include <unistd.h>

#include "headgate/file.h"

void depot_clear(struct depot *depot)
{
    if (depot->kind != NULL && depot->kind->clear != NULL) {
        depot->kind->clear(depot);
    }
    mem_free(depot->folder);
    mem_free(depot->shown);
    *depot = (struct depot){0};
}

char *depot_path(const struct depot *depot, const char *name)
{
    return path_join(depot->shown, name);
}

bool depot_has(const struct depot *depot, const char *before, const char *name, const char *end,
               bool *ret_there, struct error *err)
{
    CLEANUP(mem_freep) char *file = mem_printf("%s%s%s", before, name, end);
    return depot->kind->has(depot, file, ret_there, err);
}

bool stored_read(const struct stored *stored, void *ret_bytes, size_t n, uint64_t at,
                 struct error *err)
{
    if (stored->fd < 0) {
        return stored->source.read_at(stored->source.context, ret_bytes, n, at, err);
    }
    ssize_t got = pread(stored->fd, ret_bytes, n, (off_t)at);
    if (got < 0) {
        return error_set_errno(err, "could not read");
    }
    return (size_t)got == n || error_set(err, ERROR_BACKUP, "it has become shorter");
}

bool stored_open_pack(const struct stored *stored, const char *shown,
                      struct pack_reader **ret_reader, struct error *err)
{
    return stored->fd >= 0 ? pack_reader_open(stored->fd, shown, ret_reader, err)
                           : pack_reader_open_source(&stored->source, shown, ret_reader, err);
}

void stored_closep(struct stored **stored)
{
    if (*stored == NULL) {
        return;
    }
    if ((*stored)->close != NULL) {
        (*stored)->close(*stored);
    }
    fd_closep(&(*stored)->fd);
    mem_free(TAKE(*stored));
}
