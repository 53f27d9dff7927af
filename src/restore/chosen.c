/*
 * What is asked for by name must be in the backup. "0 tables" would look like a success.
 */
#include "private.h"

#define TOLD 8

static bool is_named(const char *named, const struct manifest_table *table)
{
    CLEANUP(mem_freep) char *both = mem_printf("%s.%s", table->schema, table->name);
    return text_equal(named, table->name) || text_equal(named, both);
}

bool chosen_table(const struct strlist *tables, const struct manifest_table *table)
{
    for (size_t i = 0; tables != NULL && i < tables->n; i++) {
        if (is_named(tables->items[i], table)) {
            return true;
        }
    }
    return false;
}

/* The names that could have been meant, as they would be written. */
static void add_names(const struct manifest *manifest, bool of_schemas, struct strlist *names)
{
    for (size_t i = 0; i < manifest->n_tables; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        CLEANUP(mem_freep) char *both = mem_printf("%s.%s", table->schema, table->name);
        const char *const wanted[] = {of_schemas ? table->schema : table->name,
                                      of_schemas ? table->schema : both};
        for (size_t k = 0; k < ARRAY_LEN(wanted); k++) {
            if (!strlist_has(names, wanted[k])) {
                strlist_add(names, wanted[k]);
            }
        }
    }
}

/* Where nothing is near: what is there, if it is not too much to be read. */
static bool hint_at(const char *named, const struct strlist *names, bool of_schemas,
                    struct error *err)
{
    const char *near = names->n > 0 ? suggest_near(named, (const char *const *)names->items) : NULL;
    if (near != NULL) {
        return error_hint(err, "Did you mean \"%s\"?", near);
    }
    if (of_schemas && names->n > 0 && names->n <= TOLD) {
        CLEANUP(mem_freep) char *all = strlist_sentence(names);
        return error_hint(err, "It has tables in %s.", all);
    }
    return of_schemas ? error_hint(err, "Only schemas that have tables can be asked for.")
                      : error_hint(err, "Views have no rows; and the rows of a partitioned table "
                                        "are in its partitions: name those, or the --schema.");
}

static bool refuse_unknown(const char *named, const struct manifest *manifest, bool of_schemas,
                           struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    add_names(manifest, of_schemas, &names);
    (void)error_set(err, ERROR_REFUSED,
                    of_schemas ? "backup %s has no schema \"%s\" with tables"
                               : "backup %s has no rows of a table \"%s\"",
                    manifest->name, named);
    return hint_at(named, &names, of_schemas, err);
}

static bool is_there(const char *named, const struct manifest *manifest, bool of_schemas)
{
    for (size_t i = 0; i < manifest->n_tables; i++) {
        if (of_schemas ? text_equal(manifest->tables[i].schema, named)
                       : is_named(named, &manifest->tables[i])) {
            return true;
        }
    }
    return false;
}

bool request_check_chosen(const struct restore_request *request, const struct manifest *manifest,
                          struct error *err)
{
    const struct strlist *const asked[] = {request->tables, request->schemas};
    for (size_t k = 0; k < ARRAY_LEN(asked); k++) {
        for (size_t i = 0; asked[k] != NULL && i < asked[k]->n; i++) {
            if (!is_there(asked[k]->items[i], manifest, k == 1)) {
                return refuse_unknown(asked[k]->items[i], manifest, k == 1, err);
            }
        }
    }
    return true;
}
