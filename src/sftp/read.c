/*
 * Reading: pieces are asked for ahead of whoever reads on, twice as many each time, so that a long
 * line is kept full and a look at a few bytes costs only those.
 */
#include <assert.h>

#include "file.h"

#define AHEAD_FIRST ((size_t)256 * 1024)
#define AHEAD_MOST (SFTP_UNDER_WAY - SFTP_PACKET_MAX)
#define SAID_MAX 200

static void free_piece(struct sftp_piece *piece)
{
    sftp_abandon(piece->file->sftp, piece);
    mem_free(piece->said);
    mem_free(piece);
}

static void drop_first(struct sftp_file *file)
{
    struct sftp_piece *piece = file->first;
    file->first = piece->next;
    file->last = file->first != NULL ? file->last : NULL;
    free_piece(piece);
}

void sftp_forget_pieces(struct sftp_file *file)
{
    while (file->first != NULL) {
        drop_first(file);
    }
}

static void take_bytes(struct sftp *sftp, const struct sftp_request *request,
                       struct sftp_reply *reply)
{
    struct sftp_piece *piece = request->context;
    piece->asked = false;
    if (reply->type == SFTP_STATUS && reply->status != STATUS_OK) {
        piece->ended = reply->status == STATUS_EOF;
        piece->status = reply->status;
        piece->said = mem_copy_n(reply->bytes, reply->n < SAID_MAX ? reply->n : SAID_MAX);
    } else if (reply->type != SFTP_DATA || reply->n == 0 || reply->n > piece->wanted - piece->got) {
        (void)sftp_break(sftp, false,
                         "the SFTP server answers a read with something else than "
                         "the bytes that were asked for");
    } else {
        memcpy(piece->bytes + piece->got, reply->bytes, reply->n);
        piece->got += reply->n;
    }
}

/* What of it is still missing. */
static bool ask_piece(struct sftp_piece *piece, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct sftp_request *request = NULL;
    struct sftp_file *file = piece->file;
    if (!sftp_begin(file->sftp, piece->wanted - piece->got, &request, err)) {
        return false;
    }
    request->answer = take_bytes;
    request->context = piece;
    packet_begin(&packet, SFTP_READ, request->id);
    packet_add_bytes(&packet, file->handle.text, file->handle.size);
    packet_add_u64(&packet, piece->at + piece->got);
    packet_add_u32(&packet, (uint32_t)(piece->wanted - piece->got));
    packet_end(&packet, 0);
    piece->asked = sftp_ask(file->sftp, request, &packet, NULL, err);
    return piece->asked;
}

static bool add_piece(struct sftp_file *file, uint64_t at, size_t n, struct error *err)
{
    struct sftp_piece *piece = mem_resize(NULL, sizeof *piece + n, 1);
    *piece = (struct sftp_piece){.file = file, .at = at, .wanted = n};
    if (!ask_piece(piece, err)) {
        free_piece(piece);
        return false;
    }
    if (file->last != NULL) {
        file->last->next = piece;
    } else {
        file->first = piece;
    }
    file->last = piece;
    return true;
}

static bool has_room(const struct sftp *sftp)
{
    return sftp->n_busy < SFTP_SLOTS && sftp->under_way + sftp->read_piece <= SFTP_UNDER_WAY;
}

/* Asks for what lies between the pieces and `needed`, and for whole ones ahead of that, as far as
 * the line takes it at once; at least for one where there is none. */
static bool ask_up_to(struct sftp_file *file, uint64_t from, uint64_t needed, struct error *err)
{
    uint64_t at = file->last != NULL ? file->last->at + file->last->wanted : from;
    uint64_t to = needed + file->ahead;
    size_t most = file->sftp->read_piece;
    while (at < to && (file->first == NULL || has_room(file->sftp))) {
        size_t n = to - at < most ? (size_t)(to - at) : most;
        if (n < most && at >= needed) {
            return true;
        }
        if (!add_piece(file, at, n, err)) {
            return false;
        }
        at += n;
    }
    return true;
}

/* Until the first piece has something to take, or will not have more. */
static bool wait_for_first(struct sftp_file *file, struct error *err)
{
    struct sftp_piece *piece = file->first;
    while (piece->got == piece->taken && piece->status == STATUS_OK) {
        if (!piece->asked && !ask_piece(piece, err)) {
            return false;
        }
        if (!sftp_wait(file->sftp, 0, err)) {
            return false;
        }
    }
    if (piece->got == piece->taken && !piece->ended) {
        (void)sftp_refused(file->sftp, piece->status, piece->said, "read", file->path, err);
        sftp_forget_pieces(file);
        return false;
    }
    return true;
}

static void look_ahead(struct sftp_file *file, uint64_t at)
{
    if (at != file->next_at || file->first == NULL || file->first->at + file->first->taken != at) {
        sftp_forget_pieces(file);
    }
    if (at != file->next_at || at == 0) {
        file->ahead = 0;
    } else {
        file->ahead = file->ahead == 0               ? AHEAD_FIRST
                      : file->ahead > AHEAD_MOST / 2 ? AHEAD_MOST
                                                     : 2 * file->ahead;
    }
}

bool sftp_read_at(struct sftp_file *file, void *bytes, size_t n, uint64_t at, size_t *ret_n,
                  struct error *err)
{
    char *to = bytes;
    size_t copied = 0;
    bool ended = false;
    if (file->sftp->broken != NULL) {
        return sftp_error(file->sftp, err);
    }
    file->sftp->moved = clock_now();
    look_ahead(file, at);
    while (copied < n && !ended) {
        if (!ask_up_to(file, at + copied, at + n, err) || !wait_for_first(file, err)) {
            return false;
        }
        struct sftp_piece *piece = file->first;
        size_t there = piece->got - piece->taken;
        size_t some = there < n - copied ? there : n - copied;
        memcpy(to + copied, piece->bytes + piece->taken, some);
        piece->taken += some;
        copied += some;
        ended = some == 0;
        if (piece->taken == piece->wanted) {
            drop_first(file);
        }
    }
    if (ended) {
        sftp_forget_pieces(file);
    }
    file->next_at = at + copied;
    *ret_n = copied;
    return true;
}
