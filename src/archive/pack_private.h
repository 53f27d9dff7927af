/* What the files of the pack share. */
#pragma once

#include "headgate/pack.h"

#define PACK_BLOCK ((size_t)512) /* of tar: a header and a padded member are multiples of it */
#define PACK_END (2 * PACK_BLOCK)
#define PACK_NAME_MAX ((size_t)4000)
#define PACK_HEAD_MAX ((size_t)16 * 1024) /* more than the header of the longest name */
#define PACK_SUMS "SHA256SUMS"
#define PACK_FOOTER_SIZE ((size_t)112)

/* --- pack_header.c --- */

/* A name that tar keeps, and that sha256sum -c finds: it reads a line for each, unescaped. */
bool pack_name_is_good(const char *name);
/* The tar header that stands before this member's bytes: one block, or three and more where the
 * name is long or not ASCII. */
NODISCARD bool pack_header(const char *name, uint64_t size, struct strbuf *ret_header,
                           struct error *err);
size_t pack_padding(uint64_t size);

/* --- pack_index.c --- */

struct pack_footer {
    uint64_t index_at, index_size, file_size, members;
    char index_sha256[HASH_HEX_SIZE];
    char digest[HASH_HEX_SIZE]; /* of the footer's other bytes */
};

/* The frames in their order: members, SHA256SUMS, and the end, which has no name. */
struct pack_frames {
    struct pack_member *all;
    size_t n;
};

/* The bytes of the index, from its first skippable frame to its last. */
void pack_index_write(const struct pack_frames *frames, struct strbuf *ret_bytes);
/* The footer of a file in which this index stands at `at`. */
void pack_footer_write(uint64_t at, const struct strbuf *index, uint64_t members,
                       struct strbuf *ret_bytes);
/* NULL, or what is wrong with it. */
const char *pack_footer_read(const char bytes[PACK_FOOTER_SIZE], uint64_t file_size,
                             struct pack_footer *ret_footer);
/* The same; these bytes are not trusted, whatever their SHA-256 is, and are moved about. */
const char *pack_index_read(char *bytes, const struct pack_footer *footer,
                            struct pack_frames *ret_frames);
void pack_frames_clear(struct pack_frames *frames);

/* --- pack_press.c --- */

/* Threads that compress, while the caller brings the next and writes what is done. Frames come out
 * in the order in which they were put in. Only one thread uses it. */
struct pack_press;

struct pack_pressed {
    char *name;
    uint64_t size; /* of the member */
    char sha256[HASH_HEX_SIZE];
    const char *frame;
    size_t stored;
    char stored_sha256[HASH_HEX_SIZE];
};

NODISCARD bool pack_press_start(unsigned threads, int level, struct pack_press **ret_press,
                                struct error *err);
/* Room for PACK_ROOM bytes; NULL while every room is in use. */
char *pack_press_room(struct pack_press *press);
/* What stands in that room becomes a frame, after `head` and followed by zeros up to a block. */
void pack_press_put(struct pack_press *press, const char *name, const struct strbuf *head,
                    size_t size);
/* The oldest that was put in; NULL where there is none, or where it is not done and we do not wait.
 * Borrowed until pack_press_drop, which makes its room free. */
struct pack_pressed *pack_press_oldest(struct pack_press *press, bool wait);
void pack_press_drop(struct pack_press *press);
void pack_press_freep(struct pack_press **press);

/* --- pack_threads.c --- */

/* How many are meant: 0 is as many as there are processors, at most 8. */
unsigned pack_threads_meant(unsigned threads);

struct pack_threads;

/* Runs this function in up to n threads, which get no signals. ret_threads may have fewer than n
 * where the system gives no more; none of n is a failure. */
NODISCARD bool pack_threads_start(unsigned n, void *(*function)(void *), void *context,
                                  struct pack_threads **ret_threads, struct error *err);
/* Waits until all of them have returned. In a forked child, which has none of them, it does not. */
void pack_threads_join(struct pack_threads **threads);
