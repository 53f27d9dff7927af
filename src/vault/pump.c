/*
 * Writing over SFTP: whoever writes, writes into a pipe, and a process of ours carries it over. It
 * publishes only when it is told to: a pipe that ends may be a writer that died.
 */
#include "pump.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

#define PIPE_ROOM (1 << 20)
#define LAST_WORDS ((msec)10000) /* for it to remove what it has written */
#define GLANCE ((msec)20)

struct writing {
    struct worker worker;
    pid_t owner;
    int orders;
    struct strbuf news;
};

/* --- what it says --- */

/* Until it has said something more; false when it has said all. */
static bool hear(struct writing *writing)
{
    ssize_t n = 0;
    do {
        n = read(writing->worker.news, strbuf_room(&writing->news, 4096), 4096);
    } while (n < 0 && errno == EINTR);
    strbuf_grown(&writing->news, n > 0 ? (size_t)n : 0);
    return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Everything up to its end. Deaf, as it has been told already. */
static void hear_to_end(struct writing *writing, msec deadline)
{
    struct pollfd fd = {.fd = writing->worker.news, .events = POLLIN};
    while (hear(writing) && !deadline_passed(deadline)) {
        (void)poll(&fd, 1, deadline_poll_timeout(deadline));
    }
}

/* Its failure as ours, or that it died without a word. */
static bool tell_failure(const struct writing *writing, const char *path, struct error *err)
{
    const char *at = memchr(writing->news.text, PUMP_FAILED, writing->news.size);
    const char *end = writing->news.text + writing->news.size;
    const char *fields[PUMP_FIELDS] = {NULL};
    size_t n = 0;
    for (at = at != NULL ? at + 1 : end; n < PUMP_FIELDS && at < end; n++) {
        fields[n] = at;
        at += strlen(at) + 1;
    }
    if (n < PUMP_FIELDS) {
        return error_set(err, ERROR_BACKUP, "the process that writes %s died", path);
    }
    (void)error_set(err, error_code_named(fields[0]), "%s", fields[1]);
    if (fields[2][0] != '\0') {
        (void)error_detail(err, "%s", fields[2]);
    }
    return fields[3][0] != '\0' ? error_hint(err, "%s", fields[3]) : false;
}

static bool has_said(const struct writing *writing, char word)
{
    return writing->news.size > 0 && writing->news.text[writing->news.size - 1] == word;
}

/* Waits for one of these words, or a failure. */
static bool await(struct writing *writing, const char *words, const char *path, struct error *err)
{
    struct pollfd fd = {.fd = writing->worker.news, .events = POLLIN};
    strbuf_cut(&writing->news, 0);
    while (writing->news.size == 0 || strchr(words, writing->news.text[0]) == NULL) {
        if (interrupt_poll(&fd, 1, DEADLINE_NONE) < 0) {
            return interrupt_error(err);
        }
        if (!hear(writing)) {
            return tell_failure(writing, path, err);
        }
    }
    return true;
}

/* --- its beginning and its end --- */

static void end_worker(struct writing *writing, msec deadline)
{
    int status = 0, signal_number = 0;
    bool killed = false;
    struct pollfd fd = {.fd = writing->worker.pidfd, .events = POLLIN};
    while (!worker_has_ended(&writing->worker, &status, &signal_number)) {
        if (deadline_passed(deadline) && !killed) {
            worker_kill(&writing->worker);
            killed = true;
        }
        (void)poll(&fd, 1, killed ? (int)GLANCE : deadline_poll_timeout(deadline));
    }
}

static void free_writing(struct writing **writing)
{
    if (*writing == NULL) {
        return;
    }
    if ((*writing)->owner == getpid() && (*writing)->worker.pid > 0) {
        worker_signal(&(*writing)->worker, SIGTERM);
        end_worker(*writing, deadline_in(LAST_WORDS));
    }
    worker_clear(&(*writing)->worker);
    fd_closep(&(*writing)->orders);
    strbuf_clear(&(*writing)->news);
    mem_free(TAKE(*writing));
}

static bool open_pipe(int *ret_reading, int *ret_writing, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    *ret_reading = ends[0];
    *ret_writing = ends[1];
    return true;
}

bool pump_create(const struct depot *depot, const char *name, struct vault_file *file,
                 bool *ret_taken, struct error *err)
{
    CLEANUP(free_writing) struct writing *writing = mem_new(1, sizeof *writing);
    CLEANUP(fd_closep) int data = -1;
    CLEANUP(fd_closep) int our_data = -1;
    CLEANUP(fd_closep) int orders = -1;
    CLEANUP(mem_freep) char *part = mem_printf("%s/.%s" PART_END, depot->folder, name);
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    *writing = (struct writing){.worker = {.pid = -1, .pidfd = -1, .news = -1},
                                .owner = getpid(),
                                .orders = -1,
                                .news = STRBUF_INIT};
    if (!open_pipe(&data, &our_data, err) || !open_pipe(&orders, &writing->orders, err)) {
        return false;
    }
    (void)fcntl(our_data, F_SETPIPE_SZ, PIPE_ROOM);
    struct pump_plan plan = {.depot = depot->state,
                             .folder = depot->folder,
                             .part = part,
                             .path = path,
                             .data = data,
                             .orders = orders,
                             .our_data = our_data,
                             .our_orders = writing->orders};
    static const char words[] = {PUMP_READY, PUMP_TAKEN, '\0'};
    if (!worker_start(pump_work, &plan, &writing->worker, err) ||
        !await(writing, words, file->path, err)) {
        return false;
    }
    *ret_taken = has_said(writing, PUMP_TAKEN);
    if (!*ret_taken) {
        file->temporary = mem_printf("%s/.%s" PART_END, depot->shown, name);
        file->file = fd_take(&our_data);
        file->writing = TAKE(writing);
    }
    return true;
}

/* Whoever is asked to stop now asks in turn, and is told what became of it: it may be done. */
bool pump_publish(struct vault_file *file, struct error *err)
{
    struct writing *writing = file->writing;
    static const char order = PUMP_PUBLISHES;
    static const char words[] = {PUMP_DONE, '\0'};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    fd_closep(&file->file);
    file->fd = -1;
    bool told = write(writing->orders, &order, 1) == 1; /* else it says why */
    bool done = await(writing, words, file->path, &failure);
    if (!done && told && interrupt_pending() != 0) {
        worker_signal(&writing->worker, SIGTERM);
        hear_to_end(writing, deadline_in(LAST_WORDS));
        done = has_said(writing, PUMP_DONE);
    }
    if (!done) {
        error_move(err, &failure);
        return false;
    }
    end_worker(writing, deadline_in(LAST_WORDS));
    free_writing(&writing);
    file->writing = NULL;
    return true;
}

void pump_discard(struct vault_file *file)
{
    struct writing *writing = file->writing;
    free_writing(&writing);
    file->writing = NULL;
}

bool pump_explain(struct vault_file *file, struct error *err)
{
    struct writing *writing = file->writing;
    struct pollfd fd = {.fd = file->file, .events = POLLOUT};
    if (writing == NULL || poll(&fd, 1, 0) <= 0 || (fd.revents & POLLERR) == 0) {
        return false;
    }
    hear_to_end(writing, deadline_in(LAST_WORDS));
    error_clear(err);
    return tell_failure(writing, file->path, err);
}
