/* The vault as a place: where it is, whether there is room, new files in it. */
#include "depot_sftp.h"
#include "headgate/file.h"
#include "private.h"

#define AGE_PATIENCE ((msec)600000) /* to encrypt what is still in the pipe, and to write it */

static struct vault *make_vault(const struct environments *set, const struct vault_place *place,
                                struct depot depot)
{
    struct vault *vault = mem_new(1, sizeof *vault);
    vault->depot = depot;
    vault->identity = mem_copy(place->identity);
    vault->keep = set->keep;
    for (size_t i = 0; i < place->n_recipients; i++) {
        strlist_add(&vault->recipients, place->recipients[i]);
    }
    return vault;
}

bool vault_open(const struct environments *set, struct vault **ret_vault, struct error *err)
{
    struct vault_place place;
    if (!environments_vault(set, &place, err)) {
        return false;
    }
    *ret_vault = make_vault(set, &place,
                            place.ssh != NULL ? depot_over_ssh(place.ssh, place.folder)
                                              : depot_of_folder(place.folder));
    return true;
}

struct vault *vault_over_sftp(const struct environments *set, const struct depot_line *line,
                              const char *folder, struct error *err)
{
    struct vault_place place;
    return environments_vault(set, &place, err)
               ? make_vault(set, &place, depot_over_sftp(line, folder))
               : NULL;
}

void vault_freep(struct vault **vault)
{
    if (*vault == NULL) {
        return;
    }
    depot_clear(&(*vault)->depot);
    mem_free((*vault)->identity);
    strlist_clear(&(*vault)->recipients);
    mem_free(TAKE(*vault));
}

const char *vault_folder(const struct vault *vault)
{
    return vault->depot.shown;
}

bool vault_encrypts(const struct vault *vault)
{
    return vault->recipients.n > 0;
}

const struct depot *depot_of(const struct vault *vault, const char *folder, struct depot *ret_other)
{
    if (text_equal(folder, vault->depot.shown)) {
        return &vault->depot;
    }
    *ret_other = depot_of_folder(folder);
    return ret_other;
}

bool vault_make_folder(const struct vault *vault, struct error *err)
{
    if (vault->depot.kind->make(&vault->depot, err)) {
        return true;
    }
    (void)error_prefix(err, "the vault");
    return error_hint(err, "\"path\" of \"vault\" in environments.json says where it is.");
}

/* --- room --- */

bool vault_check_room(const struct vault *vault, uint64_t bytes, struct error *err)
{
    uint64_t there = 0;
    if (!vault->depot.kind->free_bytes(&vault->depot, &there, err)) {
        return false;
    }
    if (bytes <= there) {
        return true;
    }
    CLEANUP(mem_freep) char *has = size_human(there);
    CLEANUP(mem_freep) char *wants = size_human(bytes);
    (void)error_set(err, ERROR_BACKUP, "%s has %s free, and the backup needs about %s",
                    vault->depot.shown, has, wants);
    return error_hint(err, "headgate backup prune removes what \"keep\" does not keep; a vault on "
                           "a larger disk is named by \"path\" of \"vault\" in environments.json.");
}

/* --- new files --- */

static bool is_taken(const struct vault *vault, const char *name, bool *ret_taken,
                     struct error *err)
{
    const struct depot *depot = &vault->depot;
    return depot_has(depot, "", name, ARCHIVE_END, ret_taken, err) &&
           (*ret_taken || depot_has(depot, "", name, ENCRYPTED_END, ret_taken, err));
}

/* Where another one has the name already, the next moment's is tried. */
static bool open_file(const struct vault *vault, const char *environment, int64_t created,
                      struct vault_file *file, struct error *err)
{
    const char *end = vault_encrypts(vault) ? ENCRYPTED_END : ARCHIVE_END;
    const struct depot *depot = &vault->depot;
    bool taken = true;
    while (taken) {
        CLEANUP(mem_freep) char *name = backup_name_make(environment, created);
        CLEANUP(mem_freep) char *file_name = mem_printf("%s%s", name, end);
        file->path = depot_path(depot, file_name);
        if (!is_taken(vault, name, &taken, err) ||
            (!taken && !depot->kind->create(depot, file_name, file, &taken, err))) {
            return false;
        }
        if (taken) {
            mem_free(TAKE(file->path));
            created += NAME_STEP_USEC;
        } else {
            file->name = TAKE(name);
        }
    }
    return true;
}

bool vault_create(const struct vault *vault, const char *environment, int64_t created,
                  struct vault_file *ret_file, struct error *err)
{
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    file.depot = &vault->depot;
    if (!vault_make_folder(vault, err)) {
        return false;
    }
    vault_sweep(vault);
    if (!open_file(vault, environment, created, &file, err)) {
        return false;
    }
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
    (void)error_prefix(err, "could not encrypt the backup");
    return vault_file_explain(file, err);
}

bool vault_file_explain(struct vault_file *file, struct error *err)
{
    return file->depot != NULL && file->depot->kind->explain != NULL &&
           file->depot->kind->explain(file, err);
}

bool vault_publish(struct vault_file *file, struct error *err)
{
    bool encrypted = file->fd != file->file;
    if (!finish_encrypting(file, err)) {
        return false;
    }
    if (encrypted && file->manifest != NULL && !summary_write(file->depot, file->manifest, err)) {
        return false;
    }
    if (!file->depot->kind->publish(file, err)) {
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
        file->depot->kind->discard(file);
    }
    fd_closep(&file->file);
    mem_free(file->name);
    mem_free(file->temporary);
    mem_free(file->path);
    *file = (struct vault_file)VAULT_FILE_INIT;
}
