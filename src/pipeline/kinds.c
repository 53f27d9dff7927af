/* The kinds of steps. */
#include "private.h"

const struct step_kind *const step_kinds[] = {
    &step_kind_deploy,  &step_kind_hook, &step_kind_rehearse, &step_kind_backup, &step_kind_restore,
    &step_kind_refresh, &step_kind_gate, &step_kind_check,    &step_kind_seed,   NULL,
};

const char *step_kind_name(const struct step_kind *kind)
{
    return kind->name;
}
