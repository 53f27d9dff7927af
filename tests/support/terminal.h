/*
 * A terminal that a test looks at: a pty, and what stands on its screen afterwards.
 *
 * It knows what the output uses: line breaks, CSI n A (up, not beyond the screen), CSI J (clear
 * what follows), colours, and CSI 8;rows;columns t, which a test writes where it changes the size:
 * long lines are broken anew then, as most terminals do.
 */
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "headgate/strbuf.h"
#include "scratch.h"

#define TERMINAL_ROWS 400

struct terminal {
    int keyboard, screen; /* the program gets the second */
    size_t rows, columns;
    struct strbuf lines[TERMINAL_ROWS]; /* with what has scrolled away */
    bool broken[TERMINAL_ROWS];         /* the line goes on in the next row */
    size_t width[TERMINAL_ROWS];
    size_t n, at; /* the cursor's row */
};

static inline void terminal_open(struct terminal *terminal, size_t rows, size_t columns)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    *terminal = (struct terminal){.keyboard = -1, .screen = -1, .rows = rows, .columns = columns};
    terminal->n = 1;
    for (size_t i = 0; i < TERMINAL_ROWS; i++) {
        terminal->lines[i] = (struct strbuf)STRBUF_INIT;
    }
    assert_int_equal(openpty(&terminal->keyboard, &terminal->screen, NULL, NULL, &size), 0);
    assert_int_equal(fcntl(terminal->keyboard, F_SETFL, O_NONBLOCK), 0);
}

static inline void terminal_close(struct terminal *terminal)
{
    fd_closep(&terminal->keyboard);
    fd_closep(&terminal->screen);
    for (size_t i = 0; i < TERMINAL_ROWS; i++) {
        strbuf_clear(&terminal->lines[i]);
    }
}

/* In the program: the size of its terminal changes. */
static inline void terminal_resize(int fd, size_t rows, size_t columns)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    (void)ioctl(fd, TIOCSWINSZ, &size);
    (void)dprintf(fd, "\033[8;%zu;%zut", rows, columns);
}

static inline void terminal_new_row(struct terminal *terminal)
{
    assert_true(terminal->at + 1 < TERMINAL_ROWS);
    terminal->at++;
    terminal->n = terminal->at >= terminal->n ? terminal->at + 1 : terminal->n;
}

static inline void terminal_put(struct terminal *terminal, const char *bytes, size_t size,
                                size_t width)
{
    if (terminal->width[terminal->at] + width > terminal->columns) {
        terminal->broken[terminal->at] = true;
        terminal_new_row(terminal);
    }
    strbuf_add_n(&terminal->lines[terminal->at], bytes, size);
    terminal->width[terminal->at] += width;
}

static inline void terminal_clear_from(struct terminal *terminal, size_t row)
{
    for (size_t i = row; i < terminal->n; i++) {
        strbuf_cut(&terminal->lines[i], 0);
        terminal->width[i] = 0;
        terminal->broken[i] = false;
    }
    terminal->n = row + 1;
}

static inline void terminal_up(struct terminal *terminal, size_t n)
{
    size_t top = terminal->n > terminal->rows ? terminal->n - terminal->rows : 0;
    terminal->at = terminal->at >= top + n ? terminal->at - n : top;
}

static inline void terminal_show(struct terminal *terminal, const char *bytes, size_t size);

static inline void terminal_break_anew(struct terminal *terminal, size_t rows, size_t columns)
{
    CLEANUP(strbuf_clear) struct strbuf all = STRBUF_INIT;
    for (size_t i = 0; i < terminal->n; i++) {
        strbuf_add(&all, terminal->lines[i].text);
        strbuf_add(&all, i + 1 < terminal->n && !terminal->broken[i] ? "\n" : "");
    }
    terminal_clear_from(terminal, 0);
    terminal->at = 0;
    terminal->rows = rows;
    terminal->columns = columns;
    terminal_show(terminal, all.text, all.size);
}

/* Obeys an escape sequence; returns its length. */
static inline size_t terminal_obey(struct terminal *terminal, const char *text)
{
    unsigned long numbers[3] = {0};
    const char *at = text + 2;
    assert_int_equal(text[1], '[');
    for (size_t i = 0; i < 3; i++) {
        char *end = NULL;
        numbers[i] = strtoul(at, &end, 10);
        at = *end == ';' ? end + 1 : end;
    }
    switch (*at) {
    case 'A':
        terminal_up(terminal, numbers[0]);
        break;
    case 'J':
        terminal_clear_from(terminal, terminal->at);
        break;
    case 't':
        terminal_break_anew(terminal, numbers[1], numbers[2]);
        break;
    default:
        assert_int_equal(*at, 'm');
    }
    return (size_t)(at - text) + 1;
}

static inline void terminal_show(struct terminal *terminal, const char *bytes, size_t size)
{
    for (size_t i = 0, n = 1; i < size; i += n) {
        unsigned char c = (unsigned char)bytes[i];
        n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (c == '\033') {
            n = terminal_obey(terminal, bytes + i);
        } else if (c == '\n') {
            terminal_new_row(terminal);
        } else if (c != '\r') {
            terminal_put(terminal, bytes + i, n, n >= 3 ? 2 : 1);
        }
    }
}

/* All that stands there, what has scrolled away included, and the cursor as "_"; the caller's. */
static inline char *terminal_look(struct terminal *terminal)
{
    CLEANUP(strbuf_clear) struct strbuf seen = STRBUF_INIT;
    struct strbuf text = STRBUF_INIT;
    char bytes[4096];
    for (ssize_t n; (n = read(terminal->keyboard, bytes, sizeof bytes)) > 0;) {
        strbuf_add_n(&seen, bytes, (size_t)n);
    }
    terminal_show(terminal, seen.text, seen.size);
    for (size_t i = 0; i < terminal->n; i++) {
        strbuf_add(&text, terminal->lines[i].text);
        strbuf_add(&text, i == terminal->at ? "_\n" : "\n");
    }
    return strbuf_take(&text);
}
