/*
 * Reads a manifest, trusting nothing: an archive may come from anywhere, and its digests only say
 * that it is still what somebody wrote.
 */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "headgate/arena.h"
#include "headgate/json_data.h"
#include "manifest_format.h"

#define FIELD(part_, key_, member_, null_)                                                         \
    {                                                                                              \
        .part = (part_), .key = (key_), .at = offsetof(struct manifest, member_),                  \
        .may_be_null = (null_)                                                                     \
    }

const struct manifest_text manifest_texts[] = {
    FIELD(MANIFEST_TOP, "name", name, false),
    FIELD(MANIFEST_TOP, "environment", environment, false),
    FIELD(MANIFEST_TOP, "release", release, true),
    FIELD(MANIFEST_TOP, "last_migration", last_migration, true),
    FIELD(MANIFEST_TOP, "actor", actor, true),
    FIELD(MANIFEST_TOP, "run", run, true),
    FIELD(MANIFEST_SOURCE, "address", address, false),
    FIELD(MANIFEST_SOURCE, "database", database, false),
    FIELD(MANIFEST_SOURCE, "owner", owner, false),
    FIELD(MANIFEST_SOURCE, "encoding", encoding, false),
    FIELD(MANIFEST_SOURCE, "collate", collate, true),
    FIELD(MANIFEST_SOURCE, "ctype", ctype, true),
    FIELD(MANIFEST_SOURCE, "locale_provider", locale_provider, true),
    FIELD(MANIFEST_SOURCE, "icu_locale", icu_locale, true),
    FIELD(MANIFEST_SOURCE, "lc_monetary", lc_monetary, true),
    FIELD(MANIFEST_SOURCE, "system_identifier", system_identifier, true),
    FIELD(MANIFEST_SOURCE, "database_oid", database_oid, false),
    FIELD(MANIFEST_SOURCE, "server_version", server_version, false),
    FIELD(MANIFEST_SOURCE, "lsn", lsn, true),
    FIELD(MANIFEST_SOURCE, "snapshot", snapshot, true),
    FIELD(MANIFEST_SOURCE, "statistics_reset", statistics_reset, true),
    FIELD(MANIFEST_TOOLS, "headgate", headgate_version, false),
    FIELD(MANIFEST_TOOLS, "pg_dump", pg_dump_version, false),
};
const size_t manifest_n_texts = ARRAY_LEN(manifest_texts);

struct reading {
    struct manifest *manifest;
    struct arena *arena;
    struct error *err;
};

static bool refuse(const struct reading *in, const char *key, const char *wanted)
{
    return error_set(in->err, ERROR_BACKUP, "the manifest is damaged: \"%s\" must be %s", key,
                     wanted);
}

static bool read_text(const struct reading *in, const struct json_data *object, const char *key,
                      bool may_be_null, const char **ret_text)
{
    const struct json_data *member = json_data_member(object, key);
    const char *text = json_data_string(member);
    if (text == NULL && !(may_be_null && json_data_is_null(member))) {
        return refuse(in, key, may_be_null ? "a text or null" : "a text");
    }
    *ret_text = text != NULL ? arena_copy(in->arena, text) : NULL;
    return true;
}

static bool read_number(const struct reading *in, const struct json_data *object, const char *key,
                        int64_t least, int64_t most, int64_t *ret_number)
{
    int64_t number = json_data_integer(object, key, INT64_MIN);
    if (number < least || number > most) {
        return refuse(in, key, least == 0 ? "a number from 0" : "a number");
    }
    *ret_number = number;
    return true;
}

static bool read_count(const struct reading *in, const struct json_data *object, const char *key,
                       uint64_t *ret_number)
{
    int64_t number = 0;
    if (!read_number(in, object, key, 0, INT64_MAX, &number)) {
        return false;
    }
    *ret_number = (uint64_t)number;
    return true;
}

static bool read_truth(const struct reading *in, const struct json_data *object, const char *key,
                       bool *ret_value)
{
    bool value = json_data_truth(object, key, false);
    if (value != json_data_truth(object, key, true)) {
        return refuse(in, key, "true or false");
    }
    *ret_value = value;
    return true;
}

static bool read_part(const struct reading *in, const struct json_data *root, const char *key,
                      bool is_array, const struct json_data **ret_part)
{
    const struct json_data *part = json_data_member(root, key);
    if (is_array ? !json_data_is_array(part) : !json_data_is_object(part)) {
        return refuse(in, key, is_array ? "a list" : "an object");
    }
    *ret_part = part;
    return true;
}

static bool read_fields(const struct reading *in, const struct json_data *object,
                        enum manifest_part part)
{
    for (size_t i = 0; i < manifest_n_texts; i++) {
        const struct manifest_text *text = &manifest_texts[i];
        const char *value = NULL;
        if (text->part != part) {
            continue;
        }
        if (!read_text(in, object, text->key, text->may_be_null, &value)) {
            return false;
        }
        memcpy((char *)in->manifest + text->at, &value, sizeof value);
    }
    return true;
}

static bool read_top(const struct reading *in, const struct json_data *root)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    const char *created = NULL;
    if (!read_fields(in, root, MANIFEST_TOP) || !read_text(in, root, "created", false, &created) ||
        !read_number(in, root, "took_ms", 0, INT64_MAX, &in->manifest->took)) {
        return false;
    }
    return wall_parse(created, &in->manifest->created, &none) ||
           refuse(in, "created", "a moment such as \"2026-11-28T20:30:00.000000Z\"");
}

static bool read_source(const struct reading *in, const struct json_data *root)
{
    const struct json_data *source = NULL, *tools = NULL;
    int64_t version = 0;
    if (!read_part(in, root, "source", false, &source) ||
        !read_part(in, root, "tools", false, &tools) || !read_fields(in, source, MANIFEST_SOURCE) ||
        !read_fields(in, tools, MANIFEST_TOOLS) ||
        !read_number(in, source, "server_version_number", 0, INT_MAX, &version)) {
        return false;
    }
    in->manifest->server_version_number = (int)version;
    return read_truth(in, source, "in_recovery", &in->manifest->in_recovery);
}

static bool read_texts(const struct reading *in, const struct json_data *root, const char *key,
                       struct strlist *ret_texts)
{
    const struct json_data *array = NULL;
    if (!read_part(in, root, key, true, &array)) {
        return false;
    }
    for (size_t i = 0; i < json_data_count(array); i++) {
        const char *text = json_data_string(json_data_item(array, i));
        if (text == NULL) {
            return refuse(in, key, "a list of texts");
        }
        strlist_add(ret_texts, text);
    }
    return true;
}

static bool read_extensions(const struct reading *in, const struct json_data *root)
{
    const struct json_data *array = NULL;
    struct manifest *manifest = in->manifest;
    if (!read_part(in, root, "extensions", true, &array)) {
        return false;
    }
    size_t n = json_data_count(array);
    manifest->extensions = arena_alloc(in->arena, (n + 1) * sizeof *manifest->extensions);
    manifest->n_extensions = n;
    for (size_t i = 0; i < n; i++) {
        struct manifest_extension *extension = &manifest->extensions[i];
        const struct json_data *item = json_data_item(array, i);
        if (!read_text(in, item, "name", false, &extension->name) ||
            !read_text(in, item, "version", false, &extension->version)) {
            return false;
        }
    }
    return true;
}

static bool read_digest(const struct reading *in, const struct json_data *object,
                        struct row_digest *ret_digest)
{
    if (!read_count(in, object, "rows", &ret_digest->rows) ||
        !read_count(in, object, "bytes", &ret_digest->bytes)) {
        return false;
    }
    return row_digest_parse(json_data_text(object, "digest"), ret_digest) ||
           refuse(in, "digest", "32 digits of hex");
}

/* A block that does not lie in the dump would be read from somewhere else. */
static bool read_table(const struct reading *in, const struct json_data *item,
                       struct manifest_table *table)
{
    int64_t dump_id = 0;
    if (!read_text(in, item, "schema", false, &table->schema) ||
        !read_text(in, item, "name", false, &table->name) ||
        !read_number(in, item, "dump_id", 0, INT_MAX, &dump_id) ||
        !read_count(in, item, "at", &table->at) || !read_count(in, item, "size", &table->size) ||
        !read_digest(in, item, &table->digest) ||
        !read_number(in, item, "inserted", -1, INT64_MAX, &table->inserted) ||
        !read_number(in, item, "updated", -1, INT64_MAX, &table->updated) ||
        !read_number(in, item, "deleted", -1, INT64_MAX, &table->deleted)) {
        return false;
    }
    table->dump_id = (int)dump_id;
    return (table->at <= in->manifest->dump_size &&
            table->size <= in->manifest->dump_size - table->at) ||
           refuse(in, "at", "a place within the dump");
}

static bool read_tables(const struct reading *in, const struct json_data *root)
{
    const struct json_data *array = NULL;
    struct manifest *manifest = in->manifest;
    if (!read_part(in, root, "tables", true, &array)) {
        return false;
    }
    size_t n = json_data_count(array);
    manifest->tables = arena_alloc(in->arena, (n + 1) * sizeof *manifest->tables);
    manifest->n_tables = n;
    for (size_t i = 0; i < n; i++) {
        if (!read_table(in, json_data_item(array, i), &manifest->tables[i])) {
            return false;
        }
    }
    return true;
}

static bool read_contents(const struct reading *in, const struct json_data *root)
{
    struct manifest *manifest = in->manifest;
    const struct json_data *dump = NULL;
    const struct json_data *blobs = json_data_member(root, "large_objects");
    uint64_t sequences = 0;
    if (!read_part(in, root, "dump", false, &dump) ||
        !read_count(in, dump, "size", &manifest->dump_size) ||
        !read_count(in, dump, "toc_end", &manifest->toc_end) ||
        !read_count(in, dump, "sequences", &sequences)) {
        return false;
    }
    manifest->n_sequences = (size_t)sequences;
    manifest->has_blobs = json_data_is_object(blobs);
    if (!manifest->has_blobs && !json_data_is_null(blobs)) {
        return refuse(in, "large_objects", "an object or null");
    }
    if (manifest->toc_end > manifest->dump_size) {
        return refuse(in, "toc_end", "a place within the dump");
    }
    return !manifest->has_blobs || read_digest(in, blobs, &manifest->blobs);
}

static bool check_format(const struct reading *in, const struct json_data *root)
{
    int64_t format = json_data_integer(root, "format", 0);
    if (format < 1) {
        return error_set(in->err, ERROR_BACKUP, "this is no manifest of a backup");
    }
    if (format > MANIFEST_FORMAT) {
        (void)error_set(in->err, ERROR_BACKUP,
                        "the backup has format %" PRId64 ", and this version knows those up to %d",
                        format, MANIFEST_FORMAT);
        return error_hint(in->err, "Read it with the version of headgate that made it, or with a "
                                   "newer one.");
    }
    return true;
}

bool manifest_parse(const char *text, size_t size, struct manifest **ret_manifest,
                    struct error *err)
{
    CLEANUP(json_data_freep) struct json_data *root = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!json_data_parse(text, size, &root, &failure)) {
        return error_set(err, ERROR_BACKUP, "the manifest is damaged: %s", failure.message);
    }
    CLEANUP(manifest_freep) struct manifest *manifest = mem_new(1, sizeof *manifest);
    manifest->arena = arena_new();
    const struct reading in = {manifest, manifest->arena, err};
    const struct json_data *members = NULL; /* the archive's index has them */
    if (!check_format(&in, root) || !read_top(&in, root) || !read_source(&in, root) ||
        !read_texts(&in, root, "database_settings", &manifest->database_settings) ||
        !read_texts(&in, root, "roles", &manifest->roles) ||
        !read_texts(&in, root, "superusers", &manifest->superusers) ||
        !read_texts(&in, root, "memberships", &manifest->memberships) ||
        !read_extensions(&in, root) || !read_contents(&in, root) || !read_tables(&in, root) ||
        !read_part(&in, root, "members", true, &members)) {
        return false;
    }
    *ret_manifest = TAKE(manifest);
    return true;
}

void manifest_freep(struct manifest **manifest)
{
    struct manifest *gone = TAKE(*manifest);
    if (gone == NULL) {
        return;
    }
    strlist_clear(&gone->database_settings);
    strlist_clear(&gone->roles);
    strlist_clear(&gone->superusers);
    strlist_clear(&gone->memberships);
    arena_freep(&gone->arena);
    mem_free(gone);
}

uint64_t manifest_rows(const struct manifest *manifest)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < manifest->n_tables; i++) {
        rows += manifest->tables[i].digest.rows;
    }
    return rows;
}
