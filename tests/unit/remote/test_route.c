/*
 * A place becomes hops, with all that ssh's configuration adds.
 */
#include "scratch.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headgate/file.h"
#include "ssh_config.h"

#define PATIENCE 20000

static const char *config(const char *text)
{
    scratch_sh("cat >config <<'END'\n%s\nEND", text);
    return scratch_out("echo %s/config", scratch_dir());
}

static bool find(const struct ssh_place *place, struct ssh_route *ret_route, struct error *err)
{
    return ssh_route_find(place, deadline_in(PATIENCE), ret_route, err);
}

static void refused(const struct ssh_place *place, enum error_code code, const char *message,
                    const char *hint)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct ssh_route route = {0};
    assert_fails(find(place, &route, &err), code);
    assert_contains(err.message, message);
    if (hint != NULL) {
        assert_contains(err.hint, hint);
    }
    assert_int_equal(route.n, 0);
}

static const char *me(void)
{
    return getpwuid(getuid())->pw_name;
}

static void without_a_word_it_is_what_is_usual(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    CLEANUP(mem_freep) char *shown = mem_printf("%s@db1:22", me());
    CLEANUP(mem_freep) char *known = mem_printf("%s/.ssh/known_hosts", getpwuid(getuid())->pw_dir);
    assert_ok(
        find(&(struct ssh_place){.host = "db1", .config = config("# nothing")}, &route, &err));
    assert_int_equal(route.n, 1);
    assert_string_equal(route.shown, shown);
    assert_string_equal(route.hops[0].alias, "db1");
    assert_false(route.hops[0].alias_is_meant);
    assert_string_equal(route.hops[0].known_hosts.items[0], known);
    assert_true(strlist_has(&route.hops[0].known_hosts, "/etc/ssh/ssh_known_hosts"));
    assert_int_equal(route.hops[0].connect_timeout, 15000);
    assert_int_equal(route.hops[0].keepalive, 15000);
    assert_null(route.hops[0].host_key);
    assert_int_equal(route.hops[0].options.n, 0);
}

/* For ssh alone, and only where nobody has said which. */
static void ciphers_that_are_fast_here_come_first(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route plain = {0};
    CLEANUP(ssh_route_clear) struct ssh_route said = {0};
    struct ssh_place place = {
        .host = "db1", .config = config("# nothing"), .transport = TRANSPORT_OPENSSH};
    assert_ok(find(&place, &plain, &err));
    assert_int_equal(plain.hops[0].options.n, ssh_machine_has_aes() ? 1 : 0);
    if (ssh_machine_has_aes()) {
        const char first[] = "ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,";
        assert_memory_equal(plain.hops[0].options.items[0], first, sizeof first - 1);
        assert_contains(plain.hops[0].options.items[0], "chacha20-poly1305@openssh.com");
    }
    place.config = config("Ciphers aes256-ctr,aes128-gcm@openssh.com");
    assert_ok(find(&place, &said, &err));
    assert_int_equal(said.hops[0].options.n, 1);
    assert_string_equal(said.hops[0].options.items[0], "ciphers aes256-ctr,aes128-gcm@openssh.com");
}

static void ciphers_are_only_moved(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"aes128-ctr", "aes128-ctr"},
        {"chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com,aes128-gcm@openssh.com",
         "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr"},
        {"aes128-gcm@openssh.com.example,aes128-gcm@openssh.co",
         "aes128-gcm@openssh.com.example,aes128-gcm@openssh.co"}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        CLEANUP(mem_freep) char *moved = ssh_ciphers_fast_first(pairs[i][0]);
        assert_string_equal(moved, pairs[i][1]);
    }
}

static void config_is_asked(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    scratch_sh("touch key_db1.example.net only.pub; mkdir -p 'a b'; touch 'a b/known'");
    const char *path =
        config("Host db\n HostName db1.example.net\n User deploy\n Port 2222\n"
               "IdentityFile key_%h\n IdentityFile only\n IdentityFile missing\n"
               "IdentitiesOnly yes\n IdentityAgent ~/agent-%r\n HostKeyAlias alias\n"
               "UserKnownHostsFile known1 \"a b/known\"\n GlobalKnownHostsFile none\n"
               "ConnectTimeout 7");
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_ok(find(&(struct ssh_place){.host = "db", .config = path}, &route, &err));
    assert_int_equal(chdir(before), 0);
    const struct ssh_hop *hop = &route.hops[0];
    CLEANUP(mem_freep) char *agent = mem_printf("%s/agent-deploy", getpwuid(getuid())->pw_dir);
    assert_string_equal(route.shown, "deploy@db1.example.net:2222");
    assert_string_equal(hop->written, "db");
    assert_string_equal(hop->alias, "alias");
    assert_true(hop->alias_is_meant && hop->identities_only && !hop->identity_is_meant);
    assert_int_equal(hop->identities.n, 2);
    assert_string_equal(hop->identities.items[0], "key_db1.example.net");
    assert_string_equal(hop->identities.items[1], "only");
    assert_string_equal(hop->agent, agent);
    assert_int_equal(hop->known_hosts.n, 2);
    assert_string_equal(hop->known_hosts.items[0], "known1");
    assert_string_equal(hop->known_hosts.items[1], "a b/known");
    assert_int_equal(hop->connect_timeout, 7000);
    assert_string_equal(hop->config, path);
}

static void somebody_may_be_called_none(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    const char *path = config("User none\nHostName none\nProxyJump none\nIdentityAgent none");
    assert_ok(find(&(struct ssh_place){.host = "db", .config = path}, &route, &err));
    assert_string_equal(route.shown, "none@none:22");
    assert_null(route.hops[0].agent);
}

static void what_the_place_says_wins(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    const struct ssh_place place = {
        .host = "db",
        .user = "other",
        .port = 24,
        .identity = "~/my key",
        .known_hosts = "~/kno%%wn",
        .host_key = "SHA256:abc",
        .password = "hard to guess",
        .config = config("Match user other\n HostName db2\n\nHost *\n User deploy\n Port 2222\n"
                         "UserKnownHostsFile known"),
        .connect_timeout = 1000,
        .keepalive = 2000};
    assert_ok(find(&place, &route, &err));
    const struct ssh_hop *hop = &route.hops[0];
    CLEANUP(mem_freep) char *identity = mem_printf("%s/my key", getpwuid(getuid())->pw_dir);
    assert_string_equal(route.shown, "other@db2:24");
    assert_int_equal(hop->identities.n, 1);
    assert_string_equal(hop->identities.items[0], identity);
    assert_true(hop->identity_is_meant && hop->identities_only);
    assert_int_equal(hop->known_hosts.n, 1);
    assert_true(hop->known_hosts.items[0][0] == '/' &&
                text_ends(hop->known_hosts.items[0], "/kno%wn"));
    assert_string_equal(hop->host_key, "SHA256:abc");
    assert_string_equal(hop->password, "hard to guess");
    assert_int_equal(hop->connect_timeout, 1000);
    assert_int_equal(hop->keepalive, 2000);
}

static void the_agent_alone_is_asked_where_that_is_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    struct ssh_place place = {.host = "db", .identity = "agent", .config = config("# nothing")};
    assert_int_equal(setenv("SSH_AUTH_SOCK", "/tmp/agent", 1), 0);
    assert_ok(find(&place, &route, &err));
    assert_string_equal(route.hops[0].agent, "/tmp/agent");
    assert_int_equal(route.hops[0].identities.n, 0);
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    refused(&place, ERROR_UNREACHABLE, "there is no agent to ask for keys", "ssh-add");
    place.config = config("IdentityAgent none");
    refused(&place, ERROR_UNREACHABLE, "there is no agent to ask for keys", NULL);
    place.config = config("IdentityAgent $OTHER_AGENT");
    assert_int_equal(setenv("OTHER_AGENT", "/tmp/other", 1), 0);
    CLEANUP(ssh_route_clear) struct ssh_route other = {0};
    assert_ok(find(&place, &other, &err));
    assert_string_equal(other.hops[0].agent, "/tmp/other");
}

static void jump_hosts_of_config_are_found_hop_by_hop(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    const char *path =
        config("Host db\n User d\n ProxyJump me@bastion:24,%r@[::1]:25,ssh://x@last\n\n"
               "Host bastion\n HostName b.example.net\n ProxyJump gate\n\n"
               "Host last\n HostName l.example.net\n ProxyJump never\n\n"
               "Host gate\n User g\n\nHost *\n User u");
    assert_ok(find(&(struct ssh_place){.host = "db", .config = path}, &route, &err));
    assert_string_equal(route.shown, "d@db:22, jump g@gate:22, me@b.example.net:24, d@[::1]:25, "
                                     "x@l.example.net:22");
}

static void jump_hosts_of_the_place_replace_those_of_config(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    const char *path = config("Host db\n User d\n ProxyCommand nc %h %p\n\nHost *\n User u");
    const struct ssh_place jumps[] = {{.host = "one", .config = path},
                                      {.host = "two", .user = "t", .config = path}};
    assert_ok(find(&(struct ssh_place){.host = "db", .config = path, .jump = jumps, .n_jump = 2},
                   &route, &err));
    assert_string_equal(route.shown, "d@db:22, jump u@one:22, t@two:22");
}

static void a_way_over_itself_is_refused(void **state)
{
    (void)state;
    struct ssh_place place = {.host = "db",
                              .config = config("Host *\n User u\n ProxyJump bastion")};
    refused(&place, ERROR_CONFIG, "ssh does not say how bastion is reached", "ProxyJump none");
    place.config = config("Host a\n ProxyJump b\nHost b\n ProxyJump a");
    place.host = "a";
    refused(&place, ERROR_CONFIG, "goes over itself", NULL);
    place.config = config("Host *\n User u\n Match host db\n ProxyJump none\nHost db");
    place.host = "db";
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    assert_ok(find(&place, &route, &err));
    assert_int_equal(route.n, 1);
}

static void what_only_ssh_can_do_names_the_other_transport(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    struct ssh_place place = {.host = "db",
                              .config = config("ProxyCommand nc %h %p\nUser u\n"
                                               "Ciphers aes256-ctr")};
    refused(&place, ERROR_CONFIG, "u@db:22: the configuration of ssh has a ProxyCommand for it",
            "\"transport\": \"openssh\"");
    place.transport = TRANSPORT_OPENSSH;
    assert_ok(find(&place, &route, &err));
    assert_int_equal(route.hops[0].options.n, 2);
    assert_true(strlist_has(&route.hops[0].options, "proxycommand nc %h %p"));
    assert_true(strlist_has(&route.hops[0].options, "ciphers aes256-ctr"));
    place.transport = TRANSPORT_LIBSSH2;
    place.config = config("RevokedHostKeys /etc/revoked");
    refused(&place, ERROR_CONFIG, "RevokedHostKeys", "\"transport\": \"openssh\"");
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {"",     "-oProxyCommand=x",
                                        "a b",  "a\nb",
                                        "a\tb", "$(id)",
                                        "a;b",  "`id`",
                                        "a/b",  "a,b",
                                        "u@h",  "\x7f"};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        refused(&(struct ssh_place){.host = hosts[i]}, ERROR_CONFIG, "is no name of a host", NULL);
    }
    refused(&(struct ssh_place){.host = "db", .user = "-l"}, ERROR_CONFIG, "is no name of a user",
            NULL);
    refused(&(struct ssh_place){.host = "db", .user = "a\nb"}, ERROR_CONFIG, "is no name of a user",
            NULL);
    refused(&(struct ssh_place){.host = "db", .port = 70000}, ERROR_CONFIG, "70000 is no port",
            NULL);
    /* Nor what config makes of one. */
    refused(&(struct ssh_place){.host = "db", .config = config("Host db\n ProxyJump a,-x")},
            ERROR_CONFIG, "\"-x\" is no name of a host", NULL);
    refused(&(struct ssh_place){.host = "db", .config = config("HostName -x")}, ERROR_CONFIG, "",
            NULL);
}

static void a_config_that_is_wrong_is_told_in_ssh_s_words(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct ssh_route route = {0};
    const char *path = config("NoSuchThing yes");
    assert_fails(find(&(struct ssh_place){.host = "db", .config = path}, &route, &err),
                 ERROR_CONFIG);
    assert_contains(err.message, "ssh does not say how db is reached: exit status 255");
    assert_contains(err.detail, "nosuchthing");
    assert_contains(err.hint, "ssh -G -F ");
    refused(&(struct ssh_place){.host = "db", .config = "/nowhere/config"}, ERROR_CONFIG,
            "ssh does not say how db is reached", NULL);
}

static void a_condition_that_hangs_is_not_waited_for(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct ssh_route route = {0};
    const char *path = config("Match exec \"sleep 100\"\n User u");
    assert_fails(ssh_route_find(&(struct ssh_place){.host = "db", .config = path}, deadline_in(300),
                                &route, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "still running after");
}

static void without_ssh_it_is_what_is_usual(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(ssh_route_clear) struct ssh_route route = {0};
    CLEANUP(mem_freep) char *path = mem_copy(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_ok(find(&(struct ssh_place){.host = "db1", .user = "u", .port = 23}, &route, &err));
    refused(&(struct ssh_place){.host = "db1", .config = "/tmp/config"}, ERROR_CONFIG,
            "/tmp/config cannot be read: there is no ssh", "openssh-client");
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_string_equal(route.shown, "u@db1:23");
    assert_true(text_ends(route.hops[0].known_hosts.items[0], "/.ssh/known_hosts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_it_is_what_is_usual),
        cmocka_unit_test(ciphers_that_are_fast_here_come_first),
        cmocka_unit_test(ciphers_are_only_moved),
        cmocka_unit_test(config_is_asked),
        cmocka_unit_test(somebody_may_be_called_none),
        cmocka_unit_test(what_the_place_says_wins),
        cmocka_unit_test(the_agent_alone_is_asked_where_that_is_said),
        cmocka_unit_test(jump_hosts_of_config_are_found_hop_by_hop),
        cmocka_unit_test(jump_hosts_of_the_place_replace_those_of_config),
        cmocka_unit_test(a_way_over_itself_is_refused),
        cmocka_unit_test(what_only_ssh_can_do_names_the_other_transport),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_config_that_is_wrong_is_told_in_ssh_s_words),
        cmocka_unit_test(a_condition_that_hangs_is_not_waited_for),
        cmocka_unit_test(without_ssh_it_is_what_is_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
