/* An open file, as reading and writing see it. */
#pragma once

#include "session.h"

/* A part of the file that was asked for. */
struct sftp_piece {
    struct sftp_piece *next;
    struct sftp_file *file;
    uint64_t at;
    size_t wanted, got, taken;
    bool asked;      /* an answer is under way */
    bool ended;      /* the file ends behind what was got */
    uint32_t status; /* what was said instead of bytes; STATUS_OK: nothing */
    char *said;
    char bytes[];
};

struct sftp_file {
    struct sftp *sftp;
    char *path;
    struct strbuf handle;
    /* writing */
    uint64_t written_to; /* behind the last byte that was sent */
    bool failed;         /* a write was refused: */
    uint64_t failed_at;
    uint32_t status;
    char *said;
    /* reading */
    struct sftp_piece *first, *last; /* asked for, not taken yet; one behind the other */
    uint64_t next_at;                /* where the next read begins, if it goes on */
    size_t ahead;                    /* so many bytes more than wanted are asked for */
};

/* Those that were asked for are not wanted. */
void sftp_forget_pieces(struct sftp_file *file);
