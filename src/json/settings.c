#include "settings.h"

#include "document.h"

#define FIRST_SLOTS 64

/* FNV-1a. */
static size_t hash_of(const char *path)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *path != '\0'; path++) {
        hash = (hash ^ (unsigned char)*path) * 0x100000001b3u;
    }
    return (size_t)hash;
}

/* Where this path is, or the free slot where it belongs. */
static size_t *slot_of(const struct settings *settings, const char *path)
{
    size_t at = hash_of(path) % settings->n_slots;
    while (settings->slots[at] != 0 &&
           !text_equal(settings->items[settings->slots[at] - 1].path, path)) {
        at = (at + 1) % settings->n_slots;
    }
    return &settings->slots[at];
}

static void grow(struct settings *settings)
{
    settings->n_slots = settings->n_slots > 0 ? settings->n_slots * 2 : FIRST_SLOTS;
    settings->items = mem_resize(settings->items, settings->n_slots / 2, sizeof settings->items[0]);
    mem_free(settings->slots);
    settings->slots = mem_new(settings->n_slots, sizeof settings->slots[0]);
    for (size_t i = 0; i < settings->n; i++) {
        *slot_of(settings, settings->items[i].path) = i + 1;
    }
}

void settings_record(struct settings *settings, const struct json_setting *setting)
{
    if (settings->n == settings->n_slots / 2) {
        grow(settings);
    }
    size_t *slot = slot_of(settings, setting->path);
    if (*slot == 0) {
        *slot = ++settings->n;
    }
    settings->items[*slot - 1] = *setting;
}

void settings_clear(struct settings *settings)
{
    mem_free(settings->items);
    mem_free(settings->slots);
    *settings = (struct settings){0};
}

const struct json_setting *json_settings(const struct json_document *document, size_t *ret_n)
{
    *ret_n = document->settings.n;
    return document->settings.items;
}
