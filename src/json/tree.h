/*
 * From a text to values with places, through jansson.
 *
 * tree.c and data.c are the only files that include jansson's header, and neither lets its values
 * out: its names are those of our own contract, and it keeps no places.
 */
#pragma once

#include "headgate/arena.h"
#include "headgate/problem.h"
#include "value.h"

/* The text must have passed syntax_check. NULL: a problem was added (duplicate key, number out of
 * range). */
const struct value *tree_read(const struct source *source, struct arena *arena,
                              struct problems *problems);
