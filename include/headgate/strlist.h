/*
 * A list of texts, each owned by the list. `items` ends in a NULL that n does not count, so it
 * serves as argv and envp.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/mem.h"

struct strlist {
    char **items;
    size_t n;
};

#define STRLIST_INIT                                                                               \
    {                                                                                              \
        .items = NULL, .n = 0                                                                      \
    }

void strlist_add(struct strlist *list, const char *text);
void strlist_add_n(struct strlist *list, const char *bytes, size_t n);
void strlist_printf(struct strlist *list, const char *format, ...) PRINTF_LIKE(2, 3);
/* The list owns this text from now on. */
void strlist_take(struct strlist *list, char *text);
bool strlist_has(const struct strlist *list, const char *text);
/* By byte value, so that the order is the same in every locale. */
void strlist_sort(struct strlist *list);
/* "a", "b" and "c": for sentences. The result is the caller's. */
char *strlist_sentence(const struct strlist *list);
/* Each as it is, with that between them. The caller's. */
char *strlist_join(const struct strlist *list, const char *between);
void strlist_clear(struct strlist *list);

/* The candidate that was probably meant, or NULL where none is near. Candidates end in NULL. */
const char *suggest_near(const char *word, const char *const *candidates);
