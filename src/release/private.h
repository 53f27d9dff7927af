/* What the files of this module share. */
#pragma once

#include "headgate/release.h"

#define TIME_DIGITS 14 /* that names of migrations begin with: 20261119140203 */
bool name_has_time(const char *name);

/* How many bytes there are before the first one that is not UTF-8. */
size_t text_good_length(const char *text, size_t size);
/* All three of the migration, from its text. */
void text_take_checksums(struct migration *migration, const struct strbuf *text);
