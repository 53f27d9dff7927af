/* Packets as bytes. */
#include "wire.h"

#include <assert.h>
#include <endian.h>

/* --- writing --- */

void packet_begin(struct strbuf *packet, uint8_t type, uint32_t id)
{
    strbuf_cut(packet, 0);
    packet_add_u32(packet, 0);
    strbuf_add_char(packet, (char)type);
    packet_add_u32(packet, id);
}

void packet_add_u32(struct strbuf *packet, uint32_t number)
{
    uint32_t bytes = htobe32(number);
    strbuf_add_n(packet, (const char *)&bytes, sizeof bytes);
}

void packet_add_u64(struct strbuf *packet, uint64_t number)
{
    uint64_t bytes = htobe64(number);
    strbuf_add_n(packet, (const char *)&bytes, sizeof bytes);
}

void packet_add_bytes(struct strbuf *packet, const char *bytes, size_t n)
{
    packet_add_u32(packet, (uint32_t)n);
    strbuf_add_n(packet, bytes, n);
}

void packet_add_text(struct strbuf *packet, const char *text)
{
    packet_add_bytes(packet, text, strlen(text));
}

void packet_end(struct strbuf *packet, size_t more)
{
    uint32_t size = htobe32((uint32_t)(packet->size - sizeof size + more));
    memcpy(packet->text, &size, sizeof size);
}

/* --- reading --- */

static const unsigned char *take(struct wire *wire, size_t n)
{
    if (wire->bad || wire->left < n) {
        wire->bad = true;
        wire->left = 0;
        return NULL;
    }
    const unsigned char *taken = wire->at;
    wire->at += n;
    wire->left -= n;
    return taken;
}

static uint8_t wire_u8(struct wire *wire)
{
    const unsigned char *bytes = take(wire, 1);
    return bytes != NULL ? bytes[0] : 0;
}

uint32_t wire_u32(struct wire *wire)
{
    uint32_t number = 0;
    const unsigned char *bytes = take(wire, sizeof number);
    if (bytes != NULL) {
        memcpy(&number, bytes, sizeof number);
    }
    return be32toh(number);
}

uint64_t wire_u64(struct wire *wire)
{
    uint64_t number = 0;
    const unsigned char *bytes = take(wire, sizeof number);
    if (bytes != NULL) {
        memcpy(&number, bytes, sizeof number);
    }
    return be64toh(number);
}

const char *wire_bytes(struct wire *wire, size_t *ret_n)
{
    size_t n = wire_u32(wire);
    const unsigned char *bytes = take(wire, n);
    *ret_n = bytes != NULL ? n : 0;
    return bytes != NULL ? (const char *)bytes : "";
}

/* Whether a server tells a time as 32 bits with or without a sign is not said; we live before
 * 2106. */
static void read_attributes(struct wire *wire, struct sftp_entry *ret_entry)
{
    uint32_t flags = wire_u32(wire);
    struct sftp_entry entry = {.name = NULL};
    size_t n = 0;
    if (flags & ATTR_SIZE) {
        entry.size = wire_u64(wire);
    }
    if (flags & ATTR_OWNER) {
        (void)wire_u64(wire);
    }
    if (flags & ATTR_MODE) {
        entry.mode = wire_u32(wire);
    }
    if (flags & ATTR_TIMES) {
        (void)wire_u32(wire);
        entry.modified = wire_u32(wire);
    }
    if (flags & UINT32_C(0x80000000)) {
        uint32_t pairs = wire_u32(wire);
        for (uint32_t i = 0; i < pairs && !wire->bad; i++) {
            (void)wire_bytes(wire, &n);
            (void)wire_bytes(wire, &n);
        }
    }
    *ret_entry = entry;
}

static const char *read_name(struct wire *wire, size_t *ret_n, struct sftp_entry *ret_attributes)
{
    size_t line = 0;
    const char *name = wire_bytes(wire, ret_n);
    (void)wire_bytes(wire, &line); /* what ls -l would print */
    read_attributes(wire, ret_attributes);
    return name;
}

/* A name is one file's in that folder, and nothing else. */
static const char *check_names(struct wire names, uint32_t n_names)
{
    for (uint32_t i = 0; i < n_names; i++) {
        size_t n = 0;
        struct sftp_entry unused;
        const char *name = read_name(&names, &n, &unused);
        if (names.bad) {
            return "a list of names that is cut off";
        }
        if (n == 0 || memchr(name, '/', n) != NULL || memchr(name, '\0', n) != NULL) {
            return "a name that no file can have";
        }
    }
    return NULL;
}

char *sftp_reply_name(struct sftp_reply *reply, struct sftp_entry *ret_attributes)
{
    size_t n = 0;
    if (reply->n_names == 0) {
        return NULL;
    }
    reply->n_names--;
    const char *name = read_name(&reply->names, &n, ret_attributes);
    return mem_copy_n(name, n);
}

/* False where it is no type that answers a request. */
static bool read_body(struct wire *wire, struct sftp_reply *reply)
{
    switch (reply->type) {
    case SFTP_STATUS:
        reply->status = wire_u32(wire);
        reply->bytes = wire->left > 0 ? wire_bytes(wire, &reply->n) : ""; /* old servers say none */
        return true;
    case SFTP_HANDLE:
    case SFTP_DATA:
        reply->bytes = wire_bytes(wire, &reply->n);
        return true;
    case SFTP_NAME:
        reply->n_names = wire_u32(wire);
        reply->names = *wire;
        return true;
    case SFTP_ATTRS:
        read_attributes(wire, &reply->attributes);
        return true;
    case SFTP_EXTENDED_REPLY:
        reply->bytes = (const char *)wire->at;
        reply->n = wire->left;
        return true;
    default:
        return false;
    }
}

const char *sftp_reply_read(const char *packet, size_t n, struct sftp_reply *ret_reply)
{
    struct wire wire = {.at = (const unsigned char *)packet, .left = n};
    struct sftp_reply reply = {.bytes = "", .packet = packet, .packet_size = n};
    reply.type = wire_u8(&wire);
    reply.id = wire_u32(&wire);
    if (!wire.bad && !read_body(&wire, &reply)) {
        return "an answer of a kind that there is not";
    }
    if (wire.bad) {
        return "an answer that is cut off";
    }
    if (reply.type == SFTP_HANDLE && (reply.n == 0 || reply.n > SFTP_HANDLE_MAX)) {
        return "a handle of a size that there is not";
    }
    const char *against = check_names(reply.names, reply.n_names);
    if (against == NULL) {
        *ret_reply = reply;
    }
    return against;
}

/* --- the server's first packet --- */

static bool is_word(const char *bytes, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(bytes, word, n) == 0;
}

const char *sftp_version_read(const char *packet, size_t n, unsigned *ret_extensions)
{
    static const struct {
        const char *name, *version;
        unsigned can;
    } known[] = {{"posix-rename@openssh.com", "1", CAN_RENAME},
                 {"fsync@openssh.com", "1", CAN_FSYNC},
                 {"statvfs@openssh.com", "2", CAN_STATVFS},
                 {"limits@openssh.com", "1", CAN_LIMITS}};
    struct wire wire = {.at = (const unsigned char *)packet, .left = n};
    uint8_t type = wire_u8(&wire);
    uint32_t version = wire_u32(&wire);
    unsigned extensions = 0;
    if (wire.bad || type != SFTP_VERSION) {
        return "something else than the version of its protocol";
    }
    if (version < 3) {
        return "a version of the protocol older than 3";
    }
    while (wire.left > 0) {
        size_t name_size = 0, value_size = 0;
        const char *name = wire_bytes(&wire, &name_size);
        const char *value = wire_bytes(&wire, &value_size);
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
            extensions |= is_word(name, name_size, known[i].name) &&
                                  is_word(value, value_size, known[i].version)
                              ? known[i].can
                              : 0;
        }
    }
    if (wire.bad) {
        return "a list of extensions that is cut off";
    }
    *ret_extensions = extensions;
    return NULL;
}
