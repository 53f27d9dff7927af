/* How far a stage is, in words. */
#include "headgate/backup.h"

#define SECOND 1000

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
