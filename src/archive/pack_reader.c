/* Opens a pack and reads members, trusting nothing that the file says. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "pack_file.h"

/* --- where its bytes come from --- */

static bool read_descriptor(void *context, void *ret_bytes, size_t n, uint64_t at,
                            struct error *err)
{
    const struct pack_reader *reader = context;
    char *to = ret_bytes;
    while (n > 0) {
        ssize_t got = pread(reader->fd, to, n, (off_t)at);
        if (got < 0 && errno != EINTR) {
            return error_set_errno(err, "could not read %s", reader->shown);
        }
        if (got == 0) {
            return error_set(err, ERROR_BACKUP, "%s has become shorter while it is read",
                             reader->shown);
        }
        to += got > 0 ? got : 0;
        at += got > 0 ? (uint64_t)got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool size_of_descriptor(void *context, uint64_t *ret_size, struct error *err)
{
    const struct pack_reader *reader = context;
    struct stat about;
    if (fstat(reader->fd, &about) != 0) {
        return error_set_errno(err, "could not read %s", reader->shown);
    }
    if (!S_ISREG(about.st_mode)) {
        return error_set(err, ERROR_BACKUP, "%s cannot be used as an archive: it is no plain file",
                         reader->shown);
    }
    *ret_size = (uint64_t)about.st_size;
    return true;
}

bool pack_read_at(const struct pack_reader *reader, char *ret_bytes, size_t n, uint64_t at,
                  struct error *err)
{
    return reader->source.read_at(reader->source.context, ret_bytes, n, at, err);
}

bool pack_size_now(const struct pack_reader *reader, uint64_t *ret_size, struct error *err)
{
    return reader->source.size(reader->source.context, ret_size, err);
}

/* --- open --- */

static bool damaged(const struct pack_reader *reader, const char *what, struct error *err)
{
    return error_set(err, ERROR_BACKUP, "%s cannot be used as an archive: %s", reader->shown, what);
}

static bool read_footer(struct pack_reader *reader, struct error *err)
{
    uint64_t size = 0;
    if (!pack_size_now(reader, &size, err)) {
        return false;
    }
    if (size < PACK_FOOTER_SIZE) {
        return damaged(reader, "it is too short", err);
    }
    if (!pack_read_at(reader, reader->footer_bytes, PACK_FOOTER_SIZE, size - PACK_FOOTER_SIZE,
                      err)) {
        return false;
    }
    const char *against = pack_footer_read(reader->footer_bytes, size, &reader->footer);
    return against == NULL || damaged(reader, against, err);
}

static bool read_index(struct pack_reader *reader, struct error *err)
{
    const struct pack_footer *footer = &reader->footer;
    CLEANUP(mem_freep) char *bytes = mem_resize(NULL, (size_t)footer->index_size, 1);
    if (!pack_read_at(reader, bytes, (size_t)footer->index_size, footer->index_at, err)) {
        return false;
    }
    const char *against = pack_index_read(bytes, footer, &reader->frames);
    return against == NULL || damaged(reader, against, err);
}

static int by_name(const void *a, const void *b)
{
    const struct pack_member *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static bool sort_members(struct pack_reader *reader, struct error *err)
{
    size_t n = (size_t)reader->footer.members;
    reader->by_name = mem_new(n, sizeof(struct pack_member *));
    for (size_t i = 0; i < n; i++) {
        reader->by_name[i] = &reader->frames.all[i];
    }
    qsort(reader->by_name, n, sizeof(struct pack_member *), by_name);
    for (size_t i = 1; i < n; i++) {
        if (text_equal(reader->by_name[i - 1]->name, reader->by_name[i]->name)) {
            return damaged(reader, "its index has two members of one name", err);
        }
    }
    return true;
}

static bool open_reader(struct pack_reader *reader, struct pack_reader **ret_reader,
                        struct error *err)
{
    CLEANUP(pack_reader_freep) struct pack_reader *opening = reader;
    if (!read_footer(opening, err) || !read_index(opening, err) || !sort_members(opening, err)) {
        return false;
    }
    *ret_reader = TAKE(opening);
    return true;
}

bool pack_reader_open(int fd, const char *shown, struct pack_reader **ret_reader, struct error *err)
{
    struct pack_reader *reader = mem_new(1, sizeof *reader);
    reader->fd = fd;
    reader->source = (struct pack_source){
        .read_at = read_descriptor, .size = size_of_descriptor, .context = reader, .threads = true};
    reader->shown = mem_copy(shown);
    return open_reader(reader, ret_reader, err);
}

bool pack_reader_open_source(const struct pack_source *source, const char *shown,
                             struct pack_reader **ret_reader, struct error *err)
{
    struct pack_reader *reader = mem_new(1, sizeof *reader);
    reader->fd = -1;
    reader->source = *source;
    reader->shown = mem_copy(shown);
    return open_reader(reader, ret_reader, err);
}

void pack_reader_freep(struct pack_reader **reader)
{
    if (*reader == NULL) {
        return;
    }
    pack_frames_clear(&(*reader)->frames);
    mem_free((*reader)->by_name);
    mem_free((*reader)->shown);
    mem_free(*reader);
    *reader = NULL;
}

const struct pack_member *pack_reader_members(const struct pack_reader *reader, size_t *ret_n)
{
    *ret_n = (size_t)reader->footer.members;
    return reader->frames.all;
}

const struct pack_member *pack_reader_find(const struct pack_reader *reader, const char *name)
{
    struct pack_member named = {.name = mem_copy(name)};
    const struct pack_member *key = &named;
    const struct pack_member **found =
        bsearch(&key, reader->by_name, (size_t)reader->footer.members, sizeof key, by_name);
    mem_free(named.name);
    return found != NULL ? *found : NULL;
}

uint64_t pack_reader_size(const struct pack_reader *reader)
{
    return reader->footer.file_size;
}

const char *pack_reader_digest(const struct pack_reader *reader)
{
    return reader->footer.digest;
}

/* --- a member --- */

static bool is_zero(const char *bytes, size_t n)
{
    bool zero = true;
    for (size_t i = 0; i < n; i++) {
        zero = zero && bytes[i] == '\0';
    }
    return zero;
}

static bool has_digest(const char *bytes, size_t n, const char *wanted)
{
    char digest[HASH_HEX_SIZE];
    hash_sha256(bytes, n, digest);
    return text_equal(digest, wanted);
}

/* NULL, or what is wrong with the frame that stands in stored; its bytes are unpacked into raw,
 * which has room for just those that it should have. */
static const char *unpack(const struct pack_member *member, const char *stored, bool trusted,
                          const struct strbuf *head, struct strbuf *raw)
{
    size_t size = (size_t)member->size, frame = (size_t)member->stored;
    size_t wanted = head->size + size + pack_padding(size);
    if (!trusted && !has_digest(stored, frame, member->stored_sha256)) {
        return "its frame is not the one that was written";
    }
    if (ZSTD_getFrameContentSize(stored, frame) != wanted ||
        ZSTD_findFrameCompressedSize(stored, frame) != frame) {
        return "its frame has another size than it should";
    }
    char *bytes = strbuf_room(raw, wanted);
    if (ZSTD_decompress(bytes, wanted, stored, frame) != wanted) {
        return "its frame cannot be decompressed";
    }
    if (memcmp(bytes, head->text, head->size) != 0) {
        return "its tar header is not what the index says";
    }
    if (!is_zero(bytes + head->size + size, pack_padding(size))) {
        return "it is not followed by zeros";
    }
    return trusted || has_digest(bytes + head->size, size, member->sha256)
               ? NULL
               : "its bytes are not those that were written";
}

void pack_reader_trust(struct pack_reader *reader)
{
    reader->trusted = true;
}

bool pack_reader_read(const struct pack_reader *reader, const struct pack_member *member,
                      struct strbuf *ret_bytes, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf head = STRBUF_INIT;
    CLEANUP(mem_freep) char *stored = mem_resize(NULL, (size_t)member->stored, 1);
    assert(member >= reader->frames.all && member < reader->frames.all + reader->footer.members);
    if (!pack_read_at(reader, stored, (size_t)member->stored, member->at, err) ||
        !pack_header(member->name, member->size, &head, err)) {
        return error_prefix(err, "member \"%s\"", member->name);
    }
    const char *against = unpack(member, stored, reader->trusted, &head, ret_bytes);
    if (against == NULL) {
        char *room = strbuf_room(ret_bytes, (size_t)member->size);
        memmove(room, room + head.size, (size_t)member->size);
        strbuf_grown(ret_bytes, (size_t)member->size);
        return true;
    }
    if (ret_bytes->capacity > 0) {
        ret_bytes->text[ret_bytes->size] = '\0'; /* it ended there before */
    }
    return error_set(err, ERROR_BACKUP, "%s: the member \"%s\" is damaged: %s", reader->shown,
                     member->name, against);
}
