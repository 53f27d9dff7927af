/*
 * backup: makes a backup of an environment and proves it, before something is done that cannot be
 * undone.
 *
 * A backup is an archive under its final name or nothing. So a step that was cut off is simply done
 * again, but for one thing: an archive that this run had finished, and not verified yet, is not
 * made a second time.
 */
#include "headgate/backup.h"
#include "private.h"

/* --- reading --- */

static void read_level(const struct json_object *object, const struct json_node *list, size_t i,
                       unsigned *seen)
{
    struct json_node item = json_item(list, i);
    const char *text = json_item_text(list, i);
    enum proof_level level = text != NULL ? proof_level_named(text) : PROOF_NONE;
    if (text != NULL && level == PROOF_NONE) {
        problem_note(json_complain(&item, "\"%s\" is no way to verify a backup", text),
                     "there are \"checksums\", \"contents\" and \"restore\"");
    } else if (text != NULL && (*seen & 1u << level) != 0) {
        (void)json_complain(&item, "\"verify\" of %s has \"%s\" twice", object->what, text);
    } else if (text != NULL) {
        *seen |= 1u << level;
    }
}

static enum proof_level highest(unsigned seen)
{
    enum proof_level level = PROOF_RESTORE;
    while (level > PROOF_NONE && (seen & 1u << level) == 0) {
        level--;
    }
    return level;
}

static enum proof_level level_demanded(const struct environment *environment)
{
    const struct requirements *require = &environment->require;
    return require->backup && require->backup_restored ? PROOF_RESTORE : PROOF_CHECKSUMS;
}

/* Where another tool makes the backups, what Headgate could prove is out of its reach. */
static void check_tool(const struct workflow_step *step, const struct json_node *verify)
{
    const struct environment *environment = step->environment;
    if (environment->backup_tool.name != NULL && step->verify > PROOF_CHECKSUMS) {
        problem_note(json_complain(verify, "a backup by %s can only be verified by \"checksums\"",
                                   environment->backup_tool.name),
                     "leave \"verify\" away");
    }
}

static void read_backup(const struct workflow *workflow, struct json_object *object,
                        struct workflow_step *step)
{
    struct json_node verify = json_member(object, "verify", JSON_OPTIONAL);
    size_t n = 0;
    unsigned seen = 0;
    step->environment = workflow_environment(workflow, object, "backup", JSON_REQUIRED);
    if (json_array(&verify, &n) && n == 0) {
        (void)json_complain(&verify, "\"verify\" of %s is empty", object->what);
    }
    for (size_t i = 0; i < n; i++) {
        read_level(object, &verify, i, &seen);
    }
    if (step->environment != NULL) {
        step->verify = seen != 0 ? highest(seen) : level_demanded(step->environment);
        check_tool(step, &verify);
    }
}

/* --- looking --- */

static bool look_at_tool(struct plan_step *step, msec deadline, struct error *err)
{
    const struct environment *environment = step->step->environment;
    struct plan_backup *backup = step->backup;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(mem_freep) char *lack = NULL;
    backup->by_tool = true;
    (void)err;
    if (!backup_tool_look(environment, deadline, &backup->report, &failure)) {
        refusal_copy(&step->refusal, &failure);
        return true;
    }
    if (backup_tool_newest(&backup->report, step->target->deploy->system_identifier,
                           backup_max_age(environment), wall_now_usec(), &lack) == NULL) {
        (void)error_set(&step->refusal, ERROR_BACKUP, "%s has no backup that counts: %s",
                        environment->backup_tool.name, lack);
        (void)error_hint(&step->refusal, "Make one: pgbackrest --stanza=%s backup",
                         environment->backup_tool.stanza);
    }
    return true;
}

static bool look_backup(struct plan *plan, struct plan_step *step,
                        const struct plan_request *request, msec deadline, struct error *err)
{
    struct environment *environment = step->step->environment;
    CLEANUP(vault_freep) struct vault *vault = NULL;
    (void)plan;
    (void)request;
    step->backup = mem_new(1, sizeof *step->backup);
    if (environment->backup_tool.name != NULL) {
        return look_at_tool(step, deadline, err);
    }
    if (!vault_open(environment->set, &vault, err)) {
        return false;
    }
    const struct backup_request asked = {.environment = environment, .vault = vault};
    if (!backup_plan_make(&asked, deadline, &step->backup->own, err)) {
        return false;
    }
    if (error_is_set(&step->backup->own.refusal)) {
        refusal_copy(&step->refusal, &step->backup->own.refusal);
        (void)environment_name_error(environment, &step->refusal);
    }
    return true;
}

/* Sizes grow from minute to minute: they are shown, and no part of what is planned. */
static void write_backup(struct json_writer *writer, const struct plan_step *step)
{
    const struct environment *environment = step->step->environment;
    const struct backup_plan *own = &step->backup->own;
    json_write_key(writer, "backup");
    json_write_object(writer);
    json_write_member_text(writer, "tool", environment->backup_tool.name);
    json_write_member_text(writer, "stanza", environment->backup_tool.stanza);
    json_write_member_text(writer, "server_version", own->server_version);
    json_write_member_text(writer, "system_identifier", own->system_identifier);
    json_write_member_text(writer, "pg_dump", own->pg_dump_version);
    if (own->pg_dump_host != NULL) {
        json_write_member_text(writer, "pg_dump_host", own->pg_dump_host);
    }
    json_write_member_text(writer, "verify", proof_level_name(step->step->verify));
    json_write_object_end(writer);
}

/* --- what is told meanwhile --- */

void work_backup_progress(void *context, const struct backup_progress *progress)
{
    CLEANUP(mem_freep) char *text = backup_progress_sentence(progress);
    work_show(context, text, false);
}

static void say(struct step_work *work, const char *kind, const char *sentence)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&data, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "sentence", sentence);
    json_write_object_end(&writer);
    work_tell(work, kind, data.text, false);
}

void work_backup_say(void *context, const char *sentence)
{
    say(context, "backup-stage", sentence);
}

/* --- by Headgate itself --- */

/* What this run has finished in an earlier attempt, and nobody has verified yet. */
static bool find_unproven(const struct step_work *work, const struct vault *vault,
                          struct vault_item *ret_item, bool *ret_found, struct error *err)
{
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    *ret_found = false;
    if (work->attempt <= 1) {
        return true;
    }
    if (!vault_list(vault, work->step->step->environment->name, &list, err)) {
        return false;
    }
    for (size_t i = 0; i < list.n && !*ret_found; i++) {
        const struct vault_item *item = &list.items[i];
        if (item->manifest != NULL && text_equal(item->manifest->run, work->run) &&
            item->proof.time == 0) {
            *ret_found = true;
            return vault_find(vault, item->environment, item->name, ret_item, err);
        }
    }
    return true;
}

static bool make_backup(struct step_work *work, struct vault *vault, struct vault_item *ret_item,
                        struct error *err)
{
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    struct environment *environment = work->step->step->environment;
    const struct backup_request request = {
        .environment = environment,
        .vault = vault,
        .actor = work->actor,
        .run = work->run,
        .observer = {.progress = work_backup_progress, .say = work_backup_say, .context = work}};
    return backup_create(&request, &made, err) &&
           vault_find(vault, environment->name, made.name, ret_item, err);
}

static bool make_or_find(struct step_work *work, struct vault *vault, struct vault_item *ret_item,
                         struct error *err)
{
    bool found = false;
    vault_sweep(vault);
    if (!find_unproven(work, vault, ret_item, &found, err)) {
        return false;
    }
    if (found) {
        CLEANUP(mem_freep)
        char *text = mem_printf("%s was finished before, and is verified now", ret_item->name);
        say(work, "backup-found", text);
        return true;
    }
    return make_backup(work, vault, ret_item, err);
}

static void sum_up(struct step_work *work, const struct vault_item *item, const struct proof *proof)
{
    CLEANUP(mem_freep) char *size = size_human(item->size);
    uint64_t rows = item->manifest != NULL ? manifest_rows(item->manifest) : proof->rows;
    size_t tables = item->manifest != NULL ? item->manifest->n_tables : (size_t)proof->tables;
    struct json_writer writer = json_writer_start(&work->end, false);
    strbuf_add(&work->end, "\"came_to\":");
    json_write_object(&writer);
    json_write_member_text(&writer, "name", item->name);
    json_write_member_text(&writer, "path", item->path);
    json_write_member_integer(&writer, "size", (int64_t)item->size);
    json_write_member_integer(&writer, "rows", (int64_t)rows);
    json_write_member_integer(&writer, "tables", (int64_t)tables);
    json_write_member_text(&writer, "proof", proof_level_name(proof->level));
    json_write_member_text(&writer, "archive", proof->archive);
    json_write_key(&writer, "not_proven");
    json_write_array(&writer);
    for (size_t i = 0; i < proof->not_proven.n; i++) {
        json_write_text(&writer, proof->not_proven.items[i]);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    work->sentence =
        mem_printf("%s, %s, %llu rows in %zu tables, %s", item->name, size,
                   (unsigned long long)rows, tables, proof_level_reached(proof->level));
}

static bool is_proven(const struct step_work *work, const struct vault_item *item,
                      const struct proof *proof, struct error *err)
{
    if (!proof->failed && proof->level >= work->step->step->verify) {
        return true;
    }
    (void)error_set(err, ERROR_BACKUP, "backup %s is not proven: %s", item->name,
                    proof->why != NULL ? proof->why : "the verification did not get far enough");
    (void)error_detail(err, "It stays where it is: %s", item->path);
    return error_hint(err,
                      "Look at it again: headgate backup verify %s; or make another: headgate "
                      "resume %s",
                      item->name, work->run);
}

static bool back_up(struct step_work *work, struct error *err)
{
    CLEANUP(vault_freep) struct vault *vault = NULL;
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    if (!vault_open(work->step->step->environment->set, &vault, err) ||
        !make_or_find(work, vault, &item, err)) {
        return false;
    }
    const struct verify_request request = {
        .vault = vault,
        .item = &item,
        .level = work->step->step->verify,
        .actor = work->actor,
        .observer = {.progress = work_backup_progress, .say = work_backup_say, .context = work}};
    if (!backup_verify(&request, &proof, err)) {
        return error_prefix(err, "backup %s could not be verified", item.name);
    }
    sum_up(work, &item, &proof);
    return is_proven(work, &item, &proof, err);
}

/* --- by another tool --- */

static void sum_up_tool(struct step_work *work, const struct tool_backup *backup,
                        enum tool_verdict verdict)
{
    CLEANUP(mem_freep) char *size = size_human(backup->stored);
    CLEANUP(mem_freep) char *time = wall_short(backup->stopped);
    bool verified = verdict == TOOL_VERIFIED;
    struct json_writer writer = json_writer_start(&work->end, false);
    strbuf_add(&work->end, "\"came_to\":");
    json_write_object(&writer);
    json_write_member_text(&writer, "tool", work->step->step->environment->backup_tool.name);
    json_write_member_text(&writer, "name", backup->label);
    json_write_member_integer(&writer, "size", (int64_t)backup->stored);
    json_write_member_text(&writer, "proof",
                           proof_level_name(verified ? PROOF_CHECKSUMS : PROOF_NONE));
    json_write_object_end(&writer);
    work->sentence = mem_printf("pgBackRest's %s of %s, %s, %s", backup->label, time, size,
                                verified ? "verified" : "not verified");
}

static bool take_tools_word(struct step_work *work, struct error *err)
{
    const struct environment *environment = work->step->step->environment;
    const struct backup_observer observer = {.say = work_backup_say, .context = work};
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    CLEANUP(mem_freep) char *text = NULL;
    enum tool_verdict verdict = TOOL_CANNOT;
    if (!backup_tool_look(environment, DEADLINE_NONE, &report, err)) {
        return false;
    }
    const struct tool_backup *newest =
        backup_tool_newest(&report, work->step->target->deploy->system_identifier,
                           backup_max_age(environment), wall_now_usec(), &text);
    if (newest == NULL) {
        return error_set(err, ERROR_BACKUP, "%s has no backup that counts: %s",
                         environment->backup_tool.name, text);
    }
    if (!backup_tool_verify(environment, newest->label, &observer, &verdict, &text, err)) {
        return false;
    }
    if (verdict == TOOL_CANNOT) {
        say(work, "backup-stage", text);
    }
    sum_up_tool(work, newest, verdict);
    return verdict != TOOL_DAMAGED ||
           error_set(err, ERROR_BACKUP, "pgbackrest verify finds the repository damaged: %s", text);
}

static bool work_backup(struct step_work *work, struct error *err)
{
    if (!work_hold_environment(work, err)) {
        return false;
    }
    return work->step->backup->by_tool ? take_tools_word(work, err) : back_up(work, err);
}

const struct step_kind step_kind_backup = {.name = "backup",
                                           .read = read_backup,
                                           .look = look_backup,
                                           .write = write_backup,
                                           .work = work_backup};
