/*
 * A look at many files together. Whatever their number, it takes a round trip to see what they are,
 * one to open them, and one to read: a long line is as good as a short one.
 */
#include <assert.h>
#include <sys/stat.h>

#include "session.h"

#define PARTS 2

struct part {
    struct look *look;
    char *bytes;
    uint64_t at;
    size_t wanted, got;
};

struct look {
    struct sftp *sftp;
    struct sftp_ends *ends;
    struct strbuf handle;
    struct part parts[PARTS];
    unsigned asked; /* answers that are under way */
    bool failed;
};

struct looks {
    struct sftp *sftp;
    struct look *items;
    size_t n;
};

/* --- answers --- */

static void take_attributes(struct sftp *sftp, const struct sftp_request *request,
                            struct sftp_reply *reply)
{
    struct look *look = request->context;
    (void)sftp;
    look->asked--;
    look->failed = reply->type != SFTP_ATTRS || !S_ISREG(reply->attributes.mode);
    if (!look->failed) {
        look->ends->size = reply->attributes.size;
        look->ends->modified = reply->attributes.modified;
    }
}

static void take_handle(struct sftp *sftp, const struct sftp_request *request,
                        struct sftp_reply *reply)
{
    struct look *look = request->context;
    (void)sftp;
    look->asked--;
    look->failed = reply->type != SFTP_HANDLE;
    if (!look->failed) {
        strbuf_add_n(&look->handle, reply->bytes, reply->n);
    }
}

/* What is shorter than it was is not read on. */
static void take_part(struct sftp *sftp, const struct sftp_request *request,
                      struct sftp_reply *reply)
{
    struct part *part = request->context;
    (void)sftp;
    part->look->asked--;
    if (reply->type != SFTP_DATA || reply->n == 0 || reply->n > part->wanted - part->got) {
        part->look->failed = true;
        return;
    }
    memcpy(part->bytes + part->got, reply->bytes, reply->n);
    part->got += reply->n;
}

/* --- questions --- */

static bool ask(struct look *look, struct sftp_request *request, struct strbuf *packet,
                void (*answer)(struct sftp *, const struct sftp_request *, struct sftp_reply *),
                void *context, struct error *err)
{
    request->answer = answer;
    request->context = context;
    packet_end(packet, 0);
    look->asked++;
    return sftp_ask(look->sftp, request, packet, NULL, err);
}

static bool ask_attributes(struct look *look, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(look->sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_STAT, request->id);
    packet_add_text(&packet, look->ends->path);
    return ask(look, request, &packet, take_attributes, look, err);
}

static bool ask_handle(struct look *look, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(look->sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_OPEN, request->id);
    packet_add_text(&packet, look->ends->path);
    packet_add_u32(&packet, FLAG_READ);
    packet_add_u32(&packet, 0);
    return ask(look, request, &packet, take_handle, look, err);
}

static bool ask_part(struct part *part, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct look *look = part->look;
    struct sftp_request *request = NULL;
    size_t left = part->wanted - part->got;
    size_t n = left < look->sftp->read_piece ? left : look->sftp->read_piece;
    if (n == 0) {
        return true;
    }
    if (!sftp_begin(look->sftp, n, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_READ, request->id);
    packet_add_bytes(&packet, look->handle.text, look->handle.size);
    packet_add_u64(&packet, part->at + part->got);
    packet_add_u32(&packet, (uint32_t)n);
    return ask(look, request, &packet, take_part, part, err);
}

static bool ask_parts(struct look *look, struct error *err)
{
    return ask_part(&look->parts[0], err) && ask_part(&look->parts[1], err);
}

static bool wait_for(const struct look *look, struct error *err)
{
    while (look->asked > 0) {
        if (!sftp_wait(look->sftp, 0, err)) {
            return false;
        }
    }
    return true;
}

/* All of them, then all answers. */
static bool ask_all(const struct looks *looks, bool (*question)(struct look *, struct error *),
                    struct error *err)
{
    for (size_t i = 0; i < looks->n; i++) {
        if (!looks->items[i].failed && !question(&looks->items[i], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < looks->n; i++) {
        if (!wait_for(&looks->items[i], err)) {
            return false;
        }
    }
    return true;
}

/* --- all of it --- */

static void make_parts(struct look *look)
{
    struct sftp_ends *ends = look->ends;
    bool whole = ends->size <= ends->last;
    size_t first = whole ? 0 : ends->first < ends->size ? ends->first : (size_t)ends->size;
    size_t last = whole ? (size_t)ends->size : ends->last;
    ends->head = mem_new(first + 1, 1);
    ends->tail = mem_new(last + 1, 1);
    look->parts[0] = (struct part){look, ends->head, 0, first, 0};
    look->parts[1] = (struct part){look, ends->tail, ends->size - last, last, 0};
}

static bool lacks_some(const struct look *look)
{
    bool lacks = false;
    for (size_t i = 0; i < PARTS; i++) {
        lacks = lacks || look->parts[i].got < look->parts[i].wanted;
    }
    return lacks && !look->failed;
}

/* A server may give less at once than was asked for. */
static bool read_parts(const struct looks *looks, struct error *err)
{
    bool lacks = true;
    for (size_t i = 0; i < looks->n; i++) {
        if (!looks->items[i].failed) {
            make_parts(&looks->items[i]);
        }
    }
    while (lacks) {
        if (!ask_all(looks, ask_parts, err)) {
            return false;
        }
        lacks = false;
        for (size_t i = 0; i < looks->n; i++) {
            lacks = lacks || lacks_some(&looks->items[i]);
        }
    }
    return true;
}

static void close_handle(struct look *look)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    struct sftp_request *request = NULL;
    if (look->handle.size > 0 && sftp_begin(look->sftp, 0, &request, &none)) {
        packet_begin(&packet, SFTP_CLOSE, request->id);
        packet_add_bytes(&packet, look->handle.text, look->handle.size);
        packet_end(&packet, 0);
        (void)!sftp_ask(look->sftp, request, &packet, NULL, &none);
    }
}

static void looks_clear(struct looks *looks)
{
    for (size_t i = 0; i < looks->n; i++) {
        struct look *look = &looks->items[i];
        sftp_abandon(look->sftp, look);
        for (size_t j = 0; j < PARTS; j++) {
            sftp_abandon(look->sftp, &look->parts[j]);
        }
        close_handle(look);
        strbuf_clear(&look->handle);
    }
    mem_free(looks->items);
}

bool sftp_read_ends(struct sftp *sftp, struct sftp_ends *files, size_t n, struct error *err)
{
    CLEANUP(looks_clear)
    struct looks looks = {.sftp = sftp, .items = mem_new(n + 1, sizeof *looks.items), .n = n};
    assert(n <= SFTP_FILES_MAX);
    for (size_t i = 0; i < n; i++) {
        looks.items[i] = (struct look){.sftp = sftp, .ends = &files[i], .handle = STRBUF_INIT};
    }
    if (!ask_all(&looks, ask_attributes, err) || !ask_all(&looks, ask_handle, err) ||
        !read_parts(&looks, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct look *look = &looks.items[i];
        files[i].there = !look->failed;
        files[i].n_head = look->parts[0].got;
        files[i].n_tail = look->parts[1].got;
    }
    return true;
}

void sftp_ends_clear(struct sftp_ends *ends)
{
    mem_free(TAKE(ends->path));
    mem_free(TAKE(ends->head));
    mem_free(TAKE(ends->tail));
}
