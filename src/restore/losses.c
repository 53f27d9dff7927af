/*
 * The loss meter: what has happened to each table since the backup, by the counters that the
 * server keeps of rows inserted, updated and deleted. They say something only where they are the
 * same counters: of the same database of the same server, never set back since.
 */
#include <stdlib.h>

#include "private.h"

#include "restore_sql.h"

/* --- whether they can be told --- */

static void give_up(struct restore_plan *plan, char *why)
{
    mem_free(plan->losses_unknown);
    plan->losses_unknown = why;
}

/* A restore since the backup was made: the database is another one than it was then. */
static const char *swapped_since(const struct restore_plan *plan, const struct manifest *manifest)
{
    CLEANUP(mem_freep) char *created = wall_format_digits(manifest->created);
    for (size_t i = 0; i < plan->earlier.n; i++) {
        const char *name = plan->earlier.items[i];
        if (made_is(name, plan->database, MADE_BEFORE) &&
            strcmp(name + strlen(name) - strlen(created), created) > 0) {
            return name;
        }
    }
    return NULL;
}

static bool is_comparable(struct restore_plan *plan, const struct control *control)
{
    const struct manifest *manifest = plan->request->item->manifest;
    const char *identifier = db_identity(control->db)->system_identifier;
    if (!text_equal(manifest->database, plan->database) ||
        (manifest->system_identifier != NULL && identifier != NULL &&
         !text_equal(manifest->system_identifier, identifier))) {
        give_up(plan, mem_printf("it is a backup of another database, %s", manifest->address));
        return false;
    }
    if (manifest->system_identifier == NULL || identifier == NULL) {
        give_up(plan, mem_copy("it cannot be seen whether it is a backup of this very server"));
        return false;
    }
    const char *kept = swapped_since(plan, manifest);
    if (kept != NULL) {
        give_up(plan, mem_printf("the database was restored since the backup; what it was before "
                                 "is \"%s\"",
                                 kept));
        return false;
    }
    return true;
}

/* Also where nothing is kept of what was there before: the restore is finished, or was none of
 * ours. */
static void check_made_anew(struct restore_plan *plan, const struct db *db)
{
    const struct manifest *manifest = plan->request->item->manifest;
    if (!text_equal(manifest->database_oid, db_identity(db)->database_oid)) {
        give_up(plan, mem_copy("the database was made anew since the backup"));
    }
}

static bool check_reset(struct restore_plan *plan, struct db *db, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const char *then = plan->request->item->manifest->statistics_reset;
    if (!db_query(db, &SQL_RESTORE_SINCE, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    const char *now = db_rows_count(rows) > 0 ? db_text(rows, 0, 0) : NULL;
    if (then == NULL || now == NULL) {
        give_up(plan, mem_copy("it is not known since when the server counts"));
    } else if (!text_equal(then, now)) {
        give_up(plan, mem_printf("the server's counters were reset since the backup (%s)", now));
    }
    return true;
}

/* --- counting --- */

static int compare_keys(const char *schema, const char *name, const char *other_schema,
                        const char *other_name)
{
    int order = strcmp(schema, other_schema);
    return order != 0 ? order : strcmp(name, other_name);
}

static int compare_tables(const void *a, const void *b)
{
    const struct manifest_table *const *left = a, *const *right = b;
    return compare_keys((*left)->schema, (*left)->name, (*right)->schema, (*right)->name);
}

/* Pointers to the manifest's tables, in order; the caller frees the array. */
static const struct manifest_table **tables_in_order(const struct manifest *manifest)
{
    const struct manifest_table **tables = mem_new(manifest->n_tables + 1, sizeof(void *));
    for (size_t i = 0; i < manifest->n_tables; i++) {
        tables[i] = &manifest->tables[i];
    }
    qsort(tables, manifest->n_tables, sizeof(void *), compare_tables);
    return tables;
}

static const struct manifest_table *find_table(const struct manifest_table *const *tables, size_t n,
                                               const char *schema, const char *name)
{
    const struct manifest_table wanted = {.schema = schema, .name = name};
    const struct manifest_table *key = &wanted;
    const struct manifest_table *const *found =
        n > 0 ? bsearch(&key, tables, n, sizeof(void *), compare_tables) : NULL;
    return found != NULL ? *found : NULL;
}

static int64_t since(int64_t then, int64_t now)
{
    return then < 0 ? -1 : now - then;
}

static int64_t known(int64_t rows)
{
    return rows > 0 ? rows : 0;
}

static int64_t total(const struct table_loss *loss)
{
    return known(loss->inserted) + known(loss->updated) + known(loss->deleted);
}

static int compare_losses(const void *a, const void *b)
{
    const struct table_loss *left = a, *right = b;
    int64_t of_left = total(left), of_right = total(right);
    if (of_left != of_right) {
        return of_left < of_right ? 1 : -1;
    }
    return compare_keys(left->schema, left->name, right->schema, right->name);
}

static bool went_back(const struct manifest_table *then, const struct db_rows *rows, size_t row)
{
    return then != NULL &&
           (db_integer(rows, row, 2) < then->inserted || db_integer(rows, row, 3) < then->updated ||
            db_integer(rows, row, 4) < then->deleted);
}

static struct table_loss loss_of(const struct manifest_table *then, const struct db_rows *rows,
                                 size_t row)
{
    static const struct manifest_table nothing = {0};
    then = then != NULL ? then : &nothing; /* it is new: all of it was inserted since */
    return (struct table_loss){.inserted = since(then->inserted, db_integer(rows, row, 2)),
                               .updated = since(then->updated, db_integer(rows, row, 3)),
                               .deleted = since(then->deleted, db_integer(rows, row, 4))};
}

static void forget_losses(struct restore_plan *plan)
{
    for (size_t i = 0; i < plan->n_losses; i++) {
        mem_free(plan->losses[i].schema);
        mem_free(plan->losses[i].name);
    }
    plan->n_losses = 0;
}

/* A counter that went back was set back, or the table is another one of the same name. */
static void count_losses(struct restore_plan *plan, const struct db_rows *rows)
{
    const struct manifest *manifest = plan->request->item->manifest;
    const struct manifest_table **tables = tables_in_order(manifest);
    bool back = false;
    plan->losses = mem_new(db_rows_count(rows) + 1, sizeof *plan->losses);
    for (size_t i = 0; i < db_rows_count(rows) && !back; i++) {
        const char *schema = db_text(rows, i, 0), *name = db_text(rows, i, 1);
        const struct manifest_table *then = find_table(tables, manifest->n_tables, schema, name);
        struct table_loss loss = loss_of(then, rows, i);
        back = went_back(then, rows, i);
        if (then == NULL || loss.inserted != 0 || loss.updated != 0 || loss.deleted != 0) {
            loss.schema = mem_copy(schema);
            loss.name = mem_copy(name);
            plan->losses[plan->n_losses++] = loss;
        }
        if (back) {
            give_up(plan, mem_printf("the server's counters of table %s.%s were set back since the "
                                     "backup, by a crash of the server or by hand, or it was made "
                                     "anew",
                                     schema, name));
        }
    }
    mem_free(tables);
    if (back) {
        forget_losses(plan);
    }
    qsort(plan->losses, plan->n_losses, sizeof *plan->losses, compare_losses);
}

bool plan_find_losses(struct restore_plan *plan, const struct control *control, msec deadline,
                      struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const struct db_options options = {.purpose = "restore", .read_only = true};
    if (!is_comparable(plan, control)) {
        return true;
    }
    CLEANUP(conninfo_freep)
    struct conninfo *conninfo = conninfo_with_database(control->conninfo, plan->database);
    if (!db_open(conninfo, &options, deadline, &db, &failure)) {
        give_up(plan, mem_printf("the database cannot be looked into: %s", failure.message));
        return true;
    }
    check_made_anew(plan, db);
    if (plan->losses_unknown == NULL && !check_reset(plan, db, deadline, err)) {
        return false;
    }
    if (plan->losses_unknown != NULL) {
        return true;
    }
    if (!db_query(db, &SQL_RESTORE_COUNTERS, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    count_losses(plan, rows);
    return true;
}
