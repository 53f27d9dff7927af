/* What has arrived gets its name, once it is certain that it is what was sent. */
#include <errno.h>

#include "pump_work.h"

static bool sha256_by_program(struct pump *pump, char ret_sha256[HASH_HEX_SIZE])
{
    const struct depot_line *line = &pump->plan->depot->line;
    const char *const argv[] = {"sha256sum", "--", pump->plan->part, NULL};
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    if (line->run == NULL || !line->run(line->context, argv, &result, &none) ||
        result.exit_status != 0) {
        return false;
    }
    const char *digits = result.out.text + (result.out.text[0] == '\\' ? 1 : 0);
    if (strspn(digits, "0123456789abcdef") != HASH_HEX_SIZE - 1) {
        return false;
    }
    memcpy(ret_sha256, digits, HASH_HEX_SIZE - 1);
    ret_sha256[HASH_HEX_SIZE - 1] = '\0';
    return true;
}

static bool sha256_by_reading(struct pump *pump, char ret_sha256[HASH_HEX_SIZE], struct error *err)
{
    CLEANUP(sftp_file_closep) struct sftp_file *file = NULL;
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    CLEANUP(mem_freep) char *room = mem_resize(NULL, PUMP_PIECE, 1);
    size_t n = PUMP_PIECE;
    if (!sftp_open_to_read(pump->sftp, pump->plan->part, &file, err)) {
        return false;
    }
    for (uint64_t at = 0; n == PUMP_PIECE; at += n) {
        if (!sftp_read_at(file, room, PUMP_PIECE, at, &n, err)) {
            return false;
        }
        hash_add(hash, room, n);
    }
    hash_finish(hash, ret_sha256);
    return true;
}

static bool compare(struct pump *pump, struct error *err)
{
    CLEANUP(sftp_entry_clear) struct sftp_entry entry = {.name = NULL};
    char sha256[HASH_HEX_SIZE];
    const char *shown = pump->plan->depot->line.shown;
    if (!sftp_stat(pump->sftp, pump->plan->part, &entry, err)) {
        return false;
    }
    if (entry.size != pump->taken) {
        return error_set(err, ERROR_BACKUP, "%s has %llu bytes of the backup, and %llu were sent",
                         shown, (unsigned long long)entry.size, (unsigned long long)pump->taken);
    }
    if (!sha256_by_program(pump, sha256) && !sha256_by_reading(pump, sha256, err)) {
        return false;
    }
    return text_equal(sha256, pump->sha256) ||
           error_set(err, ERROR_BACKUP,
                     "what lies on %s is not what was sent: its SHA-256 is another", shown);
}

static bool make_durable(struct pump *pump, struct error *err)
{
    bool durable = false;
    return pump_send(pump, err) && sftp_sync(pump->file, &durable, err) && compare(pump, err);
}

/* Whether a name was given when the session broke only looking tells. */
static bool has_its_name(struct pump *pump)
{
    CLEANUP(sftp_entry_clear) struct sftp_entry part = {.name = NULL};
    CLEANUP(sftp_entry_clear) struct sftp_entry whole = {.name = NULL};
    CLEANUP(error_clear) struct error missing = ERROR_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    return !sftp_stat(pump->sftp, pump->plan->part, &part, &missing) &&
           missing.sys_errno == ENOENT && sftp_stat(pump->sftp, pump->plan->path, &whole, &none) &&
           whole.size == pump->taken;
}

/* From here on it has its name, or will have: a wish to stop comes too late. */
static bool give_name(struct pump *pump, struct error *err)
{
    CLEANUP(sftp_file_closep) struct sftp_file *folder = NULL;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    bool durable = false;
    pump->made = false; /* a new session does not look for the part */
    sftp_file_closep(&pump->file);
    sftp_wind_up(pump->sftp, deadline_in(sftp_depot_patience(pump->plan->depot)));
    if (!has_its_name(pump) && !sftp_rename(pump->sftp, pump->plan->part, pump->plan->path, err)) {
        return false;
    }
    if (!sftp_open_to_read(pump->sftp, pump->plan->folder, &folder, &none) ||
        !sftp_sync(folder, &durable, &none)) {
        if (none.code != ERROR_IO) { /* a server that cannot is not to blame */
            error_move(err, &none);
            return false;
        }
    }
    pump_remove_word(pump);
    return true;
}

bool pump_give_name(struct pump *pump, struct error *err)
{
    hash_finish(pump->hash, pump->sha256);
    hash_freep(&pump->hash);
    if (!pump_persist(pump, make_durable, err)) {
        return false;
    }
    if (pump_persist(pump, give_name, err)) {
        return true;
    }
    pump->made = true;
    return false;
}
