/* Plans in files: written, read again, and held against the world as it is now. */
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

#define PLAN_LIMIT ((size_t)64 << 20)

/* --- writing --- */

/* From wherever it is applied; a state folder may not be there yet. */
static char *absolute(const char *path)
{
    CLEANUP(mem_freep) char *real = path != NULL ? realpath(path, NULL) : NULL;
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    return real != NULL                     ? mem_copy(real)
           : path == NULL                   ? NULL
           : path[0] == '/' || here == NULL ? mem_copy(path)
                                            : path_join(here, path);
}

static void write_path(struct json_writer *writer, const char *key, const char *path)
{
    CLEANUP(mem_freep) char *whole = absolute(path);
    json_write_member_text(writer, key, whole);
}

static void write_overrides(struct json_writer *writer, const struct plan *plan)
{
    json_write_key(writer, "overrides");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n_overrides; i++) {
        json_write_object(writer);
        json_write_member_text(writer, "policy", plan->overrides[i].policy);
        json_write_member_text(writer, "reason", plan->overrides[i].reason);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static bool write_body(struct json_writer *writer, const struct plan *plan,
                       const struct workflow_source *source, const char *actor, struct error *err)
{
    CLEANUP(json_data_freep) struct json_data *document = NULL;
    CLEANUP(mem_freep) char *made = wall_format(plan->made);
    CLEANUP(mem_freep) char *until = wall_format(plan->valid_until);
    if (!json_data_parse(plan->document, strlen(plan->document), &document, err)) {
        return false;
    }
    json_write_object(writer);
    json_write_member_integer(writer, "format", 1);
    json_write_member_text(writer, "plan", plan->id);
    json_write_member_text(writer, "made", made);
    json_write_member_text(writer, "made_by", actor);
    json_write_member_text(writer, "valid_until", until);
    write_path(writer, "pipeline", source->path);
    write_path(writer, "environments", source->environments);
    write_path(writer, "release", source->release);
    write_path(writer, "state", source->state_folder);
    json_write_member_text(writer, "until", plan->until);
    write_overrides(writer, plan);
    json_write_key(writer, "document");
    json_write_data(writer, document);
    return true;
}

/* Of everything in the file but the seal itself, in canonical form. */
static void seal_of(const struct json_data *data, char ret_seal[HASH_HEX_SIZE])
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < json_data_count(data); i++) {
        const char *key = json_data_key(data, i);
        if (!text_equal(key, "seal")) {
            struct json_writer writer = json_writer_start(&text, false);
            strbuf_printf(&text, "%s%s:", i > 0 ? "\n" : "", key);
            json_write_data(&writer, json_data_member(data, key));
        }
    }
    hash_sha256(text.text, text.size, ret_seal);
}

bool plan_save(const struct plan *plan, const struct workflow_source *source, const char *actor,
               const char *path, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf body = STRBUF_INIT;
    CLEANUP(json_data_freep) struct json_data *data = NULL;
    char seal[HASH_HEX_SIZE];
    struct json_writer writer = json_writer_start(&body, true);
    if (!write_body(&writer, plan, source, actor, err)) {
        return false;
    }
    struct json_writer so_far = writer;
    size_t size = body.size;
    json_write_object_end(&writer);
    if (!json_data_parse(body.text, body.size, &data, err)) {
        return false;
    }
    seal_of(data, seal);
    strbuf_cut(&body, size);
    json_write_member_text(&so_far, "seal", seal);
    json_write_object_end(&so_far);
    strbuf_add_char(&body, '\n');
    return file_write(path, body.text, body.size, 0600, err) ||
           error_prefix(err, "could not save the plan");
}

/* --- reading --- */

static bool not_a_plan(const char *path, const char *why, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "%s is not a plan that can be applied: %s", path, why);
    return error_hint(err, "Make one: headgate plan PIPELINE -o FILE");
}

static char *copy_of(const struct json_data *data, const char *key)
{
    const char *text = json_data_text(data, key);
    return text != NULL ? mem_copy(text) : NULL;
}

static void take_overrides(struct saved_plan *saved)
{
    const struct json_data *list = json_data_member(saved->data, "overrides");
    saved->n_overrides = json_data_count(list);
    saved->overrides = mem_new(saved->n_overrides + 1, sizeof *saved->overrides);
    for (size_t i = 0; i < saved->n_overrides; i++) {
        const struct json_data *item = json_data_item(list, i);
        saved->overrides[i] = (struct policy_override){json_data_text(item, "policy"),
                                                       json_data_text(item, "reason")};
    }
}

static bool take_all(struct saved_plan *saved, struct error *err)
{
    const struct json_data *data = saved->data;
    const char *made = json_data_text(data, "made");
    const char *until = json_data_text(data, "valid_until");
    saved->id = copy_of(data, "plan");
    saved->pipeline = copy_of(data, "pipeline");
    saved->environments = copy_of(data, "environments");
    saved->release = copy_of(data, "release");
    saved->state = copy_of(data, "state");
    saved->until = copy_of(data, "until");
    saved->made_by = copy_of(data, "made_by");
    take_overrides(saved);
    if (saved->id == NULL || saved->pipeline == NULL || made == NULL || until == NULL) {
        return error_set(err, ERROR_CONFIG, "a part is missing");
    }
    return wall_parse(made, &saved->made, err) && wall_parse(until, &saved->valid_until, err);
}

static bool is_as_written(const struct saved_plan *saved)
{
    char seal[HASH_HEX_SIZE], id[HASH_HEX_SIZE];
    CLEANUP(strbuf_clear) struct strbuf document = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&document, false);
    seal_of(saved->data, seal);
    json_write_data(&writer, json_data_member(saved->data, "document"));
    hash_sha256(document.text, document.size, id);
    return text_equal(json_data_text(saved->data, "seal"), seal) && text_equal(saved->id, id);
}

bool plan_load(const char *path, struct saved_plan **ret_saved, struct error *err)
{
    CLEANUP(saved_plan_freep) struct saved_plan *saved = mem_new(1, sizeof *saved);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    if (!file_read(path, PLAN_LIMIT, &text, err)) {
        return false;
    }
    if (!json_data_parse(text.text, text.size, &saved->data, &why) || !take_all(saved, &why)) {
        return not_a_plan(path, why.message, err);
    }
    if (json_data_integer(saved->data, "format", 0) != 1) {
        return not_a_plan(path, "it is of a format that this version does not know", err);
    }
    if (!is_as_written(saved)) {
        return not_a_plan(path, "it was changed after it had been made", err);
    }
    *ret_saved = TAKE(saved);
    return true;
}

void saved_plan_freep(struct saved_plan **saved)
{
    if (*saved == NULL) {
        return;
    }
    mem_free((*saved)->id);
    mem_free((*saved)->pipeline);
    mem_free((*saved)->environments);
    mem_free((*saved)->release);
    mem_free((*saved)->state);
    mem_free((*saved)->until);
    mem_free((*saved)->made_by);
    mem_free((*saved)->overrides);
    json_data_freep(&(*saved)->data);
    mem_free(*saved);
    *saved = NULL;
}
