/*
 * What a hook leaves for later steps: the lines KEY=VALUE of the file $HEADGATE_OUTPUT. The file is
 * the hook's: it may have removed it, or put anything into its place.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook.h"

#define SHOWN 60 /* bytes of a bad line that the log quotes */

void hook_results_clear(struct hook_results *results)
{
    strlist_clear(&results->keys);
    strlist_clear(&results->values);
}

static bool is_key(const char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return size > 0 && (text[0] < '0' || text[0] > '9') && strspn(text, letters) == size;
}

/* The last one counts where a key is there twice. */
static void keep(struct hook_results *results, char *key, char *value)
{
    for (size_t i = 0; i < results->keys.n; i++) {
        if (text_equal(results->keys.items[i], key)) {
            mem_free(results->values.items[i]);
            results->values.items[i] = value;
            mem_free(key);
            return;
        }
    }
    strlist_take(&results->keys, key);
    strlist_take(&results->values, value);
}

static void read_line(struct step_work *work, size_t number, const char *line,
                      struct hook_results *results)
{
    const char *equals = strchr(line, '=');
    if (line[0] == '\0') {
        return;
    }
    if (equals == NULL || !is_key(line, (size_t)(equals - line))) {
        CLEANUP(mem_freep) char *redacted = redact_copy(line);
        hook_note(work,
                  "warning: line %zu of $HEADGATE_OUTPUT is ignored, it is not KEY=VALUE: %.*s",
                  number, SHOWN, redacted);
        return;
    }
    if (redact_needed(equals + 1, strlen(equals + 1))) {
        hook_note(work,
                  "warning: %.*s in $HEADGATE_OUTPUT holds a secret: it is recorded, and "
                  "handed to later steps, as ***",
                  (int)(equals - line), line);
    }
    CLEANUP(mem_freep) char *key = mem_copy_n(line, (size_t)(equals - line));
    if (results->keys.n == HOOK_OUTPUTS_MOST && !strlist_has(&results->keys, key)) {
        hook_note(work, "warning: %s in $HEADGATE_OUTPUT is ignored: there are more than %d", key,
                  HOOK_OUTPUTS_MOST);
        return;
    }
    keep(results, TAKE(key), mem_copy(equals + 1));
}

/* A text with NUL in it is no KEY=VALUE; it is shown up to there. */
static void read_lines(struct step_work *work, struct strbuf *text, struct hook_results *results)
{
    char *line = text->text;
    for (size_t number = 1; line < text->text + text->size; number++) {
        char *end = memchr(line, '\n', (size_t)(text->text + text->size - line));
        end = end != NULL ? end : text->text + text->size;
        *end = '\0';
        if (end > line && end[-1] == '\r') {
            end[-1] = '\0';
        }
        read_line(work, number, line, results);
        line = end + 1;
    }
}

/* Never blocks, and never follows a link to somewhere else. False where there is no such file. */
static bool open_output(struct step_work *work, const char *path, int *ret_fd)
{
    struct stat status;
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        hook_note(work, "warning: $HEADGATE_OUTPUT is ignored: it is no file any more");
        return false;
    }
    *ret_fd = fd_take(&fd);
    return true;
}

void hook_results_read(struct step_work *work, const char *path, struct hook_results *ret_results)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(fd_closep) int fd = -1;
    ssize_t size = 1;
    *ret_results = (struct hook_results){STRLIST_INIT, STRLIST_INIT};
    if (!open_output(work, path, &fd)) {
        return;
    }
    while (size > 0 && text.size <= HOOK_OUTPUTS_LIMIT) {
        size = read(fd, strbuf_room(&text, HOOK_OUTPUTS_LIMIT), HOOK_OUTPUTS_LIMIT);
        strbuf_grown(&text, size > 0 ? (size_t)size : 0);
    }
    if (text.size > HOOK_OUTPUTS_LIMIT) {
        const char *end = memrchr(text.text, '\n', HOOK_OUTPUTS_LIMIT);
        strbuf_cut(&text, end != NULL ? (size_t)(end - text.text) : 0);
        hook_note(work, "warning: $HEADGATE_OUTPUT is longer than 64 kB: the rest is ignored");
    }
    read_lines(work, &text, ret_results);
}
