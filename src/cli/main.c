/* From argv to an exit status: the one place where an error becomes words. */
#include "headgate/cli.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

/* A core file would hold the passwords that we connect with; so would those of our children. */
static void forbid_core_files(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
}

/* A stream that was closed when we were started would become the first file or connection that we
 * open, and what we print would go there. Opened the wrong way round, using it fails as before. */
static void fill_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

static void set_up_output(const struct options *options)
{
    const struct output_settings settings = {
        .level = options->quiet     ? OUTPUT_QUIET
                 : options->verbose ? OUTPUT_VERBOSE
                                    : OUTPUT_NORMAL,
        .json = options->json,
        .color = !options->no_color,
    };
    output_set_up(&settings);
}

static bool run(const struct command *command, const struct options *options, int *status,
                struct error *err)
{
    if (command == NULL || options->help) {
        CLEANUP(mem_freep)
        char *text = command == NULL ? help_overview() : help_for(command);
        output_write(text, strlen(text));
        return true;
    }
    return command->run(options, status, err);
}

/* What was gathered must be written, or it is a failure. An error that cannot be written either has
 * nobody left to hear it. */
static int finish_output(int status)
{
    CLEANUP(error_clear) struct error unwritten = ERROR_INIT;
    CLEANUP(error_clear) struct error again = ERROR_INIT;
    if (output_finish(&unwritten)) {
        return status;
    }
    report_error(&unwritten);
    (void)!output_finish(&again);
    return status != 0 ? status : error_exit_status(unwritten.code);
}

int cli_main(int argc, char **argv)
{
    const struct command *command = NULL;
    struct options options = {0};
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int status = 0;
    fill_closed_streams();
    (void)umask(umask(0) & 0077); /* what we make is for us to enter, whatever the caller masks */
    forbid_core_files();
    interrupt_install();
    bool good = options_parse(argc, argv, &command, &options, &err);
    set_up_output(&options);
    if (!(good && run(command, &options, &status, &err))) {
        report_error(&err);
        status = error_exit_status(err.code);
    }
    options_clear(&options);
    return finish_output(status);
}
