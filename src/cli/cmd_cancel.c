/* headgate cancel: ends a run for good. */
#include "headgate/json_write.h"
#include "headgate/output.h"
#include "private.h"

static void report(const char *id, bool at_once)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        output_print(at_once ? "Run %s is canceled.\n"
                             : "Run %s is asked to stop for good at the next safe point.\n",
                     id);
        return;
    }
    struct json_writer writer = json_writer_start(&out, true);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    json_write_member_text(&writer, "run", id);
    json_write_member_bool(&writer, "canceled", at_once);
    json_write_object_end(&writer);
    output_print("%s\n", out.text);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(mem_freep) char *id = NULL;
    CLEANUP(mem_freep) char *actor = project_actor();
    bool at_once = false;
    (void)status;
    if (!project_state(options, &state, err) || !project_run(options, state, true, &id, err) ||
        !run_cancel(state, id, actor, options->reason, &at_once, err)) {
        return false;
    }
    report(id, at_once);
    return true;
}

static const struct option own[] = {
    VALUE("reason", "TEXT", reason, "why; recorded with what it allows"),
    {0},
};

const struct command cmd_cancel = {
    .name = "cancel",
    .arguments = "RUN",
    .summary = "end a run for good; what it has done stays",
    .description =
        "RUN is the id of a run or the beginning of it. One that runs, here or in another process, "
        "stops at its next safe point: a migration that has begun is finished first. One that "
        "waits, has failed or was cut off is closed at once. A canceled run cannot be resumed; the "
        "next headgate run begins with what is left to do.",
    .options = own,
    .least = 1,
    .most = 1,
    .argument_kind = ARGUMENT_RUN,
    .run = run,
};
