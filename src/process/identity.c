/*
 * Which process this is: a pid alone is reused, a pidfd or a pid with its start time is not.
 */
#include <stdlib.h>
#include <sys/pidfd.h>

#include "headgate/file.h"
#include "headgate/process.h"

#define STAT_LIMIT ((size_t)64 * 1024)
#define STATE_TO_START_TIME (22 - 3) /* the numbers of these fields in proc(5) */

int process_open(pid_t pid)
{
    return pidfd_open(pid, 0);
}

/* A name may hold blanks and parentheses; what follows its last ")" is the state and numbers. A
 * process that has ended but was not reaped (zombie) is none any more: in a container nobody may
 * ever reap it. */
static unsigned long long start_time_in(const char *stat)
{
    const char *field = strrchr(stat, ')');
    if (field == NULL || strlen(field) < 3 || field[2] == 'Z' || field[2] == 'X') {
        return 0;
    }
    field += 2;
    for (int i = 0; i < STATE_TO_START_TIME && field != NULL; i++) {
        field = strchr(field + 1, ' ');
    }
    return field != NULL ? strtoull(field, NULL, 10) : 0;
}

unsigned long long process_start_time(pid_t pid)
{
    CLEANUP(mem_freep) char *path = mem_printf("/proc/%ld/stat", (long)pid);
    CLEANUP(strbuf_clear) struct strbuf stat = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    return file_read(path, STAT_LIMIT, &stat, &ignored) ? start_time_in(stat.text) : 0;
}
