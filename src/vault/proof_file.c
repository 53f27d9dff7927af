/* A proof as a file beside its archive. It counts only for the very file that was verified. */
#include "headgate/file.h"
#include "headgate/json_data.h"
#include "private.h"

#define FORMAT 1

static void write_facts(struct json_writer *writer, const struct proof *proof)
{
    CLEANUP(mem_freep) char *time = wall_format(proof->time);
    json_write_member_text(writer, "level", proof_level_name(proof->level));
    json_write_member_bool(writer, "failed", proof->failed);
    json_write_member_text(writer, "why", proof->why);
    json_write_member_text(writer, "time", time);
    json_write_member_text(writer, "actor", proof->actor);
    json_write_member_integer(writer, "took_ms", proof->took);
    json_write_member_text(writer, "server_version", proof->server_version);
    json_write_member_integer(writer, "tables", (int64_t)proof->tables);
    json_write_member_integer(writer, "rows", (int64_t)proof->rows);
    json_write_key(writer, "not_proven");
    json_write_array(writer);
    for (size_t i = 0; i < proof->not_proven.n; i++) {
        json_write_text(writer, proof->not_proven.items[i]);
    }
    json_write_array_end(writer);
}

bool vault_write_proof(const struct vault *vault, const struct vault_item *item,
                       const struct proof *proof, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *folder = path_parent(item->path);
    CLEANUP(depot_clear) struct depot other = {0};
    const struct depot *depot = depot_of(vault, folder, &other); /* beside the archive */
    CLEANUP(mem_freep) char *file = mem_printf("%s" PROOF_END, item->name);
    struct json_writer writer = json_writer_start(&text, true);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", FORMAT);
    json_write_member_text(&writer, "backup", item->name);
    json_write_member_text(&writer, "archive", proof->archive);
    json_write_member_text(&writer, "file", item->digest);
    write_facts(&writer, proof);
    json_write_object_end(&writer);
    strbuf_add_char(&text, '\n');
    if (!depot->kind->write_small(depot, file, &text, err)) {
        return error_prefix(err, "could not keep the proof of backup %s", item->name);
    }
    return true;
}

static uint64_t count_of(const struct json_data *root, const char *key)
{
    int64_t number = json_data_integer(root, key, 0);
    return number > 0 ? (uint64_t)number : 0;
}

/* "file" is the item's digest when it was verified: also of one that is not encrypted, whose
 * "archive" is the same. */
static bool is_of(const struct json_data *root, const char *name, const char *digest)
{
    const char *file = json_data_text(root, "file");
    return json_data_integer(root, "format", 0) == FORMAT && digest[0] != '\0' &&
           text_equal(json_data_text(root, "backup"), name) && text_equal(file, digest);
}

void proof_read(const struct depot *depot, const char *name, const char *digest,
                struct proof *proof)
{
    CLEANUP(json_data_freep) struct json_data *root = NULL;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *file = mem_printf("%s" PROOF_END, name);
    int64_t time = 0;
    if (!depot->kind->read_small(depot, file, &text, &none) ||
        !json_data_parse(text.text, text.size, &root, &none) || !is_of(root, name, digest)) {
        return;
    }
    const char *moment = json_data_text(root, "time");
    if (moment == NULL || !wall_parse(moment, &time, &none)) {
        return;
    }
    const struct json_data *sentences = json_data_member(root, "not_proven");
    *proof = (struct proof){
        .level = proof_level_named(json_data_text(root, "level")),
        .failed = json_data_truth(root, "failed", true),
        .why = mem_copy(json_data_text(root, "why")),
        .time = time,
        .actor = mem_copy(json_data_text(root, "actor")),
        .archive = mem_copy(json_data_text(root, "archive")),
        .took = (msec)count_of(root, "took_ms"),
        .server_version = mem_copy(json_data_text(root, "server_version")),
        .tables = count_of(root, "tables"),
        .rows = count_of(root, "rows"),
    };
    for (size_t i = 0; i < json_data_count(sentences); i++) {
        const char *sentence = json_data_string(json_data_item(sentences, i));
        strlist_add(&proof->not_proven, sentence != NULL ? sentence : "");
    }
}
