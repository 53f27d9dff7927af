/* SHA-256, UUIDs and random bytes, by libcrypto. */
#pragma once

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
void random_bytes(void *ret_bytes, size_t n);
/* A random UUID (version 4). */
void random_uuid(char ret_uuid[UUID_SIZE]);
