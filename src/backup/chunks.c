/* COPY text on its way out: cut into chunks, and digested while it is at hand. */
#include "private.h"

#define CHUNK ((size_t)64 << 10)
#define WORTH_IT ((size_t)4096) /* a chunk with less room than that is not begun */

static void close_chunk(struct chunks *chunks)
{
    char *head = chunks->room + chunks->filled;
    if (chunks->open == 0) {
        return;
    }
    dump_chunk_head(head, chunks->open);
    row_hasher_add(chunks->hasher, head + DUMP_CHUNK_HEAD, chunks->open);
    chunks->filled += DUMP_CHUNK_HEAD + chunks->open;
    chunks->text += chunks->open;
    chunks->open = 0;
}

/* A room that has none left is handed over for another. */
static bool make_room(struct chunks *chunks, size_t *ret_left, struct error *err)
{
    if (chunks->room != NULL && CHUNKS_ROOM - chunks->filled < DUMP_CHUNK_HEAD + WORTH_IT &&
        !chunks_hand_over(chunks, err)) {
        return false;
    }
    if (chunks->room == NULL && !chunks->next(chunks->context, &chunks->room, err)) {
        return false;
    }
    size_t left = CHUNKS_ROOM - chunks->filled - DUMP_CHUNK_HEAD;
    *ret_left = (left < CHUNK ? left : CHUNK) - chunks->open;
    return true;
}

bool chunks_add(void *context, const char *bytes, size_t n, struct error *err)
{
    struct chunks *chunks = context;
    while (n > 0) {
        size_t left = 0;
        if (!make_room(chunks, &left, err)) {
            return false;
        }
        size_t piece = n < left ? n : left;
        memcpy(chunks->room + chunks->filled + DUMP_CHUNK_HEAD + chunks->open, bytes, piece);
        chunks->open += piece;
        bytes += piece;
        n -= piece;
        if (piece == left) {
            close_chunk(chunks);
        }
    }
    return true;
}

bool chunks_hand_over(struct chunks *chunks, struct error *err)
{
    size_t filled = chunks_leave(chunks);
    return chunks->full(chunks->context, filled, err);
}

size_t chunks_leave(struct chunks *chunks)
{
    close_chunk(chunks);
    size_t filled = chunks->filled;
    chunks->room = NULL;
    chunks->filled = 0;
    return filled;
}

void chunks_digest(struct chunks *chunks, struct row_digest *ret_digest)
{
    close_chunk(chunks);
    row_hasher_take(chunks->hasher, ret_digest);
}
