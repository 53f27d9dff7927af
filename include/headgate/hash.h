/* SHA-256, UUIDs and random bytes, by libcrypto; base64. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_HEX_SIZE 65 /* 64 digits and NUL */
#define UUID_SIZE 37     /* 36 characters and NUL */

struct hash;

struct hash *hash_new(void);
void hash_add(struct hash *hash, const void *bytes, size_t n);
/* Adds a number's or text's own length in front, so that ("ab","c") and ("a","bc") differ. */
void hash_add_field(struct hash *hash, const char *text);
/* Lower-case hex. The hash is spent afterwards. */
void hash_finish(struct hash *hash, char ret_hex[HASH_HEX_SIZE]);
void hash_freep(struct hash **hash);

void hash_sha256(const void *bytes, size_t n, char ret_hex[HASH_HEX_SIZE]);
#define HASH_SHA256_SIZE 32
void hash_sha256_bytes(const void *bytes, size_t n, unsigned char ret_digest[HASH_SHA256_SIZE]);
/* For what others have hashed so: OpenSSH its host names. */
#define HASH_SHA1_SIZE 20
void hash_hmac_sha1(const void *key, size_t key_size, const void *bytes, size_t n,
                    unsigned char ret_digest[HASH_SHA1_SIZE]);

/* With "=" at the end where it takes them. The caller's. */
char *base64_encode(const void *bytes, size_t n);
/* ret_bytes has room for n / 4 * 3. False where this is none, or not how it is written. */
bool base64_decode(const char *text, size_t n, void *ret_bytes, size_t *ret_n);

void random_bytes(void *ret_bytes, size_t n);
/* A random UUID (version 4). */
void random_uuid(char ret_uuid[UUID_SIZE]);
