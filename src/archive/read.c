/* Reads an archive that may be damaged, or made by somebody who means harm. */
#include <assert.h>

#include <archive_entry.h>

#include "private.h"

#define BLOCK ((size_t)64 << 10)

struct archive_reader {
    struct archive *archive;
    char *shown, *name;
    struct archive_limits limits;
    uint64_t left;  /* of the member that is being read */
    uint64_t total; /* of all members so far, by their headers */
    uint64_t members;
};

static bool failed(struct archive_reader *reader, struct error *err)
{
    return archive_failed(reader->archive, reader->limits.code, "read", reader->shown, err);
}

bool archive_reader_open(int fd, const char *shown, const struct archive_limits *limits,
                         struct archive_reader **ret_reader, struct error *err)
{
    if (!library_is_there(err)) {
        return false;
    }
    CLEANUP(archive_reader_freep) struct archive_reader *reader = mem_new(1, sizeof *reader);
    reader->archive = archive_read_new();
    reader->shown = mem_copy(shown);
    reader->limits = *limits;
    int zstd = archive_read_support_filter_zstd(reader->archive);
    int tar = archive_read_support_format_tar(reader->archive);
    assert(zstd == ARCHIVE_OK && tar == ARCHIVE_OK);
    (void)zstd;
    (void)tar;
    if (archive_read_open_fd(reader->archive, fd, BLOCK) != ARCHIVE_OK) {
        return failed(reader, err);
    }
    *ret_reader = TAKE(reader);
    return true;
}

/* NULL where there is nothing against it. */
static const char *objection(const struct archive_reader *reader, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL ||
        archive_entry_sparse_count(entry) > 0) {
        return "is no plain file";
    }
    if (name == NULL || !archive_name_is_good(name)) {
        return "has a name that leads out of the archive";
    }
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0) {
        return "has no size";
    }
    uint64_t size = (uint64_t)archive_entry_size(entry);
    if (size > reader->limits.member || size > reader->limits.total - reader->total) {
        return "is larger than is allowed here";
    }
    return reader->members < reader->limits.members ? NULL : "is one too many";
}

static bool accept_entry(struct archive_reader *reader, struct archive_entry *entry,
                         struct error *err)
{
    const char *name = archive_entry_pathname(entry);
    const char *against = objection(reader, entry);
    if (against != NULL) {
        return error_set(err, reader->limits.code, "%s: the member \"%s\" %s", reader->shown,
                         name != NULL ? name : "?", against);
    }
    mem_free(reader->name);
    reader->name = mem_copy(name);
    reader->left = (uint64_t)archive_entry_size(entry);
    reader->total += reader->left;
    reader->members++;
    return true;
}

bool archive_reader_next(struct archive_reader *reader, struct archive_member *ret_member,
                         bool *ret_found, struct error *err)
{
    CLEANUP(utf8_end) struct utf8_scope utf8 = utf8_begin();
    struct archive_entry *entry = NULL;
    (void)utf8;
    int result = archive_read_next_header(reader->archive, &entry);
    if (result == ARCHIVE_EOF) {
        *ret_found = false;
        return true;
    }
    if (result != ARCHIVE_OK) {
        return failed(reader, err);
    }
    if (!accept_entry(reader, entry, err)) {
        return false;
    }
    *ret_member = (struct archive_member){reader->name, reader->left};
    *ret_found = true;
    return true;
}

bool archive_reader_read(struct archive_reader *reader, void *room, size_t size, size_t *ret_n,
                         struct error *err)
{
    size_t wanted = reader->left < size ? (size_t)reader->left : size, got = 0;
    while (got < wanted) {
        la_ssize_t n = archive_read_data(reader->archive, (char *)room + got, wanted - got);
        if (n < 0) {
            return failed(reader, err);
        }
        if (n == 0) {
            return error_set(err, reader->limits.code, "%s: the member \"%s\" ends before its size",
                             reader->shown, reader->name);
        }
        got += (size_t)n;
    }
    reader->left -= got;
    *ret_n = got;
    return true;
}

void archive_reader_freep(struct archive_reader **reader)
{
    if (*reader != NULL) {
        (void)archive_read_free((*reader)->archive);
        mem_free((*reader)->shown);
        mem_free((*reader)->name);
        mem_free(*reader);
        *reader = NULL;
    }
}
