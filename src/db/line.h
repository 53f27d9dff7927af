/* Texts of libpq and the server, which may have several lines, as one line of a message. */
#pragma once

#include "headgate/strbuf.h"

/* Appends the text with each line break, and the blanks after it, as one blank. */
void line_add(struct strbuf *out, const char *text);
/* How many bytes of it fit into the limit without cutting a character of UTF-8 in two. */
size_t line_fits(const char *text, size_t limit);
