/*
 * Memory and lifetimes.
 *
 * Running out of memory aborts: a run must survive kill -9 at every instant anyway, and it removes
 * a third of the error paths. Everything with a lifetime (memory, descriptor, child, session) is
 * declared with CLEANUP and a null value, and handed over with TAKE, which leaves NULL for the
 * destructor. Destructors accept NULL.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#define CLEANUP(destructor) __attribute__((cleanup(destructor)))
#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

/* Zeroed memory for n objects of this size; never NULL. */
void *mem_new(size_t n, size_t size) __attribute__((malloc));
/* Grows (or shrinks) to n objects; what is new is not zeroed. */
void *mem_resize(void *memory, size_t n, size_t size);
/* A copy of a text; of NULL it is NULL. */
char *mem_copy(const char *text);
char *mem_copy_n(const char *bytes, size_t n);
char *mem_printf(const char *format, ...) PRINTF_LIKE(1, 2);
char *mem_vprintf(const char *format, va_list arguments) PRINTF_LIKE(1, 0);
void mem_free(void *memory);
/* Overwrites n bytes in a way that the compiler keeps, for what must not stay in memory. */
void mem_wipe(void *memory, size_t n);

/* CLEANUP(mem_freep) char *name = NULL; */
void mem_freep(void *pointer_to_pointer);
/* CLEANUP(fd_closep) int fd = -1; */
void fd_closep(int *fd);
int fd_take(int *fd);

/* strcmp and friends read badly in conditions. Both accept NULL, which only equals NULL. */
int text_equal(const char *a, const char *b);
int text_starts(const char *text, const char *prefix);
int text_ends(const char *text, const char *suffix);
