/* Any bytes as a dump: at once and in small pieces, with the same result; what is said to be text
 * of rows is what the digest is of. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "headgate/dump.h"
#include "headgate/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct row_hasher *hasher;
    struct row_digest digest;  /* of the last block */
    uint64_t low, rows, bytes; /* of all blocks */
};

static bool take_rows(void *context, const struct dump_block *block, const char *bytes, size_t n,
                      struct error *err)
{
    struct seen *seen = context;
    (void)err;
    assert(n > 0 && block->entry != NULL && !block->is_blobs);
    row_hasher_add(seen->hasher, bytes, n);
    return true;
}

static void end_block(void *context, const struct dump_block *block)
{
    struct seen *seen = context;
    row_hasher_take(seen->hasher, &seen->digest);
    assert(block->is_blobs || row_digest_equal(&seen->digest, &block->digest));
    assert(block->is_blobs || seen->digest.bytes == block->digest.bytes);
    seen->low += block->digest.low;
    seen->rows += block->digest.rows;
    seen->bytes += block->digest.bytes;
}

static bool read_in_pieces(const char *bytes, size_t size, size_t piece, struct seen *seen)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist differences = STRLIST_INIT;
    const struct dump_handler handler = {.rows = take_rows, .block = end_block, .context = seen};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&handler);
    bool ok = true;
    for (size_t at = 0; ok && at < size; at += piece) {
        ok = dump_reader_feed(reader, bytes + at, size - at < piece ? size - at : piece, &err);
    }
    ok = ok && dump_reader_finish(reader, &err);
    assert(ok || err.code == ERROR_BACKUP);
    if (dump_reader_toc(reader) != NULL) {
        const struct dump_toc *toc = dump_reader_toc(reader);
        dump_toc_compare(toc, toc, toc, &differences);
        assert(differences.n == 0);
    }
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = {.hasher = row_hasher_new()}, pieces = {.hasher = row_hasher_new()};
    bool is_whole = read_in_pieces((const char *)data, size, size + 1, &whole);
    bool is_pieces = read_in_pieces((const char *)data, size, 3, &pieces);
    assert(is_whole == is_pieces && whole.low == pieces.low);
    assert(whole.rows == pieces.rows && whole.bytes == pieces.bytes);
    row_hasher_freep(&whole.hasher);
    row_hasher_freep(&pieces.hasher);
    (void)is_whole;
    (void)is_pieces;
    return 0;
}
