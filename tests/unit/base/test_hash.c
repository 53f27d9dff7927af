/*
 * SHA-256, UUIDs and random bytes.
 */
#include "scratch.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "headgate/hash.h"
#include "headgate/mem.h"

static bool stingy; /* every other call is interrupted, the others give three bytes at most */

ssize_t getrandom(void *bytes, size_t n, unsigned flags)
{
    static int calls;
    if (stingy && calls++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return (ssize_t)syscall(SYS_getrandom, bytes, stingy && n > 3 ? 3 : n, flags);
}

static void assert_hash(const char *text, const char *wanted)
{
    char hex[HASH_HEX_SIZE];
    hash_sha256(text, strlen(text), hex);
    assert_string_equal(hex, wanted);
}

static void known_texts_have_their_known_hashes(void **state)
{
    (void)state;
    assert_hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash("hello", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void it_does_not_matter_in_which_pieces_it_comes(void **state)
{
    (void)state;
    char hex[HASH_HEX_SIZE], bytes[999];
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    memset(bytes, 'a', sizeof bytes);
    for (size_t left = 1000000; left > 0;) {
        size_t n = left < sizeof bytes ? left : sizeof bytes;
        hash_add(hash, bytes, n);
        hash_add(hash, NULL, 0);
        left -= n;
    }
    hash_finish(hash, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void others_hashes_are_right(void **state)
{
    (void)state;
    unsigned char digest[HASH_SHA256_SIZE];
    hash_hmac_sha1("key", 3, "The quick brown fox jumps over the lazy dog", 43, digest);
    CLEANUP(mem_freep) char *sha1 = base64_encode(digest, HASH_SHA1_SIZE);
    assert_string_equal(sha1, "3nybhbi3iqa8ino29wqQcBydtNk=");
    hash_sha256_bytes("abc", 3, digest);
    CLEANUP(mem_freep) char *sha256 = base64_encode(digest, HASH_SHA256_SIZE);
    assert_string_equal(sha256, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

static void base64_comes_back(void **state)
{
    (void)state;
    static const char *const spelt[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE="};
    for (size_t n = 0; n < sizeof spelt / sizeof spelt[0]; n++) {
        char bytes[16];
        size_t size = 99;
        CLEANUP(mem_freep) char *text = base64_encode("foobar", n);
        assert_string_equal(text, spelt[n]);
        assert_true(base64_decode(text, strlen(text), bytes, &size));
        assert_int_equal(size, n);
        assert_memory_equal(bytes, "foobar", n);
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Z",    "Zg",   "Zg=",  "=",    "====",   "Z===",
                                        "Zh==", "Zm9=", "Z=g=", "Zm 9", "Zm9v\n", "Zg==Zg=="};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char bytes[16];
        size_t size = 0;
        assert_false(base64_decode(wrong[i], strlen(wrong[i]), bytes, &size));
    }
}

static void hash_fields(const char *a, const char *b, char ret_hex[HASH_HEX_SIZE])
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    hash_add_field(hash, a);
    hash_add_field(hash, b);
    hash_finish(hash, ret_hex);
}

static void fields_cannot_be_mistaken_for_each_other(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ab", "c"},     {"a", "bc"},     {"abc", ""},   {"", "abc"},
        {"2:ab1:c", ""}, {"1:a", "2:bc"}, {"ab1:", "c"},
    };
    char hexes[ARRAY_LEN(rows)][HASH_HEX_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        hash_fields(rows[i][0], rows[i][1], hexes[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(hexes[i], hexes[j]);
        }
    }
    /* What is stored must not change its meaning with another version. */
    assert_hash("2:ab1:c", hexes[0]);
}

static void no_hash_can_be_freed(void **state)
{
    (void)state;
    struct hash *hash = NULL;
    hash_freep(&hash);
    hash = hash_new(); /* without having been finished */
    hash_freep(&hash);
    assert_null(hash);
}

static void assert_uuid(const char *uuid)
{
    static const char shape[] = "hhhhhhhh-hhhh-4hhh-vhhh-hhhhhhhhhhhh";
    assert_int_equal(strlen(uuid), strlen(shape));
    for (size_t i = 0; shape[i] != '\0'; i++) {
        const char *allowed = shape[i] == 'h'   ? "0123456789abcdef"
                              : shape[i] == 'v' ? "89ab"
                                                : NULL;
        assert_true(allowed != NULL ? strchr(allowed, uuid[i]) != NULL : uuid[i] == shape[i]);
    }
}

static void a_uuid_is_random_and_says_so(void **state)
{
    (void)state;
    char uuids[200][UUID_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(uuids); i++) {
        random_uuid(uuids[i]);
        assert_uuid(uuids[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(uuids[i], uuids[j]);
        }
    }
}

/* Of this many random bytes no value is missing. */
static void assert_random(const unsigned char *bytes, size_t n)
{
    bool seen[256] = {false};
    for (size_t i = 0; i < n; i++) {
        seen[bytes[i]] = true;
    }
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        assert_true(seen[i]);
    }
}

static void all_bytes_are_random_and_no_more(void **state)
{
    (void)state;
    unsigned char bytes[20001];
    memset(bytes, 0, sizeof bytes);
    bytes[20000] = 0x55;
    random_bytes(bytes, 20000);
    assert_random(bytes, 10000);
    assert_random(bytes + 10000, 10000);
    assert_int_equal(bytes[20000], 0x55);
    random_bytes(bytes + 20000, 0);
    assert_int_equal(bytes[20000], 0x55);
}

static void a_kernel_that_gives_little_at_a_time_is_asked_again(void **state)
{
    (void)state;
    unsigned char bytes[10000];
    memset(bytes, 0, sizeof bytes);
    stingy = true;
    random_bytes(bytes, sizeof bytes);
    stingy = false;
    assert_random(bytes, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_their_known_hashes),
        cmocka_unit_test(it_does_not_matter_in_which_pieces_it_comes),
        cmocka_unit_test(others_hashes_are_right),
        cmocka_unit_test(base64_comes_back),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(fields_cannot_be_mistaken_for_each_other),
        cmocka_unit_test(no_hash_can_be_freed),
        cmocka_unit_test(a_uuid_is_random_and_says_so),
        cmocka_unit_test(all_bytes_are_random_and_no_more),
        cmocka_unit_test(a_kernel_that_gives_little_at_a_time_is_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
