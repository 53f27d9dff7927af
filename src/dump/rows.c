/*
 * Rows of COPY text, counted and digested.
 *
 * A row's hash is over its bytes without the line break. One that lies whole in the piece is hashed
 * at once; one that is cut goes through the streaming state, with the same result.
 */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "private.h"

const char row_end_mark[] = "\\.\n";
#define MARK_SIZE (sizeof row_end_mark - 1)

struct row_hasher {
    XXH3_state_t *state; /* of the row, or large object, that has begun in an earlier piece */
    bool in_row;
    bool ended;
    bool only_count;
    size_t held; /* bytes of row_end_mark that a row has begun with */
    struct row_digest sum;
};

struct row_hasher *row_hasher_new(void)
{
    struct row_hasher *hasher = mem_new(1, sizeof *hasher);
    hasher->state = XXH3_createState(); /* it wants an alignment of its own */
    if (hasher->state == NULL) {
        abort();
    }
    (void)XXH3_128bits_reset(hasher->state);
    return hasher;
}

void row_hasher_freep(struct row_hasher **hasher)
{
    if (*hasher != NULL) {
        (void)XXH3_freeState((*hasher)->state);
        mem_free(*hasher);
        *hasher = NULL;
    }
}

void row_hasher_only_count(struct row_hasher *hasher)
{
    hasher->only_count = true;
}

bool row_hasher_has_ended(const struct row_hasher *hasher)
{
    return hasher->ended;
}

static void count(struct row_hasher *hasher, XXH128_hash_t hash)
{
    hasher->sum.low += hash.low64;
    hasher->sum.high += hash.high64 + (hasher->sum.low < hash.low64 ? 1 : 0);
    hasher->sum.rows++;
}

/* More of a row whose end is not in sight. */
static void add_part(struct row_hasher *hasher, const char *bytes, size_t n)
{
    if (!hasher->in_row && !hasher->only_count) {
        (void)XXH3_128bits_reset(hasher->state);
    }
    hasher->in_row = true;
    if (!hasher->only_count) {
        (void)XXH3_128bits_update(hasher->state, bytes, n);
    }
}

static void end_row(struct row_hasher *hasher, const char *bytes, size_t n)
{
    if (hasher->only_count) {
        hasher->sum.rows++;
    } else if (hasher->in_row) {
        (void)XXH3_128bits_update(hasher->state, bytes, n);
        count(hasher, XXH3_128bits_digest(hasher->state));
    } else {
        count(hasher, XXH3_128bits(bytes, n));
    }
    hasher->in_row = false;
}

/* A row begins, of which `held` bytes came before. False where it is the end of all rows, or may
 * still become that. */
static bool is_row(struct row_hasher *hasher, const char *bytes, size_t n)
{
    size_t same = 0;
    while (same < n && hasher->held + same < MARK_SIZE &&
           bytes[same] == row_end_mark[hasher->held + same]) {
        same++;
    }
    if (hasher->held + same == MARK_SIZE) {
        hasher->ended = true;
        hasher->held = 0;
        return false;
    }
    if (same == n) {
        hasher->held += n;
        return false;
    }
    return true;
}

size_t row_hasher_scan(struct row_hasher *hasher, const char *bytes, size_t n, size_t *ret_released)
{
    size_t at = 0;
    *ret_released = 0;
    if (hasher->ended || n == 0) {
        return 0;
    }
    if (hasher->held > 0) {
        if (!is_row(hasher, bytes, n)) {
            return 0;
        }
        *ret_released = hasher->held;
        add_part(hasher, row_end_mark, hasher->held);
        hasher->held = 0;
    }
    while (at < n) {
        if (bytes[at] == row_end_mark[0] && !hasher->in_row &&
            !is_row(hasher, bytes + at, n - at)) {
            break;
        }
        const char *line_break = memchr(bytes + at, '\n', n - at);
        if (line_break == NULL) {
            add_part(hasher, bytes + at, n - at);
            at = n;
        } else {
            size_t size = (size_t)(line_break - (bytes + at));
            end_row(hasher, bytes + at, size);
            at += size + 1;
        }
    }
    hasher->sum.bytes += *ret_released + at;
    return at;
}

void row_hasher_add(struct row_hasher *hasher, const char *bytes, size_t n)
{
    size_t released;
    (void)row_hasher_scan(hasher, bytes, n, &released);
}

size_t row_hasher_end(struct row_hasher *hasher)
{
    size_t released = hasher->held == 1 ? 1 : 0; /* a "\." without a line break is an end, too */
    if (released > 0) {
        add_part(hasher, row_end_mark, released);
        hasher->sum.bytes += released;
    } else if (hasher->held > 0) {
        hasher->ended = true;
    }
    hasher->held = 0;
    if (hasher->in_row) {
        end_row(hasher, "", 0);
    }
    return released;
}

void row_hasher_take(struct row_hasher *hasher, struct row_digest *ret_digest)
{
    (void)row_hasher_end(hasher);
    *ret_digest = hasher->sum;
    hasher->sum = (struct row_digest){0};
    hasher->ended = false;
}

void row_hasher_begin_object(struct row_hasher *hasher, uint32_t oid)
{
    const char bytes[] = {(char)(oid & 0xff), (char)(oid >> 8 & 0xff), (char)(oid >> 16 & 0xff),
                          (char)(oid >> 24 & 0xff)};
    hasher->in_row = false;
    add_part(hasher, bytes, sizeof bytes);
}

void row_hasher_add_object(struct row_hasher *hasher, const char *bytes, size_t n)
{
    add_part(hasher, bytes, n);
    hasher->sum.bytes += n;
}

void row_hasher_end_object(struct row_hasher *hasher)
{
    end_row(hasher, "", 0);
}
