/* Vaults with real packs in them. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/vault.h"
#include "scratch.h"

#define MOMENT ((int64_t)1795897800 * 1000000) /* 2026-11-28 20:30:00 UTC */
#define HOUR ((int64_t)3600 * 1000000)
#define PATIENCE 30000

/* What "vault" of environments.json says: its members. Each test has a folder of its own. */
static inline struct vault *vault_of(const char *members)
{
    struct error err = ERROR_INIT;
    struct environments *set = NULL;
    struct vault *vault = NULL;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "environments.json");
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"vault\":{%s},\"environments\":{\"x\":{\"kind\":\"test\",\"url\":"
                            "\"embedded:x\"}}}",
                            members);
    assert_ok(file_write(path, text, strlen(text), 0600, &err));
    assert_ok(environments_read(path, NULL, &set, &err));
    assert_ok(vault_open(set, &vault, &err));
    environments_freep(&set);
    return vault;
}

static inline struct manifest manifest_of(const char *name, const char *environment,
                                          int64_t created, const char *release)
{
    static struct manifest_table tables[] = {
        {.schema = "public", .name = "orders", .size = 5, .digest = {.rows = 2}}};
    return (struct manifest){.name = name,
                             .environment = environment,
                             .created = created,
                             .release = release,
                             .address = "db1:5432/shop",
                             .database = "shop",
                             .owner = "shop",
                             .database_oid = "16384",
                             .encoding = "UTF8",
                             .server_version = "15.20",
                             .headgate_version = "0.1.0",
                             .pg_dump_version = "15.20",
                             .dump_size = 5,
                             .tables = tables,
                             .n_tables = 1};
}

/* What a backup consists of, and the footer, all but that it is published. */
static inline bool write_pack(struct vault_file *file, const struct manifest *manifest,
                              struct error *err)
{
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    manifest_write(manifest, &text);
    return pack_writer_open(file->fd, file->name, 1, 3, &writer, err) &&
           pack_writer_add(writer, DUMP_FOLDER "/000001", "12345", 5, err) &&
           pack_writer_add(writer, MANIFEST_MEMBER, text.text, text.size, err) &&
           pack_writer_finish(writer, err);
}

/* The caller's name. */
static inline char *make_backup(const struct vault *vault, const char *environment, int64_t created,
                                const char *release)
{
    struct error err = ERROR_INIT;
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, environment, created, &file, &err));
    const struct manifest manifest = manifest_of(file.name, environment, created, release);
    assert_ok(write_pack(&file, &manifest, &err));
    file.manifest = &manifest;
    assert_ok(vault_publish(&file, &err));
    return mem_copy(file.name);
}

static inline struct vault_item found(const struct vault *vault, const char *environment,
                                      const char *named)
{
    struct error err = ERROR_INIT;
    struct vault_item item = {.name = NULL};
    assert_ok(vault_find(vault, environment, named, &item, &err));
    return item;
}

static inline void expect_contents(const struct vault *vault, const struct vault_item *item)
{
    struct error err = ERROR_INIT;
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    assert_ok(vault_archive_open(vault, item, &archive, &err));
    assert_string_equal(archive.manifest->name, item->name);
    assert_int_equal(manifest_rows(archive.manifest), 2);
    const struct pack_member *member = pack_reader_find(archive.reader, DUMP_FOLDER "/000001");
    assert_ok(pack_reader_read(archive.reader, member, &bytes, &err));
    assert_string_equal(bytes.text, "12345");
}

/* A process that began a backup and neither ends it nor goes away. Its part is there when this
 * returns. */
static inline pid_t start_writer(const struct vault *vault)
{
    int ends[2];
    char ready = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = ERROR_INIT;
        struct vault_file file = VAULT_FILE_INIT;
        if (vault_create(vault, "production", MOMENT, &file, &err) &&
            write(file.fd, "half", 4) == 4 && write(ends[1], "!", 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    (void)close(ends[0]);
    return pid;
}

static inline void kill_writer(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* All names in the vault's folder, hidden ones as well. */
static inline size_t count_files(const struct vault *vault)
{
    struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    assert_ok(folder_list(vault_folder(vault), &names, &err));
    return names.n;
}

static inline struct proof a_proof(const char *digest)
{
    return (struct proof){.level = PROOF_RESTORE,
                          .time = MOMENT + HOUR,
                          .actor = mem_copy("somebody"),
                          .archive = mem_copy(digest)};
}
