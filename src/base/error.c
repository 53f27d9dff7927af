/* What went wrong. */
#include "headgate/error.h"

#include <assert.h>
#include <errno.h>

static const struct {
    const char *name;
    int exit_status;
} codes[ERROR_CODE_MAX] = {
    [ERROR_NONE] = {"none", 0},
    [ERROR_INTERNAL] = {"internal", 1},
    [ERROR_IO] = {"io", 1},
    [ERROR_DATABASE] = {"database", 1},
    [ERROR_TIMEOUT] = {"timeout", 1},
    [ERROR_WAITING] = {"waiting", 3},
    [ERROR_REFUSED] = {"refused", 4},
    [ERROR_DRIFT] = {"drift", 5},
    [ERROR_LOCKED] = {"locked", 6},
    [ERROR_HOOK] = {"hook", 7},
    [ERROR_HALFWAY] = {"halfway", 8},
    [ERROR_STALE] = {"stale", 9},
    [ERROR_BACKUP] = {"backup", 10},
    [ERROR_MASKING] = {"masking", 11},
    [ERROR_USAGE] = {"usage", 64},
    [ERROR_CONFIG] = {"config", 65},
    [ERROR_UNREACHABLE] = {"unreachable", 69},
    [ERROR_INTERRUPTED] = {"interrupted", 130},
    [ERROR_TERMINATED] = {"terminated", 143},
};

int error_exit_status(enum error_code code)
{
    return codes[code].exit_status;
}

const char *error_code_name(enum error_code code)
{
    return codes[code].name;
}

enum error_code error_code_named(const char *name)
{
    enum error_code code = ERROR_CODE_MAX;
    while (code > ERROR_INTERNAL && !text_equal(error_code_name(code - 1), name)) {
        code--;
    }
    return code > ERROR_INTERNAL ? code - 1 : ERROR_INTERNAL;
}

static void raise_at(struct error *err, enum error_code code, const char *file, int line,
                     const char *format, va_list arguments) PRINTF_LIKE(5, 0);

static void raise_at(struct error *err, enum error_code code, const char *file, int line,
                     const char *format, va_list arguments)
{
    assert(err->code == ERROR_NONE && "an error was raised over another one");
    assert(code != ERROR_NONE);
    err->code = code;
    err->file = file;
    err->line = line;
    err->message = mem_vprintf(format, arguments);
}

bool error_set_at(struct error *err, enum error_code code, const char *file, int line,
                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise_at(err, code, file, line, format, arguments);
    va_end(arguments);
    return false;
}

bool error_set_errno_at(struct error *err, const char *file, int line, const char *format, ...)
{
    int sys_errno = errno;
    va_list arguments;
    va_start(arguments, format);
    raise_at(err, ERROR_IO, file, line, format, arguments);
    va_end(arguments);
    char *what = err->message;
    err->sys_errno = sys_errno;
    err->message = mem_printf("%s: %s", what, strerror(sys_errno));
    mem_free(what);
    return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *prefix = mem_vprintf(format, arguments);
    va_end(arguments);
    char *message = err->message;
    err->message = mem_printf("%s: %s", prefix, message);
    mem_free(message);
    return false;
}

bool error_detail(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *detail =
        mem_vprintf(format, arguments); /* first: the old one may be among the arguments */
    va_end(arguments);
    mem_free(err->detail);
    err->detail = detail;
    return false;
}

bool error_hint(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *hint = mem_vprintf(format, arguments); /* first: the old one may be among the arguments */
    va_end(arguments);
    mem_free(err->hint);
    err->hint = hint;
    return false;
}

bool error_is_set(const struct error *err)
{
    return err->code != ERROR_NONE;
}

void error_move(struct error *to, struct error *from)
{
    assert(!error_is_set(to));
    *to = *from;
    *from = (struct error)ERROR_INIT;
}

void error_clear(struct error *err)
{
    mem_free(err->message);
    mem_free(err->detail);
    mem_free(err->hint);
    mem_free(err->table);
    mem_free(err->constraint);
    problems_clear(&err->problems);
    *err = (struct error)ERROR_INIT;
}
