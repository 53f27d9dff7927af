/*
 * A step's own process: it does one thing, tells the engine what happens, one JSON object a line,
 * and ends. What it says is redacted here, because only here the secrets that it fetches are known.
 */
#include <fcntl.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

#define LOCK_POLL 200

/* Where the engine is gone nobody listens; we are told to stop then. */
static void send_line(struct step_work *work, struct strbuf *line)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *redacted = redact_copy(line->text);
    CLEANUP(mem_freep) char *whole = mem_printf("%s\n", redacted);
    (void)!fd_write_all(work->news, whole, strlen(whole), &ignored);
}

void work_tell(struct step_work *work, const char *kind, const char *data, bool durable)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    strbuf_printf(&line, "{\"kind\":\"%s\",\"durable\":%s,\"data\":%s}", kind,
                  durable ? "true" : "false", data != NULL ? data : "{}");
    send_line(work, &line);
}

void work_show(struct step_work *work, const char *text, bool from_hook)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&line, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "show", text);
    json_write_member_bool(&writer, "hook", from_hook);
    json_write_object_end(&writer);
    send_line(work, &line);
}

/* The log helps people; a run does not fail because of it. */
void work_log(struct step_work *work, const char *stream, const char *text, size_t size)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(work->folder, "log");
    CLEANUP(mem_freep) char *time = wall_format(wall_now_usec());
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        strbuf_printf(&line, "%s %s %s| ", time, work->step->step->id, stream);
        redact(text, size, &line);
        strbuf_add_char(&line, '\n');
        (void)!fd_write_all(fd, line.text, line.size, &ignored);
    }
}

/* --- the environment is ours --- */

/* Steps of one run work side by side: who came first holds it for all of them. */
static bool is_our_own(const struct step_work *work, const struct history_holder *holder)
{
    CLEANUP(mem_freep) char *ours = mem_printf("headgate run %s", work->run);
    return text_equal(holder->application, ours);
}

static bool held_by_another(const struct step_work *work, const struct history_holder *holder,
                            struct error *err)
{
    (void)error_set(err, ERROR_LOCKED, "another run works with environment \"%s\"",
                    work->step->step->environment->name);
    if (holder->pid != 0) {
        (void)error_detail(err, "It is %s from %s, since %s (process %ld of the server).",
                           holder->application != NULL ? holder->application : "unnamed",
                           holder->client != NULL ? holder->client : "the server itself",
                           holder->since != NULL ? holder->since : "an unknown time",
                           (long)holder->pid);
    }
    return error_hint(err, "When it has ended: headgate resume %s", work->run);
}

/* Is it held for us already? Where it is late, whoever else holds it is an error. */
static bool ask_holder(struct step_work *work, struct db *db, bool late, bool *ret_ours,
                       struct error *err)
{
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    bool found = false;
    if (!history_lock_holder(db, HISTORY_KEY_RUN, DEADLINE_NONE, &found, &holder, err)) {
        return false;
    }
    *ret_ours = found && is_our_own(work, &holder);
    return *ret_ours || !late || held_by_another(work, &holder, err);
}

static bool take_key(struct step_work *work, struct db *db, struct error *err)
{
    msec until = deadline_in(work->patience);
    bool locked = false;
    while (history_try_lock(db, HISTORY_KEY_RUN, DEADLINE_NONE, &locked, err)) {
        if (!locked && !ask_holder(work, db, deadline_passed(until), &locked, err)) {
            return false;
        }
        if (locked) {
            return true;
        }
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
        deadline_sleep(deadline_earlier(until, deadline_in(LOCK_POLL)));
    }
    return false;
}

bool work_hold_environment(struct step_work *work, struct error *err)
{
    struct environment *environment = work->step->step->environment;
    CLEANUP(mem_freep) char *purpose = mem_printf("run %s", work->run);
    CLEANUP(db_closep) struct db *db = NULL;
    const struct environment_session session = {
        .purpose = purpose, .read_only = true, .route = ROUTE_DIRECT};
    if (environment == NULL || work->held != NULL) {
        return true;
    }
    if (!environment_connect(environment, &session, deadline_in(60000), &db, err)) {
        return false;
    }
    if (db_identity(db)->pooled || db_identity(db)->in_recovery) {
        return true; /* no lock of a session is real there */
    }
    if (!take_key(work, db, err)) {
        return environment_name_error(environment, err);
    }
    work->held = TAKE(db);
    return true;
}

/* --- the end --- */

static void send_end(struct step_work *work, bool done, const struct error *failure)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf error = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf sentence = STRBUF_INIT;
    struct json_writer error_writer = json_writer_start(&error, false);
    struct json_writer sentence_writer = json_writer_start(&sentence, false);
    if (!done) {
        error_write(&error_writer, failure);
    }
    json_write_text(&sentence_writer, work->sentence);
    strbuf_printf(&line, "{\"end\":\"%s\",\"sentence\":%s,\"error\":%s,\"more\":{%s}}",
                  !done           ? "failed"
                  : work->nothing ? "nothing"
                                  : "done",
                  sentence.text, done ? "null" : error.text, work->end.text);
    send_line(work, &line);
}

int work_body(void *context, int news)
{
    struct step_work *work = context;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    work->news = news;
    work->end = (struct strbuf)STRBUF_INIT;
    bool done = work->step->step->kind->work(work, &failure);
    send_end(work, done, &failure);
    db_closep(&work->held);
    mem_free(TAKE(work->sentence));
    strbuf_clear(&work->end);
    return 0;
}
