#include "draft.h"

void draft_lock(struct draft *draft, struct sql_name name)
{
    if (draft->n_locks == draft->capacity) {
        draft->capacity = draft->capacity > 0 ? draft->capacity * 2 : 8;
        draft->locks = mem_resize(draft->locks, draft->capacity, sizeof *draft->locks);
    }
    draft->locks[draft->n_locks++] = name;
}

void draft_lock_other(struct draft *draft, struct sql_name name)
{
    const struct sql_name *own = &draft->statement->name;
    if (!text_equal(name.name, own->name) || !text_equal(name.schema, own->schema)) {
        draft_lock(draft, name);
    }
}

void draft_forget_locks(struct draft *draft)
{
    draft->n_locks = 0;
}

void draft_finish(struct draft *draft)
{
    struct sql_statement *statement = draft->statement;
    if (draft->n_locks > 0) {
        size_t size = draft->n_locks * sizeof *draft->locks;
        statement->locks = memcpy(arena_alloc(draft->arena, size), draft->locks, size);
        statement->n_locks = draft->n_locks;
    }
}

void draft_clear(struct draft *draft)
{
    mem_free(draft->locks);
    *draft = (struct draft){0};
}
