/* An open pack, as reading and checking see it. */
#pragma once

#include "pack_private.h"

struct pack_reader {
    int fd;
    char *shown;
    struct pack_footer footer;
    char footer_bytes[PACK_FOOTER_SIZE];
    struct pack_frames frames;
    bool trusted;                       /* its frames were compared with the index a moment ago */
    const struct pack_member **by_name; /* the members, without the last two frames */
};

/* Exactly these bytes of the file: ERROR_IO where they cannot be read, ERROR_BACKUP where there are
 * fewer. */
NODISCARD bool pack_pread(int fd, const char *shown, char *ret_bytes, size_t n, uint64_t at,
                          struct error *err);
