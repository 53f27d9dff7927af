/* One lifetime for many small things. */
#include "headgate/arena.h"

#include <stdalign.h>

#define BLOCK_SIZE ((size_t)16 << 10)

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *blocks;
};

struct arena *arena_new(void)
{
    return mem_new(1, sizeof(struct arena));
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t aligned =
        (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < aligned) {
        size_t wanted = aligned > BLOCK_SIZE ? aligned : BLOCK_SIZE;
        block = mem_new(1, sizeof *block + wanted);
        block->size = wanted;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->bytes + block->used;
    block->used += aligned;
    return memory;
}

char *arena_copy_n(struct arena *arena, const char *bytes, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);
    if (n > 0) {
        memcpy(copy, bytes, n);
    }
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return text != NULL ? arena_copy_n(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *text = mem_vprintf(format, arguments);
    va_end(arguments);
    return arena_copy(arena, text);
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->blocks != NULL) {
        struct block *next = arena->blocks->next;
        mem_free(arena->blocks);
        arena->blocks = next;
    }
    mem_free(arena);
}

void arena_freep(struct arena **arena)
{
    arena_free(*arena);
    *arena = NULL;
}
