/* A provider of libcrypto's with one cipher, which is the default provider's, made ahead. */
#include "headgate/keystream.h"

#include <stdint.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "headgate/mem.h"

#define NAME "headgate"
#define CIPHER "AES-128-CTR"
#define KEY ((size_t)16)
#define BLOCK ((size_t)16)
#define AHEAD ((size_t)4096) /* stays in the processor's nearest cache */

struct keystream {
    EVP_CIPHER *cipher; /* libcrypto's own */
    EVP_CIPHER_CTX *context;
    size_t used; /* of what was made */
    unsigned char bytes[AHEAD];
};

/* --- the cipher --- */

static void *keystream_new(void *provider)
{
    struct keystream *stream = mem_new(1, sizeof *stream);
    (void)provider;
    stream->cipher = EVP_CIPHER_fetch(NULL, CIPHER, "provider=default");
    stream->context = EVP_CIPHER_CTX_new();
    stream->used = AHEAD;
    return stream;
}

static void keystream_free(void *context)
{
    struct keystream *stream = context;
    EVP_CIPHER_CTX_free(stream->context);
    EVP_CIPHER_free(stream->cipher);
    mem_wipe(stream, sizeof *stream);
    mem_free(stream);
}

/* Key or start may come alone: what was given before stays. */
static int keystream_begin(void *context, const unsigned char *key, size_t key_size,
                           const unsigned char *start, size_t start_size, const OSSL_PARAM params[])
{
    struct keystream *stream = context;
    (void)params;
    if (stream->context == NULL || stream->cipher == NULL || (key != NULL && key_size != KEY) ||
        (start != NULL && start_size != BLOCK)) {
        return 0;
    }
    stream->used = AHEAD;
    /* Given the cipher again it would forget the key. */
    bool fresh = EVP_CIPHER_CTX_get0_cipher(stream->context) == NULL;
    return EVP_EncryptInit_ex2(stream->context, fresh ? stream->cipher : NULL, key, start, NULL);
}

static bool make_ahead(struct keystream *stream)
{
    static const unsigned char nothing[AHEAD] = {0};
    int n = 0;
    stream->used = 0;
    return EVP_EncryptUpdate(stream->context, stream->bytes, &n, nothing, (int)AHEAD) == 1 &&
           n == (int)AHEAD;
}

static inline void mix_block(unsigned char *to, const unsigned char *from,
                             const unsigned char *with)
{
    uint64_t a[2], b[2];
    memcpy(a, from, sizeof a);
    memcpy(b, with, sizeof b);
    a[0] ^= b[0];
    a[1] ^= b[1];
    memcpy(to, a, sizeof a);
}

static void mix(unsigned char *to, const unsigned char *from, const unsigned char *with, size_t n)
{
    for (; n >= BLOCK; n -= BLOCK) {
        mix_block(to, from, with);
        to += BLOCK;
        from += BLOCK;
        with += BLOCK;
    }
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i] ^ with[i];
    }
}

/* Apart from what is called for each block, which then needs next to nothing of the stack. */
__attribute__((noinline)) static int mix_any(struct keystream *stream, unsigned char *to,
                                             size_t *ret_n, const unsigned char *from, size_t n)
{
    size_t done = 0;
    while (done < n) {
        if (stream->used == AHEAD && !make_ahead(stream)) {
            return 0;
        }
        size_t some = n - done < AHEAD - stream->used ? n - done : AHEAD - stream->used;
        mix(to + done, from + done, stream->bytes + stream->used, some);
        stream->used += some;
        done += some;
    }
    *ret_n = n;
    return 1;
}

/* To and fro are the same in this mode. libssh2 comes with one block at a time, for all that goes
 * over a session. */
static int keystream_mix(void *context, unsigned char *to, size_t *ret_n, size_t room,
                         const unsigned char *from, size_t n)
{
    struct keystream *stream = context;
    if (room < n) {
        return 0;
    }
    if (n != BLOCK || stream->used > AHEAD - BLOCK) {
        return mix_any(stream, to, ret_n, from, n);
    }
    mix_block(to, from, stream->bytes + stream->used);
    stream->used += BLOCK;
    *ret_n = BLOCK;
    return 1;
}

static int keystream_end(void *context, unsigned char *to, size_t *ret_n, size_t room)
{
    (void)context;
    (void)to;
    (void)room;
    *ret_n = 0;
    return 1;
}

static bool tell(OSSL_PARAM params[], const char *name, size_t number)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    return param == NULL || OSSL_PARAM_set_size_t(param, number) == 1;
}

/* A mode without blocks. */
static int keystream_measures(OSSL_PARAM params[])
{
    OSSL_PARAM *mode = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_MODE);
    return (mode == NULL || OSSL_PARAM_set_uint(mode, EVP_CIPH_CTR_MODE) == 1) &&
           tell(params, OSSL_CIPHER_PARAM_KEYLEN, KEY) &&
           tell(params, OSSL_CIPHER_PARAM_IVLEN, BLOCK) &&
           tell(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, 1);
}

static int keystream_measures_of(void *context, OSSL_PARAM params[])
{
    (void)context;
    return keystream_measures(params);
}

/* --- the provider --- */

/* libcrypto keeps functions of all kinds as one. */
#define AS_ANY(function) ((void (*)(void))(function))

static const OSSL_ALGORITHM *keystream_offer(void *provider, int operation, int *ret_may_not_keep)
{
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_CIPHER_NEWCTX, AS_ANY(keystream_new)},
        {OSSL_FUNC_CIPHER_FREECTX, AS_ANY(keystream_free)},
        {OSSL_FUNC_CIPHER_ENCRYPT_INIT, AS_ANY(keystream_begin)},
        {OSSL_FUNC_CIPHER_DECRYPT_INIT, AS_ANY(keystream_begin)},
        {OSSL_FUNC_CIPHER_UPDATE, AS_ANY(keystream_mix)},
        {OSSL_FUNC_CIPHER_FINAL, AS_ANY(keystream_end)},
        {OSSL_FUNC_CIPHER_CIPHER, AS_ANY(keystream_mix)},
        {OSSL_FUNC_CIPHER_GET_PARAMS, AS_ANY(keystream_measures)},
        {OSSL_FUNC_CIPHER_GET_CTX_PARAMS, AS_ANY(keystream_measures_of)},
        {0, NULL}};
    static const OSSL_ALGORITHM ciphers[] = {
        {CIPHER, "provider=" NAME, functions, CIPHER ", made ahead"}, {NULL, NULL, NULL, NULL}};
    (void)provider;
    *ret_may_not_keep = 0;
    return operation == OSSL_OP_CIPHER ? ciphers : NULL;
}

/* It has nothing to remember of its own. */
static int keystream_enter(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                           const OSSL_DISPATCH **ret_functions, void **ret_provider)
{
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, AS_ANY(keystream_offer)}, {0, NULL}};
    (void)handle;
    (void)core;
    *ret_functions = functions;
    *ret_provider = NULL;
    return 1;
}

/* Where the machine wants only certified ciphers (FIPS), it gets those. Being asked for the default
 * provider libcrypto loads it, which it would do no more once another one is there. */
bool keystream_install(void)
{
    return EVP_default_properties_is_fips_enabled(NULL) == 0 &&
           OSSL_PROVIDER_available(NULL, "default") == 1 &&
           OSSL_PROVIDER_add_builtin(NULL, NAME, keystream_enter) == 1 &&
           OSSL_PROVIDER_load(NULL, NAME) != NULL &&
           EVP_set_default_properties(NULL, "?provider=" NAME) == 1;
}
