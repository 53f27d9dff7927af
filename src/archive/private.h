/* What the files of this module share. */
#pragma once

#include <locale.h>

#include <archive.h>

#include "headgate/archive.h"

/* libarchive takes names for texts in the locale of the thread, and ours are UTF-8 in every
 * locale: this one holds as long as it stands on the stack. */
struct utf8_scope {
    locale_t made, before;
};
struct utf8_scope utf8_begin(void);
void utf8_end(struct utf8_scope *scope);

/* Asked before anything else of libarchive. */
bool library_is_there(struct error *err);

/* The header of a plain file that anybody may read; a day makes no difference to it. */
bool archive_add_header(struct archive *archive, const char *name, uint64_t size);

/* What libarchive says, as an error. `damaged` is what it means that the archive itself is bad. */
bool archive_failed(struct archive *archive, enum error_code damaged, const char *what,
                    const char *shown, struct error *err);
