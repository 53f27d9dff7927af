/* What the files about records share. */
#pragma once

#include "private.h"

/* Takes in one event. */
void record_take(struct record *record, const struct event *event);
/* Whatever was going on when the run stopped was cut off. */
void record_cut_steps(struct record *record);
