/*
 * Leases: locks on the bytes of a file, which belong to the open file, so that forked children hold
 * them as well. The first byte is the lease itself. The second is held while somebody takes it and
 * writes who he is: so who finds the first one locked reads of its holder, not of the one before.
 */
#include "lease.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "lease_file.h"
#include "state.h"

enum lease_byte { BYTE_LEASE, BYTE_TAKING };
#define TAKING_PATIENCE ((msec)30000)
#define TAKING_POLL 2

/* "run/ID" is the file "run:ID"; what could mean something in a path is written as %XX. */
static char *lease_path(const struct state *state, const char *key)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    struct strbuf path = STRBUF_INIT;
    strbuf_printf(&path, "%s/leases/", state->folder);
    for (const char *at = key; *at != '\0'; at++) {
        bool is_plain = strchr(plain, *at) != NULL && (at > key || *at != '.');
        if (*at == '/' || is_plain) {
            strbuf_add_char(&path, *at == '/' ? ':' : *at);
        } else {
            strbuf_printf(&path, "%%%02X", (unsigned)(unsigned char)*at);
        }
    }
    return strbuf_take(&path);
}

static bool lock_byte(int fd, enum lease_byte byte, bool *ret_locked)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
    *ret_locked = fcntl(fd, F_OFD_SETLK, &lock) == 0;
    return *ret_locked || errno == EAGAIN || errno == EACCES;
}

static bool is_byte_locked(int fd, enum lease_byte byte, bool *ret_locked)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
    bool asked = fcntl(fd, F_OFD_GETLK, &lock) == 0;
    *ret_locked = asked && lock.l_type != F_UNLCK;
    return asked;
}

static void unlock_byte(int fd, enum lease_byte byte)
{
    struct flock lock = {
        .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

/* Until nobody else is taking it: `ask` says whether somebody is. */
static bool wait_for_takers(int fd, const char *path,
                            bool (*ask)(int fd, enum lease_byte byte, bool *ret_yes), bool wanted,
                            struct error *err)
{
    msec deadline = deadline_in(TAKING_PATIENCE);
    bool answer = !wanted;
    while (ask(fd, BYTE_TAKING, &answer)) {
        if (answer == wanted) {
            return true;
        }
        if (deadline_passed(deadline)) {
            return error_set(err, ERROR_TIMEOUT, "another process is taking the lease %s", path);
        }
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
        (void)poll(NULL, 0, TAKING_POLL);
    }
    return error_set_errno(err, "could not lock %s", path);
}

static bool read_holder(int fd, const char *path, struct lease_holder *ret_holder,
                        struct error *err)
{
    CLEANUP(lease_record_clear) struct lease_record record = {.token = 0};
    if (!lease_file_read(fd, path, &record, err)) {
        return false;
    }
    ret_holder->who = mem_copy(record.who != NULL ? record.who : "somebody");
    ret_holder->since = record.since;
    return true;
}

static bool open_file(const struct state *state, const char *path, int *ret_fd, struct error *err)
{
    if (!state_make_folder(state, "leases", err)) {
        return state_advise(err);
    }
    *ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*ret_fd < 0) {
        (void)error_set_errno(err, "could not open %s", path);
        return state_advise(err);
    }
    return true;
}

/* We hold both bytes. */
static bool take(int fd, const char *path, const char *who, uint64_t *ret_token, struct error *err)
{
    CLEANUP(lease_record_clear) struct lease_record before = {.token = 0};
    CLEANUP(lease_record_clear) struct lease_record record = {.who = mem_copy(who)};
    CLEANUP(mem_freep) char *folder = path_parent(path);
    if (!lease_file_read(fd, path, &before, err)) {
        return false;
    }
    record.token = before.token + 1;
    record.since = wall_now_usec();
    if (!lease_file_write(fd, path, &record, err) ||
        (before.token == 0 && !file_sync_folder(folder, err))) {
        return state_advise(err);
    }
    *ret_token = record.token;
    return true;
}

bool state_lease(struct state *state, const char *key, const char *who, struct lease **ret_lease,
                 struct lease_holder *ret_holder, struct error *err)
{
    CLEANUP(mem_freep) char *path = lease_path(state, key);
    CLEANUP(fd_closep) int fd = -1;
    bool is_free = false;
    uint64_t token = 0;
    if (!open_file(state, path, &fd, err) || !wait_for_takers(fd, path, lock_byte, true, err)) {
        return false;
    }
    if (!lock_byte(fd, BYTE_LEASE, &is_free)) {
        return error_set_errno(err, "could not lock %s", path);
    }
    if (!is_free) {
        struct lease_holder holder = {.who = NULL};
        if (!read_holder(fd, path, &holder, err)) {
            return false;
        }
        *ret_holder = holder;
        *ret_lease = NULL;
        return true;
    }
    if (!take(fd, path, who, &token, err)) {
        return false;
    }
    unlock_byte(fd, BYTE_TAKING);
    struct lease *lease = mem_new(1, sizeof *lease);
    *lease =
        (struct lease){.key = mem_copy(key), .token = token, .fd = fd_take(&fd), .taker = getpid()};
    *ret_lease = lease;
    return true;
}

bool state_lease_holder(const struct state *state, const char *key, bool *ret_held,
                        struct lease_holder *ret_holder, struct error *err)
{
    CLEANUP(mem_freep) char *path = lease_path(state, key);
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct lease_holder holder = {.who = NULL};
    bool is_held = false;
    if (fd < 0 && errno == ENOENT) {
        *ret_held = false;
        return true;
    }
    if (fd < 0) {
        return error_set_errno(err, "could not open %s", path);
    }
    if (!wait_for_takers(fd, path, is_byte_locked, false, err)) {
        return false;
    }
    if (!is_byte_locked(fd, BYTE_LEASE, &is_held)) {
        return error_set_errno(err, "could not look at the lock of %s", path);
    }
    if (is_held && !read_holder(fd, path, &holder, err)) {
        return false;
    }
    if (is_held) {
        *ret_holder = holder;
    }
    *ret_held = is_held;
    return true;
}

uint64_t lease_token(const struct lease *lease)
{
    return lease->token;
}

/* Only who took it lets it go; a child that cleans up does not. */
void lease_freep(struct lease **lease)
{
    if (*lease != NULL) {
        if ((*lease)->taker == getpid()) {
            unlock_byte((*lease)->fd, BYTE_LEASE);
        }
        fd_closep(&(*lease)->fd);
        mem_free((*lease)->key);
        mem_free(TAKE(*lease));
    }
}

void lease_holder_clear(struct lease_holder *holder)
{
    mem_free(holder->who);
    *holder = (struct lease_holder){.who = NULL};
}
