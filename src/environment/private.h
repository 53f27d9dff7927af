/* What the files of this module share. */
#pragma once

#include "headgate/environment.h"

extern const char *const environment_kind_words[];

#define ENVIRONMENT_NAME_LIMIT 40
/* Of environments, and of embedded databases: lower-case letters, digits, "-" and "_". */
bool environment_name_is_good(const char *name);

/* NULL where there is none of this name. */
struct environment *environments_get(const struct environments *set, const char *name);
/* The name that was probably meant, or NULL. */
const char *environments_near(const struct environments *set, const char *name);
/* Notes each name in an `after` that there is not, and each circle of environments that wait for
 * each other. */
void environments_check_after(struct environments *set);

void environment_read_policy(struct json_object *object, struct environment *environment);

/* In a check, a text that has ${...} in its file says nothing yet. */
bool outside_is_known(const char *raw, bool check_only);

/* The members that may hold secrets. With check_only nothing is looked up. */
void environment_read_target(struct json_object *object, struct environment *environment,
                             bool check_only);
void environment_release_target(struct target *target);
/* "ssh" of this object, in its document's arena; NULL where there is none. Where the object is only
 * checked, what comes from outside is not known yet. */
const struct ssh_place *environment_read_ssh(struct json_object *parent);

/* What the file says of the vault: rules, and the syntax of what is only resolved when it is used.
 */
void environment_read_vault(struct json_object *root, struct environments *set);

/* "ssh deploy@db1, jump bastion": as far as it is known. The caller's. */
char *environment_show_way(const struct environment *environment);
/* The servers of this connection string, over the host in "ssh". The caller's. */
NODISCARD bool environment_go_over(struct environment *environment, const struct conninfo *conninfo,
                                   msec deadline, struct conninfo **ret_conninfo,
                                   struct error *err);
