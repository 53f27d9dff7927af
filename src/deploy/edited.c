/* Where a migration was edited: the first line that is not what was applied, as it was recorded. */
#include <string.h>

#include "private.h"

static size_t line_length(const char *text)
{
    return strcspn(text, "\r\n");
}

/* Behind the line and its break, whichever it is. */
static const char *next_line(const char *text)
{
    text += line_length(text);
    text += *text == '\r' ? 1 : 0;
    return text + (*text == '\n' ? 1 : 0);
}

static bool same_line(const char *a, const char *b)
{
    size_t n = line_length(a);
    return n == line_length(b) && memcmp(a, b, n) == 0;
}

static void show_difference(struct deploy_plan *plan, const struct plan_item *item,
                            const struct strbuf *text, const char *recorded)
{
    const struct source source = {item->migration->path, text->text, text->size};
    const char *now = text->text, *before = recorded;
    while (*now != '\0' && *before != '\0' && same_line(now, before)) {
        now = next_line(now);
        before = next_line(before);
    }
    struct problem *problem =
        problem_add(&plan->refusal.problems, &source, (size_t)(now - text->text), line_length(now),
                    "this is the first line that is not what was applied");
    if (*before == '\0') {
        problem_note(problem, "what was applied ends before it");
    } else {
        problem_note(problem, "applied was: %.*s", (int)line_length(before), before);
    }
}

bool plan_show_edit(struct deploy_plan *plan, struct db *db, msec deadline, struct error *err)
{
    CLEANUP(mem_freep) char *recorded = NULL;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    const struct plan_item *item = plan_first_of(plan, MIGRATION_EDITED);
    if (item == NULL || plan->refusal_about != item || !plan->history->recorded) {
        return true;
    }
    if (!history_recorded_text(db, item->row->id, deadline, &recorded, err) ||
        (recorded != NULL && !migration_load(item->migration, &text, err))) {
        return false;
    }
    if (recorded != NULL) {
        show_difference(plan, item, &text, recorded);
    }
    return true;
}
