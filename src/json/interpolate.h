/* ${...} in the texts of a document. */
#pragma once

#include "headgate/json.h"

struct interpolated {
    const char *text; /* NULL: it failed, and until json_finish that is told only once */
    const struct json_origin_part *parts; /* values from outside */
    size_t n_parts;
    const char *variables; /* ", environment variable NAME" for each that supplied a part, or is
                              named in a check */
    size_t round;          /* how often json_finish was called before */
    bool is_open; /* only checked, and it has ${...}: the text is not yet what it will be */
};

/* The node must hold a text. NULL where mistakes were noted. */
const struct interpolated *interpolate(const struct json_node *node);
