/* Releases that are refused, and with which words. */
#pragma once

#include "a_release.h"

/* With exactly this one problem; its notes are joined for the second part, which may be NULL. */
static void expect_one(const char *message, const char *note)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf notes = STRBUF_INIT;
    struct release *release = NULL;
    assert_fails(release_read(folder(), &release, &err), ERROR_CONFIG);
    assert_int_equal(err.problems.n, 1);
    assert_string_equal(err.problems.items[0].message, message);
    for (size_t i = 0; i < err.problems.items[0].notes.n; i++) {
        strbuf_printf(&notes, "%s\n", err.problems.items[0].notes.items[i]);
    }
    assert_contains(notes.text, note != NULL ? note : "");
}
