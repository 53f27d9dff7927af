/*
 * Where an embedded cluster lives.
 *
 *   STATE/embedded/NAME/        its home: data/, log, s/ (the socket), made
 *   STATE/embedded/NAME.lock    held while it is made, started, stopped or removed
 *   STATE/embedded/NAME.home    names its home where that is elsewhere: as root, with a STATE out
 * of the server user's reach HOME.new-PID, HOME.gone-PID a home that is being made, or removed:
 * whatever is there without the lock is left over
 *
 * `made` is written last, when its database is there: a home without it is not finished.
 */
#pragma once

#include <stdbool.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "server_user.h"

struct place {
    char *name;
    char *folder; /* STATE/embedded, as an absolute path without links */
    char *home, *data, *log, *sockets, *made, *lock;
    bool sockets_away; /* in the runtime folder, because the home's path is too long for a socket's
                        */
};

/* STATE/embedded, absolute; NULL where it is not there. The caller's. */
char *embedded_folder(const char *state_folder);
NODISCARD bool embedded_folder_make(const char *state_folder, char **ret_folder, struct error *err);
NODISCARD bool place_name_check(const char *name, struct error *err);

NODISCARD bool place_find(const char *folder, const char *name, struct place *ret_place,
                          struct error *err);
/* Before a cluster is made, with its lock held: another home where the server's user cannot come to
 * this one. */
NODISCARD bool place_settle(struct place *place, const struct server_user *user, struct error *err);
void place_clear(struct place *place);

bool place_is_made(const struct place *place);
/* Its server runs, is ready and answers. */
bool place_answers(const struct place *place);
NODISCARD bool place_lock(const struct place *place, msec deadline, int *ret_fd, struct error *err);
bool place_has_left_overs(const struct place *place);
/* Removes what dead processes left of this name, and ends what still works in it. The lock must be
 * held. */
void place_sweep(const struct place *place);
/* Once its home is gone. */
NODISCARD bool place_forget(const struct place *place, struct error *err);
/* Of a name in STATE/embedded: "dev" of "dev", "dev.home", "dev.new-17"; the caller's. */
char *place_name_of(const char *entry);
