/* What the files of this module share about a document. */
#pragma once

#include "headgate/json.h"
#include "settings.h"
#include "value.h"

struct json_document {
    struct arena *arena;
    const char *path;
    const char *shown; /* the path in messages */
    const char *folder;
    struct strbuf text;
    struct json_sources sources;
    const struct value *root;
    struct problems problems;
    struct problems untold; /* the last one beyond the limit: its caller may still add notes */
    size_t n_untold;
    size_t round; /* how often json_finish told them */
    struct settings settings;
};

struct source document_source(const struct json_document *document);
/* A line that no screen shows is not kept with a problem: a file of one line would be kept with
 * each. */
void document_drop_long_line(struct problem *problem);
/* The text of a place as it stands in the file, cut where it is too long for a message. The result
 * is the caller's. */
char *document_excerpt(const struct json_document *document, const struct place *place);

/* A node below another one. */
struct json_node node_member(const struct json_node *object, const char *key,
                             const struct value *value);

/* --- complaints --- */

/* Notes a mistake at bytes [start, end) of the file. */
struct problem *document_complain(struct json_document *document, size_t start, size_t end,
                                  const char *format, ...) PRINTF_LIKE(4, 5);
/* "\"timeout\" of step \"e2e\" must be <wanted>, not the number 2". */
struct problem *node_complain(const struct json_node *node, const char *wanted);
