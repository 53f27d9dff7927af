/* The words of a run's record, for people. */
#include "private.h"

char *record_took(int64_t begun, int64_t ended)
{
    int64_t until = ended > 0 ? ended : wall_now_usec();
    return begun == 0 ? mem_copy("") : duration_human(until > begun ? (until - begun) / 1000 : 0);
}

char *record_when(int64_t usec)
{
    return usec == 0 ? mem_copy("") : wall_short(usec);
}

char *record_digest(const char *digest)
{
    return digest == NULL ? mem_copy("") : short_digest(digest);
}

enum style record_style(enum run_state state)
{
    static const enum style styles[] = {
        [RUN_RUNNING] = STYLE_BOLD, [RUN_WAITING] = STYLE_WARN, [RUN_STOPPED] = STYLE_WARN,
        [RUN_FAILED] = STYLE_BAD,   [RUN_CUT] = STYLE_BAD,      [RUN_DONE] = STYLE_GOOD,
        [RUN_CANCELED] = STYLE_DIM,
    };
    return styles[state];
}

enum style record_step_style(enum step_state state)
{
    static const enum style styles[] = {
        [STEP_OPEN] = STYLE_DIM,     [STEP_RUNNING] = STYLE_BOLD, [STEP_RETRYING] = STYLE_WARN,
        [STEP_WAITING] = STYLE_WARN, [STEP_DONE] = STYLE_GOOD,    [STEP_SKIPPED] = STYLE_DIM,
        [STEP_FAILED] = STYLE_BAD,   [STEP_CUT] = STYLE_BAD,
    };
    return styles[state];
}

/* --- steps --- */

static void take_part(struct strbuf *out, char *text)
{
    strbuf_printf(out, "%s%s", out->size > 0 ? ", " : "", text);
    mem_free(text);
}

char *record_step_remark(const struct record_step *step)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (step->sentence != NULL) {
        take_part(&out, mem_copy(step->sentence));
    } else if (step->applied.n > 0) {
        take_part(&out, mem_printf("%zu applied", step->applied.n));
    }
    if (step->evidence != NULL) {
        take_part(&out, mem_printf("evidence %s", step->evidence));
    }
    if (step->flaky) {
        take_part(&out, mem_printf("flaky: tried %zu times", step->attempts));
    }
    if (step->n_cut > 0) {
        take_part(&out, mem_printf("cut off %zu time%s%s", step->n_cut, step->n_cut == 1 ? "" : "s",
                                   step->state == STEP_DONE ? " and gone on with" : ""));
    }
    if (step->went_on) {
        take_part(&out, mem_copy("the run was to go on all the same"));
    }
    return strbuf_take(&out);
}

static bool same_migrations(const struct strlist *a, const struct strlist *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = text_equal(a->items[i], b->items[i]);
    }
    return same;
}

const struct record_step *record_step_like(const struct record *record,
                                           const struct record_step *step)
{
    for (const struct record_step *before = record->steps; before < step; before++) {
        if (before->applied.n > 0 && same_migrations(&before->applied, &step->applied)) {
            return before;
        }
    }
    return NULL;
}

/* --- the run --- */

char *record_next(const struct record *record)
{
    switch (record->state) {
    case RUN_RUNNING:
        return mem_printf("headgate logs %s -f", record->run);
    case RUN_WAITING:
        return mem_printf("headgate approve %s where that is missing, then headgate resume %s",
                          record->run, record->run);
    case RUN_STOPPED:
    case RUN_FAILED:
    case RUN_CUT:
        return mem_printf("headgate resume %s, or headgate cancel %s", record->run, record->run);
    case RUN_DONE:
    case RUN_CANCELED:
        break;
    }
    return NULL;
}

static const struct {
    const char *kind, *words;
} turns[] = {
    {"run-begun", "begun"},
    {"run-resumed", "resumed"},
    {"run-waiting", "waiting"},
    {"run-stopped", "stopped"},
    {"run-ended", "ended"},
    {"run-cut", "stopped half-way"},
    {"cancel-asked", "asked to stop for good"},
    {"run-canceled", "canceled"},
};

char *record_course(const struct event *event)
{
    const char *words = NULL;
    const char *sentence = json_data_text(event->data, "sentence");
    const char *reason = json_data_text(event->data, "reason");

    for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
        words = text_equal(turns[i].kind, event->kind) ? turns[i].words : words;
    }
    const char *more = sentence != NULL ? sentence : reason;
    return words == NULL
               ? NULL
               : mem_printf("%s%s%s", words, more != NULL ? ": " : "", more != NULL ? more : "");
}

char *record_approval_word(const struct approval *approval)
{
    return mem_printf("%s%s%s", approval->rejects ? "rejected" : "approved",
                      text_equal(approval->how, "signature") ? ", signed" : "",
                      approval->by_author ? ", by the author" : "");
}
