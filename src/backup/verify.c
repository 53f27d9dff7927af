/*
 * Verifying a backup, level by level; each names what it proves.
 *
 *   checksums   every byte of the file is what was written
 *   contents    every member can be unpacked, pg_restore can read all of it, and it holds the
 *               tables, rows and digests of the manifest
 *   restore     it can be restored, and the restored database is the one that was backed up; that
 *               every member can be unpacked is part of it
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

/* The scratch server has no room, was ended, is gone, cannot open a file: that is about this
 * machine. */
static bool is_about_the_server(const struct error *err)
{
    static const char *const classes[] = {"08", "53", "57", "58"};
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (text_starts(err->sqlstate, classes[i])) {
            return true;
        }
    }
    return err->sqlstate[0] == '\0';
}

/* That something is wrong with the backup is an answer; that we were stopped, or something else is
 * wrong here, is none: it would call a good backup bad, and take its earlier proof. */
static bool is_about_the_backup(const struct error *err)
{
    return err->code == ERROR_BACKUP || (err->code == ERROR_DATABASE && !is_about_the_server(err));
}

static void tell_bad(struct proof *proof, enum proof_level level, const struct error *failure)
{
    proof->failed = true;
    proof->why =
        failure->detail != NULL
            ? mem_printf("%s: %s (%s)", proof_level_name(level), failure->message, failure->detail)
            : mem_printf("%s: %s", proof_level_name(level), failure->message);
}

/* --- checksums --- */

static void on_checked(void *context, uint64_t bytes, uint64_t total)
{
    struct stage *stage = context;
    stage->total = total;
    stage_tell(stage, bytes, NULL);
}

static bool check_sums(const struct verify_request *request, const struct vault_archive *archive,
                       struct error *err)
{
    struct stage stage = stage_begin(&request->observer, "checksums", 0);
    const struct pack_progress progress = {.done = on_checked, .context = &stage};
    if (!pack_reader_check(archive->reader, request->jobs, &progress, err)) {
        return false;
    }
    stage_end(&stage, pack_reader_size(archive->reader));
    return true;
}

/* --- contents --- */

/* The stream goes through our own reader and through pg_restore. */
struct reading {
    struct dump_reader *reader;
    struct process_beside program;
    int input; /* pg_restore's; -1: it has stopped reading, and its end will say why */
    struct stage stage;
    uint64_t done;
};

static void reading_clear(struct reading *reading)
{
    fd_closep(&reading->input);
    process_beside_clear(&reading->program);
    dump_reader_freep(&reading->reader);
}

static bool start_pg_restore(struct reading *reading, const struct manifest *manifest,
                             struct error *err)
{
    CLEANUP(tools_clear) struct tools tools = {0};
    int ends[2];
    if (!tools_find(manifest_dump_major(manifest), &tools, err)) {
        return is_of_machine(err);
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    CLEANUP(fd_closep) int theirs = ends[0];
    reading->input = ends[1];
    const struct tool_run run = {
        .place.folder = tools.folder,
        .program = "pg_restore",
        .arguments = (const char *const[]){"--exit-on-error", "--file=/dev/null", NULL}};
    return tool_start(&run, theirs, &reading->program, err);
}

static bool hand_on(struct reading *reading, const char *bytes, size_t n, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (reading->input < 0 || fd_write_all(reading->input, bytes, n, &failure)) {
        return true;
    }
    if (failure.sys_errno != EPIPE) {
        error_move(err, &failure);
        return false;
    }
    fd_closep(&reading->input);
    return true;
}

static bool feed(void *context, const char *bytes, size_t n, struct error *err)
{
    struct reading *reading = context;
    reading->done += n;
    stage_tell(&reading->stage, reading->done, NULL);
    if (interrupt_pending() != 0) {
        return interrupt_error(err);
    }
    return hand_on(reading, bytes, n, err) && dump_reader_feed(reading->reader, bytes, n, err);
}

static bool end_pg_restore(struct reading *reading, struct error *err)
{
    const struct tool_run run = {.program = "pg_restore"};
    fd_closep(&reading->input);
    return tool_wait(&run, &reading->program, err);
}

static bool is_as_the_manifest_says(const struct manifest *manifest,
                                    const struct dump_reader *reader, struct error *err)
{
    size_t n = 0, at = 0;
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    for (size_t i = 0; i < n; i++) {
        if (blocks[i].is_blobs) {
            continue;
        }
        const struct manifest_table *table = at < manifest->n_tables ? &manifest->tables[at] : NULL;
        if (table == NULL || table->dump_id != blocks[i].entry->id ||
            !row_digest_equal(&table->digest, &blocks[i].digest)) {
            CLEANUP(mem_freep) char *name = dump_entry_display(blocks[i].entry);
            return error_set(err, ERROR_BACKUP, "%s is not what the manifest says", name);
        }
        at++;
    }
    return at == manifest->n_tables ||
           error_set(err, ERROR_BACKUP, "the manifest has %zu tables, the dump %zu",
                     manifest->n_tables, at);
}

/* Members that are no part of the dump: they are read, and so hashed. */
static bool read_others(const struct vault_archive *archive, struct error *err)
{
    size_t n = 0;
    const struct pack_member *members = pack_reader_members(archive->reader, &n);
    for (size_t i = 0; i < n; i++) {
        CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
        if (!text_starts(members[i].name, DUMP_FOLDER "/") &&
            !pack_reader_read(archive->reader, &members[i], &bytes, err)) {
            return false;
        }
    }
    return true;
}

static bool read_all(const struct vault_archive *archive, struct reading *reading,
                     struct error *err)
{
    CLEANUP(contents_clear) struct contents contents = {.bytes = STRBUF_INIT};
    return contents_open(archive, &contents, err) && read_others(archive, err) &&
           start_pg_restore(reading, archive->manifest, err) &&
           contents_read(&contents, 0, archive->manifest->dump_size, feed, reading, err) &&
           dump_reader_finish(reading->reader, err) && end_pg_restore(reading, err) &&
           is_as_the_manifest_says(archive->manifest, reading->reader, err);
}

static bool check_contents(const struct verify_request *request,
                           const struct vault_archive *archive, struct error *err)
{
    const struct dump_handler handler = {0};
    uint64_t size = archive->manifest->dump_size;
    CLEANUP(reading_clear)
    struct reading reading = {.reader = dump_reader_new(&handler),
                              .program = PROCESS_BESIDE_INIT,
                              .input = -1,
                              .stage = stage_begin(&request->observer, "contents", size)};
    if (!read_all(archive, &reading, err)) {
        return false;
    }
    stage_end(&reading.stage, size);
    return true;
}

/* --- all of it --- */

static bool prove(const struct verify_request *request, const struct vault_archive *archive,
                  struct proof *proof, struct error *err)
{
    if (!check_sums(request, archive, err)) {
        return false;
    }
    proof->level = PROOF_CHECKSUMS;
    if (request->level == PROOF_CONTENTS) {
        if (!check_contents(request, archive, err)) {
            return false;
        }
        proof->level = PROOF_CONTENTS;
    }
    if (request->level == PROOF_RESTORE) {
        if (!prove_by_restoring(request, archive, proof, err)) {
            return false;
        }
        proof->level = proof->failed ? PROOF_CHECKSUMS : PROOF_RESTORE;
    }
    return true;
}

/* What was proven before by a higher level is not forgotten because a lower one was asked for now:
 * of the same archive, and with the moment at which it was proven. */
static void keep_better(const struct verify_request *request, struct proof *proof)
{
    const struct proof *before = &request->item->proof;
    if (proof->failed || before->time == 0 || before->failed || before->level <= proof->level ||
        !text_equal(before->archive, proof->archive)) {
        return;
    }
    proof->level = before->level;
    proof->time = before->time;
    proof->took = before->took;
    proof->tables = before->tables;
    proof->rows = before->rows;
    mem_free(proof->actor);
    proof->actor = mem_copy(before->actor);
    mem_free(proof->server_version);
    proof->server_version = mem_copy(before->server_version);
    for (size_t i = 0; i < before->not_proven.n; i++) {
        strlist_add(&proof->not_proven, before->not_proven.items[i]);
    }
}

static enum proof_level level_at_hand(const struct proof *proof,
                                      const struct verify_request *request)
{
    return proof->level == PROOF_NONE ? PROOF_CHECKSUMS : request->level;
}

/* Nothing was said of it: what was proven before stands. Which one it is the caller says. */
static bool could_not(struct error *err)
{
    if (err->code == ERROR_IO || err->code == ERROR_DATABASE || err->code == ERROR_TIMEOUT) {
        err->code = ERROR_BACKUP;
    }
    return false;
}

bool backup_verify(const struct verify_request *request, struct proof *ret_proof, struct error *err)
{
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    CLEANUP(proof_clear)
    struct proof proof = {.actor = mem_copy(request->actor), .time = wall_now_usec()};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    msec began = clock_now();
    vault_sweep(request->vault);
    bool good = vault_archive_open(request->vault, request->item, &archive, &failure);
    if (good) {
        proof.archive = mem_copy(pack_reader_digest(archive.reader));
        good = prove(request, &archive, &proof, &failure);
    }
    if (!good && !is_about_the_backup(&failure)) {
        error_move(err, &failure);
        return could_not(err);
    }
    if (!good) {
        tell_bad(&proof, level_at_hand(&proof, request), &failure);
    }
    proof.took = clock_now() - began;
    keep_better(request, &proof);
    if (!vault_write_proof(request->vault, request->item, &proof, err)) {
        return false;
    }
    *ret_proof = proof;
    proof = (struct proof){0};
    return true;
}
