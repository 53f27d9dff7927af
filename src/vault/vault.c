/* The vault as a place: where it is, whether there is room, new files in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

#define AGE_PATIENCE ((msec)600000) /* to encrypt what is still in the pipe, and to write it */

bool vault_open(const struct environments *set, struct vault **ret_vault, struct error *err)
{
    struct vault_place place;
    if (!environments_vault(set, &place, err)) {
        return false;
    }
    struct vault *vault = mem_new(1, sizeof *vault);
    vault->folder = mem_copy(place.folder);
    vault->identity = mem_copy(place.identity);
    vault->keep = set->keep;
    for (size_t i = 0; i < place.n_recipients; i++) {
        strlist_add(&vault->recipients, place.recipients[i]);
    }
    *ret_vault = vault;
    return true;
}

void vault_freep(struct vault **vault)
{
    if (*vault == NULL) {
        return;
    }
    mem_free((*vault)->folder);
    mem_free((*vault)->identity);
    strlist_clear(&(*vault)->recipients);
    mem_free(TAKE(*vault));
}

const char *vault_folder(const struct vault *vault)
{
    return vault->folder;
}

bool vault_encrypts(const struct vault *vault)
{
    return vault->recipients.n > 0;
}

char *beside(const char *folder, const char *name, const char *end)
{
    return mem_printf("%s/%s%s", folder, name, end);
}

bool vault_make_folder(const struct vault *vault, struct error *err)
{
    if (folder_make(vault->folder, 0700, err)) {
        return true;
    }
    (void)error_prefix(err, "the vault");
    return error_hint(err, "\"path\" of \"vault\" in environments.json says where it is.");
}

/* --- room --- */

/* Of the nearest folder that is there. */
static bool free_bytes(const char *folder, uint64_t *ret_free, struct error *err)
{
    CLEANUP(mem_freep) char *at = mem_copy(folder);
    struct statvfs about;
    while (statvfs(at, &about) != 0) {
        char *above = path_parent(at);
        if (errno != ENOENT || text_equal(above, at)) {
            mem_free(above);
            return error_set_errno(err, "could not look for free room in %s", folder);
        }
        mem_free(at);
        at = above;
    }
    *ret_free = (uint64_t)about.f_bavail * about.f_frsize;
    return true;
}

bool vault_check_room(const struct vault *vault, uint64_t bytes, struct error *err)
{
    uint64_t there = 0;
    if (!free_bytes(vault->folder, &there, err)) {
        return false;
    }
    if (bytes <= there) {
        return true;
    }
    CLEANUP(mem_freep) char *has = size_human(there);
    CLEANUP(mem_freep) char *wants = size_human(bytes);
    (void)error_set(err, ERROR_BACKUP, "%s has %s free, and the backup needs about %s",
                    vault->folder, has, wants);
    return error_hint(err, "headgate backup prune removes what \"keep\" does not keep; a vault on "
                           "a larger disk is named by \"path\" of \"vault\" in environments.json.");
}

/* --- new files --- */

static bool is_taken(const struct vault *vault, const char *name)
{
    CLEANUP(mem_freep) char *plain = beside(vault->folder, name, ARCHIVE_END);
    CLEANUP(mem_freep) char *encrypted = beside(vault->folder, name, ENCRYPTED_END);
    return path_exists(plain) || path_exists(encrypted);
}

static bool open_file(const struct vault *vault, const char *environment, int64_t created,
                      struct vault_file *file, struct error *err)
{
    const char *end = vault_encrypts(vault) ? ENCRYPTED_END : ARCHIVE_END;
    bool taken = true;
    while (taken) {
        CLEANUP(mem_freep) char *name = backup_name_make(environment, created);
        CLEANUP(mem_freep) char *file_name = mem_printf("%s%s", name, end);
        if (!is_taken(vault, name) &&
            !part_open(vault->folder, file_name, &file->temporary, &file->file, &taken, err)) {
            return false;
        }
        if (!taken) {
            file->name = TAKE(name);
            file->path = path_join(vault->folder, file_name);
        }
    }
    return true;
}

bool vault_create(const struct vault *vault, const char *environment, int64_t created,
                  struct vault_file *ret_file, struct error *err)
{
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    if (!vault_make_folder(vault, err)) {
        return false;
    }
    vault_sweep(vault);
    if (!open_file(vault, environment, created, &file, err)) {
        return false;
    }
    file.folder = mem_copy(vault->folder);
    if (!vault_encrypts(vault)) {
        file.fd = file.file;
    } else if (!age_encrypt(vault, file.file, &file.fd, &file.encrypter, err)) {
        return false;
    }
    *ret_file = file;
    file = (struct vault_file)VAULT_FILE_INIT;
    return true;
}

static bool finish_encrypting(struct vault_file *file, struct error *err)
{
    if (file->encrypter.pidfd < 0) {
        return true;
    }
    fd_closep(&file->fd);
    if (process_wait(&file->encrypter, deadline_in(AGE_PATIENCE), err)) {
        return true;
    }
    if (err->code == ERROR_IO) {
        err->code = ERROR_BACKUP;
    }
    return error_prefix(err, "could not encrypt the backup");
}

bool vault_publish(struct vault_file *file, struct error *err)
{
    bool encrypted = file->fd != file->file;
    if (!finish_encrypting(file, err)) {
        return false;
    }
    if (encrypted && file->manifest != NULL && !summary_write(file->folder, file->manifest, err)) {
        return false;
    }
    if (!part_publish(file->folder, file->temporary, file->file, file->path, err)) {
        return false;
    }
    mem_free(TAKE(file->temporary));
    return true;
}

/* The one that writes into it ends first, so that nothing is left to be written. */
void vault_file_clear(struct vault_file *file)
{
    if (file->fd != file->file) {
        fd_closep(&file->fd);
    }
    process_beside_clear(&file->encrypter);
    if (file->temporary != NULL) {
        (void)unlink(file->temporary);
    }
    fd_closep(&file->file);
    mem_free(file->name);
    mem_free(file->temporary);
    mem_free(file->path);
    mem_free(file->folder);
    *file = (struct vault_file)VAULT_FILE_INIT;
}
