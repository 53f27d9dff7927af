/* A run while it runs, event by event, and what is to be said at its end. */
#include "event_line.h"
#include "headgate/clock.h"
#include "headgate/output.h"
#include "live.h"
#include "private.h"

/* --- each event: a line, or an object --- */

static struct json_writer object_start(struct strbuf *out, const char *run)
{
    struct json_writer writer = json_writer_start(out, false);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    json_write_member_text(&writer, "run", run);
    return writer;
}

static void object_end(struct json_writer *writer)
{
    json_write_object_end(writer);
    strbuf_add_char(writer->out, '\n');
    output_write(writer->out->text, writer->out->size);
}

static void print_event_json(const struct record *record, const struct event *event)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *time = wall_format(event->time);
    struct json_writer writer = object_start(&out, record->run);
    json_write_member_integer(&writer, "number", (int64_t)event->number);
    json_write_member_text(&writer, "time", time);
    json_write_member_text(&writer, "kind", event->kind);
    json_write_member_text(&writer, "actor", event->actor);
    if (event->step != NULL) {
        json_write_member_text(&writer, "step", event->step);
    }
    json_write_key(&writer, "data");
    json_write_data(&writer, event->data);
    json_write_member_text(&writer, "hash", event->hash);
    object_end(&writer);
}

static void print_output_json(const struct record *record, const struct run_news *news)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = object_start(&out, record->run);
    json_write_member_text(&writer, "step", news->step);
    json_write_member_text(&writer, "output", news->text);
    object_end(&writer);
}

static void print_event(const struct record *record, const struct event *event)
{
    enum line_weight weight = LINE_ALWAYS;
    CLEANUP(mem_freep) char *line = event_line(record, event, &weight);
    bool shown = weight == LINE_ALWAYS || (weight == LINE_MOMENT && !output_is_live()) ||
                 output_level() == OUTPUT_VERBOSE;
    if (line != NULL && shown) {
        output_print("%s\n", line);
    }
}

static void print_news(const struct record *record, const struct run_news *news)
{
    bool detailed = output_level() == OUTPUT_VERBOSE && news->from_hook;
    if (news->event != NULL && output_json()) {
        print_event_json(record, news->event);
    } else if (news->event != NULL) {
        print_event(record, news->event);
    } else if (news_is_of_stopping(news)) {
        output_progress("%s: %s", news->step != NULL ? news->step : "the run", news->text);
    } else if (detailed && output_json()) {
        print_output_json(record, news);
    } else if (detailed) {
        output_print("%s | %s\n", news->step, news->text);
    }
}

void report_run_news(void *context, const struct record *record, const struct run_news *news)
{
    struct run_screen *screen = context;
    screen_follow(screen, news);
    if (output_json() || output_level() != OUTPUT_QUIET) {
        print_news(record, news);
        output_flush();
    }
    screen_draw(screen, record, false);
}

void report_run_tick(void *context, const struct record *record)
{
    struct run_screen *screen = context;
    screen_draw(screen, record, true);
}

/* --- the end --- */

static size_t count_state(const struct record *record, enum step_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < record->n; i++) {
        n += !record->steps[i].always && record->steps[i].state == state;
    }
    return n;
}

/* "3 of 8 steps are done"; the caller's. */
static char *progress_of(const struct record *record)
{
    size_t n = 0;
    size_t finished = count_state(record, STEP_DONE) + count_state(record, STEP_SKIPPED);
    for (size_t i = 0; i < record->n; i++) {
        n += !record->steps[i].always;
    }
    return mem_printf("%zu of %zu steps %s done", finished, n, finished == 1 ? "is" : "are");
}

static void print_done(const struct record *record)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *time = record_took(record->begun, record->ended);
    CLEANUP(mem_freep) char *digest = short_digest(record->release != NULL ? record->release : "");
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        if (text_equal(step->kind, "deploy") && step->state == STEP_DONE &&
            !strlist_has(&names, step->environment)) {
            strlist_add(&names, step->environment);
        }
    }
    output_print("\nDone in %s.", time);
    for (size_t i = 0; i < names.n; i++) {
        output_print("%s%s", i == 0 ? " " : i + 1 < names.n ? ", " : " and ", names.items[i]);
    }
    if (names.n > 0) {
        output_print(" %s release %s.", names.n == 1 ? "has" : "have", digest);
    }
    output_print("\n");
}

static void print_waits(const struct record *record, const char *progress)
{
    output_print("\nIt waits: %s.\n", progress);
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        if (step->state == STEP_WAITING) {
            output_print("  %s: %s\n", step->id, step->sentence != NULL ? step->sentence : "");
        }
    }
}

/* At the second wish a step is not waited for. */
static bool was_cut_off(const struct record *record)
{
    for (size_t i = 0; i < record->n; i++) {
        if (record->steps[i].state == STEP_CUT) {
            return true;
        }
    }
    return false;
}

static void print_state(const struct record *record)
{
    CLEANUP(mem_freep) char *progress = progress_of(record);
    switch (record->state) {
    case RUN_DONE:
        print_done(record);
        break;
    case RUN_WAITING:
        print_waits(record, progress);
        break;
    case RUN_STOPPED:
        output_print("\nStopped%s: %s.\n", was_cut_off(record) ? "" : " at a safe point", progress);
        break;
    case RUN_CANCELED:
        output_print("\nCanceled: %s.\n", progress);
        break;
    case RUN_FAILED:
        output_print("\nFailed: %s.\n", progress);
        break;
    case RUN_RUNNING:
    case RUN_CUT:
        output_print("\nStopped half-way: %s.\n", progress);
        break;
    }
}

/* What was wrong is in the release or the pipeline, so this run is not gone on with. */
static bool begins_anew(const struct error *failure)
{
    const char *hint = failure != NULL ? failure->hint : NULL;
    return hint != NULL && strstr(hint, "headgate run ") != NULL &&
           strstr(hint, "headgate resume ") == NULL;
}

/* The commands that come next. */
static void find_next(const struct record *record, const struct error *failure,
                      struct strlist *next)
{
    bool asks = false;
    bool resumes = run_state_is_open(record->state) && !begins_anew(failure);
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        asks = asks || (step->state == STEP_WAITING && step->sentence != NULL &&
                        strstr(step->sentence, "approval") != NULL);
    }
    if (record->state == RUN_WAITING && asks) {
        strlist_printf(next, "headgate approve %s", record->run);
    }
    if (record->state == RUN_FAILED && (failure == NULL || failure->code == ERROR_HOOK)) {
        strlist_printf(next, "headgate logs %s", record->run);
    }
    strlist_printf(next, "headgate %s %s", resumes ? "resume" : "show", record->run);
}

static void print_end_json(const struct record *record, const struct strlist *next)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = object_start(&out, record->run);
    json_write_member_text(&writer, "state", run_state_name(record->state));
    json_write_member_text(&writer, "sentence", record->sentence);
    json_write_member_integer(&writer, "events", (int64_t)record->n_events);
    json_write_member_text(&writer, "head", record->head);
    json_write_key(&writer, "next");
    json_write_array(&writer);
    for (size_t i = 0; i < next->n; i++) {
        json_write_text(&writer, next->items[i]);
    }
    json_write_array_end(&writer);
    object_end(&writer);
}

void report_run_end(const struct record *record, const struct error *failure)
{
    CLEANUP(strlist_clear) struct strlist next = STRLIST_INIT;
    output_live_end(false);
    find_next(record, failure, &next);
    if (output_json()) {
        print_end_json(record, &next);
        return;
    }
    print_state(record);
    if (output_level() == OUTPUT_VERBOSE) {
        output_print("Head of its journal: %s\n", record->head);
    }
    bool told = begins_anew(failure) || (failure != NULL && failure->hint != NULL &&
                                         strstr(failure->hint, next.items[next.n - 1]) != NULL);
    for (size_t i = 0; i < next.n && !told; i++) {
        output_print("%s%s%s", i == 0 ? "Next: " : ", then ", next.items[i],
                     i + 1 == next.n ? "\n" : "");
    }
}
