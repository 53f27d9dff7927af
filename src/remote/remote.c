/* What a caller sees: one remote, whichever back end has it. */
#include "headgate/remote.h"

#include <unistd.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "private.h"

#define PATIENCE 15000 /* milliseconds, where the place says nothing */

char *ssh_place_sentence(const struct ssh_place *place)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "ssh ");
    if (place->user != NULL) {
        strbuf_printf(&text, "%s@", place->user);
    }
    strbuf_add(&text, place->host);
    for (size_t i = 0; i < place->n_jump; i++) {
        strbuf_printf(&text, i == 0 ? ", jump %s" : ", %s", place->jump[i].host);
    }
    return mem_copy(text.text);
}

/* --- its life --- */

void remote_hop_clear(struct remote_hop *hop)
{
    mem_free(hop->shown);
    mem_free(hop->banner);
    mem_free(hop->host_key_type);
    mem_free(hop->host_key);
    mem_free(hop->host_key_known_by);
    mem_free(hop->authentication);
    mem_free(hop->algorithms);
    strlist_clear(&hop->tried);
}

static void be_patient(struct ssh_route *route)
{
    for (size_t i = 0; i < route->n; i++) {
        struct ssh_hop *hop = &route->hops[i];
        hop->connect_timeout = hop->connect_timeout > 0 ? hop->connect_timeout : PATIENCE;
        hop->keepalive = hop->keepalive > 0 ? hop->keepalive : PATIENCE;
    }
}

bool remote_open_route(const struct backend *backend, struct ssh_route *route, msec deadline,
                       struct remote **ret_remote, struct error *err)
{
    CLEANUP(remote_closep) struct remote *remote = mem_new(1, sizeof *remote);
    remote->backend = backend;
    remote->owner = getpid();
    remote->route = *route;
    *route = (struct ssh_route){.n = 0};
    remote->hops = mem_new(remote->route.n, sizeof *remote->hops);
    be_patient(&remote->route);
    remote->lock = -1;
    if (!remote_folder_make(&remote->folder, &remote->lock, err) ||
        !backend->open(remote, deadline, err)) {
        return false;
    }
    *ret_remote = TAKE(remote);
    return true;
}

bool remote_open(const struct ssh_place *place, msec deadline, struct remote **ret_remote,
                 struct error *err)
{
    CLEANUP(ssh_route_clear) struct ssh_route route = {.n = 0};
    return ssh_route_find(place, deadline, &route, err) &&
           remote_open_route(place->transport == TRANSPORT_OPENSSH ? &backend_openssh
                                                                   : &backend_libssh2,
                             &route, deadline, ret_remote, err);
}

void remote_closep(struct remote **remote_p)
{
    struct remote *remote = TAKE(*remote_p);
    if (remote == NULL) {
        return;
    }
    remote->backend->close(remote);
    if (remote->folder != NULL && remote->owner == getpid()) {
        remote_folder_remove(remote->folder, &remote->lock);
    }
    fd_closep(&remote->lock);
    for (size_t i = 0; i < remote->route.n; i++) {
        remote_hop_clear(&remote->hops[i]);
    }
    mem_free(remote->hops);
    ssh_route_clear(&remote->route);
    mem_free(remote->folder);
    mem_free(remote);
}

/* --- questions --- */

const struct remote_hop *remote_hops(const struct remote *remote, size_t *ret_n)
{
    *ret_n = remote->route.n;
    return remote->hops;
}

const char *remote_shown(const struct remote *remote)
{
    return remote->route.shown;
}

char *remote_sentence(const struct remote *remote, const struct ssh_place *place)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *written = ssh_place_sentence(place);
    strbuf_add(&text, written);
    for (size_t i = 0; place->n_jump == 0 && i + 1 < remote->route.n; i++) {
        strbuf_printf(&text, i == 0 ? ", jump %s" : ", %s", remote->route.hops[i].written);
    }
    return strbuf_take(&text);
}

bool remote_ping(struct remote *remote, msec deadline, msec *ret_took, struct error *err)
{
    msec began = clock_now();
    if (!remote->backend->ping(remote, deadline, err)) {
        return false;
    }
    *ret_took = clock_now() - began;
    return true;
}

/* --- ways in --- */

bool remote_way_to(struct remote *remote, const char *host, int port, enum remote_door door,
                   msec deadline, struct remote_way *ret_way, struct error *err)
{
    return remote->backend->way_to(remote, host, port, door, deadline, ret_way, err);
}

void remote_way_clear(struct remote_way *way)
{
    mem_free(TAKE(way->host));
}

bool remote_subsystem(struct remote *remote, const char *name, msec deadline, int *ret_fd,
                      struct error *err)
{
    return remote->backend->subsystem(remote, name, deadline, ret_fd, err);
}
