/* A session: its beginning, its end, and asking. */
#include "headgate/sftp.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

#define VERSION 3
#define SAID_MAX 200

/* --- asking --- */

static struct sftp_request *free_slot(struct sftp *sftp)
{
    for (size_t i = 0; i < SFTP_SLOTS; i++) {
        struct sftp_request *request = &sftp->requests[sftp->next % SFTP_SLOTS];
        if (!request->busy) {
            *request = (struct sftp_request){.id = sftp->next++, .busy = true};
            return request;
        }
        sftp->next++;
    }
    return NULL;
}

bool sftp_begin(struct sftp *sftp, size_t n, struct sftp_request **ret_request, struct error *err)
{
    if (sftp->owner != getpid()) { /* two would read each other's answers */
        (void)sftp_break(sftp, true, "the SFTP session is another process's");
    }
    if (sftp->broken != NULL) {
        (void)sftp_error(sftp, err);
        return false;
    }
    sftp->moved = clock_now();
    while (sftp->n_busy == SFTP_SLOTS ||
           (sftp->under_way > 0 && sftp->under_way + n > SFTP_UNDER_WAY)) {
        if (!sftp_wait(sftp, 0, err)) {
            return false;
        }
    }
    struct sftp_request *request = free_slot(sftp);
    assert(request != NULL);
    request->n = n;
    sftp->n_busy++;
    sftp->under_way += n;
    *ret_request = request;
    return true;
}

static void forget(struct sftp *sftp, struct sftp_request *request)
{
    request->busy = false;
    sftp->n_busy--;
    sftp->under_way -= request->n;
}

/* The bytes that go with it are as many as it was begun for, where there are any. */
bool sftp_ask(struct sftp *sftp, struct sftp_request *request, const struct strbuf *packet,
              const void *bytes, struct error *err)
{
    if (sftp_send(sftp, packet, bytes, bytes != NULL ? request->n : 0, err)) {
        return true;
    }
    forget(sftp, request);
    return false;
}

void sftp_abandon(struct sftp *sftp, const void *context)
{
    for (size_t i = 0; i < SFTP_SLOTS; i++) {
        if (sftp->requests[i].busy && sftp->requests[i].context == context) {
            sftp->requests[i].answer = NULL;
            sftp->requests[i].context = NULL;
        }
    }
}

static void keep_answer(struct sftp *sftp, const struct sftp_request *request,
                        struct sftp_reply *reply)
{
    struct sftp_answer *answer = request->context;
    (void)sftp;
    strbuf_add_n(&answer->packet, reply->packet, reply->packet_size);
    answer->done = true;
}

void sftp_answer_clear(struct sftp_answer *answer)
{
    strbuf_clear(&answer->packet);
    answer->done = false;
}

bool sftp_call(struct sftp *sftp, struct sftp_request *request, const struct strbuf *packet,
               msec patience, struct sftp_answer *answer, struct error *err)
{
    sftp_answer_clear(answer);
    request->answer = keep_answer;
    request->context = answer;
    if (!sftp_ask(sftp, request, packet, NULL, err)) {
        return false;
    }
    while (!answer->done) {
        if (!sftp_wait(sftp, patience, err)) {
            sftp_abandon(sftp, answer);
            return false;
        }
    }
    const char *against = sftp_reply_read(answer->packet.text, answer->packet.size, &answer->reply);
    assert(against == NULL && "it was good when it came");
    (void)against;
    return true;
}

bool sftp_call_with(struct sftp *sftp, uint8_t type, const char *bytes, size_t n,
                    struct sftp_answer *answer, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(sftp, 0, &request, err)) {
        return false;
    }
    packet_begin(&packet, type, request->id);
    packet_add_bytes(&packet, bytes, n);
    packet_end(&packet, 0);
    return sftp_call(sftp, request, &packet, 0, answer, err);
}

/* --- what answers say --- */

static int errno_of(uint32_t status)
{
    switch (status) {
    case STATUS_NO_SUCH_FILE:
        return ENOENT;
    case STATUS_PERMISSION_DENIED:
        return EACCES;
    case STATUS_UNSUPPORTED:
        return ENOTSUP;
    default:
        return 0;
    }
}

bool sftp_refused(const struct sftp *sftp, uint32_t status, const char *said, const char *what,
                  const char *path, struct error *err)
{
    int number = errno_of(status);
    const char *words = number != 0 ? strerror(number) : said[0] != '\0' ? said : "it was refused";
    (void)error_set(err, ERROR_IO, "%s: could not %s %s: %s", sftp->shown, what, path, words);
    err->sys_errno = number;
    return false;
}

bool sftp_expect(struct sftp *sftp, const struct sftp_reply *reply, uint8_t type, const char *what,
                 const char *path, struct error *err)
{
    bool is_refusal = reply->type == SFTP_STATUS && reply->status != STATUS_OK;
    if (is_refusal) {
        size_t n = reply->n < SAID_MAX ? reply->n : SAID_MAX;
        CLEANUP(mem_freep) char *said = mem_copy_n(reply->bytes, n);
        return sftp_refused(sftp, reply->status, said, what, path, err);
    }
    if (reply->type != type) {
        (void)sftp_break(sftp, false, "the SFTP server answers something else than was asked");
        return sftp_error(sftp, err);
    }
    return true;
}

/* --- beginning and end --- */

static size_t piece_of(uint64_t limit, size_t usual)
{
    size_t most = SFTP_PACKET_MAX - 1024; /* room for what stands before the bytes */
    return limit == 0 ? usual : limit < most ? (size_t)limit : most;
}

/* A limit of 0 says nothing. */
static void take_limits(struct sftp *sftp, const struct sftp_request *request,
                        struct sftp_reply *reply)
{
    (void)request;
    if (reply->type != SFTP_EXTENDED_REPLY) {
        return;
    }
    struct wire wire = {.at = (const unsigned char *)reply->bytes, .left = reply->n};
    (void)wire_u64(&wire);
    uint64_t reading = wire_u64(&wire), writing = wire_u64(&wire);
    if (!wire.bad) {
        sftp->read_piece = piece_of(reading, sftp->read_piece);
        sftp->write_piece = piece_of(writing, sftp->write_piece);
    }
}

/* Nobody waits for that: until it is answered pieces are those that every server takes. */
static bool ask_limits(struct sftp *sftp, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    struct sftp_request *request = NULL;
    if (!sftp_begin(sftp, 0, &request, err)) {
        return false;
    }
    request->answer = take_limits;
    packet_begin(&packet, SFTP_EXTENDED, request->id);
    packet_add_text(&packet, "limits@openssh.com");
    packet_end(&packet, 0);
    return sftp_ask(sftp, request, &packet, NULL, err);
}

static bool greet(struct sftp *sftp, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    packet_begin(&packet, SFTP_INIT, VERSION);
    packet_end(&packet, 0);
    if (!sftp_send(sftp, &packet, NULL, 0, err)) {
        return false;
    }
    while (!sftp->greeted) {
        if (!sftp_wait(sftp, 0, err)) {
            return false;
        }
    }
    return (sftp->extensions & CAN_LIMITS) == 0 || ask_limits(sftp, err);
}

bool sftp_open(int fd, const char *shown, msec silence, struct sftp **ret_sftp, struct error *err)
{
    CLEANUP(sftp_closep) struct sftp *sftp = mem_new(1, sizeof *sftp);
    sftp->fd = fd;
    sftp->owner = getpid();
    sftp->shown = mem_copy(shown);
    sftp->silence = silence;
    sftp->end = DEADLINE_NONE;
    sftp->read_piece = sftp->write_piece = SFTP_PLAIN_PIECE;
    sftp->in = mem_resize(NULL, SFTP_INBOX, 1);
    /* As much as the system allows: whoever is at the other end then works while we do. */
    static const int buffer = 4 << 20;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (!greet(sftp, err)) {
        return false;
    }
    *ret_sftp = TAKE(sftp);
    return true;
}

void sftp_wind_up(struct sftp *sftp, msec deadline)
{
    sftp->end = deadline;
}

bool sftp_is_broken(const struct sftp *sftp)
{
    return sftp->broken != NULL;
}

void sftp_closep(struct sftp **sftp)
{
    if (*sftp == NULL) {
        return;
    }
    fd_closep(&(*sftp)->fd);
    mem_free((*sftp)->shown);
    mem_free((*sftp)->broken);
    mem_free((*sftp)->in);
    mem_free(TAKE(*sftp));
}
