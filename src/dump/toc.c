/*
 * The header and the table of contents, field by field, in pieces of any size.
 *
 * A field is a number, a text (a number and so many bytes; -1: none) or some raw bytes. What stands
 * where depends on the format: 1.14 brought the access method, 1.15 the kind of compression, 1.16
 * the kind of relation.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

enum step {
    STEP_MAGIC,
    STEP_ALGORITHM,
    STEP_LEVEL,
    STEP_DATE,
    STEP_DATABASE,
    STEP_SERVER_VERSION,
    STEP_DUMP_VERSION,
    STEP_COUNT,
    STEP_ID,
    STEP_HAD_DUMPER,
    STEP_CATALOG_OID,
    STEP_OID,
    STEP_TAG,
    STEP_KIND,
    STEP_SECTION,
    STEP_DEFINITION,
    STEP_DROP,
    STEP_COPY,
    STEP_SCHEMA,
    STEP_TABLESPACE,
    STEP_ACCESS_METHOD,
    STEP_RELATION_KIND,
    STEP_OWNER,
    STEP_WITH_OIDS,
    STEP_DEPENDENCY,
    STEP_OFFSET,
};

enum shape { SHAPE_RAW, SHAPE_NUMBER, SHAPE_TEXT };

static const struct {
    enum shape shape;
    const char *name;
    int since, until; /* formats; 0: any */
} steps[] = {
    [STEP_MAGIC] = {SHAPE_RAW, "header", 0, 0},
    [STEP_ALGORITHM] = {SHAPE_RAW, "compression", 115, 0},
    [STEP_LEVEL] = {SHAPE_NUMBER, "compression", 0, 114},
    [STEP_DATE] = {SHAPE_NUMBER, "date", 0, 0},
    [STEP_DATABASE] = {SHAPE_TEXT, "database", 0, 0},
    [STEP_SERVER_VERSION] = {SHAPE_TEXT, "server's version", 0, 0},
    [STEP_DUMP_VERSION] = {SHAPE_TEXT, "pg_dump's version", 0, 0},
    [STEP_COUNT] = {SHAPE_NUMBER, "number of entries", 0, 0},
    [STEP_ID] = {SHAPE_NUMBER, "number of an entry", 0, 0},
    [STEP_HAD_DUMPER] = {SHAPE_NUMBER, "mark of data", 0, 0},
    [STEP_CATALOG_OID] = {SHAPE_TEXT, "catalog", 0, 0},
    [STEP_OID] = {SHAPE_TEXT, "oid", 0, 0},
    [STEP_TAG] = {SHAPE_TEXT, "name", 0, 0},
    [STEP_KIND] = {SHAPE_TEXT, "kind", 0, 0},
    [STEP_SECTION] = {SHAPE_NUMBER, "section", 0, 0},
    [STEP_DEFINITION] = {SHAPE_TEXT, "definition", 0, 0},
    [STEP_DROP] = {SHAPE_TEXT, "DROP statement", 0, 0},
    [STEP_COPY] = {SHAPE_TEXT, "COPY statement", 0, 0},
    [STEP_SCHEMA] = {SHAPE_TEXT, "schema", 0, 0},
    [STEP_TABLESPACE] = {SHAPE_TEXT, "tablespace", 0, 0},
    [STEP_ACCESS_METHOD] = {SHAPE_TEXT, "access method", 114, 0},
    [STEP_RELATION_KIND] = {SHAPE_NUMBER, "kind of relation", 116, 0},
    [STEP_OWNER] = {SHAPE_TEXT, "owner", 0, 0},
    [STEP_WITH_OIDS] = {SHAPE_TEXT, "mark of oids", 0, 0},
    [STEP_DEPENDENCY] = {SHAPE_TEXT, "dependency", 0, 0},
    [STEP_OFFSET] = {SHAPE_RAW, "place of the data", 0, 0},
};

#define MAGIC "PGDMP"
#define MAGIC_SIZE (sizeof MAGIC - 1)
#define HEADER_SIZE (MAGIC_SIZE + 6) /* version, sizes, format */
#define DATE_PARTS 7

enum { DATA_NOT_SET = 1, DATA_SET, DATA_NONE }; /* what stands before an offset */

void toc_reader_init(struct toc_reader *reader)
{
    *reader = (struct toc_reader){.text = STRBUF_INIT};
    reader->toc.arena = arena_new();
}

void toc_reader_clear(struct toc_reader *reader)
{
    arena_freep(&reader->toc.arena);
    mem_free(reader->toc.entries);
    strbuf_clear(&reader->text);
}

static bool refuse(struct error *err, const char *what)
{
    (void)error_set(err, ERROR_BACKUP, "cannot read this dump: %s", what);
    return error_hint(err, "Make it with: pg_dump -Fc -Z0");
}

static bool take_header(struct toc_reader *reader, const char *bytes, struct error *err)
{
    const unsigned char *after = (const unsigned char *)bytes + MAGIC_SIZE;
    if (memcmp(bytes, MAGIC, MAGIC_SIZE) != 0) {
        return refuse(err, "it does not begin as pg_dump's custom format does");
    }
    if (after[0] != 1 || after[1] < 12 || after[1] > 16) {
        return error_set(err, ERROR_BACKUP,
                         "cannot read this dump: its format is %d.%d, known are 1.12 to 1.16",
                         after[0], after[1]);
    }
    if (after[5] != 1) {
        return refuse(err, after[5] == 3   ? "it is in pg_dump's tar format"
                           : after[5] == 5 ? "it is in pg_dump's directory format"
                                           : "it is not in pg_dump's custom format");
    }
    if (after[3] != NUMBER_SIZE - 1 || (after[4] != 4 && after[4] != 8)) {
        return refuse(err, "it was made on a machine with integers of another size");
    }
    reader->toc.format = 100 + after[1];
    reader->offset_size = after[4];
    return true;
}

static bool take_compression(struct toc_reader *reader, int64_t value, struct error *err)
{
    static const char *const names[] = {"", "gzip", "lz4", "zstd"};
    reader->toc.compression = (int)value;
    if (value == 0) {
        return true;
    }
    bool is_named = reader->toc.format >= 115 && value > 0 && (uint64_t)value < ARRAY_LEN(names);
    CLEANUP(mem_freep)
    char *what =
        mem_printf("it is compressed%s%s", is_named ? " with " : "",
                   is_named ? names[value] : (reader->toc.format < 115 ? " with gzip" : ""));
    return refuse(err, what);
}

static struct dump_entry *last_entry(struct toc_reader *reader)
{
    return &reader->toc.entries[reader->toc.n - 1];
}

static bool begin_entry(struct toc_reader *reader, int64_t id, uint64_t at, struct error *err)
{
    if (id <= 0) {
        return dump_damaged(err, at, "entry %zu has no number", reader->toc.n + 1);
    }
    if (reader->toc.n == reader->room) {
        reader->room = reader->room * 2 + 64;
        reader->toc.entries =
            mem_resize(reader->toc.entries, reader->room, sizeof *reader->toc.entries);
    }
    reader->toc.entries[reader->toc.n++] = (struct dump_entry){.id = (int)id, .definition = ""};
    return true;
}

static void take_section(struct toc_reader *reader, int64_t value)
{
    static const enum dump_section sections[] = {DUMP_NO_SECTION, DUMP_NO_SECTION, DUMP_PRE_DATA,
                                                 DUMP_DATA, DUMP_POST_DATA};
    last_entry(reader)->section =
        value >= 0 && (uint64_t)value < ARRAY_LEN(sections) ? sections[value] : DUMP_NO_SECTION;
}

static bool take_number(struct toc_reader *reader, int64_t value, uint64_t at, struct error *err)
{
    if (value == NUMBER_BAD) {
        return dump_damaged(err, at, "the %s is no number", steps[reader->step].name);
    }
    switch (reader->step) {
    case STEP_LEVEL:
        return take_compression(reader, value, err);
    case STEP_COUNT:
        reader->expected = value;
        return value >= 0 || dump_damaged(err, at, "the number of entries is negative");
    case STEP_ID:
        return begin_entry(reader, value, at, err);
    case STEP_SECTION:
        take_section(reader, value);
        return true;
    default:
        return true; /* the date, and what says nothing to us */
    }
}

static bool take_oid(struct toc_reader *reader, const char *text, uint64_t at, struct error *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long value = text != NULL ? strtoul(text, &end, 10) : 0;
    if (text == NULL || text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        value > UINT32_MAX) {
        return dump_damaged(err, at, "the oid of entry %d is no number", last_entry(reader)->id);
    }
    last_entry(reader)->oid = (uint32_t)value;
    return true;
}

static bool take_needed(struct toc_reader *reader, const char *text, const char **place,
                        uint64_t at, struct error *err)
{
    *place = text;
    return text != NULL || dump_damaged(err, at, "entry %d has no %s", last_entry(reader)->id,
                                        steps[reader->step].name);
}

/* Is this text kept? */
static bool is_wanted(int step)
{
    return step != STEP_CATALOG_OID && step != STEP_DROP && step != STEP_ACCESS_METHOD &&
           step != STEP_WITH_OIDS && step != STEP_DEPENDENCY;
}

static bool take_text(struct toc_reader *reader, char *text, uint64_t at, struct error *err)
{
    switch (reader->step) {
    case STEP_DATABASE:
        reader->toc.database = text;
        return true;
    case STEP_SERVER_VERSION:
        reader->toc.server_version = text;
        return true;
    case STEP_DUMP_VERSION:
        reader->toc.dump_version = text;
        return true;
    case STEP_OID:
        return take_oid(reader, text, at, err);
    case STEP_TAG:
        return take_needed(reader, text, &last_entry(reader)->tag, at, err);
    case STEP_KIND:
        return take_needed(reader, text, &last_entry(reader)->kind, at, err);
    case STEP_DEFINITION:
        last_entry(reader)->definition = text != NULL ? text : "";
        return true;
    case STEP_COPY:
        last_entry(reader)->copy = text != NULL && text[0] != '\0' ? text : NULL;
        return true;
    case STEP_SCHEMA:
        last_entry(reader)->schema = text != NULL && text[0] != '\0' ? text : NULL;
        return true;
    case STEP_TABLESPACE:
        last_entry(reader)->tablespace = text != NULL && text[0] != '\0' ? text : NULL;
        return true;
    case STEP_OWNER:
        last_entry(reader)->owner = text != NULL && text[0] != '\0' ? text : NULL;
        return true;
    default:
        return true;
    }
}

static size_t raw_size(const struct toc_reader *reader)
{
    return reader->step == STEP_MAGIC       ? HEADER_SIZE
           : reader->step == STEP_ALGORITHM ? 1
                                            : 1 + reader->offset_size;
}

static bool take_raw(struct toc_reader *reader, const char *bytes, uint64_t at, struct error *err)
{
    if (reader->step == STEP_MAGIC) {
        return take_header(reader, bytes, err);
    }
    if (reader->step == STEP_ALGORITHM) {
        return take_compression(reader, (unsigned char)bytes[0], err);
    }
    if (bytes[0] < DATA_NOT_SET || bytes[0] > DATA_NONE) {
        return dump_damaged(err, at, "entry %d does not say whether it has data",
                            last_entry(reader)->id);
    }
    last_entry(reader)->has_data = bytes[0] != DATA_NONE;
    return true;
}

/* To the next field that this format has. */
static void advance(struct toc_reader *reader, bool is_null, bool *ret_done)
{
    int step = reader->step, format = reader->toc.format;
    if ((step == STEP_DATE && ++reader->times < DATE_PARTS) ||
        (step == STEP_DEPENDENCY && !is_null)) {
        return;
    }
    if (step == STEP_COUNT || step == STEP_OFFSET) {
        *ret_done = (int64_t)reader->toc.n == reader->expected;
        reader->step = STEP_ID;
        return;
    }
    do {
        step++;
    } while (format < steps[step].since || (steps[step].until != 0 && format > steps[step].until));
    reader->step = step;
}

/* Gathers bytes until there are so many. */
static bool gather(struct toc_reader *reader, struct cursor *cursor, uint64_t wanted)
{
    uint64_t missing = wanted - reader->text.size;
    size_t n = missing < cursor->n ? (size_t)missing : cursor->n;
    strbuf_add_n(&reader->text, cursor->bytes, n);
    cursor_skip(cursor, n);
    return reader->text.size == wanted;
}

static bool begin_text(struct toc_reader *reader, int64_t size, uint64_t at, struct error *err)
{
    if (size < -1) {
        return dump_damaged(err, at, "the %s has an impossible length", steps[reader->step].name);
    }
    reader->in_text = true;
    reader->left = size;
    return true;
}

/* All of a text is there. */
static bool end_text(struct toc_reader *reader, uint64_t at, bool *ret_done, struct error *err)
{
    bool is_null = reader->left < 0;
    char *text = NULL;
    if (memchr(reader->text.text, '\0', reader->text.size) != NULL) {
        return dump_damaged(err, at, "the %s holds a NUL byte", steps[reader->step].name);
    }
    if (!is_null && is_wanted(reader->step)) {
        text = arena_copy_n(reader->toc.arena, reader->text.text, reader->text.size);
    }
    if (!take_text(reader, text, at, err)) {
        return false;
    }
    strbuf_cut(&reader->text, 0);
    reader->in_text = false;
    advance(reader, is_null, ret_done);
    return true;
}

/* One field, or as much of it as there is. */
static bool take_field(struct toc_reader *reader, struct cursor *cursor, bool *ret_done,
                       struct error *err)
{
    int64_t value;
    if (reader->in_text) {
        uint64_t wanted = reader->left > 0 ? (uint64_t)reader->left : 0;
        return !gather(reader, cursor, wanted) || end_text(reader, cursor->at, ret_done, err);
    }
    if (steps[reader->step].shape == SHAPE_RAW) {
        if (!gather(reader, cursor, raw_size(reader))) {
            return true;
        }
        if (!take_raw(reader, reader->text.text, cursor->at, err)) {
            return false;
        }
        strbuf_cut(&reader->text, 0);
        advance(reader, false, ret_done);
        return true;
    }
    if (!number_take(&reader->number, cursor, &value)) {
        return true;
    }
    if (steps[reader->step].shape == SHAPE_TEXT) {
        return begin_text(reader, value, cursor->at, err) &&
               (value > 0 || end_text(reader, cursor->at, ret_done, err));
    }
    if (!take_number(reader, value, cursor->at, err)) {
        return false;
    }
    advance(reader, false, ret_done);
    return true;
}

bool toc_reader_feed(struct toc_reader *reader, struct cursor *cursor, bool *ret_done,
                     struct error *err)
{
    bool done = false;
    while (cursor->n > 0 && !done) {
        if (!take_field(reader, cursor, &done, err)) {
            return false;
        }
    }
    *ret_done = done;
    return true;
}
