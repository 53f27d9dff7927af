/* The live block of a run: each step that is at work, and what it does. */
#include "live.h"

#include "event_line.h"
#include "headgate/clock.h"
#include "headgate/output.h"
#include "private.h"

#define LINES_SHOWN 3
#define REDRAW 100 /* a hook may write faster than anybody reads */

struct run_screen *run_screen_new(void)
{
    return mem_new(1, sizeof(struct run_screen));
}

void run_screen_freep(struct run_screen **screen)
{
    if (*screen == NULL) {
        return;
    }
    for (size_t i = 0; i < (*screen)->n; i++) {
        mem_free((*screen)->steps[i].id);
        mem_free((*screen)->steps[i].doing);
        strlist_clear(&(*screen)->steps[i].lines);
    }
    mem_free((*screen)->steps);
    mem_free(*screen);
    *screen = NULL;
}

/* --- what happens --- */

static struct screen_step *step_of(struct run_screen *screen, const char *id)
{
    for (size_t i = 0; i < screen->n; i++) {
        if (text_equal(screen->steps[i].id, id)) {
            return &screen->steps[i];
        }
    }
    screen->steps = mem_resize(screen->steps, screen->n + 1, sizeof *screen->steps);
    screen->steps[screen->n] = (struct screen_step){.id = mem_copy(id)};
    return &screen->steps[screen->n++];
}

static void set_doing(struct screen_step *step, char *doing)
{
    mem_free(step->doing);
    step->doing = doing;
}

static void add_line(struct screen_step *step, const char *text)
{
    if (step->lines.n == LINES_SHOWN) {
        mem_free(step->lines.items[0]);
        step->lines.n--;
        memmove(step->lines.items, step->lines.items + 1,
                step->lines.n * sizeof *step->lines.items);
    }
    strlist_add(&step->lines, text);
}

static void follow_event(struct screen_step *step, const struct event *event)
{
    char *doing = event_doing(event);
    if (text_equal(event->kind, "step-begun") || text_equal(event->kind, "step-ended")) {
        strlist_clear(&step->lines);
        set_doing(step, NULL);
    } else if (text_equal(event->kind, "step-retrying")) {
        CLEANUP(mem_freep) char *pause = duration_human(json_data_integer(event->data, "in", 0));
        set_doing(step, mem_printf("tried again in %s", pause));
    } else if (doing != NULL) {
        set_doing(step, TAKE(doing));
    }
    mem_free(doing);
}

bool news_is_of_stopping(const struct run_news *news)
{
    return news->stopping;
}

void screen_follow(struct run_screen *screen, const struct run_news *news)
{
    const char *id = news->event != NULL ? news->event->step : news->step;
    if (news->event != NULL && id != NULL) {
        follow_event(step_of(screen, id), news->event);
    } else if (news_is_of_stopping(news)) {
        screen->stopping = true;
    } else if (news->text != NULL && news->from_hook) {
        add_line(step_of(screen, id), news->text);
    } else if (news->text != NULL && id != NULL) {
        set_doing(step_of(screen, id), mem_copy(news->text));
    }
}

/* --- the block --- */

static const struct look {
    const char *word; /* NULL: not at work */
    enum style style;
} looks[] = {
    [STEP_OPEN] = {NULL, STYLE_PLAIN},          [STEP_RUNNING] = {"running", STYLE_BOLD},
    [STEP_RETRYING] = {"retrying", STYLE_WARN}, [STEP_WAITING] = {"waiting", STYLE_WARN},
    [STEP_DONE] = {NULL, STYLE_PLAIN},          [STEP_SKIPPED] = {NULL, STYLE_PLAIN},
    [STEP_FAILED] = {NULL, STYLE_PLAIN},        [STEP_CUT] = {NULL, STYLE_PLAIN},
};

/* Whole seconds, so that nothing flickers. */
static char *elapsed(const struct record_step *step, int64_t now)
{
    int64_t seconds = step->begun > 0 && now > step->begun ? (now - step->begun) / 1000000 : 0;
    return seconds < 60 ? mem_printf("%lld s", (long long)seconds) : duration_human(seconds * 1000);
}

static void add_step(struct run_screen *screen, const struct record *record,
                     const struct record_step *step, int widest, struct strbuf *out)
{
    const struct look *look = &looks[step->state];
    const struct screen_step *seen = step_of(screen, step->id);
    bool color = output_color_stdout();
    CLEANUP(mem_freep) char *time = elapsed(step, wall_now_usec());
    CLEANUP(mem_freep) char *wait = step_wait(record, step);
    CLEANUP(mem_freep) char *word = mem_printf("%-8s", look->word);
    strbuf_printf(out, "  %-*s  ", widest, step->id);
    style_add(out, color, look->style, word);
    strbuf_printf(out, "  %6s  ", time);
    strbuf_add(out, wait != NULL ? wait : seen->doing != NULL ? seen->doing : "");
    strbuf_trim_end(out);
    strbuf_add_char(out, '\n');
    for (size_t i = 0; i < seen->lines.n; i++) {
        strbuf_add(out, "    | ");
        style_add(out, color, STYLE_DIM, seen->lines.items[i]);
        strbuf_add_char(out, '\n');
    }
}

static void add_open(const struct record *record, struct strbuf *out)
{
    const char *gap = "  then ";
    for (size_t i = 0; i < record->n; i++) {
        if (record->steps[i].state == STEP_OPEN || record->steps[i].state == STEP_CUT) {
            strbuf_printf(out, "%s%s", gap, record->steps[i].id);
            gap = ", ";
        }
    }
    strbuf_add(out, gap[0] == ',' ? "\n" : "");
}

static void write_block(struct run_screen *screen, const struct record *record, struct strbuf *out)
{
    int widest = 0;
    for (size_t i = 0; i < record->n; i++) {
        int width = (int)strlen(record->steps[i].id);
        widest = looks[record->steps[i].state].word != NULL && width > widest ? width : widest;
    }
    for (size_t i = 0; i < record->n; i++) {
        if (looks[record->steps[i].state].word != NULL) {
            add_step(screen, record, &record->steps[i], widest, out);
        }
    }
    add_open(record, out);
    style_add(out, output_color_stdout(), screen->stopping ? STYLE_WARN : STYLE_DIM,
              screen->stopping ? "stopping at the next safe point; Ctrl-C again stops now"
                               : "Ctrl-C stops at the next safe point");
    strbuf_add_char(out, '\n');
}

void screen_draw(struct run_screen *screen, const struct record *record, bool tick)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    msec now = clock_now();
    if (!output_is_live() || (!tick && now < screen->drawn + REDRAW)) {
        return;
    }
    screen->drawn = now;
    write_block(screen, record, &out);
    output_live(out.text, out.size);
}
