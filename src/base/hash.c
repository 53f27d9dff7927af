/* SHA-256, UUIDs and random bytes. */
#include "headgate/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "headgate/mem.h"

struct hash {
    EVP_MD_CTX *context;
};

static void must(int result)
{
    if (result != 1) {
        abort(); /* only out of memory makes these fail */
    }
}

struct hash *hash_new(void)
{
    struct hash *hash = mem_new(1, sizeof *hash);
    hash->context = EVP_MD_CTX_new();
    must(hash->context != NULL);
    must(EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL));
    return hash;
}

void hash_add(struct hash *hash, const void *bytes, size_t n)
{
    must(EVP_DigestUpdate(hash->context, bytes, n));
}

void hash_add_field(struct hash *hash, const char *text)
{
    CLEANUP(mem_freep) char *length = mem_printf("%zu:", strlen(text));
    hash_add(hash, length, strlen(length));
    hash_add(hash, text, strlen(text));
}

void hash_finish(struct hash *hash, char ret_hex[HASH_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    must(EVP_DigestFinal_ex(hash->context, digest, &n));
    assert(n * 2 + 1 == HASH_HEX_SIZE);
    for (size_t i = 0; i < n; i++) {
        ret_hex[i * 2] = "0123456789abcdef"[digest[i] >> 4];
        ret_hex[i * 2 + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    ret_hex[HASH_HEX_SIZE - 1] = '\0';
}

void hash_freep(struct hash **hash)
{
    if (*hash != NULL) {
        EVP_MD_CTX_free((*hash)->context);
        mem_free(*hash);
        *hash = NULL;
    }
}

void hash_sha256(const void *bytes, size_t n, char ret_hex[HASH_HEX_SIZE])
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    hash_add(hash, bytes, n);
    hash_finish(hash, ret_hex);
}

void hash_sha256_bytes(const void *bytes, size_t n, unsigned char ret_digest[HASH_SHA256_SIZE])
{
    must(EVP_Digest(bytes, n, ret_digest, NULL, EVP_sha256(), NULL));
}

void hash_hmac_sha1(const void *key, size_t key_size, const void *bytes, size_t n,
                    unsigned char ret_digest[HASH_SHA1_SIZE])
{
    must(HMAC(EVP_sha1(), key, (int)key_size, bytes, n, ret_digest, NULL) != NULL);
}

void random_bytes(void *ret_bytes, size_t n)
{
    unsigned char *at = ret_bytes;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}

void random_uuid(char ret_uuid[UUID_SIZE])
{
    unsigned char b[16];
    random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    (void)snprintf(ret_uuid, UUID_SIZE,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
}
