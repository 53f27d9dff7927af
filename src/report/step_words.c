/* What the steps that make and restore backups do, for people. */
#include "private.h"

static const char *const proofs[] = {
    [PROOF_NONE] = "not verified",
    [PROOF_CHECKSUMS] = "then read back",
    [PROOF_CONTENTS] = "then read back as a whole",
    [PROOF_RESTORE] = "then restored and compared",
};

static char *tool_words(const struct workflow_step *step)
{
    return mem_printf("%s, what pgBackRest has in stanza %s; then verified",
                      step->environment->name, step->environment->backup_tool.stanza);
}

char *backup_words(const struct plan_step *step)
{
    const struct plan_backup *backup = step->backup;
    if (backup->by_tool) {
        return tool_words(step->step);
    }
    CLEANUP(mem_freep) char *size = size_human(backup->own.estimate);
    const char *name = step->step->environment->name, *proof = proofs[step->step->verify];
    return backup->own.estimate > 0 ? mem_printf("%s, about %s; %s", name, size, proof)
                                    : mem_printf("%s; %s", name, proof);
}

/* "into shop_restored_20261128, swapped in; shop is kept as shop_before_20261128" */
static char *names_of(const struct restore_plan *plan)
{
    if (plan == NULL) {
        return mem_copy("");
    }
    return plan->kept != NULL ? mem_printf("; %s is kept as %s", plan->database, plan->kept)
                              : mem_printf("; into %s", plan->beside);
}

char *restore_words(const struct plan_step *step)
{
    const struct plan_restore *restore = step->restore;
    const char *to = step->step->environment->name;
    if (restore->made_from != NULL) {
        return mem_printf("%s gets the backup that step %zu, %s, makes", to,
                          restore->made_from->number, restore->made_from->id);
    }
    CLEANUP(mem_freep) char *names = names_of(restore->plan);
    return mem_printf("%s gets %s%s", to,
                      restore->item.name != NULL ? restore->item.name : step->step->archive, names);
}
