/* The texts of a manifest: one table for writing and reading. */
#pragma once

#include "headgate/manifest.h"

#define MANIFEST_FORMAT 1

enum manifest_part { MANIFEST_TOP, MANIFEST_SOURCE, MANIFEST_TOOLS };

struct manifest_text {
    const char *key;
    size_t at; /* in struct manifest */
    enum manifest_part part;
    bool may_be_null;
};
extern const struct manifest_text manifest_texts[];
extern const size_t manifest_n_texts;
