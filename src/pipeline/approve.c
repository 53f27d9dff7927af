/*
 * Answers to gates. An answer is about one step of one plan of one run; it is appended to the
 * journal by a bystander, and whoever runs the run, now or later, counts it.
 */
#include "approve.h"
#include "private.h"

static void answer_clear(struct answer *answer)
{
    mem_free(answer->demands);
    strlist_clear(&answer->paths);
    mem_free(answer->signer);
}

static bool check_open(const struct record *record, struct error *err)
{
    if (run_state_is_open(record->state)) {
        return true;
    }
    (void)error_set(err, ERROR_USAGE, "run %s is over: %s", record->run,
                    run_state_name(record->state));
    return error_hint(err, "See what it did: headgate show %s", record->run);
}

static const struct approval *rejection_of(const struct record *record, const char *step)
{
    for (size_t i = 0; i < record->n_approvals; i++) {
        if (record->approvals[i].rejects && text_equal(record->approvals[i].step, step)) {
            return &record->approvals[i];
        }
    }
    return NULL;
}

/* A no is for good: what was wrong is mended in a new run. */
static bool check_not_rejected(const struct answer *answer, struct error *err)
{
    const struct approval *no = rejection_of(answer->record, answer->demand->step);
    if (no == NULL) {
        return true;
    }
    CLEANUP(mem_freep) char *about = answer_about(answer);
    CLEANUP(mem_freep) char *when = wall_short(no->time);
    (void)error_set(err, ERROR_REFUSED, "%s of run %s was rejected by %s, %s", about,
                    answer->record->run, no->who, when);
    if (no->reason != NULL) {
        (void)error_detail(err, "The reason was: %s", no->reason);
    }
    return error_hint(err, "When what was wrong is mended, begin a new run: headgate run %s",
                      answer->record->pipeline);
}

/* The author may say no. */
static bool check_author(const struct answer *answer, struct error *err)
{
    const struct record *record = answer->record;
    const char *actor = answer->request->actor;
    bool by_author = person_is_same(record->author, actor) ||
                     (answer->signer != NULL && person_is_same(record->author, answer->signer));
    if (answer->request->rejects || !answer->demand->exclude_author || !by_author) {
        return true;
    }
    CLEANUP(mem_freep) char *about = answer_about(answer);
    (void)error_set(err, ERROR_REFUSED, "%s of run %s must be approved by somebody else", about,
                    record->run);
    (void)error_detail(err, "%s began this run, and its author is excluded.", record->author);
    return error_hint(err, "Ask somebody else for: headgate approve %s --step %s", record->run,
                      answer->demand->step);
}

/* --- writing it down --- */

static void write_reason(struct json_writer *writer, const char *reason)
{
    CLEANUP(mem_freep) char *redacted = reason != NULL ? redact_copy(reason) : NULL;
    json_write_member_text(writer, "reason", redacted);
}

static bool append(const struct answer *answer, struct journal *journal, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&data, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "plan", answer->record->plan);
    json_write_member_text(&writer, "step", answer->demand->step);
    json_write_member_text(&writer, "how", answer->signer != NULL ? "signature" : "user");
    json_write_member_text(&writer, "signer", answer->signer);
    write_reason(&writer, answer->request->reason);
    json_write_object_end(&writer);
    const struct entry entry = {.kind = answer->request->rejects ? "rejected" : "approved",
                                .actor = answer->request->actor,
                                .step = answer->demand->step,
                                .data = data.text,
                                .durable = true};
    return journal_append(journal, NULL, &entry, err);
}

/* "1 of 2 approvals of gate \"go\"" */
static char *what_it_came_to(const struct answer *answer)
{
    CLEANUP(mem_freep) char *about = answer_about(answer);
    size_t n = approvals_counted(answer->demand, answer->demands, answer->n, answer->record);
    if (answer->request->rejects) {
        return mem_printf("%s is rejected", about);
    }
    return mem_printf("%zu of %zu approval%s of %s", n, (size_t)answer->demand->wanted,
                      answer->demand->wanted == 1 ? "" : "s", about);
}

/* Approving again changes nothing, and is no mistake. */
static bool has_approved(const struct answer *answer, char **ret_sentence)
{
    const struct approval mine = {
        .who = answer->signer != NULL ? answer->signer : answer->request->actor,
        .how = answer->signer != NULL ? "signature" : "user",
        .step = answer->demand->step,
    };
    const struct approval *before = approval_like(answer->record, &mine);
    if (answer->request->rejects || before == NULL) {
        return false;
    }
    CLEANUP(mem_freep) char *so_far = what_it_came_to(answer);
    *ret_sentence = mem_printf("%s has approved before: %s", before->who, so_far);
    return true;
}

bool run_approve(struct state *state, const struct approval_request *request, char **ret_sentence,
                 struct error *err)
{
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(answer_clear) struct answer answer = {.request = request, .paths = STRLIST_INIT};
    if (!record_read(state, request->run, &record, err)) {
        return false;
    }
    answer.record = record;
    if (!check_open(record, err) || !answer_choose(&answer, err) ||
        !check_not_rejected(&answer, err) || !answer_identify(&answer, err) ||
        !check_author(&answer, err)) {
        return false;
    }
    if (has_approved(&answer, ret_sentence)) {
        return true;
    }
    if (!append(&answer, record->owned, err)) {
        return false;
    }
    record_follow(record);
    *ret_sentence = what_it_came_to(&answer);
    return true;
}
