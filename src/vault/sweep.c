/* What the dead have left: parts, and what lay beside an archive that is gone. */
#include <string.h>

#include "private.h"

/* What lay beside an archive that was removed. A summary comes before its archive: so first is
 * looked for the one that is being written, then, as it may have got its name meanwhile, for the
 * archive. What cannot be looked for may be there. */
static void sweep_orphan(const struct depot *depot, const char *file, const char *end)
{
    static const char *const known[][2] = {
        {".", ENCRYPTED_END PART_END}, {"", ENCRYPTED_END}, {"", ARCHIVE_END}};
    CLEANUP(mem_freep) char *name = mem_copy_n(file, strlen(file) - strlen(end));
    CLEANUP(mem_freep) char *environment = NULL;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    int64_t created = 0;
    bool there = !backup_name_parse(name, &environment, &created);
    for (size_t i = 0; i < ARRAY_LEN(known) && !there; i++) {
        there = !depot_has(depot, known[i][0], name, known[i][1], &there, &none) || there;
    }
    if (!there) {
        (void)!depot->kind->remove(depot, file, &none);
    }
}

void vault_sweep(const struct vault *vault)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    const struct depot *depot = &vault->depot;
    if (!depot->kind->can_sweep(depot) || !depot->kind->list(depot, &names, &none)) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        const char *file = names.items[i];
        if (file[0] == '.' && text_ends(file, PART_END)) {
            depot->kind->sweep_part(depot, file);
        }
    }
    for (size_t i = 0; i < names.n; i++) {
        const char *file = names.items[i];
        if (file[0] != '.' && text_ends(file, PROOF_END)) {
            sweep_orphan(depot, file, PROOF_END);
        } else if (file[0] != '.' && text_ends(file, SUMMARY_END)) {
            sweep_orphan(depot, file, SUMMARY_END);
        }
    }
}
