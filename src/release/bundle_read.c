/*
 * Reads a bundle. Its first member says what follows, with sizes and SHA-256; exactly that must
 * follow. What it says of itself is no proof of where it comes from: that is the digest, which is
 * shown, compared and signed.
 */
#include <fcntl.h>
#include <unistd.h>

#include "headgate/archive.h"
#include "headgate/json.h"
#include "manifest.h"

struct unpacking {
    struct reading *reading;
    struct archive_reader *archive;
    struct manifest manifest;
};

static void unpacking_clear(struct unpacking *unpacking)
{
    archive_reader_freep(&unpacking->archive);
}

/* Says what to do, where what was found wrong does not say it already. */
static bool advise(const char *hint, struct error *err)
{
    if (err->code == ERROR_CONFIG && err->hint == NULL && err->problems.n == 0) {
        (void)error_hint(err, "%s", hint);
    }
    return false;
}

/* The next member, which must be this one. */
static bool next_is(struct unpacking *unpacking, const char *name, struct archive_member *member,
                    struct error *err)
{
    const char *folder = unpacking->reading->release->folder;
    bool found = false;
    if (!archive_reader_next(unpacking->archive, member, &found, err)) {
        return false;
    }
    if (!found) {
        return error_set(err, ERROR_CONFIG, "%s ends before its member \"%s\"", folder, name);
    }
    if (!text_equal(member->name, name)) {
        return error_set(err, ERROR_CONFIG, "%s has the member \"%s\" where \"%s\" should be",
                         folder, member->name, name);
    }
    return true;
}

/* Into the release's arena, with a NUL behind it. */
static bool read_bytes(struct unpacking *unpacking, uint64_t size, const char **ret_text,
                       struct error *err)
{
    char *text = arena_alloc(unpacking->reading->release->arena, (size_t)size + 1);
    size_t n = 0;
    if (!archive_reader_read(unpacking->archive, text, (size_t)size, &n, err)) {
        return false;
    }
    *ret_text = text;
    return true;
}

static bool read_manifest(struct unpacking *unpacking, struct error *err)
{
    struct release *release = unpacking->reading->release;
    CLEANUP(mem_freep) char *shown = mem_printf("%s:" MANIFEST_NAME, release->folder);
    struct archive_member member;
    const char *text = NULL;
    if (!next_is(unpacking, MANIFEST_NAME, &member, err)) {
        return false;
    }
    if (member.size > JSON_FILE_LIMIT) {
        return error_set(err, ERROR_CONFIG, "%s is larger than %u bytes", shown, JSON_FILE_LIMIT);
    }
    return read_bytes(unpacking, member.size, &text, err) &&
           release_manifest_read(shown, text, (size_t)member.size, release->arena,
                                 &unpacking->manifest, err);
}

static bool read_member(struct unpacking *unpacking, const struct member *member,
                        struct source *ret_text, struct error *err)
{
    const struct release *release = unpacking->reading->release;
    struct archive_member found;
    char sha256[HASH_HEX_SIZE];
    const char *text = NULL;
    if (!next_is(unpacking, member->path, &found, err)) {
        return false;
    }
    if (found.size != member->size) {
        return error_set(err, ERROR_CONFIG,
                         "%s:%s has %llu bytes, and its " MANIFEST_NAME " says %llu",
                         release->folder, member->path, (unsigned long long)found.size,
                         (unsigned long long)member->size);
    }
    if (!read_bytes(unpacking, member->size, &text, err)) {
        return false;
    }
    hash_sha256(text, (size_t)member->size, sha256);
    if (!text_equal(sha256, member->sha256)) {
        (void)error_set(err, ERROR_CONFIG, "%s:%s is not what its " MANIFEST_NAME " says",
                        release->folder, member->path);
        return error_detail(err, "Its SHA-256 is %s, and it should be %s.", sha256, member->sha256);
    }
    const char *shown = arena_printf(release->arena, "%s:%s", release->folder, member->path);
    *ret_text = (struct source){shown, text, (size_t)member->size};
    return true;
}

static void keep(struct reading *reading, const struct member *member, const struct source *text)
{
    struct release *release = reading->release;
    struct migration *migration = &release->migrations[release->n];
    switch (member->kind) {
    case MEMBER_LOCK:
        release->lock = (struct release_file){text->text, text->size};
        break;
    case MEMBER_ORDER:
        release->order = (struct release_file){text->text, text->size};
        break;
    case MEMBER_UP:
        reading_check_name(reading, member->migration);
        migration->name = arena_copy(release->arena, member->migration);
        migration->text = text->text;
        reading_take_text(reading, migration, text);
        release->n++;
        break;
    case MEMBER_DOWN:
        migration--; /* the manifest was refused where it does not follow its own migration */
        migration->down_text = text->text;
        reading_take_down(reading, migration, text);
        break;
    }
}

static bool read_members(struct unpacking *unpacking, struct error *err)
{
    struct release *release = unpacking->reading->release;
    const struct manifest *manifest = &unpacking->manifest;
    struct archive_member extra;
    bool found = false;
    release->migrations =
        arena_alloc(release->arena, (manifest->n_migrations + 1) * sizeof *release->migrations);
    for (size_t i = 0; i < manifest->n; i++) {
        struct source text = {0};
        if (!read_member(unpacking, &manifest->members[i], &text, err)) {
            return false;
        }
        keep(unpacking->reading, &manifest->members[i], &text);
    }
    if (!archive_reader_next(unpacking->archive, &extra, &found, err)) {
        return false;
    }
    return !found ||
           error_set(err, ERROR_CONFIG,
                     "%s has the member \"%s\", which its " MANIFEST_NAME " does not know",
                     release->folder, extra.name);
}

bool bundle_read(struct reading *reading, char ret_digest[HASH_HEX_SIZE], struct error *err)
{
    static const struct archive_limits limits = {
        .member = MIGRATION_LIMIT, .total = BUNDLE_LIMIT, .members = 100000, .code = ERROR_CONFIG};
    CLEANUP(unpacking_clear) struct unpacking unpacking = {.reading = reading};
    const char *path = reading->release->folder;
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, "could not read %s", path);
    }
    if (!archive_reader_open(fd, path, &limits, &unpacking.archive, err) ||
        !read_manifest(&unpacking, err)) {
        return advise("A release is a folder of migrations, or a bundle of one, as headgate "
                      "release bundle makes it.",
                      err);
    }
    if (!read_members(&unpacking, err)) {
        return advise("Fetch it again, or make it again: headgate release bundle -o FILE", err);
    }
    memcpy(ret_digest, unpacking.manifest.digest, HASH_HEX_SIZE);
    return true;
}
