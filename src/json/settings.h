/* What was read, each setting once, in the order in which it was first asked for. */
#pragma once

#include "headgate/json.h"

struct settings {
    struct json_setting *items;
    size_t n;
    size_t *slots; /* a hash table over the paths: index + 1, 0 where free */
    size_t n_slots;
};

/* The texts must live as long as the settings. One that is known already is replaced where it
 * stands. */
void settings_record(struct settings *settings, const struct json_setting *setting);
void settings_clear(struct settings *settings);
