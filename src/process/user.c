/*
 * Users by name.
 */
#include <errno.h>
#include <pwd.h>

#include "headgate/process.h"

bool process_user_find(const char *name, struct process_user *ret_user)
{
    struct passwd entry;
    struct passwd *found = NULL;
    CLEANUP(mem_freep) char *texts = NULL;
    size_t size = 1024;
    int failure = ERANGE;
    while (failure == ERANGE) {
        texts = mem_resize(texts, size, 1);
        failure = getpwnam_r(name, &entry, texts, size, &found);
        size *= 2;
    }
    if (found == NULL) {
        return false;
    }
    *ret_user = (struct process_user){.uid = entry.pw_uid,
                                      .gid = entry.pw_gid,
                                      .name = mem_copy(entry.pw_name),
                                      .home = mem_copy(entry.pw_dir)};
    return true;
}

void process_user_clear(struct process_user *user)
{
    mem_free(user->name);
    mem_free(user->home);
    *user = (struct process_user){0};
}
