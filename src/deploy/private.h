/* What the files of this module share. */
#pragma once

#include "headgate/deploy.h"

/* Compares release and history: fills items and counts. */
void plan_compare(struct deploy_plan *plan);

/* One migration, in one transaction together with its history row. */
NODISCARD bool migration_run(struct db *db, const struct deploy_plan *plan,
                             const struct migration *migration, struct error *err);
