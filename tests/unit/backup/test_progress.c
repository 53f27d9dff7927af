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

static void changes_the_end_of_a_copy(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *out = copy_statement("COPY public.\"a FROM stdin;\n\" (x) FROM stdin;\n", "TO stdout");
    assert_string_equal(out, "COPY public.\"a FROM stdin;\n\" (x) TO stdout");
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
        cmocka_unit_test(changes_the_end_of_a_copy),
        cmocka_unit_test(knows_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
