/*
 * An archive of another machine that is read without a copy. Its end, where index and manifest
 * stand, is read once; a session that breaks is replaced, and reading goes on, as long as the file
 * is the one that it was.
 */
#include <errno.h>
#include <sys/stat.h>

#include "depot_sftp.h"
#include "headgate/file.h"

struct remote_file {
    struct sftp_depot *depot;
    char *path, *shown;
    struct sftp_line *line; /* that the file is open in; NULL: it is not */
    struct sftp_file *file;
    uint64_t size;
    int64_t modified;
    bool known;        /* size and time */
    char *head, *tail; /* what was read of it already */
    size_t head_size, tail_size;
};

static void close_file(struct remote_file *remote)
{
    sftp_file_closep(&remote->file);
    sftp_line_release(&remote->line);
}

/* In the session that is open now, where it is not open there yet. */
static bool open_file(struct remote_file *remote, struct error *err)
{
    CLEANUP(sftp_line_release) struct sftp_line *line = NULL;
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    if (!sftp_depot_line(remote->depot, &line, err)) {
        return false;
    }
    if (line == remote->line) {
        return true;
    }
    close_file(remote);
    if (!sftp_stat(line->sftp, remote->path, &entry, err)) {
        return false;
    }
    if (!S_ISREG(entry.mode)) {
        return error_set(err, ERROR_BACKUP, "%s is no file", remote->shown);
    }
    if (remote->known && (entry.size != remote->size || entry.modified != remote->modified)) {
        return error_set(err, ERROR_BACKUP, "%s has changed while it was read", remote->shown);
    }
    remote->size = entry.size;
    remote->modified = entry.modified;
    remote->known = true;
    if (!sftp_open_to_read(line->sftp, remote->path, &remote->file, err)) {
        return false;
    }
    remote->line = TAKE(line);
    return true;
}

/* Exactly these bytes, whatever sessions it takes. */
static bool read_through(struct remote_file *remote, void *ret_bytes, size_t n, uint64_t at,
                         struct error *err)
{
    msec deadline = deadline_in(sftp_depot_patience(remote->depot));
    size_t got = 0;
    for (unsigned attempt = 0; got < n; attempt++) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (open_file(remote, &failure) &&
            sftp_read_at(remote->file, ret_bytes, n, at, &got, &failure)) {
            return got == n || error_set(err, ERROR_BACKUP,
                                         "%s has become shorter while it is read", remote->shown);
        }
        if (!sftp_try_again(remote->depot, attempt, deadline, &failure)) {
            error_move(err, &failure);
            return false;
        }
    }
    return true;
}

static bool read_at(void *context, void *ret_bytes, size_t n, uint64_t at, struct error *err)
{
    struct remote_file *remote = context;
    uint64_t tail_at = remote->size - remote->tail_size;
    if (remote->head != NULL && at <= remote->head_size && n <= remote->head_size - at) {
        memcpy(ret_bytes, remote->head + at, n);
        return true;
    }
    if (at >= tail_at && at <= remote->size && n <= remote->size - at) {
        memcpy(ret_bytes, remote->tail + (at - tail_at), n);
        return true;
    }
    return read_through(remote, ret_bytes, n, at, err);
}

static bool look(struct sftp_depot *depot, const char *path, struct sftp_entry *ret_entry,
                 struct error *err)
{
    CLEANUP(sftp_line_release) struct sftp_line *line = NULL;
    return sftp_depot_line(depot, &line, err) && sftp_stat(line->sftp, path, ret_entry, err);
}

static bool size_now(void *context, uint64_t *ret_size, struct error *err)
{
    struct remote_file *remote = context;
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    msec deadline = deadline_in(sftp_depot_patience(remote->depot));
    for (unsigned attempt = 0; entry.name == NULL; attempt++) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (!look(remote->depot, remote->path, &entry, &failure) &&
            !sftp_try_again(remote->depot, attempt, deadline, &failure)) {
            error_move(err, &failure);
            return false;
        }
    }
    *ret_size = entry.size;
    return true;
}

static void close_stored(struct stored *stored)
{
    struct remote_file *remote = stored->state;
    close_file(remote);
    mem_free(remote->path);
    mem_free(remote->shown);
    mem_free(remote->head);
    mem_free(remote->tail);
    mem_free(remote);
}

/* It is opened only where more of it is wanted; if it is another one by then, that is told. */
static bool use_ahead(struct remote_file *remote)
{
    struct sftp_ends ends;
    if (!sftp_seen_ahead(remote->depot, remote->path, &ends)) {
        return false;
    }
    bool there = ends.there;
    if (there) {
        remote->size = ends.size;
        remote->modified = ends.modified;
        remote->known = true;
        remote->head = TAKE(ends.head);
        remote->head_size = ends.n_head;
        remote->tail = TAKE(ends.tail);
        remote->tail_size = ends.n_tail;
    }
    sftp_ends_clear(&ends);
    return there;
}

static bool open_here(struct remote_file *remote, struct error *err)
{
    if (!open_file(remote, err)) {
        bool stale = err->code == ERROR_UNREACHABLE && err->retryable;
        if (!stale) {
            return false;
        }
        error_clear(err); /* the session that was open had died meanwhile */
        if (!open_file(remote, err)) {
            return false;
        }
    }
    remote->tail_size = remote->size < SFTP_TAIL ? (size_t)remote->size : SFTP_TAIL;
    remote->tail = mem_new(remote->tail_size + 1, 1);
    return read_through(remote, remote->tail, remote->tail_size, remote->size - remote->tail_size,
                        err);
}

bool sftp_stored_open(const struct depot *depot, const char *name, struct stored **ret_stored,
                      struct error *err)
{
    struct remote_file *remote = mem_new(1, sizeof *remote);
    CLEANUP(stored_closep) struct stored *stored = mem_new(1, sizeof *stored);
    *stored = (struct stored){.fd = -1,
                              .source = {.read_at = read_at, .size = size_now, .context = remote},
                              .state = remote,
                              .close = close_stored};
    remote->depot = depot->state;
    remote->path = path_join(depot->folder, name);
    remote->shown = depot_path(depot, name);
    if (!use_ahead(remote) && !open_here(remote, err)) {
        return false;
    }
    stored->size = remote->size;
    stored->modified = remote->modified;
    *ret_stored = TAKE(stored);
    return true;
}
