/* Short forms for tests that open sessions and run statements of their own. */
#pragma once

#include "scratch.h"

#include <string.h>
#include <unistd.h>

#include "headgate/db.h"
#include "headgate/mem.h"

#define SOON deadline_in(20000)
#define STATEMENT(sql) (&(const struct db_statement){"test", (sql)})

/* These fail the test where the call fails. */
__attribute__((unused)) static struct conninfo *conninfo_of(const char *url)
{
    struct error err = ERROR_INIT;
    struct conninfo *conninfo = NULL;
    assert_ok(conninfo_parse(url, &conninfo, &err));
    return conninfo;
}

__attribute__((unused)) static struct db *session(const char *url, bool read_only)
{
    struct error err = ERROR_INIT;
    struct db *db = NULL;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(url);
    struct db_options options = {.purpose = "test", .read_only = read_only};
    assert_ok(db_open(conninfo, &options, SOON, &db, &err));
    return db;
}

__attribute__((unused)) static void run(struct db *db, const char *sql)
{
    struct error err = ERROR_INIT;
    assert_ok(db_execute(db, STATEMENT(sql), DB_NO_PARAMS, SOON, &err));
}

/* The first column of the first row; the caller's. */
__attribute__((unused)) static char *value(struct db *db, const char *sql)
{
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    assert_ok(db_query(db, STATEMENT(sql), DB_NO_PARAMS, SOON, &rows, &err));
    assert_true(db_rows_count(rows) > 0);
    return mem_copy(db_text(rows, 0, 0));
}

__attribute__((unused)) static void must_be(struct db *db, const char *sql, const char *wanted)
{
    CLEANUP(mem_freep) char *got = value(db, sql);
    assert_string_equal(got, wanted);
}

/* Waits for a server that is about to listen. */
__attribute__((unused)) static void wait_until_open(const char *url)
{
    msec deadline = SOON;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(url);
    struct db_options options = {.purpose = "wait"};
    bool open = false;
    while (!open) {
        struct error err = ERROR_INIT;
        CLEANUP(db_closep) struct db *db = NULL;
        open = db_open(conninfo, &options, deadline, &db, &err);
        if (!open && deadline_passed(deadline)) {
            assert_ok(open);
        }
        error_clear(&err);
        deadline_sleep(deadline_in(open ? 0 : 20));
    }
}

/* It must fail with this code and SQLSTATE; the error is left for a closer look. */
__attribute__((unused)) static void expect_open_fails(const char *url, msec deadline,
                                                      enum error_code code, const char *sqlstate,
                                                      struct error *ret_err)
{
    struct error err = ERROR_INIT;
    struct db *db = NULL;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(url);
    struct db_options options = {.purpose = "test"};
    assert_fails(db_open(conninfo, &options, deadline, &db, &err), code);
    assert_null(db);
    assert_string_equal(err.sqlstate, sqlstate);
    *ret_err = err;
}
