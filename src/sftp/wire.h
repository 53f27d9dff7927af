/*
 * SFTP's packets, version 3: draft-ietf-secsh-filexfer-02, and what OpenSSH's PROTOCOL adds to it.
 * What a server sends is not trusted: no length, no count, no name.
 */
#pragma once

#include "headgate/sftp.h"

enum {
    SFTP_INIT = 1,
    SFTP_VERSION = 2,
    SFTP_OPEN = 3,
    SFTP_CLOSE = 4,
    SFTP_READ = 5,
    SFTP_WRITE = 6,
    SFTP_OPENDIR = 11,
    SFTP_READDIR = 12,
    SFTP_REMOVE = 13,
    SFTP_MKDIR = 14,
    SFTP_STAT = 17,
    SFTP_RENAME = 18,
    SFTP_STATUS = 101,
    SFTP_HANDLE = 102,
    SFTP_DATA = 103,
    SFTP_NAME = 104,
    SFTP_ATTRS = 105,
    SFTP_EXTENDED = 200,
    SFTP_EXTENDED_REPLY = 201
};
enum {
    STATUS_OK = 0,
    STATUS_EOF = 1,
    STATUS_NO_SUCH_FILE = 2,
    STATUS_PERMISSION_DENIED = 3,
    STATUS_FAILURE = 4,
    STATUS_UNSUPPORTED = 8
};
enum { FLAG_READ = 1, FLAG_WRITE = 2, FLAG_CREATE = 8, FLAG_EXCLUSIVE = 32 };
enum { ATTR_SIZE = 1, ATTR_OWNER = 2, ATTR_MODE = 4, ATTR_TIMES = 8 };

#define SFTP_PACKET_MAX                                                                            \
    ((size_t)256 * 1024) /* of one packet, without its length: as OpenSSH has it */
#define SFTP_HANDLE_MAX ((size_t)256)
#define SFTP_PLAIN_PIECE ((size_t)32 * 1024) /* what every server reads and writes at once */

/* --- writing --- */

/* A request: length (filled in by packet_end), type, number. */
void packet_begin(struct strbuf *packet, uint8_t type, uint32_t id);
void packet_add_u32(struct strbuf *packet, uint32_t number);
void packet_add_u64(struct strbuf *packet, uint64_t number);
void packet_add_bytes(struct strbuf *packet, const char *bytes, size_t n);
void packet_add_text(struct strbuf *packet, const char *text);
/* `more`: bytes that belong to it and are sent from elsewhere. */
void packet_end(struct strbuf *packet, size_t more);

/* --- reading --- */

struct wire {
    const unsigned char *at;
    size_t left;
    bool bad; /* more was wanted than there was; then everything read is 0 or empty */
};
uint32_t wire_u32(struct wire *wire);
uint64_t wire_u64(struct wire *wire);
/* A text, or bytes: its length, then so many. */
const char *wire_bytes(struct wire *wire, size_t *ret_n);

/* One answer. Texts and bytes are borrowed from the packet. */
struct sftp_reply {
    uint8_t type;
    uint32_t id;
    uint32_t status;   /* STATUS */
    const char *bytes; /* STATUS: its sentence; HANDLE, DATA; EXTENDED_REPLY: all that it has */
    size_t n;
    struct sftp_entry attributes; /* ATTRS: without a name */
    struct wire names;            /* NAME: for sftp_reply_name */
    uint32_t n_names;
    const char *packet; /* all of it */
    size_t packet_size;
};
/* NULL, or what is wrong with it: of a packet without its length. */
const char *sftp_reply_read(const char *packet, size_t n, struct sftp_reply *ret_reply);
/* The next of its names, the caller's; NULL where there is none left. All of them were found good.
 */
char *sftp_reply_name(struct sftp_reply *reply, struct sftp_entry *ret_attributes);

enum {
    CAN_RENAME = 1,  /* posix-rename@openssh.com */
    CAN_FSYNC = 2,   /* fsync@openssh.com */
    CAN_STATVFS = 4, /* statvfs@openssh.com, version 2 */
    CAN_LIMITS = 8   /* limits@openssh.com */
};
/* The server's first packet. */
const char *sftp_version_read(const char *packet, size_t n, unsigned *ret_extensions);
