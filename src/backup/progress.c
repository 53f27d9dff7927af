/* How far a stage is, in words. */
#include <stdarg.h>

#include "private.h"

#define SECOND 1000
#define TOLD_EVERY 250

char *backup_progress_sentence(const struct backup_progress *progress)
{
    CLEANUP(mem_freep) char *done = size_human(progress->done);
    CLEANUP(mem_freep) char *total = size_human(progress->total);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%s: %s", progress->stage, done);
    if (progress->total > 0) {
        strbuf_printf(&text, " of about %s", total);
    }
    if (progress->elapsed >= SECOND && progress->done > 0) {
        double rate = (double)progress->done * SECOND / (double)progress->elapsed;
        CLEANUP(mem_freep) char *shown = size_human((uint64_t)rate);
        strbuf_printf(&text, ", %s/s", shown);
        if (progress->total > progress->done) {
            double left = (double)(progress->total - progress->done) / rate * SECOND;
            CLEANUP(mem_freep) char *time = duration_human((msec)left);
            strbuf_printf(&text, ", %s left", time);
        }
    }
    if (progress->what != NULL) {
        strbuf_printf(&text, " (%s)", progress->what);
    }
    return strbuf_take(&text);
}

struct stage stage_begin(const struct backup_observer *observer, const char *name, uint64_t total)
{
    return (struct stage){
        .observer = observer, .name = name, .total = total, .began = clock_now(), .told = 0};
}

void stage_tell(struct stage *stage, uint64_t done, const char *what)
{
    msec now = clock_now();
    if (stage->observer->progress == NULL || now - stage->told < TOLD_EVERY) {
        return;
    }
    stage->told = now;
    const struct backup_progress progress = {.stage = stage->name,
                                             .done = done,
                                             .total = stage->total,
                                             .what = what,
                                             .elapsed = now - stage->began};
    stage->observer->progress(stage->observer->context, &progress);
}

void stage_end(struct stage *stage, uint64_t done)
{
    msec took = clock_now() - stage->began;
    CLEANUP(mem_freep) char *size = size_human(done);
    CLEANUP(mem_freep) char *time = duration_human(took);
    CLEANUP(mem_freep)
    char *rate = size_human(took > 0 ? done * SECOND / (uint64_t)took : done * SECOND);
    if (done > 0) {
        observer_say(stage->observer, "%s: %s in %s, %s/s", stage->name, size, time, rate);
    } else {
        observer_say(stage->observer, "%s: %s", stage->name, time);
    }
}

void observer_say(const struct backup_observer *observer, const char *format, ...)
{
    if (observer->say == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *sentence = mem_vprintf(format, arguments);
    va_end(arguments);
    observer->say(observer->context, sentence);
}
