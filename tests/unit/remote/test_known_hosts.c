/*
 * Our reader of known_hosts, held against OpenSSH's own.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "known_hosts_line.h"
#include "private.h"

#define LIMIT ((size_t)16 << 20)

/* Keys a to e, "TYPE BASE64" each in KEY.pub; e is of another type. */
static int make_keys(void **state)
{
    (void)state;
    scratch_sh("for k in a b c d; do ssh-keygen -q -t ed25519 -N '' -f $k; done;"
               "ssh-keygen -q -t ecdsa -N '' -f e;"
               "for k in a b c d e; do cut -d' ' -f1,2 $k.pub >k && mv k $k.pub; done");
    return 0;
}

static void read_scratch(const char *name, struct strbuf *ret_text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    assert_ok(file_read(path, LIMIT, ret_text, &err));
}

static unsigned char *key_of(const char *name, size_t *ret_size)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *file = mem_printf("%s.pub", name);
    read_scratch(file, &text);
    strbuf_trim_end(&text);
    const char *spelt = strchr(text.text, ' ') + 1;
    unsigned char *key = mem_new(text.size, 1);
    assert_true(base64_decode(spelt, strlen(spelt), key, ret_size));
    return key;
}

static enum known look(const char *host, int port, const char *key_name,
                       struct known_answer *answer)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    size_t size = 0;
    CLEANUP(mem_freep) unsigned char *key = key_of(key_name, &size);
    known_answer_clear(answer);
    read_scratch("known", &text);
    const struct known_file file = {"known", text.text, text.size};
    known_hosts_look(&file, host, port, key, size, answer);
    return answer->known;
}

/* "3 SHA256:..." for each line that means the name and has a key. */
static void what_we_find(const char *name, struct strbuf *found)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    read_scratch("known", &text);
    struct known_reader reader = {.rest = {text.text, text.size}};
    struct known_line line;
    while (known_reader_next(&reader, &line)) {
        static const char *const markers[] = {"", " REVOKED", " CA"};
        CLEANUP(mem_freep) unsigned char *key = NULL;
        size_t size = 0;
        if (known_hosts_match(line.hosts, name) && known_line_key(&line, &key, &size)) {
            CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(key, size);
            strbuf_printf(found, "%zu%s %s\n", line.number, markers[line.marker], fingerprint);
        }
    }
    strbuf_trim_end(found);
}

/* The file comes from lines of sh's echo, with $a to $e for keys. */
static void write_known(const char *script)
{
    scratch_sh("for k in a b c d e; do eval \"$k='$(cat $k.pub)'\"; done; { %s\n} >known", script);
}

/* How many bytes both have found. */
static size_t assert_same_as_openssh(const char *name)
{
    CLEANUP(strbuf_clear) struct strbuf found = STRBUF_INIT;
    what_we_find(name, &found);
    const char *theirs =
        scratch_out("ssh-keygen -l -F '%s' -f known 2>/dev/null | sed -nE "
                    "-e 's/^# Host .* found: line ([0-9]+) ?(REVOKED|CA)?.*$/\\1 \\2/;T k;h;b' "
                    "-e ':k' -e 's/^.* (SHA256:[^ ]+).*$/\\1/;H;x;s/ ?\\n/ /p'",
                    name);
    if (strcmp(found.text, theirs) != 0) {
        fail_msg("%s: we find\n%s\nand ssh-keygen\n%s", name, found.text, theirs);
    }
    return found.size;
}

static const char *const names[] = {
    "db1",
    "db1.example.net",
    "db2.example.net",
    "db3.example.net",
    "example.net",
    "10.1.2.3",
    "[db1]:2222",
    "[db1]:22",
    "[db2]:2222",
    "hashed1",
    "hashed2",
    "[hashed3]:2222",
    "bad",
    "x",
    "xx",
    "a.b.c",
    "revoked",
    "star*",
    "[::1]:2222",
    "::1",
    "upper",
    "crlf",
    "crlf2",
    "tab",
    "last",
    "after-long",
    "long",
    "excluded.corp",
    "other.corp",
    "nobody",
    "two-markers",
    "marker",
    "after-garbage",
    "rsa1",
};

static const char every_form[] =
    "echo '# a comment'; echo; echo '   '; echo \"db1 $a\"; echo \"db1.example.net,10.1.2.3 $b "
    "comment here\"; echo \"[db1]:2222 $c\"; echo \"[db1]:22 $d\"; echo \"*.example.net,!db3.*,db? "
    "$d\"; echo \"[*]:2222 $a\"; echo \"  leading.blank,x $a\"; printf 'tab\\t%s\\n' \"$b\"; "
    "echo \"UPPER,Db1 $e\"; echo \"?.?.c $b\"; echo \"a*b*c*,q* $c\"; echo \"@revoked revoked,db* "
    "$b\"; echo \"@cert-authority *.corp,!excluded.corp $e\"; echo \"@unknown marker $a\"; "
    "echo \"@revoked @cert-authority two-markers $a\"; echo \"@revoked\"; echo \"bad\"; "
    "echo \"bad ssh-ed25519\"; echo \"bad ssh-ed25519 AAAA\"; echo \"bad ssh-ed25519 not=base64\"; "
    "echo \"bad ecdsa-sha2-nistp256 ${a#* }\"; echo \"bad 1024 35 1234567\"; echo \"rsa1 1024 35 "
    "99\"; printf '\\000\\001\\377 garbage \\n'; echo \"after-garbage $a\"; echo \"|1|short|hash "
    "$a\"; echo \"|2|x|y $a\"; echo \"| $a\"; echo \", $a\"; echo \"! $a\"; echo \"!x,x $a\"; "
    "printf 'crlf %s\\r\\n' \"$a\"; printf 'crlf2 %s comment\\r\\n' \"$b\"; echo \"::1 $a\"; "
    "echo \"[::1]:2222 $b\"; { printf 'long'; seq -f ',pattern%g' 1 3000 | tr -d '\\n'; "
    "echo \" $a\"; }; echo \"after-long $b\"; printf 'last %s' \"$c\"";

static void every_form_is_read_as_openssh_reads_it(void **state)
{
    (void)state;
    size_t n_found = 0;
    write_known(every_form);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        n_found += assert_same_as_openssh(names[i]) > 0 ? 1 : 0;
    }
    assert_true(n_found > 20 && n_found < ARRAY_LEN(names));
}

static void hashed_names_are_found(void **state)
{
    (void)state;
    struct known_answer answer = KNOWN_ANSWER_INIT;
    write_known("echo \"hashed1 $a\"; echo \"hashed2 $b\"; echo \"[hashed3]:2222 $c\"");
    scratch_sh(
        "ssh-keygen -q -H -f known >/dev/null 2>&1 && rm known.old && ! grep -q hashed known");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bool is_there = strstr(names[i], "hashed") != NULL;
        assert_true((assert_same_as_openssh(names[i]) > 0) == is_there);
    }
    assert_int_equal(look("hashed1", 22, "a", &answer), KNOWN_MATCHES);
    assert_string_equal(answer.where, "known:1");
    assert_int_equal(look("hashed2", 22, "a", &answer), KNOWN_DIFFERS);
    assert_int_equal(look("HASHED3", 2222, "c", &answer), KNOWN_MATCHES);
    assert_int_equal(look("hashed3", 22, "c", &answer), KNOWN_NOT);
    known_answer_clear(&answer);
}

static void a_key_of_the_host_matches_in_any_line(void **state)
{
    (void)state;
    struct known_answer answer = KNOWN_ANSWER_INIT;
    write_known("echo \"db1 $a\"; echo \"db1 $e\"; echo \"db1,db2 $b\"");
    assert_int_equal(look("db1", 22, "b", &answer), KNOWN_MATCHES);
    assert_string_equal(answer.where, "known:3");
    assert_int_equal(look("DB1", 22, "a", &answer), KNOWN_MATCHES);
    assert_int_equal(look("db2", 22, "b", &answer), KNOWN_MATCHES);
    assert_int_equal(look("db3", 22, "b", &answer), KNOWN_NOT);
    assert_null(answer.where);
    assert_int_equal(look("db1", 2222, "a", &answer), KNOWN_NOT);
    known_answer_clear(&answer);
}

static void another_key_differs_and_the_known_ones_are_told(void **state)
{
    (void)state;
    struct known_answer answer = KNOWN_ANSWER_INIT;
    size_t size = 0;
    CLEANUP(mem_freep) unsigned char *key = key_of("e", &size);
    CLEANUP(mem_freep) char *fingerprint = host_key_fingerprint(key, size);
    write_known("echo \"other $c\"; echo \"db1 $a\"; echo \"db1 $e\"");
    assert_int_equal(look("db1", 22, "c", &answer), KNOWN_DIFFERS);
    assert_string_equal(answer.where, "known:2");
    assert_int_equal(answer.fingerprints.n, 2);
    assert_true(text_starts(answer.fingerprints.items[0], "ssh-ed25519 SHA256:"));
    CLEANUP(mem_freep)
    char *second = mem_printf("ecdsa-sha2-nistp256 %s (known:3)", fingerprint);
    assert_string_equal(answer.fingerprints.items[1], second);
    known_answer_clear(&answer);
}

static void revoked_wins_wherever_it_stands(void **state)
{
    (void)state;
    struct known_answer answer = KNOWN_ANSWER_INIT;
    write_known("echo \"db1 $a\"; echo \"@revoked db* $a\"");
    assert_int_equal(look("db1", 22, "a", &answer), KNOWN_REVOKED);
    assert_string_equal(answer.where, "known:2");
    write_known("echo \"@revoked * $a\"; echo \"db1 $a\"; echo \"db1 $b\"");
    assert_int_equal(look("db1", 22, "a", &answer), KNOWN_REVOKED);
    assert_int_equal(look("db1", 22, "b", &answer), KNOWN_MATCHES);
    /* A revoked key is not a known one. */
    assert_int_equal(look("db2", 22, "b", &answer), KNOWN_NOT);
    assert_int_equal(answer.fingerprints.n, 0);
    known_answer_clear(&answer);
}

static void an_authority_is_no_key_but_remembered(void **state)
{
    (void)state;
    struct known_answer answer = KNOWN_ANSWER_INIT;
    write_known("echo \"@cert-authority *.corp $a\"");
    assert_int_equal(look("db1.corp", 22, "a", &answer), KNOWN_NOT);
    assert_string_equal(answer.authority, "known:1");
    assert_int_equal(look("db1.other", 22, "a", &answer), KNOWN_NOT);
    assert_null(answer.authority);
    known_answer_clear(&answer);
}

static void the_types_of_a_host_are_told_in_their_order(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(strlist_clear) struct strlist types = STRLIST_INIT;
    write_known("echo \"other $b\"; echo \"@revoked db1 $b\"; echo \"db1 $e\"; echo \"db1 $a\"; "
                "echo \"db1 $c\"; echo \"@cert-authority db1 $d\"");
    read_scratch("known", &text);
    const struct known_file file = {"known", text.text, text.size};
    known_hosts_types(&file, "db1", 22, &types);
    assert_int_equal(types.n, 2);
    assert_string_equal(types.items[0], "ecdsa-sha2-nistp256");
    assert_string_equal(types.items[1], "ssh-ed25519");
}

static void a_pattern_of_many_stars_takes_no_time(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf pattern = STRBUF_INIT, name = STRBUF_INIT;
    for (int i = 0; i < 200; i++) {
        strbuf_add(&pattern, "a*");
        strbuf_add(&name, "aaa");
    }
    strbuf_add(&pattern, "b");
    assert_false(known_hosts_match((struct piece){pattern.text, pattern.size}, name.text));
    strbuf_add(&name, "b");
    assert_true(known_hosts_match((struct piece){pattern.text, pattern.size}, name.text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_as_openssh_reads_it),
        cmocka_unit_test(hashed_names_are_found),
        cmocka_unit_test(a_key_of_the_host_matches_in_any_line),
        cmocka_unit_test(another_key_differs_and_the_known_ones_are_told),
        cmocka_unit_test(revoked_wins_wherever_it_stands),
        cmocka_unit_test(an_authority_is_no_key_but_remembered),
        cmocka_unit_test(the_types_of_a_host_are_told_in_their_order),
        cmocka_unit_test(a_pattern_of_many_stars_takes_no_time),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
