/* Large texts: memory is bounded by the text, time by the server. */
#include "world.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "headgate/process.h"

#if defined(__SANITIZE_ADDRESS__)
#define MEASURED false /* its shadow is not ours */
#else
#define MEASURED true
#endif

#define MEGABYTE ((size_t)1 << 20)

/* n statements of about this many bytes. */
static size_t write_many(const struct world *world, size_t n, size_t size)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "create table t (n int, filler text);\n");
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(&text, "insert into t values (%zu, '", i);
        strbuf_add_repeated(&text, 'x', size);
        strbuf_add(&text, "');\n");
    }
    write_migration_n(world, A, text.text, text.size);
    return text.size;
}

/* Runs it in a child, and tells how much that had at most. */
static size_t memory_of_run(struct world *world)
{
    int status = 0;
    struct rusage usage;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = ERROR_INIT;
        process_exit_child(run_all(world, &err) ? 0 : 1);
    }
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    assert_int_equal(status, 0);
    return (size_t)usage.ru_maxrss * 1024;
}

static void expect_rows(const struct world *world, const char *n)
{
    must_be(world->db, "select count(*) from t", n);
    must_be(world->db, "select count(*) from _prisma_migrations where finished_at is not null",
            "1");
}

static void fifty_megabytes_in_many_statements_need_little_more(void **state)
{
    struct world *world = *state;
    size_t size = write_many(world, 800, 64 << 10);
    assert_true(size > 50 * MEGABYTE);
    size_t memory = memory_of_run(world);
    expect_rows(world, "800");
    print_message("%zu MB of text, at most %zu MB of memory\n", size / MEGABYTE, memory / MEGABYTE);
    assert_true(!MEASURED || memory < 3 * size);
}

static void fifty_megabytes_in_one_statement_need_a_few_copies(void **state)
{
    struct world *world = *state;
    size_t size = write_many(world, 1, 50 * MEGABYTE);
    size_t memory = memory_of_run(world);
    expect_rows(world, "1");
    print_message("%zu MB of text, at most %zu MB of memory\n", size / MEGABYTE, memory / MEGABYTE);
    assert_true(!MEASURED || memory < 6 * size);
}

static void ten_thousand_statements_are_one_journey(void **state)
{
    struct world *world = *state;
    (void)write_many(world, 10000, 8);
    must_run(world, 1);
    expect_rows(world, "10000");
    assert_logged("statement 1 CREATE TABLE\nstatement 2 INSERT\n");
    assert_logged("statement 10001 INSERT\napplied\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(fifty_megabytes_in_many_statements_need_little_more),
        IN_A_WORLD(fifty_megabytes_in_one_statement_need_a_few_copies),
        IN_A_WORLD(ten_thousand_statements_are_one_journey),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
