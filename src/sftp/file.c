/* A file: opened, written, synced, closed. */
#include "file.h"

#include <assert.h>
#include <errno.h>

#include "headgate/file.h"

#define SYNC_PATIENCE ((msec)600000) /* a slow disk says nothing while it writes */
#define SAID_MAX 200
#define TIGHT ((uint64_t)1 << 20) /* free bytes below which a refused write is for lack of room */

static bool open_file(struct sftp *sftp, const char *path, uint32_t flags, uint32_t mode,
                      struct sftp_file **ret_file, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_OPEN, request->id);
    packet_add_text(&packet, path);
    packet_add_u32(&packet, flags);
    packet_add_u32(&packet, (flags & FLAG_CREATE) != 0 ? ATTR_MODE : 0);
    if ((flags & FLAG_CREATE) != 0) {
        packet_add_u32(&packet, mode);
    }
    packet_end(&packet, 0);
    if (!sftp_call(sftp, request, &packet, 0, &answer, err) ||
        !sftp_expect(sftp, &answer.reply, SFTP_HANDLE, "open", path, err)) {
        return false;
    }
    struct sftp_file *file = mem_new(1, sizeof *file);
    *file = (struct sftp_file){.sftp = sftp, .path = mem_copy(path), .handle = STRBUF_INIT};
    strbuf_add_n(&file->handle, answer.reply.bytes, answer.reply.n);
    *ret_file = file;
    return true;
}

bool sftp_open_to_read(struct sftp *sftp, const char *path, struct sftp_file **ret_file,
                       struct error *err)
{
    return open_file(sftp, path, FLAG_READ, 0, ret_file, err);
}

/* Version 3 has no status that says why a new one is none; looking does. */
static bool open_fresh(struct sftp *sftp, const char *path, uint32_t mode,
                       struct sftp_file **ret_file, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    if (open_file(sftp, path, FLAG_WRITE | FLAG_CREATE | FLAG_EXCLUSIVE, mode, ret_file,
                  &failure)) {
        return true;
    }
    if (failure.code == ERROR_IO && failure.sys_errno == 0 &&
        sftp_stat(sftp, path, &entry, &none)) {
        (void)error_set(err, ERROR_IO, "%s: there is a %s already", sftp->shown, path);
        err->sys_errno = EEXIST;
        return false;
    }
    error_move(err, &failure);
    return false;
}

bool sftp_open_to_write(struct sftp *sftp, const char *path, bool fresh, uint32_t mode,
                        struct sftp_file **ret_file, struct error *err)
{
    return fresh ? open_fresh(sftp, path, mode, ret_file, err)
                 : open_file(sftp, path, FLAG_WRITE, mode, ret_file, err);
}

void sftp_file_closep(struct sftp_file **file)
{
    if (*file == NULL) {
        return;
    }
    struct sftp *sftp = (*file)->sftp;
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    struct sftp_request *request = NULL;
    sftp_forget_pieces(*file);
    sftp_abandon(sftp, *file);
    if (sftp_begin(sftp, 0, &request, &none)) {
        packet_begin(&packet, SFTP_CLOSE, request->id);
        packet_add_bytes(&packet, (*file)->handle.text, (*file)->handle.size);
        packet_end(&packet, 0);
        (void)!sftp_ask(sftp, request, &packet, NULL, &none);
    }
    mem_free((*file)->path);
    mem_free((*file)->said);
    strbuf_clear(&(*file)->handle);
    mem_free(TAKE(*file));
}

/* --- writing --- */

/* The first that fails is told, and what lies behind it does not count as written. */
static void take_written(struct sftp *sftp, const struct sftp_request *request,
                         struct sftp_reply *reply)
{
    struct sftp_file *file = request->context;
    if (reply->type != SFTP_STATUS) {
        (void)sftp_break(sftp, false, "the SFTP server answers something else than was asked");
        return;
    }
    if (reply->status == STATUS_OK) {
        return;
    }
    if (!file->failed) {
        file->status = reply->status;
        file->said = mem_copy_n(reply->bytes, reply->n < SAID_MAX ? reply->n : SAID_MAX);
        file->failed_at = request->at;
    }
    file->failed = true;
    file->failed_at = request->at < file->failed_at ? request->at : file->failed_at;
}

/* "Failure" is all that version 3 can say of a full disk, so the server is asked how full it is. */
static bool write_failed(struct sftp_file *file, struct error *err)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_parent(file->path);
    uint64_t there = UINT64_MAX;
    bool is_plain = file->status == STATUS_FAILURE;
    if (is_plain && !sftp_free_bytes(file->sftp, folder, &there, &none)) {
        there = UINT64_MAX;
    }
    (void)sftp_refused(file->sftp, file->status, file->said, "write", file->path, err);
    if (there != UINT64_MAX) {
        CLEANUP(mem_freep) char *has = size_human(there);
        err->sys_errno = there < TIGHT ? ENOSPC : err->sys_errno;
        (void)error_detail(
            err, there < TIGHT ? "No room is left there: %s has %s free." : "%s has %s free.",
            folder, has);
    }
    return false;
}

static bool write_piece(struct sftp_file *file, const char *bytes, size_t n, uint64_t at,
                        struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(file->sftp, n, &request, err)) {
        return false;
    }
    request->answer = take_written;
    request->context = file;
    request->at = at;
    packet_begin(&packet, SFTP_WRITE, request->id);
    packet_add_bytes(&packet, file->handle.text, file->handle.size);
    packet_add_u64(&packet, at);
    packet_add_u32(&packet, (uint32_t)n);
    packet_end(&packet, n);
    return sftp_ask(file->sftp, request, &packet, bytes, err);
}

bool sftp_write_at(struct sftp_file *file, const void *bytes, size_t n, uint64_t at,
                   struct error *err)
{
    const char *from = bytes;
    while (n > 0) {
        size_t most = file->sftp->write_piece;
        size_t some = n < most ? n : most;
        if (file->failed) {
            return write_failed(file, err);
        }
        if (!write_piece(file, from, some, at, err)) {
            return false;
        }
        from += some;
        at += some;
        n -= some;
        file->written_to = at;
    }
    return true;
}

uint64_t sftp_arrived(const struct sftp_file *file)
{
    uint64_t arrived = file->failed ? file->failed_at : file->written_to;
    for (size_t i = 0; i < SFTP_SLOTS; i++) {
        const struct sftp_request *request = &file->sftp->requests[i];
        if (request->busy && request->context == file && request->at < arrived) {
            arrived = request->at;
        }
    }
    return arrived;
}

/* Until all that was written is answered. */
static bool settle(struct sftp_file *file, struct error *err)
{
    while (!file->failed && sftp_arrived(file) < file->written_to) {
        if (!sftp_wait(file->sftp, 0, err)) {
            return false;
        }
    }
    return !file->failed || write_failed(file, err);
}

bool sftp_sync(struct sftp_file *file, bool *ret_durable, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    struct sftp_request *request = NULL;
    file->sftp->moved = clock_now();
    if (!settle(file, err)) {
        return false;
    }
    bool can = (file->sftp->extensions & CAN_FSYNC) != 0;
    if (!can) {
        *ret_durable = false;
        return true;
    }
    if (!sftp_begin(file->sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_EXTENDED, request->id);
    packet_add_text(&packet, "fsync@openssh.com");
    packet_add_bytes(&packet, file->handle.text, file->handle.size);
    packet_end(&packet, 0);
    if (!sftp_call(file->sftp, request, &packet, SYNC_PATIENCE, &answer, err) ||
        !sftp_expect(file->sftp, &answer.reply, SFTP_STATUS, "sync", file->path, err)) {
        return false;
    }
    *ret_durable = true;
    return true;
}
