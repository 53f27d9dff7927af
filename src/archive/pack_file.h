/* An open pack, as reading and checking see it. */
#pragma once

#include "pack_private.h"

struct pack_reader {
    struct pack_source source;
    int fd; /* -1: there is only the source */
    char *shown;
    struct pack_footer footer;
    char footer_bytes[PACK_FOOTER_SIZE];
    struct pack_frames frames;
    bool trusted;                       /* its frames were compared with the index a moment ago */
    const struct pack_member **by_name; /* the members, without the last two frames */
};

/* Exactly these bytes of the file: ERROR_IO where they cannot be read, ERROR_BACKUP where there are
 * fewer. */
NODISCARD bool pack_read_at(const struct pack_reader *reader, char *ret_bytes, size_t n,
                            uint64_t at, struct error *err);
NODISCARD bool pack_size_now(const struct pack_reader *reader, uint64_t *ret_size,
                             struct error *err);
