/*
 * Several processes at one heap of work. Each takes the next item when it is free; the first
 * failure ends all of them. What one has to say of its failure comes up its pipe, field by field.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

#define TICK 100

struct hands {
    const struct crew *crew;
    atomic_size_t *next;
    struct worker workers[JOBS_MOST];
    struct strbuf said[JOBS_MOST];
    unsigned n, n_left;
    bool failed;
};

bool shared_new(size_t size, void **ret_memory, struct error *err)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return error_set_errno(err, "could not share memory");
    }
    *ret_memory = memory;
    return true;
}

void shared_free(void *memory, size_t size)
{
    if (memory != NULL) {
        (void)munmap(memory, size);
    }
}

unsigned jobs_or_processors(unsigned jobs)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = jobs > 0 ? jobs : processors > 0 ? (unsigned)processors : 1;
    return wanted < JOBS_MOST ? wanted : JOBS_MOST;
}

/* --- in a process of the crew --- */

static void add_field(struct strbuf *text, const char *field)
{
    strbuf_add(text, field != NULL ? field : "");
    strbuf_add_char(text, '\0');
}

static int tell_failure(int news, const struct error *failure)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    add_field(&text, error_code_name(failure->code));
    add_field(&text, failure->sqlstate);
    add_field(&text, failure->message);
    add_field(&text, failure->detail);
    add_field(&text, failure->hint);
    (void)!fd_write_all(news, text.text, text.size, &ignored);
    return 1;
}

static int live(void *context, int news)
{
    const struct hands *hands = context;
    const struct crew *crew = hands->crew;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (crew->prepare != NULL && !crew->prepare(crew->context, &failure)) {
        return tell_failure(news, &failure);
    }
    for (size_t i = atomic_fetch_add(hands->next, 1); i < crew->n_items;
         i = atomic_fetch_add(hands->next, 1)) {
        if (interrupt_pending() != 0) {
            (void)interrupt_error(&failure);
            return tell_failure(news, &failure);
        }
        if (!crew->work(crew->context, i, &failure)) {
            return tell_failure(news, &failure);
        }
    }
    return 0;
}

/* --- in ours --- */

static const char *field_at(const struct strbuf *text, size_t number)
{
    const char *at = text->text, *end = text->text + text->size;
    for (size_t i = 0; i < number && at < end; i++) {
        at += strlen(at) + 1;
    }
    return at < end ? at : "";
}

static void take_failure(struct hands *hands, unsigned i, int status, int signal, struct error *err)
{
    const struct strbuf *said = &hands->said[i];
    if (hands->failed || (status == 0 && signal == 0)) {
        return;
    }
    hands->failed = true;
    if (said->size == 0) {
        (void)error_set(err, signal != 0 ? ERROR_IO : ERROR_INTERNAL,
                        "a process of ours ended with %s %d", signal != 0 ? "signal" : "status",
                        signal != 0 ? signal : status);
        return;
    }
    (void)error_set(err, error_code_named(field_at(said, 0)), "%s", field_at(said, 2));
    (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", field_at(said, 1));
    if (field_at(said, 3)[0] != '\0') {
        (void)error_detail(err, "%s", field_at(said, 3));
    }
    if (field_at(said, 4)[0] != '\0') {
        (void)error_hint(err, "%s", field_at(said, 4));
    }
}

static void listen_to(struct hands *hands, unsigned i)
{
    char piece[4096];
    ssize_t n = 0;
    while ((n = read(hands->workers[i].news, piece, sizeof piece)) > 0) {
        strbuf_add_n(&hands->said[i], piece, (size_t)n);
    }
    if (n == 0) {
        fd_closep(&hands->workers[i].news);
    }
}

static void reap(struct hands *hands, struct error *err)
{
    for (unsigned i = 0; i < hands->n; i++) {
        int status = 0, signal = 0;
        if (hands->workers[i].pid > 0 && worker_has_ended(&hands->workers[i], &status, &signal)) {
            listen_to(hands, i);
            hands->n_left--;
            take_failure(hands, i, status, signal, err);
        }
    }
}

static void end_all(struct hands *hands)
{
    for (unsigned i = 0; i < hands->n; i++) {
        worker_kill(&hands->workers[i]);
    }
}

static bool wait_a_while(struct hands *hands)
{
    struct pollfd fds[2 * JOBS_MOST + 1];
    nfds_t n = 0;
    if (hands->crew->hear != NULL) {
        fds[n++] = (struct pollfd){.fd = hands->crew->bell, .events = POLLIN};
    }
    for (unsigned i = 0; i < hands->n; i++) {
        if (hands->workers[i].pid > 0) {
            fds[n++] = (struct pollfd){.fd = hands->workers[i].pidfd, .events = POLLIN};
        }
        if (hands->workers[i].news >= 0) {
            fds[n++] = (struct pollfd){.fd = hands->workers[i].news, .events = POLLIN};
        }
    }
    return interrupt_poll(fds, n, deadline_in(TICK)) >= 0 || errno != EINTR;
}

static bool supervise(struct hands *hands, struct error *err)
{
    while (hands->n_left > 0) {
        if (!wait_a_while(hands) && !hands->failed) {
            hands->failed = true;
            (void)interrupt_error(err);
        }
        for (unsigned i = 0; i < hands->n; i++) {
            if (hands->workers[i].news >= 0) {
                listen_to(hands, i);
            }
        }
        reap(hands, err);
        if (!hands->failed && hands->crew->hear != NULL &&
            !hands->crew->hear(hands->crew->context, err)) {
            hands->failed = true;
        }
        if (hands->failed) {
            end_all(hands);
        } else if (hands->crew->tick != NULL) {
            hands->crew->tick(hands->crew->context);
        }
    }
    return !hands->failed;
}

static bool start_all(struct hands *hands, struct error *err)
{
    unsigned wanted = jobs_or_processors(hands->crew->jobs);
    for (; hands->n < wanted && hands->n < hands->crew->n_items; hands->n++) {
        if (!worker_start(live, hands, &hands->workers[hands->n], err)) {
            hands->failed = true;
            return false;
        }
        hands->n_left++;
    }
    return true;
}

bool crew_run(const struct crew *crew, struct error *err)
{
    struct hands hands = {.crew = crew};
    void *memory = NULL;
    if (!shared_new(sizeof *hands.next, &memory, err)) {
        return false;
    }
    hands.next = memory;
    for (unsigned i = 0; i < JOBS_MOST; i++) {
        hands.said[i] = (struct strbuf)STRBUF_INIT;
    }
    if (!start_all(&hands, err)) {
        end_all(&hands);
    }
    bool done = supervise(&hands, err);
    for (unsigned i = 0; i < hands.n; i++) {
        worker_clear(&hands.workers[i]);
        strbuf_clear(&hands.said[i]);
    }
    shared_free(memory, sizeof *hands.next);
    return done;
}
