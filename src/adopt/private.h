/*
 * Other tools' migrations and histories, in one shape for all of them. A tool is one file that
 * reads its folder into struct their_folder, one .sql file that reads its history table, and one
 * line in tools.c.
 */
#pragma once

#include <stdint.h>

#include "headgate/adopt.h"
#include "headgate/arena.h"
#include "headgate/db.h"
#include "headgate/problem.h"

/* --- the shared model --- */

struct their_migration {
    const char *version; /* what their history knows it by */
    const char *number;  /* digits of its own for our name, or NULL: those after the one before */
    const char *title;   /* for our name */
    const char *file;    /* relative to the source */
    const char *text, *down; /* without their marks; down NULL where there is none */
    bool no_transaction, down_no_transaction;
    const char *checksum; /* as they take it; NULL: not compared */
};

struct their_folder {
    const char *path;
    struct their_migration *items; /* in the order in which they apply them */
    size_t n;
    const char *project; /* sqitch's: which rows of its registry are meant */
    struct problems problems;
    struct strlist notes;
    struct arena *arena;
};

/* What a row of their history says; the words stand in the SQL. */
enum row_state {
    ROW_APPLIED,
    ROW_THROUGH,    /* everything up to this version is applied */
    ROW_BASELINE,   /* the same, and there need not be a file of this version */
    ROW_REPEATABLE, /* applied in the text that has this checksum */
    ROW_FAILED,
    ROW_FOREIGN, /* the table is another tool's of the same name */
    ROW_STATE_MAX
};

struct their_row {
    const char *version;
    enum row_state state;
    const char *checksum, *applied_at, *file; /* NULL where they do not say it */
};

struct tool {
    const char *name;
    const char *usual[5]; /* folders, relative to the project's, NULL terminated */
    bool (*read)(struct their_folder *folder, struct error *err);
    const struct db_statement *history; /* version, state, checksum, applied_at, file */
    const char *table;
    bool (*same)(const struct their_row *row, const struct their_migration *migration);
    const char *clean_up; /* what settles a failed migration there */
    const char *apply;    /* what applies pending ones there */
    const char *rehash;   /* the other way out for an edited file; NULL: they take no checksums */
};

/* One line for each. */
#define ADOPT_TOOLS(TOOL)                                                                          \
    TOOL(flyway)                                                                                   \
    TOOL(golang_migrate)                                                                           \
    TOOL(dbmate)                                                                                   \
    TOOL(goose)                                                                                    \
    TOOL(liquibase)                                                                                \
    TOOL(sqitch)
#define ADOPT_DECLARE(name_) extern const struct tool tool_##name_;
ADOPT_TOOLS(ADOPT_DECLARE)
/* ERROR_USAGE, with a near name, where there is none of this name. */
NODISCARD bool tool_find(const char *name, const struct tool **ret_tool, struct error *err);

/* --- folders and files --- */

/* Files below the folder, relative to it, by byte order. */
NODISCARD bool their_files(const char *path, bool recursive, struct strlist *ret_files,
                           struct error *err);
/* In the arena, without a BOM. False: noted as a problem. */
bool their_text(struct their_folder *folder, const char *file, struct source *ret_source);
struct their_migration *their_add(struct their_folder *folder, const char *version,
                                  const char *title, const char *file);
void their_folder_clear(struct their_folder *folder);
/* Two migrations of one version are a problem; `items` must be in order. */
void refuse_same_versions(struct their_folder *folder,
                          int (*compare)(const char *a, const char *b));

/* --- texts --- */

struct line {
    const char *text; /* without its line break */
    size_t size, offset;
};
/* From *at = 0 until it returns false. */
bool source_line(const struct source *source, size_t *at, struct line *ret_line);
bool line_is_blank(const struct line *line);
/* Is it a comment that begins with this word, in any case? ret_rest is what stands behind it,
 * trimmed. */
bool line_is_mark(const struct line *line, const char *word, struct line *ret_rest);
bool line_equal(const struct line *line, const char *text); /* in any case */

enum sql_part { PART_CODE, PART_QUOTED, PART_COMMENT };
struct part {
    enum sql_part kind;
    size_t offset, size;
};
/* Cuts SQL into code, quoted texts and comments. */
bool part_next(const struct source *source, size_t *at, struct part *ret_part);
/* Notes the first ${...} outside of comments, which their tool fills in and we do not. */
void refuse_placeholders(struct their_folder *folder, const struct source *source,
                         const char *remedy);
/* What only psql understands. */
void refuse_psql(struct their_folder *folder, const struct source *source);
bool text_is_utf8(const char *text, size_t size);

/* --- the readers of texts with marks, on their own for tests --- */

void dbmate_sections(struct their_folder *folder, const struct source *source,
                     struct their_migration *migration);
void goose_sections(struct their_folder *folder, const struct source *source,
                    struct their_migration *migration);
/* Adds one migration for each changeset. */
void liquibase_changesets(struct their_folder *folder, const struct source *source);
void liquibase_xml(struct their_folder *folder, const struct source *source,
                   struct strlist *ret_includes);
void liquibase_yaml(struct their_folder *folder, const struct source *source,
                    struct strlist *ret_includes);
NODISCARD bool liquibase_json(struct their_folder *folder, const struct source *source,
                              struct strlist *ret_includes, struct error *err);
/* Sets folder->project and adds one migration without a text for each change. */
void sqitch_plan(struct their_folder *folder, const struct source *source);

/* --- versions and names --- */

/* Parts of digits between "." or "_", by value: 1.10 is after 1.9, 1.0 is 1, 007 is 7. */
int version_compare(const char *a, const char *b);
int version_compare_text(const char *a, const char *b);
bool row_same_number(const struct their_row *row, const struct their_migration *migration);
bool row_same_text(const struct their_row *row, const struct their_migration *migration);
/* A second later where these 14 digits are a time, else one more. */
char *digits_after(struct arena *arena, const char *digits);
bool digits_are_time(const char *digits);
/* Names for all of them, in their order. */
void name_all(const struct their_folder *folder, struct adoption *adoption);

/* --- checksums --- */

/* Flyway's: CRC-32 over the lines without their breaks, as a signed number. */
char *checksum_flyway(struct arena *arena, const struct source *source);
/* Sqitch's: SHA-1 of the bytes. */
char *checksum_sha1(struct arena *arena, const char *bytes, size_t size);

/* --- histories and our folder --- */

/* Reads their history and marks in the adoption what is applied; what does not fit is refused. */
NODISCARD bool match_history(struct db *db, const struct tool *tool, struct their_folder *folder,
                             struct adoption *adoption, msec deadline, struct error *err);
/* What stands in our folder must be what we would write; counts it. */
NODISCARD bool target_compare(struct adoption *adoption, struct error *err);
NODISCARD bool target_write(const struct adoption *adoption, struct error *err);
