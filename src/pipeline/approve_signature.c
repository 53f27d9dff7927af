/* Who answers: the user of this system, or, where the plan names allowed signers, whoever of them
 * has signed. */
#include "approve.h"
#include "headgate/signature.h"
#include "private.h"

#define NAMESPACE "headgate-approval"

char *approval_text(const char *run, const char *plan, const char *step, bool rejects)
{
    return mem_printf("headgate-approval-v1 %s %s %s %s\n", run, plan, step,
                      rejects ? "reject" : "approve");
}

static bool signs(const struct approval_request *request)
{
    return request->key != NULL || request->signature != NULL;
}

static const char *reject_option(const struct answer *answer)
{
    return answer->request->rejects ? " --reject" : "";
}

/* How to come by a signature, here or on another machine. */
static bool hint_signing(const struct answer *answer, struct error *err)
{
    const char *run = answer->record->run, *step = answer->demand->step;
    const char *rejects = reject_option(answer);
    return error_hint(
        err,
        "Sign here: headgate approve %s --step %s%s --key FILE. Or elsewhere: headgate "
        "approve %s --step %s%s --print > line; ssh-keygen -Y sign -n " NAMESPACE
        " -f KEY line; headgate approve %s --step %s%s --signature line.sig",
        run, step, rejects, run, step, rejects, run, step, rejects);
}

static bool must_sign(const struct answer *answer, struct error *err)
{
    CLEANUP(mem_freep) char *about = answer_about(answer);
    (void)error_set(err, ERROR_REFUSED, "%s of run %s takes signatures only", about,
                    answer->record->run);
    (void)error_detail(err, "The allowed signers are those in %s.", answer->demand->approved_by);
    return hint_signing(answer, err);
}

/* Nobody could say whose it is. Where an environment further on does, it can be signed for that. */
static bool cannot_sign(const struct answer *answer, struct error *err)
{
    CLEANUP(mem_freep) char *about = answer_about(answer);
    (void)error_set(err, ERROR_USAGE,
                    "%s of run %s names no allowed signers to check a signature "
                    "against",
                    about, answer->record->run);
    for (size_t i = 0; i < answer->n; i++) {
        if (answer->demands[i].wanted > 0 && answer->demands[i].approved_by != NULL) {
            return error_hint(err,
                              "Leave the signature out; or sign for step \"%s\", which does: "
                              "--step %s",
                              answer->demands[i].step, answer->demands[i].step);
        }
    }
    return error_hint(err, "Leave the signature out, or let \"approved_by\" name a file of allowed "
                           "signers before the next run.");
}

static bool of_other(const struct answer *answer, const char *text, const char *said,
                     struct error *err)
{
    CLEANUP(mem_freep) char *about = answer_about(answer);
    const char *path = answer->request->signature;
    (void)error_set(err, ERROR_CONFIG, "%s is not a signature for %s of run %s",
                    path != NULL ? path : "what was made", about, answer->record->run);
    (void)error_detail(err, "It must be of the line \"%.*s\"; ssh-keygen says: %s",
                       (int)(strlen(text) - 1), text, said);
    return hint_signing(answer, err);
}

static bool of_nobody(const struct answer *answer, const char *said, struct error *err)
{
    const struct approval_request *request = answer->request;
    (void)error_set(err, ERROR_REFUSED, "nobody in %s has made the signature%s%s",
                    answer->demand->approved_by, request->signature != NULL ? " " : "",
                    request->signature != NULL ? request->signature : "");
    (void)error_detail(err, "ssh-keygen says: %s", said);
    return error_hint(err, "Let one of them answer; or, where the signer should be one, add a "
                           "line: NAME namespaces=\"" NAMESPACE "\" KEYTYPE KEY");
}

static bool take_signature(const struct answer *answer, const char *text, char **ret_armored,
                           struct error *err)
{
    const struct approval_request *request = answer->request;
    if (request->key != NULL) {
        return signature_make(request->key, NAMESPACE, text, ret_armored, err);
    }
    return signature_read(request->signature, ret_armored, err) || hint_signing(answer, err);
}

static bool check_signature(struct answer *answer, struct error *err)
{
    const struct approval_request *request = answer->request;
    CLEANUP(signature_answer_clear) struct signature_answer found = {0};
    CLEANUP(mem_freep) char *armored = NULL;
    CLEANUP(mem_freep)
    char *text = approval_text(answer->record->run, answer->record->plan, answer->demand->step,
                               request->rejects);
    if (!take_signature(answer, text, &armored, err) ||
        !signature_check(armored, answer->demand->approved_by, NAMESPACE, text, &found, err)) {
        return false;
    }
    if (found.verdict == SIGNATURE_OF_OTHER) {
        return of_other(answer, text, found.said, err);
    }
    if (found.verdict == SIGNATURE_OF_NOBODY) {
        return of_nobody(answer, found.said, err);
    }
    answer->signer = TAKE(found.signer);
    return true;
}

bool answer_identify(struct answer *answer, struct error *err)
{
    if (answer->demand->approved_by == NULL) {
        return !signs(answer->request) || cannot_sign(answer, err);
    }
    return signs(answer->request) ? check_signature(answer, err) : must_sign(answer, err);
}
