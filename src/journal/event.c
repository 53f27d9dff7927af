#include "event.h"

#include "headgate/clock.h"

void event_write(struct strbuf *line, const struct event *event, const struct entry *entry,
                 const char *before)
{
    char hash[HASH_HEX_SIZE];
    CLEANUP(mem_freep) char *time = wall_format(event->time);
    struct json_writer writer = json_writer_start(line, false);
    json_write_object(&writer);
    json_write_member_integer(&writer, "number", (int64_t)event->number);
    json_write_member_text(&writer, "time", time);
    json_write_member_text(&writer, "kind", entry->kind);
    json_write_member_text(&writer, "actor", entry->actor);
    if (entry->step != NULL) {
        json_write_member_text(&writer, "step", entry->step);
    }
    if (event->token > 0) {
        json_write_member_integer(&writer, "token", (int64_t)event->token);
    }
    if (entry->seals) {
        json_write_member_bool(&writer, "seals", true);
    }
    strbuf_printf(line, ",\"data\":%s", entry->data != NULL ? entry->data : "{}");
    chain_close(line, before, hash);
}

static bool fill(struct stored_event *stored)
{
    const struct json_data *json = stored->line.json;
    struct event *event = &stored->event;
    const char *time = json_data_text(json, "time");
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    int64_t number = json_data_integer(json, "number", 0);
    int64_t token = json_data_integer(json, "token", 0);
    *event = (struct event){.number = (uint64_t)number,
                            .kind = json_data_text(json, "kind"),
                            .actor = json_data_text(json, "actor"),
                            .step = json_data_text(json, "step"),
                            .data = json_data_member(json, "data"),
                            .token = (uint64_t)token,
                            .hash = stored->line.hash};
    stored->seals = json_data_truth(json, "seals", false);
    return number > 0 && token >= 0 && time != NULL && wall_parse(time, &event->time, &ignored) &&
           event->kind != NULL && event->actor != NULL && json_data_is_object(event->data);
}

struct stored_event *event_read(const char *line, size_t size)
{
    CLEANUP(stored_event_freep)
    struct stored_event *event = mem_new(1, sizeof *event);
    if (!chain_read(line, size, &event->line) || !fill(event)) {
        return NULL;
    }
    return TAKE(event);
}

void stored_event_freep(struct stored_event **event)
{
    if (*event != NULL) {
        chain_line_clear(&(*event)->line);
        mem_free(TAKE(*event));
    }
}
