/*
 * The forwarder: a process that has the session with one hop.
 *
 * It is forked by the owner, in a session of its own, and watches it: by a socket, whose other end
 * the owner shuts down when it is done, and by a pidfd, because children of the owner may have
 * inherited that end. Then it removes its folder. A signal of the terminal is not its business.
 *
 * One loop moves everything; it sleeps only after a pass in which nothing moved, since libssh2 may
 * have read more than it was asked for. Without an answer for as long as the hop's keepalive says,
 * the session counts as dead: what goes through it ends, and the next to come gets a new one.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "link.h"

#define ASK_AFTER(keepalive) ((keepalive) / 3) /* of silence */
#define PROBE_MAX 512 /* bytes: more than a question and its likes take on the line */

/* Whoever sends these means the owner. */
static const int deaf_to[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1};

/* --- its beginning and its end --- */

static void settle(struct forwarder *forwarder)
{
    interrupt_reset_in_child();
    interrupt_disown();
    for (size_t i = 0; i < ARRAY_LEN(deaf_to); i++) {
        (void)signal(deaf_to[i], SIG_IGN);
    }
    (void)prctl(PR_SET_PDEATHSIG, 0);
    (void)prctl(PR_SET_NAME, "headgate-ssh");
    bool settled = setsid() > 0 && chdir("/") == 0;
    assert(settled);
    process_allow_descriptors();
    process_keep_only((int *const[]){&forwarder->owner.socket, &forwarder->owner.pidfd}, 2);
    link_be_quick();
}

/* The folder above goes with the last of its forwarders. */
static void leave_no_folder(const struct forwarder *forwarder)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *above = path_parent(forwarder->folder);
    if (folder_remove(forwarder->folder, &ignored) && rmdir(above) == 0) {
        int none = -1;
        remote_folder_remove(above, &none);
    }
}

/* --- sessions come and go --- */

static void lost_error(const struct forwarder *forwarder, struct error *err)
{
    const struct link *link = forwarder->link;
    err->retryable = true;
    error_set(err, ERROR_UNREACHABLE, "the session with %s was lost", forwarder->shown);
    if (link->farewell != NULL) {
        error_detail(err, "%s said \"%s\".", forwarder->hop->shown, link->farewell);
    } else if (link->failed == ETIMEDOUT) {
        CLEANUP(mem_freep) char *silence = duration_format(forwarder->hop->keepalive);
        error_detail(err, "%s said nothing for %s.", forwarder->hop->shown, silence);
    } else if (link->failed != 0) {
        error_detail(err, "%s.", strerror(link->failed));
    } else {
        error_detail(err, "%s hung up.", forwarder->hop->shown);
    }
}

/* What had not reached the host yet may try once more. */
static bool may_retry(const struct stream *stream)
{
    return stream->stage == STREAM_WAITING ||
           (stream->stage == STREAM_OPENING && !stream->started && !stream->retried);
}

static void bury(struct forwarder *forwarder, const struct error *why)
{
    for (struct stream *s = forwarder->streams; s != NULL; s = s->next) {
        s->channel = NULL; /* goes with the session */
        if (may_retry(s)) {
            s->retried = s->retried || s->stage == STREAM_OPENING;
            s->stage = STREAM_WAITING;
        } else {
            stream_fail(s, why);
        }
    }
    link_closep(&forwarder->link);
}

static void end_session(struct forwarder *forwarder)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    if (forwarder->link->other_key != NULL) {
        link_key_changed(forwarder->link, &why);
    } else {
        lost_error(forwarder, &why);
    }
    bury(forwarder, &why);
}

/* For those who wait. None of them is let in where the host cannot be reached. */
static void dial(struct forwarder *forwarder)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    if (link_dial(forwarder->hop, forwarder->before, &forwarder->owner, &forwarder->link, &why)) {
        return;
    }
    for (struct stream *s = forwarder->streams; s != NULL; s = s->next) {
        stream_fail(s, &why);
    }
}

/* --- silence --- */

/* While keys are being exchanged nothing is sent: then it is those that the host owes us. */
static void ask(struct forwarder *forwarder)
{
    struct link *link = forwarder->link;
    int next = 0;
    if (link_unsent(link) == 0) {
        (void)libssh2_keepalive_send(link->session, &next);
    }
    link->probed = clock_now();
}

/* When it is worth a look again. */
static msec next_look(const struct forwarder *forwarder)
{
    const struct link *link = forwarder->link;
    msec keepalive = forwarder->hop->keepalive;
    return link->probed != 0 ? link->probed + keepalive - ASK_AFTER(keepalive)
                             : link->heard + ASK_AFTER(keepalive);
}

/* What is on its way is an answer, too: a slow line takes its time. That our question arrived is
 * none: a host whose sshd stands still takes it as well. */
static void listen_for_life(struct forwarder *forwarder)
{
    struct link *link = forwarder->link;
    uint64_t progress = link_progress(link);
    if (progress > link->progress + PROBE_MAX) {
        link->progress = progress;
        link->probed = link->probed != 0 ? clock_now() : 0;
    }
    if (clock_now() < next_look(forwarder)) {
        return;
    }
    if (link->probed == 0) {
        ask(forwarder);
    } else {
        link->ended = true;
        link->failed = ETIMEDOUT;
    }
}

/* libssh2 reads only in the course of a call for some channel. Where there is none, and something
 * came (a question, new keys), one is opened for it. */
static void read_on(struct forwarder *forwarder)
{
    const struct link *link = forwarder->link;
    if (forwarder->streams == NULL && link->in_from != link->in_to) {
        forwarder->streams = stream_new(STREAM_PING, -1);
    }
}

/* --- the loop --- */

static void reap(struct forwarder *forwarder)
{
    struct stream **at = &forwarder->streams;
    bool had = *at != NULL;
    while (*at != NULL) {
        struct stream *stream = *at;
        if (stream->stage == STREAM_OVER ||
            (stream->stage == STREAM_CLOSING && stream->channel == NULL)) {
            *at = stream->next;
            stream_free(stream);
        } else {
            at = &stream->next;
        }
    }
    if (had && forwarder->streams == NULL) {
        link_give_back();
    }
}

/* Whoever moved first is last the next time: what the line takes at once may be less than the first
 * alone has to send. */
static void take_turns(struct forwarder *forwarder, struct stream *stream)
{
    struct stream **at = &forwarder->streams;
    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    stream->next = NULL;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = stream;
}

static bool pass(struct forwarder *forwarder)
{
    struct stream *first = NULL;
    bool moved = false;
    if (forwarder->link == NULL && forwarder->streams != NULL) {
        dial(forwarder);
        moved = true;
    }
    if (forwarder->link != NULL) {
        struct link *link = forwarder->link;
        read_on(forwarder);
        moved = opening_move(forwarder->streams, link, forwarder->shown) || moved;
        for (struct stream *s = forwarder->streams; s != NULL && !link->ended; s = s->next) {
            first = stream_move(s, link) && first == NULL ? s : first;
        }
        if (first != NULL) {
            take_turns(forwarder, first);
            moved = true;
        }
        if (link->ended) {
            end_session(forwarder);
            moved = true;
        }
    }
    reap(forwarder);
    return moved;
}

/* poll's list: owner, session, door, ways, guests, streams. */
enum { FD_SOCKET, FD_PIDFD, FD_LINK, FD_DOOR, FDS_FIXED };

static size_t gather(const struct forwarder *forwarder, struct pollfd **fds)
{
    const struct link *link = forwarder->link;
    size_t n = FDS_FIXED, n_streams = 0;
    for (const struct stream *s = forwarder->streams; s != NULL; s = s->next) {
        n_streams++;
    }
    *fds = mem_resize(*fds, n + forwarder->n_ways + forwarder->n_guests + n_streams * STREAM_FDS,
                      sizeof **fds);
    (*fds)[FD_SOCKET] = (struct pollfd){.fd = forwarder->owner.socket, .events = POLLIN};
    (*fds)[FD_PIDFD] = (struct pollfd){.fd = forwarder->owner.pidfd, .events = POLLIN};
    (*fds)[FD_LINK] = (struct pollfd){.fd = link != NULL ? link->fd : -1,
                                      .events = link != NULL ? link_events(link) : POLLIN};
    (*fds)[FD_DOOR] = (struct pollfd){.fd = forwarder->door, .events = POLLIN};
    for (size_t i = 0; i < forwarder->n_ways; i++) {
        (*fds)[n++] = (struct pollfd){.fd = forwarder->ways[i].fd, .events = POLLIN};
    }
    for (size_t i = 0; i < forwarder->n_guests; i++) {
        (*fds)[n++] = (struct pollfd){.fd = forwarder->guests[i].fd, .events = POLLIN};
    }
    for (const struct stream *s = forwarder->streams; s != NULL; s = s->next) {
        n += stream_watch(s, *fds + n);
    }
    return n;
}

/* Guests are heard from the last to the first: one that is done makes room for the last. */
static void heed(struct forwarder *forwarder, const struct pollfd *fds, size_t n_guests)
{
    const struct pollfd *at = fds + FDS_FIXED;
    size_t n_ways = forwarder->n_ways;
    const struct pollfd *guests = at + n_ways, *streams = guests + n_guests;
    for (struct stream *s = forwarder->streams; s != NULL; s = s->next) {
        stream_heed(s, streams);
        streams += STREAM_FDS;
    }
    for (size_t i = 0; i < n_ways; i++) {
        if (at[i].revents != 0) {
            forwarder_let_in_by(forwarder, &forwarder->ways[i]);
        }
    }
    for (size_t i = n_guests; i-- > 0;) {
        if (guests[i].revents != 0) {
            forwarder_hear(forwarder, i);
        }
    }
    if (fds[FD_DOOR].revents != 0) {
        forwarder_let_in(forwarder);
    }
    if (forwarder->link != NULL && fds[FD_LINK].revents != 0) {
        (void)link_move(forwarder->link, fds[FD_LINK].revents);
    }
}

/* Most of the list is no descriptor at all, and poll takes no longer list than we may have files.
 */
static int poll_packed(struct pollfd *fds, size_t n, msec deadline)
{
    CLEANUP(mem_freep) struct pollfd *packed = mem_new(n, sizeof *packed);
    size_t n_packed = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        if (fds[i].fd >= 0) {
            packed[n_packed++] = fds[i];
        }
    }
    int ready = poll(packed, n_packed, deadline_poll_timeout(deadline));
    for (size_t i = 0; i < n; i++) {
        fds[i].revents = 0;
        if (fds[i].fd >= 0) {
            fds[i].revents = ready > 0 ? packed[at].revents : 0;
            at++;
        }
    }
    return ready;
}

/* False: the owner has ended. */
static bool wait_for_news(struct forwarder *forwarder, struct pollfd **fds)
{
    size_t n = gather(forwarder, fds);
    if (forwarder->link != NULL) {
        link_acknowledge(forwarder->link);
    }
    if (poll_packed(*fds, n, forwarder->link != NULL ? next_look(forwarder) : DEADLINE_NONE) < 0) {
        return errno == EINTR;
    }
    if ((*fds)[FD_SOCKET].revents != 0 || (*fds)[FD_PIDFD].revents != 0) {
        return false;
    }
    heed(forwarder, *fds, forwarder->n_guests);
    if (forwarder->link != NULL) {
        listen_for_life(forwarder);
    }
    return true;
}

static void live(struct forwarder *forwarder)
{
    CLEANUP(mem_freep) struct pollfd *fds = NULL;
    bool wanted = true;
    while (wanted) {
        if (!pass(forwarder)) {
            wanted = wait_for_news(forwarder, &fds);
        }
        wanted = wanted && !forwarder->owner.ended;
    }
}

/* --- what the owner is told --- */

static bool tell(const struct forwarder *forwarder, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    const struct remote_hop *told = &forwarder->link->told;
    const char *const texts[] = {told->banner,         told->host_key_type,
                                 told->host_key,       told->host_key_known_by,
                                 told->authentication, told->algorithms};
    strbuf_add_char(&text, DOOR_OK);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        strbuf_add(&text, texts[i] != NULL ? texts[i] : "");
        strbuf_add_char(&text, '\0');
    }
    strbuf_printf(&text, "%lld", (long long)told->connected);
    strbuf_add_char(&text, '\0');
    strbuf_printf(&text, "%lld", (long long)told->authorized);
    strbuf_add_char(&text, '\0');
    for (size_t i = 0; i < told->tried.n; i++) {
        strbuf_add_n(&text, told->tried.items[i], strlen(told->tried.items[i]) + 1);
    }
    return fd_write_all(forwarder->owner.socket, text.text, text.size, err) &&
           shutdown(forwarder->owner.socket, SHUT_WR) == 0;
}

static bool begin(struct forwarder *forwarder, struct error *err)
{
    CLEANUP(mem_freep) char *door = path_join(forwarder->folder, "door");
    return listen_at(door, &forwarder->door, err) &&
           link_dial(forwarder->hop, forwarder->before, &forwarder->owner, &forwarder->link, err) &&
           tell(forwarder, err);
}

static void dismiss(struct forwarder *forwarder)
{
    while (forwarder->streams != NULL) {
        struct stream *stream = forwarder->streams;
        forwarder->streams = stream->next;
        stream_free(stream);
    }
    while (forwarder->n_guests > 0) {
        door_guest_clear(&forwarder->guests[--forwarder->n_guests]);
    }
    while (forwarder->n_ways > 0) {
        way_clear(&forwarder->ways[--forwarder->n_ways]);
    }
    mem_free(forwarder->guests);
    mem_free(forwarder->ways);
    link_closep(&forwarder->link);
    fd_closep(&forwarder->door);
}

void forwarder_live(const struct forwarder *task)
{
    struct forwarder forwarder = *task;
    CLEANUP(error_clear) struct error error = ERROR_INIT;
    settle(&forwarder);
    if (begin(&forwarder, &error)) {
        live(&forwarder);
    } else {
        door_tell_error(forwarder.owner.socket, &error);
    }
    dismiss(&forwarder);
    leave_no_folder(&forwarder);
    process_exit_child(0);
}
