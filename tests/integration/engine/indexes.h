/* Indexes and who waits for whom: for tests of what is CONCURRENTLY. */
#pragma once

#include "world.h"

#define VALID(name)                                                                                \
    "select coalesce((select indisvalid from pg_index where indexrelid = to_regclass('" name       \
    "')),"                                                                                         \
    " false)::text"

__attribute__((unused)) static void mark_invalid(const struct world *world, const char *index)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf(
        "update pg_index set indisvalid = false where indexrelid = '%s'::regclass", index);
    run(world->db, sql);
}

/* Prisma waits inside the server, with a snapshot. */
__attribute__((unused)) static void wait_as_prisma_does(struct world *world,
                                                        const struct engine_event *event)
{
    if (event->kind == EVENT_BEGAN) {
        world->n_hooked++;
        in_background(world, "select pg_advisory_lock(72707369)");
        wait_until(world->db, N_WAIT(1));
    }
}
