/*
 * Many files of a depot on another machine, seen together before they are asked for one by one. It
 * is an attempt: what could not be seen is asked for as if nobody had tried, and says why itself.
 */
#include "depot_sftp.h"
#include "headgate/file.h"

void sftp_forget_ahead(struct sftp_depot *depot)
{
    for (size_t i = 0; i < depot->ahead.n; i++) {
        sftp_ends_clear(&depot->ahead.items[i]);
    }
    mem_free(depot->ahead.items);
    depot->ahead = (struct sftp_ahead){0};
}

bool sftp_seen_ahead(struct sftp_depot *depot, const char *path, struct sftp_ends *ret_ends)
{
    for (size_t i = 0; i < depot->ahead.n; i++) {
        struct sftp_ends *ends = &depot->ahead.items[i];
        if (text_equal(ends->path, path)) {
            *ret_ends = *ends;
            *ends = depot->ahead.items[--depot->ahead.n];
            return true;
        }
    }
    return false;
}

static bool look(struct sftp_depot *depot, struct sftp_ends *files, size_t n)
{
    CLEANUP(sftp_line_release) struct sftp_line *line = NULL;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    return sftp_depot_line(depot, &line, &none) && sftp_read_ends(line->sftp, files, n, &none);
}

static void keep(struct sftp_depot *depot, struct sftp_ends *ends)
{
    depot->ahead.items[depot->ahead.n++] = *ends;
    *ends = (struct sftp_ends){.path = NULL};
}

void sftp_look_ahead(const struct depot *depot, const struct strlist *files,
                     const struct strlist *names)
{
    struct sftp_depot *state = depot->state;
    struct sftp_ends listed[SFTP_FILES_MAX];
    size_t n = 0;
    sftp_forget_ahead(state);
    state->ahead.items = mem_new(files->n + 1, sizeof *state->ahead.items);
    for (size_t i = 0; i < files->n; i++) {
        bool there = strlist_has(names, files->items[i]);
        struct sftp_ends ends = {.path = path_join(depot->folder, files->items[i]),
                                 .first = SEAL_EDGE,
                                 .last = SFTP_TAIL};
        if (!there) {
            keep(state, &ends);
        } else if (n < SFTP_FILES_MAX) {
            listed[n++] = ends;
        } else {
            sftp_ends_clear(&ends);
        }
    }
    bool looked = n > 0 && look(state, listed, n);
    for (size_t i = 0; i < n; i++) {
        if (looked && listed[i].there) {
            keep(state, &listed[i]);
        }
        sftp_ends_clear(&listed[i]);
    }
}
