/*
 * The proof: a scratch server of the same major version, the backup restored into it, and every
 * definition, row and sequence compared. What this machine lacks for it (an extension, a locale) is
 * named.
 */
#include "backup_sql.h"
#include "private.h"

#define SHOWN 20
#define NO_LOCALE "C"

static const char restored[] = "restored";
static const char rewritten[] = "rewritten";

static bool has_extensions(const struct strlist *missing, const struct manifest *manifest,
                           struct error *err)
{
    if (missing->n == 0) {
        return true;
    }
    CLEANUP(mem_freep) char *names = strlist_sentence(missing);
    (void)error_set(err, ERROR_IO, "it needs extensions that are not installed on this machine");
    (void)error_detail(err, "Extensions: %s.", names);
    return error_hint(err, "Install them for PostgreSQL %d, and verify again.",
                      manifest->server_version_number / 10000);
}

static bool run_for_each(struct db *db, const struct db_statement *statement,
                         const struct strlist *roles, size_t step, struct error *err)
{
    for (size_t i = 0; i + step <= roles->n; i += step) {
        const struct db_params names = {(const char *const *)&roles->items[i], step};
        if (!db_run_named(db, statement, names, deadline_in(LOOK_PATIENCE), err)) {
            return error_prefix(err, "role \"%s\"", roles->items[i]);
        }
    }
    return true;
}

/* The roles and what they may: a definition can be restored only by who may make it, and a view is
 * computed as its owner. */
static bool make_roles(struct db *db, const struct manifest *manifest, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist missing = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist extensions = STRLIST_INIT;
    struct manifest wider = *manifest;
    wider.roles = (struct strlist)STRLIST_INIT;
    const struct strlist *const lists[] = {&manifest->roles, &manifest->memberships};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (size_t k = 0; k < lists[i]->n; k++) {
            strlist_add(&wider.roles, lists[i]->items[k]);
        }
    }
    strlist_sort(&wider.roles);
    bool found =
        backup_find_missing(&wider, db, deadline_in(LOOK_PATIENCE), &missing, &extensions, err);
    strlist_clear(&wider.roles);
    return found && has_extensions(&extensions, manifest, err) &&
           run_for_each(db, &SQL_BACKUP_ROLE_CREATE, &missing, 1, err) &&
           run_for_each(db, &SQL_BACKUP_ROLE_SUPERUSER, &manifest->superusers, 1, err) &&
           run_for_each(db, &SQL_BACKUP_ROLE_MEMBER, &manifest->memberships, 2, err);
}

/* A locale that is not installed here only decides about order. */
static bool make_database(struct db *db, const struct manifest *manifest, const char *name,
                          struct proof *proof, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const char *collate = manifest->collate != NULL ? manifest->collate : NO_LOCALE;
    const char *ctype = manifest->ctype != NULL ? manifest->ctype : NO_LOCALE;
    msec deadline = deadline_in(LOOK_PATIENCE);
    if (db_run_named(db, &SQL_BACKUP_DATABASE_CREATE,
                     DB_PARAMS(name, manifest->encoding, collate, ctype), deadline, &failure)) {
        return true;
    }
    if (!db_run_named(db, &SQL_BACKUP_DATABASE_CREATE,
                      DB_PARAMS(name, manifest->encoding, NO_LOCALE, NO_LOCALE), deadline, err)) {
        return false;
    }
    if (name == restored) {
        strlist_printf(&proof->not_proven,
                       "the order of texts: locale \"%s\" is not installed on this machine",
                       collate);
    }
    return true;
}

static bool prepare(const struct conninfo *conninfo, const struct manifest *manifest,
                    struct proof *proof, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    const struct db_options options = {.purpose = "verify"};
    if (!db_open(conninfo, &options, deadline_in(CONNECT_PATIENCE), &db, err)) {
        return false;
    }
    proof->server_version = mem_copy(db_identity(db)->version_text);
    return make_roles(db, manifest, err) && make_database(db, manifest, restored, proof, err) &&
           make_database(db, manifest, rewritten, proof, err);
}

static void tell_differences(const struct strlist *differences, struct proof *proof)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "restore: the restored database differs from the backup in %zu place%s",
                  differences->n, differences->n == 1 ? "" : "s");
    for (size_t i = 0; i < differences->n && i < SHOWN; i++) {
        strbuf_printf(&text, "%s %s", i == 0 ? ":" : ";", differences->items[i]);
    }
    proof->failed = true;
    proof->why = strbuf_take(&text);
}

static bool restore_into(const struct verify_request *request, const struct vault_archive *archive,
                         const struct conninfo *server, const char *programs, struct proof *proof,
                         struct error *err)
{
    CLEANUP(conninfo_freep) struct conninfo *target = conninfo_with_database(server, restored);
    CLEANUP(conninfo_freep) struct conninfo *again = conninfo_with_database(server, rewritten);
    CLEANUP(strlist_clear) struct strlist differences = STRLIST_INIT;
    CLEANUP(mem_freep)
    struct row_digest *digests = mem_new(archive->manifest->n_tables + 1, sizeof *digests);
    const struct load_request load = {.archive = archive,
                                      .conninfo = target,
                                      .programs = programs,
                                      .jobs = request->jobs,
                                      .scratch = true,
                                      .digests = digests,
                                      .observer = request->observer};
    if (!prepare(server, archive->manifest, proof, err) || !backup_load(&load, err) ||
        !backup_compare(&load, again, &differences, &proof->not_proven, err)) {
        return false;
    }
    if (differences.n > 0) {
        tell_differences(&differences, proof);
    }
    proof->tables = archive->manifest->n_tables;
    proof->rows = manifest_rows(archive->manifest);
    return true;
}

bool prove_by_restoring(const struct verify_request *request, const struct vault_archive *archive,
                        struct proof *proof, struct error *err)
{
    CLEANUP(server_programs_clear) struct server_programs server = {0};
    CLEANUP(tools_clear) struct tools tools = {0};
    CLEANUP(scratch_closep) struct scratch *scratch = NULL;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    if (!servers_find_major(archive->manifest->server_version_number / 10000, &server, err) ||
        !tools_find(manifest_dump_major(archive->manifest), &tools, err)) {
        return is_of_machine(err) || error_prefix(err, "it cannot be restored on this machine");
    }
    pack_reader_trust(archive->reader); /* its checksums come first */
    return scratch_open(&server, deadline_in(CONNECT_PATIENCE), &scratch, err) &&
           conninfo_parse(scratch_conninfo(scratch), &conninfo, err) &&
           restore_into(request, archive, conninfo, tools.folder, proof, err);
}
