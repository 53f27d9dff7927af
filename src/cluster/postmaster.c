/*
 * Finding and stopping a server process.
 */
#include "postmaster.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "headgate/strbuf.h"
#include "workers.h"

#define PID_FILE_MAX 65536
#define STATUS_LINE 8 /* of postmaster.pid, since PostgreSQL 10 */
#define HURRY 2000    /* milliseconds for an immediate shutdown */
#define LOG_LINES 5
#define LOG_READ_MAX (64 << 20)

static bool read_pid_file(const char *data, struct strbuf *ret_text)
{
    CLEANUP(mem_freep) char *path = path_join(data, "postmaster.pid");
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    return file_read(path, PID_FILE_MAX, ret_text, &ignored);
}

static enum postmaster_state read_status(const char *text)
{
    for (int line = 1; line < STATUS_LINE; line++) {
        text = strchr(text, '\n');
        if (text == NULL) {
            return POSTMASTER_STARTING;
        }
        text++;
    }
    if (text_starts(text, "ready")) {
        return POSTMASTER_READY;
    }
    return text_starts(text, "stopping") ? POSTMASTER_STOPPING : POSTMASTER_STARTING;
}

static pid_t read_pid(const char *text)
{
    long pid = strtol(text, NULL, 10);
    return pid > 1 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

void postmaster_find(const char *data, struct postmaster *ret_postmaster)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(postmaster_clear) struct postmaster found = POSTMASTER_INIT;
    *ret_postmaster = found;
    if (!read_pid_file(data, &text)) {
        return;
    }
    found.pid = read_pid(text.text);
    found.pidfd = found.pid != 0 ? process_open(found.pid) : -1;
    if (found.pidfd < 0 || !worker_is_in(found.pid, data) || process_has_ended(found.pidfd)) {
        return;
    }
    ret_postmaster->state = read_status(text.text);
    ret_postmaster->pid = found.pid;
    ret_postmaster->pidfd = fd_take(&found.pidfd);
}

void postmaster_clear(struct postmaster *postmaster)
{
    fd_closep(&postmaster->pidfd);
    *postmaster = (struct postmaster)POSTMASTER_INIT;
}

bool postmaster_stop(const struct postmaster *postmaster, msec deadline, struct error *err)
{
    struct pollfd end = {.fd = postmaster->pidfd, .events = POLLIN};
    if (postmaster->state == POSTMASTER_GONE) {
        return true;
    }
    if (pidfd_send_signal(postmaster->pidfd, SIGINT, NULL, 0) != 0 && errno != ESRCH) {
        return error_set_errno(err, "could not stop the server process %d", (int)postmaster->pid);
    }
    if (interrupt_poll(&end, 1, deadline) < 0) {
        return interrupt_error(err);
    }
    return process_has_ended(postmaster->pidfd) ||
           process_stop(postmaster->pidfd, SIGQUIT, deadline_in(HURRY), err);
}

bool postmaster_forget(const char *data, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!read_pid_file(data, &text) || text.size == 0) {
        return true;
    }
    CLEANUP(mem_freep) char *path = path_join(data, "postmaster.pid");
    CLEANUP(mem_freep)
    char *forgotten = mem_printf("%d%s", INT32_MAX, text.text + strcspn(text.text, "\n"));
    /* Readable by the server's user, who may be another one; the folder is not open to anybody
     * else. */
    return file_write(path, forgotten, strlen(forgotten), 0644, err);
}

char *log_tail(const char *path, off_t offset)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!file_read(path, LOG_READ_MAX, &text, &ignored) || (off_t)text.size <= offset) {
        return mem_copy("");
    }
    strbuf_trim_end(&text);
    const char *begin = text.text + offset;
    const char *tail = text.text + text.size;
    for (int lines = 0; tail > begin; tail--) {
        if (tail[-1] == '\n' && ++lines == LOG_LINES) {
            break;
        }
    }
    return mem_copy(tail);
}
