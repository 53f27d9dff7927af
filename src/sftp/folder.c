/* Names: what is there, and what becomes of it. */
#include <errno.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "session.h"

static bool must_succeed(struct sftp *sftp, uint8_t type, const char *path, const char *what,
                         struct error *err)
{
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    return sftp_call_with(sftp, type, path, strlen(path), &answer, err) &&
           sftp_expect(sftp, &answer.reply, SFTP_STATUS, what, path, err);
}

void sftp_entry_clear(struct sftp_entry *entry)
{
    mem_free(TAKE(entry->name));
}

void sftp_entries_clear(struct sftp_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        sftp_entry_clear(&entries->items[i]);
    }
    mem_free(entries->items);
    *entries = (struct sftp_entries){0};
}

/* --- listing --- */

static void add_names(struct sftp_reply *reply, struct sftp_entries *entries)
{
    struct sftp_entry entry;
    char *name = NULL;
    while ((name = sftp_reply_name(reply, &entry)) != NULL) {
        if (text_equal(name, ".") || text_equal(name, "..")) {
            mem_free(name);
            continue;
        }
        entry.name = name;
        if ((entries->n & (entries->n - 1)) == 0) { /* doubles */
            entries->items = mem_resize(entries->items, 2 * entries->n + 1, sizeof entry);
        }
        entries->items[entries->n++] = entry;
    }
}

static bool read_folder(struct sftp *sftp, const char *folder, const struct sftp_reply *handle,
                        struct sftp_entries *entries, struct error *err)
{
    for (;;) {
        CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
        if (!sftp_call_with(sftp, SFTP_READDIR, handle->bytes, handle->n, &answer, err)) {
            return false;
        }
        if (answer.reply.type == SFTP_STATUS && answer.reply.status == STATUS_EOF) {
            return true;
        }
        if (!sftp_expect(sftp, &answer.reply, SFTP_NAME, "list", folder, err)) {
            return false;
        }
        add_names(&answer.reply, entries);
    }
}

bool sftp_list(struct sftp *sftp, const char *folder, struct sftp_entries *ret_entries,
               struct error *err)
{
    CLEANUP(sftp_answer_clear) struct sftp_answer opened = SFTP_ANSWER_INIT;
    CLEANUP(sftp_answer_clear) struct sftp_answer closed = SFTP_ANSWER_INIT;
    CLEANUP(sftp_entries_clear) struct sftp_entries entries = {0};
    if (!sftp_call_with(sftp, SFTP_OPENDIR, folder, strlen(folder), &opened, err) ||
        !sftp_expect(sftp, &opened.reply, SFTP_HANDLE, "list", folder, err)) {
        return false;
    }
    const struct sftp_reply *handle = &opened.reply;
    bool read = read_folder(sftp, folder, handle, &entries, err);
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    if (!sftp_call_with(sftp, SFTP_CLOSE, handle->bytes, handle->n, &closed, &none) || !read) {
        if (read) {
            error_move(err, &none);
        }
        return false;
    }
    *ret_entries = entries;
    entries = (struct sftp_entries){0};
    return true;
}

bool sftp_stat(struct sftp *sftp, const char *path, struct sftp_entry *ret_entry, struct error *err)
{
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    if (!sftp_call_with(sftp, SFTP_STAT, path, strlen(path), &answer, err) ||
        !sftp_expect(sftp, &answer.reply, SFTP_ATTRS, "look at", path, err)) {
        return false;
    }
    *ret_entry = answer.reply.attributes;
    ret_entry->name = mem_copy(path);
    return true;
}

/* --- folders --- */

static bool is_folder(struct sftp *sftp, const char *path, bool *ret_there, struct error *err)
{
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (sftp_stat(sftp, path, &entry, &failure)) {
        *ret_there = S_ISDIR(entry.mode);
        return *ret_there || error_set(err, ERROR_IO, "%s: %s is no folder", sftp->shown, path);
    }
    *ret_there = false;
    if (failure.sys_errno != ENOENT) {
        error_move(err, &failure);
        return false;
    }
    return true;
}

/* Somebody else may make it at the same time. */
static bool make_one(struct sftp *sftp, const char *path, uint32_t mode, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    struct sftp_request *request = NULL;
    bool there = false;
    if (!sftp_begin(sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_MKDIR, request->id);
    packet_add_text(&packet, path);
    packet_add_u32(&packet, ATTR_MODE);
    packet_add_u32(&packet, mode);
    packet_end(&packet, 0);
    if (!sftp_call(sftp, request, &packet, 0, &answer, err)) {
        return false;
    }
    if (sftp_expect(sftp, &answer.reply, SFTP_STATUS, "make the folder", path, &failure) ||
        (is_folder(sftp, path, &there, &none) && there)) {
        return true;
    }
    error_move(err, &failure);
    return false;
}

/* From the nearest that is there down. */
bool sftp_make_folder(struct sftp *sftp, const char *path, uint32_t mode, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist missing = STRLIST_INIT;
    CLEANUP(mem_freep) char *at = mem_copy(path);
    bool there = false;
    for (;;) {
        if (!is_folder(sftp, at, &there, err)) {
            return false;
        }
        char *above = path_parent(at);
        if (there || text_equal(above, at)) {
            mem_free(above);
            break;
        }
        strlist_take(&missing, at);
        at = above;
    }
    for (size_t i = missing.n; i > 0; i--) {
        if (!make_one(sftp, missing.items[i - 1], mode, err)) {
            return false;
        }
    }
    return true;
}

/* --- files --- */

bool sftp_rename(struct sftp *sftp, const char *from, const char *to, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(sftp, 0, &request, err)) {
        return false;
    }
    bool replaces = (sftp->extensions & CAN_RENAME) != 0;
    packet_begin(&packet, replaces ? SFTP_EXTENDED : SFTP_RENAME, request->id);
    if (replaces) {
        packet_add_text(&packet, "posix-rename@openssh.com");
    }
    packet_add_text(&packet, from);
    packet_add_text(&packet, to);
    packet_end(&packet, 0);
    return sftp_call(sftp, request, &packet, 0, &answer, err) &&
           sftp_expect(sftp, &answer.reply, SFTP_STATUS, "give its name to", to, err);
}

bool sftp_remove(struct sftp *sftp, const char *path, struct error *err)
{
    return must_succeed(sftp, SFTP_REMOVE, path, "remove", err);
}

bool sftp_free_bytes(struct sftp *sftp, const char *path, uint64_t *ret_free, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    CLEANUP(sftp_answer_clear) struct sftp_answer answer = SFTP_ANSWER_INIT;
    struct sftp_request *request = NULL;
    if ((sftp->extensions & CAN_STATVFS) == 0) {
        *ret_free = UINT64_MAX;
        return true;
    }
    if (!sftp_begin(sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, SFTP_EXTENDED, request->id);
    packet_add_text(&packet, "statvfs@openssh.com");
    packet_add_text(&packet, path);
    packet_end(&packet, 0);
    if (!sftp_call(sftp, request, &packet, 0, &answer, err) ||
        !sftp_expect(sftp, &answer.reply, SFTP_EXTENDED_REPLY, "look for free room in", path,
                     err)) {
        return false;
    }
    struct wire wire = {.at = (const unsigned char *)answer.reply.bytes, .left = answer.reply.n};
    (void)wire_u64(&wire);
    uint64_t unit = wire_u64(&wire);
    (void)wire_u64(&wire);
    (void)wire_u64(&wire);
    uint64_t available = wire_u64(&wire);
    bool overflows = __builtin_mul_overflow(unit, available, ret_free);
    *ret_free = wire.bad || overflows ? UINT64_MAX : *ret_free;
    return true;
}
