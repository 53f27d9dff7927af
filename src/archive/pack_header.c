/* The tar header of a member, as libarchive makes it, and names that can be members. */
#include <assert.h>
#include <string.h>

#include "pack_private.h"
#include "private.h"

bool pack_name_is_good(const char *name)
{
    for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f || *at == '\\') {
            return false;
        }
    }
    return strlen(name) <= PACK_NAME_MAX && archive_name_is_good(name) &&
           !text_equal(name, PACK_SUMS);
}

size_t pack_padding(uint64_t size)
{
    return (size_t)((PACK_BLOCK - size % PACK_BLOCK) % PACK_BLOCK);
}

struct catcher {
    struct strbuf *header;
    bool closed;
};

/* After the header libarchive would write the member's bytes as zeros, however many they are:
 * that fails, and is given up at the first of them. */
static la_ssize_t catch_header(struct archive *archive, void *context, const void *bytes, size_t n)
{
    struct catcher *catcher = context;
    (void)archive;
    if (catcher->closed) {
        return -1;
    }
    strbuf_add_n(catcher->header, bytes, n);
    return (la_ssize_t)n;
}

static void free_archive(struct archive **archive)
{
    (void)archive_write_free(*archive);
}

bool pack_header(const char *name, uint64_t size, struct strbuf *ret_header, struct error *err)
{
    if (!library_is_there(err)) {
        return false;
    }
    CLEANUP(strbuf_clear) struct strbuf header = STRBUF_INIT;
    struct catcher catcher = {.header = &header};
    CLEANUP(free_archive) struct archive *archive = archive_write_new();
    int format = archive_write_set_format_pax_restricted(archive);
    int unblocked = archive_write_set_bytes_per_block(archive, 0); /* each write comes at once */
    assert(format == ARCHIVE_OK && unblocked == ARCHIVE_OK);
    (void)format;
    (void)unblocked;
    bool made = archive_write_open(archive, &catcher, NULL, catch_header, NULL) == ARCHIVE_OK &&
                archive_add_header(archive, name, size);
    catcher.closed = true;
    if (!made) {
        return archive_failed(archive, ERROR_INTERNAL, "make the tar header of", name, err);
    }
    assert(header.size % PACK_BLOCK == 0 && header.size <= PACK_HEAD_MAX);
    strbuf_add_n(ret_header, header.text, header.size);
    return true;
}
