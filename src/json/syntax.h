/* Says whether a text is JSON and, where it is not, what a person should change and where. */
#pragma once

#include "headgate/problem.h"

#define SYNTAX_LEVELS 64

/* False: one problem was added, for the first mistake; what follows it could be anything. */
bool syntax_check(const struct source *source, struct problems *problems);
