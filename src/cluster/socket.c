/*
 * Sockets of our servers. In /tmp anybody can put a folder in our place: so ours is looked at
 * before every use.
 */
#include "socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/strbuf.h"

#define SOCKET_NAME "/.s.PGSQL.5432"

/* libpq takes a list of hosts and has no way to write a comma in one of them. */
bool socket_folder_fits(const char *folder)
{
    return strlen(folder) + strlen(SOCKET_NAME) <= SOCKET_PATH_MAX && strchr(folder, ',') == NULL;
}

bool socket_answers(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s" SOCKET_NAME, folder);
    if (n < 0 || (size_t)n >= sizeof address.sun_path) {
        return false;
    }
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: so many are waiting to be let in that somebody must be listening. */
    return fd >= 0 &&
           (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
}

void socket_remove(const char *folder)
{
    CLEANUP(mem_freep) char *path = mem_printf("%s" SOCKET_NAME, folder);
    CLEANUP(mem_freep) char *lock = mem_printf("%s.lock", path);
    (void)unlink(path);
    (void)unlink(lock);
}

char *socket_conninfo(const char *folder, const char *database)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_add(&out, "host='");
    for (const char *c = folder; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') {
            strbuf_add_char(&out, '\\');
        }
        strbuf_add_char(&out, *c);
    }
    strbuf_printf(&out, "' port=5432 dbname=%s user=postgres", database);
    return strbuf_take(&out);
}

char *runtime_folder(const char *base)
{
    return mem_printf("%s/headgate-%u", base, (unsigned)geteuid());
}

bool runtime_folder_check(const char *folder, struct error *err)
{
    struct stat st;
    if (lstat(folder, &st) != 0) {
        return error_set_errno(err, "could not look at folder \"%s\"", folder);
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
        error_set(err, ERROR_IO, "\"%s\" cannot be trusted", folder);
        error_detail(err,
                     "It must be a folder that belongs to us and that nobody else can write to.");
        return error_hint(err, "Look at who made it, and remove it.");
    }
    return true;
}

bool runtime_folder_make(const char *folder, struct error *err)
{
    /* As root the servers are another user's, who must pass through. */
    mode_t mode = geteuid() == 0 ? 0711 : 0700;
    if (mkdir(folder, 0700) == 0) {
        return chmod(folder, mode) == 0 ||
               error_set_errno(err, "could not set the mode of folder \"%s\"", folder);
    }
    if (errno != EEXIST) {
        return error_set_errno(err, "could not make folder \"%s\"", folder);
    }
    return runtime_folder_check(folder, err);
}
