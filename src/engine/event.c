/* What the engine says while it works. */
#include "headgate/strlist.h"
#include "private.h"

const char *engine_event_name(enum engine_event_kind kind)
{
    static const char *const names[] = {
        [EVENT_WAITING] = "waiting",   [EVENT_BEGAN] = "began",
        [EVENT_RESUMED] = "resumed",   [EVENT_STATEMENT] = "statement",
        [EVENT_RETRY] = "retry",       [EVENT_PROGRESS] = "progress",
        [EVENT_REPAIRED] = "repaired", [EVENT_APPLIED] = "applied",
        [EVENT_LOST] = "lost",         [EVENT_NOTICE] = "notice",
        [EVENT_KIND_MAX] = "unknown",
    };
    return names[kind];
}

static void pass(const struct engine *engine, const struct engine_event *event)
{
    const struct engine_observer *observer = &engine->settings.observer;
    if (observer->event != NULL) {
        observer->event(observer->context, event);
    }
}

void engine_say(const struct engine *engine, enum engine_event_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *sentence = mem_vprintf(format, arguments);
    va_end(arguments);
    const struct engine_event event = {
        .kind = kind, .migration = engine->migration, .sentence = sentence};
    pass(engine, &event);
}

void engine_say_done(const struct engine *engine, msec took)
{
    const struct engine_event event = {
        .kind = EVENT_APPLIED, .migration = engine->migration, .took = took};
    pass(engine, &event);
}

/* Statements are done in their order, so each line is counted once. */
static size_t line_at(struct engine *engine, const struct script *script, size_t offset)
{
    struct line_count *count = &engine->lines;
    if (count->text != script->text.text || offset < count->offset) {
        *count = (struct line_count){.text = script->text.text, .line = 1};
    }
    for (; count->offset < offset; count->offset++) {
        count->line += script->text.text[count->offset] == '\n';
    }
    return count->line;
}

void engine_say_statement(struct engine *engine, const struct script *script, size_t statement,
                          msec took)
{
    const struct sql_statement *done = &script->sql.statements[statement];
    const struct engine_event event = {.kind = EVENT_STATEMENT,
                                       .migration = engine->migration,
                                       .line = line_at(engine, script, done->offset),
                                       .verb = done->verb,
                                       .took = took};
    pass(engine, &event);
}

void engine_pass_notices(struct engine *engine)
{
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(engine->db, &notices);
    for (size_t i = 0; i < notices.n; i++) {
        engine_say(engine, EVENT_NOTICE, "%s", notices.items[i]);
    }
}
