/*
 * What every C test needs: a short private folder, shell lines, real servers. All of it is gone
 * after the test.
 *
 * A failing cmocka assertion jumps past CLEANUP, so a LeakSanitizer report after a failure is
 * noise; after a pass it is a bug.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "headgate/error.h"

/* A folder such as /tmp/hg-3f9a (HEADGATE_TEST_ROOT, else /tmp), made on first use and removed at
 * exit. Other users may pass through it, so that a server that runs as another user can live in it.
 * Short, so that sockets fit. */
const char *scratch_dir(void);
/* Runs a line with sh in scratch_dir; the test fails where it does not exit 0. */
void scratch_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, with its stdout (without the last line break) as the result; freed at exit. */
const char *scratch_out(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A real PostgreSQL server, started on first use by tests/support/pg, stopped at exit. The
 * connection string of a superuser. */
const char *scratch_postgres(void);
/* Lets HEADGATE_PG_BINDIR point to other server programs; NULL: to those that the test was started
 * with. */
void scratch_use_servers(const char *folder);
/* Servers that HEADGATE_PG_BINDIR names may come without pg_dump (those of scripts/test
 * --all-versions do), and another version's proves nothing: says so, and the program ends well. */
bool scratch_lacks_pg_dump(void);
/* A folder for headgate clusters' state. */
const char *scratch_state(void);

/* assert_ok(call(..., &err)): fails with the error's texts. */
#define assert_ok(call) scratch_assert_ok((call), &err, #call, __FILE__, __LINE__)
/* The call must fail with this code; the error stays to be looked at. */
#define assert_fails(call, wanted)                                                                 \
    scratch_assert_fails((call), &err, (wanted), #call, __FILE__, __LINE__)
void scratch_assert_ok(bool result, const struct error *err, const char *call, const char *file,
                       int line);
void scratch_assert_fails(bool result, const struct error *err, enum error_code wanted,
                          const char *call, const char *file, int line);
/* The text contains this part. */
#define assert_contains(text, part) scratch_assert_contains((text), (part), __FILE__, __LINE__)
void scratch_assert_contains(const char *text, const char *part, const char *file, int line);
