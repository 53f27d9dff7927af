/*
 * Directives: lines of a migration that tell how it is to be run.
 *
 *   -- headgate: lock-timeout 5s
 *
 * They are lines, not SQL comments: one within a quoted text counts as well. A line that looks like
 * one but is not written exactly so is a mistake, since ignoring it would run the migration in a
 * way that its author did not mean.
 */
#include <strings.h>

#include "private.h"

static const char lead[] = "-- headgate:";
static const char blanks[] = " \t\r";

struct words {
    const struct source *text;
    struct problems *problems;
    struct line word, value;
    unsigned said; /* a bit for each directive */
};

static struct line trimmed(struct line line)
{
    while (line.size > 0 && strchr(blanks, line.text[0]) != NULL) {
        line.text++;
        line.size--;
    }
    while (line.size > 0 && strchr(blanks, line.text[line.size - 1]) != NULL) {
        line.size--;
    }
    return line;
}

static bool skip(struct line *line, const char *word)
{
    size_t n = strlen(word);
    if (line->size < n || strncasecmp(line->text, word, n) != 0) {
        return false;
    }
    *line = trimmed((struct line){line->text + n, line->size - n});
    return true;
}

/* "--headgate:" and the like are meant, too. */
static bool looks_like_one(struct line line)
{
    line = trimmed(line);
    return skip(&line, "--") && skip(&line, "headgate") && skip(&line, ":");
}

static struct problem *complain(const struct words *words, struct line at, const char *format, ...)
    PRINTF_LIKE(3, 4);
static struct problem *complain(const struct words *words, struct line at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *message = mem_vprintf(format, arguments);
    va_end(arguments);
    return problem_add(words->problems, words->text, (size_t)(at.text - words->text->text),
                       at.size > 0 ? at.size : 1, "%s", message);
}

static void set_flag(const struct words *words, bool *ret_flag)
{
    if (words->value.size > 0) {
        (void)complain(words, words->value, "\"%.*s\" takes no value", (int)words->word.size,
                       words->word.text);
        return;
    }
    *ret_flag = true;
}

static void set_duration(const struct words *words, msec *ret_duration)
{
    CLEANUP(mem_freep) char *value = mem_copy_n(words->value.text, words->value.size);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (words->value.size == 0) {
        problem_note(complain(words, words->word, "\"%.*s\" needs a duration",
                              (int)words->word.size, words->word.text),
                     "such as 250ms, 90s or 15m; 0 is none");
    } else if (text_equal(value, "0")) {
        *ret_duration = 0;
    } else if (!duration_parse(value, ret_duration, &failure)) {
        problem_note(complain(words, words->value, "%s", failure.message),
                     "a whole number with a unit, such as 250ms, 90s or 15m; 0 is none");
    }
}

static void set(struct words *words, size_t which, struct directives *directives)
{
    if ((words->said & 1u << which) != 0) {
        (void)complain(words, words->word, "\"%.*s\" is said twice", (int)words->word.size,
                       words->word.text);
        return;
    }
    words->said |= 1u << which;
    switch (which) {
    case 0:
        set_flag(words, &directives->no_transaction);
        break;
    case 1:
        set_duration(words, &directives->lock_timeout);
        break;
    default:
        set_duration(words, &directives->statement_timeout);
    }
}

static void read_directive(struct words *words, struct line rest, struct directives *directives)
{
    static const char *const names[] = {"no-transaction", "lock-timeout", "statement-timeout",
                                        NULL};
    rest = trimmed(rest);
    words->word = (struct line){rest.text, 0};
    while (words->word.size < rest.size && strchr(blanks, rest.text[words->word.size]) == NULL) {
        words->word.size++;
    }
    words->value =
        trimmed((struct line){rest.text + words->word.size, rest.size - words->word.size});
    CLEANUP(mem_freep) char *word = mem_copy_n(words->word.text, words->word.size);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (text_equal(word, names[i])) {
            set(words, i, directives);
            return;
        }
    }
    struct problem *problem = complain(words, words->word, "there is no directive \"%s\"", word);
    const char *near = suggest_near(word, names);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
    } else {
        problem_note(problem, "it is no-transaction, lock-timeout DURATION or statement-timeout "
                              "DURATION");
    }
}

bool line_next(const struct source *text, const char **at, struct line *ret_line)
{
    const char *end = text->text + text->size;
    if (*at >= end) {
        return false;
    }
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    stop = stop != NULL ? stop : end;
    *ret_line = (struct line){*at, (size_t)(stop - *at)};
    *at = stop + 1;
    return true;
}

void directives_read(const struct source *text, struct directives *ret_directives,
                     struct problems *problems)
{
    struct words words = {.text = text, .problems = problems};
    struct directives directives = {.lock_timeout = -1, .statement_timeout = -1};
    const char *at = text->text;
    struct line line;
    at += text->size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (line_next(text, &at, &line)) {
        if (line.size >= sizeof lead - 1 && memcmp(line.text, lead, sizeof lead - 1) == 0) {
            line.text += sizeof lead - 1;
            line.size -= sizeof lead - 1;
            read_directive(&words, line, &directives);
        } else if (looks_like_one(line)) {
            problem_note(complain(&words, trimmed(line), "this looks like a directive and is none"),
                         "its line begins with \"%s\", exactly so", lead);
        }
    }
    *ret_directives = directives;
}
