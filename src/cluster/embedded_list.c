/*
 * Which embedded clusters there are, running or not. Only looks: no lock is taken, nothing is
 * started.
 */
#include <fts.h>
#include <sys/stat.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/strbuf.h"

#include "place.h"
#include "postmaster.h"
#include "socket.h"

/* What it takes on the disk. What vanishes meanwhile is left out. */
static uint64_t folder_bytes(char *folder)
{
    uint64_t bytes = 0;
    FTS *walk = fts_open((char *const[]){folder, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (walk == NULL) {
        return 0;
    }
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_D) {
            bytes += (uint64_t)entry->fts_statp->st_blocks * 512;
        }
    }
    (void)fts_close(walk);
    return bytes;
}

static char *read_version(const struct place *place)
{
    CLEANUP(mem_freep) char *path = path_join(place->data, "PG_VERSION");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!file_read(path, 64, &text, &ignored)) {
        return mem_copy("unknown");
    }
    strbuf_trim_end(&text);
    return strbuf_take(&text);
}

static void fill_status(const struct place *place, struct embedded_status *status)
{
    CLEANUP(postmaster_clear) struct postmaster postmaster = POSTMASTER_INIT;
    postmaster_find(place->data, &postmaster);
    status->name = mem_copy(place->name);
    status->folder = mem_copy(place->home);
    status->conninfo = socket_conninfo(place->sockets, place->name);
    status->version_text = read_version(place);
    status->running = postmaster.state == POSTMASTER_READY;
    status->pid = (int)postmaster.pid;
    status->bytes = folder_bytes(place->home);
}

/* "dev" and "dev.home" are entries of clusters, either one or both; "dev.lock", "dev.new-17" are
 * not. */
static bool is_cluster_entry(const char *entry, const char *name, const struct embedded_list *list)
{
    const char *rest = entry + strlen(name);
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (list->n > 0 && text_equal(list->items[list->n - 1].name, name)) {
        return false;
    }
    return (rest[0] == '\0' || text_equal(rest, ".home")) && place_name_check(name, &ignored);
}

static bool add_cluster(const char *folder, const char *name, struct embedded_list *list,
                        struct error *err)
{
    CLEANUP(place_clear) struct place place = {0};
    if (!place_find(folder, name, &place, err)) {
        return false;
    }
    if (place_is_made(&place)) {
        fill_status(&place, &list->items[list->n++]);
    }
    return true;
}

bool embedded_find(const char *state_folder, struct embedded_list *ret_list, struct error *err)
{
    CLEANUP(mem_freep) char *folder = embedded_folder(state_folder);
    CLEANUP(strlist_clear) struct strlist entries = STRLIST_INIT;
    CLEANUP(embedded_list_clear) struct embedded_list list = {0};
    if (folder != NULL && !folder_list(folder, &entries, err)) {
        return false;
    }
    list.items = mem_new(entries.n + 1, sizeof *list.items);
    for (size_t i = 0; i < entries.n; i++) {
        CLEANUP(mem_freep) char *name = place_name_of(entries.items[i]);
        if (is_cluster_entry(entries.items[i], name, &list) &&
            !add_cluster(folder, name, &list, err)) {
            return false;
        }
    }
    *ret_list = list;
    list = (struct embedded_list){0};
    return true;
}

void embedded_list_clear(struct embedded_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        mem_free(list->items[i].name);
        mem_free(list->items[i].folder);
        mem_free(list->items[i].conninfo);
        mem_free(list->items[i].version_text);
    }
    mem_free(list->items);
    *list = (struct embedded_list){0};
}
