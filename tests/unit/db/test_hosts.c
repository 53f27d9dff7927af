#include "scratch.h"

#include "conninfo.h"
#include "headgate/mem.h"
#include "line.h"

static void expect_left(const char *hosts, const char *addresses, const char *ports,
                        const char *host, const char *port, const char *left)
{
    struct host_list list;
    host_list_split(hosts, addresses, ports, &list);
    bool removed = host_list_remove(&list, host, port);
    CLEANUP(mem_freep) char *h = host_list_join(&list.hosts);
    CLEANUP(mem_freep) char *a = host_list_join(&list.addresses);
    CLEANUP(mem_freep) char *p = host_list_join(&list.ports);
    CLEANUP(mem_freep)
    char *got = mem_printf("%s %s %s %s", removed ? "removed" : "kept", h != NULL ? h : "-",
                           a != NULL ? a : "-", p != NULL ? p : "-");
    assert_string_equal(got, left);
    host_list_clear(&list);
}

static void a_host_is_taken_out_with_its_port_and_address(void **state)
{
    (void)state;
    expect_left("a,b,c", NULL, "1,2,3", "b", "2", "removed a,c - 1,3");
    expect_left("a,b,c", NULL, "1", "c", "1", "removed a,b - 1");
    expect_left("a,b", "10.0.0.1,10.0.0.2", NULL, "a", "5432", "removed b 10.0.0.2 -");
    expect_left(NULL, "10.0.0.1,10.0.0.2", "1,2", "10.0.0.2", "2", "removed - 10.0.0.1 1");
    expect_left("a,a,a", NULL, "1,2,1", "a", "1", "removed a - 2");
    expect_left("a", NULL, "1", "a", "1", "removed - - 1");
    expect_left("a,b", NULL, "1,2", "a", "2", "kept a,b - 1,2");
    expect_left(NULL, NULL, NULL, "/run/postgresql", "5432", "kept - - -");
    expect_left("a,", NULL, "1,", "a", "1", "removed  - ");
}

static void an_endpoint_with_an_ipv6_address_has_brackets(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    endpoint_display("fe80::1", "5432", &out);
    strbuf_add_char(&out, ' ');
    endpoint_display("/tmp/a:b", "5432", &out);
    strbuf_add_char(&out, ' ');
    endpoint_display("db", "", &out);
    assert_string_equal(out.text, "[fe80::1]:5432 /tmp/a:b:5432 db");
}

static void lines_become_one_line(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    line_add(&out, "one  two\n\t three\r\n\nfour\n");
    assert_string_equal(out.text, "one  two three four");
}

static void a_cut_never_halves_a_character(void **state)
{
    (void)state;
    assert_int_equal(line_fits("abc", 3), 3);
    assert_int_equal(line_fits("abcd", 3), 3);
    assert_int_equal(line_fits("a\xc3\xa4\xe2\x82\xac", 2), 1);
    assert_int_equal(line_fits("a\xc3\xa4\xe2\x82\xac", 3), 3);
    assert_int_equal(line_fits("a\xc3\xa4\xe2\x82\xac", 5), 3);
    assert_int_equal(line_fits("a\xc3\xa4\xe2\x82\xac", 6), 6);
    assert_int_equal(line_fits("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_taken_out_with_its_port_and_address),
        cmocka_unit_test(an_endpoint_with_an_ipv6_address_has_brackets),
        cmocka_unit_test(lines_become_one_line),
        cmocka_unit_test(a_cut_never_halves_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
