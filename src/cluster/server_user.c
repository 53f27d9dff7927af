/*
 * PostgreSQL refuses to run as root. As root, our servers run as a user without rights of its own,
 * and the folders they live in must be within that user's reach.
 */
#include "server_user.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "headgate/file.h"

bool server_user_find(struct server_user *ret_user, struct error *err)
{
    static const char *const usual[] = {"postgres", "nobody"};
    struct server_user found = {.other = true};
    if (geteuid() != 0) {
        *ret_user = (struct server_user){.other = false};
        return true;
    }
    const char *wanted = getenv("HEADGATE_SERVER_USER");
    if (wanted != NULL && wanted[0] != '\0') {
        if (!process_user_find(wanted, &found.user)) {
            return error_set(err, ERROR_CONFIG,
                             "HEADGATE_SERVER_USER names the user \"%s\", who does not exist",
                             wanted);
        }
        if (found.user.uid == 0) {
            server_user_clear(&found);
            return error_set(err, ERROR_CONFIG,
                             "HEADGATE_SERVER_USER names root, as whom PostgreSQL cannot run");
        }
        *ret_user = found;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        if (process_user_find(usual[i], &found.user)) {
            *ret_user = found;
            return true;
        }
    }
    error_set(err, ERROR_CONFIG, "no user is there as whom PostgreSQL could run");
    return error_hint(err,
                      "PostgreSQL cannot run as root: name another user in HEADGATE_SERVER_USER.");
}

void server_user_clear(struct server_user *user)
{
    process_user_clear(&user->user);
    *user = (struct server_user){0};
}

const struct process_user *server_user_spec(const struct server_user *user)
{
    return user->other ? &user->user : NULL;
}

/* The kernel is asked, by a child that changes into the folder as this user: modes alone do not
 * tell (groups, ACLs). */
bool server_user_reaches(const struct server_user *user, const char *folder)
{
    if (!user->other) {
        return true;
    }
    pid_t child = fork();
    if (child == 0) {
        bool reached = initgroups(user->user.name, user->user.gid) == 0 &&
                       setegid(user->user.gid) == 0 && seteuid(user->user.uid) == 0 &&
                       chdir(folder) == 0;
        process_exit_child(seteuid(0) == 0 && reached ? 0 : 1);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

bool server_way_make(const char *path, struct error *err)
{
    mode_t before = umask(0022);
    bool made = folder_make(path, geteuid() == 0 ? 0711 : 0700, err);
    (void)umask(before);
    return made;
}

bool server_user_become(const struct server_user *user)
{
    const struct process_user *other = &user->user;
    return !user->other || (initgroups(other->name, other->gid) == 0 &&
                            setresgid(other->gid, other->gid, other->gid) == 0 &&
                            setresuid(other->uid, other->uid, other->uid) == 0);
}

bool server_user_make_folder(const struct server_user *user, const char *path, struct error *err)
{
    if (mkdir(path, 0700) != 0) {
        return error_set_errno(err, "could not make folder \"%s\"", path);
    }
    if (user->other && chown(path, user->user.uid, user->user.gid) != 0) {
        return error_set_errno(err, "could not give folder \"%s\" to the user \"%s\"", path,
                               user->user.name);
    }
    return true;
}
