/* Journals, read. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"
#include "watch.h"

static struct journal *journal_new(struct state *state, const char *run)
{
    struct journal *journal = mem_new(1, sizeof *journal);
    journal->state = state;
    journal->run = mem_copy(run);
    journal->path = state_journal_path(state, run);
    journal->watch = -1;
    return journal;
}

void journal_freep(struct journal **journal)
{
    if (*journal != NULL) {
        events_clear(&(*journal)->events);
        fd_closep(&(*journal)->watch);
        mem_free((*journal)->run);
        mem_free((*journal)->path);
        mem_free(TAKE(*journal));
    }
}

const char *journal_run(const struct journal *journal)
{
    return journal->run;
}

size_t journal_count(const struct journal *journal)
{
    return journal->events.n;
}

const struct event *journal_event(const struct journal *journal, size_t i)
{
    assert(i < journal->events.n);
    return &journal->events.items[i]->event;
}

/* --- reading --- */

static bool refuse_changed(const struct journal *journal, const char *sentence, struct error *err)
{
    (void)error_set(err, ERROR_REFUSED, "the journal of run \"%s\" is not what was written: %s",
                    journal->run, sentence);
    return error_hint(err, "See all that was changed: headgate audit verify %s", journal->run);
}

bool journal_read_rest(struct journal *journal, const struct chain_file *file, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *sentence = NULL;
    bool is_other = file->device != journal->device || file->inode != journal->inode;
    if (journal->inode != 0 && is_other) {
        return refuse_changed(journal, "another file is in its place", err);
    }
    if (file->size < journal->events.end) {
        return refuse_changed(journal, "its end was cut off", err);
    }
    journal->device = file->device;
    journal->inode = file->inode;
    return chain_file_read(file, journal->events.end, &text, err) &&
           (events_take_in(&journal->events, &text, &sentence) ||
            refuse_changed(journal, sentence, err));
}

bool journal_catch_up(struct journal *journal, struct error *err)
{
    CLEANUP(chain_file_close) struct chain_file file = CHAIN_FILE_INIT;
    watch_quiet(journal->watch);
    return chain_file_open(journal->path, CHAIN_FILE_READ, &file, err) &&
           journal_read_rest(journal, &file, err);
}

static bool check_seal(const struct journal *journal, const struct seal *seal, struct error *err)
{
    if (seal == NULL) {
        return true;
    }
    if (seal->events > journal->events.n) {
        CLEANUP(mem_freep)
        char *sentence = mem_printf("the ledger says that it had %" PRIu64 " events, it has %zu",
                                    seal->events, journal->events.n);
        return refuse_changed(journal, sentence, err);
    }
    return text_equal(journal_event(journal, seal->events - 1)->hash, seal->head) ||
           refuse_changed(journal, "the ledger has another hash of it", err);
}

/* The ledger is read first: what it says by then is in the journal that is read afterwards. */
bool journal_open(struct state *state, const char *run, struct journal **ret_journal,
                  struct error *err)
{
    CLEANUP(journal_freep) struct journal *journal = journal_new(state, run);
    if (journal->path == NULL || (!path_exists(journal->path) && errno != EACCES)) {
        return state_refuse_run(run, err);
    }
    if (!ledger_catch_up(state, state->ledger, err)) {
        return false;
    }
    if (!journal_catch_up(journal, err) ||
        !check_seal(journal, ledger_find(state->ledger, run), err)) {
        return false;
    }
    *ret_journal = TAKE(journal);
    return true;
}

bool journal_create(struct state *state, const char *run, struct journal **ret_journal,
                    struct error *err)
{
    CLEANUP(journal_freep) struct journal *journal = journal_new(state, run);
    CLEANUP(mem_freep) char *folder = mem_printf("runs/%s", run);
    if (journal->path == NULL) {
        return error_set(err, ERROR_USAGE, "\"%s\" cannot be the name of a run", run);
    }
    if (!state_make_folder(state, folder, err) || !file_create(journal->path, "", 0, 0600, err)) {
        return state_advise(err);
    }
    *ret_journal = TAKE(journal);
    return true;
}

int journal_watch(struct journal *journal)
{
    if (journal->watch < 0) {
        journal->watch = watch_file(journal->path);
    }
    return journal->watch;
}

/* --- the first event --- */

#define PEEK_PIECE ((size_t)16 << 10)

static bool read_first_line(int fd, struct strbuf *line)
{
    const char *end = NULL;
    ssize_t n = 1;
    while (n != 0 && end == NULL) {
        size_t at = line->size;
        n = read(fd, strbuf_room(line, PEEK_PIECE), PEEK_PIECE);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        strbuf_grown(line, n > 0 ? (size_t)n : 0);
        end = memchr(line->text + at, '\n', line->size - at);
    }
    strbuf_cut(line, end != NULL ? (size_t)(end - line->text) : 0);
    return true;
}

bool journal_peek(const struct state *state, const char *run, struct json_data **ret_data,
                  struct error *err)
{
    CLEANUP(mem_freep) char *path = state_journal_path(state, run);
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    CLEANUP(chain_line_clear) struct chain_line first = {.json = NULL};
    CLEANUP(fd_closep) int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (path == NULL || (fd < 0 && errno == ENOENT)) {
        return state_refuse_run(run, err);
    }
    if (fd < 0 || !read_first_line(fd, &line)) {
        return error_set_errno(err, "could not read %s", path);
    }
    if (line.size > 0 && !chain_read(line.text, line.size, &first)) {
        (void)error_set(err, ERROR_REFUSED, "the first event of run \"%s\" was changed", run);
        return error_hint(err, "See all that was changed: headgate audit verify %s", run);
    }
    *ret_data = TAKE(first.json);
    return true;
}
