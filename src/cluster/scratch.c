/*
 * Scratch clusters, as their owner sees them. The work is the keeper's (keeper.c).
 *
 *   TMPDIR/headgate-<uid>/scratch-5f0c2a91/      data/, log, the socket
 *   TMPDIR/headgate-<uid>/scratch-5f0c2a91.lock  held by the keeper; made first, removed last
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/mem.h"
#include "headgate/process.h"

#include "database.h"
#include "keeper.h"
#include "server_user.h"
#include "socket.h"
#include "sweep.h"

#define DATABASE "scratch"
#define CLAIM_TRIES 20

struct scratch {
    char *folder, *lock, *conninfo;
    pid_t owner, keeper;
    int socket;
};

/* TMPDIR's, unless a socket's path there would be too long or the server's user cannot come there.
 */
static char *choose_runtime_folder(const struct server_user *user)
{
    const char *wanted = getenv("TMPDIR");
    CLEANUP(mem_freep) char *real = realpath(wanted != NULL ? wanted : "/tmp", NULL);
    CLEANUP(mem_freep) char *runtime = runtime_folder(real != NULL ? real : "/tmp");
    CLEANUP(mem_freep) char *longest = path_join(runtime, "scratch-01234567");
    bool good = real != NULL && socket_folder_fits(longest) && access(real, W_OK) == 0 &&
                server_user_reaches(user, real);
    return good ? TAKE(runtime) : runtime_folder("/tmp");
}

/* The lock comes first: a folder whose lock is free belongs to nobody. */
static bool try_claim(struct scratch *scratch, const char *runtime, int *ret_lock,
                      bool *ret_claimed, struct error *err)
{
    uint32_t number = 0;
    random_bytes(&number, sizeof number);
    mem_free(scratch->folder);
    mem_free(scratch->lock);
    scratch->folder = mem_printf("%s/scratch-%08x", runtime, number);
    scratch->lock = mem_printf("%s.lock", scratch->folder);
    CLEANUP(fd_closep) int fd = -1;
    bool locked = false;
    if (!lock_file_try(scratch->lock, &fd, &locked, err)) {
        return false;
    }
    *ret_claimed = locked && !path_exists(scratch->folder);
    if (*ret_claimed) {
        *ret_lock = fd_take(&fd);
    }
    return true;
}

static bool claim(struct scratch *scratch, const struct server_user *user, int *ret_lock,
                  struct error *err)
{
    CLEANUP(mem_freep) char *runtime = choose_runtime_folder(user);
    bool claimed = false;
    if (!runtime_folder_make(runtime, err)) {
        return false;
    }
    for (int i = 0; i < CLAIM_TRIES && !claimed; i++) {
        if (!try_claim(scratch, runtime, ret_lock, &claimed, err)) {
            return false;
        }
    }
    if (!claimed) {
        return error_set(err, ERROR_IO, "could not find a free name in folder \"%s\"", runtime);
    }
    return server_user_make_folder(user, scratch->folder, err);
}

static bool fork_keeper(struct scratch *scratch, const struct server_programs *server,
                        const struct server_user *user, int lock_fd, struct error *err)
{
    int ends[2];
    CLEANUP(fd_closep) int self = process_open(getpid());
    if (self < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set_errno(err, "could not watch over a scratch cluster");
    }
    CLEANUP(fd_closep) int theirs = ends[1];
    scratch->socket = ends[0];
    scratch->owner = getpid();
    struct keeper keeper = {.folder = scratch->folder,
                            .lock = scratch->lock,
                            .server = server,
                            .user = user,
                            .owner_socket = theirs,
                            .owner_pidfd = self,
                            .lock_fd = lock_fd};
    scratch->keeper = fork();
    if (scratch->keeper == 0) {
        keeper_live(&keeper);
    }
    return scratch->keeper > 0 ||
           error_set_errno(err, "could not start the keeper of a scratch cluster");
}

static bool open_with(const struct server_programs *server, msec deadline, struct scratch *scratch,
                      struct error *err)
{
    CLEANUP(server_user_clear) struct server_user user = {0};
    CLEANUP(fd_closep) int lock = -1;
    if (!server_user_find(&user, err) || !claim(scratch, &user, &lock, err) ||
        !fork_keeper(scratch, server, &user, lock, err)) {
        return false;
    }
    fd_closep(&lock);
    if (!keeper_wait_ready(scratch->socket, deadline, err) ||
        !database_make(scratch->folder, DATABASE, deadline, err)) {
        return false;
    }
    /* A PGHOSTADDR that is set would lead to another server. */
    CLEANUP(mem_freep) char *place = socket_conninfo(scratch->folder, DATABASE);
    scratch->conninfo = mem_printf("%s hostaddr=''", place);
    return true;
}

bool scratch_open(const struct server_programs *server, msec deadline, struct scratch **ret_scratch,
                  struct error *err)
{
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    CLEANUP(scratch_closep) struct scratch *scratch = mem_new(1, sizeof *scratch);
    scratch->socket = -1;
    if (server == NULL && !servers_find_best(&best, err)) {
        return false;
    }
    if (!open_with(server != NULL ? server : &best, deadline, scratch, err)) {
        return false;
    }
    *ret_scratch = TAKE(scratch);
    return true;
}

const char *scratch_conninfo(const struct scratch *scratch)
{
    return scratch->conninfo;
}

const char *scratch_folder(const struct scratch *scratch)
{
    return scratch->folder;
}

/* The keeper sees its socket end although children of ours may hold our end as well. What is left
 * when it was killed is removed here. */
static void end_keeper(const struct scratch *scratch)
{
    if (scratch->keeper > 0) {
        (void)shutdown(scratch->socket, SHUT_RDWR);
        while (waitpid(scratch->keeper, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (scratch->lock != NULL && path_exists(scratch->lock)) {
        scratch_remove(scratch->folder, scratch->lock);
    }
}

void scratch_close(struct scratch *scratch)
{
    if (scratch == NULL) {
        return;
    }
    if (scratch->owner == 0 || scratch->owner == getpid()) {
        end_keeper(scratch);
    }
    fd_closep(&scratch->socket);
    mem_free(scratch->folder);
    mem_free(scratch->lock);
    mem_free(scratch->conninfo);
    mem_free(scratch);
}

void scratch_closep(struct scratch **scratch)
{
    scratch_close(*scratch);
    *scratch = NULL;
}
