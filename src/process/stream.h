/*
 * The last bytes of what a program writes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/process.h"
#include "headgate/strbuf.h"

struct stream {
    int fd;     /* not blocking; -1 once the stream has ended */
    int number; /* STDOUT_FILENO or STDERR_FILENO */
    struct strbuf kept;
    bool cut;
};

/* Reads one piece, as much as a pipe holds; 0 where nothing is there, or the stream has ended. */
size_t stream_read(struct stream *stream, const struct process_spec *spec);
/* Cuts to the last spec->keep bytes. */
void stream_finish(struct stream *stream, const struct process_spec *spec);
void stream_clear(struct stream *stream);
