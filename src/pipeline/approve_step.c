/*
 * Which step an answer is about. What can be answered is told by the plan that the run was begun
 * with, not by today's files: those may say something else by now.
 */
#include "approve.h"
#include "headgate/file.h"
#include "private.h"

char *answer_about(const struct answer *answer)
{
    return mem_printf("%s \"%s\"", answer->demand->of_environment ? "step" : "gate",
                      answer->demand->step);
}

/* --- what the plan demands --- */

/* A path in the plan starts from the file that names it. */
static const char *signers_of(struct answer *answer, const struct json_data *demands,
                              const char *named_in)
{
    const char *path = json_data_text(demands, "approved_by");
    if (path == NULL || named_in == NULL) {
        return path;
    }
    CLEANUP(mem_freep) char *folder = path_parent(named_in);
    strlist_take(&answer->paths, path_join(folder, path));
    return answer->paths.items[answer->paths.n - 1];
}

static void read_demands(struct answer *answer)
{
    const struct record *record = answer->record;
    const struct json_data *steps = json_data_member(record->plan_document, "steps");
    answer->n = json_data_count(steps);
    answer->demands = mem_new(answer->n + 1, sizeof *answer->demands);
    for (size_t i = 0; i < answer->n; i++) {
        const struct json_data *step = json_data_item(steps, i);
        const struct json_data *gate = json_data_member(step, "gate");
        const struct json_data *demands = gate != NULL ? gate : json_data_member(step, "require");
        answer->demands[i] = (struct approval_demand){
            .step = json_data_text(step, "id"),
            .wanted = json_data_integer(demands, "approvals", 0),
            .approved_by = signers_of(
                answer, demands, gate != NULL ? record->pipeline_path : record->environments_path),
            .exclude_author = json_data_truth(demands, "exclude_author", false),
            .of_environment = gate == NULL,
        };
    }
}

/* --- which one it is --- */

static enum step_state state_of(const struct answer *answer, const char *id)
{
    const struct record_step *step = record_find(answer->record, id);
    return step != NULL ? step->state : STEP_OPEN;
}

static bool comes(enum step_state state)
{
    return state == STEP_OPEN || state == STEP_WAITING || state == STEP_CUT;
}

/* "Still to come: gate \"go\"; answer it ahead of time with ..." */
static bool hint_what_comes(const struct answer *answer, struct error *err)
{
    const char *command = answer->request->rejects ? "approve --reject" : "approve";
    CLEANUP(strlist_clear) struct strlist commands = STRLIST_INIT;
    for (size_t i = 0; i < answer->n; i++) {
        const struct approval_demand *demand = &answer->demands[i];
        if (demand->wanted > 0 && comes(state_of(answer, demand->step))) {
            strlist_printf(&commands, "headgate %s %s --step %s", command, answer->record->run,
                           demand->step);
        }
    }
    if (commands.n == 0) {
        return error_hint(err,
                          "No step of this run is still to be approved. To give it up: "
                          "headgate cancel %s",
                          answer->record->run);
    }
    CLEANUP(strbuf_clear) struct strbuf sentence = STRBUF_INIT;
    for (size_t i = 0; i < commands.n; i++) {
        strbuf_printf(&sentence, "%s%s", i > 0 ? ", or " : "", commands.items[i]);
    }
    return error_hint(err, "It can be answered ahead of time: %s", sentence.text);
}

static void detail_what_it_does(const struct record *record, struct error *err)
{
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        if (step->state == STEP_WAITING) {
            (void)error_detail(err, "Step \"%s\" waits: %s.", step->id,
                               step->sentence != NULL ? step->sentence : "for the clock");
            return;
        }
    }
    for (size_t i = 0; i < record->n; i++) {
        if (record->steps[i].state == STEP_RUNNING) {
            (void)error_detail(err, "Step \"%s\" is running.", record->steps[i].id);
            return;
        }
    }
    (void)error_detail(err, "The run is %s.", run_state_name(record->state));
}

static bool nobody_waits(const struct answer *answer, struct error *err)
{
    (void)error_set(err, ERROR_USAGE, "run %s waits for no approval now", answer->record->run);
    detail_what_it_does(answer->record, err);
    return hint_what_comes(answer, err);
}

static bool several_wait(const struct answer *answer, const struct strlist *waiting,
                         struct error *err)
{
    CLEANUP(mem_freep) char *sentence = strlist_sentence(waiting);
    (void)error_set(err, ERROR_USAGE, "run %s waits for approvals at %zu steps",
                    answer->record->run, waiting->n);
    return error_hint(err, "Say which is meant: --step and one of %s.", sentence);
}

static bool choose_waiting(struct answer *answer, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist waiting = STRLIST_INIT;
    for (size_t i = 0; i < answer->n; i++) {
        const struct approval_demand *demand = &answer->demands[i];
        if (demand->wanted > 0 && state_of(answer, demand->step) == STEP_WAITING) {
            answer->demand = demand;
            strlist_add(&waiting, demand->step);
        }
    }
    return waiting.n == 1   ? true
           : waiting.n == 0 ? nobody_waits(answer, err)
                            : several_wait(answer, &waiting, err);
}

static bool no_such_step(const struct answer *answer, struct error *err)
{
    const char *named = answer->request->step;
    CLEANUP(strlist_clear) struct strlist ids = STRLIST_INIT;
    for (size_t i = 0; i < answer->n; i++) {
        strlist_add(&ids, answer->demands[i].step);
    }
    (void)error_set(err, ERROR_USAGE, "run %s has no step \"%s\"", answer->record->run, named);
    const char *near = ids.n > 0 ? suggest_near(named, (const char *const *)ids.items) : NULL;
    return near != NULL ? error_hint(err, "Did you mean --step %s?", near)
                        : error_hint(err, "Its steps: headgate show %s", answer->record->run);
}

/* Rejecting is possible as long as it has not begun; so is approving, also ahead of time. */
static bool check_named(const struct answer *answer, struct error *err)
{
    const struct approval_demand *demand = answer->demand;
    enum step_state state = state_of(answer, demand->step);
    if (demand->wanted == 0) {
        (void)error_set(err, ERROR_USAGE, "step \"%s\" of run %s asks nobody for approval",
                        demand->step, answer->record->run);
        return hint_what_comes(answer, err);
    }
    if (!comes(state) && state != STEP_FAILED) {
        (void)error_set(err, ERROR_USAGE, "step \"%s\" of run %s is %s: it asks nobody any more",
                        demand->step, answer->record->run, step_state_name(state));
        return hint_what_comes(answer, err);
    }
    return true;
}

static bool choose_named(struct answer *answer, struct error *err)
{
    for (size_t i = 0; i < answer->n; i++) {
        if (text_equal(answer->demands[i].step, answer->request->step)) {
            answer->demand = &answer->demands[i];
        }
    }
    return answer->demand != NULL ? check_named(answer, err) : no_such_step(answer, err);
}

bool answer_choose(struct answer *answer, struct error *err)
{
    read_demands(answer);
    return answer->request->step != NULL ? choose_named(answer, err) : choose_waiting(answer, err);
}
