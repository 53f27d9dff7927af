/*
 * A file of chained lines, open and locked for one piece of work.
 *
 * It is closed before anything is forked: a child that lives on must not go on holding the lock of
 * a process that died. Who reads holds the lock, too, so that he never sees a line that could not
 * be made durable and is taken back.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "headgate/error.h"
#include "headgate/strbuf.h"

struct chain_file {
    const char *path; /* borrowed */
    int fd;
    size_t size;
    dev_t device;
    ino_t inode;
};
#define CHAIN_FILE_INIT                                                                            \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

#define CHAIN_FILE_READ (O_RDONLY)
#define CHAIN_FILE_APPEND (O_RDWR | O_APPEND)

/* Waits for the lock: shared to read, alone to append. ERROR_IO with sys_errno ENOENT where there
 * is no such file; `flags` may have O_CREAT. */
NODISCARD bool chain_file_open(const char *path, int flags, struct chain_file *ret_file,
                               struct error *err);
void chain_file_close(struct chain_file *file);
/* From here to its end. */
NODISCARD bool chain_file_read(const struct chain_file *file, size_t from, struct strbuf *ret_text,
                               struct error *err);
/* Cuts off what stands behind `end`, which is torn, and appends the line there. Where that fails it
 * is taken back as far as possible; ret_touched says whether it was begun at all. */
NODISCARD bool chain_file_append(struct chain_file *file, size_t end, const struct strbuf *line,
                                 bool durable, bool *ret_touched, struct error *err);
void chain_file_take_back(struct chain_file *file, size_t end);
