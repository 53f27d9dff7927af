/*
 * The user our servers run as: ourselves, or, because PostgreSQL refuses root, another one when we
 * are root.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "headgate/error.h"
#include "headgate/process.h"

struct server_user {
    bool other; /* than ourselves: then `user` is set */
    struct process_user user;
};

/* HEADGATE_SERVER_USER, else postgres, else nobody; ourselves where we are not root. */
NODISCARD bool server_user_find(struct server_user *ret_user, struct error *err);
void server_user_clear(struct server_user *user);
/* What a process_spec takes: NULL for ourselves. */
const struct process_user *server_user_spec(const struct server_user *user);
/* Whether this user may pass through the folder and all those above it. */
bool server_user_reaches(const struct server_user *user, const char *folder);
/* Makes folders on the way to a server, which its user may pass through whatever our umask is. */
NODISCARD bool server_way_make(const char *path, struct error *err);
/* In a child, for good. */
bool server_user_become(const struct server_user *user);
/* A new folder, 0700, that belongs to this user. */
NODISCARD bool server_user_make_folder(const struct server_user *user, const char *path,
                                       struct error *err);
