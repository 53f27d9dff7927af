/* What may stand in the paths of ssh's configuration. */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "headgate/mem.h"
#include "scratch.h"
#include "ssh_config.h"

static char host[] = "db1.example.net", alias[] = "shop", written[] = "db", user[] = "deploy";

static struct ssh_hop hop(void)
{
    return (struct ssh_hop){
        .host = host, .alias = alias, .written = written, .user = user, .port = 2222};
}

static void expect(const char *text, const char *wanted)
{
    const struct ssh_hop over = hop();
    CLEANUP(mem_freep) char *got = ssh_expand(text, &over);
    if (wanted == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, wanted);
    }
}

static void tokens_stand_for_what_ssh_means_by_them(void **state)
{
    (void)state;
    expect("/keys/%n/%h_%p_%r", "/keys/db/db1.example.net_2222_deploy");
    expect("100%%", "100%");
    expect("plain", "plain");
    expect("", "");
    CLEANUP(mem_freep) char *uid = mem_printf("/run/user/%u/x", (unsigned)getuid());
    expect("/run/user/%i/x", uid);
    CLEANUP(mem_freep) char *me = mem_printf("/k/%s", getpwuid(getuid())->pw_name);
    expect("/k/%u", me);
    char name[256] = "";
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    expect("%l", name);
    name[strcspn(name, ".")] = '\0';
    expect("%L", name);
}

static void a_key_is_looked_up_under_the_alias_only_where_one_is_meant(void **state)
{
    (void)state;
    struct ssh_hop over = hop();
    CLEANUP(mem_freep) char *by_written = ssh_expand("/known/%k", &over);
    over.alias_is_meant = true;
    CLEANUP(mem_freep) char *by_alias = ssh_expand("/known/%k", &over);
    assert_string_equal(by_written, "/known/db");
    assert_string_equal(by_alias, "/known/shop");
}

static void homes_are_found(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *home = ssh_home();
    CLEANUP(mem_freep) char *mine = mem_printf("%s/.ssh/id", home);
    CLEANUP(mem_freep) char *roots = mem_printf("%s/.ssh/id", getpwnam("root")->pw_dir);
    expect("~/.ssh/id", mine);
    expect("%d/.ssh/id", mine);
    expect("~root/.ssh/id", roots);
    expect("~", home);
    expect("~nobody-has-this-name/.ssh/id", NULL);
    expect("/a/~/b", "/a/~/b");
}

static void variables_are_those_of_ours(void **state)
{
    (void)state;
    assert_int_equal(setenv("EXPAND_TEST", "some where", 1), 0);
    assert_int_equal(setenv("EXPAND_EMPTY", "", 1), 0);
    expect("${EXPAND_TEST}/agent", "some where/agent");
    expect("/x${EXPAND_EMPTY}/agent", "/x/agent");
    expect("$EXPAND_TEST", "$EXPAND_TEST");
    expect("${EXPAND_NOT_THERE}/agent", NULL);
    expect("${EXPAND_TEST", NULL);
}

static void what_nobody_knows_is_not_guessed(void **state)
{
    (void)state;
    expect("/a/%q", NULL);
    expect("/a/%", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_stand_for_what_ssh_means_by_them),
        cmocka_unit_test(a_key_is_looked_up_under_the_alias_only_where_one_is_meant),
        cmocka_unit_test(homes_are_found),
        cmocka_unit_test(variables_are_those_of_ours),
        cmocka_unit_test(what_nobody_knows_is_not_guessed),
    };
    return cmocka_run_group_tests_name("remote/expand", tests, NULL, NULL);
}
