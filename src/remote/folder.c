/*
 * The folder of a remote's sockets: XDG_RUNTIME_DIR/headgate-<uid>/ssh-5f0c2a91, or below TMPDIR or
 * /tmp, wherever a socket's path is short enough. Nobody else can enter it. What a kill of owner
 * and forwarder leaves behind is swept by the next who opens one.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/mem.h"
#include "private.h"

#define TRIES 20
#define NAME "ssh-"
#define LOCK_END ".lock"
/* The longest that comes below it: a way of one of many hops. */
#define LONGEST "/h99/w9999/.s.PGSQL.65535"

/* libpq takes a list of hosts and has no way to write a comma in one of them. */
static bool fits(const char *base)
{
    CLEANUP(mem_freep)
    char *longest = mem_printf("%s/headgate-4294967295/ssh-01234567" LONGEST, base);
    struct sockaddr_un address;
    return base[0] == '/' && strpbrk(base, ",'\"\n\r$") == NULL &&
           strlen(longest) < sizeof address.sun_path && access(base, W_OK | X_OK) == 0;
}

static char *choose_base(void)
{
    static const char *const variables[] = {"XDG_RUNTIME_DIR", "TMPDIR"};
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const char *wanted = getenv(variables[i]);
        char *real = wanted != NULL && wanted[0] != '\0' ? realpath(wanted, NULL) : NULL;
        if (real != NULL && fits(real)) {
            return real;
        }
        mem_free(real);
    }
    return mem_copy("/tmp");
}

/* In /tmp anybody can put a folder in our place. */
static bool make_ours(const char *folder, struct error *err)
{
    struct stat status;
    bool made = mkdir(folder, 0700) == 0;
    if (!made && errno != EEXIST) {
        return error_set_errno(err, "could not make folder \"%s\"", folder);
    }
    /* Root's servers are another user's and live there, too. */
    if (made && geteuid() == 0 && chmod(folder, 0711) != 0) {
        return error_set_errno(err, "could not set the mode of folder \"%s\"", folder);
    }
    if (lstat(folder, &status) != 0) {
        return error_set_errno(err, "could not look at folder \"%s\"", folder);
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0) {
        error_set(err, ERROR_IO, "\"%s\" cannot be trusted", folder);
        error_detail(err, "It must be a folder that belongs to us and that nobody else can write "
                          "to.");
        return error_hint(err, "Look at who made it, and remove it.");
    }
    return true;
}

/* --- what the dead have left --- */

/* Who lives holds the lock that lies beside the folder. */
static void sweep_one(const char *lock)
{
    CLEANUP(fd_closep) int fd = -1;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_copy_n(lock, strlen(lock) - strlen(LOCK_END));
    bool locked = false;
    if (lock_file_try(lock, &fd, &locked, &ignored) && locked &&
        (!path_exists(folder) || folder_remove(folder, &ignored))) {
        (void)unlink(lock);
    }
}

static void sweep(const char *above)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!folder_list(above, &names, &ignored)) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (text_starts(names.items[i], NAME) && text_ends(names.items[i], LOCK_END)) {
            CLEANUP(mem_freep) char *lock = path_join(above, names.items[i]);
            sweep_one(lock);
        }
    }
}

/* --- a new one --- */

static bool make_one(const char *folder, int *ret_lock, bool *ret_made, struct error *err)
{
    CLEANUP(mem_freep) char *lock = mem_printf("%s" LOCK_END, folder);
    CLEANUP(fd_closep) int fd = -1;
    bool locked = false;
    if (!lock_file_try(lock, &fd, &locked, err)) {
        return false;
    }
    *ret_made = locked && mkdir(folder, 0700) == 0;
    if (locked && !*ret_made && errno != EEXIST) {
        return error_set_errno(err, "could not make folder \"%s\"", folder);
    }
    *ret_lock = *ret_made ? fd_take(&fd) : -1;
    return true;
}

bool remote_folder_make(char **ret_folder, int *ret_lock, struct error *err)
{
    CLEANUP(mem_freep) char *base = choose_base();
    CLEANUP(mem_freep) char *above = mem_printf("%s/headgate-%u", base, (unsigned)geteuid());
    if (!make_ours(above, err)) {
        return false;
    }
    sweep(above);
    for (int i = 0; i < TRIES; i++) {
        uint32_t number = 0;
        bool made = false;
        random_bytes(&number, sizeof number);
        CLEANUP(mem_freep) char *folder = mem_printf("%s/" NAME "%08x", above, number);
        if (!make_one(folder, ret_lock, &made, err)) {
            return false;
        }
        if (made) {
            *ret_folder = TAKE(folder);
            return true;
        }
    }
    return error_set(err, ERROR_IO, "could not find a free name in folder \"%s\"", above);
}

void remote_folder_remove(const char *folder, int *lock)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s" LOCK_END, folder);
    if (!path_exists(folder) || folder_remove(folder, &ignored)) {
        (void)unlink(path);
    }
    fd_closep(lock);
}
