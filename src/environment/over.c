/* The way to an environment over the host in "ssh". An embedded database has none: it is here. */
#include "private.h"

bool environment_remote(struct environment *environment, msec deadline, struct remote **ret_remote,
                        struct error *err)
{
    struct target *target = &environment->target;
    if (!environment_resolve(environment, err)) {
        return false;
    }
    if (target->remote == NULL && !remote_open(environment->ssh, deadline, &target->remote, err)) {
        return environment_name_error(environment, err);
    }
    *ret_remote = target->remote;
    return true;
}

char *environment_show_way(const struct environment *environment)
{
    const struct remote *remote = environment->target.remote;
    return remote != NULL ? remote_sentence(remote, environment->ssh)
                          : ssh_place_sentence(environment->ssh);
}

void environments_disconnect(struct environments *set)
{
    for (size_t i = 0; i < set->n; i++) {
        remote_closep(&set->items[i].target.remote);
    }
}

struct crossing {
    struct db_server *servers;
    struct remote_way *over;
    struct db_way *ways;
    size_t n;
};

static void crossing_clear(struct crossing *crossing)
{
    for (size_t i = 0; i < crossing->n; i++) {
        remote_way_clear(&crossing->over[i]);
    }
    db_servers_free(crossing->servers, crossing->n);
    mem_free(crossing->over);
    mem_free(crossing->ways);
}

static bool find_way(struct remote *remote, const struct db_server *server, msec deadline,
                     struct remote_way *over, struct db_way *way, struct error *err)
{
    enum remote_door door = server->wants_its_name ? DOOR_LOOPBACK : DOOR_SOCKET;
    if (!remote_way_to(remote, server->address, server->port, door, deadline, over, err)) {
        return false;
    }
    *way = (struct db_way){over->host, over->port, door == DOOR_SOCKET};
    return true;
}

bool environment_go_over(struct environment *environment, const struct conninfo *conninfo,
                         msec deadline, struct conninfo **ret_conninfo, struct error *err)
{
    CLEANUP(crossing_clear) struct crossing crossing = {0};
    struct remote *remote = NULL;
    if (!environment_remote(environment, deadline, &remote, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *shown = environment_show_way(environment);
    conninfo_servers(conninfo, &crossing.servers, &crossing.n);
    crossing.over = mem_new(crossing.n, sizeof *crossing.over);
    crossing.ways = mem_new(crossing.n, sizeof *crossing.ways);
    for (size_t i = 0; i < crossing.n; i++) {
        if (!find_way(remote, &crossing.servers[i], deadline, &crossing.over[i], &crossing.ways[i],
                      err)) {
            return false;
        }
    }
    *ret_conninfo = conninfo_through(conninfo, crossing.servers, crossing.ways, crossing.n, shown);
    return true;
}
