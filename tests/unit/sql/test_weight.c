/* Statements that would cost the parser more stack or memory than there is are not given to it. */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/sql.h"
#include "headgate/strbuf.h"
#include "scratch.h"

static void add_nested(struct strbuf *text, const char *open, const char *middle, const char *close,
                       int n)
{
    for (int i = 0; i < n; i++) {
        strbuf_add(text, open);
    }
    strbuf_add(text, middle);
    for (int i = 0; i < n; i++) {
        strbuf_add(text, close);
    }
}

struct shape {
    const char *begin, *open, *middle, *close, *end;
};

static bool is_understood(const struct shape *shape, int n)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(sql_script_clear) struct sql_script script;
    strbuf_add(&text, shape->begin);
    add_nested(&text, shape->open, shape->middle, shape->close, n);
    strbuf_add(&text, shape->end);
    sql_read(text.text, text.size, &script);
    assert_int_equal(script.n, 1);
    assert_int_equal(script.statements[0].offset, 0);
    assert_int_equal(script.statements[0].n_locks, 1);
    assert_string_equal(script.statements[0].locks[0].name, "t");
    return script.statements[0].understood;
}

#define CHECK "alter table t add check ("
static const struct shape shapes[] = {
    {CHECK, "(", "1", ")", ")"},
    {CHECK, "1+", "1", "", ")"},
    {CHECK, "not ", "true", "", ")"},
    {CHECK, "1::", "int", "", ")"},
    {CHECK "1", "::int", "", "", ")"},
    {CHECK "a", " collate x", "", "", ")"},
    {CHECK, "f(", "1", ")", ")"},
    {CHECK, "array[", "1", "]", ")"},
    {CHECK, "a[", "1", "]", ")"},
    {CHECK, "(select ", "1", ")", ")"},
    {CHECK, "exists(select from (select ", "1", ") a)", ")"},
    {CHECK, "case when ", "1", " then 1 end", ")"},
    {CHECK, "a between 1 and ", "1", "", ")"},
    {"create index i on t ((", "(select a from b where c in ", "(1)", ")", "))"},
    {"create policy p on t using (exists (select from x", " natural join b", "", "", "))"},
    {"create policy p on t using (exists (select", " union select", "", "", "))"},
    {"create rule r as on insert to t do (select", " except select", "", "", ")"},
    {"create policy p on t using (exists (", "with a as (", "select 1", ") select 2", "))"},
    {"create table n (a int references t", ", a int default 1+1", "", "", ")"},
};

/* A crash ends the test program: there is nothing to assert. */
static void no_depth_ends_the_process(void **state)
{
    (void)state;
    static const int depths[] = {1, 50, 95, 190, 400, 900, 1900, 4000, 12000};
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        for (size_t j = 0; j < ARRAY_LEN(depths); j++) {
            (void)is_understood(&shapes[i], depths[j]);
        }
    }
}

static void a_small_stack_is_enough(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit small = {.rlim_cur = 512 << 10, .rlim_max = 512 << 10};
        if (setrlimit(RLIMIT_STACK, &small) != 0) {
            _exit(2);
        }
        no_depth_ends_the_process(NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void what_people_write_goes_to_the_parser(void **state)
{
    (void)state;
    static const struct shape wide = {"create table n (a int references t", ", b int default 1", "",
                                      "", ")"};
    static const struct shape joins = {"create policy p on t using (exists (select from x",
                                       " natural join b", "", "", "))"};
    static const struct shape unions = {"create policy p on t using (exists (select 1, 2, 3",
                                        " union select 1, 2, 3", "", "", "))"};
    assert_true(is_understood(&wide, 1600));
    assert_true(is_understood(&joins, 200));
    assert_true(is_understood(&unions, 200));
    assert_true(is_understood(&shapes[0], 50));
}

static void what_is_too_deep_too_many_or_too_long_does_not(void **state)
{
    (void)state;
    static const struct shape many = {"truncate t ", "  ", "", "", "restart identity"};
    static const struct shape list = {"create table n (a int references t", ", b int", "", "", ")"};
    for (size_t i = 0; i + 1 < ARRAY_LEN(shapes); i++) {
        assert_false(is_understood(&shapes[i], 12000));
    }
    assert_false(is_understood(&shapes[0], 100000));
    assert_true(is_understood(&many, 1000));
    assert_false(is_understood(&many, 600000));
    assert_false(is_understood(&list, 20000));
}

static void a_nul_byte_is_not_hidden_from_anybody(void **state)
{
    (void)state;
    static const char text[] = "drop table a\0, b; drop table c";
    CLEANUP(sql_script_clear) struct sql_script script;
    sql_read(text, sizeof text - 1, &script);
    assert_int_equal(script.n, 2);
    assert_false(script.statements[0].understood);
    assert_int_equal(script.statements[0].size, strlen("drop table a") + 4);
    assert_true(script.statements[1].understood);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_depth_ends_the_process),
        cmocka_unit_test(a_small_stack_is_enough),
        cmocka_unit_test(what_people_write_goes_to_the_parser),
        cmocka_unit_test(what_is_too_deep_too_many_or_too_long_does_not),
        cmocka_unit_test(a_nul_byte_is_not_hidden_from_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
