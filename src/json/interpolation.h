/* A text while it is interpolated: what interpolate.c, which knows the grammar, and lookup.c, which
 * fetches, share. */
#pragma once

#include "headgate/json.h"
#include "headgate/strlist.h"

struct interpolation {
    const struct json_node *node;
    const char *text;
    size_t at;
    bool failed; /* a value could not be had */
    struct strbuf out;
    struct json_origin_part *parts;
    size_t n_parts;
    struct strlist variables; /* those that supplied a part; in a check, those that are named */
};

/* A mistake at [start, end) of the value, shown where that stands in the file. */
struct problem *interpolation_complain(const struct interpolation *in, size_t start, size_t end,
                                       const char *format, ...) PRINTF_LIKE(4, 5);

void interpolation_name(struct interpolation *in, const char *name);
/* Appends the value; a mistake is noted at [start, at), the piece that asks for it. */
void lookup_file(struct interpolation *in, size_t start, const char *path);
void lookup_command(struct interpolation *in, size_t start, const struct strlist *words);
/* False where the variable is not set or empty: that may be a mistake or not. */
bool lookup_variable(struct interpolation *in, const char *name, bool *ret_is_set);
/* Notes that this form has no source in this document. */
void lookup_refuse(struct interpolation *in, size_t start, const char *form);
