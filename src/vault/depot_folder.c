/* A folder of this machine. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

static bool folder_is_made(const struct depot *depot, struct error *err)
{
    return folder_make(depot->folder, 0700, err);
}

static bool list_names(const struct depot *depot, struct strlist *ret_names, struct error *err)
{
    return !path_exists(depot->folder) || folder_list(depot->folder, ret_names, err);
}

static bool has(const struct depot *depot, const char *name, bool *ret_there, struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    (void)err;
    *ret_there = path_exists(path);
    return true;
}

static bool read_small(const struct depot *depot, const char *name, struct strbuf *ret_text,
                       struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    return file_read(path, SMALL_FILE, ret_text, err);
}

static bool write_small(const struct depot *depot, const char *name, const struct strbuf *text,
                        struct error *err)
{
    return part_write(depot->folder, name, text, err);
}

static bool open_stored(const struct depot *depot, const char *name, struct stored **ret_stored,
                        struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        return error_set_errno(err, "could not read %s", path);
    }
    if (!S_ISREG(about.st_mode)) {
        return error_set(err, ERROR_BACKUP, "%s is no file", path);
    }
    struct stored *stored = mem_new(1, sizeof *stored);
    *stored = (struct stored){.fd = fd_take(&fd),
                              .size = (uint64_t)about.st_size,
                              .modified = about.st_mtim.tv_sec,
                              .nanoseconds = about.st_mtim.tv_nsec};
    *ret_stored = stored;
    return true;
}

static bool create(const struct depot *depot, const char *name, struct vault_file *file,
                   bool *ret_taken, struct error *err)
{
    return part_open(depot->folder, name, &file->temporary, &file->file, ret_taken, err);
}

static bool publish(struct vault_file *file, struct error *err)
{
    return part_publish(file->depot->folder, file->temporary, file->file, file->path, err);
}

static void discard(struct vault_file *file)
{
    (void)unlink(file->temporary);
}

static bool remove_file(const struct depot *depot, const char *name, struct error *err)
{
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    return unlink(path) == 0 || errno == ENOENT ||
           error_set_errno(err, "could not remove %s", path);
}

static bool sync_folder(const struct depot *depot, struct error *err)
{
    return file_sync_folder(depot->folder, err);
}

/* Of the nearest folder that is there. */
static bool free_bytes(const struct depot *depot, uint64_t *ret_free, struct error *err)
{
    CLEANUP(mem_freep) char *at = mem_copy(depot->folder);
    struct statvfs about;
    while (statvfs(at, &about) != 0) {
        char *above = path_parent(at);
        if (errno != ENOENT || text_equal(above, at)) {
            mem_free(above);
            return error_set_errno(err, "could not look for free room in %s", depot->folder);
        }
        mem_free(at);
        at = above;
    }
    *ret_free = (uint64_t)about.f_bavail * about.f_frsize;
    return true;
}

static bool can_sweep(const struct depot *depot)
{
    return path_is_folder(depot->folder);
}

static void sweep(const struct depot *depot, const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(depot->folder, name);
    part_sweep(path);
}

static const struct depot_kind kind_folder = {.is_here = true,
                                              .make = folder_is_made,
                                              .list = list_names,
                                              .has = has,
                                              .read_small = read_small,
                                              .write_small = write_small,
                                              .open = open_stored,
                                              .create = create,
                                              .publish = publish,
                                              .discard = discard,
                                              .remove = remove_file,
                                              .sync = sync_folder,
                                              .free_bytes = free_bytes,
                                              .can_sweep = can_sweep,
                                              .sweep_part = sweep};

struct depot depot_of_folder(const char *folder)
{
    return (struct depot){
        .kind = &kind_folder, .folder = mem_copy(folder), .shown = mem_copy(folder)};
}
