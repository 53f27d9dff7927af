/*
 * One lifetime for many small things: a parsed document and everything cut from it live in one
 * arena, owned by that document. An arena is an explicit object, never a "current" one.
 */
#pragma once

#include <stddef.h>

#include "headgate/mem.h"

struct arena;

struct arena *arena_new(void);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text);
char *arena_copy_n(struct arena *arena, const char *bytes, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
void arena_free(struct arena *arena);
void arena_freep(struct arena **arena);
