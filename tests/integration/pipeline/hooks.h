/*
 * A world for hooks: a project with one pipeline, whose last step runs the script scripts/hook. The
 * step's process is a real one; the test is its engine.
 */
#pragma once

#include "../db/sessions.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "hook.h"

#define PATIENCE 30000 /* how long a test waits for what must happen */
#define MIGRATION "20260101000000_a"

struct hooks {
    char *folder; /* of the project */
    struct workflow *workflow;
    struct state *state;
    struct plan plan;
    struct record record;
    struct step_work work;
    struct worker worker;
    struct strbuf news;
    /* what came of it */
    struct json_data *end;
    const struct json_data *more;
    struct strbuf log;
    long memory; /* the most that its process had, in kB */
};

__attribute__((unused)) static void write_in(const struct hooks *hooks, const char *name,
                                             const char *text, mode_t mode)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(hooks->folder, name);
    CLEANUP(mem_freep) char *folder = path_parent(path);
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), mode, &err));
}

__attribute__((unused)) static void forget_workflow(struct hooks *hooks)
{
    for (size_t i = 0; i < hooks->plan.n; i++) {
        mem_free(hooks->plan.steps[i].program);
        strlist_clear(&hooks->plan.steps[i].variables);
        error_clear(&hooks->plan.steps[i].refusal);
    }
    mem_free(hooks->plan.steps);
    hooks->plan = (struct plan){0};
    workflow_freep(&hooks->workflow);
}

/* The environments: what url "x" has, beside an embedded one. */
__attribute__((unused)) static void write_environments(const struct hooks *hooks, const char *url)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"%s\"},"
                            "\"mine\":{\"kind\":\"test\",\"url\":\"embedded:hooked\"}}}",
                            url);
    write_in(hooks, "pipelines/environments.json", text, 0644);
}

__attribute__((unused)) static bool read_pipeline(struct hooks *hooks, const char *rest,
                                                  struct error *err)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"name\":\"p\",\"environments\":\"environments.json\",\"release\":"
                            "\"../migrations\",%s}",
                            rest);
    CLEANUP(mem_freep) char *path = path_join(hooks->folder, "pipelines/p.json");
    forget_workflow(hooks);
    write_in(hooks, "pipelines/p.json", text, 0644);
    const struct workflow_source source = {.path = path, .state_folder = scratch_state()};
    return workflow_read(&source, &hooks->workflow, err);
}

__attribute__((unused)) static struct plan_step *last_step(struct hooks *hooks)
{
    return &hooks->plan.steps[hooks->plan.n - 1];
}

/* Reads the pipeline, `rest` being its "steps", and looks at each hook of it. */
__attribute__((unused)) static void look_at_pipeline(struct hooks *hooks, const char *rest)
{
    struct error err = ERROR_INIT;
    assert_ok(read_pipeline(hooks, rest, &err));
    struct plan *plan = &hooks->plan;
    plan->workflow = hooks->workflow;
    plan->n = hooks->workflow->n_all;
    plan->steps = mem_new(plan->n, sizeof *plan->steps);
    for (size_t i = 0; i < plan->n; i++) {
        plan->steps[i].step = &hooks->workflow->steps[i];
        if (plan->steps[i].step->hook != NULL) {
            assert_ok(step_kind_hook.look(plan, &plan->steps[i], NULL, SOON, &err));
        }
    }
    CLEANUP(mem_freep) char *folder = path_join(hooks->folder, ".headgate/runs/r1");
    mem_free(hooks->work.folder);
    hooks->work = (struct step_work){.plan = plan,
                                     .step = last_step(hooks),
                                     .state = hooks->state,
                                     .record = &hooks->record,
                                     .run = "r1",
                                     .actor = "somebody",
                                     .folder = TAKE(folder),
                                     .attempt = 1};
}

/* One step, with these further members such as ",\"on\":\"x\"", and its script. */
__attribute__((unused)) static void prepare_hook(struct hooks *hooks, const char *members,
                                                 const char *script)
{
    CLEANUP(mem_freep)
    char *rest = mem_printf(
        "\"steps\":[{\"id\":\"h\",\"hook\":[\"../scripts/hook\",\"one\",\"t w o\"]%s}]", members);
    write_in(hooks, "scripts/hook", script, 0755);
    look_at_pipeline(hooks, rest);
    if (error_is_set(&last_step(hooks)->refusal)) {
        fail_msg("refused: %s", last_step(hooks)->refusal.message);
    }
}

/* The step's process, which tells its memory as its last word. */
__attribute__((unused)) static int measured_body(void *context, int news)
{
    struct step_work *work = context;
    struct rusage usage;
    int status = work_body(context, news);
    (void)getrusage(RUSAGE_SELF, &usage);
    CLEANUP(mem_freep) char *text = mem_printf("%ld", usage.ru_maxrss);
    work_show(work, text, false);
    return status;
}

__attribute__((unused)) static void start_hook(struct hooks *hooks)
{
    struct error err = ERROR_INIT;
    json_data_freep(&hooks->end);
    strbuf_cut(&hooks->news, 0);
    assert_ok(worker_start(measured_body, &hooks->work, &hooks->worker, &err));
}

/* Takes in what it tells; false at its end. */
__attribute__((unused)) static bool hear(struct hooks *hooks)
{
    struct pollfd readable = {.fd = hooks->worker.news, .events = POLLIN};
    assert_int_equal(poll(&readable, 1, PATIENCE), 1);
    ssize_t size = read(hooks->worker.news, strbuf_room(&hooks->news, 100000), 100000);
    strbuf_grown(&hooks->news, size > 0 ? (size_t)size : 0);
    return size > 0;
}

/* Until the news, or the log, hold this. */
__attribute__((unused)) static void hear_until(struct hooks *hooks, const char *text)
{
    while (strstr(hooks->news.text, text) == NULL && hear(hooks)) {
    }
    assert_contains(hooks->news.text, text);
}

__attribute__((unused)) static void read_log(struct hooks *hooks)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(hooks->work.folder, "log");
    strbuf_clear(&hooks->log);
    if (path_exists(path)) {
        assert_ok(file_read(path, 100000000, &hooks->log, &err));
    }
}

__attribute__((unused)) static void parse_news(struct hooks *hooks)
{
    char *line = hooks->news.text;
    for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        struct error err = ERROR_INIT;
        struct json_data *data = NULL;
        assert_ok(json_data_parse(line, (size_t)(end - line), &data, &err));
        const char *shown = json_data_text(data, "show");
        hooks->memory = shown != NULL ? strtol(shown, NULL, 10) : hooks->memory;
        if (json_data_text(data, "end") != NULL) {
            json_data_freep(&hooks->end);
            hooks->end = TAKE(data);
        }
        json_data_freep(&data);
        line = end + 1;
    }
    assert_non_null(hooks->end);
    hooks->more = json_data_member(hooks->end, "more");
}

__attribute__((unused)) static void end_hook(struct hooks *hooks)
{
    int status = -1, number = 0;
    while (hear(hooks)) {
    }
    struct pollfd ended = {.fd = hooks->worker.pidfd, .events = POLLIN};
    assert_int_equal(poll(&ended, 1, PATIENCE), 1);
    assert_true(worker_has_ended(&hooks->worker, &status, &number));
    worker_clear(&hooks->worker);
    assert_int_equal(status, 0);
    parse_news(hooks);
    read_log(hooks);
}

__attribute__((unused)) static void run_prepared(struct hooks *hooks)
{
    start_hook(hooks);
    end_hook(hooks);
}

__attribute__((unused)) static void run_hook(struct hooks *hooks, const char *members,
                                             const char *script)
{
    prepare_hook(hooks, members, script);
    run_prepared(hooks);
}

__attribute__((unused)) static void expect_done(const struct hooks *hooks)
{
    if (!text_equal(json_data_text(hooks->end, "end"), "done")) {
        const struct json_data *error = json_data_member(hooks->end, "error");
        fail_msg("%s: %s\n%s", json_data_text(error, "kind"), json_data_text(error, "message"),
                 json_data_text(error, "detail"));
    }
}

/* It failed, with this kind of error; the error. */
__attribute__((unused)) static const struct json_data *expect_failure(const struct hooks *hooks,
                                                                      const char *kind)
{
    assert_string_equal(json_data_text(hooks->end, "end"), "failed");
    const struct json_data *error = json_data_member(hooks->end, "error");
    assert_string_equal(json_data_text(error, "kind"), kind);
    return error;
}

__attribute__((unused)) static const char *output(const struct hooks *hooks, const char *key)
{
    return json_data_text(json_data_member(hooks->more, "outputs"), key);
}

/* The number that stands in this file of the project, once it is there. */
__attribute__((unused)) static pid_t pid_in(const struct hooks *hooks, const char *name)
{
    CLEANUP(mem_freep) char *path = path_join(hooks->folder, name);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    msec deadline = deadline_in(PATIENCE);
    while (strchr(text.text, '\n') == NULL && !deadline_passed(deadline)) {
        struct error ignored = ERROR_INIT;
        deadline_sleep(deadline_in(5));
        strbuf_clear(&text);
        (void)!file_read(path, 100, &text, &ignored);
        error_clear(&ignored);
    }
    assert_contains(text.text, "\n");
    return (pid_t)strtol(text.text, NULL, 10);
}

__attribute__((unused)) static bool lives(pid_t pid)
{
    return process_start_time(pid) != 0;
}

__attribute__((unused)) static void assert_ends_within(pid_t pid, msec patience)
{
    msec deadline = deadline_in(patience);
    while (lives(pid) && !deadline_passed(deadline)) {
        deadline_sleep(deadline_in(5));
    }
    if (lives(pid)) {
        fail_msg("process %ld is still there", (long)pid);
    }
}

__attribute__((unused)) static int hooks_open(void **state)
{
    static int n;
    struct error err = ERROR_INIT;
    struct hooks *hooks = mem_new(1, sizeof *hooks);
    interrupt_forget();
    hooks->folder = mem_printf("%s/p%d", scratch_dir(), ++n);
    hooks->news = hooks->log = (struct strbuf)STRBUF_INIT;
    hooks->worker = (struct worker){.pid = -1, .pidfd = -1, .news = -1};
    write_in(hooks, "migrations/" MIGRATION "/migration.sql", "create table a (id int);\n", 0644);
    write_environments(hooks, "host=localhost dbname=nowhere");
    CLEANUP(mem_freep) char *folder = path_join(hooks->folder, ".headgate");
    assert_ok(state_open(folder, &hooks->state, &err));
    *state = hooks;
    return 0;
}

__attribute__((unused)) static int hooks_close(void **state)
{
    struct hooks *hooks = *state;
    worker_kill(&hooks->worker);
    worker_clear(&hooks->worker);
    json_data_freep(&hooks->end);
    forget_workflow(hooks);
    state_freep(&hooks->state);
    strbuf_clear(&hooks->news);
    strbuf_clear(&hooks->log);
    mem_free(hooks->work.folder);
    mem_free(hooks->folder);
    mem_free(hooks);
    return 0;
}

#define WITH_HOOKS(test) cmocka_unit_test_setup_teardown(test, hooks_open, hooks_close)
