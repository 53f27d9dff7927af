/*
 * The process that carries an archive over. What has not arrived is kept, and written again at its
 * place where the session breaks. It publishes what is as large over there as what was sent, and
 * has the same SHA-256.
 */
#include "pump_work.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

#define WINDING_UP ((msec)5000)
/* A line that breaks again and again must not take more with it than it has brought. */
#define CAREFUL ((uint64_t)4 << 20)

/* --- a session --- */

static void hang_up(struct pump *pump)
{
    sftp_file_closep(&pump->file);
    sftp_closep(&pump->sftp);
}

static void drop_arrived(struct pump *pump)
{
    uint64_t arrived = pump->file != NULL ? sftp_arrived(pump->file) : 0;
    while (pump->first != NULL && pump->first->at + pump->first->n <= arrived) {
        struct chunk *chunk = pump->first;
        pump->first = chunk->next;
        pump->last = pump->first != NULL ? pump->last : NULL;
        mem_free(chunk);
    }
}

/* Where what we have still begins. */
static uint64_t base_of(const struct pump *pump)
{
    return pump->first != NULL ? pump->first->at : pump->taken;
}

static bool check_part(struct pump *pump, struct error *err)
{
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    if (!sftp_stat(pump->sftp, pump->plan->part, &entry, err)) {
        return false;
    }
    return entry.size >= base_of(pump) ||
           error_set(err, ERROR_BACKUP,
                     "%s has lost what it had confirmed: of %s there are %llu bytes, and %llu had "
                     "arrived",
                     pump->plan->depot->line.shown, pump->plan->part,
                     (unsigned long long)entry.size, (unsigned long long)base_of(pump));
}

/* A session, and the part open in it, from where the bytes have arrived. */
static bool connect_again(struct pump *pump, struct error *err)
{
    if (pump->sftp != NULL && !sftp_is_broken(pump->sftp)) {
        return true;
    }
    drop_arrived(pump);
    hang_up(pump);
    if (!sftp_depot_connect(pump->plan->depot, &pump->sftp, err)) {
        return false;
    }
    if (!pump->made) {
        return true;
    }
    pump->sent = base_of(pump);
    return check_part(pump, err) &&
           sftp_open_to_write(pump->sftp, pump->plan->part, false, 0600, &pump->file, err);
}

static bool give_up(struct pump *pump, struct error *failure, struct error *err)
{
    error_move(err, failure);
    if (err->code == ERROR_UNREACHABLE && pump->broke > 1) {
        CLEANUP(mem_freep)
        char *patience = duration_format(sftp_depot_patience(pump->plan->depot));
        (void)error_detail(err,
                           "The session was opened anew %u times, for %s; %llu bytes had arrived.",
                           pump->broke - 1, patience, (unsigned long long)base_of(pump));
    }
    return false;
}

bool pump_persist(struct pump *pump, bool (*what)(struct pump *pump, struct error *err),
                  struct error *err)
{
    msec patience = sftp_depot_patience(pump->plan->depot);
    uint64_t arrived = base_of(pump);
    pump->deadline = deadline_in(patience);
    for (unsigned attempt = 0;; attempt++) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (connect_again(pump, &failure) && what(pump, &failure)) {
            return true;
        }
        drop_arrived(pump);
        pump->broke++;
        pump->careful_to = base_of(pump) + CAREFUL;
        if (attempt == 0 || base_of(pump) > arrived) {
            attempt = 0;
            arrived = base_of(pump);
            pump->deadline = deadline_in(patience);
        }
        if (!sftp_try_again(pump->plan->depot, attempt, pump->deadline, &failure)) {
            return give_up(pump, &failure, err);
        }
    }
}

/* --- the part --- */

void pump_remove_word(struct pump *pump)
{
    CLEANUP(mem_freep) char *word = writer_file(pump->plan->part);
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    (void)!sftp_remove(pump->sftp, word, &none);
}

/* Who we are comes first: a part without that is nobody's. */
static bool say_who(struct pump *pump, struct error *err)
{
    CLEANUP(mem_freep) char *word = writer_file(pump->plan->part);
    CLEANUP(mem_freep) char *line = writer_line();
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    bool durable = false;
    return sftp_open_to_write(pump->sftp, word, true, 0600, &file, err) &&
           sftp_write_at(file, line, strlen(line), 0, err) && sftp_sync(file, &durable, err);
}

static bool make_part(struct pump *pump, struct error *err)
{
    if (!say_who(pump, err)) {
        return false;
    }
    pump->made = sftp_open_to_write(pump->sftp, pump->plan->part, true, 0600, &pump->file, err);
    if (!pump->made) {
        pump_remove_word(pump);
    }
    return pump->made;
}

/* Whatever stopped us, what is over there goes, if that can be done soon. */
static void wind_up(struct pump *pump)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!pump->made) {
        return;
    }
    interrupt_forget();
    if ((pump->sftp == NULL || sftp_is_broken(pump->sftp)) && !connect_again(pump, &none) &&
        pump->sftp == NULL) {
        return;
    }
    sftp_wind_up(pump->sftp, deadline_in(WINDING_UP));
    sftp_file_closep(&pump->file);
    if (sftp_remove(pump->sftp, pump->plan->part, &ignored)) {
        pump_remove_word(pump);
    }
}

/* --- carrying --- */

bool pump_send(struct pump *pump, struct error *err)
{
    bool durable = false;
    for (const struct chunk *chunk = pump->first; chunk != NULL; chunk = chunk->next) {
        if (chunk->at < pump->sent) {
            continue;
        }
        if (!sftp_write_at(pump->file, chunk->bytes, chunk->n, chunk->at, err)) {
            return false;
        }
        pump->sent = chunk->at + chunk->n;
        if (chunk->at < pump->careful_to && !sftp_sync(pump->file, &durable, err)) {
            return false;
        }
    }
    drop_arrived(pump);
    return true;
}

static void keep(struct pump *pump, struct chunk *chunk)
{
    hash_add(pump->hash, chunk->bytes, chunk->n);
    pump->taken += chunk->n;
    if (pump->last != NULL) {
        pump->last->next = chunk;
    } else {
        pump->first = chunk;
    }
    pump->last = chunk;
}

/* As much as there is, up to a piece. ret_more: it may go on. */
static bool take_chunk(struct pump *pump, bool *ret_more, struct error *err)
{
    struct chunk *chunk = mem_resize(NULL, sizeof *chunk + PUMP_PIECE, 1);
    ssize_t n = 0;
    *chunk = (struct chunk){.at = pump->taken};
    do {
        n = read(pump->data, chunk->bytes + chunk->n, PUMP_PIECE - chunk->n);
        chunk->n += n > 0 ? (size_t)n : 0;
    } while (n > 0 && chunk->n < PUMP_PIECE);
    int failure = errno;
    if (chunk->n > 0) {
        keep(pump, mem_resize(chunk, sizeof *chunk + chunk->n, 1));
    } else {
        mem_free(chunk);
    }
    *ret_more = n > 0;
    errno = failure;
    return n >= 0 || failure == EAGAIN || error_set_errno(err, "could not read from a pipe");
}

enum order { ORDER_NONE, ORDER_PUBLISH, ORDER_STOP };

/* Waits for bytes, or an order; that the pipe has ended says nothing. */
static bool await_work(struct pump *pump, bool *pipe_ended, enum order *ret_order,
                       struct error *err)
{
    char word = 0;
    struct pollfd fds[] = {{.fd = pump->orders, .events = POLLIN},
                           {.fd = *pipe_ended ? -1 : pump->data, .events = POLLIN}};
    *ret_order = ORDER_NONE;
    if (interrupt_poll(fds, ARRAY_LEN(fds), DEADLINE_NONE) < 0) {
        return interrupt_error(err);
    }
    *pipe_ended = *pipe_ended || (fds[1].revents & (POLLIN | POLLHUP)) == POLLHUP;
    if (fds[0].revents != 0) {
        bool told = read(pump->orders, &word, 1) == 1 && word == PUMP_PUBLISHES;
        *ret_order = told ? ORDER_PUBLISH : ORDER_STOP;
    }
    return true;
}

/* All that is written, until we are told that it is all. */
static bool carry(struct pump *pump, struct error *err)
{
    enum order order = ORDER_NONE;
    bool pipe_ended = false, more = false;
    while (order == ORDER_NONE) {
        if (!await_work(pump, &pipe_ended, &order, err)) {
            return false;
        }
        do {
            if (!take_chunk(pump, &more, err) ||
                (pump->first != NULL && pump->last->at >= pump->sent &&
                 !pump_persist(pump, pump_send, err))) {
                return false;
            }
        } while (more && (order == ORDER_PUBLISH || interrupt_pending() == 0));
    }
    return order == ORDER_PUBLISH || error_set(err, ERROR_BACKUP, "whoever wrote it is gone");
}

/* --- all of it --- */

static void say(struct pump *pump, char word)
{
    (void)!write(pump->news, &word, 1);
}

static void add_field(struct strbuf *text, const char *field)
{
    strbuf_add(text, field != NULL ? field : "");
    strbuf_add_char(text, '\0');
}

static int fail(struct pump *pump, const struct error *failure)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    fd_closep(&pump->data); /* whoever writes need not go on */
    wind_up(pump);
    strbuf_add_char(&text, PUMP_FAILED);
    add_field(&text, error_code_name(failure->code));
    add_field(&text, failure->message);
    add_field(&text, failure->detail);
    add_field(&text, failure->hint);
    (void)!fd_write_all(pump->news, text.text, text.size, &none);
    return 1;
}

static void clear(struct pump *pump)
{
    hang_up(pump);
    hash_freep(&pump->hash);
    while (pump->first != NULL) {
        struct chunk *chunk = pump->first;
        pump->first = chunk->next;
        mem_free(chunk);
    }
}

int pump_work(void *context, int news)
{
    struct pump_plan *plan = context;
    CLEANUP(clear)
    struct pump pump = {
        .plan = plan, .data = plan->data, .orders = plan->orders, .news = news, .hash = hash_new()};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    fd_closep(&plan->our_data);
    fd_closep(&plan->our_orders);
    (void)fcntl(pump.data, F_SETFL, O_NONBLOCK);
    if (!connect_again(&pump, &failure) || !make_part(&pump, &failure)) {
        if (failure.sys_errno == EEXIST) {
            say(&pump, PUMP_TAKEN);
            return 0;
        }
        return fail(&pump, &failure);
    }
    say(&pump, PUMP_READY);
    if (!carry(&pump, &failure) || !pump_give_name(&pump, &failure)) {
        return fail(&pump, &failure);
    }
    say(&pump, PUMP_DONE);
    return 0;
}
