/*
 * The only door out: results to stdout, everything else to stderr, both redacted by value
 * (secret.h).
 *
 * Text is gathered and written line by line on stderr, in larger pieces on stdout; output_finish
 * writes what is left and reports a stream that could not be written (a full disk must not look
 * like success). A reader that went away (EPIPE) is no failure: the rest is dropped in silence.
 *
 * What could steer a terminal (control characters other than line breaks, tabs and colours) becomes
 * "?": names and messages come from files and servers.
 *
 * On a terminal a block of lines may stand at its end, drawn anew as often as one likes; all other
 * output goes above it. It is redacted and tamed like everything else; lines that are wider than
 * the screen are cut.
 *
 * Its settings are file-scope state, in output.c only, set once by main.
 */
#pragma once

#include <stdbool.h>

#include "headgate/error.h"

enum output_level { OUTPUT_QUIET, OUTPUT_NORMAL, OUTPUT_VERBOSE };

struct output_settings {
    enum output_level level;
    bool json;  /* errors and progress as JSON lines */
    bool color; /* the user allows it; a stream that is no terminal still gets none */
};

void output_set_up(const struct output_settings *settings);
bool output_json(void);
enum output_level output_level(void);
bool output_color_stdout(void);
bool output_color_stderr(void);

/* A result, to stdout. */
void output_print(const char *format, ...) PRINTF_LIKE(1, 2);
void output_write(const char *text, size_t size);
/* What stdout has in whole lines is written now: for those who follow what happens. */
void output_flush(void);
/* A line to stderr; the line break is added. Progress is not shown with -q, nor with --json; detail
 * only with -v. */
void output_progress(const char *format, ...) PRINTF_LIKE(1, 2);
void output_detail(const char *format, ...) PRINTF_LIKE(1, 2);
void output_warning(const char *format, ...) PRINTF_LIKE(1, 2);
/* To stderr as it is, even with -q. */
void output_stderr(const char *text, size_t size);
/* To stderr at once, without a line break: the answer comes behind it. */
void output_question(const char *text);
/* Is there a live block? Only where stdout is a terminal that can do it, not with -q nor --json. */
bool output_is_live(void);
/* Draws it in the place of the last one; where there is none, nothing happens. */
void output_live(const char *text, size_t size);
/* There is none any more: its last lines stay where they are, or are taken away. */
void output_live_end(bool stays);
/* What is still gathered is written. False where a stream could not be written. */
NODISCARD bool output_finish(struct error *err);
