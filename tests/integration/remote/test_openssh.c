/* The machine's ssh as a back end: what it alone can do, and the secrets that it is handed. */
#define TRANSPORT TRANSPORT_OPENSSH
#include "hosts.h"

#include "headgate/interrupt.h"

/* What libssh2 1.10 cannot do. */
static void rsa_keys_and_hardened_servers_are_no_obstacle(void **state)
{
    (void)state;
    CLEANUP(host_freep)
    struct host *host = host_open("hard", "HostKeyAlgorithms=rsa-sha2-512 "
                                          "Ciphers=aes256-gcm@openssh.com "
                                          "MACs=hmac-sha2-256-etm@openssh.com");
    (void)snprintf(host->key, sizeof host->key, "%s/user_rsa", host->sshd.folder);
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    size_t n = 0;
    const struct remote_hop *hops = remote_hops(remote, &n);
    assert_string_equal(hops[0].host_key_type, "ssh-rsa");
    assert_contains(hops[0].algorithms, ", aes256-gcm@openssh.com");
    assert_contains(hops[0].authentication, "RSA");
}

static void certificates_of_host_and_user_are_taken(void **state)
{
    (void)state;
    scratch_sh("mkdir -p ca && cd ca && { [ -e ca ] || ssh-keygen -q -t ed25519 -N '' -f ca; }");
    CLEANUP(host_freep) struct host *plain = host_open("certified", "");
    scratch_sshd_do(&plain->sshd, "stop");
    scratch_sh(
        "cd certified && ssh-keygen -q -s ../ca/ca -h -I host -n 127.0.0.1 host_ed25519.pub && "
        "ssh-keygen -q -s ../ca/ca -I user -n %s user_ed25519.pub && : >authorized_keys",
        plain->sshd.user);
    struct scratch_sshd sshd =
        scratch_sshd("certified", "HostCertificate=$PWD/certified/host_ed25519-cert.pub "
                                  "TrustedUserCAKeys=$PWD/ca/ca.pub");
    scratch_sh("echo \"@cert-authority [127.0.0.1]:%d $(cat ca/ca.pub)\" >certified/known_hosts",
               sshd.port);
    CLEANUP(remote_closep) struct remote *remote = open_remote(&plain->place);
    size_t n = 0;
    const struct remote_hop *hops = remote_hops(remote, &n);
    assert_contains(hops[0].host_key_type, "-cert-v01@openssh.com");
    assert_contains(hops[0].authentication, "ED25519-CERT");
    /* One that lies elsewhere, in a folder with a blank in it. */
    scratch_sh("mkdir -p 'ca/my keys' && mv certified/user_ed25519-cert.pub 'ca/my keys' && "
               "echo \"CertificateFile \\\"$PWD/ca/my keys/user_ed25519-cert.pub\\\"\" >ca/config");
    plain->place.config = scratch_out("echo $PWD/ca/config");
    CLEANUP(remote_closep) struct remote *elsewhere = open_remote(&plain->place);
    assert_contains(remote_hops(elsewhere, &n)[0].authentication, "ED25519-CERT");
    /* A key that is pinned is no certificate. */
    plain->place.host_key =
        scratch_out("ssh-keygen -lf certified/host_ed25519.pub | cut -d' ' -f2");
    CLEANUP(remote_closep) struct remote *pinned = open_remote(&plain->place);
    assert_string_equal(remote_hops(pinned, &n)[0].host_key_type, "ssh-ed25519");
    scratch_sshd_do(&sshd, "stop");
}

/* --- secrets --- */

static void a_passphrase_is_handed_over_and_lies_nowhere(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(host_freep) struct host *host = host_open("one", "");
    scratch_sh("[ -e locked ] || { ssh-keygen -q -t ed25519 -N 'openssh sesame' -f locked && "
               "cat locked.pub >>one/authorized_keys; }");
    host->place.identity = scratch_out("echo $PWD/locked");
    refused(&host->place, &err);
    assert_contains(err.hint, "passphrase");
    host->place.passphrase = "wrong sesame";
    refused(&host->place, &err);
    host->place.passphrase = "openssh sesame";
    assert_int_equal(
        setenv("XDG_RUNTIME_DIR", scratch_out("mkdir -p -m 700 run; echo $PWD/run"), 1), 0);
    CLEANUP(remote_closep)
    struct remote *remote __attribute__((unused)) = open_remote(&host->place);
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
    assert_string_equal(scratch_out("grep -rl 'openssh sesame' run || true"), "");
    assert_string_equal(scratch_out("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | "
                                    "tr '\\0' '\\n' | grep -c '^openssh[ ]sesame' || true"),
                        "0");
}

/* Only root can have a server that takes a password without touching the machine's. */
static void a_password_is_used_where_it_is_configured(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (geteuid() != 0 || system("unshare -m true 2>/dev/null") != 0) {
        print_message("skipped: only root can have such a server\n");
        return;
    }
    CLEANUP(host_freep) struct host *host = host_open("worded", "password='two words'");
    CLEANUP(host_freep) struct host *bastion = host_open("one", "");
    host->place.identity = NULL;
    refused(&host->place, &err);
    assert_contains(err.detail, "password");
    host->place.password = "wrong";
    refused(&host->place, &err);
    host->place.password = "two words";
    host->place.jump = &bastion->place;
    host->place.n_jump = 1;
    CLEANUP(remote_closep) struct remote *remote = open_remote(&host->place);
    size_t n = 0;
    assert_contains(remote_hops(remote, &n)[1].authentication, "password");
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
        cmocka_unit_test(rsa_keys_and_hardened_servers_are_no_obstacle),
        cmocka_unit_test(certificates_of_host_and_user_are_taken),
        cmocka_unit_test(a_passphrase_is_handed_over_and_lies_nowhere),
        cmocka_unit_test(a_password_is_used_where_it_is_configured),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
