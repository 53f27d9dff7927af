/* What the server, our role there and the backup say against a restore: found before it begins. */
#include "private.h"

#include "restore_sql.h"

#define TOLD 10

/* --- the server as a whole --- */

static void refuse_standby(struct restore_plan *plan)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED,
                    "this server is a standby, which cannot be written");
    (void)error_detail(&plan->refusal, "It is %s.", plan->address);
    (void)error_hint(&plan->refusal, "Point \"url\" of environment \"%s\" at its primary.",
                     plan->request->environment->name);
}

static void refuse_pooler(struct restore_plan *plan)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED, "a connection pooler stands before this server");
    (void)error_detail(&plan->refusal,
                       "Locks of a session mean nothing through it, so two restores could run at "
                       "once; and it holds the database's connections open.");
    (void)error_hint(&plan->refusal,
                     "Give environment \"%s\" a \"direct_url\" that goes to the server itself.",
                     plan->request->environment->name);
}

static void refuse_older(struct restore_plan *plan, const struct manifest *manifest)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED,
                    "the server is older than the one that the backup is of");
    (void)error_detail(&plan->refusal, "%s is PostgreSQL %s, the backup is of %s.", plan->address,
                       plan->server_version, manifest->server_version);
    (void)error_hint(&plan->refusal,
                     "Restore it into a server of PostgreSQL %d or newer, or upgrade this one.",
                     manifest->server_version_number / 10000);
}

static bool check_server(struct restore_plan *plan, const struct control *control)
{
    const struct db_identity *identity = db_identity(control->db);
    const struct manifest *manifest = plan->request->item->manifest;
    if (identity->in_recovery) {
        refuse_standby(plan);
    } else if (identity->pooled) {
        refuse_pooler(plan);
    } else if (identity->version / 10000 < manifest->server_version_number / 10000) {
        refuse_older(plan, manifest);
    }
    return !error_is_set(&plan->refusal);
}

/* pg_restore and pg_dump for the server's version, on this machine; a server is not needed here. */
static bool check_programs(struct restore_plan *plan, const struct control *control,
                           struct error *err)
{
    CLEANUP(mem_freep) char *folder = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (backup_find_programs(plan->request->item->manifest,
                             db_identity(control->db)->version / 10000, &folder, &failure)) {
        return true;
    }
    if (failure.code != ERROR_BACKUP) {
        error_move(err, &failure);
        return false;
    }
    (void)error_set(&plan->refusal, ERROR_REFUSED, "%s", failure.message);
    (void)error_detail(&plan->refusal, "A restore needs pg_restore and pg_dump of the server's "
                                       "own version on this machine.");
    if (failure.hint != NULL) {
        (void)error_hint(&plan->refusal, "%s", failure.hint);
    }
    return true;
}

/* --- rights --- */

static void say_right(struct error *refusal, const char *what, const char *user,
                      const char *of_whom, const char *database)
{
    if (text_equal(what, "create")) {
        (void)error_set(refusal, ERROR_REFUSED, "role \"%s\" may not create databases", user);
        (void)error_detail(refusal, "A backup is restored into a new database beside the old one.");
    } else if (text_equal(what, "own")) {
        (void)error_set(refusal, ERROR_REFUSED, "role \"%s\" may not rename database \"%s\"", user,
                        database);
        (void)error_detail(refusal, "It belongs to \"%s\".", of_whom);
    } else {
        (void)error_set(refusal, ERROR_REFUSED,
                        "role \"%s\" may not end the sessions of others in database \"%s\"", user,
                        database);
        (void)error_detail(refusal, "There are sessions of role \"%s\".", of_whom);
    }
}

/* All that is missing at once. */
static void refuse_rights(struct restore_plan *plan, const struct db_rows *rows)
{
    CLEANUP(strlist_clear) struct strlist grants = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf hint = STRBUF_INIT;
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const char *grant = db_text(rows, i, 2);
        CLEANUP(mem_freep)
        char *by_hand = grant == NULL
                            ? mem_printf("end the sessions of superuser \"%s\" by hand, only "
                                         "another superuser can",
                                         db_text(rows, i, 3))
                            : mem_copy(grant);
        if (!strlist_has(&grants, by_hand)) {
            strlist_add(&grants, by_hand);
            strbuf_printf(&hint, "%s%s", hint.size > 0 ? "; " : "", by_hand);
        }
    }
    say_right(&plan->refusal, db_text(rows, 0, 0), db_text(rows, 0, 1), db_text(rows, 0, 3),
              plan->database);
    (void)error_hint(&plan->refusal, "Restore as a role that may, or have it granted: %s",
                     hint.text);
}

static bool check_rights(struct restore_plan *plan, const struct control *control, msec deadline,
                         struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(control->db, &SQL_RESTORE_RIGHTS,
                  DB_PARAMS(plan->database, plan->kept != NULL ? "true" : "false"), deadline, &rows,
                  err)) {
        return false;
    }
    if (db_rows_count(rows) > 0) {
        refuse_rights(plan, rows);
    }
    return true;
}

/* --- what the backup needs --- */

static void refuse_roles(struct restore_plan *plan)
{
    CLEANUP(mem_freep) char *roles = strlist_sentence(&plan->missing_roles);
    CLEANUP(strbuf_clear) struct strbuf statements = STRBUF_INIT;
    bool one = plan->missing_roles.n == 1;
    for (size_t i = 0; i < plan->missing_roles.n && i < TOLD; i++) {
        strbuf_printf(&statements, "create role \"%s\"; ", plan->missing_roles.items[i]);
    }
    (void)error_set(&plan->refusal, ERROR_REFUSED, "the server does not have role%s %s",
                    one ? "" : "s", roles);
    (void)error_detail(&plan->refusal,
                       "In the backup something belongs to %s, or is granted to %s.",
                       one ? "it" : "them", one ? "it" : "them");
    (void)error_hint(&plan->refusal,
                     "Make %s: %sor all that the backup knows of: tar -xOf ARCHIVE " GLOBALS_MEMBER
                     " | psql. Or let everything belong to the role that restores: "
                     "--without-owners",
                     one ? "it" : "them", statements.text);
}

/* Of Debian and of PostgreSQL's own repository; those of contrib come with the server itself. */
static const char *package_of(const char *extension)
{
    static const char *const packages[][2] = {
        {"postgis", "postgis-3"},
        {"postgis_raster", "postgis-3"},
        {"postgis_topology", "postgis-3"},
        {"vector", "pgvector"},
        {"pg_cron", "cron"},
        {"pg_partman", "partman"},
        {"hypopg", "hypopg"},
        {"pgaudit", "pgaudit"},
        {"pg_repack", "repack"},
        {"timescaledb", "timescaledb"},
        {"hll", "hll"},
        {"pgtap", "pgtap"},
        {"pg_stat_kcache", "pg-stat-kcache"},
        {"plv8", "plv8"},
        {"age", "age"},
        {"pgrouting", "pgrouting"},
    };
    for (size_t i = 0; i < ARRAY_LEN(packages); i++) {
        if (text_equal(packages[i][0], extension)) {
            return packages[i][1];
        }
    }
    return NULL;
}

static void refuse_extensions(struct restore_plan *plan, int major)
{
    CLEANUP(mem_freep) char *extensions = strlist_sentence(&plan->missing_extensions);
    CLEANUP(strbuf_clear) struct strbuf packages = STRBUF_INIT;
    bool one = plan->missing_extensions.n == 1;
    for (size_t i = 0; i < plan->missing_extensions.n; i++) {
        const char *package = package_of(plan->missing_extensions.items[i]);
        if (package != NULL) {
            strbuf_printf(&packages, " postgresql-%d-%s", major, package);
        }
    }
    (void)error_set(&plan->refusal, ERROR_REFUSED, "the server does not have extension%s %s",
                    one ? "" : "s", extensions);
    (void)error_detail(&plan->refusal, "The backup cannot be restored without %s.",
                       one ? "it" : "them");
    if (packages.size > 0) {
        (void)error_hint(&plan->refusal,
                         "Install on the machine of the server, with its package manager "
                         "(Debian: apt install%s), then try again.",
                         packages.text);
    } else {
        (void)error_hint(&plan->refusal,
                         "Install %s on the machine of the server; many are in a package "
                         "postgresql-%d-NAME, those of PostgreSQL itself in postgresql-contrib.",
                         one ? "it" : "them", major);
    }
}

static bool check_missing(struct restore_plan *plan, const struct control *control, msec deadline,
                          struct error *err)
{
    if (!backup_find_missing(plan->request->item->manifest, control->db, deadline,
                             &plan->missing_roles, &plan->missing_extensions, err)) {
        return false;
    }
    if (error_is_set(&plan->refusal)) {
        return true;
    }
    if (plan->missing_extensions.n > 0) {
        refuse_extensions(plan, db_identity(control->db)->version / 10000);
    } else if (plan->missing_roles.n > 0 && !plan->request->without_owners) {
        refuse_roles(plan);
    }
    return true;
}

/* --- the database that is there, and the disk --- */

static void check_disk(struct restore_plan *plan, const struct db *db, const char *folder)
{
    uint64_t room = 0;
    if (request_is_partial(plan->request) || !db_free_bytes(db, folder, &room) ||
        room >= plan->size) {
        return;
    }
    CLEANUP(mem_freep) char *needed_text = size_human(plan->size);
    CLEANUP(mem_freep) char *room_text = size_human(room);
    (void)error_set(&plan->refusal, ERROR_REFUSED,
                    "the server's disk has no room for a second database beside the old one");
    (void)error_detail(&plan->refusal, "The backup's data needs at least %s; %s are free in %s.",
                       needed_text, room_text, folder);
    if (plan->earlier.n > 0) {
        (void)error_hint(
            &plan->refusal,
            "Drop what earlier restores have kept: headgate backup restore --finish --to "
            "%s",
            plan->request->environment->name);
    } else {
        (void)error_hint(&plan->refusal, "Make room on the disk of the server.");
    }
}

static void refuse_prepared(struct restore_plan *plan, const char *prepared)
{
    (void)error_set(&plan->refusal, ERROR_REFUSED, "database \"%s\" has prepared transactions",
                    plan->database);
    (void)error_detail(&plan->refusal, "It cannot be renamed while they are open: %s.", prepared);
    (void)error_hint(&plan->refusal, "Let whoever prepared them end them, in that database: COMMIT "
                                     "PREPARED or ROLLBACK PREPARED.");
}

static bool check_database(struct restore_plan *plan, const struct control *control, msec deadline,
                           struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(control->db, &SQL_RESTORE_FACTS, DB_PARAMS(plan->database), deadline, &rows,
                  err)) {
        return false;
    }
    plan->n_sessions = plan->kept != NULL ? (size_t)db_integer(rows, 0, 2) : 0;
    if (error_is_set(&plan->refusal)) {
        return true;
    }
    if (plan->kept != NULL && db_text(rows, 0, 3) != NULL) {
        refuse_prepared(plan, db_text(rows, 0, 3));
    } else {
        check_disk(plan, control->db, db_text(rows, 0, 4));
    }
    return true;
}

/* The first that speaks against it is the refusal; the facts are found in any case. */
bool plan_look(struct restore_plan *plan, const struct control *control, msec deadline,
               struct error *err)
{
    const struct manifest *manifest = plan->request->item->manifest;
    bool known = manifest->n_tables > 0 || !plan->request->item->encrypted; /* by the summary */
    if (!check_server(plan, control) ||
        (known && !request_check_chosen(plan->request, manifest, &plan->refusal))) {
        return true;
    }
    if (!check_rights(plan, control, deadline, err) ||
        !check_missing(plan, control, deadline, err) ||
        !check_database(plan, control, deadline, err)) {
        return false;
    }
    return error_is_set(&plan->refusal) || check_programs(plan, control, err);
}
