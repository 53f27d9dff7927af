/*
 * Backups that another tool makes: pgBackRest. Its word is taken: what its report says, never its
 * exit status, which is 0 also where a repository is damaged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/backup.h"

struct tool_backup {
    char *label, *type;      /* "20261128-203140F", "full" */
    int64_t stopped;         /* wall clock, microseconds: when it had ended */
    uint64_t size;           /* of the server's files */
    uint64_t stored;         /* what they need in the repository */
    char *system_identifier; /* of the server that it is of; NULL: not known */
    bool has_errors;         /* pgBackRest met damaged pages when it made it */
};

struct tool_report {
    int64_t status;            /* of the stanza: 0 is good */
    char *status_text;         /* "ok", "missing stanza path" */
    struct tool_backup *items; /* newest first */
    size_t n;
};

/* What the tool says of this environment's backups. */
NODISCARD bool backup_tool_look(const struct environment *environment, msec deadline,
                                struct tool_report *ret_report, struct error *err);
/* The report of `pgbackrest --output=json info` about this stanza. ERROR_BACKUP where it is none.
 */
NODISCARD bool backup_tool_parse(const char *text, size_t size, const char *stanza,
                                 struct tool_report *ret_report, struct error *err);
void tool_report_clear(struct tool_report *report);

/*
 * The newest backup of that server which is not older than max_age (0: of any age) and has no
 * errors. NULL: there is none; then *ret_lack says what the closest one lacks. ret_lack is the
 * caller's.
 */
const struct tool_backup *backup_tool_newest(const struct tool_report *report,
                                             const char *system_identifier, msec max_age,
                                             int64_t now, char **ret_lack);

enum tool_verdict {
    TOOL_VERIFIED,
    TOOL_DAMAGED,
    TOOL_CANNOT /* this version of it has no verify whose report can be read */
};
/* Has every file of the repository read back. ret_text: what speaks against it, or why it cannot be
 * done; the caller's. */
NODISCARD bool backup_tool_verify(const struct environment *environment, const char *label,
                                  const struct backup_observer *observer,
                                  enum tool_verdict *ret_verdict, char **ret_text,
                                  struct error *err);
/* What its report says: about the whole, and about the backup of this label. */
enum tool_verdict backup_tool_read_verify(const char *text, const char *label, char **ret_text);
