/* Short forms for tests that read an environments file. */
#pragma once

#include "scratch.h"

#include <string.h>

#include "headgate/environment.h"
#include "headgate/file.h"
#include "headgate/mem.h"

/* Writes scratch_dir()/pipelines/e.json; its path. */
__attribute__((unused)) static const char *written(const char *text)
{
    static char *path = NULL;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_printf("%s/pipelines", scratch_dir());
    mem_free(path);
    path = mem_printf("%s/e.json", folder);
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    return path;
}

/* These fail the test where the file is not good. */
__attribute__((unused)) static struct environments *read_text(const char *text)
{
    struct error err = ERROR_INIT;
    struct environments *set = NULL;
    assert_ok(environments_read(written(text), NULL, &set, &err));
    return set;
}

/* One environment, "x", with these members besides its kind. */
__attribute__((unused)) static struct environments *read_members(const char *members)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",%s}}}", members);
    return read_text(text);
}

/* The file is refused; each problem has a place. The error is left for a closer look. */
__attribute__((unused)) static void must_refuse(const char *text, struct error *ret_err)
{
    struct error err = ERROR_INIT;
    struct environments *untouched = (struct environments *)&err, *set = untouched;
    assert_fails(environments_read(written(text), NULL, &set, &err), ERROR_CONFIG);
    assert_ptr_equal(set, untouched);
    assert_true(err.problems.n > 0);
    for (size_t i = 0; i < err.problems.n; i++) {
        assert_non_null(err.problems.items[i].file);
        assert_true(err.problems.items[i].line > 0);
        assert_true(err.problems.items[i].column > 0);
    }
    *ret_err = err;
}

/* Refused with exactly one problem, whose message holds this. */
__attribute__((unused)) static void expect_refused(const char *text, const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    must_refuse(text, &err);
    assert_int_equal(err.problems.n, 1);
    assert_contains(err.problems.items[0].message, message);
}

__attribute__((unused)) static void expect_members_refused(const char *members, const char *message)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",%s}}}", members);
    expect_refused(text, message);
}
