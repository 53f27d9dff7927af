/* A world for backups: a database with a bit of everything, an environment "x" that points at it,
 * and a vault. */
#pragma once

#include "../db/sessions.h"

#include "headgate/file.h"
#include "private.h"

struct backing {
    char *folder; /* of the environments file; the vault is in its subfolder "vault" */
    char *url;
    struct environments *set;
    struct vault *vault;
    struct strbuf said; /* by the observer, a line a sentence */
};

__attribute__((unused)) static void note_sentence(void *context, const char *sentence)
{
    struct backing *backing = context;
    strbuf_printf(&backing->said, "%s\n", sentence);
}

__attribute__((unused)) static struct environment *the_environment(const struct backing *backing)
{
    return &backing->set->items[0];
}

/* `members` of the vault, such as ",\"keep\":{...}". */
__attribute__((unused)) static void backing_read(struct backing *backing, const char *members)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(backing->folder, "environments.json");
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"vault\":{\"path\":\"vault\"%s},\"environments\":{\"x\":{\"kind\":"
                            "\"test\",\"url\":\"%s\"}}}",
                            members, backing->url);
    vault_freep(&backing->vault);
    environments_freep(&backing->set);
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &backing->set, &err));
    assert_ok(vault_open(backing->set, &backing->vault, &err));
}

/* A new database of this name, filled by a file of SQL. */
__attribute__((unused)) static void backing_open(struct backing *backing, const char *name,
                                                 const char *sql)
{
    struct error err = ERROR_INIT;
    *backing = (struct backing){.said = STRBUF_INIT};
    backing->folder = path_join(scratch_dir(), name);
    backing->url = mem_printf("%s dbname=%s", scratch_postgres(), name);
    assert_ok(folder_make(backing->folder, 0755, &err));
    scratch_sh("psql -Xq '%s' -c 'create database %s'", scratch_postgres(), name);
    CLEANUP(mem_freep) char *file = path_join(backing->folder, "fill.sql");
    assert_ok(file_write(file, sql, strlen(sql), 0644, &err));
    scratch_sh("PGOPTIONS='-c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1 '%s' -f %s",
               backing->url, file);
    backing_read(backing, "");
}

__attribute__((unused)) static void backing_close(struct backing *backing)
{
    vault_freep(&backing->vault);
    environments_freep(&backing->set);
    mem_free(backing->folder);
    mem_free(backing->url);
    strbuf_clear(&backing->said);
}

__attribute__((unused)) static bool back_up(struct backing *backing, struct backup_made *ret_made,
                                            struct error *err)
{
    const struct backup_request request = {.environment = the_environment(backing),
                                           .vault = backing->vault,
                                           .actor = "anna@here",
                                           .observer = {.say = note_sentence, .context = backing}};
    return backup_create(&request, ret_made, err);
}

/* The newest backup. */
__attribute__((unused)) static void newest(const struct backing *backing,
                                           struct vault_item *ret_item)
{
    struct error err = ERROR_INIT;
    assert_ok(vault_find(backing->vault, "x", "latest", ret_item, &err));
}

__attribute__((unused)) static bool verify(struct backing *backing, enum proof_level level,
                                           struct proof *ret_proof, struct error *err)
{
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    newest(backing, &item);
    const struct verify_request request = {.vault = backing->vault,
                                           .item = &item,
                                           .level = level,
                                           .actor = "anna@here",
                                           .observer = {.say = note_sentence, .context = backing}};
    return backup_verify(&request, ret_proof, err);
}
