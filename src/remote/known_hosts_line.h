/* The lines of a known_hosts file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A piece of the file's text. */
struct piece {
    const char *text;
    size_t size;
};

enum marker { MARKER_NONE, MARKER_REVOKED, MARKER_AUTHORITY };

/* What stands in a line; whether it is a key is not looked at yet. */
struct known_line {
    size_t number;
    enum marker marker;
    struct piece hosts, type, key;
};

struct known_reader {
    struct piece rest;
    size_t number; /* of the line read last */
};
/* The next line that says something. Blank ones, comments and what nobody could have meant are
 * passed over: one line of garbage must not hide the others. */
bool known_reader_next(struct known_reader *reader, struct known_line *ret_line);

/* Its key as it goes over the wire. False: it is none, or of another type than the line says. The
 * caller's. */
bool known_line_key(const struct known_line *line, unsigned char **ret_key, size_t *ret_size);

/* "db1", "[db1]:2222": as a file names a host on that port; in lower case. The caller's. */
char *known_name(const char *host, int port);
/* Whether the hosts of a line, a list of patterns or a hash, mean this name. */
bool known_hosts_match(struct piece hosts, const char *name);
