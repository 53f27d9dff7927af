/*
 * The descendants of a process, found in /proc.
 *
 * A daemon leaves its process group and its session, but not its ancestors: as long as we are a
 * subreaper, an orphan among our descendants becomes our child. While /proc is read the tree may
 * grow behind the reader's back; so whoever wants nobody to be left looks again until nobody is.
 */
#include "family.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/process.h"

#define STAT_LIMIT 4096
#define KILL_PATIENCE 2000 /* what does not die of SIGKILL for so long may not be killed by us */
#define GLANCE 2           /* milliseconds between two looks */

/* The n-th number behind the state: 1 is the parent (proc(5) counts it as 4). */
static unsigned long long number_in(const char *state, int n)
{
    const char *field = state;
    for (int i = 0; i < n && field != NULL; i++) {
        field = strchr(field + 1, ' ');
    }
    return field != NULL ? strtoull(field, NULL, 10) : 0;
}

/* False for one that is gone, or only a zombie. A name may hold blanks and parentheses. */
static bool parse_stat(const char *stat, struct kin *ret_kin)
{
    const char *name = strchr(stat, '('), *end = strrchr(stat, ')');
    if (name == NULL || end == NULL || strlen(end) < 3 || end[2] == 'Z' || end[2] == 'X') {
        return false;
    }
    const char *state = end + 2;
    *ret_kin = (struct kin){.pid = (pid_t)strtol(stat, NULL, 10),
                            .parent = (pid_t)number_in(state, 1),
                            .group = (pid_t)number_in(state, 2),
                            .session = (pid_t)number_in(state, 3),
                            .start = number_in(state, 19)};
    (void)snprintf(ret_kin->name, sizeof ret_kin->name, "%.*s", (int)(end - name - 1), name + 1);
    return true;
}

static bool read_kin(const char *pid, struct kin *ret_kin)
{
    CLEANUP(mem_freep) char *path = mem_printf("/proc/%s/stat", pid);
    CLEANUP(strbuf_clear) struct strbuf stat = STRBUF_INIT;
    CLEANUP(error_clear) struct error gone = ERROR_INIT;
    return file_read(path, STAT_LIMIT, &stat, &gone) && parse_stat(stat.text, ret_kin);
}

static void add(struct kinfolk *kinfolk, const struct kin *kin)
{
    if ((kinfolk->n & (kinfolk->n + 1)) == 0) {
        kinfolk->items = mem_resize(kinfolk->items, 2 * kinfolk->n + 1, sizeof *kin);
    }
    kinfolk->items[kinfolk->n++] = *kin;
}

static void read_everybody(struct kinfolk *ret_everybody)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry = NULL;
    struct kin kin;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && read_kin(entry->d_name, &kin)) {
            add(ret_everybody, &kin);
        }
    }
    if (proc != NULL) {
        (void)closedir(proc);
    }
}

static bool has(const struct kinfolk *kinfolk, const struct kin *kin)
{
    for (size_t i = 0; kinfolk != NULL && i < kinfolk->n; i++) {
        if (kinfolk->items[i].pid == kin->pid && kinfolk->items[i].start == kin->start) {
            return true;
        }
    }
    return false;
}

/* Moves the children of this one over to the descendants. */
static void take_children(struct kinfolk *everybody, pid_t parent, const struct kinfolk *except,
                          struct kinfolk *descendants)
{
    for (size_t i = 0; i < everybody->n; i++) {
        struct kin *kin = &everybody->items[i];
        if (kin->parent == parent && kin->pid != 0) {
            if (!has(except, kin)) {
                add(descendants, kin);
            }
            kin->pid = 0;
        }
    }
}

/* A process without children is common, and known without reading /proc. */
static bool has_children(pid_t root)
{
    siginfo_t info;
    return root != getpid() || waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void kinfolk_find(pid_t root, const struct kinfolk *except, struct kinfolk *ret_kinfolk)
{
    CLEANUP(kinfolk_clear) struct kinfolk everybody = {0};
    struct kinfolk descendants = {0};
    if (has_children(root)) {
        read_everybody(&everybody);
        take_children(&everybody, root, except, &descendants);
    }
    for (size_t i = 0; i < descendants.n; i++) {
        take_children(&everybody, descendants.items[i].pid, except, &descendants);
    }
    *ret_kinfolk = descendants;
}

void kinfolk_clear(struct kinfolk *kinfolk)
{
    mem_free(kinfolk->items);
    *kinfolk = (struct kinfolk){0};
}

void kin_signal(const struct kin *kin, int signal)
{
    CLEANUP(fd_closep) int pidfd = process_open(kin->pid);
    if (pidfd >= 0 && process_start_time(kin->pid) == kin->start) {
        (void)pidfd_send_signal(pidfd, signal, NULL, 0);
    }
}

/* --- of a program that is run --- */

void family_begin(struct family *family)
{
    if (family->adopts) {
        (void)prctl(PR_GET_CHILD_SUBREAPER, &family->was_subreaper);
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
        kinfolk_find(getpid(), NULL, &family->before);
    }
}

void family_end(struct family *family)
{
    if (family->adopts) {
        (void)prctl(PR_SET_CHILD_SUBREAPER, family->was_subreaper);
        kinfolk_clear(&family->before);
    }
}

void family_reap(const struct family *family, pid_t but)
{
    siginfo_t info = {.si_pid = 0};
    while (family->adopts && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0 && info.si_pid != but) {
        (void)waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

bool family_is_alive(const struct family *family)
{
    CLEANUP(kinfolk_clear) struct kinfolk kinfolk = {0};
    if (family->adopts) {
        kinfolk_find(getpid(), &family->before, &kinfolk);
    }
    return kinfolk.n > 0;
}

void family_signal(const struct family *family, pid_t but_group, int signal)
{
    CLEANUP(kinfolk_clear) struct kinfolk kinfolk = {0};
    if (family->adopts) {
        kinfolk_find(getpid(), &family->before, &kinfolk);
    }
    for (size_t i = 0; i < kinfolk.n; i++) {
        if (kinfolk.items[i].group != but_group) {
            kin_signal(&kinfolk.items[i], signal);
        }
    }
}

static size_t kill_some(const struct kinfolk *kinfolk, bool all)
{
    size_t n = 0;
    for (size_t i = 0; i < kinfolk->n; i++) {
        if (all || kinfolk->items[i].session == getsid(0)) {
            kin_signal(&kinfolk->items[i], SIGKILL);
            n++;
        }
    }
    return n;
}

static void name_them(const struct kinfolk *kinfolk, struct strlist *ret_names)
{
    for (size_t i = 0; i < kinfolk->n && ret_names->n < PROCESS_TOLD; i++) {
        const struct kin *kin = &kinfolk->items[i];
        if (kin->parent == getpid()) {
            strlist_printf(ret_names, "%ld (%s)", (long)kin->pid, kin->name);
        }
    }
}

void family_settle(const struct family *family, bool all, struct strlist *ret_left_behind)
{
    CLEANUP(kinfolk_clear) struct kinfolk kinfolk = {0};
    msec deadline = deadline_in(KILL_PATIENCE);
    if (!family->adopts) {
        return;
    }
    for (;;) {
        family_reap(family, 0);
        kinfolk_clear(&kinfolk);
        kinfolk_find(getpid(), &family->before, &kinfolk);
        if (kill_some(&kinfolk, all) == 0 || deadline_passed(deadline)) {
            break;
        }
        (void)poll(NULL, 0, GLANCE);
    }
    family_reap(family, 0); /* who ended between the two looks */
    name_them(&kinfolk, ret_left_behind);
}
