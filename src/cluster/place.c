/*
 * The home of an embedded cluster, and who may be in it.
 *
 * A home is made under another name and renamed when it is whole, so a half-made one is never used.
 * NAME.home is written before the home it names is begun, so that what is left over there is found
 * as well.
 */
#include "place.h"

#include <errno.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"
#include "postmaster.h"
#include "socket.h"
#include "workers.h"

#define NAME_MAX_SIZE 40
#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz0123456789"
#define NAME_OTHERS NAME_FIRST "_-"
#define AWAY_FOLDER                                                                                \
    "/var/lib/headgate" /* homes of root's clusters whose state folder is out of reach */
#define SHORT_HASH 16

char *embedded_folder(const char *state_folder)
{
    CLEANUP(mem_freep) char *path = path_join(state_folder, "embedded");
    return realpath(path, NULL);
}

bool embedded_folder_make(const char *state_folder, char **ret_folder, struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(state_folder, "embedded");
    if (!path_is_folder(path) && !server_way_make(path, err)) {
        return false;
    }
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return error_set_errno(err, "could not find folder \"%s\"", path);
    }
    *ret_folder = real;
    return true;
}

bool place_name_check(const char *name, struct error *err)
{
    size_t n = strlen(name);
    if (n > 0 && n <= NAME_MAX_SIZE && strspn(name, NAME_FIRST) > 0 &&
        strspn(name, NAME_OTHERS) == n) {
        return true;
    }
    error_set(err, ERROR_CONFIG, "\"%s\" is not a name for an embedded cluster", name);
    return error_hint(
        err,
        "A name has 1 to %d characters: a-z, 0-9, _ and -, of which _ and - cannot be the first.",
        NAME_MAX_SIZE);
}

static void short_hash(const char *text, char ret_hash[SHORT_HASH + 1])
{
    char hex[HASH_HEX_SIZE];
    hash_sha256(text, strlen(text), hex);
    memcpy(ret_hash, hex, SHORT_HASH);
    ret_hash[SHORT_HASH] = '\0';
}

static void set_sockets(struct place *place)
{
    mem_free(place->sockets);
    place->sockets = path_join(place->home, "s");
    place->sockets_away = !socket_folder_fits(place->sockets);
    if (place->sockets_away) {
        char hash[SHORT_HASH + 1];
        short_hash(place->home, hash);
        CLEANUP(mem_freep) char *runtime = runtime_folder("/tmp");
        mem_free(place->sockets);
        place->sockets = path_join(runtime, hash);
    }
}

/* Takes `home`. */
static void set_home(struct place *place, char *home)
{
    mem_free(place->home);
    mem_free(place->data);
    mem_free(place->log);
    mem_free(place->made);
    place->home = home;
    place->data = path_join(home, "data");
    place->log = path_join(home, "log");
    place->made = path_join(home, "made");
    set_sockets(place);
}

static char *pointer_path(const struct place *place)
{
    return mem_printf("%s/%s.home", place->folder, place->name);
}

/* Only a home that we could have chosen: the file may lie where others can write. */
static bool home_is_away(const char *home, const char *name)
{
    static const char before[] = AWAY_FOLDER "/";
    if (!text_starts(home, before)) {
        return false;
    }
    const char *hash = home + sizeof before - 1;
    return strspn(hash, "0123456789abcdef") == SHORT_HASH && hash[SHORT_HASH] == '/' &&
           text_equal(hash + SHORT_HASH + 1, name);
}

static bool follow_pointer(struct place *place, struct error *err)
{
    CLEANUP(mem_freep) char *pointer = pointer_path(place);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!path_exists(pointer)) {
        return true;
    }
    if (!file_read(pointer, 4096, &text, err)) {
        return false;
    }
    strbuf_trim_end(&text);
    if (!home_is_away(text.text, place->name)) {
        return error_set(err, ERROR_IO, "file \"%s\" does not name the home of an embedded cluster",
                         pointer);
    }
    set_home(place, strbuf_take(&text));
    return true;
}

bool place_find(const char *folder, const char *name, struct place *ret_place, struct error *err)
{
    CLEANUP(place_clear) struct place place = {0};
    place.name = mem_copy(name);
    place.folder = mem_copy(folder);
    place.lock = mem_printf("%s/%s.lock", folder, name);
    set_home(&place, path_join(folder, name));
    if (!place_is_made(&place) && !follow_pointer(&place, err)) {
        return false;
    }
    *ret_place = place;
    place = (struct place){0};
    return true;
}

bool place_settle(struct place *place, const struct server_user *user, struct error *err)
{
    CLEANUP(mem_freep) char *pointer = pointer_path(place);
    if (path_exists(pointer) || server_user_reaches(user, place->folder)) {
        return true;
    }
    char hash[SHORT_HASH + 1];
    CLEANUP(mem_freep) char *state = path_parent(place->folder);
    short_hash(state, hash);
    CLEANUP(mem_freep) char *parent = path_join(AWAY_FOLDER, hash);
    if (!server_way_make(parent, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *home = path_join(parent, place->name);
    if (!file_write(pointer, home, strlen(home), 0600, err)) {
        return false;
    }
    set_home(place, TAKE(home));
    return true;
}

void place_clear(struct place *place)
{
    mem_free(place->name);
    mem_free(place->folder);
    mem_free(place->home);
    mem_free(place->data);
    mem_free(place->log);
    mem_free(place->sockets);
    mem_free(place->made);
    mem_free(place->lock);
    *place = (struct place){0};
}

bool place_is_made(const struct place *place)
{
    return path_is_folder(place->home);
}

static bool socket_is_ours(const struct place *place)
{
    CLEANUP(mem_freep) char *parent = path_parent(place->sockets);
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    return !place->sockets_away || runtime_folder_check(parent, &ignored);
}

bool place_answers(const struct place *place)
{
    CLEANUP(postmaster_clear) struct postmaster postmaster = POSTMASTER_INIT;
    if (!path_exists(place->made) || !socket_is_ours(place) || !socket_answers(place->sockets)) {
        return false;
    }
    postmaster_find(place->data, &postmaster);
    return postmaster.state == POSTMASTER_READY;
}

bool place_lock(const struct place *place, msec deadline, int *ret_fd, struct error *err)
{
    return lock_file_wait(place->lock, deadline, ret_fd, err);
}

static bool is_left_over(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 &&
           (text_starts(entry + n, ".new-") || text_starts(entry + n, ".gone-"));
}

/* Their names, in the folder where the home is. */
static void find_left_overs(const struct place *place, const char *parent,
                            struct strlist *ret_names)
{
    CLEANUP(strlist_clear) struct strlist entries = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!folder_list(parent, &entries, &ignored)) {
        return;
    }
    for (size_t i = 0; i < entries.n; i++) {
        if (is_left_over(entries.items[i], path_name(place->home))) {
            strlist_add(ret_names, entries.items[i]);
        }
    }
}

bool place_has_left_overs(const struct place *place)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *parent = path_parent(place->home);
    find_left_overs(place, parent, &names);
    return names.n > 0;
}

void place_sweep(const struct place *place)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *parent = path_parent(place->home);
    find_left_overs(place, parent, &names);
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *path = path_join(parent, names.items[i]);
        CLEANUP(error_clear) struct error ignored = ERROR_INIT;
        workers_kill(path);
        if (!folder_remove(path, &ignored)) {
            error_clear(&ignored); /* the next sweep tries again */
        }
    }
}

bool place_forget(const struct place *place, struct error *err)
{
    CLEANUP(mem_freep) char *pointer = pointer_path(place);
    CLEANUP(mem_freep) char *away = path_parent(place->home);
    if (unlink(pointer) == 0) {
        (void)rmdir(away); /* the last one turns off the light */
        return true;
    }
    return errno == ENOENT || error_set_errno(err, "could not remove file \"%s\"", pointer);
}

char *place_name_of(const char *entry)
{
    return mem_copy_n(entry, strcspn(entry, "."));
}
