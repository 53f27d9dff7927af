/* A table that is busy: for tests of who waits for whom. */
#pragma once

#include "world.h"

#define ADD_COLUMN "create table a (id int);\nalter table busy add column b int;\n"

/* `busy` is there, and somebody reads it for a long time. */
__attribute__((unused)) static void read_for_long(struct world *world)
{
    run(world->db, "create table busy (id int)");
    run(world->db, "create table tries (n int)");
    world->other = session(world->url, false);
    run(world->other, "begin");
    run(world->other, "select * from busy");
}

__attribute__((unused)) static void let_pass(struct world *world)
{
    db_closep(&world->other);
    wait_until(world->db, "select count(*) = 0 from pg_locks where relation = 'busy'::regclass"
                          " and mode = 'AccessShareLock' and granted");
}

__attribute__((unused)) static void give_way(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_RETRY) {
        let_pass(world);
    }
}
