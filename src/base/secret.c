/*
 * Secrets, and the list of all values that were ever one.
 *
 * A value is known in each form in which it could travel; redact.c looks for all of them. What is
 * kept lies in memory that stays out of core dumps and is never given back.
 */
#include "headgate/secret.h"

#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>

#include "known_values.h"

#define STORE_BLOCK (64U * 1024)
#define LONG_LINE 8 /* a shorter line of a key or certificate is no secret by itself */

struct secret {
    char *value;
    size_t size; /* with the NUL */
};

static struct known_values known;
static struct {
    char *block;
    size_t used, size;
} store;

const struct known_values *known_values(void)
{
    return &known;
}

static char *map_undumped(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(memory != MAP_FAILED && "out of memory");
    (void)madvise(memory, size, MADV_DONTDUMP);
    return memory;
}

struct secret *secret_new(const char *value)
{
    secret_register(value);
    struct secret *secret = mem_new(1, sizeof *secret);
    secret->size = strlen(value) + 1;
    secret->value = map_undumped(secret->size);
    memcpy(secret->value, value, secret->size);
    return secret;
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->value;
}

void secret_free(struct secret *secret)
{
    if (secret != NULL) {
        mem_wipe(secret->value, secret->size);
        (void)munmap(secret->value, secret->size);
        mem_free(secret);
    }
}

void secret_freep(struct secret **secret)
{
    secret_free(*secret);
    *secret = NULL;
}

/* Room at the end of the store. A form is written there and stays if it turns out to be new. */
static char *store_room(size_t size)
{
    if (store.size - store.used < size) {
        store.size = size > STORE_BLOCK ? size : STORE_BLOCK;
        store.block = map_undumped(store.size);
        store.used = 0;
    }
    return store.block + store.used;
}

static bool is_known(const char *bytes, size_t size)
{
    unsigned char first = (unsigned char)bytes[0];
    for (size_t i = 0; i < known.by_first[first].n; i++) {
        const struct known_value *value = &known.by_first[first].items[i];
        if (value->size == size && memcmp(value->bytes, bytes, size) == 0) {
            return true;
        }
    }
    return false;
}

static void mark_pair(unsigned char first, unsigned second)
{
    known.pairs[first * 32U + second / 8U] |= (unsigned char)(1U << second % 8U);
}

static void mark_pairs(const char *bytes, size_t size)
{
    unsigned char first = (unsigned char)bytes[0];
    if (size > 1) {
        mark_pair(first, (unsigned char)bytes[1]);
        return;
    }
    for (unsigned second = 0; second <= UCHAR_MAX; second++) {
        mark_pair(first, second);
    }
}

/* Bytes that stand in the room of the store. */
static void keep(const char *bytes, size_t size)
{
    if (size == 0 || is_known(bytes, size)) {
        return;
    }
    store.used += size;
    mark_pairs(bytes, size);
    unsigned char first = (unsigned char)bytes[0];
    size_t at = known.by_first[first].n++;
    struct known_value *items = known.by_first[first].items;
    items = mem_resize(items, at + 1, sizeof *items);
    known.by_first[first].items = items;
    for (; at > 0 && items[at - 1].size < size; at--) {
        items[at] = items[at - 1];
    }
    items[at] = (struct known_value){.bytes = bytes, .size = size};
}

static void keep_copy(const char *bytes, size_t size)
{
    char *room = store_room(size);
    memcpy(room, bytes, size);
    keep(room, size);
}

static char *put_hex(char *to, const char *digits, unsigned value, int n_digits)
{
    for (int shift = 4 * (n_digits - 1); shift >= 0; shift -= 4) {
        *to++ = digits[value >> shift & 15U];
    }
    return to;
}

static void keep_percent_encoded(const char *bytes, size_t size, const char *digits)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    char *room = store_room(3 * size), *to = room;
    for (size_t i = 0; i < size; i++) {
        if (memchr(unreserved, bytes[i], sizeof unreserved - 1) != NULL) {
            *to++ = bytes[i];
        } else {
            *to++ = '%';
            to = put_hex(to, digits, (unsigned char)bytes[i], 2);
        }
    }
    keep(room, (size_t)(to - room));
}

/* The code point that begins here, and its length in bytes; a byte that is no UTF-8 counts as
 * itself. */
static uint32_t code_point(const char *bytes, size_t size, size_t *ret_length)
{
    unsigned char lead = (unsigned char)bytes[0];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    *ret_length = 1;
    if (length == 1 || length > size) {
        return lead;
    }
    uint32_t point = lead & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        point = point << 6 | ((unsigned char)bytes[i] & 0x3FU);
    }
    *ret_length = length;
    return point;
}

static char *put_json_escape(char *to, const char *digits, uint32_t point)
{
    *to++ = '\\';
    *to++ = 'u';
    return put_hex(to, digits, point, 4);
}

static char *put_json_wide(char *to, const char *digits, uint32_t point)
{
    if (point > 0xFFFF) {
        to = put_json_escape(to, digits, 0xD800U + ((point - 0x10000U) >> 10));
        point = 0xDC00U + ((point - 0x10000U) & 0x3FFU);
    }
    return put_json_escape(to, digits, point);
}

static char *put_json_narrow(char *to, const char *digits, char c, bool escape_slash)
{
    static const char escaped[] = "\"\\\b\f\n\r\t/", letters[] = "\"\\bfnrt/";
    const char *place = c != '\0' ? strchr(escaped, c) : NULL;
    if (place != NULL && (c != '/' || escape_slash)) {
        *to++ = '\\';
        *to++ = letters[place - escaped];
    } else if ((unsigned char)c < ' ') {
        to = put_json_escape(to, digits, (unsigned char)c);
    } else {
        *to++ = c;
    }
    return to;
}

enum json_form { JSON_UPPER = 1, JSON_ASCII = 2, JSON_SLASH = 4, JSON_FORMS = 8 };

/* JSON leaves a choice: which hex digits, whether only ASCII, whether a slash is escaped. */
static void keep_json_escaped(const char *bytes, size_t size, unsigned form)
{
    const char *digits = (form & JSON_UPPER) != 0 ? "0123456789ABCDEF" : "0123456789abcdef";
    char *room = store_room(6 * size), *to = room;
    for (size_t i = 0, length = 1; i < size; i += length) {
        uint32_t point = code_point(bytes + i, size - i, &length);
        if (length > 1 && (form & JSON_ASCII) != 0) {
            to = put_json_wide(to, digits, point);
        } else {
            to = put_json_narrow(to, digits, bytes[i], (form & JSON_SLASH) != 0);
            length = 1;
        }
    }
    keep(room, (size_t)(to - room));
}

static void keep_forms(const char *bytes, size_t size)
{
    keep_copy(bytes, size);
    keep_percent_encoded(bytes, size, "0123456789ABCDEF");
    keep_percent_encoded(bytes, size, "0123456789abcdef");
    for (unsigned form = 0; form < JSON_FORMS; form++) {
        keep_json_escaped(bytes, size, form);
    }
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *place = c != '\0' ? strchr(digits, c) : NULL;
    return place != NULL ? (int)(place - digits) % 16 : -1;
}

/* Removes the percent-encoding in place; returns the new size. */
static size_t percent_decode(char *bytes, size_t size)
{
    size_t to = 0;
    for (size_t i = 0; i < size; i++) {
        int high = bytes[i] == '%' && size - i > 2 ? hex_value(bytes[i + 1]) : -1;
        int low = high >= 0 ? hex_value(bytes[i + 2]) : -1;
        bytes[to++] = low >= 0 ? (char)(high * 16 + low) : bytes[i];
        i += low >= 0 ? 2 : 0;
    }
    return to;
}

static void keep_encoded_and_decoded(const char *bytes, size_t size)
{
    keep_forms(bytes, size);
    CLEANUP(mem_freep) char *decoded = mem_copy_n(bytes, size);
    size_t decoded_size = percent_decode(decoded, size);
    if (decoded_size < size) {
        keep_forms(decoded, decoded_size);
    }
    mem_wipe(decoded, size);
}

static void keep_long_lines(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\r\n");
        if (size >= LONG_LINE) {
            keep_encoded_and_decoded(text, size);
        }
        text += size;
        text += strspn(text, "\r\n");
    }
}

void secret_register(const char *value)
{
    if (value == NULL) {
        return;
    }
    /* Line breaks around a value come from the file it was read from. */
    value += strspn(value, "\r\n");
    size_t size = strlen(value);
    while (size > 0 && strchr("\r\n", value[size - 1]) != NULL) {
        size--;
    }
    if (size > 0) {
        keep_encoded_and_decoded(value, size);
        keep_long_lines(value);
    }
}
