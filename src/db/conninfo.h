/* What the rest of the module needs of a connection string: its parameters as libpq takes them, and
 * its lists of hosts. */
#pragma once

#include "headgate/db.h"
#include "headgate/strbuf.h"

/* Parameters for PQconnectStartParams: texts borrowed from elsewhere, both arrays end in NULL. */
struct parameters {
    const char **keywords, **values;
    size_t n;
};

/* A copy of the string's parameters; clear it with parameters_clear. */
void conninfo_parameters(const struct conninfo *conninfo, struct parameters *ret_parameters);
/* Replaces the value where the keyword is there. */
void parameters_set(struct parameters *parameters, const char *keyword, const char *value);
void parameters_clear(struct parameters *parameters);

/* libpq's lists: host, hostaddr and port, separated by commas; the port may be one for all. */
struct host_list {
    struct strlist hosts, addresses, ports;
};
void host_list_split(const char *hosts, const char *addresses, const char *ports,
                     struct host_list *ret_list);
void host_list_clear(struct host_list *list);
size_t host_list_count(const struct host_list *list);
/* Takes out what has this name (or, without one, this address) and this port; false where nothing
 * has. */
bool host_list_remove(struct host_list *list, const char *host, const char *port);
/* "a,b" again, or NULL for an empty list. The caller's. */
char *host_list_join(const struct strlist *list);

/* "db1:5432", "[::1]:5432", "/run/postgresql:5432"; without the port where it is NULL or "". */
void endpoint_display(const char *host, const char *port, struct strbuf *out);
