/* Who is at work. */
#include "scratch.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "private.h"

static void expect_actor(const char *sudo_user, const char *behind)
{
    char host[HOST_NAME_MAX + 1] = "";
    const struct passwd *user = getpwuid(getuid());
    CLEANUP(mem_freep) char *name = mem_copy(user != NULL ? user->pw_name : NULL);
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    (void)(sudo_user != NULL ? setenv("SUDO_USER", sudo_user, 1) : unsetenv("SUDO_USER"));
    CLEANUP(mem_freep) char *actor = project_actor();
    (void)unsetenv("SUDO_USER");
    if (name != NULL) {
        CLEANUP(mem_freep) char *wanted = mem_printf("%s@%s%s", name, host, behind);
        assert_string_equal(actor, wanted);
    }
}

static void whoever_is_logged_in_is_at_work(void **state)
{
    (void)state;
    expect_actor(NULL, "");
}

static void under_sudo_both_are_named_where_it_made_us_root(void **state)
{
    (void)state;
    expect_actor("nobody", getuid() == 0 ? " (sudo nobody)" : "");
}

static void what_sudo_would_not_say_is_not_believed(void **state)
{
    (void)state;
    expect_actor("", "");
    expect_actor("root", "");
    expect_actor("no-such-user-here", "");
    expect_actor("nobody) and (sudo root", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_logged_in_is_at_work),
        cmocka_unit_test(under_sudo_both_are_named_where_it_made_us_root),
        cmocka_unit_test(what_sudo_would_not_say_is_not_believed),
    };
    return cmocka_run_group_tests_name("cli/project", tests, NULL, NULL);
}
