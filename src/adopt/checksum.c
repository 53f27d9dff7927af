/* Checksums that other tools keep; they are compared, never trusted. */
#include <string.h>

#include "private.h"

static uint32_t crc_add(uint32_t crc, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }
    }
    return crc;
}

/* Java ends a line at \n, \r and \r\n. */
char *checksum_flyway(struct arena *arena, const struct source *source)
{
    uint32_t crc = 0xffffffffu;
    for (size_t at = 0; at < source->size; at++) {
        size_t n = strcspn(source->text + at, "\r\n");
        crc = crc_add(crc, source->text + at, n);
        at += n;
    }
    return arena_printf(arena, "%d", (int32_t)~crc);
}

static uint32_t rotated(uint32_t x, int n)
{
    return (x << n) | (x >> (32 - n));
}

static uint32_t sha1_round(const uint32_t h[5], int i)
{
    uint32_t b = h[1], c = h[2], d = h[3];
    return i < 20   ? ((b & c) | (~b & d)) + 0x5a827999u
           : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1u
           : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu
                    : (b ^ c ^ d) + 0xca62c1d6u;
}

static void sha1_block(uint32_t state[5], const unsigned char *block)
{
    uint32_t w[80], h[5];
    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 |
               (uint32_t)block[i * 4 + 2] << 8 | block[i * 4 + 3];
    }
    for (int i = 16; i < 80; i++) {
        w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    memcpy(h, state, sizeof h);
    for (int i = 0; i < 80; i++) {
        uint32_t next = rotated(h[0], 5) + sha1_round(h, i) + h[4] + w[i];
        memmove(h + 1, h, 4 * sizeof *h);
        h[2] = rotated(h[2], 30);
        h[0] = next;
    }
    for (int i = 0; i < 5; i++) {
        state[i] += h[i];
    }
}

char *checksum_sha1(struct arena *arena, const char *bytes, size_t size)
{
    uint32_t state[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    unsigned char last[128] = {0}; /* what is left, a bit, and the size: one or two blocks */
    size_t at = 0;
    for (; size - at >= 64; at += 64) {
        sha1_block(state, (const unsigned char *)bytes + at);
    }
    size_t left = size - at, n = left < 56 ? 64 : 128;
    memcpy(last, bytes + at, left);
    last[left] = 0x80;
    for (size_t i = 0; i < 8; i++) {
        last[n - 1 - i] = (unsigned char)((uint64_t)size * 8 >> (8 * i));
    }
    for (size_t i = 0; i < n; i += 64) {
        sha1_block(state, last + i);
    }
    return arena_printf(arena, "%08x%08x%08x%08x%08x", state[0], state[1], state[2], state[3],
                        state[4]);
}
