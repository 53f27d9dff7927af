#include "audit_findings.h"

#include <inttypes.h>

void audit_find(struct audit *audit, const char *run, uint64_t number, const char *format, ...)
{
    if ((audit->n_findings & (audit->n_findings + 1)) == 0) { /* doubled at powers of two */
        audit->findings =
            mem_resize(audit->findings, audit->n_findings * 2 + 1, sizeof *audit->findings);
    }
    va_list arguments;
    va_start(arguments, format);
    audit->findings[audit->n_findings++] = (struct audit_finding){
        .run = mem_copy(run), .number = number, .sentence = mem_vprintf(format, arguments)};
    va_end(arguments);
}

void audit_clear(struct audit *audit)
{
    for (size_t i = 0; i < audit->n_findings; i++) {
        mem_free(audit->findings[i].run);
        mem_free(audit->findings[i].sentence);
    }
    mem_free(audit->findings);
    *audit = (struct audit){.findings = NULL};
}

/* --- a chain --- */

void audit_chain_start(struct audit_chain *chain)
{
    *chain = (struct audit_chain){.next = 1};
    memcpy(chain->head, chain_start, sizeof chain->head);
}

void audit_chain_clear(struct audit_chain *chain)
{
    mem_free(TAKE(chain->lines));
    chain->n = 0;
}

const struct audit_line *audit_chain_find(const struct audit_chain *chain, uint64_t number)
{
    for (size_t i = chain->n; i > 0; i--) {
        if (chain->lines[i - 1].number == number) {
            return &chain->lines[i - 1];
        }
    }
    return NULL;
}

static const char *noun(const char *run)
{
    return run != NULL ? "event" : "line";
}

/* One that is not later than what stands before it. */
static void find_displaced(const struct audit_chain *chain, struct audit *audit, const char *run,
                           uint64_t number)
{
    if (audit_chain_find(chain, number) != NULL) {
        audit_find(audit, run, number, "%s %" PRIu64 " is there twice", noun(run), number);
    } else {
        audit_find(audit, run, number, "%s %" PRIu64 " was moved: it stands behind %s %" PRIu64,
                   noun(run), number, noun(run), chain->next - 1);
    }
}

void audit_find_range(struct audit *audit, const char *run, uint64_t from, uint64_t to,
                      const char *fate)
{
    if (from == to) {
        bool is_changed = text_equal(fate, "changed");
        audit_find(audit, run, from, "%s %" PRIu64 " %s %s", noun(run), from,
                   is_changed ? "was" : "is", fate);
    } else if (from < to) {
        bool is_changed = text_equal(fate, "changed");
        audit_find(audit, run, from, "%ss %" PRIu64 " to %" PRIu64 " %s %s", noun(run), from, to,
                   is_changed ? "were" : "are", fate);
    }
}

static void remember(struct audit_chain *chain, const struct audit_line *line)
{
    if ((chain->n & (chain->n + 1)) == 0) { /* doubled at powers of two */
        chain->lines = mem_resize(chain->lines, chain->n * 2 + 1, sizeof *chain->lines);
    }
    chain->lines[chain->n++] = *line;
}

/* The lines that are not good, and a gap before `number`: each of them was an event, as long as
 * there are numbers for it. */
static void settle(struct audit_chain *chain, struct audit *audit, const char *run, uint64_t number)
{
    uint64_t gap = number - chain->next;
    uint64_t n_changed = gap < chain->n_bad ? gap : chain->n_bad;
    audit_find_range(audit, run, chain->next, chain->next + n_changed - 1, "changed");
    audit_find_range(audit, run, chain->next + n_changed, number - 1, "missing");
    if (chain->n_bad > n_changed) {
        audit_find(audit, run, number - 1, "a line behind %s %" PRIu64 " was not written by us",
                   noun(run), number - 1);
    }
    chain->n_bad = 0;
    chain->next = number;
}

void audit_chain_add(struct audit_chain *chain, struct audit *audit, const char *run,
                     const struct audit_line *line, const char *before)
{
    if (line->number < chain->next) {
        find_displaced(chain, audit, run, line->number);
        remember(chain, line);
        return;
    }
    bool follows = text_equal(chain->head, before);
    if (line->number == chain->next && !follows) {
        audit_find(audit, run, line->number,
                   "%s %" PRIu64 " was not written behind the %s that stands before it", noun(run),
                   line->number, noun(run));
    }
    settle(chain, audit, run, line->number);
    chain->next++;
    memcpy(chain->head, line->hash, sizeof chain->head);
    remember(chain, line);
}

void audit_chain_add_bad(struct audit_chain *chain)
{
    chain->n_bad++;
}

void audit_chain_end(struct audit_chain *chain, struct audit *audit, const char *run)
{
    settle(chain, audit, run, chain->next + chain->n_bad);
}
