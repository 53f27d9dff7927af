/*
 * hook: runs a program of the user's, without a shell.
 *
 * The plan names the program that would be executed and, where it is a file of the project, what is
 * in it; the run executes that or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "headgate/file.h"
#include "hook.h"

#define PIECE ((size_t)64 * 1024)

/* --- reading --- */

static bool is_variable_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return name[0] != '\0' && (name[0] < '0' || name[0] > '9') &&
           name[strspn(name, letters)] == '\0';
}

static void check_variable(const struct json_node *node, const char *name, bool has_database)
{
    if (!is_variable_name(name)) {
        (void)json_complain_key(node,
                                "\"%s\" is no name for an environment variable; it has letters, "
                                "digits and \"_\", and does not begin with a digit",
                                name);
    } else if (text_starts(name, "HEADGATE_")) {
        problem_note(json_complain_key(node, "variable \"%s\" cannot be set here", name),
                     "names that begin with HEADGATE_ are headgate's own");
    } else if (has_database && text_equal(name, "DATABASE_URL")) {
        problem_note(json_complain_key(node, "variable \"%s\" cannot be set here", name),
                     "it leads to the environment of \"on\"; leave \"on\" away to set it yourself");
    }
}

static void read_variables(struct json_object *object, struct hook *hook)
{
    struct json_node node = json_member(object, "env", JSON_OPTIONAL);
    bool has_database = json_member(object, "on", JSON_OPTIONAL).value != NULL;
    struct json_object variables;
    struct json_node member;
    if (!json_object_open(&node, &variables, "\"env\" of %s", object->what)) {
        return;
    }
    size_t n = json_member_count(&variables);
    struct hook_variable *items =
        arena_alloc(json_arena(node.document), (n + 1) * sizeof(struct hook_variable));
    for (size_t i = 0; json_member_at(&variables, i, &member); i++) {
        check_variable(&member, member.key, has_database);
        items[i].name = member.key;
        items[i].value = json_text(&variables, member.key, JSON_OPTIONAL, "");
    }
    hook->variables = items;
    hook->n_variables = n;
    json_object_close(&variables);
}

static void read_hook(const struct workflow *workflow, struct json_object *object,
                      struct workflow_step *step)
{
    struct json_node node = json_member(object, "hook", JSON_REQUIRED);
    struct hook *hook = arena_alloc(json_arena(node.document), sizeof *hook);
    (void)workflow;
    hook->argv = json_texts(object, "hook", &hook->n);
    if (json_is_array(&node) && hook->n == 0) {
        problem_note(json_complain(&node, "\"hook\" of %s names no program", object->what),
                     "write [\"../scripts/NAME\"], relative to this file, or a program in PATH");
    } else if (hook->n > 0 && hook->argv[0][0] == '\0') {
        (void)json_complain(&node, "the program in \"hook\" of %s has an empty name", object->what);
    }
    read_variables(object, hook);
    step->hook = hook;
}

/* --- looking --- */

static bool is_path(const char *program)
{
    return strchr(program, '/') != NULL;
}

/* Absolute, because it is executed in another folder. */
static char *program_path(const struct workflow_step *step)
{
    const char *path = workflow_path(&step->node, step->hook->argv[0]);
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    return path_join(here != NULL ? here : "/", path);
}

static void refuse_path(const struct plan *plan, const char *program, struct error *refusal)
{
    int why = errno;
    CLEANUP(mem_freep) char *shown = path_display(program);
    CLEANUP(mem_freep) char *pipeline = path_display(plan->workflow->path);
    if (path_is_folder(program)) {
        (void)error_set(refusal, ERROR_CONFIG, "\"%s\" is a folder, not a program", shown);
    } else if (path_exists(program)) {
        (void)error_set(refusal, ERROR_CONFIG, "\"%s\" cannot be executed: %s", shown,
                        strerror(why));
        (void)error_hint(refusal, "Make it executable: chmod +x %s", shown);
    } else {
        (void)error_set(refusal, ERROR_CONFIG, "there is no program \"%s\"", shown);
        (void)error_hint(refusal, "\"hook\" in %s names it, relative to that file.", pipeline);
    }
}

static void refuse_name(const struct plan *plan, const char *name, struct error *refusal)
{
    bool exists = errno == EACCES;
    CLEANUP(mem_freep) char *pipeline = path_display(plan->workflow->path);
    (void)error_set(refusal, ERROR_CONFIG,
                    exists ? "program \"%s\" in PATH cannot be executed"
                           : "there is no program \"%s\" in PATH",
                    name);
    (void)error_hint(refusal,
                     "Install it, or name a program of the project by its path, relative to %s: "
                     "\"../scripts/NAME\".",
                     pipeline);
}

bool hook_hash(const char *path, char ret_hex[HASH_HEX_SIZE], struct error *err)
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    CLEANUP(mem_freep) char *piece = mem_new(PIECE, 1);
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? 1 : -1;
    while (size > 0) {
        size = read(fd, piece, PIECE);
        hash_add(hash, piece, size > 0 ? (size_t)size : 0);
    }
    if (size < 0) {
        CLEANUP(mem_freep) char *shown = path_display(path);
        return error_set_errno(err, "could not read file \"%s\"", shown);
    }
    hash_finish(hash, ret_hex);
    return true;
}

static bool look_hook(struct plan *plan, struct plan_step *step, const struct plan_request *request,
                      msec deadline, struct error *err)
{
    const char *program = step->step->hook->argv[0];
    CLEANUP(mem_freep) char *path = is_path(program) ? program_path(step->step) : NULL;
    (void)request;
    (void)deadline;
    hook_variable_names(plan, step->step, &step->variables);
    step->program = process_find(path != NULL ? path : program);
    if (step->program == NULL) {
        if (path != NULL) {
            refuse_path(plan, path, &step->refusal);
        } else {
            refuse_name(plan, program, &step->refusal);
        }
        return true;
    }
    /* One that may be executed and not read is the system's (sudo). */
    CLEANUP(error_clear) struct error unreadable = ERROR_INIT;
    if (path != NULL && !hook_hash(path, step->file, &unreadable) &&
        unreadable.sys_errno != EACCES) {
        error_move(err, &unreadable);
        return false;
    }
    return true;
}

/* --- its part of the document --- */

char *hook_folder(const char *pipeline_folder)
{
    CLEANUP(mem_freep) char *real = realpath(pipeline_folder, NULL);
    const char *folder = real != NULL ? real : pipeline_folder;
    return text_equal(path_name(folder), "pipelines") ? path_parent(folder) : mem_copy(folder);
}

/* Where a checkout stands on this machine is no part of a plan: what is in it is named as seen from
 * its folder. */
static char *portable_path(const char *program, const char *folder)
{
    CLEANUP(mem_freep) char *real = realpath(program, NULL);
    CLEANUP(mem_freep) char *prefix = mem_printf("%s/", folder);
    const char *path = real != NULL ? real : program;
    return mem_copy(text_starts(path, prefix) ? path + strlen(prefix) : program);
}

static void write_redacted(struct json_writer *writer, const char *text)
{
    CLEANUP(mem_freep) char *redacted = redact_copy(text);
    json_write_text(writer, redacted);
}

static void write_program(struct json_writer *writer, const struct plan_step *step)
{
    struct json_document *document = step->step->node.document;
    CLEANUP(mem_freep)
    char *folder = hook_folder(json_folder(document));
    CLEANUP(mem_freep)
    char *program = step->program != NULL ? portable_path(step->program, folder) : NULL;
    CLEANUP(mem_freep) char *own = realpath(json_folder(document), NULL);
    json_write_member_text(writer, "program", program);
    json_write_member_text(writer, "program_sha256", step->file[0] != '\0' ? step->file : NULL);
    json_write_member_text(writer, "folder", text_equal(own, folder) ? "." : "..");
}

static void write_hook(struct json_writer *writer, const struct plan_step *step)
{
    const struct hook *hook = step->step->hook;
    json_write_key(writer, "argv");
    json_write_array(writer);
    for (size_t i = 0; i < hook->n; i++) {
        write_redacted(writer, hook->argv[i]);
    }
    json_write_array_end(writer);
    write_program(writer, step);
    json_write_key(writer, "variables");
    json_write_array(writer);
    for (size_t i = 0; i < step->variables.n; i++) {
        json_write_text(writer, step->variables.items[i]);
    }
    json_write_array_end(writer);
}

const struct step_kind step_kind_hook = {
    .name = "hook", .read = read_hook, .look = look_hook, .write = write_hook, .work = hook_work};
