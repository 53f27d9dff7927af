/* headgate approve: answers an open gate. */
#include "headgate/json_write.h"
#include "headgate/output.h"
#include "private.h"

static void report(const struct approval_request *request, const char *sentence)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        output_print("%s\n", sentence);
        return;
    }
    struct json_writer writer = json_writer_start(&out, true);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    json_write_member_text(&writer, "run", request->run);
    json_write_member_text(&writer, "answer", request->rejects ? "rejected" : "approved");
    json_write_member_text(&writer, "sentence", sentence);
    json_write_object_end(&writer);
    output_print("%s\n", out.text);
}

/* --- signing elsewhere --- */

/* The step that is named, else the only one that waits. */
static const struct record_step *find_step(const struct record *record, const char *named,
                                           struct error *err)
{
    const struct record_step *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        if (named != NULL ? text_equal(step->id, named) : step->state == STEP_WAITING) {
            found = step;
            n++;
        }
    }
    if (n == 1) {
        return found;
    }
    if (named != NULL) {
        (void)error_set(err, ERROR_USAGE, "run %s has no step \"%s\"", record->run, named);
    } else {
        (void)error_set(err, ERROR_USAGE,
                        n == 0 ? "run %s waits for nobody" : "run %s waits at several steps",
                        record->run);
    }
    (void)error_hint(err, "Its steps: headgate show %s. Name one with --step STEP.", record->run);
    return NULL;
}

static bool print_text(const struct options *options, struct state *state, const char *run_id,
                       struct error *err)
{
    CLEANUP(record_freep) struct record *record = NULL;
    if (!record_read(state, run_id, &record, err)) {
        return false;
    }
    const struct record_step *step = find_step(record, options->step, err);
    if (step == NULL) {
        return false;
    }
    CLEANUP(mem_freep)
    char *text = approval_text(record->run, record->plan, step->id, options->reject);
    output_print("%s", text);
    return true;
}

/* --- the command --- */

static bool check_options(const struct options *options, struct error *err)
{
    if (options->key != NULL && options->signature != NULL) {
        return error_set(err, ERROR_USAGE, "--key and --signature exclude each other");
    }
    if (options->print && (options->key != NULL || options->signature != NULL)) {
        return error_set(err, ERROR_USAGE, "--print signs nothing");
    }
    return true;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(mem_freep) char *id = NULL;
    CLEANUP(mem_freep) char *actor = project_actor();
    CLEANUP(mem_freep) char *sentence = NULL;
    (void)status;
    if (!check_options(options, err) || !project_state(options, &state, err) ||
        !project_run(options, state, true, &id, err)) {
        return false;
    }
    if (options->print) {
        return print_text(options, state, id, err);
    }
    const struct approval_request request = {.run = id,
                                             .step = options->step,
                                             .actor = actor,
                                             .reason = options->reason,
                                             .rejects = options->reject,
                                             .key = options->key,
                                             .signature = options->signature};
    if (!run_approve(state, &request, &sentence, err)) {
        return false;
    }
    report(&request, sentence);
    return true;
}

static const struct option own[] = {
    FLAG("reject", 0, reject, "say no: the run fails at this gate"),
    VALUE("reason", "TEXT", reason, "why; recorded with what it allows"),
    VALUE("step", "STEP", step, "the gate, where several wait"),
    VALUE("key", "FILE", key,
          "an SSH key: a private one, or a public one whose private half the SSH agent holds"),
    VALUE("signature", "FILE", signature, "a signature that was made elsewhere"),
    FLAG("print", 0, print, "print what is to be signed elsewhere; record nothing"),
    {0},
};

const struct command cmd_approve = {
    .name = "approve",
    .arguments = "RUN",
    .summary = "answer a gate that a run waits at",
    .description =
        "RUN is the id of a run or the beginning of it. The answer is recorded under the name of "
        "the user of this system, or, where the gate or the environment takes signatures only, "
        "under that of the signer. It is about this run, this plan and this gate, and nothing "
        "else. A run that waits in the foreground goes on at once; one that has ended waiting "
        "goes on with headgate resume.\n\n"
        "To sign on another machine:\n"
        "  headgate approve RUN --print > line\n"
        "  ssh-keygen -Y sign -n headgate-approval -f KEY line\n"
        "  headgate approve RUN --signature line.sig\n\n"
        "The exit status is 4 where this answer does not count: of the author where the author is "
        "excluded, of nobody who is allowed to.",
    .options = own,
    .least = 1,
    .most = 1,
    .argument_kind = ARGUMENT_RUN,
    .run = run,
};
