/* Packs a release into one file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "headgate/archive.h"
#include "headgate/file.h"
#include "headgate/json.h"
#include "manifest.h"

static bool add(struct archive_writer *archive, const char *name, const char *bytes, size_t size,
                struct error *err)
{
    return archive_writer_begin(archive, name, size, err) &&
           archive_writer_add(archive, bytes, size, err) && archive_writer_end(archive, err);
}

static bool add_migration(struct archive_writer *archive, const struct release *release,
                          const struct member *member, struct error *err)
{
    const struct migration *migration = release_find(release, member->migration);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!(member->kind == MEMBER_UP ? migration_load(migration, &text, err)
                                    : migration_load_down(migration, &text, err))) {
        return false;
    }
    return add(archive, member->path, text.text, text.size, err);
}

static bool add_member(struct archive_writer *archive, const struct release *release,
                       const struct member *member, struct error *err)
{
    const struct release_file *small =
        member->kind == MEMBER_LOCK ? &release->lock : &release->order;
    return member->migration != NULL ? add_migration(archive, release, member, err)
                                     : add(archive, member->path, small->text, small->size, err);
}

static bool write_members(int fd, const char *shown, const struct release *release,
                          const struct manifest *manifest, struct error *err)
{
    CLEANUP(archive_writer_freep) struct archive_writer *archive = NULL;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    release_manifest_write(manifest, &text);
    if (!archive_writer_open(fd, shown, &archive, err) ||
        !add(archive, MANIFEST_NAME, text.text, text.size, err)) {
        return false;
    }
    for (size_t i = 0; i < manifest->n; i++) {
        if (!add_member(archive, release, &manifest->members[i], err)) {
            return false;
        }
    }
    return archive_writer_finish(archive, err);
}

/* Synced, under its temporary name. */
static bool write_file(const char *temporary, const char *shown, const struct release *release,
                       struct error *err)
{
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct manifest manifest;
    release_manifest_of(release, arena, &manifest);
    CLEANUP(fd_closep) int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return error_set_errno(err, "could not make %s", shown);
    }
    if (!write_members(fd, shown, release, &manifest, err)) {
        return false;
    }
    return fsync(fd) == 0 || error_set_errno(err, "could not sync %s", shown);
}

/* A bundle that nobody can read is no bundle: too large, or a disk that lies. */
static bool read_back(const char *temporary, const char *shown, const struct release *release,
                      struct error *err)
{
    CLEANUP(release_freep) struct release *again = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!release_read(temporary, &again, &failure)) {
        (void)error_set(err, failure.code, "could not read back what was written for %s", shown);
        return error_detail(err, "%s", failure.message);
    }
    return text_equal(again->digest, release->digest) ||
           error_set(err, ERROR_IO, "what was written for %s is not what was meant", shown);
}

static bool same_file(const char *a, const char *b)
{
    CLEANUP(strbuf_clear) struct strbuf left = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf right = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    return file_read(a, BUNDLE_LIMIT, &left, &ignored) &&
           file_read(b, BUNDLE_LIMIT, &right, &ignored) && left.size == right.size &&
           memcmp(left.text, right.text, left.size) == 0;
}

/* Gives it its name. */
static bool publish(const char *temporary, const char *path, bool force, struct error *err)
{
    int result = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, force ? 0 : RENAME_NOREPLACE);
    if (result != 0 && errno == EINVAL && !path_exists(path)) {
        result = rename(temporary, path); /* a file system that cannot promise it */
    }
    if (result != 0 && errno == EEXIST && same_file(temporary, path)) {
        return true; /* it is there already */
    }
    if (result != 0 && errno == EEXIST) {
        (void)error_set(err, ERROR_REFUSED, "%s exists, and is another file", path);
        return error_hint(err, "Name another file, or replace it: --force");
    }
    if (result != 0) {
        return error_set_errno(err, "could not write %s", path);
    }
    CLEANUP(mem_freep) char *folder = path_parent(path);
    return file_sync_folder(folder, err);
}

bool release_bundle_write(const struct release *release, const char *path, bool force,
                          struct error *err)
{
    char id[UUID_SIZE];
    random_uuid(id);
    CLEANUP(mem_freep) char *temporary = mem_printf("%s.%.8s.tmp", path, id);
    bool done = write_file(temporary, path, release, err) &&
                read_back(temporary, path, release, err) && publish(temporary, path, force, err);
    (void)unlink(temporary); /* gone already where it has its name */
    return done;
}
