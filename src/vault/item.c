/* What can be known of one file of the vault, and its contents. */
#include "headgate/file.h"
#include "private.h"

bool archive_manifest(const struct pack_reader *reader, const char *name,
                      struct manifest **ret_manifest, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(manifest_freep) struct manifest *manifest = NULL;
    const struct pack_member *member = pack_reader_find(reader, MANIFEST_MEMBER);
    if (member == NULL) {
        return error_set(err, ERROR_BACKUP,
                         "this archive has no " MANIFEST_MEMBER ": it is no backup");
    }
    if (!pack_reader_read(reader, member, &text, err) ||
        !manifest_parse(text.text, text.size, &manifest, err)) {
        return false;
    }
    /* A copy under another's name would pass for that one. */
    if (!text_equal(manifest->name, name)) {
        (void)error_set(err, ERROR_BACKUP, "this file holds another backup, %s", manifest->name);
        return error_hint(err, "Give it the name back that it was made under.");
    }
    *ret_manifest = TAKE(manifest);
    return true;
}

static bool read_encrypted(const struct depot *depot, const struct stored *stored,
                           struct vault_item *item, struct error *err)
{
    if (!seal_of(stored, item->digest, err)) {
        return false;
    }
    item->manifest = summary_read(depot, item->name);
    if (item->manifest != NULL) {
        return true;
    }
    (void)error_set(err, ERROR_BACKUP,
                    "it is encrypted, and there is no %s" SUMMARY_END " beside it that says what "
                    "it is",
                    item->name);
    return error_hint(err, "With an identity (\"identity\" of \"vault\" in environments.json) it "
                           "can be verified and restored all the same.");
}

static bool read_plain(const struct stored *stored, struct vault_item *item, struct error *err)
{
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    if (!stored_open_pack(stored, item->path, &reader, err)) {
        return false;
    }
    memcpy(item->digest, pack_reader_digest(reader), sizeof item->digest);
    return archive_manifest(reader, item->name, &item->manifest, err);
}

static bool read_contents(const struct depot *depot, const char *file, struct vault_item *item,
                          struct error *err)
{
    CLEANUP(stored_closep) struct stored *stored = NULL;
    if (!depot->kind->open(depot, file, &stored, err)) {
        return false;
    }
    item->size = stored->size;
    return item->encrypted ? read_encrypted(depot, stored, item, err)
                           : read_plain(stored, item, err);
}

void item_read(const struct depot *depot, const char *file, struct vault_item *ret_item)
{
    struct vault_item item = {.error = ERROR_INIT};
    item.name = archive_name_of(file, &item.encrypted);
    item.path = depot_path(depot, file);
    if (read_contents(depot, file, &item, &item.error) &&
        !backup_name_parse(item.name, &item.environment, &item.created)) {
        (void)error_set(&item.error, ERROR_BACKUP, "%s is no name of a backup", item.name);
        manifest_freep(&item.manifest);
    }
    if (item.environment == NULL &&
        !backup_name_parse(item.name, &item.environment, &item.created)) {
        item.environment = mem_copy("");
    }
    proof_read(depot, item.name, item.digest, &item.proof);
    *ret_item = item;
}

void vault_item_clear(struct vault_item *item)
{
    mem_free(item->name);
    mem_free(item->path);
    mem_free(item->environment);
    manifest_freep(&item->manifest);
    error_clear(&item->error);
    proof_clear(&item->proof);
    *item = (struct vault_item){.error = ERROR_INIT};
}

bool vault_archive_open(const struct vault *vault, const struct vault_item *item,
                        struct vault_archive *ret_archive, struct error *err)
{
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    CLEANUP(depot_clear) struct depot other = {0};
    CLEANUP(mem_freep) char *folder = path_parent(item->path);
    const struct depot *depot = depot_of(vault, folder, &other);
    if (!depot->kind->open(depot, path_name(item->path), &archive.stored, err)) {
        return false;
    }
    if (item->encrypted && !age_decrypt(vault, item, archive.stored, &archive.fd, err)) {
        return false;
    }
    bool opened = item->encrypted
                      ? pack_reader_open(archive.fd, item->path, &archive.reader, err)
                      : stored_open_pack(archive.stored, item->path, &archive.reader, err);
    if (!opened || !archive_manifest(archive.reader, item->name, &archive.manifest, err) ||
        (item->encrypted && !summary_check(item->manifest, archive.manifest, err))) {
        return false;
    }
    ret_archive->fd = fd_take(&archive.fd);
    ret_archive->stored = TAKE(archive.stored);
    ret_archive->reader = TAKE(archive.reader);
    ret_archive->manifest = TAKE(archive.manifest);
    return true;
}

void vault_archive_clear(struct vault_archive *archive)
{
    manifest_freep(&archive->manifest);
    pack_reader_freep(&archive->reader);
    stored_closep(&archive->stored);
    fd_closep(&archive->fd);
}

bool vault_remove(const struct vault *vault, const struct vault_item *item, struct error *err)
{
    static const char *const ends[] = {PROOF_END, SUMMARY_END};
    CLEANUP(mem_freep) char *folder = path_parent(item->path);
    CLEANUP(depot_clear) struct depot other = {0};
    const struct depot *depot = depot_of(vault, folder, &other);
    if (!depot->kind->remove(depot, path_name(item->path), err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        CLEANUP(mem_freep) char *file = mem_printf("%s%s", item->name, ends[i]);
        if (!depot->kind->remove(depot, file, err)) {
            return false;
        }
    }
    return depot->kind->sync(depot, err);
}
