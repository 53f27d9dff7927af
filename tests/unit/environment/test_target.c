#include "reading.h"

#include <stdio.h>
#include <stdlib.h>

#include "headgate/secret.h"

/* Known secrets stay known for the life of the process, so each test has values of its own. */

static void must_resolve(struct environments *set)
{
    struct error err = ERROR_INIT;
    assert_ok(environment_resolve(&set->items[0], &err));
    assert_true(set->items[0].target.resolved);
}

/* Every mistake has its place, and none quotes "canary". */
static void must_not_resolve(struct environments *set, const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_fails(environment_resolve(&set->items[0], &err), ERROR_CONFIG);
    assert_true(err.problems.n > 0);
    assert_contains(err.problems.items[0].message, message);
    assert_true(err.problems.items[0].line > 0 && err.problems.items[0].column > 0);
    assert_null(strstr(err.problems.items[0].message, "canary"));
    assert_false(set->items[0].target.resolved);
}

static bool is_hidden(const char *value)
{
    CLEANUP(mem_freep) char *text = mem_printf("before %s after", value);
    CLEANUP(mem_freep) char *shown = redact_copy(text);
    return strstr(shown, value) == NULL;
}

static void expect_display(const struct environments *set, const char *wanted)
{
    CLEANUP(mem_freep) char *shown = environment_display(&set->items[0]);
    assert_string_equal(shown, wanted);
}

/* --- nothing is looked up before it is needed --- */

static void reading_looks_nothing_up(void **state)
{
    (void)state;
    scratch_sh("rm -f touched");
    CLEANUP(mem_freep) char *cmd = mem_printf("${cmd:touch %s/touched}", scratch_dir());
    CLEANUP(mem_freep)
    char *text = mem_printf(
        "{\"vault\":{\"path\":\"%s\"},\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"%s\","
        "\"direct_url\":\"%s\",\"replica_url\":\"%s\",\"ssh\":{\"host\":\"%s\",\"user\":\"%s\","
        "\"identity\":\"%s\",\"jump\":[\"%s\"],\"connect_timeout\":\"%s\",\"transport\":\"%s\"},"
        "\"expect\":{\"database\":\"%s\",\"system_identifier\":\"%s\"}}}}",
        cmd, cmd, cmd, cmd, cmd, cmd, cmd, cmd, cmd, cmd, cmd, cmd);
    CLEANUP(environments_freep) struct environments *set = read_text(text);
    assert_false(set->items[0].target.resolved);
    assert_non_null(set->items[0].ssh);
    assert_string_equal(scratch_out("ls touched 2>/dev/null || echo none"), "none");
    expect_display(set, "x");
    assert_null(environment_schema(&set->items[0]));
}

static void the_syntax_is_checked_all_the_same(void **state)
{
    (void)state;
    expect_members_refused("\"url\":\"${A\"", "has no closing");
    expect_members_refused("\"url\":\"embedded:x\",\"direct_url\":\"${1}\"", "is no name");
    expect_members_refused("\"url\":\"embedded:x\",\"expect\":{\"database\":\"${cmd:}\"}",
                           "names no program");
    expect_members_refused("\"url\":\"embedded:x\",\"ssh\":{\"host\":\"${file:}\"}",
                           "names no file");
}

static void secrets_of_others_are_not_fetched(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep)
    struct environments *set =
        read_text("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"embedded:x\"},"
                  "\"y\":{\"kind\":\"production\",\"url\":\"${HEADGATE_TEST_ONLY_THERE}\"}}}");
    must_resolve(set);
    assert_false(set->items[1].target.resolved);
    assert_fails(environment_resolve(&set->items[1], &err), ERROR_CONFIG);
    assert_contains(err.problems.items[0].message, "\"HEADGATE_TEST_ONLY_THERE\" is not set");
}

static void a_value_is_fetched_once(void **state)
{
    (void)state;
    scratch_sh("rm -f times");
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        "\"url\":\"postgresql://u:${cmd:sh -c 'echo x >> ../times; echo once-canary'}@h/d\"");
    must_resolve(set);
    must_resolve(set);
    assert_string_equal(scratch_out("wc -l < times"), "1");
    assert_true(is_hidden("once-canary"));
}

static void what_could_not_be_had_may_be_had_later(void **state)
{
    (void)state;
    (void)unsetenv("HEADGATE_TEST_LATER");
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"${HEADGATE_TEST_LATER}\"");
    must_not_resolve(set, "is not set");
    must_not_resolve(set, "is not set");
    (void)setenv("HEADGATE_TEST_LATER", "embedded:later", 1);
    must_resolve(set);
    assert_string_equal(set->items[0].target.embedded, "later");
}

/* --- url --- */

static void an_embedded_database_has_a_name(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"embedded:a-1_b\"");
    expect_display(set, "embedded:a-1_b");
    must_resolve(set);
    assert_string_equal(set->items[0].target.embedded, "a-1_b");
    assert_null(set->items[0].target.conninfo);
    expect_display(set, "embedded:a-1_b");
    assert_null(environment_schema(&set->items[0]));
    static const char *const bad[] = {
        "", "A", "-a", "_a", "a b", "../a", "a/b", "a2345678901234567890123456789012345678901"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(mem_freep) char *members = mem_printf("\"url\":\"embedded:%s\"", bad[i]);
        expect_members_refused(members, "is no name for an embedded database");
    }
}

static void the_name_of_an_embedded_database_may_come_from_outside(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_NAME", "mine", 1);
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"embedded:${HEADGATE_TEST_NAME}\"");
    must_resolve(set);
    expect_display(set, "embedded:mine");
    assert_false(is_hidden("mine"));
    (void)setenv("HEADGATE_TEST_NAME", "Not Mine", 1);
    CLEANUP(environments_freep)
    struct environments *other = read_members("\"url\":\"embedded:${HEADGATE_TEST_NAME}\"");
    must_not_resolve(other, "is no name for an embedded database");
}

static void the_whole_url_may_come_from_outside(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_URL", "postgresql://u:whole-canary@db1:5433/shop?schema=s1", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"${HEADGATE_TEST_URL:-embedded:development}\"");
    must_resolve(set);
    expect_display(set, "db1:5433/shop");
    assert_string_equal(environment_schema(&set->items[0]), "s1");
    assert_true(is_hidden("whole-canary"));
    assert_true(is_hidden("postgresql://u:whole-canary@db1:5433/shop?schema=s1"));
}

static void a_default_counts_where_nothing_is_set(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_EMPTY", "", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"${HEADGATE_TEST_EMPTY:-embedded:development}\"");
    must_resolve(set);
    assert_string_equal(set->items[0].target.embedded, "development");
}

static void an_empty_url_is_refused(void **state)
{
    (void)state;
    expect_members_refused("\"url\":\"\"", "\"url\" of environment \"x\" is empty");
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"${HEADGATE_TEST_NOT_SET:-}\"");
    must_not_resolve(set, "\"url\" of environment \"x\" is empty");
}

static void a_malformed_url_is_never_quoted(void **state)
{
    (void)state;
    expect_members_refused("\"url\":\"canary\"", "the connection string is malformed");
    (void)setenv("HEADGATE_TEST_MALFORMED", "postgresql://u:mal/canary@h/d", 1);
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"${HEADGATE_TEST_MALFORMED}\"");
    must_not_resolve(set, "the connection string");
    assert_true(is_hidden("postgresql://u:mal/canary@h/d"));
}

/* --- direct_url and replica_url --- */

static void other_servers_may_be_empty(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        "\"url\":\"host=h\",\"direct_url\":\"\",\"replica_url\":\"${HEADGATE_TEST_NOT_SET:-}\"");
    must_resolve(set);
    assert_null(set->items[0].target.direct_conninfo);
    assert_null(set->items[0].target.replica_conninfo);
}

static void other_servers_are_read(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"host=h1\",\"direct_url\":\"host=h2\","
                                            "\"replica_url\":\"host=h3\"");
    must_resolve(set);
    const struct target *target = &set->items[0].target;
    assert_string_equal(conninfo_get(target->conninfo, "host"), "h1");
    assert_string_equal(conninfo_get(target->direct_conninfo, "host"), "h2");
    assert_string_equal(conninfo_get(target->replica_conninfo, "host"), "h3");
}

static void other_servers_are_never_embedded(void **state)
{
    (void)state;
    expect_members_refused("\"url\":\"embedded:x\",\"direct_url\":\"embedded:y\"",
                           "\"direct_url\" of environment \"x\" cannot be an embedded database");
    expect_members_refused("\"url\":\"embedded:x\",\"replica_url\":\"embedded:y\"",
                           "\"replica_url\" of environment \"x\" cannot be an embedded database");
    (void)setenv("HEADGATE_TEST_DIRECT", "embedded:y", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"embedded:x\",\"direct_url\":\"${HEADGATE_TEST_DIRECT}\"");
    must_not_resolve(set, "cannot be an embedded database");
}

/* --- secrets --- */

static void a_literal_password_is_hidden(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *uri = read_members("\"url\":\"postgresql://u:literal-canary@h/d\"");
    CLEANUP(environments_freep)
    struct environments *pairs =
        read_members("\"url\":\"host=h\",\"direct_url\":\"host=h password=direct-canary\","
                     "\"replica_url\":\"host=h password=replica-canary\"");
    must_resolve(uri);
    must_resolve(pairs);
    assert_true(is_hidden("literal-canary"));
    assert_true(is_hidden("direct-canary"));
    assert_true(is_hidden("replica-canary"));
}

static void a_password_from_a_variable_is_hidden(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_PASSWORD", "var%40canary", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"postgresql://u:${HEADGATE_TEST_PASSWORD}@h/d\"");
    assert_false(is_hidden("var%40canary"));
    must_resolve(set);
    assert_true(is_hidden("var%40canary"));
    assert_true(is_hidden("var@canary"));
}

static void a_password_from_a_file_is_hidden(void **state)
{
    (void)state;
    (void)written("{}");
    scratch_sh("mkdir -p secrets && printf 'file-canary\\n' > secrets/p && printf 'abs-canary' > "
               "secrets/q");
    CLEANUP(mem_freep)
    char *members = mem_printf("\"url\":\"postgresql://u:${file:../secrets/p}@h/d\","
                               "\"direct_url\":\"host=h password=${file:%s/secrets/q}\"",
                               scratch_dir());
    CLEANUP(environments_freep) struct environments *set = read_members(members);
    assert_false(is_hidden("file-canary"));
    must_resolve(set);
    assert_true(is_hidden("file-canary"));
    assert_true(is_hidden("abs-canary"));
    expect_display(set, "h/d");
}

static void a_password_from_a_command_is_hidden(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"postgresql://u:${cmd:echo cmd-canary}@h/d\"");
    assert_false(is_hidden("cmd-canary"));
    must_resolve(set);
    assert_true(is_hidden("cmd-canary"));
}

static void what_is_no_secret_stays_readable(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_HOST", "db-public.example.net", 1);
    (void)setenv("HEADGATE_TEST_PORT", "15433", 1);
    (void)setenv("HEADGATE_TEST_USER", "user-public", 1);
    (void)setenv("HEADGATE_TEST_DB", "shop-public", 1);
    (void)setenv("HEADGATE_TEST_PW", "mixed-canary", 1);
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        "\"url\":\"postgresql://${HEADGATE_TEST_USER}:${HEADGATE_TEST_PW}@${HEADGATE_TEST_HOST}:"
        "${HEADGATE_TEST_PORT}/${HEADGATE_TEST_DB}\"");
    must_resolve(set);
    assert_false(is_hidden("db-public.example.net"));
    assert_false(is_hidden("15433"));
    assert_false(is_hidden("user-public"));
    assert_false(is_hidden("shop-public"));
    assert_true(is_hidden("mixed-canary"));
    expect_display(set, "db-public.example.net:15433/shop-public");
}

static void a_part_that_nobody_can_place_is_hidden(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_PART", "half-canary", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"host=h password=abc${HEADGATE_TEST_PART}def\"");
    must_resolve(set);
    assert_true(is_hidden("half-canary"));
    assert_true(is_hidden("abchalf-canarydef"));
}

static void a_password_command_gets_no_known_secret(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_KNOWN", "known-canary", 1);
    (void)setenv("HEADGATE_TEST_ITS_OWN", "own-token", 1);
    secret_register("known-canary");
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"host=h user=${cmd:sh -c 'echo "
                     "got-$$HEADGATE_TEST_KNOWN-$$HEADGATE_TEST_ITS_OWN'}\"");
    must_resolve(set);
    assert_string_equal(conninfo_get(set->items[0].target.conninfo, "user"), "got--own-token");
}

static void what_cannot_be_had_is_told_with_its_place(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"${file:no-such-file}", "could not read"},
        {"${cmd:false}", "ended with exit status 1"},
        {"${cmd:/nonexistent/program}", "/nonexistent/program"},
        {"${file:/dev/zero}", "larger than"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(mem_freep) char *members = mem_printf("\"url\":\"host=h password=%s\"", bad[i][0]);
        CLEANUP(environments_freep) struct environments *set = read_members(members);
        must_not_resolve(set, bad[i][1]);
    }
}

/* --- expect --- */

static void what_is_expected_may_come_from_outside(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_EXPECT", "shop-expected", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"host=h\",\"expect\":{\"database\":\"${HEADGATE_TEST_EXPECT}\","
                     "\"system_identifier\":\"7301555512344412345\"}");
    must_resolve(set);
    assert_string_equal(set->items[0].target.expect_database, "shop-expected");
    assert_string_equal(set->items[0].target.expect_system_identifier, "7301555512344412345");
    assert_false(is_hidden("shop-expected"));
}

static void what_can_never_be_found_is_refused(void **state)
{
    (void)state;
    expect_members_refused("\"url\":\"host=h\",\"expect\":{\"database\":\"\"}",
                           "must be the name of a database");
    expect_members_refused("\"url\":\"host=h\",\"expect\":{\"system_identifier\":\"73 01\"}",
                           "must be a number, written as a string");
    expect_members_refused("\"url\":\"host=h\",\"expect\":{\"system_identifier\":\"\"}",
                           "must be a number, written as a string");
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"host=h\",\"expect\":{\"database\":\"${HEADGATE_TEST_NOT_SET:-}\"}");
    must_not_resolve(set, "must be the name of a database");
}

/* --- ssh --- */

static void ssh_is_checked_whole(void **state)
{
    (void)state;
#define SSH(members) "\"url\":\"host=h\",\"ssh\":" members
    CLEANUP(environments_freep)
    struct environments *without = read_members("\"url\":\"host=h\"");
    assert_null(without->items[0].ssh);
    expect_members_refused(SSH("{}"), "missing key \"host\"");
    expect_members_refused(SSH("\"db1\""), "an object");
    expect_members_refused(SSH("{\"host\":\"h\",\"port\":0}"), "from 1 to 65535");
    expect_members_refused(SSH("{\"host\":\"h\",\"port\":65536}"), "from 1 to 65535");
    expect_members_refused(SSH("{\"host\":\"h\",\"transport\":\"telnet\"}"), "\"openssh\"");
    expect_members_refused(SSH("{\"host\":\"h\",\"keepalive\":\"1y\"}"), "a duration");
    expect_members_refused(SSH("{\"host\":\"h\",\"jump\":\"b\"}"), "an array");
    expect_members_refused(SSH("{\"host\":\"h\",\"hots\":\"b\"}"), "unknown key \"hots\"");
}

static void ssh_is_looked_up_when_it_is_needed(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_SSH_HOST", "db1.example.net", 1);
    (void)setenv("HEADGATE_TEST_SSH_PASSPHRASE", "passphrase-canary", 1);
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        "\"url\":\"host=h\",\"ssh\":{\"host\":\"${HEADGATE_TEST_SSH_HOST}\",\"user\":"
        "\"deploy\",\"identity\":\"keys/id\",\"known_hosts\":\"~/hosts\","
        "\"passphrase\":\"${HEADGATE_TEST_SSH_PASSPHRASE}\",\"transport\":\"openssh\"}");
    assert_null(set->items[0].ssh->host);
    must_resolve(set);
    const struct ssh_place *ssh = set->items[0].ssh;
    assert_string_equal(ssh->host, "db1.example.net");
    assert_string_equal(ssh->user, "deploy");
    assert_int_equal(ssh->port, 0); /* as ssh's own config says */
    assert_contains(ssh->identity, "/pipelines/keys/id");
    assert_string_equal(ssh->known_hosts, "~/hosts");
    assert_string_equal(ssh->passphrase, "passphrase-canary");
    assert_int_equal(ssh->transport, TRANSPORT_OPENSSH);
    assert_int_equal(ssh->connect_timeout, 15000);
    assert_true(is_hidden("passphrase-canary"));
    assert_false(is_hidden("db1.example.net"));
    expect_display(set, "h via ssh deploy@db1.example.net");
}

static void hosts_to_go_over_are_no_secret(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_SSH_JUMP", "ops@bastion.example.net", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"host=h\",\"ssh\":{\"host\":\"db1\",\"jump\":["
                     "\"${HEADGATE_TEST_SSH_JUMP}\"]}");
    must_resolve(set);
    expect_display(set, "h via ssh db1, jump bastion.example.net");
    assert_false(is_hidden("ops@bastion.example.net"));
}

static void expect_jump(const char *text, const char *user, const char *host, int port)
{
    CLEANUP(mem_freep)
    char *members = mem_printf("\"url\":\"host=h\",\"ssh\":{\"host\":\"db1\",\"jump\":[%s]}", text);
    CLEANUP(environments_freep) struct environments *set = read_members(members);
    must_resolve(set);
    assert_int_equal(set->items[0].ssh->n_jump, 1);
    const struct ssh_place *jump = &set->items[0].ssh->jump[0];
    assert_string_equal(jump->host, host);
    assert_true(text_equal(jump->user, user));
    assert_int_equal(jump->port, port);
}

static void a_jump_is_a_text_or_an_object(void **state)
{
    (void)state;
    expect_jump("\"bastion\"", NULL, "bastion", 0);
    expect_jump("\"ops@bastion:2222\"", "ops", "bastion", 2222);
    expect_jump("\"[fd00::7]:2222\"", NULL, "fd00::7", 2222);
    expect_jump("\"fd00::7\"", NULL, "fd00::7", 0);
    expect_jump("{\"host\":\"bastion\",\"port\":2200,\"user\":\"ops\"}", "ops", "bastion", 2200);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"host=h\",\"ssh\":{\"host\":\"db1\",\"jump\":[\"one\",\"two@2\"]}");
    must_resolve(set);
    expect_display(set, "h via ssh db1, jump one, 2");
    expect_members_refused(SSH("{\"host\":\"h\",\"jump\":[\"b:0\"]}"), "no port from 1 to 65535");
    expect_members_refused(SSH("{\"host\":\"h\",\"jump\":[\"@b\"]}"), "no host to go over");
    expect_members_refused(SSH("{\"host\":\"h\",\"jump\":[{\"host\":\"b\",\"hots\":\"c\"}]}"),
                           "\"hots\"");
}

static void what_ssh_would_take_for_an_option_is_no_host(void **state)
{
    (void)state;
    expect_members_refused(SSH("{\"host\":\"-oProxyCommand=x\"}"), "is no host");
    expect_members_refused(SSH("{\"host\":\"a b\"}"), "is no host");
    expect_members_refused(SSH("{\"host\":\"h\",\"user\":\"-l\"}"), "is no user");
    expect_members_refused(SSH("{\"host\":\"h\",\"jump\":[\"$(x)\"]}"), "is no host");
    expect_members_refused(SSH("{\"host\":\"\"}"), "is empty");
    expect_members_refused(SSH("{\"host\":\"h\",\"host_key\":\"SHA256:short\"}"), "no fingerprint");
    expect_members_refused(SSH("{\"host\":\"h\",\"host_key\":\"MD5:aa\"}"), "no fingerprint");
}

/* Where the url falls back to an embedded database, there is nowhere to go. */
static void an_embedded_database_is_here(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"embedded:x\",\"ssh\":{\"host\":\"db1\"}");
    must_resolve(set);
    expect_display(set, "embedded:x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_looks_nothing_up),
        cmocka_unit_test(the_syntax_is_checked_all_the_same),
        cmocka_unit_test(secrets_of_others_are_not_fetched),
        cmocka_unit_test(a_value_is_fetched_once),
        cmocka_unit_test(what_could_not_be_had_may_be_had_later),
        cmocka_unit_test(an_embedded_database_has_a_name),
        cmocka_unit_test(the_name_of_an_embedded_database_may_come_from_outside),
        cmocka_unit_test(the_whole_url_may_come_from_outside),
        cmocka_unit_test(a_default_counts_where_nothing_is_set),
        cmocka_unit_test(an_empty_url_is_refused),
        cmocka_unit_test(a_malformed_url_is_never_quoted),
        cmocka_unit_test(other_servers_may_be_empty),
        cmocka_unit_test(other_servers_are_read),
        cmocka_unit_test(other_servers_are_never_embedded),
        cmocka_unit_test(a_literal_password_is_hidden),
        cmocka_unit_test(a_password_from_a_variable_is_hidden),
        cmocka_unit_test(a_password_from_a_file_is_hidden),
        cmocka_unit_test(a_password_from_a_command_is_hidden),
        cmocka_unit_test(what_is_no_secret_stays_readable),
        cmocka_unit_test(a_part_that_nobody_can_place_is_hidden),
        cmocka_unit_test(a_password_command_gets_no_known_secret),
        cmocka_unit_test(what_cannot_be_had_is_told_with_its_place),
        cmocka_unit_test(what_is_expected_may_come_from_outside),
        cmocka_unit_test(what_can_never_be_found_is_refused),
        cmocka_unit_test(ssh_is_checked_whole),
        cmocka_unit_test(ssh_is_looked_up_when_it_is_needed),
        cmocka_unit_test(hosts_to_go_over_are_no_secret),
        cmocka_unit_test(a_jump_is_a_text_or_an_object),
        cmocka_unit_test(what_ssh_would_take_for_an_option_is_no_host),
        cmocka_unit_test(an_embedded_database_is_here),
    };
    return cmocka_run_group_tests_name("environment/target", tests, NULL, NULL);
}
