#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "headgate/run.h"
#include "scratch.h"

#define FIRST "20261120-190501-3f2a"
#define SECOND "20261121-080000-77aa"

static struct state *new_state(void)
{
    static int n;
    struct state *state = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = mem_printf("%s/runs-%d", scratch_dir(), n++);
    assert_ok(state_open(folder, &state, &err));
    return state;
}

/* kind NULL: its first event could not be written. */
static void make_run(struct state *state, const char *run, const char *kind)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(journal_freep) struct journal *journal = NULL;
    const struct entry entry = {
        .kind = kind, .actor = "anna@buildhost", .data = "{\"outcome\":\"done\"}", .seals = true};
    assert_ok(journal_create(state, run, &journal, &err));
    if (kind != NULL) {
        assert_ok(journal_append(journal, NULL, &entry, &err));
    }
}

static void assert_found(struct state *state, const char *named, bool open, const char *wanted)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *run = NULL;
    bool found = run_find(state, named, open, &run, &err);
    if (wanted == NULL) {
        assert_false(found);
        assert_int_equal(err.code, ERROR_USAGE);
        assert_non_null(err.hint);
    } else {
        assert_true(found);
        assert_string_equal(run, wanted);
    }
}

static void a_run_whose_first_event_could_not_be_written_never_began(void **state)
{
    CLEANUP(state_freep) struct state *runs = new_state();
    (void)state;
    make_run(runs, SECOND, NULL);
    assert_found(runs, NULL, true, NULL);
    assert_found(runs, NULL, false, NULL);
    make_run(runs, FIRST, "run-begun");
    assert_found(runs, NULL, true, FIRST);
    assert_found(runs, NULL, false, FIRST);
}

static void a_run_is_found_by_either_end_of_its_id(void **state)
{
    CLEANUP(state_freep) struct state *runs = new_state();
    (void)state;
    make_run(runs, FIRST, "run-begun");
    make_run(runs, SECOND, "run-begun");
    assert_found(runs, "3f2a", false, FIRST);
    assert_found(runs, "20261121", false, SECOND);
    assert_found(runs, FIRST, false, FIRST);
    assert_found(runs, "2026", false, NULL);
    assert_found(runs, "4711", false, NULL);
}

static void only_one_open_run_needs_no_name(void **state)
{
    CLEANUP(state_freep) struct state *runs = new_state();
    (void)state;
    assert_found(runs, NULL, true, NULL);
    make_run(runs, FIRST, "run-canceled");
    assert_found(runs, NULL, true, NULL);
    make_run(runs, SECOND, "run-begun");
    assert_found(runs, NULL, true, SECOND);
    assert_found(runs, NULL, false, SECOND);
    make_run(runs, "20261122-080000-1234", "run-begun");
    assert_found(runs, NULL, true, NULL);
}

static void where_none_is_open_the_newest_is_meant_if_it_is_done(void **state)
{
    CLEANUP(state_freep) struct state *runs = new_state();
    (void)state;
    make_run(runs, "20261120-080000-0001", "run-ended");
    assert_found(runs, NULL, true, "20261120-080000-0001");
    make_run(runs, "20261120-080000-0002", "run-canceled");
    assert_found(runs, NULL, true, NULL);
    make_run(runs, "20261120-080000-0003", "run-begun");
    make_run(runs, "20261120-080000-0004", "run-begun");
    make_run(runs, "20261120-080000-0005", "run-ended");
    assert_found(runs, NULL, true, NULL);
}

static void of_many_only_the_newest_is_named(void **state)
{
    CLEANUP(state_freep) struct state *runs = new_state();
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *found = NULL;
    (void)state;
    for (size_t i = 1; i <= 5; i++) {
        CLEANUP(mem_freep) char *run = mem_printf("20261120-080000-000%zu", i);
        make_run(runs, run, "run-begun");
    }
    assert_fails(run_find(runs, NULL, true, &found, &err), ERROR_USAGE);
    assert_string_equal(err.hint, "It may be one of 5, the newest of them "
                                  "\"20261120-080000-0005\". See them all: headgate runs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_whose_first_event_could_not_be_written_never_began),
        cmocka_unit_test(a_run_is_found_by_either_end_of_its_id),
        cmocka_unit_test(only_one_open_run_needs_no_name),
        cmocka_unit_test(where_none_is_open_the_newest_is_meant_if_it_is_done),
        cmocka_unit_test(of_many_only_the_newest_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
