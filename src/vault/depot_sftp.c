/* A folder of another machine: all but the archives' bytes. */
#include "depot_sftp.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

#define SILENCE ((msec)60000)
#define PATIENCE ((msec)120000)
#define LEFT_ALONE ((int64_t)24 * 3600) /* seconds: then a part is nobody's */

/* --- sessions --- */

bool sftp_depot_connect(const struct sftp_depot *depot, struct sftp **ret_sftp, struct error *err)
{
    CLEANUP(fd_closep) int fd = -1;
    msec silence = depot->line.silence > 0 ? depot->line.silence : SILENCE;
    return depot->line.connect(depot->line.context, &fd, err) &&
           sftp_open(fd_take(&fd), depot->line.shown, silence, ret_sftp, err);
}

void sftp_line_release(struct sftp_line **line)
{
    if (*line == NULL) {
        return;
    }
    if (--(*line)->users == 0) {
        sftp_closep(&(*line)->sftp);
        mem_free(*line);
    }
    *line = NULL;
}

bool sftp_depot_line(struct sftp_depot *depot, struct sftp_line **ret_line, struct error *err)
{
    struct sftp *sftp = NULL;
    if (depot->open != NULL &&
        (depot->open->owner != getpid() || sftp_is_broken(depot->open->sftp))) {
        sftp_line_release(&depot->open);
    }
    if (depot->open == NULL) {
        if (!sftp_depot_connect(depot, &sftp, err)) {
            return false;
        }
        depot->open = mem_new(1, sizeof *depot->open);
        *depot->open = (struct sftp_line){.sftp = sftp, .owner = getpid(), .users = 1};
    }
    depot->open->users++;
    *ret_line = depot->open;
    return true;
}

msec sftp_depot_patience(const struct sftp_depot *depot)
{
    return depot->line.patience > 0 ? depot->line.patience : PATIENCE;
}

bool sftp_try_again(const struct sftp_depot *depot, unsigned attempt, msec deadline,
                    struct error *err)
{
    if (err->code != ERROR_UNREACHABLE || !err->retryable || deadline_passed(deadline)) {
        return false;
    }
    msec first = sftp_depot_patience(depot) / 240; /* of 2 minutes: half a second, then up to 16 */
    msec pause = first << (attempt < 5 ? attempt : 5);
    deadline_sleep(deadline_earlier(deadline_in(pause), deadline));
    error_clear(err);
    return interrupt_pending() == 0 || interrupt_error(err);
}

/* Something that may be done twice: once more where the session that was open had died meanwhile.
 */
typedef bool sftp_errand(struct sftp *sftp, const struct depot *depot, void *context,
                         struct error *err);
static bool run_errand(const struct depot *depot, sftp_errand *errand, void *context,
                       struct error *err)
{
    struct sftp_depot *state = depot->state;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    for (bool was_open = true; was_open;) {
        CLEANUP(sftp_line_release) struct sftp_line *line = NULL;
        was_open = state->open != NULL;
        error_clear(&failure);
        if (sftp_depot_line(state, &line, &failure) &&
            errand(line->sftp, depot, context, &failure)) {
            return true;
        }
        was_open = was_open && failure.retryable;
    }
    error_move(err, &failure);
    return false;
}

/* --- errands --- */

static bool make_errand(struct sftp *sftp, const struct depot *depot, void *context,
                        struct error *err)
{
    (void)context;
    return sftp_make_folder(sftp, depot->folder, 0700, err);
}

static bool make(const struct depot *depot, struct error *err)
{
    return run_errand(depot, make_errand, NULL, err);
}

static bool list_errand(struct sftp *sftp, const struct depot *depot, void *context,
                        struct error *err)
{
    struct strlist *names = context;
    CLEANUP(sftp_entries_clear) struct sftp_entries entries = {0};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!sftp_list(sftp, depot->folder, &entries, &failure)) {
        if (failure.sys_errno != ENOENT) {
            error_move(err, &failure);
            return false;
        }
        return true; /* nothing was ever written */
    }
    strlist_clear(names);
    for (size_t i = 0; i < entries.n; i++) {
        strlist_add(names, entries.items[i].name);
    }
    strlist_sort(names);
    return true;
}

static bool list_names(const struct depot *depot, struct strlist *ret_names, struct error *err)
{
    return run_errand(depot, list_errand, ret_names, err);
}

struct named {
    const char *name;
    bool there;
    struct sftp_entry entry;
    struct strbuf *text;
    const struct strbuf *written;
    char part[UUID_SIZE]; /* what tells ours from others' */
    bool was_tried;
};

static bool look_errand(struct sftp *sftp, const struct depot *depot, void *context,
                        struct error *err)
{
    struct named *named = context;
    CLEANUP(mem_freep) char *path = path_join(depot->folder, named->name);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    named->there = sftp_stat(sftp, path, &named->entry, &failure);
    sftp_entry_clear(&named->entry);
    if (named->there || failure.sys_errno == ENOENT) {
        return true;
    }
    error_move(err, &failure);
    return false;
}

static bool has(const struct depot *depot, const char *name, bool *ret_there, struct error *err)
{
    struct named named = {.name = name};
    bool looked = run_errand(depot, look_errand, &named, err);
    *ret_there = looked ? named.there : *ret_there;
    return looked;
}

static bool read_errand(struct sftp *sftp, const struct depot *depot, void *context,
                        struct error *err)
{
    const struct named *named = context;
    CLEANUP(mem_freep) char *path = path_join(depot->folder, named->name);
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    size_t n = 0;
    strbuf_cut(named->text, 0);
    if (!sftp_open_to_read(sftp, path, &file, err) ||
        !sftp_read_at(file, strbuf_room(named->text, SMALL_FILE + 1), SMALL_FILE + 1, 0, &n, err)) {
        return false;
    }
    strbuf_grown(named->text, n);
    return n <= SMALL_FILE || error_set(err, ERROR_IO, "%s is larger than it can be", path);
}

static bool read_small(const struct depot *depot, const char *name, struct strbuf *ret_text,
                       struct error *err)
{
    CLEANUP(sftp_ends_clear) struct sftp_ends seen = {.path = NULL};
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    if (sftp_seen_ahead(depot->state, path, &seen) && seen.n_tail == seen.size) {
        strbuf_add_n(ret_text, seen.tail, seen.n_tail);
        errno = ENOENT;
        return seen.there || error_set_errno(err, "there is no %s", path);
    }
    return run_errand(depot, read_errand, &(struct named){.name = name, .text = ret_text}, err);
}

static bool write_part(struct sftp *sftp, const char *part, const struct strbuf *text,
                       struct error *err)
{
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    bool durable = false;
    return sftp_open_to_write(sftp, part, true, 0600, &file, err) &&
           sftp_write_at(file, text->text, text->size, 0, err) && sftp_sync(file, &durable, err);
}

/* A folder can be opened as a file to be read where the server is a Unix; where not, it cannot be
 * synced. */
static bool sync_errand(struct sftp *sftp, const struct depot *depot, void *context,
                        struct error *err)
{
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    bool durable = false;
    (void)context;
    if ((sftp_open_to_read(sftp, depot->folder, &file, &failure) &&
         sftp_sync(file, &durable, &failure)) ||
        failure.code == ERROR_IO) {
        return true;
    }
    error_move(err, &failure);
    return false;
}

/* A session that died has left the part of the first try. */
static bool write_errand(struct sftp *sftp, const struct depot *depot, void *context,
                         struct error *err)
{
    struct named *named = context;
    CLEANUP(mem_freep) char *path = path_join(depot->folder, named->name);
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(mem_freep)
    char *part = mem_printf("%s/.%s.%.8s" PART_END, depot->folder, named->name, named->part);
    if (named->was_tried) {
        (void)!sftp_remove(sftp, part, &none);
        error_clear(&none);
    }
    named->was_tried = true;
    if (write_part(sftp, part, named->written, err) && sftp_rename(sftp, part, path, err)) {
        return sync_errand(sftp, depot, NULL, err);
    }
    (void)!sftp_remove(sftp, part, &none);
    return false;
}

static bool write_small(const struct depot *depot, const char *name, const struct strbuf *text,
                        struct error *err)
{
    struct named named = {.name = name, .written = text};
    random_uuid(named.part);
    return run_errand(depot, write_errand, &named, err);
}

static bool remove_errand(struct sftp *sftp, const struct depot *depot, void *context,
                          struct error *err)
{
    const struct named *named = context;
    CLEANUP(mem_freep) char *path = path_join(depot->folder, named->name);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (sftp_remove(sftp, path, &failure) || failure.sys_errno == ENOENT) {
        return true;
    }
    error_move(err, &failure);
    return false;
}

static bool remove_file(const struct depot *depot, const char *name, struct error *err)
{
    return run_errand(depot, remove_errand, &(struct named){.name = name}, err);
}

static bool sync_folder(const struct depot *depot, struct error *err)
{
    return run_errand(depot, sync_errand, NULL, err);
}

/* Of the nearest folder that is there. */
static bool room_errand(struct sftp *sftp, const struct depot *depot, void *context,
                        struct error *err)
{
    CLEANUP(mem_freep) char *at = mem_copy(depot->folder);
    for (;;) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (sftp_free_bytes(sftp, at, context, &failure)) {
            return true;
        }
        char *above = path_parent(at);
        if (failure.sys_errno != ENOENT || text_equal(above, at)) {
            mem_free(above);
            error_move(err, &failure);
            return false;
        }
        mem_free(at);
        at = above;
    }
}

static bool free_bytes(const struct depot *depot, uint64_t *ret_free, struct error *err)
{
    return run_errand(depot, room_errand, ret_free, err);
}

/* --- what the dead have left --- */

/* A command that only looks shall not connect for this alone. */
static bool can_sweep(const struct depot *depot)
{
    const struct sftp_depot *state = depot->state;
    return state->open != NULL;
}

static bool is_old(struct sftp *sftp, const char *path)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    return sftp_stat(sftp, path, &entry, &none) &&
           entry.modified + LEFT_ALONE < wall_now_usec() / 1000000;
}

/* Whoever writes a part has said so before it was there, so what has no word beside it has lost its
 * writer's, or is that word itself, or a small file. */
static bool sweep_errand(struct sftp *sftp, const struct depot *depot, void *context,
                         struct error *err)
{
    const char *part = ((const struct named *)context)->name;
    CLEANUP(mem_freep) char *path = path_join(depot->folder, part);
    bool is_word = text_ends(part, ".writer" PART_END);
    CLEANUP(mem_freep) char *word = is_word ? mem_copy(part) : writer_file(part);
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    struct named named = {.name = word, .text = &line};
    bool is_said = read_errand(sftp, depot, &named, &none);
    if (is_said ? writer_is_dead(line.text) : is_old(sftp, path)) {
        return remove_errand(sftp, depot, context, err);
    }
    return !is_said || !is_old(sftp, path) || remove_errand(sftp, depot, context, err);
}

static void sweep_part(const struct depot *depot, const char *name)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    (void)!run_errand(depot, sweep_errand, &(struct named){.name = name}, &none);
}

/* --- the kind --- */

static void clear(struct depot *depot)
{
    struct sftp_depot *state = depot->state;
    sftp_forget_ahead(state);
    sftp_line_release(&state->open);
    if (state->line.close != NULL) {
        state->line.close(state->line.context);
    }
    mem_free(state->shown);
    mem_free(state);
}

static const struct depot_kind kind_sftp = {.make = make,
                                            .list = list_names,
                                            .has = has,
                                            .read_small = read_small,
                                            .write_small = write_small,
                                            .open = sftp_stored_open,
                                            .look_ahead = sftp_look_ahead,
                                            .create = pump_create,
                                            .publish = pump_publish,
                                            .discard = pump_discard,
                                            .explain = pump_explain,
                                            .remove = remove_file,
                                            .sync = sync_folder,
                                            .free_bytes = free_bytes,
                                            .can_sweep = can_sweep,
                                            .sweep_part = sweep_part,
                                            .clear = clear};

struct depot depot_over_sftp(const struct depot_line *line, const char *folder)
{
    struct sftp_depot *state = mem_new(1, sizeof *state);
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') {
        n--;
    }
    state->line = *line;
    state->shown = mem_copy(line->shown);
    state->line.shown = state->shown;
    CLEANUP(mem_freep) char *path = mem_copy_n(folder, n);
    char *shown = mem_printf("sftp://%s%s%s", line->shown, path[0] == '/' ? "" : "/~/", path);
    return (struct depot){.kind = &kind_sftp, .folder = TAKE(path), .shown = shown, .state = state};
}
