/* Batches as they are put together; pipeline.c runs them. */
#include "batch.h"

#include <assert.h>

#include "db_sql.h"
#include "headgate/mem.h"
#include "rows.h"

struct db_batch *db_batch_new(void)
{
    return mem_new(1, sizeof(struct db_batch));
}

static void step_clear(struct batch_step *step)
{
    for (size_t i = 0; i < step->n_values; i++) {
        mem_free(step->values[i]);
    }
    mem_free(step->values);
    db_rows_free(step->rows);
}

void db_batch_freep(struct db_batch **batch)
{
    if (*batch == NULL) {
        return;
    }
    for (size_t i = 0; i < (*batch)->n; i++) {
        step_clear(&(*batch)->steps[i]);
    }
    mem_free((*batch)->steps);
    mem_free(*batch);
    *batch = NULL;
}

static struct batch_step *add(struct db_batch *batch, const char *text, size_t size)
{
    if (batch->n == batch->capacity) {
        batch->capacity = batch->capacity == 0 ? 16 : 2 * batch->capacity;
        batch->steps = mem_resize(batch->steps, batch->capacity, sizeof batch->steps[0]);
    }
    struct batch_step *step = &batch->steps[batch->n++];
    *step = (struct batch_step){.text = text, .size = size};
    return step;
}

size_t db_batch_add(struct db_batch *batch, const struct db_statement *statement,
                    struct db_params params)
{
    struct batch_step *step = add(batch, statement->text, strlen(statement->text));
    step->values = params.n == 0 ? NULL : mem_new(params.n, sizeof step->values[0]);
    step->n_values = params.n;
    for (size_t i = 0; i < params.n; i++) {
        step->values[i] = mem_copy(params.values[i]);
        step->n_value_bytes += params.values[i] == NULL ? 0 : strlen(params.values[i]);
    }
    return batch->n - 1;
}

size_t db_batch_begin(struct db_batch *batch)
{
    return db_batch_add(batch, &SQL_BEGIN, DB_NO_PARAMS);
}

size_t db_batch_commit(struct db_batch *batch)
{
    size_t i = db_batch_add(batch, &SQL_COMMIT, DB_NO_PARAMS);
    batch->steps[i].is_commit = true;
    return i;
}

size_t db_batch_add_text(struct db_batch *batch, const char *text, size_t size)
{
    add(batch, text, size)->is_users = true;
    return batch->n - 1;
}

void db_batch_set_unstoppable(struct db_batch *batch)
{
    batch->unstoppable = true;
}

void db_batch_on_done(struct db_batch *batch, void (*done)(void *context, size_t step),
                      void *context)
{
    batch->done = done;
    batch->context = context;
}

const struct db_rows *db_batch_rows(const struct db_batch *batch, size_t step)
{
    assert(step < batch->n && !batch->steps[step].is_users && batch->steps[step].rows != NULL);
    return batch->steps[step].rows;
}

void batch_forget_rows(struct db_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        db_rows_freep(&batch->steps[i].rows);
    }
}
