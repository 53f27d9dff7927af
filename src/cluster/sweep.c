/*
 * Removes what dead owners left. Whoever makes or keeps something holds a lock meanwhile, and a
 * lock ends with its holder: so what is there and can be locked belongs to nobody. Costs two
 * readdirs when there is nothing; says nothing.
 */
#include "sweep.h"

#include <sys/stat.h>
#include <unistd.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/strlist.h"

#include "place.h"
#include "socket.h"
#include "workers.h"

void scratch_remove(const char *folder, const char *lock)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    workers_kill(folder);
    if (folder_remove(folder, &ignored)) {
        (void)unlink(lock);
    }
}

static void sweep_scratch(const char *folder)
{
    CLEANUP(mem_freep) char *lock = mem_printf("%s.lock", folder);
    CLEANUP(fd_closep) int fd = -1;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    bool locked = false;
    if (lock_file_try(lock, &fd, &locked, &ignored) && locked) {
        scratch_remove(folder, lock);
    }
}

static void sweep_runtime_folder(const char *base)
{
    CLEANUP(mem_freep) char *runtime = runtime_folder(base);
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!path_is_folder(runtime) || !runtime_folder_check(runtime, &ignored) ||
        !folder_list(runtime, &names, &ignored)) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (text_starts(names.items[i], "scratch-") && text_ends(names.items[i], ".lock")) {
            CLEANUP(mem_freep)
            char *name = mem_copy_n(names.items[i], strcspn(names.items[i], "."));
            CLEANUP(mem_freep) char *folder = path_join(runtime, name);
            sweep_scratch(folder);
        }
    }
}

static void sweep_place(const char *folder, const char *name)
{
    CLEANUP(place_clear) struct place place = {0};
    CLEANUP(fd_closep) int fd = -1;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    bool locked = false;
    if (place_name_check(name, &ignored) && place_find(folder, name, &place, &ignored) &&
        place_has_left_overs(&place) && lock_file_try(place.lock, &fd, &locked, &ignored) &&
        locked) {
        place_sweep(&place);
    }
}

/* A name with a pointer to a home elsewhere may have something left over there. */
static void sweep_embedded(const char *folder)
{
    CLEANUP(strlist_clear) struct strlist entries = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!folder_list(folder, &entries, &ignored)) {
        return;
    }
    for (size_t i = 0; i < entries.n; i++) {
        const char *rest = strchr(entries.items[i], '.');
        if (rest != NULL && (text_equal(rest, ".home") || text_starts(rest, ".new-") ||
                             text_starts(rest, ".gone-"))) {
            CLEANUP(mem_freep) char *name = place_name_of(entries.items[i]);
            sweep_place(folder, name);
        }
    }
}

void clusters_sweep(const char *state_folder)
{
    CLEANUP(mem_freep) char *folder = embedded_folder(state_folder);
    const char *temporary = getenv("TMPDIR");
    if (folder != NULL) {
        sweep_embedded(folder);
    }
    sweep_runtime_folder("/tmp");
    if (temporary != NULL && temporary[0] != '\0' && !text_equal(temporary, "/tmp")) {
        sweep_runtime_folder(temporary);
    }
}
