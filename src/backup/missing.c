/* What an archive needs of a server: roles and extensions. */
#include "backup_sql.h"
#include "private.h"

static bool find_missing(struct db *db, const struct db_statement *statement,
                         const struct strlist *wanted, msec deadline, struct strlist *ret_missing,
                         struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *array = db_array(wanted);
    if (wanted->n == 0) {
        return true;
    }
    if (!db_query(db, statement, DB_PARAMS(array), deadline, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        strlist_add(ret_missing, db_text(rows, i, 0));
    }
    return true;
}

bool backup_find_missing(const struct manifest *manifest, struct db *db, msec deadline,
                         struct strlist *ret_roles, struct strlist *ret_extensions,
                         struct error *err)
{
    CLEANUP(strlist_clear) struct strlist extensions = STRLIST_INIT;
    for (size_t i = 0; i < manifest->n_extensions; i++) {
        strlist_add(&extensions, manifest->extensions[i].name);
    }
    return find_missing(db, &SQL_BACKUP_MISSING_ROLES, &manifest->roles, deadline, ret_roles,
                        err) &&
           find_missing(db, &SQL_BACKUP_MISSING_EXTENSIONS, &extensions, deadline, ret_extensions,
                        err);
}
