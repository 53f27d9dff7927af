/* The state of one environment in a few words, for people and for programs. */
#include "private.h"

static void add_count(struct strbuf *out, size_t n, const char *word)
{
    if (n > 0) {
        strbuf_printf(out, "%s%zu %s", out->size > 0 ? ", " : "", n, word);
    }
}

char *plan_summary(const struct deploy_plan *plan, enum style *ret_style)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (plan->refusal.code == ERROR_LOCKED) {
        *ret_style = STYLE_WARN;
        return mem_copy("a deploy is at work");
    }
    add_count(&out, plan->count[MIGRATION_FAILED], "failed");
    add_count(&out, plan->count[MIGRATION_EDITED], "edited");
    add_count(&out, plan->count[MIGRATION_MISSING], "not in this release");
    add_count(&out, plan->count[MIGRATION_OUT_OF_ORDER], "out of order");
    *ret_style = out.size > 0 ? STYLE_BAD : STYLE_WARN;
    add_count(&out, plan->count[MIGRATION_UNFINISHED], "unfinished");
    add_count(&out, plan->count[MIGRATION_PENDING], "pending");
    if (out.size == 0) {
        *ret_style = STYLE_GOOD;
        strbuf_add(&out, "up to date");
    }
    return strbuf_take(&out);
}

const char *plan_word(const struct deploy_plan *plan)
{
    if (plan->count[MIGRATION_FAILED] + plan->count[MIGRATION_EDITED] +
            plan->count[MIGRATION_MISSING] + plan->count[MIGRATION_OUT_OF_ORDER] >
        0) {
        return "attention";
    }
    return plan->count[MIGRATION_PENDING] + plan->count[MIGRATION_UNFINISHED] > 0 ? "pending"
                                                                                  : "up_to_date";
}
