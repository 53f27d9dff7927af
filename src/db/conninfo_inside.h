/* The inside of a connection string, for the files that read one and make others of it. */
#pragma once

#include <libpq-fe.h>

#include "headgate/db.h"

/* Where libpq is sent to instead of a server, because a way leads there from here. */
struct detour {
    char *host, *port; /* as libpq says it: a socket's folder, or the server's own name */
    char *address;     /* of loopback, which libpq says where the name is an address, too */
    char *real_host, *real_port; /* the server's */
};

struct conninfo {
    PQconninfoOption *options;
    char *uri; /* as it was written; NULL where it was written in another form */
    char *schema;
    bool pooler;
    struct detour *detours;
    size_t n_detours;
    char *detour; /* what leads there, for messages: "ssh deploy@db1" */
};

void detours_clear(struct conninfo *conninfo);
void detours_copy(const struct conninfo *conninfo, struct conninfo *copy);
/* The server that libpq means by this; NULL where it is no detour. */
const struct detour *detour_find(const struct conninfo *conninfo, const char *host,
                                 const char *port);
