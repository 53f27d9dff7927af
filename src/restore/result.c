/* What came of a restore, as a value. */
#include "headgate/restore.h"

void restore_result_clear(struct restore_result *result)
{
    mem_free(result->database);
    mem_free(result->kept);
    strlist_clear(&result->not_proven);
    *result = (struct restore_result){0};
}
