/* A stream on its way into the archive: cut into members, all but the last of the same size. */
#include "private.h"

static bool finish_member(struct members *members, struct error *err)
{
    CLEANUP(mem_freep) char *name = mem_printf(DUMP_FOLDER "/%08zu", members->n + 1);
    size_t filled = members->filled;
    members->room = NULL;
    members->filled = 0;
    members->n++;
    return pack_writer_put(members->writer, name, filled, err);
}

bool members_add(struct members *members, const char *bytes, size_t size, struct error *err)
{
    members->taken += size;
    while (size > 0) {
        if (members->room == NULL && !pack_writer_room(members->writer, &members->room, err)) {
            return false;
        }
        size_t left = PACK_ROOM - members->filled;
        size_t n = size < left ? size : left;
        memcpy(members->room + members->filled, bytes, n);
        members->filled += n;
        bytes += n;
        size -= n;
        if (members->filled == PACK_ROOM && !finish_member(members, err)) {
            return false;
        }
    }
    return true;
}

bool members_end(struct members *members, struct error *err)
{
    return members->room == NULL || finish_member(members, err);
}
