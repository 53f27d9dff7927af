/*
 * Files. A write that must not be lost is written under a temporary name, synced, renamed, and its
 * folder is synced: after any crash the old or the new file is there, whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "headgate/error.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"

/* The whole file; one larger than limit is refused (ERROR_IO, "larger than"). Works for pipes and
 * /proc as well. */
NODISCARD bool file_read(const char *path, size_t limit, struct strbuf *ret_text,
                         struct error *err);
/* Atomic and durable replacement. */
NODISCARD bool file_write(const char *path, const char *bytes, size_t size, mode_t mode,
                          struct error *err);
/* Makes a new file, durable; fails where one of this name exists (sys_errno EEXIST). */
NODISCARD bool file_create(const char *path, const char *bytes, size_t size, mode_t mode,
                           struct error *err);
NODISCARD bool file_sync_folder(const char *path, struct error *err);
/* All of it, whatever short writes there are. */
NODISCARD bool fd_write_all(int fd, const char *bytes, size_t size, struct error *err);

/* Makes the folder and those above it; one that exists is fine. The mode is for those it makes. */
NODISCARD bool folder_make(const char *path, mode_t mode, struct error *err);
/* Names in a folder by byte order, without "." and "..". */
NODISCARD bool folder_list(const char *path, struct strlist *ret_names, struct error *err);
/* Removes a tree without following links; what vanishes meanwhile is fine, so is a path that is not
 * there. Retries for a moment where somebody still writes into it. */
NODISCARD bool folder_remove(const char *path, struct error *err);

/* "a/b" from "a" and "b"; an absolute second part stands alone. The results are the caller's. */
char *path_join(const char *folder, const char *name);
char *path_parent(const char *path);
const char *path_name(const char *path);
bool path_exists(const char *path);
bool path_is_folder(const char *path);
/* For messages: relative to the current folder where that is shorter and does not climb. */
char *path_display(const char *path);
/* The way from a folder to a path, both absolute and free of links: "../pipelines/promote.json". */
char *path_from(const char *folder, const char *path);
/* The nearest file of this relative name in this folder or one above it; NULL where there is none.
 */
char *path_find_upwards(const char *from, const char *relative);

/* An exclusive lock on a file that is made when missing; freed by closing the descriptor, also by
 * any death. */
NODISCARD bool lock_file_try(const char *path, int *ret_fd, bool *ret_locked, struct error *err);
NODISCARD bool lock_file_wait(const char *path, int64_t deadline, int *ret_fd, struct error *err);
