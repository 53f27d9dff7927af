/*
 * headgate logs: what the programs of a run have written. Each line of the log is
 * "TIME STEP STREAM| TEXT".
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/json_write.h"
#include "headgate/output.h"
#include "private.h"

#define PIECE ((size_t)64 << 10)
#define LOOK_AGAIN ((msec)500) /* whether the run is still at work */

struct reading {
    const char *run, *step; /* step NULL: all of them */
    char *path;
    int fd;             /* -1: there is no log yet */
    struct strbuf line; /* not ended yet */
};

static void reading_clear(struct reading *reading)
{
    mem_free(reading->path);
    fd_closep(&reading->fd);
    strbuf_clear(&reading->line);
}

/* --- lines --- */

/* A part of the line up to this character; the rest is behind it. */
static char *cut(const char **rest, char end)
{
    const char *found = strchr(*rest, end);
    size_t n = found != NULL ? (size_t)(found - *rest) : strlen(*rest);
    char *part = mem_copy_n(*rest, n);
    *rest += n + (found != NULL ? 1 : 0);
    return part;
}

static void print_json(const struct reading *reading, const char *line)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    const char *rest = line;
    CLEANUP(mem_freep) char *time = cut(&rest, ' ');
    CLEANUP(mem_freep) char *step = cut(&rest, ' ');
    CLEANUP(mem_freep) char *stream = cut(&rest, '|');
    struct json_writer writer = json_writer_start(&out, false);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    json_write_member_text(&writer, "run", reading->run);
    json_write_member_text(&writer, "time", time);
    json_write_member_text(&writer, "step", step);
    json_write_member_text(&writer, "stream", stream);
    json_write_member_text(&writer, "text", rest[0] == ' ' ? rest + 1 : rest);
    json_write_object_end(&writer);
    output_print("%s\n", out.text);
}

static bool is_of_step(const char *line, const char *step)
{
    const char *name = line + strcspn(line, " ");
    size_t n = strlen(step);
    return name[0] == ' ' && strncmp(name + 1, step, n) == 0 && name[n + 1] == ' ';
}

static void print_line(struct reading *reading)
{
    if (reading->step != NULL && !is_of_step(reading->line.text, reading->step)) {
        return;
    }
    if (output_json()) {
        print_json(reading, reading->line.text);
    } else {
        strbuf_add_char(&reading->line, '\n');
        output_write(reading->line.text, reading->line.size);
    }
}

static void take_lines(struct reading *reading, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t n = end != NULL ? (size_t)(end - bytes) : size;
        strbuf_add_n(&reading->line, bytes, n);
        if (end != NULL) {
            print_line(reading);
            strbuf_cut(&reading->line, 0);
            n++;
        }
        bytes += n;
        size -= n;
    }
}

/* --- the file --- */

/* All that is there now. */
static bool read_on(struct reading *reading, struct error *err)
{
    CLEANUP(mem_freep) char *piece = mem_new(1, PIECE);
    ssize_t n = 1;
    if (reading->fd < 0) {
        reading->fd = open(reading->path, O_RDONLY | O_CLOEXEC);
    }
    if (reading->fd < 0) {
        return errno == ENOENT || error_set_errno(err, "could not read %s", reading->path);
    }
    while (n > 0 && interrupt_pending() == 0) {
        n = read(reading->fd, piece, PIECE);
        take_lines(reading, piece, n > 0 ? (size_t)n : 0);
    }
    output_flush();
    return n >= 0 || error_set_errno(err, "could not read %s", reading->path);
}

/* A line that its writer did not end. */
static void end_reading(struct reading *reading)
{
    if (reading->line.size > 0) {
        print_line(reading);
    }
}

/* --- following --- */

static int watch(const char *folder)
{
    CLEANUP(fd_closep) int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0 && inotify_add_watch(fd, folder, IN_MODIFY | IN_CREATE) < 0) {
        return -1;
    }
    return fd_take(&fd);
}

/* Until the file has changed, or it is time to look whether the run is at work. False where
 * somebody wants to stop, or nobody reads what we print. */
static bool wait_for_more(int watched)
{
    char events[4096];
    struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.fd = watched, .events = POLLIN}};
    if (interrupt_poll(fds, ARRAY_LEN(fds), deadline_in(LOOK_AGAIN)) < 0 ||
        (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
        return false;
    }
    while (watched >= 0 && read(watched, events, sizeof events) > 0) {
    }
    return true;
}

/* What is read after the run was found to be at rest is all of it. */
static bool follow(struct reading *reading, struct state *state, struct error *err)
{
    CLEANUP(mem_freep) char *folder = state_run_folder(state, reading->run);
    CLEANUP(mem_freep) char *key = mem_printf("run/%s", reading->run);
    CLEANUP(fd_closep) int watched = watch(folder);
    bool held = true;
    while (held) {
        struct lease_holder holder = {0};
        bool good = state_lease_holder(state, key, &held, &holder, err);
        lease_holder_clear(&holder);
        if (!good || !read_on(reading, err)) {
            return false;
        }
        if (held && !wait_for_more(watched)) {
            return true;
        }
    }
    return true;
}

static bool check_step(struct state *state, const char *id, const char *step, struct error *err)
{
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(strlist_clear) struct strlist ids = STRLIST_INIT;
    if (step == NULL) {
        return true;
    }
    if (!record_read(state, id, &record, err)) {
        return false;
    }
    for (size_t i = 0; i < record->n; i++) {
        strlist_add(&ids, record->steps[i].id);
    }
    if (strlist_has(&ids, step)) {
        return true;
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&ids);
    (void)error_set(err, ERROR_USAGE, "run %s has no step \"%s\"", id, step);
    return error_hint(err, "Its steps are %s.", sentence);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(mem_freep) char *id = NULL;
    (void)status;
    if (!project_state(options, &state, err) || !project_run(options, state, false, &id, err) ||
        !check_step(state, id, options->step, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *folder = state_run_folder(state, id);
    CLEANUP(reading_clear)
    struct reading reading = {.run = id,
                              .step = options->step,
                              .path = path_join(folder, "log"),
                              .fd = -1,
                              .line = STRBUF_INIT};
    bool good = options->follow ? follow(&reading, state, err) : read_on(&reading, err);
    if (good) {
        end_reading(&reading);
    }
    return good;
}

static const struct option own[] = {
    FLAG("follow", 'f', follow, "go on until the run does not work any more, or Ctrl-C"),
    VALUE("step", "STEP", step, "only what this step has written"),
    {0},
};

const struct command cmd_logs = {
    .name = "logs",
    .arguments = "[RUN]",
    .summary = "what the programs of a run have written",
    .description =
        "RUN is the id of a run or the beginning of it; without it the newest.\n\n"
        "Examples:\n"
        "  headgate logs -f\n"
        "  headgate logs 20261120-190501 --step e2e\n\n"
        "Each line stands "
        "with its time, step and stream (out, err); known secrets were taken out before it was "
        "written. With --json each line is an object.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_RUN,
    .run = run,
};
