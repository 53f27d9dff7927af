/*
 * A worker is known by its program's name and by where it works: either its current folder (a
 * server changes into its data folder) or an argument. The second counts where the first may not be
 * read, as root in a container without ptrace rights.
 */
#include "workers.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"

#define PROC_TEXT_MAX 262144
#define KILL_PATIENCE 5000 /* milliseconds until all killed ones have ended */

static bool read_proc(pid_t pid, const char *name, struct strbuf *ret_text)
{
    CLEANUP(mem_freep) char *path = mem_printf("/proc/%d/%s", (int)pid, name);
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    return file_read(path, PROC_TEXT_MAX, ret_text, &ignored);
}

static bool is_server_program(pid_t pid)
{
    CLEANUP(strbuf_clear) struct strbuf name = STRBUF_INIT;
    return read_proc(pid, "comm", &name) &&
           (text_equal(name.text, "postgres\n") || text_equal(name.text, "initdb\n"));
}

static bool lies_in(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool has_argument_in(pid_t pid, const char *folder)
{
    CLEANUP(strbuf_clear) struct strbuf arguments = STRBUF_INIT;
    if (!read_proc(pid, "cmdline", &arguments)) {
        return false;
    }
    for (size_t at = 0; at < arguments.size; at += strlen(arguments.text + at) + 1) {
        if (lies_in(arguments.text + at, folder)) {
            return true;
        }
    }
    return false;
}

bool worker_is_in(pid_t pid, const char *folder)
{
    if (!is_server_program(pid)) {
        return false;
    }
    char target[PATH_MAX + 1];
    CLEANUP(mem_freep) char *link = mem_printf("/proc/%d/cwd", (int)pid);
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n > 0) {
        target[n] = '\0';
        if (lies_in(target, folder)) {
            return true;
        }
    }
    return has_argument_in(pid, folder);
}

static void kill_worker(pid_t pid, const char *folder, msec deadline)
{
    CLEANUP(fd_closep) int pidfd = process_open(pid);
    if (pidfd < 0 || !worker_is_in(pid, folder)) {
        return;
    }
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    (void)poll(&end, 1, deadline_poll_timeout(deadline));
}

static size_t kill_all(const char *folder, msec deadline)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    size_t n_found = 0;
    if (!folder_list("/proc", &names, &ignored)) {
        return 0;
    }
    for (size_t i = 0; i < names.n; i++) {
        long pid = strtol(names.items[i], NULL, 10);
        if (pid > 1 && worker_is_in((pid_t)pid, folder)) {
            kill_worker((pid_t)pid, folder, deadline);
            n_found++;
        }
    }
    return n_found;
}

/* Again until none is found: a dying parent may have started another one. */
void workers_kill(const char *folder)
{
    msec deadline = deadline_in(KILL_PATIENCE);
    while (kill_all(folder, deadline) > 0 && !deadline_passed(deadline)) {
    }
}
