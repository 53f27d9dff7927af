/*
 * Gates: what a step waits for, by what the record says and the clock shows. Nothing is asked of
 * anybody here, so that it can be looked at again whenever something may have changed.
 */
#include "approvals.h"
#include "private.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

void gate_waits_clear(struct gate_waits *waits)
{
    strlist_clear(&waits->sentences);
    mem_free(waits->rejected_by);
    *waits = (struct gate_waits){0};
}

void gate_of_requirements(const struct requirements *require, struct gate *ret_gate)
{
    *ret_gate = (struct gate){
        .approvals = require->approvals,
        .approved_by = require->approved_by,
        .exclude_author = require->exclude_author,
        .windows = require->windows,
        .n_windows = require->n_windows,
        .freezes = require->freezes,
        .n_freezes = require->n_freezes,
    };
}

/* --- how long that is --- */

static int64_t round_up(int64_t usec, int64_t unit)
{
    return (usec + unit - 1) / unit;
}

/* "12 days", "2h 13m", "5m", "40s": never less than is left. */
static char *span(int64_t usec)
{
    if (usec > 48 * HOUR) {
        return mem_printf("%lld days", (long long)round_up(usec, DAY));
    }
    if (usec <= MINUTE) {
        return mem_printf("%llds", (long long)round_up(usec, SECOND));
    }
    long long minutes = round_up(usec, MINUTE);
    return minutes < 60        ? mem_printf("%lldm", minutes)
           : minutes % 60 == 0 ? mem_printf("%lldh", minutes / 60)
                               : mem_printf("%lldh %lldm", minutes / 60, minutes % 60);
}

static void note_until(struct gate_waits *waits, int64_t moment)
{
    if (moment > 0 && (waits->until == 0 || moment < waits->until)) {
        waits->until = moment;
    }
}

/* --- people --- */

static struct approval_demand demand_of(const struct gate *gate, const struct workflow_step *step)
{
    return (struct approval_demand){
        .step = step->id,
        .wanted = gate->approvals,
        .approved_by = gate->approved_by,
        .exclude_author = gate->exclude_author,
        .of_environment = step->gate == NULL,
    };
}

static struct approval_demand *demands_of(const struct workflow *workflow)
{
    struct approval_demand *all = mem_new(workflow->n_all + 1, sizeof *all);
    for (size_t i = 0; i < workflow->n_all; i++) {
        const struct workflow_step *step = &workflow->steps[i];
        struct gate gate = {0};
        if (step->gate == NULL && step->environment != NULL) {
            gate_of_requirements(&step->environment->require, &gate);
        }
        all[i] = demand_of(step->gate != NULL ? step->gate : &gate, step);
    }
    return all;
}

static void check_approvals(const struct gate *gate, const struct record *record,
                            const struct workflow *workflow, const struct workflow_step *step,
                            struct gate_waits *waits)
{
    CLEANUP(mem_freep) struct approval_demand *all = demands_of(workflow);
    const struct approval_demand demand = demand_of(gate, step);
    waits->wanted = (size_t)gate->approvals;
    waits->approvals = approvals_counted(&demand, all, workflow->n_all, record);
    if (waits->approvals < waits->wanted) {
        strlist_printf(&waits->sentences, "%zu of %zu approval%s", waits->approvals, waits->wanted,
                       waits->wanted == 1 ? "" : "s");
    }
}

/* A no to a gate is a no to every deploy behind it that people must approve. */
static void check_rejections(const struct gate *gate, const struct record *record,
                             const struct workflow *workflow, const struct workflow_step *step,
                             struct gate_waits *waits)
{
    for (size_t i = 0; gate->approvals > 0 && record != NULL && i < record->n_approvals; i++) {
        const struct approval *approval = &record->approvals[i];
        const struct workflow_step *about = workflow_find(workflow, approval->step);
        bool concerns = about == step || (step->gate == NULL && about != NULL &&
                                          workflow_comes_before(workflow, about, step));
        if (approval->rejects && concerns && !waits->rejected) {
            waits->rejected = true;
            waits->rejected_by = mem_copy(approval->who);
        }
    }
}

/* --- the clock --- */

static bool check_windows(const struct gate *gate, int64_t now, struct gate_waits *waits,
                          struct error *err)
{
    struct opening opening;
    if (!windows_check(gate->windows, gate->n_windows, now, &opening, err)) {
        return false;
    }
    if (opening.open) {
        return true;
    }
    if (opening.opens == 0) {
        strlist_printf(&waits->sentences, "window %s does not open within a year", opening.text);
        return true;
    }
    CLEANUP(mem_freep) char *left = span(opening.opens - now);
    strlist_printf(&waits->sentences, "window %s opens in %s", opening.text, left);
    note_until(waits, opening.opens);
    return true;
}

static bool check_freezes(const struct gate *gate, int64_t now, struct gate_waits *waits,
                          struct error *err)
{
    struct opening opening;
    const char *zone = gate->n_windows > 0 ? gate->windows[0].zone : NULL;
    if (gate->n_freezes == 0) {
        return true;
    }
    if (!freezes_check(gate->freezes, gate->n_freezes, zone, now, &opening, err)) {
        return false;
    }
    if (opening.open) {
        return true;
    }
    if (opening.opens == 0) {
        strlist_printf(&waits->sentences, "freeze %s does not end within a year", opening.text);
        return true;
    }
    CLEANUP(mem_freep) char *left = span(opening.opens - now);
    strlist_printf(&waits->sentences, "freeze %s ends in %s", opening.text, left);
    note_until(waits, opening.opens);
    return true;
}

/* When the last of the steps that it needs ended; else when the run began. 0: not yet. */
static int64_t soaks_since(const struct record *record, const struct workflow *workflow,
                           const struct workflow_step *step)
{
    int64_t since = record != NULL && step->n_needs == 0 ? record->begun : 0;
    for (size_t i = 0; record != NULL && i < step->n_needs; i++) {
        const struct record_step *needed = record_find(record, workflow->steps[step->needs[i]].id);
        since = needed != NULL && needed->ended > since ? needed->ended : since;
    }
    return since;
}

static void check_soak(const struct gate *gate, const struct record *record,
                       const struct workflow *workflow, const struct workflow_step *step,
                       int64_t now, struct gate_waits *waits)
{
    int64_t since = soaks_since(record, workflow, step);
    int64_t over = (since > 0 ? since : now) + gate->soak * 1000;
    if (gate->soak > 0 && over > now) {
        CLEANUP(mem_freep) char *soak = duration_format(gate->soak);
        CLEANUP(mem_freep) char *left = span(over - now);
        strlist_printf(&waits->sentences, "soak of %s, %s left", soak, left);
        note_until(waits, over);
    }
}

bool gate_check(const struct gate *gate, const struct record *record,
                const struct workflow *workflow, const struct workflow_step *step, int64_t now,
                struct gate_waits *ret_waits, struct error *err)
{
    CLEANUP(gate_waits_clear) struct gate_waits waits = {.sentences = STRLIST_INIT};
    check_rejections(gate, record, workflow, step, &waits);
    check_approvals(gate, record, workflow, step, &waits);
    if (!check_windows(gate, now, &waits, err) || !check_freezes(gate, now, &waits, err)) {
        return false;
    }
    check_soak(gate, record, workflow, step, now, &waits);
    *ret_waits = waits;
    waits = (struct gate_waits){.sentences = STRLIST_INIT};
    return true;
}
