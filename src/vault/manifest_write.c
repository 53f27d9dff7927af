/* The manifest as JSON. What is not known is written as null: a member that is missing was lost. */
#include <string.h>

#include "headgate/json_write.h"
#include "headgate/manifest.h"
#include "manifest_format.h"

static void write_count(struct json_writer *writer, const char *key, uint64_t number)
{
    json_write_member_integer(writer, key, (int64_t)number);
}

static void write_texts(struct json_writer *writer, const char *key, const struct strlist *texts)
{
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < texts->n; i++) {
        json_write_text(writer, texts->items[i]);
    }
    json_write_array_end(writer);
}

static void write_fields(struct json_writer *writer, const struct manifest *manifest,
                         enum manifest_part part)
{
    for (size_t i = 0; i < manifest_n_texts; i++) {
        const struct manifest_text *text = &manifest_texts[i];
        if (text->part == part) {
            const char *value = NULL;
            memcpy(&value, (const char *)manifest + text->at, sizeof value);
            json_write_member_text(writer, text->key, value);
        }
    }
}

static void write_source(struct json_writer *writer, const struct manifest *manifest)
{
    json_write_key(writer, "source");
    json_write_object(writer);
    write_fields(writer, manifest, MANIFEST_SOURCE);
    json_write_member_integer(writer, "server_version_number", manifest->server_version_number);
    json_write_member_bool(writer, "in_recovery", manifest->in_recovery);
    json_write_object_end(writer);
    json_write_key(writer, "tools");
    json_write_object(writer);
    write_fields(writer, manifest, MANIFEST_TOOLS);
    json_write_object_end(writer);
}

static void write_extensions(struct json_writer *writer, const struct manifest *manifest)
{
    json_write_key(writer, "extensions");
    json_write_array(writer);
    for (size_t i = 0; i < manifest->n_extensions; i++) {
        json_write_object(writer);
        json_write_member_text(writer, "name", manifest->extensions[i].name);
        json_write_member_text(writer, "version", manifest->extensions[i].version);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void write_digest(struct json_writer *writer, const struct row_digest *digest)
{
    CLEANUP(mem_freep) char *text = row_digest_format(digest);
    write_count(writer, "rows", digest->rows);
    write_count(writer, "bytes", digest->bytes);
    json_write_member_text(writer, "digest", text);
}

static void write_table(struct json_writer *writer, const struct manifest_table *table)
{
    json_write_object(writer);
    json_write_member_text(writer, "schema", table->schema);
    json_write_member_text(writer, "name", table->name);
    json_write_member_integer(writer, "dump_id", table->dump_id);
    write_count(writer, "at", table->at);
    write_count(writer, "size", table->size);
    write_digest(writer, &table->digest);
    json_write_member_integer(writer, "inserted", table->inserted);
    json_write_member_integer(writer, "updated", table->updated);
    json_write_member_integer(writer, "deleted", table->deleted);
    json_write_object_end(writer);
}

static void write_dump(struct json_writer *writer, const struct manifest *manifest)
{
    json_write_key(writer, "dump");
    json_write_object(writer);
    write_count(writer, "size", manifest->dump_size);
    write_count(writer, "toc_end", manifest->toc_end);
    write_count(writer, "sequences", manifest->n_sequences);
    json_write_object_end(writer);
    json_write_key(writer, "large_objects");
    if (manifest->has_blobs) {
        json_write_object(writer);
        write_digest(writer, &manifest->blobs);
        json_write_object_end(writer);
    } else {
        json_write_text(writer, NULL);
    }
    json_write_key(writer, "tables");
    json_write_array(writer);
    for (size_t i = 0; i < manifest->n_tables; i++) {
        write_table(writer, &manifest->tables[i]);
    }
    json_write_array_end(writer);
}

static void write_members(struct json_writer *writer, const struct manifest *manifest)
{
    json_write_key(writer, "members");
    json_write_array(writer);
    for (size_t i = 0; i < manifest->n_members; i++) {
        json_write_object(writer);
        json_write_member_text(writer, "name", manifest->members[i].name);
        write_count(writer, "size", manifest->members[i].size);
        json_write_member_text(writer, "sha256", manifest->members[i].sha256);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

void manifest_write_facts(const struct manifest *manifest, struct json_writer *writer)
{
    CLEANUP(mem_freep) char *created = wall_format(manifest->created);
    json_write_member_integer(writer, "format", MANIFEST_FORMAT);
    write_fields(writer, manifest, MANIFEST_TOP);
    json_write_member_text(writer, "created", created);
    json_write_member_integer(writer, "took_ms", manifest->took);
    write_source(writer, manifest);
}

void manifest_write_contents(const struct manifest *manifest, struct json_writer *writer)
{
    write_texts(writer, "database_settings", &manifest->database_settings);
    write_texts(writer, "roles", &manifest->roles);
    write_texts(writer, "superusers", &manifest->superusers);
    write_texts(writer, "memberships", &manifest->memberships);
    write_extensions(writer, manifest);
    write_dump(writer, manifest);
}

void manifest_write(const struct manifest *manifest, struct strbuf *out)
{
    struct json_writer writer = json_writer_start(out, true);
    json_write_object(&writer);
    manifest_write_facts(manifest, &writer);
    manifest_write_contents(manifest, &writer);
    write_members(&writer, manifest);
    json_write_object_end(&writer);
    strbuf_add_char(out, '\n');
}
