/*
 * gate: the run waits here for people and for the clock. There is no process: the engine asks
 * gate_check whenever something may have changed.
 */
#include "private.h"

static void read_gate(const struct workflow *workflow, struct json_object *object,
                      struct workflow_step *step)
{
    struct json_node node = json_member(object, "gate", JSON_REQUIRED);
    struct json_object demands;
    struct gate *gate = arena_alloc(json_arena(node.document), sizeof *gate);
    (void)workflow;
    (void)json_object_open(&node, &demands, "\"gate\" of step \"%s\"", step->id);
    environment_read_windows(&demands, "windows", &gate->windows, &gate->n_windows);
    environment_read_freezes(&demands, "freeze", &gate->freezes, &gate->n_freezes);
    gate->soak = json_duration(&demands, "soak", 0);
    bool asks_clock = gate->n_windows > 0 || gate->n_freezes > 0 || gate->soak > 0;
    gate->approvals = json_integer(&demands, "approvals", 0, 100, asks_clock ? 0 : 1);
    gate->message = json_text(&demands, "message", JSON_OPTIONAL, NULL);
    gate->exclude_author = json_bool(&demands, "exclude_author", false);
    const char *signers = json_text(&demands, "approved_by", JSON_OPTIONAL, NULL);
    if (signers != NULL && signers[0] == '\0') {
        (void)json_complain(&node, "\"approved_by\" of gate \"%s\" is empty", step->id);
    }
    gate->approved_by_text = signers;
    gate->approved_by = signers != NULL ? workflow_path(&node, signers) : NULL;
    if (gate->approvals == 0 && (signers != NULL || gate->exclude_author)) {
        problem_note(
            json_complain(&node, "gate \"%s\" says who may approve, and asks for nobody", step->id),
            "add \"approvals\": 1");
    }
    if (gate->approvals == 0 && !asks_clock) {
        problem_note(json_complain(&node, "gate \"%s\" waits for nothing", step->id),
                     "name approvals, windows, freeze or soak");
    }
    json_object_close(&demands);
    step->gate = gate;
}

void gate_write_clock(struct json_writer *writer, const struct gate *gate)
{
    json_write_key(writer, "windows");
    json_write_array(writer);
    for (size_t i = 0; i < gate->n_windows; i++) {
        json_write_text(writer, gate->windows[i].text);
    }
    json_write_array_end(writer);
    json_write_key(writer, "freeze");
    json_write_array(writer);
    for (size_t i = 0; i < gate->n_freezes; i++) {
        json_write_text(writer, gate->freezes[i].text);
    }
    json_write_array_end(writer);
}

static void write_gate(struct json_writer *writer, const struct plan_step *step)
{
    const struct gate *gate = step->step->gate;
    json_write_key(writer, "gate");
    json_write_object(writer);
    json_write_member_integer(writer, "approvals", gate->approvals);
    json_write_member_text(writer, "message", gate->message);
    json_write_member_text(writer, "approved_by", gate->approved_by_text);
    json_write_member_bool(writer, "exclude_author", gate->exclude_author);
    gate_write_clock(writer, gate);
    json_write_member_integer(writer, "soak", gate->soak);
    json_write_object_end(writer);
}

const struct step_kind step_kind_gate = {.name = "gate", .read = read_gate, .write = write_gate};
