/* What a caller sees: one remote, whichever back end has it. */
#include "headgate/remote.h"

#include "headgate/mem.h"
#include "private.h"

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

const struct remote_hop *remote_hops(const struct remote *remote, size_t *ret_n)
{
    *ret_n = remote->route.n;
    return remote->hops;
}

const char *remote_shown(const struct remote *remote)
{
    return remote->route.shown;
}

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
