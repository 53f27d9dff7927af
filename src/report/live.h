/* What the screen of a run knows beyond its record: what happens at the moment. */
#pragma once

#include "headgate/run.h"

struct run_screen {
    struct screen_step {
        char *id;
        char *doing;          /* what a deploy does now, when a step is tried again; or NULL */
        struct strlist lines; /* the last ones of a hook */
    } * steps;
    size_t n;
    bool stopping; /* somebody wants it to stop */
    msec drawn;    /* when the block was drawn */
};

/* Does it say at which safe point something will stop? */
bool news_is_of_stopping(const struct run_news *news);
/* Takes in what happens. */
void screen_follow(struct run_screen *screen, const struct run_news *news);
/* Draws the live block; not too often, unless it is a tick. */
void screen_draw(struct run_screen *screen, const struct record *record, bool tick);
