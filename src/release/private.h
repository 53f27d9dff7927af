/* What the files of this module share. */
#pragma once

#include "headgate/arena.h"
#include "headgate/problem.h"
#include "headgate/release.h"

#define LOCK_FILE "migration_lock.toml"
#define ORDER_FILE ".headgate"
#define SMALL_FILE_LIMIT ((size_t)64 << 10) /* of these two */

#define TIME_DIGITS 14 /* that names of migrations begin with: 20261119140203 */
bool name_has_time(const char *name);

/* --- texts --- */

/* How many bytes there are before the first one that is not UTF-8. */
size_t text_good_length(const char *text, size_t size);
/* All three of the migration, from its text. */
void text_take_checksums(struct migration *migration, const struct source *text);
/* False, with the mistake noted, where PostgreSQL could not take it. The text ends in NUL. */
bool text_check(const struct source *text, struct problems *problems);

/* The lines of a text, each without its line break; start with *at = text. False at the end. */
struct line {
    const char *text;
    size_t size;
};
bool line_next(const struct source *text, const char **at, struct line *ret_line);

/* Every mistake is noted with its place. */
void directives_read(const struct source *text, struct directives *ret_directives,
                     struct problems *problems);

/* --- what is being read --- */

struct reading {
    struct release *release;
    struct problems problems;
};
void reading_check_name(struct reading *reading, const char *name);
/* Text and down.sql of the migration, which is the next one of the release. */
void reading_take_text(struct reading *reading, struct migration *migration,
                       const struct source *text);
void reading_take_down(struct reading *reading, struct migration *migration,
                       const struct source *text);
/* Notes migrations that have no order that everybody agrees on. */
void reading_check_order(struct reading *reading);
/* The path of a file of this release as the user would name it; in the release's arena. */
const char *reading_path(const struct reading *reading, const char *name, const char *file);

NODISCARD bool folder_read(struct reading *reading, struct error *err);
/* ret_digest is what the bundle says of itself. */
NODISCARD bool bundle_read(struct reading *reading, char ret_digest[HASH_HEX_SIZE],
                           struct error *err);

/* A folder of Prisma 8 among these names; the caller's. False where there is none. */
bool prisma8_find(const char *folder, const struct strlist *names, char **ret_path);
