/* Text for a screen: nothing in it may steer the terminal but line breaks, tabs and colours. */
#pragma once

#include <stdbool.h>

#include "headgate/strbuf.h"

/* The length of a colour's escape sequence (ESC [ 1;31 m) at the beginning of the text, else 0. */
size_t color_sequence(const char *text, size_t size);
/* Names and messages come from files and servers: what could steer a terminal becomes "?". */
void tame(struct strbuf *out, bool colored);
