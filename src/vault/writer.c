/*
 * There are no locks over SFTP. So whoever writes a part says beside it who it is, as far as
 * another process of the same machine can tell whether it still lives.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "depot_sftp.h"
#include "headgate/file.h"

#define WRITER_END ".writer" PART_END

/* This boot of this machine, and in it those who see the same process numbers. */
static char *processes_named(void)
{
    CLEANUP(strbuf_clear) struct strbuf boot = STRBUF_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    char numbers[64] = ""; /* pid:[4026531836] */
    if (!file_read("/proc/sys/kernel/random/boot_id", SMALL_FILE, &boot, &none) ||
        readlink("/proc/self/ns/pid", numbers, sizeof numbers - 1) < 0) {
        return mem_copy("unknown unknown");
    }
    strbuf_trim_end(&boot);
    return mem_printf("%s %s", boot.text, numbers);
}

char *writer_line(void)
{
    CLEANUP(mem_freep) char *named = processes_named();
    return mem_printf("%s %ld %llu", named, (long)getpid(), process_start_time(getpid()));
}

bool writer_is_dead(const char *line)
{
    CLEANUP(mem_freep) char *named = processes_named();
    size_t n = strlen(named);
    long pid = 0;
    unsigned long long start = 0;
    if (text_starts(named, "unknown") || strncmp(line, named, n) != 0 || line[n] != ' ') {
        return false;
    }
    char *end = NULL;
    pid = strtol(line + n, &end, 10);
    start = strtoull(end, NULL, 10);
    return pid > 0 && start > 0 && process_start_time((pid_t)pid) != start;
}

char *writer_file(const char *part)
{
    return mem_printf("%.*s" WRITER_END, (int)(strlen(part) - strlen(PART_END)), part);
}
