/*
 * Index and footer, as bytes. Numbers are little-endian; a digest is its 32 bytes.
 *
 *   index    one stream, in zstd's skippable frames of 1 MiB, the last of which may be shorter:
 *              version (1 byte), number of frames (8), then of each frame in the file's order:
 *              length of its name (2), name, size of the member (8), length of the frame (8),
 *              SHA-256 of the member, SHA-256 of the frame
 *            Where a frame begins is the sum of the lengths before it, so there can be no gap.
 *   footer   skippable frame's header (8), "HGPACK1\n", where the index begins (8), its length (8),
 *            length of the file (8), number of members (8), SHA-256 of the index, SHA-256 of the
 *            footer's bytes before that
 */
#include <assert.h>
#include <string.h>

#include "pack_private.h"

#define SKIPPABLE 0x184D2A50u
#define SKIP_HEAD ((size_t)8)
#define PIECE ((size_t)1 << 20) /* of the index, in one skippable frame */
#define VERSION 1
#define MAGIC "HGPACK1\n"
#define DIGEST ((size_t)32)
#define ENTRY (2 + 8 + 8 + 2 * DIGEST) /* and the name */
#define INDEX_HEAD ((size_t)1 + 8)
#define INDEX_MAX ((uint64_t)2 << 30) /* some twenty million members */
/* zstd cannot do better: 128 KiB of one byte are a block of 4 bytes. */
#define RATIO_MAX 32768u

static void add_number(struct strbuf *buf, uint64_t number, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_add_char(buf, (char)(unsigned char)(number >> (8 * i)));
    }
}

static uint64_t number_at(const char *bytes, size_t n)
{
    uint64_t number = 0;
    for (size_t i = n; i > 0; i--) {
        number = number << 8 | (unsigned char)bytes[i - 1];
    }
    return number;
}

static unsigned digit(char hex)
{
    return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

static void add_digest(struct strbuf *buf, const char hex[HASH_HEX_SIZE])
{
    for (size_t i = 0; i < DIGEST; i++) {
        strbuf_add_char(buf, (char)(unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1])));
    }
}

static void digest_at(const char *bytes, char ret_hex[HASH_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST; i++) {
        unsigned byte = (unsigned char)bytes[i];
        ret_hex[2 * i] = digits[byte >> 4];
        ret_hex[2 * i + 1] = digits[byte & 15];
    }
    ret_hex[2 * DIGEST] = '\0';
}

/* --- writing --- */

void pack_index_write(const struct pack_frames *frames, struct strbuf *ret_bytes)
{
    CLEANUP(strbuf_clear) struct strbuf stream = STRBUF_INIT;
    add_number(&stream, VERSION, 1);
    add_number(&stream, frames->n, 8);
    for (size_t i = 0; i < frames->n; i++) {
        const struct pack_member *frame = &frames->all[i];
        add_number(&stream, strlen(frame->name), 2);
        strbuf_add(&stream, frame->name);
        add_number(&stream, frame->size, 8);
        add_number(&stream, frame->stored, 8);
        add_digest(&stream, frame->sha256);
        add_digest(&stream, frame->stored_sha256);
    }
    for (size_t at = 0; at < stream.size; at += PIECE) {
        size_t n = stream.size - at < PIECE ? stream.size - at : PIECE;
        add_number(ret_bytes, SKIPPABLE, 4);
        add_number(ret_bytes, n, 4);
        strbuf_add_n(ret_bytes, stream.text + at, n);
    }
}

void pack_footer_write(uint64_t at, const struct strbuf *index, uint64_t members,
                       struct strbuf *ret_bytes)
{
    size_t start = ret_bytes->size;
    char digest[HASH_HEX_SIZE];
    add_number(ret_bytes, SKIPPABLE, 4);
    add_number(ret_bytes, PACK_FOOTER_SIZE - SKIP_HEAD, 4);
    strbuf_add(ret_bytes, MAGIC);
    add_number(ret_bytes, at, 8);
    add_number(ret_bytes, index->size, 8);
    add_number(ret_bytes, at + index->size + PACK_FOOTER_SIZE, 8);
    add_number(ret_bytes, members, 8);
    hash_sha256(index->text, index->size, digest);
    add_digest(ret_bytes, digest);
    hash_sha256(ret_bytes->text + start, ret_bytes->size - start, digest);
    add_digest(ret_bytes, digest);
    assert(ret_bytes->size - start == PACK_FOOTER_SIZE);
}

/* --- reading --- */

static bool footer_adds_up(const struct pack_footer *footer, uint64_t file_size)
{
    uint64_t room = file_size - PACK_FOOTER_SIZE;
    return footer->file_size == file_size && footer->index_at <= room &&
           footer->index_size == room - footer->index_at && footer->index_size <= INDEX_MAX &&
           footer->index_size > SKIP_HEAD + INDEX_HEAD &&
           footer->members <= footer->index_size / ENTRY;
}

const char *pack_footer_read(const char bytes[PACK_FOOTER_SIZE], uint64_t file_size,
                             struct pack_footer *ret_footer)
{
    struct pack_footer footer;
    char wanted[HASH_HEX_SIZE];
    const char *at = bytes + SKIP_HEAD;
    if (memcmp(at, MAGIC, strlen(MAGIC)) != 0) {
        return "it does not end as a pack of headgate does";
    }
    hash_sha256(bytes, PACK_FOOTER_SIZE - DIGEST, footer.digest);
    digest_at(bytes + PACK_FOOTER_SIZE - DIGEST, wanted);
    if (!text_equal(footer.digest, wanted)) {
        return "its footer is damaged";
    }
    footer.index_at = number_at(at + 8, 8);
    footer.index_size = number_at(at + 16, 8);
    footer.file_size = number_at(at + 24, 8);
    footer.members = number_at(at + 32, 8);
    digest_at(at + 40, footer.index_sha256);
    if (number_at(bytes, 4) != SKIPPABLE ||
        number_at(bytes + 4, 4) != PACK_FOOTER_SIZE - SKIP_HEAD ||
        !footer_adds_up(&footer, file_size)) {
        return "its footer does not fit the file";
    }
    *ret_footer = footer;
    return NULL;
}

/* Takes the skippable frames' headers out; false where they are not those that we write. */
static bool join_pieces(char *bytes, size_t size, size_t *ret_size)
{
    size_t joined = 0;
    for (size_t at = 0; at < size;) {
        size_t left = size - at;
        size_t n = left < SKIP_HEAD + PIECE ? left - SKIP_HEAD : PIECE;
        if (left <= SKIP_HEAD || number_at(bytes + at, 4) != SKIPPABLE ||
            number_at(bytes + at + 4, 4) != n) {
            return false;
        }
        memmove(bytes + joined, bytes + at + SKIP_HEAD, n);
        joined += n;
        at += SKIP_HEAD + n;
    }
    *ret_size = joined;
    return true;
}

struct cursor {
    const char *at;
    size_t left;
};

static bool read_frame(struct cursor *cursor, struct pack_member *ret_frame)
{
    size_t name = cursor->left >= 2 ? (size_t)number_at(cursor->at, 2) : 0;
    if (cursor->left < ENTRY + name || memchr(cursor->at + 2, '\0', name) != NULL) {
        return false;
    }
    const char *at = cursor->at + 2 + name;
    ret_frame->name = mem_copy_n(cursor->at + 2, name);
    ret_frame->size = number_at(at, 8);
    ret_frame->stored = number_at(at + 8, 8);
    digest_at(at + 16, ret_frame->sha256);
    digest_at(at + 16 + DIGEST, ret_frame->stored_sha256);
    cursor->at += ENTRY + name;
    cursor->left -= ENTRY + name;
    return true;
}

static const char *check_frame(const struct pack_frames *frames, size_t wanted, uint64_t left)
{
    const struct pack_member *frame = &frames->all[frames->n - 1];
    bool is_end = frames->n == wanted, is_sums = frames->n + 1 == wanted;
    if (frame->stored == 0 || frame->stored > left) {
        return "the frames in its index do not cover it";
    }
    if (frame->size / RATIO_MAX > frame->stored) {
        return "its index names a member that is larger than its frame can be";
    }
    bool good = is_end    ? frame->name[0] == '\0' && frame->size == PACK_END
                : is_sums ? text_equal(frame->name, PACK_SUMS)
                          : pack_name_is_good(frame->name);
    return good ? NULL : "its index has a name that no member can have";
}

const char *pack_index_read(char *bytes, const struct pack_footer *footer,
                            struct pack_frames *ret_frames)
{
    CLEANUP(pack_frames_clear) struct pack_frames frames = {.n = 0};
    char digest[HASH_HEX_SIZE];
    size_t size = 0;
    hash_sha256(bytes, (size_t)footer->index_size, digest);
    if (!text_equal(digest, footer->index_sha256)) {
        return "its index is damaged";
    }
    if (!join_pieces(bytes, (size_t)footer->index_size, &size) || size < INDEX_HEAD ||
        number_at(bytes, 1) != VERSION) {
        return "its index has a form that this headgate does not know";
    }
    uint64_t wanted = number_at(bytes + 1, 8), covered = 0;
    struct cursor cursor = {bytes + INDEX_HEAD, size - INDEX_HEAD};
    if (wanted > cursor.left / ENTRY || wanted != footer->members + 2) {
        return "the number of members in its index is not that of its footer";
    }
    frames.all = mem_new((size_t)wanted, sizeof *frames.all);
    while (frames.n < wanted) {
        struct pack_member *frame = &frames.all[frames.n];
        if (!read_frame(&cursor, frame)) {
            return "its index ends before its time";
        }
        frames.n++;
        const char *against = check_frame(&frames, (size_t)wanted, footer->index_at - covered);
        if (against != NULL) {
            return against;
        }
        frame->at = covered;
        covered += frame->stored;
    }
    if (covered != footer->index_at || cursor.left != 0) {
        return "the frames in its index do not cover it";
    }
    *ret_frames = frames;
    frames = (struct pack_frames){.n = 0};
    return NULL;
}

void pack_frames_clear(struct pack_frames *frames)
{
    for (size_t i = 0; i < frames->n; i++) {
        mem_free(frames->all[i].name);
    }
    mem_free(frames->all);
    *frames = (struct pack_frames){.n = 0};
}
