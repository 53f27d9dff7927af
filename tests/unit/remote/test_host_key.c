/*
 * A host's key is known, or the connection is refused with what a person needs.
 */
#include "scratch.h"

#include <sys/stat.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "private.h"

static int make_keys(void **state)
{
    (void)state;
    scratch_sh("for k in a b; do ssh-keygen -q -t ed25519 -N '' -f $k; done;"
               "ssh-keygen -q -t ecdsa -N '' -f e");
    return 0;
}

struct key {
    unsigned char *bytes;
    size_t size;
    const char *spelt, *fingerprint; /* OpenSSH's own */
};

static struct key read_key(const char *name)
{
    struct key key = {.spelt = scratch_out("cut -d' ' -f2 %s.pub", name),
                      .fingerprint = scratch_out("ssh-keygen -lf %s.pub | cut -d' ' -f2", name)};
    key.bytes = mem_new(strlen(key.spelt), 1);
    assert_true(base64_decode(key.spelt, strlen(key.spelt), key.bytes, &key.size));
    return key;
}

static void key_clear(struct key *key)
{
    mem_free(key->bytes);
}

static struct ssh_hop hop_of(int port)
{
    struct ssh_hop hop = {.shown = mem_copy("me@db1:22"),
                          .host = mem_copy("db1"),
                          .alias = mem_copy("db1"),
                          .port = port};
    strlist_printf(&hop.known_hosts, "%s/known", scratch_dir());
    strlist_printf(&hop.known_hosts, "%s/global", scratch_dir());
    return hop;
}

static void hop_clear(struct ssh_hop *hop)
{
    strlist_clear(&hop->known_hosts);
    mem_free(hop->shown);
    mem_free(hop->host);
    mem_free(hop->alias);
}

static void fingerprint_and_type_are_openssh_s(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "e"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(key_clear) struct key key = read_key(names[i]);
        CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(key.bytes, key.size);
        CLEANUP(mem_freep) char *type = host_key_type(key.bytes, key.size);
        assert_string_equal(fingerprint, key.fingerprint);
        assert_string_equal(type, i == 2 ? "ecdsa-sha2-nistp256" : "ssh-ed25519");
    }
    assert_null(host_key_type("", 0));
    assert_null(host_key_type("\0\0\0\5abcd", 8));
    assert_null(host_key_type("\0\0\0\2a\n", 6));
    assert_null(host_key_type("\1\0\0\1a", 5));
}

static void a_known_key_is_accepted_with_its_line(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key key = read_key("a");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(2222);
    CLEANUP(mem_freep) char *by = NULL;
    CLEANUP(mem_freep) char *again = NULL;
    scratch_sh("rm -f known; { echo '# ours'; echo \"[db1]:2222 $(cat a.pub)\"; } >global");
    assert_ok(host_key_check(&hop, key.bytes, key.size, &by, &err));
    assert_true(text_ends(by, "/global:2"));
    /* HostKeyAlias stands for host and port. */
    hop.alias_is_meant = true;
    assert_fails(host_key_check(&hop, key.bytes, key.size, &again, &err), ERROR_UNREACHABLE);
    assert_null(again);
    error_clear(&err);
    scratch_sh("echo \"db1 $(cat a.pub)\" >known");
    assert_ok(host_key_check(&hop, key.bytes, key.size, &again, &err));
    assert_true(text_ends(again, "/known:1"));
}

static void an_unknown_key_is_refused_with_what_to_do(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key key = read_key("a");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(2222);
    CLEANUP(mem_freep) char *by = NULL;
    CLEANUP(mem_freep)
    char *line =
        mem_printf("echo '[db1]:2222 ssh-ed25519 %s' >> %s/known", key.spelt, scratch_dir());
    scratch_sh("rm -f known; echo \"other $(cat a.pub)\" >global");
    assert_fails(host_key_check(&hop, key.bytes, key.size, &by, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "me@db1:22: the host key is not known");
    assert_contains(err.detail, key.fingerprint);
    assert_contains(err.detail, "Looked for [db1]:2222 in ");
    assert_contains(err.detail, "/known (which is not there), ");
    assert_contains(err.hint, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    assert_contains(err.hint, line);
    assert_false(err.retryable);
    /* What it says helps. */
    error_clear(&err);
    scratch_sh("%s", line);
    assert_ok(host_key_check(&hop, key.bytes, key.size, &by, &err));
}

static void a_changed_key_is_refused_with_both(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key a = read_key("a");
    CLEANUP(key_clear) struct key b = read_key("b");
    CLEANUP(key_clear) struct key e = read_key("e");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(22);
    CLEANUP(mem_freep) char *by = NULL;
    CLEANUP(mem_freep)
    char *remove = mem_printf("ssh-keygen -R 'db1' -f %s/global; ", scratch_dir());
    scratch_sh("rm -f known; echo \"db1 $(cat b.pub)\" >global");
    assert_fails(host_key_check(&hop, a.bytes, a.size, &by, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "me@db1:22: the host key has changed");
    assert_contains(err.detail, a.fingerprint);
    assert_contains(err.detail, b.fingerprint);
    assert_contains(err.detail, "/global:1)");
    assert_contains(err.detail, "somebody in between");
    assert_contains(err.hint, remove);
    error_clear(&err);
    assert_fails(host_key_check(&hop, e.bytes, e.size, &by, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message,
                        "me@db1:22: the host key is of a type that is not known of it");
    assert_null(strstr(err.hint, "ssh-keygen -R"));
}

static void a_revoked_key_is_refused_whatever_else_is_said(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key key = read_key("a");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(22);
    CLEANUP(mem_freep) char *by = NULL;
    scratch_sh("echo \"db1 $(cat a.pub)\" >known; echo \"@revoked * $(cat a.pub)\" >global");
    assert_fails(host_key_check(&hop, key.bytes, key.size, &by, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "me@db1:22: the host key is revoked");
    assert_contains(err.detail, "/global:1 marks @revoked");
}

static void where_a_certificate_is_wanted_the_other_transport_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key key = read_key("a");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(22);
    CLEANUP(mem_freep) char *by = NULL;
    scratch_sh("echo \"@cert-authority * $(cat a.pub)\" >known; rm -f global");
    assert_fails(host_key_check(&hop, key.bytes, key.size, &by, &err), ERROR_UNREACHABLE);
    assert_contains(err.detail, "/known:1 wants a certificate");
    assert_contains(err.hint, "\"transport\": \"openssh\"");
}

static void a_pinned_key_is_the_only_one_that_counts(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key a = read_key("a");
    CLEANUP(key_clear) struct key b = read_key("b");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(22);
    CLEANUP(mem_freep) char *by = NULL;
    CLEANUP(mem_freep) char *padded = mem_printf("%s=", a.fingerprint);
    CLEANUP(mem_freep) char *longer = mem_printf("%sx", a.fingerprint);
    CLEANUP(mem_freep) char *shorter = mem_copy_n(a.fingerprint, strlen(a.fingerprint) - 1);
    scratch_sh("echo \"db1 $(cat b.pub)\" >known; rm -f global");
    hop.host_key = padded;
    assert_ok(host_key_check(&hop, a.bytes, a.size, &by, &err));
    assert_string_equal(by, "host_key of environments.json");
    assert_fails(host_key_check(&hop, b.bytes, b.size, &by, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "me@db1:22: the host key is not the pinned one");
    assert_contains(err.detail, b.fingerprint);
    assert_contains(err.detail, a.fingerprint);
    error_clear(&err);
    hop.host_key = longer;
    assert_fails(host_key_check(&hop, a.bytes, a.size, &by, &err), ERROR_UNREACHABLE);
    error_clear(&err);
    hop.host_key = shorter;
    assert_fails(host_key_check(&hop, a.bytes, a.size, &by, &err), ERROR_UNREACHABLE);
}

static void a_file_that_cannot_be_read_refuses(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(key_clear) struct key key = read_key("a");
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(22);
    CLEANUP(mem_freep) char *by = NULL;
    scratch_sh("echo \"db1 $(cat a.pub)\" >known; rm -f global; mkdir global");
    assert_fails(host_key_check(&hop, key.bytes, key.size, &by, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "host keys cannot be checked: ");
    scratch_sh("rmdir global");
}

static void the_types_of_all_files_are_told(void **state)
{
    (void)state;
    CLEANUP(hop_clear) struct ssh_hop hop = hop_of(22);
    CLEANUP(strlist_clear) struct strlist types = STRLIST_INIT;
    scratch_sh("echo \"db1 $(cat e.pub)\" >known; echo \"db1 $(cat a.pub)\" >global");
    host_key_types(&hop, &types);
    assert_int_equal(types.n, 2);
    assert_string_equal(types.items[0], "ecdsa-sha2-nistp256");
    assert_string_equal(types.items[1], "ssh-ed25519");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_and_type_are_openssh_s),
        cmocka_unit_test(a_known_key_is_accepted_with_its_line),
        cmocka_unit_test(an_unknown_key_is_refused_with_what_to_do),
        cmocka_unit_test(a_changed_key_is_refused_with_both),
        cmocka_unit_test(a_revoked_key_is_refused_whatever_else_is_said),
        cmocka_unit_test(where_a_certificate_is_wanted_the_other_transport_is_named),
        cmocka_unit_test(a_pinned_key_is_the_only_one_that_counts),
        cmocka_unit_test(a_file_that_cannot_be_read_refuses),
        cmocka_unit_test(the_types_of_all_files_are_told),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
