/* Finding pg_dump and pg_restore, with scripts in their place. */
#include "scratch.h"

#include <signal.h>
#include <stdlib.h>

#include "headgate/interrupt.h"
#include "private.h"

static const char *fake_tools(const char *name, const char *version)
{
    scratch_sh("mkdir -p %s && cd %s && printf '#!/bin/sh\necho \"pg_dump (PostgreSQL) %s\"\n' "
               ">pg_dump && cp pg_dump pg_restore && chmod 755 pg_dump pg_restore",
               name, name, version);
    return scratch_out("realpath %s", name);
}

static void the_servers_own_version_is_found(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(tools_clear) struct tools tools = {0};
    (void)state;
    const char *named = fake_tools("own", "97.3 (Debian 97.3-1)");
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", named, 1), 0);
    assert_ok(tools_find(97, &tools, &err));
    assert_string_equal(tools.folder, named);
    assert_string_equal(tools.version_text, "97.3");
    tools_clear(&tools);
    assert_fails(tools_find(98, &tools, &err), ERROR_BACKUP);
    assert_contains(err.message, "can read a PostgreSQL 98 server");
    assert_contains(err.hint, "postgresql-client-98");
}

/* "Not installed" would be a lie of a program that was only not heard out. */
static void a_wish_to_stop_is_not_taken_for_a_missing_program(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(tools_clear) struct tools tools = {0};
    (void)state;
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", fake_tools("slow", "97.1"), 1), 0);
    interrupt_install();
    assert_int_equal(raise(SIGTERM), 0);
    assert_fails(tools_find(97, &tools, &err), ERROR_TERMINATED);
    assert_false(is_of_machine(&err));
    assert_int_equal(err.code, ERROR_TERMINATED);
    interrupt_forget();
    error_clear(&err);
    assert_ok(tools_find(97, &tools, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_servers_own_version_is_found),
        cmocka_unit_test(a_wish_to_stop_is_not_taken_for_a_missing_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
