/*
 * One ssh has the session and stays, with a control socket in the remote's folder over which all
 * else is asked for. It dies with the process that started it; those of jump hosts die with it,
 * since what they carry ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "openssh.h"

/* Milliseconds between two looks whether it is let in. Being told by the system (inotify) costs
 * more than looking: it takes its time to forget who is to be told. */
#define GLANCE 1
/* More of them: ssh itself says more of a host that does not answer, so it comes first
 * (ConnectTimeout). */
#define SLACK 1000
#define SAID_MAX ((size_t)256 * 1024)

/* --- what was said --- */

static void read_all(int fd, struct strbuf *ret_text)
{
    off_t at = 0;
    ssize_t n = 1;
    while (n > 0 && ret_text->size < SAID_MAX) {
        n = pread(fd, strbuf_room(ret_text, 4096), 4096, at);
        strbuf_grown(ret_text, n > 0 ? (size_t)n : 0);
        at += n;
    }
}

void master_said(const struct remote *remote, size_t hop, struct strbuf *ret_said)
{
    const struct openssh *openssh = remote->state;
    if (hop + 1 == remote->route.n) {
        read_all(openssh->master.said, ret_said);
        return;
    }
    CLEANUP(mem_freep) char *path = openssh_file(remote, "said", hop);
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        read_all(fd, ret_said);
    }
}

/* --- starting --- */

/* The user's, for the agent and what else keys may need; what it asks is asked of our script, and
 * what it starts is started by /bin/sh, whatever their own shell is. */
static void make_environment(const struct remote *remote, struct strlist *ret_env)
{
    static const char *const ours[] = {"SHELL=", "SSH_ASKPASS=", "SSH_ASKPASS_REQUIRE=", NULL};
    CLEANUP(strlist_clear) struct strlist all = STRLIST_INIT;
    CLEANUP(mem_freep) char *ask = openssh_file(remote, "ask", remote->route.n - 1);
    process_user_environment(&all);
    for (size_t i = 0; i < all.n; i++) {
        bool is_ours = false;
        for (const char *const *name = ours; *name != NULL; name++) {
            is_ours = is_ours || text_starts(all.items[i], *name);
        }
        if (!is_ours) {
            strlist_add(ret_env, all.items[i]);
        }
    }
    strlist_add(ret_env, "SHELL=/bin/sh");
    strlist_printf(ret_env, "SSH_ASKPASS=%s", ask);
    strlist_add(ret_env, "SSH_ASKPASS_REQUIRE=force");
}

/* ssh replaces "%" in the path of its control socket. */
static char *control_argument(const char *control)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (; *control != '\0'; control++) {
        strbuf_add_n(&text, "%%", *control == '%' ? 2 : 0);
        if (*control != '%') {
            strbuf_add_char(&text, *control);
        }
    }
    return strbuf_take(&text);
}

/* ret_fd: -1 where ssh is to do it. */
static bool dial(const struct remote *remote, msec deadline, int *ret_fd, struct error *err)
{
    const struct ssh_hop *hop = &remote->route.hops[0];
    struct owner_watch nobody = {.socket = -1, .pidfd = -1};
    msec until = deadline_earlier(deadline, deadline_in(hop->connect_timeout));
    if (!openssh_is_connected(&remote->route)) {
        return true;
    }
    if (!link_connect(hop, &nobody, until, ret_fd, err)) {
        return false;
    }
    int flags = fcntl(*ret_fd, F_GETFL);
    return fcntl(*ret_fd, F_SETFL, flags & ~O_NONBLOCK) == 0 ||
           error_set_errno(err, "could not set up the connection to %s", hop->shown);
}

static bool launch(struct remote *remote, msec deadline, struct error *err)
{
    struct openssh *openssh = remote->state;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    CLEANUP(mem_freep) char *name = openssh_hop_name(remote->route.n - 1);
    CLEANUP(mem_freep) char *control = control_argument(openssh->control);
    CLEANUP(fd_closep) int connection = -1;
    const char *const argv[] = {
        openssh->program, "-F", openssh->config, "-M", "-N", "-S", control, name, NULL};
    make_environment(remote, &env);
    const struct process_spec spec = {.argv = argv, .env = (const char *const *)env.items};
    (void)unlink(openssh->control);
    for (size_t i = 0; i < remote->route.n; i++) {
        CLEANUP(mem_freep) char *said = openssh_file(remote, "said", i);
        CLEANUP(mem_freep) char *shown = openssh_file(remote, "shown", i);
        (void)unlink(said);
        (void)unlink(shown);
    }
    if (!dial(remote, deadline, &connection, err) ||
        !process_start(&spec, connection, connection, &openssh->master, err)) {
        return false;
    }
    openssh->starter = getpid();
    return true;
}

/* --- waiting --- */

/* What each hop has reached, and when: for those who look what is slow. */
static void note_progress(struct remote *remote, msec started)
{
    for (size_t i = 0; i < remote->route.n; i++) {
        struct remote_hop *hop = &remote->hops[i];
        CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT;
        if (hop->authorized > 0) {
            continue;
        }
        master_said(remote, i, &said);
        msec now = clock_now() - started + 1;
        if (hop->connected == 0 && strstr(said.text, "remote software version") != NULL) {
            hop->connected = now;
        }
        if (openssh_is_in(said.text)) {
            hop->authorized = now - hop->connected;
            hop->authorized = hop->authorized > 0 ? hop->authorized : 1;
        }
    }
}

/* in_time: ssh has ended by itself. */
static bool refused(const struct remote *remote, bool in_time, struct error *err)
{
    size_t last = remote->route.n - 1, at = 0;
    CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT, before = STRBUF_INIT;
    for (at = 0; at < last; at++) {
        strbuf_cut(&said, 0);
        master_said(remote, at, &said);
        if (!openssh_is_in(said.text)) {
            break;
        }
    }
    strbuf_cut(&said, 0);
    master_said(remote, at, &said);
    if (at > 0) {
        master_said(remote, at - 1, &before);
    }
    if (said.size == 0 && at < last) {
        master_said(remote, last, &said); /* the shell that was to start it, perhaps */
    }
    CLEANUP(mem_freep) char *shown = openssh_file(remote, "shown", at);
    return openssh_refused(&remote->route.hops[at], said.text, at > 0 ? before.text : NULL, shown,
                           in_time, err);
}

bool master_lost(const struct remote *remote, struct error *err)
{
    bool known = false;
    for (size_t i = 0; i < remote->route.n && !known; i++) {
        CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT;
        master_said(remote, i, &said);
        known = openssh_key_changed(&remote->route.hops[i], said.text, err);
    }
    return known;
}

static bool wait_until_in(struct remote *remote, msec started, msec deadline, struct error *err)
{
    const struct openssh *openssh = remote->state;
    msec until = deadline_earlier(
        deadline, deadline_in(openssh_patience(&remote->route, remote->route.n - 1) + SLACK));
    struct pollfd ended = {.fd = openssh->master.pidfd, .events = POLLIN};
    for (;;) {
        if (path_exists(openssh->control)) {
            note_progress(remote, started);
            return true;
        }
        if (ended.revents != 0 || deadline_passed(until)) {
            return refused(remote, ended.revents != 0, err);
        }
        if (interrupt_poll(&ended, 1, deadline_earlier(until, deadline_in(GLANCE))) < 0) {
            return interrupt_error(err);
        }
        note_progress(remote, started);
    }
}

static void describe(struct remote *remote)
{
    for (size_t i = 0; i < remote->route.n; i++) {
        CLEANUP(strbuf_clear) struct strbuf said = STRBUF_INIT;
        master_said(remote, i, &said);
        openssh_describe(&remote->route.hops[i], said.text, &remote->hops[i]);
    }
}

bool master_start(struct remote *remote, msec deadline, struct error *err)
{
    struct openssh *openssh = remote->state;
    msec began = clock_now();
    bool is_in = openssh_secrets_write(remote, err) && launch(remote, deadline, err) &&
                 wait_until_in(remote, began, deadline, err);
    openssh_secrets_remove(remote);
    if (!is_in) {
        master_end(openssh);
        return false;
    }
    describe(remote);
    return true;
}

void master_end(struct openssh *openssh)
{
    if (openssh->starter != getpid()) {
        openssh->master.pid = -1;
        fd_closep(&openssh->master.pidfd);
    }
    process_beside_clear(&openssh->master);
    openssh->master = (struct process_beside)PROCESS_BESIDE_INIT;
}
