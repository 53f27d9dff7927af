/* Short forms for tests that read a pipeline file: a small project in scratch_dir(). */
#pragma once

#include "scratch.h"

#include <stdio.h>
#include <string.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/strbuf.h"
#include "headgate/workflow.h"

static const char environments_text[] =
    "{\"environments\":{\n"
    "\"development\":{\"kind\":\"development\",\"url\":\"embedded:development\"},\n"
    "\"staging\":{\"kind\":\"staging\",\"url\":\"embedded:staging\",\"after\":[\"development\"],"
    "\"seed\":\"seed.sql\"},\n"
    "\"production\":{\"kind\":\"production\",\"url\":\"embedded:production\"}}}\n";

/* Writes scratch_dir()/NAME. */
__attribute__((unused)) static void write_file(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    CLEANUP(mem_freep) char *folder = path_parent(path);
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

/* A good environments file and a release of one migration. */
__attribute__((unused)) static int make_project(void **state)
{
    (void)state;
    write_file("pipelines/environments.json", environments_text);
    write_file("migrations/20260101000000_one/migration.sql", "select 1;\n");
    return 0;
}

/* Writes scratch_dir()/pipelines/p.json; its path. */
__attribute__((unused)) static const char *written(const char *text)
{
    static char *path = NULL;
    mem_free(path);
    path = mem_printf("%s/pipelines/p.json", scratch_dir());
    write_file("pipelines/p.json", text);
    return path;
}

__attribute__((unused)) static bool try_read(const char *text, struct workflow **ret_workflow,
                                             struct error *err)
{
    const struct workflow_source source = {.path = written(text)};
    return workflow_read(&source, ret_workflow, err);
}

/* Fails the test where the file is not good. */
__attribute__((unused)) static struct workflow *read_text(const char *text)
{
    struct error err = ERROR_INIT;
    struct workflow *workflow = NULL;
    assert_ok(try_read(text, &workflow, &err));
    return workflow;
}

/* A file around these steps, which begin on its second line. The caller's. */
__attribute__((unused)) static char *around(const char *steps, const char *rest)
{
    return mem_printf(
        "{\"name\":\"p\",\"environments\":\"environments.json\",\"steps\":[\n%s\n]%s}", steps,
        rest != NULL ? rest : "");
}

__attribute__((unused)) static struct workflow *read_steps(const char *steps)
{
    CLEANUP(mem_freep) char *text = around(steps, NULL);
    return read_text(text);
}

/* --- refusals: each "@" in a text stands before the place of a mistake --- */

struct refusal {
    const char *text;
    const char *messages[5]; /* parts of them, in the order of their places */
    const char *note;        /* part of a note of the first one; or NULL */
};

struct expected_place {
    size_t line, column;
};

/* The text without its marks, and where they stood. The caller's. */
__attribute__((unused)) static char *unmarked(const char *text, struct expected_place *ret_places,
                                              size_t *ret_n)
{
    struct strbuf plain = STRBUF_INIT;
    struct expected_place here = {1, 1};
    *ret_n = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '@') {
            ret_places[(*ret_n)++] = here;
            continue;
        }
        strbuf_add_char(&plain, *at);
        if (((unsigned char)*at & 0xc0) != 0x80) {
            here.column++;
        }
        if (*at == '\n') {
            here = (struct expected_place){here.line + 1, 1};
        }
    }
    return strbuf_take(&plain);
}

__attribute__((unused)) static bool has_note(const struct problem *problem, const char *note)
{
    for (size_t i = 0; i < problem->notes.n; i++) {
        if (strstr(problem->notes.items[i], note) != NULL) {
            return true;
        }
    }
    return false;
}

__attribute__((unused)) static char *all_of(const struct error *err)
{
    struct strbuf out = STRBUF_INIT;
    strbuf_printf(&out, "%s\n", err->message);
    for (size_t i = 0; i < err->problems.n; i++) {
        problem_render(&err->problems.items[i], false, &out);
    }
    return strbuf_take(&out);
}

__attribute__((unused)) static void expect_refused(const char *text, const char *const *messages,
                                                   const char *note)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(workflow_freep) struct workflow *workflow = NULL;
    struct expected_place places[8];
    size_t n;
    CLEANUP(mem_freep) char *plain = unmarked(text, places, &n);
    if (try_read(plain, &workflow, &err)) {
        fail_msg("this was read:\n%s", plain);
    }
    CLEANUP(mem_freep) char *told = all_of(&err);
    if (err.code != ERROR_CONFIG || err.problems.n != n || workflow != NULL) {
        fail_msg("%zu mistakes were to be found in\n%s\nand these are told:\n%s", n, plain, told);
    }
    for (size_t i = 0; i < n; i++) {
        const struct problem *problem = &err.problems.items[i];
        if (problem->line != places[i].line || problem->column != places[i].column ||
            messages[i] == NULL || strstr(problem->message, messages[i]) == NULL) {
            fail_msg("mistake %zu: \"%s\" at %zu:%zu was to be told; these are:\n%s", i + 1,
                     messages[i] != NULL ? messages[i] : "nothing", places[i].line,
                     places[i].column, told);
        }
    }
    assert_true(n == 5 || messages[n] == NULL);
    if (note != NULL && !has_note(&err.problems.items[0], note)) {
        fail_msg("there is no note \"%s\" in\n%s", note, told);
    }
}

/* The texts of `refusals` are steps. */
__attribute__((unused)) static void expect_all_refused(const struct refusal *refusals, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(mem_freep) char *text = around(refusals[i].text, NULL);
        expect_refused(text, refusals[i].messages, refusals[i].note);
    }
}
