#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static char *outputs[256];
static size_t n_outputs;
static char *conninfo;
static bool has_sshd;
static pid_t owner; /* a forked child of a test must not clean up */

static int run_line(const char *line)
{
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void clean_up(void)
{
    char line[256];
    if (getpid() != owner) {
        return;
    }
    if (conninfo != NULL) {
        (void)snprintf(line, sizeof line, "%s/pg stop %s/pg immediate >/dev/null 2>&1",
                       TEST_SUPPORT, folder);
        (void)run_line(line);
    }
    if (has_sshd) {
        (void)snprintf(line, sizeof line,
                       "for i in %s/*/sshd_config; do %s/sshd stop ${i%%/*} 2>/dev/null; done",
                       folder, TEST_SUPPORT);
        (void)run_line(line);
    }
    if (folder[0] != '\0') {
        (void)snprintf(line, sizeof line, "rm -rf %s", folder);
        (void)run_line(line);
    }
    for (size_t i = 0; i < n_outputs; i++) {
        free(outputs[i]);
    }
    free(conninfo);
}

const char *scratch_dir(void)
{
    if (folder[0] == '\0') {
        const char *root = getenv("HEADGATE_TEST_ROOT");
        (void)snprintf(folder, sizeof folder, "%s/hg-XXXXXX", root != NULL ? root : "/tmp");
        if (mkdtemp(folder) == NULL || chmod(folder, 0711) != 0) {
            fail_msg("could not make %s", folder);
        }
        owner = getpid();
        (void)atexit(clean_up);
    }
    return folder;
}

static char *line_in_scratch(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

static char *line_in_scratch(const char *format, va_list arguments)
{
    char *body = NULL, *line = NULL;
    if (vasprintf(&body, format, arguments) < 0 ||
        asprintf(&line, "cd %s && { %s\n}", scratch_dir(), body) < 0) {
        abort();
    }
    free(body);
    return line;
}

void scratch_sh(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = line_in_scratch(format, arguments);
    va_end(arguments);
    int status = run_line(line);
    if (status != 0) {
        fail_msg("exit status %d of: %s", status, line);
    }
    free(line);
}

const char *scratch_out(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = line_in_scratch(format, arguments);
    va_end(arguments);
    FILE *pipe = popen(line, "r");
    char *text = calloc(1, 1 << 20);
    if (pipe == NULL || text == NULL) {
        abort();
    }
    size_t size = fread(text, 1, (1 << 20) - 1, pipe);
    int status = pclose(pipe);
    if (status != 0) {
        fail_msg("status %d of: %s", status, line);
    }
    free(line);
    while (size > 0 && text[size - 1] == '\n') {
        text[--size] = '\0';
    }
    assert_true(n_outputs < sizeof outputs / sizeof outputs[0]);
    outputs[n_outputs++] = text;
    return text;
}

const char *scratch_postgres(void)
{
    if (conninfo == NULL) {
        conninfo = strdup(scratch_out("%s/pg start %s/pg", TEST_SUPPORT, scratch_dir()));
    }
    return conninfo;
}

struct scratch_sshd scratch_sshd(const char *name, const char *settings)
{
    has_sshd = true;
    (void)scratch_dir();
    scratch_sh("%s/sshd start %s/%s %s >/dev/null", TEST_SUPPORT, folder, name, settings);
    return (struct scratch_sshd){
        .folder = scratch_out("echo %s/%s", folder, name),
        .user = scratch_out("id -un"),
        .port = (int)strtol(scratch_out("cat %s/port", name), NULL, 10),
    };
}

void scratch_sshd_do(const struct scratch_sshd *server, const char *verb)
{
    scratch_sh("%s/sshd %s %s", TEST_SUPPORT, verb, server->folder);
}

void scratch_use_servers(const char *other)
{
    static const char *variable = "HEADGATE_PG_BINDIR";
    static char *at_first;
    static bool looked;
    if (!looked) {
        looked = true;
        at_first = getenv(variable) != NULL ? strdup(getenv(variable)) : NULL;
    }
    other = other != NULL ? other : at_first;
    assert_int_equal(other != NULL ? setenv(variable, other, 1) : unsetenv(variable), 0);
}

bool scratch_lacks_pg_dump(void)
{
    char path[4096];
    const char *programs = getenv("HEADGATE_PG_BINDIR");
    (void)snprintf(path, sizeof path, "%s/pg_dump", programs != NULL ? programs : "");
    if (programs == NULL || programs[0] == '\0' || access(path, X_OK) == 0) {
        return false;
    }
    print_message("skipped: there is no pg_dump in %s\n", programs);
    return true;
}

const char *scratch_state(void)
{
    static char state[96];
    (void)snprintf(state, sizeof state, "%s/state", scratch_dir());
    (void)mkdir(state, 0711);
    return state;
}

void scratch_assert_ok(bool result, const struct error *err, const char *call, const char *file,
                       int line)
{
    if (!result || err->code != ERROR_NONE) {
        print_error("%s\n  message: %s\n  detail: %s\n  hint: %s\n  raised at %s:%d\n", call,
                    err->message != NULL ? err->message : "(none)",
                    err->detail != NULL ? err->detail : "-", err->hint != NULL ? err->hint : "-",
                    err->file != NULL ? err->file : "?", err->line);
        _fail(file, line);
    }
}

void scratch_assert_fails(bool result, const struct error *err, enum error_code wanted,
                          const char *call, const char *file, int line)
{
    if (result || err->code != wanted) {
        print_error("%s: returned %s with code %d (%s), wanted a failure with code %d\n", call,
                    result ? "true" : "false", (int)err->code,
                    err->message != NULL ? err->message : "no message", (int)wanted);
        _fail(file, line);
    }
}

void scratch_assert_contains(const char *text, const char *part, const char *file, int line)
{
    if (text == NULL || strstr(text, part) == NULL) {
        print_error("\"%s\"\n  does not contain \"%s\"\n", text != NULL ? text : "(null)", part);
        _fail(file, line);
    }
}
