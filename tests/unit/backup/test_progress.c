/* How far a stage is, in words. */
#include "scratch.h"

#include "private.h"

static void must_say(const struct backup_progress *progress, const char *wanted)
{
    CLEANUP(mem_freep) char *said = backup_progress_sentence(progress);
    assert_string_equal(said, wanted);
}

static void tells_size_rate_and_time(void **state)
{
    (void)state;
    must_say(&(const struct backup_progress){.stage = "dump", .done = 500}, "dump: 500 B");
    must_say(&(const struct backup_progress){.stage = "dump",
                                             .done = 500000000,
                                             .total = 2000000000,
                                             .elapsed = 2000,
                                             .what = "orders"},
             "dump: 500 MB of about 2.0 GB, 250 MB/s, 6.0 s left (orders)");
    must_say(
        &(const struct backup_progress){
            .stage = "dump", .done = 3000000, .total = 2000000, .elapsed = 1000},
        "dump: 3.0 MB of about 2.0 MB, 3.0 MB/s");
}

static void must_copy(const char *text, const char *schema, const char *name, const char *out)
{
    CLEANUP(copy_clear) struct copy copy = {0};
    assert_true(copy_read(text, &copy));
    assert_string_equal(copy.schema, schema);
    assert_string_equal(copy.name, name);
    CLEANUP(mem_freep) char *turned = copy_statement(&copy, schema, name, "TO stdout");
    assert_string_equal(turned, out);
}

static void takes_copy_statements_apart(void **state)
{
    static const char *const bad[] = {NULL,
                                      "",
                                      "COPY ",
                                      "COPY a (b) FROM stdin;\n",
                                      "COPY a.b (c) FROM stdin",
                                      "COPY \"a FROM stdin;\n"};
    struct copy copy;
    (void)state;
    must_copy("COPY public.orders (id, total) FROM stdin;\n", "public", "orders",
              "COPY \"public\".\"orders\" (id, total) TO stdout");
    must_copy("COPY public.nothing  FROM stdin;\n", "public", "nothing",
              "COPY \"public\".\"nothing\"  TO stdout");
    must_copy("COPY \"S.\"\"1\".\"a FROM stdin;\n\" (\"x (y)\") FROM stdin;\n", "S.\"1",
              "a FROM stdin;\n", "COPY \"S.\"\"1\".\"a FROM stdin;\n\" (\"x (y)\") TO stdout");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(copy_read(bad[i], &copy));
    }
}

static void knows_what_is_wanted(void **state)
{
    struct strlist tables = STRLIST_INIT, schemas = STRLIST_INIT;
    const struct load_request all = {.tables = &tables, .schemas = &schemas};
    (void)state;
    assert_true(load_wants(&all, "public", "orders"));
    assert_false(load_is_partial(&all));
    strlist_add(&tables, "public.orders");
    strlist_add(&tables, "items");
    strlist_add(&schemas, "audit");
    assert_true(load_is_partial(&all));
    assert_true(load_wants(&all, "public", "orders"));
    assert_false(load_wants(&all, "other", "orders"));
    assert_true(load_wants(&all, "other", "items"));
    assert_true(load_wants(&all, "audit", "anything"));
    assert_false(load_wants(&all, "public", "anything"));
    strlist_clear(&tables);
    strlist_clear(&schemas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_size_rate_and_time),
        cmocka_unit_test(takes_copy_statements_apart),
        cmocka_unit_test(knows_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
