/*
 * The order of the migrations. We go by the bytes of their names; Prisma sorts with JavaScript's
 * localeCompare, which goes by the alphabet of ICU. Where both differ, or where two migrations have
 * the same time, there is no order that everybody agrees on, and the release is refused.
 *
 * A project whose databases have such migrations already cannot rename them any more. It says which
 * one comes first in the file .headgate beside them, one line for each pair:
 *
 *   order 20260101000000_a 20260101000000_b
 *
 * The line changes no order; it states that the order by bytes is meant. The file is no part of the
 * digest.
 */
#include <string.h>

#include "private.h"

/* The printable characters of ASCII as ICU sorts them; letters without their case. */
static const char alphabet[] = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789"
                               "abcdefghijklmnopqrstuvwxyz";

static size_t rank(char c)
{
    char lower = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    return (size_t)(strchr(alphabet, lower) - alphabet);
}

/* Does ICU, too, put a (which is first by bytes) before b? Where that hangs on another character
 * than those of ASCII, it depends on too much to tell: no. */
static bool order_is_clear(const char *a, const char *b)
{
    const char *first_case = NULL; /* the first letter that differs in its case only */
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (*a == *b) {
            continue;
        }
        if ((*a & 0x80) != 0 || (*b & 0x80) != 0) {
            return false;
        }
        if (rank(*a) != rank(*b)) {
            return rank(*a) < rank(*b);
        }
        first_case = first_case != NULL ? first_case : a;
    }
    if (*a != *b) {
        return *a == '\0';
    }
    return first_case == NULL; /* lower case is first there, and upper case by bytes */
}

static bool names_these(struct line line, const char *a, const char *b)
{
    CLEANUP(mem_freep) char *wanted = mem_printf("order %s %s", a, b);
    size_t n = strlen(wanted);
    while (line.size > 0 && strchr(" \t\r", line.text[line.size - 1]) != NULL) {
        line.size--;
    }
    return line.size == n && memcmp(line.text, wanted, n) == 0;
}

static bool is_stated(const struct release *release, const char *a, const char *b)
{
    const struct source text = {ORDER_FILE, release->order.text, release->order.size};
    const char *at = text.text;
    struct line line;
    while (text.text != NULL && line_next(&text, &at, &line)) {
        if (names_these(line, a, b)) {
            return true;
        }
    }
    return false;
}

static void check_pair(struct reading *reading, const char *a, const char *b)
{
    const struct release *release = reading->release;
    bool same = name_has_time(a) && name_has_time(b) && strncmp(a, b, TIME_DIGITS) == 0;
    if ((!same && order_is_clear(a, b)) || is_stated(release, a, b)) {
        return;
    }
    struct problem *problem = problem_add_plain(&reading->problems, release->folder,
                                                same ? "\"%s\" and \"%s\" have the same time"
                                                     : "\"%s\" and \"%s\" have no clear order",
                                                a, b);
    if (!same) {
        problem_note(problem, "by bytes it is this order, and Prisma's alphabet may have another");
    }
    problem_note(problem, "rename the one that should come second");
    problem_note(problem,
                 "where a database has them already, state the order in %s%s" ORDER_FILE
                 ": order %s %s",
                 release->folder, text_ends(release->folder, "/") ? "" : "/", a, b);
}

/* Where there is such a pair, side by side. */
static bool line_is_good(const struct release *release, struct line line, bool *ret_reversed)
{
    for (size_t i = 1; i < release->n; i++) {
        const char *a = release->migrations[i - 1].name, *b = release->migrations[i].name;
        if (names_these(line, a, b)) {
            return true;
        }
        *ret_reversed = *ret_reversed || names_these(line, b, a);
    }
    return false;
}

static void check_line(struct reading *reading, const struct source *text, struct line line)
{
    bool reversed = false;
    size_t blank = 0;
    while (blank < line.size && strchr(" \t\r", line.text[blank]) != NULL) {
        blank++;
    }
    if (blank == line.size || line.text[0] == '#' ||
        line_is_good(reading->release, line, &reversed)) {
        return;
    }
    struct problem *problem =
        problem_add(&reading->problems, text, (size_t)(line.text - text->text), line.size,
                    reversed ? "this is not the order of these two"
                             : "this states nothing about two migrations that follow each other");
    problem_note(problem, reversed
                              ? "it is by bytes; name the other one first"
                              : "a line is: order FIRST SECOND, or it begins with # and is a note");
}

void reading_check_order(struct reading *reading)
{
    const struct release *release = reading->release;
    for (size_t i = 1; i < release->n; i++) {
        check_pair(reading, release->migrations[i - 1].name, release->migrations[i].name);
    }
    if (release->order.text != NULL) {
        const struct source text = {reading_path(reading, NULL, ORDER_FILE), release->order.text,
                                    release->order.size};
        const char *at = text.text;
        struct line line;
        while (line_next(&text, &at, &line)) {
            check_line(reading, &text, line);
        }
    }
}
