/*
 * Writes an archive. libarchive's own way out is not used: after a write that failed, or an archive
 * that was given up, it does not free all that it has. Ours always tells it that all is well, and
 * remembers what was not.
 */
#include <assert.h>
#include <errno.h>

#include "headgate/file.h"
#include "private.h"

struct archive_writer {
    struct archive *archive;
    char *shown;
    int fd;
    uint64_t left; /* of the member that is being written */
    int failure;   /* errno of the first write that failed */
    bool finished;
};

static la_ssize_t write_out(struct archive *archive, void *context, const void *bytes, size_t n)
{
    struct archive_writer *writer = context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)archive;
    if (writer->failure == 0 && !fd_write_all(writer->fd, bytes, n, &err)) {
        writer->failure = err.sys_errno;
    }
    return (la_ssize_t)n;
}

static bool failed(struct archive_writer *writer, struct error *err)
{
    if (writer->failure == 0) {
        return archive_failed(writer->archive, ERROR_IO, "write", writer->shown, err);
    }
    errno = writer->failure;
    return error_set_errno(err, "could not write %s", writer->shown);
}

static bool check(struct archive_writer *writer, bool good, struct error *err)
{
    return (good && writer->failure == 0) || failed(writer, err);
}

static void must(int result)
{
    assert(result == ARCHIVE_OK); /* built with zstd, and there is memory */
    (void)result;
}

bool archive_writer_open(int fd, const char *shown, struct archive_writer **ret_writer,
                         struct error *err)
{
    if (!library_is_there(err)) {
        return false;
    }
    CLEANUP(archive_writer_freep) struct archive_writer *writer = mem_new(1, sizeof *writer);
    writer->archive = archive_write_new();
    writer->shown = mem_copy(shown);
    writer->fd = fd;
    must(archive_write_add_filter_zstd(writer->archive));
    must(archive_write_set_format_pax_restricted(writer->archive));
    must(archive_write_set_bytes_in_last_block(writer->archive, 1)); /* no padding, pipe or file */
    if (archive_write_open(writer->archive, writer, NULL, write_out, NULL) != ARCHIVE_OK) {
        return failed(writer, err);
    }
    *ret_writer = TAKE(writer);
    return true;
}

bool archive_writer_begin(struct archive_writer *writer, const char *name, uint64_t size,
                          struct error *err)
{
    assert(writer->left == 0 && size <= INT64_MAX && archive_name_is_good(name));
    if (!check(writer, archive_add_header(writer->archive, name, size), err)) {
        return false;
    }
    writer->left = size;
    return true;
}

bool archive_writer_add(struct archive_writer *writer, const void *bytes, size_t n,
                        struct error *err)
{
    assert(n <= writer->left);
    la_ssize_t written = n > 0 ? archive_write_data(writer->archive, bytes, n) : 0;
    writer->left -= n;
    return check(writer, written == (la_ssize_t)n, err);
}

bool archive_writer_end(struct archive_writer *writer, struct error *err)
{
    assert(writer->left == 0);
    return check(writer, archive_write_finish_entry(writer->archive) == ARCHIVE_OK, err);
}

bool archive_writer_finish(struct archive_writer *writer, struct error *err)
{
    writer->finished = true;
    return check(writer, archive_write_close(writer->archive) == ARCHIVE_OK, err);
}

void archive_writer_freep(struct archive_writer **writer)
{
    if (*writer == NULL) {
        return;
    }
    if (!(*writer)->finished && (*writer)->failure == 0) {
        (*writer)->failure = ECANCELED; /* else it would write an end */
    }
    (void)archive_write_free((*writer)->archive);
    mem_free((*writer)->shown);
    mem_free(*writer);
    *writer = NULL;
}
