#include "headgate/keystream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "headgate/mem.h"

#define SIZE 20000

static const unsigned char key[16] = "0123456789abcdef";
/* The counter runs over its lower half, and over all of it, soon. */
static const unsigned char start[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0};

static void mixed_by(const char *properties, size_t step, const unsigned char *text,
                     unsigned char *ret_mixed)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-CTR", properties);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_non_null(cipher);
    assert_int_equal(EVP_CipherInit(context, cipher, key, start, 1), 1);
    for (size_t at = 0; at < SIZE; at += step) {
        size_t n = SIZE - at < step ? SIZE - at : step;
        assert_int_equal(EVP_Cipher(context, ret_mixed + at, text + at, (unsigned)n), n);
    }
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
}

static void whatever_the_steps_the_bytes_are_those_of_libcrypto(void **state)
{
    (void)state;
    static const size_t steps[] = {16, 1, 15, 17, 4095, 4096, 4097, SIZE};
    static unsigned char text[SIZE], theirs[SIZE], ours[SIZE];
    for (size_t i = 0; i < SIZE; i++) {
        text[i] = (unsigned char)(i * 31 + i / 256);
    }
    mixed_by("provider=default", SIZE, text, theirs);
    assert_memory_not_equal(text, theirs, SIZE);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        memset(ours, 0, SIZE);
        mixed_by("provider=headgate", steps[i], text, ours);
        assert_memory_equal(ours, theirs, SIZE);
        mixed_by("provider=headgate", steps[i], ours, ours);
        assert_memory_equal(ours, text, SIZE);
    }
}

/* The same text twice, with the context begun again in between: by a start alone. */
static void a_context_can_begin_again(void **state)
{
    (void)state;
    static const unsigned char text[40] = "what is said twice";
    unsigned char first[40], second[40];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_CipherInit(context, EVP_aes_128_ctr(), key, start, 1), 1);
    assert_int_equal(EVP_Cipher(context, first, text, sizeof text), sizeof text);
    assert_int_equal(EVP_CipherInit(context, NULL, NULL, start, 0), 1);
    assert_int_equal(EVP_Cipher(context, second, text, sizeof text), sizeof text);
    assert_memory_equal(first, second, sizeof text);
    EVP_CIPHER_CTX_free(context);
}

static void who_asks_for_the_cipher_gets_ours_and_for_others_theirs(void **state)
{
    (void)state;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
    EVP_CIPHER *other = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
    assert_string_equal(OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(cipher)), "headgate");
    assert_string_equal(OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(other)), "default");
    assert_int_equal(EVP_CIPHER_get_key_length(cipher), 16);
    assert_int_equal(EVP_CIPHER_get_iv_length(cipher), 16);
    assert_int_equal(EVP_CIPHER_get_block_size(cipher), 1);
    assert_int_equal(EVP_CIPHER_get_mode(cipher), EVP_CIPH_CTR_MODE);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_free(other);
}

/* It stays for as long as its process lives; here that would count as a leak. */
static int remove_it(void **state)
{
    (void)state;
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(NULL, "headgate");
    bool removed = OSSL_PROVIDER_unload(provider) == 1 && OSSL_PROVIDER_unload(provider) == 1;
    return removed ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_steps_the_bytes_are_those_of_libcrypto),
        cmocka_unit_test(a_context_can_begin_again),
        cmocka_unit_test(who_asks_for_the_cipher_gets_ours_and_for_others_theirs),
    };
    return keystream_install() ? cmocka_run_group_tests(tests, NULL, remove_it) : 1;
}
