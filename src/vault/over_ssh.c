/* The way to a vault on another host: one SSH session, opened when it is needed first. */
#include "depot_sftp.h"
#include "headgate/remote.h"

#define CONNECT_PATIENCE ((msec)60000)
#define PROGRAM_PATIENCE ((msec)3600000) /* to read all of a backup over there */

struct way {
    const struct ssh_place *place; /* the environments' */
    struct remote *remote;
};

/* Where we have been let in before, what fails now may well do better in a while. */
static bool connect(void *context, int *ret_fd, struct error *err)
{
    struct way *way = context;
    bool was_let_in = way->remote != NULL;
    if (!was_let_in && !remote_open(way->place, deadline_in(CONNECT_PATIENCE), &way->remote, err)) {
        return false;
    }
    if (remote_subsystem(way->remote, "sftp", deadline_in(CONNECT_PATIENCE), ret_fd, err)) {
        return true;
    }
    err->retryable = err->retryable || (was_let_in && err->code == ERROR_UNREACHABLE);
    return false;
}

static bool run(void *context, const char *const *argv, struct process_result *ret_result,
                struct error *err)
{
    struct way *way = context;
    const struct process_spec spec = {.argv = argv, .deadline = deadline_in(PROGRAM_PATIENCE)};
    return remote_run(way->remote, &spec, ret_result, err);
}

static void close_way(void *context)
{
    struct way *way = context;
    remote_closep(&way->remote);
    mem_free(way);
}

struct depot depot_over_ssh(const struct ssh_place *place, const char *folder)
{
    struct way *way = mem_new(1, sizeof *way);
    CLEANUP(strbuf_clear) struct strbuf shown = STRBUF_INIT;
    way->place = place;
    if (place->user != NULL) {
        strbuf_printf(&shown, "%s@", place->user);
    }
    strbuf_add(&shown, place->host);
    if (place->port > 0) {
        strbuf_printf(&shown, ":%d", place->port);
    }
    const struct depot_line line = {
        .shown = shown.text, .connect = connect, .run = run, .context = way, .close = close_way};
    return depot_over_sftp(&line, folder);
}
