/* Who is let in, with what, and what is said to those who are not. */
#include "hosts.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "headgate/interrupt.h"

static struct host *host;

static int open_host(void **state)
{
    (void)state;
    interrupt_install();
    host = host_open("one", "");
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    return 0;
}

static int close_host(void **state)
{
    (void)state;
    host_freep(&host);
    return 0;
}

static void assert_let_in(const struct ssh_place *place, const char *by)
{
    CLEANUP(remote_closep) struct remote *remote = open_remote(place);
    size_t n = 0;
    const struct remote_hop *hops = remote_hops(remote, &n);
    assert_contains(hops[0].authentication, by);
}

static void assert_refused(const struct ssh_place *place, struct error *ret_err)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    assert_fails(remote_open(place, deadline_in(PATIENCE), &remote, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, place->user);
    assert_contains(err.message, "does not let us in");
    error_move(ret_err, &err);
}

#define KEY(name, format, ...)                                                                     \
    char name[300];                                                                                \
    (void)snprintf(name, sizeof name, format, __VA_ARGS__)

/* --- files --- */

static void an_ecdsa_key_lets_in(void **state)
{
    (void)state;
    KEY(key, "%s/user_ecdsa", host->sshd.folder);
    struct ssh_place place = host->place;
    place.identity = key;
    assert_let_in(&place, "publickey, ecdsa-sha2-nistp256 SHA256:");
}

static void an_encrypted_key_needs_its_passphrase(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error without = ERROR_INIT;
    CLEANUP(error_clear) struct error wrong = ERROR_INIT;
    KEY(key, "%s/locked", scratch_dir());
    struct ssh_place place = host->place;
    scratch_sh("test -f locked || ssh-keygen -q -t ed25519 -N 'open sesame' -f locked && "
               "cat locked.pub >>%s/authorized_keys",
               host->sshd.folder);
    place.identity = key;
    assert_refused(&place, &without);
    assert_contains(without.detail, "as it has a passphrase");
    assert_contains(without.hint, "\"passphrase\"");
    place.passphrase = "another";
    assert_refused(&place, &wrong);
    assert_contains(wrong.detail, "its passphrase is another");
    place.passphrase = "open sesame";
    assert_let_in(&place, key);
}

static void a_key_that_the_server_does_not_know_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    KEY(key, "%s/stranger", scratch_dir());
    struct ssh_place place = host->place;
    scratch_sh("ssh-keygen -q -t ed25519 -N '' -f stranger");
    place.identity = key;
    assert_refused(&place, &err);
    assert_contains(err.detail, "It takes publickey");
    assert_contains(err.detail, key);
    assert_contains(err.detail, scratch_out("ssh-keygen -lf stranger.pub | cut -d' ' -f2"));
    assert_contains(err.hint, "authorized_keys");
}

static void an_rsa_key_is_told_why_it_does_not_work(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    KEY(key, "%s/user_rsa", host->sshd.folder);
    struct ssh_place place = host->place;
    place.identity = key;
    assert_refused(&place, &err);
    assert_contains(err.detail, "as it is an RSA key");
    assert_contains(err.hint, "ed25519");
    assert_contains(err.hint, "\"transport\": \"openssh\"");
}

static void a_key_that_is_not_there_is_a_mistake(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    struct ssh_place place = host->place;
    place.identity = "/no/such/key";
    assert_fails(remote_open(&place, deadline_in(PATIENCE), &remote, &err), ERROR_CONFIG);
    assert_contains(err.message, "/no/such/key");
}

static void a_certificate_is_openssh_s_business(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    KEY(key, "%s/certified", scratch_dir());
    scratch_sh("ssh-keygen -q -t ed25519 -N '' -f authority && "
               "ssh-keygen -q -t ed25519 -N '' -f certified && "
               "ssh-keygen -q -s authority -I me -n %s certified.pub",
               host->sshd.user);
    KEY(settings, "TrustedUserCAKeys=%s/authority.pub", scratch_dir());
    CLEANUP(host_freep) struct host *certain = host_open("certain", settings);
    certain->place.identity = key;
    assert_refused(&certain->place, &err);
    assert_contains(err.hint, "certificate");
    assert_contains(err.hint, "\"transport\": \"openssh\"");
}

/* --- the agent --- */

static void agent_start(void)
{
    scratch_sh("rm -f agent; ssh-agent -a agent >agent.env");
    KEY(path, "%s/agent", scratch_dir());
    assert_int_equal(setenv("SSH_AUTH_SOCK", path, 1), 0);
}

static void agent_stop(void)
{
    scratch_sh(". ./agent.env >/dev/null; kill $SSH_AGENT_PID");
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
}

static void the_agent_lets_in_and_what_it_tried_before_is_told(void **state)
{
    (void)state;
    struct ssh_place place = host->place;
    place.identity = "agent";
    agent_start();
    scratch_sh("ssh-keygen -q -t ed25519 -C nobody -N '' -f unknown; chmod 600 %s/user_*; "
               "ssh-add -q unknown %s/user_rsa %s/user_ecdsa",
               host->sshd.folder, host->sshd.folder, host->sshd.folder);
    {
        CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
        size_t n = 0;
        const struct remote_hop *hops = remote_hops(remote, &n);
        assert_contains(hops[0].authentication, "from the agent");
        assert_contains(hops[0].authentication, "ecdsa-sha2-nistp256");
        assert_int_equal(hops[0].tried.n, 2);
        assert_contains(hops[0].tried.items[0], "nobody");
        assert_contains(hops[0].tried.items[1], "RSA");
    }
    agent_stop();
}

static void the_agent_has_a_locked_key_open(void **state)
{
    (void)state;
    KEY(key, "%s/locked", scratch_dir());
    struct ssh_place place = host->place;
    place.identity = key;
    agent_start();
    scratch_sh("echo 'echo open sesame' >ask && chmod 700 ask && "
               "SSH_ASKPASS=./ask SSH_ASKPASS_REQUIRE=force ssh-add -q locked");
    assert_let_in(&place, "from the agent");
    agent_stop();
}

static void an_agent_that_does_not_answer_is_not_waited_for(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/deaf", scratch_dir());
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(setenv("SSH_AUTH_SOCK", address.sun_path, 1), 0);
    struct ssh_place place = host->place;
    place.identity = "agent";
    place.connect_timeout = 1000;
    assert_fails(remote_open(&place, deadline_in(PATIENCE), &remote, &err), ERROR_UNREACHABLE);
    assert_contains(err.detail, "does not answer");
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
}

/* --- passwords --- */

static void a_password_lets_in_where_one_is_configured(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (geteuid() != 0) {
        print_message("skipped: only root can have a server that knows a password\n");
        return;
    }
    CLEANUP(host_freep)
    struct host *worded = host_open("worded", "password=sesame PubkeyAuthentication=no");
    assert_refused(&worded->place, &err);
    assert_contains(err.detail, "It takes password");
    worded->place.password = "sesame";
    assert_let_in(&worded->place, "password");
    worded->place.password = "another";
    error_clear(&err);
    assert_refused(&worded->place, &err);
    assert_contains(err.detail, "Tried: password");
    assert_null(strstr(err.detail, "another"));
}

static void a_key_may_be_half_of_what_is_wanted(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (geteuid() != 0) {
        print_message("skipped: only root can have a server that knows a password\n");
        return;
    }
    CLEANUP(host_freep)
    struct host *both =
        host_open("both", "password=sesame AuthenticationMethods=publickey,password");
    assert_refused(&both->place, &err);
    both->place.password = "sesame";
    assert_let_in(&both->place, "password");
    both->place.password = "another";
    error_clear(&err);
    assert_refused(&both->place, &err);
    assert_contains(err.detail, "It takes password.");
    assert_contains(err.detail, both->key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ecdsa_key_lets_in),
        cmocka_unit_test(an_encrypted_key_needs_its_passphrase),
        cmocka_unit_test(a_key_that_the_server_does_not_know_is_named),
        cmocka_unit_test(an_rsa_key_is_told_why_it_does_not_work),
        cmocka_unit_test(a_key_that_is_not_there_is_a_mistake),
        cmocka_unit_test(a_certificate_is_openssh_s_business),
        cmocka_unit_test(the_agent_lets_in_and_what_it_tried_before_is_told),
        cmocka_unit_test(the_agent_has_a_locked_key_open),
        cmocka_unit_test(an_agent_that_does_not_answer_is_not_waited_for),
        cmocka_unit_test(a_password_lets_in_where_one_is_configured),
        cmocka_unit_test(a_key_may_be_half_of_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, open_host, close_host);
}
