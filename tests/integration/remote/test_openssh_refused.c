/* The machine's ssh as a back end: whom it does not go to, and how that is said. */
#define TRANSPORT TRANSPORT_OPENSSH
#include "hosts.h"

#include "headgate/interrupt.h"

/* --- host keys --- */

static void a_key_is_pinned_or_known_or_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    const char *ours = scratch_out("ssh-keygen -lf one/host_ed25519.pub | cut -d' ' -f2");
    const char *other = scratch_out("ssh-keygen -lf one/user_ed25519.pub | cut -d' ' -f2");
    const char *elsewhere = scratch_out("echo $PWD/elsewhere");
    host->place.known_hosts = elsewhere;
    scratch_sh("rm -f elsewhere");
    refused(&host->place, &err);
    assert_contains(err.message, "the host key is not known");
    assert_contains(err.detail, ours);
    assert_contains(err.hint, elsewhere);
    scratch_sh("echo \"[127.0.0.1]:%d $(cat one/user_ed25519.pub)\" >elsewhere", host->sshd.port);
    refused(&host->place, &err);
    assert_contains(err.message, "the host key has changed");
    assert_contains(err.detail, ours);
    assert_contains(err.detail, other);
    scratch_sh("{ head -n 1 one/known_hosts; echo \"@revoked * $(cat one/host_ed25519.pub)\"; } "
               ">elsewhere");
    refused(&host->place, &err);
    assert_contains(err.message, "the host key is revoked");
    scratch_sh("rm -f elsewhere");
    host->place.host_key = other;
    refused(&host->place, &err);
    assert_contains(err.message, "the host key is not the pinned one");
    host->place.host_key = ours;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    size_t n = 0;
    assert_contains(remote_hops(remote, &n)[0].host_key_known_by, "environments.json");
}

static void the_hop_with_the_wrong_key_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    CLEANUP(host_freep) struct host *host = host_open("two", "");
    CLEANUP(mem_freep) char *first = mem_printf(":%d: the host key", bastion->sshd.port);
    CLEANUP(mem_freep) char *second = mem_printf(":%d: the host key", host->sshd.port);
    struct ssh_place jump = bastion->place, place = host->place;
    place.jump = &jump;
    place.n_jump = 1;
    place.known_hosts = bastion->known_hosts;
    refused(&place, &err);
    assert_contains(err.message, second);
    place.known_hosts = host->known_hosts;
    jump.known_hosts = host->known_hosts;
    refused(&place, &err);
    assert_contains(err.message, first);
}

/* --- other refusals --- */

/* A configuration that says how: then ssh does it, not we. */
static const char *ssh_connects(void)
{
    scratch_sh("echo 'AddressFamily inet' >connects");
    return scratch_out("echo $PWD/connects");
}

static void what_is_wrong_is_said_in_our_words(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    struct ssh_place place = host->place;
    scratch_sh("[ -e stranger ] || ssh-keygen -q -t ed25519 -N '' -f stranger");
    place.identity = scratch_out("echo $PWD/stranger");
    refused(&place, &err);
    assert_contains(err.message, "it does not let us in");
    assert_contains(err.detail, "It takes publickey");
    assert_contains(err.detail, "/stranger ED25519 SHA256:");
    assert_contains(err.hint, "authorized_keys");
    place = host->place;
    place.identity = "/nowhere/key";
    CLEANUP(remote_closep) struct remote *none = NULL;
    error_clear(&err);
    assert_fails(remote_open(&place, deadline_in(PATIENCE), &none, &err), ERROR_CONFIG);
    assert_contains(err.message, "could not read the key \"/nowhere/key\"");
    place = host->place;
    place.user = "nobody-here";
    refused(&place, &err);
    assert_contains(err.message, "nobody-here@127.0.0.1:");
    CLEANUP(host_freep) struct host *stopped = host_open("stopped", "");
    scratch_sshd_do(&stopped->sshd, "stop");
    refused(&stopped->place, &err);
    assert_contains(err.message, "Connection refused");
    assert_contains(err.hint, "No SSH server listens there");
    assert_true(err.retryable);
    place = stopped->place;
    place.config = ssh_connects();
    refused(&place, &err);
    assert_contains(err.message, "nothing listens there");
    assert_true(err.retryable);
    place = stopped->place;
    place.jump = &host->place;
    place.n_jump = 1;
    refused(&place, &err);
    assert_contains(err.message, "nothing listens there");
}

static void a_name_that_nobody_knows_is_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    CLEANUP(remote_closep) struct remote *remote = NULL;
    host->place.host = "no-such-host.invalid";
    assert_fails(remote_open(&host->place, deadline_in(PATIENCE), &remote, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "no-such-host.invalid");
    assert_contains(err.message, "Name or service not known");
    error_clear(&err);
    host->place.config = ssh_connects();
    assert_fails(remote_open(&host->place, deadline_in(PATIENCE), &remote, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "no-such-host.invalid");
    assert_contains(err.message, "the name is not known");
}

static void a_jump_host_that_forwards_nothing_is_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *bastion = host_open("closed", "AllowTcpForwarding=no");
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    struct ssh_place place = host->place;
    place.jump = &bastion->place;
    place.n_jump = 1;
    refused(&place, &err);
    assert_contains(err.message, "the jump host before it does not forward");
    assert_contains(err.hint, "AllowTcpForwarding");
}

static void silence_is_not_waited_for(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("frozen", "");
    scratch_sshd_do(&host->sshd, "freeze");
    host->place.connect_timeout = 1000;
    refused(&host->place, &err);
    scratch_sshd_do(&host->sshd, "thaw");
    assert_true(err.retryable);
    assert_contains(err.message, "it does not answer");
    assert_contains(err.hint, "firewall");
}

static int set_up(void **state)
{
    (void)state;
    interrupt_install(); /* a broken pipe is an error, as in the program */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_pinned_or_known_or_refused),
        cmocka_unit_test(the_hop_with_the_wrong_key_is_named),
        cmocka_unit_test(what_is_wrong_is_said_in_our_words),
        cmocka_unit_test(a_name_that_nobody_knows_is_said),
        cmocka_unit_test(a_jump_host_that_forwards_nothing_is_said),
        cmocka_unit_test(silence_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
