/* Two tables of contents: what is different is said, and nothing else. */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/dump.h"
#include "headgate/strbuf.h"

#define TABLE(name, sql)                                                                           \
    {                                                                                              \
        .kind = "TABLE", .schema = "public", .tag = (name), .owner = "clerk", .definition = (sql)  \
    }
#define DATA(name, statement)                                                                      \
    {                                                                                              \
        .kind = "TABLE DATA", .schema = "public", .tag = (name), .definition = "",                 \
        .copy = (statement), .section = DUMP_DATA                                                  \
    }
#define OTHER(what, name, sql)                                                                     \
    {                                                                                              \
        .kind = (what), .tag = (name), .owner = "clerk", .definition = (sql)                       \
    }

/* The sentences, one a line. Lists end in an entry without a kind; `rewritten` may be NULL. */
static void check(struct dump_entry *expected, struct dump_entry *found,
                  struct dump_entry *rewritten, const char *says)
{
    CLEANUP(strlist_clear) struct strlist differences = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf lines = STRBUF_INIT;
    struct dump_toc tocs[3] = {{.entries = expected}, {.entries = found}, {.entries = rewritten}};
    for (size_t i = 0; i < ARRAY_LEN(tocs); i++) {
        while (tocs[i].entries != NULL && tocs[i].entries[tocs[i].n].kind != NULL) {
            tocs[i].n++;
        }
    }
    dump_toc_compare(&tocs[0], &tocs[1], rewritten != NULL ? &tocs[2] : NULL, &differences);
    for (size_t i = 0; i < differences.n; i++) {
        strbuf_printf(&lines, "%s\n", differences.items[i]);
    }
    assert_string_equal(lines.text, says);
}

static void order_numbers_and_tablespaces_do_not_count(void **state)
{
    struct dump_entry expected[] = {TABLE("a", "one"), TABLE("b", "two"), {0}};
    struct dump_entry found[] = {TABLE("b", "two"), TABLE("a", "one"), {0}};
    struct dump_entry nothing[] = {{0}};
    (void)state;
    found[0].id = 12;
    found[1].oid = 13;
    found[1].tablespace = "fast";
    check(expected, found, NULL, "");
    check(nothing, nothing, NULL, "");
    check(nothing, found, NULL,
          "TABLE public.a is not in the backup\nTABLE public.b is not in the backup\n");
    check(expected, nothing, NULL, "TABLE public.a is missing\nTABLE public.b is missing\n");
}

static void several_of_one_name_are_a_set(void **state)
{
    struct dump_entry expected[] = {TABLE("a", "one"), TABLE("a", "two"), TABLE("a", "two"), {0}};
    struct dump_entry same[] = {TABLE("a", "two"), TABLE("a", "two"), TABLE("a", "one"), {0}};
    struct dump_entry other[] = {TABLE("a", "two"), TABLE("a", "one"), TABLE("a", "one"), {0}};
    struct dump_entry fewer[] = {TABLE("a", "two"), TABLE("a", "one"), {0}};
    (void)state;
    check(expected, same, NULL, "");
    check(expected, other, NULL, "TABLE public.a is different\n");
    check(expected, fewer, NULL, "TABLE public.a is missing\n");
    check(fewer, expected, NULL, "TABLE public.a is not in the backup\n");
}

static void what_postgresql_rewrites_is_no_difference(void **state)
{
    struct dump_entry expected[] = {TABLE("a", "one"), TABLE("b", "one"), {0}};
    struct dump_entry rewritten[] = {TABLE("a", "uno"), TABLE("b", "one"), {0}};
    struct dump_entry wrong[] = {TABLE("a", "due"), TABLE("b", "uno"), {0}};
    struct dump_entry more[] = {TABLE("a", "one"), TABLE("a", "uno"), TABLE("b", "one"), {0}};
    (void)state;
    check(expected, rewritten, rewritten, "");
    check(expected, expected, rewritten, "");
    check(expected, rewritten, NULL, "TABLE public.a is different\n");
    check(expected, wrong, rewritten, "TABLE public.a is different\nTABLE public.b is different\n");
    check(expected, more, rewritten, "TABLE public.a is not in the backup\n");
}

static void values_are_never_excused(void **state)
{
    struct dump_entry expected[] = {
        OTHER("SEQUENCE SET", "s", "SELECT pg_catalog.setval('public.s', 42, true);\n"), {0}};
    struct dump_entry found[] = {
        OTHER("SEQUENCE SET", "s", "SELECT pg_catalog.setval('public.s', 1, false);\n"), {0}};
    struct dump_entry odd[] = {OTHER("SEQUENCE SET", "s", "SELECT 1;\n"), {0}};
    (void)state;
    check(expected, found, found,
          "SEQUENCE SET s: setval(..., 42) in the backup, setval(..., 1, false) here\n");
    check(expected, odd, odd, "SEQUENCE SET s is different\n");
}

static void columns_are_a_set(void **state)
{
    struct dump_entry expected[] = {
        DATA("a", "COPY public.\"a(,\" (b, \"c, (d)\", e) FROM stdin;\n"), {0}};
    struct dump_entry same[] = {DATA("a", "COPY public.\"a(,\" (e, b, \"c, (d)\") FROM stdin;\n"),
                                {0}};
    struct dump_entry other[] = {DATA("a", "COPY public.\"a(,\" (e, b, \"c\") FROM stdin;\n"), {0}};
    struct dump_entry none[] = {DATA("a", "COPY public.\"a(,\"  FROM stdin;\n"), {0}};
    (void)state;
    check(expected, same, NULL, "");
    check(expected, other, other,
          "TABLE DATA public.a: columns \"c, (d)\", b, e in the backup, \"c\", b, e here\n");
    check(expected, none, none, "TABLE DATA public.a is different\n");
    check(none, none, NULL, "");
}

static void the_database_itself_and_statistics_do_not_count(void **state)
{
    struct dump_entry expected[] = {OTHER("DATABASE", "shop", "CREATE DATABASE shop"),
                                    OTHER("DATABASE PROPERTIES", "shop", "ALTER DATABASE"),
                                    OTHER("ACL", "DATABASE shop", "GRANT"),
                                    OTHER("COMMENT", "DATABASE shop", "COMMENT"),
                                    OTHER("SECURITY LABEL", "DATABASE shop", "SECURITY"),
                                    OTHER("STATISTICS DATA", "a", "SELECT"),
                                    OTHER("BLOBS", "BLOBS", ""),
                                    OTHER("ENCODING", "ENCODING", "SET client_encoding = 'UTF8'"),
                                    {0}};
    struct dump_entry found[] = {OTHER("ENCODING", "ENCODING", "SET client_encoding = 'LATIN1'"),
                                 {0}};
    (void)state;
    check(expected, found, NULL, "ENCODING is different\n");
}

static void large_objects_are_compared_one_by_one(void **state)
{
    struct dump_entry old[] = {OTHER("BLOB", "11", "SELECT pg_catalog.lo_create('11');\n"),
                               OTHER("BLOB", "12", "SELECT pg_catalog.lo_create('12');\n"),
                               OTHER("BLOBS", "BLOBS", ""),
                               {0}};
    struct dump_entry grouped[] = {OTHER("BLOB METADATA", "11..12", "11\n12\n"), {0}};
    struct dump_entry other[] = {
        OTHER("BLOB METADATA", "11", "11\n"), OTHER("BLOB METADATA", "13", "13\n"), {0}};
    (void)state;
    check(old, grouped, NULL, "");
    check(grouped, other, NULL, "BLOB 12 is missing\nBLOB 13 is not in the backup\n");
    other[0].owner = "root";
    other[1].definition = "12";
    check(grouped, other, NULL, "BLOB 11 belongs to clerk in the backup, to root here\n");
}

static void owners_are_compared(void **state)
{
    struct dump_entry expected[] = {TABLE("a", "one"), TABLE("b", "one"), {0}};
    struct dump_entry found[] = {TABLE("a", "one"), TABLE("b", "two"), {0}};
    (void)state;
    found[0].owner = NULL;
    found[1].owner = "root";
    check(expected, found, NULL,
          "TABLE public.a belongs to clerk in the backup, to nobody here\n"
          "TABLE public.b belongs to clerk in the backup, to root here\n"
          "TABLE public.b is different\n");
}

static void entries_are_named_for_people(void **state)
{
    static const struct {
        struct dump_entry entry;
        const char *display;
    } cases[] = {
        {{.kind = "INDEX", .schema = "public", .tag = "i"}, "INDEX public.i"},
        {{.kind = "TRIGGER", .schema = "public", .tag = "orders audit"},
         "TRIGGER public.orders audit"},
        {{.kind = "ACL", .schema = "public", .tag = "TABLE orders"}, "ACL TABLE public.orders"},
        {{.kind = "ACL", .schema = "public", .tag = "orders"}, "ACL public.orders"},
        {{.kind = "COMMENT", .schema = "s", .tag = "MATERIALIZED VIEW v"},
         "COMMENT MATERIALIZED VIEW s.v"},
        {{.kind = "ACL", .tag = "SCHEMA public"}, "ACL SCHEMA public"},
        {{.kind = "BLOBS", .tag = "BLOBS"}, "BLOBS"},
        {{.kind = "SCHEMA", .tag = "public"}, "SCHEMA public"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(mem_freep) char *display = dump_entry_display(&cases[i].entry);
        assert_string_equal(display, cases[i].display);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_numbers_and_tablespaces_do_not_count),
        cmocka_unit_test(several_of_one_name_are_a_set),
        cmocka_unit_test(what_postgresql_rewrites_is_no_difference),
        cmocka_unit_test(values_are_never_excused),
        cmocka_unit_test(columns_are_a_set),
        cmocka_unit_test(the_database_itself_and_statistics_do_not_count),
        cmocka_unit_test(large_objects_are_compared_one_by_one),
        cmocka_unit_test(owners_are_compared),
        cmocka_unit_test(entries_are_named_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
