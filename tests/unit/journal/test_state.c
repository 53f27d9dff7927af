#include <errno.h>

#include "journaling.h"
#include "state.h"

static void a_state_that_is_not_there_has_no_runs(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    assert_ok(state_list(state_of(state), &runs, &err));
    assert_int_equal(runs.n, 0);
    assert_false(state_has_run(state_of(state), RUN));
    CLEANUP(mem_freep) char *folder = file_of(state, "");
    assert_false(path_exists(folder));
}

static void runs_are_listed_oldest_first(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(journal_freep) struct journal *b = create(state_of(state), "20261120-190502-0000");
    CLEANUP(journal_freep) struct journal *a = create(state_of(state), "20261119-235959-ffff");
    assert_true(a != b);
    CLEANUP(mem_freep) char *no_run = file_of(state, "runs/no-journal");
    assert_ok(folder_make(no_run, 0700, &err));
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    assert_ok(state_list(state_of(state), &runs, &err));
    assert_int_equal(runs.n, 2);
    assert_string_equal(runs.items[0], "20261119-235959-ffff");
    assert_string_equal(runs.items[1], "20261120-190502-0000");
    assert_true(state_has_run(state_of(state), "20261120-190502-0000"));
    assert_false(state_has_run(state_of(state), "no-journal"));
}

/* Rights do not hold up root. */
static void become(uid_t user)
{
    assert_int_equal(user != geteuid() ? seteuid(user) : 0, 0);
}

static void a_run_of_somebody_else_is_listed_but_not_read(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    CLEANUP(journal_freep) struct journal *opened = NULL;
    CLEANUP(mem_freep) char *top = file_of(state, "");
    CLEANUP(mem_freep) char *all = file_of(state, "runs");
    CLEANUP(mem_freep) char *run = file_of(state, "runs/" RUN);
    uid_t user = geteuid();
    assert_string_equal(journal_run(journal), RUN);
    assert_int_equal(chmod(top, 0755) | chmod(all, 0755) | chmod(run, 0), 0);
    become(user == 0 ? 65534 : user);
    bool listed = state_list(state_of(state), &runs, &err);
    bool read = journal_open(state_of(state), RUN, &opened, &err);
    become(user);
    assert_int_equal(chmod(run, 0700), 0);
    assert_true(listed);
    assert_int_equal(runs.n, 1);
    assert_string_equal(runs.items[0], RUN);
    assert_false(read);
    assert_int_equal(err.code, ERROR_IO);
}

static mode_t mode_of(void **state, const char *name)
{
    struct stat about;
    CLEANUP(mem_freep) char *path = file_of(state, name);
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void nobody_else_may_read_it(void **state)
{
    CLEANUP(journal_freep) struct journal *journal = create(state_of(state), RUN);
    CLEANUP(lease_freep) struct lease *lease = take_lease(state_of(state), "run/" RUN);
    assert_non_null(lease);
    append_seal(journal, "run-ended");
    assert_int_equal(mode_of(state, ""), 0700);
    assert_int_equal(mode_of(state, "runs"), 0700);
    assert_int_equal(mode_of(state, "runs/" RUN), 0700);
    assert_int_equal(mode_of(state, JOURNAL_FILE), 0600);
    assert_int_equal(mode_of(state, "ledger"), 0600);
    assert_int_equal(mode_of(state, "leases"), 0700);
    assert_int_equal(mode_of(state, "leases/run:" RUN), 0600);
}

static void a_file_is_no_state(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct state *none = NULL;
    assert_fails(state_open("/dev/null", &none, &err), ERROR_CONFIG);
    assert_string_equal(err.message, "the state /dev/null is no folder");
    assert_null(none);
}

static void a_relative_state_stays_where_it_was(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(state_freep) struct state *relative = NULL;
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_ok(state_open("here/there//", &relative, &err));
    assert_int_equal(chdir("/"), 0);
    CLEANUP(mem_freep) char *folder = state_run_folder(relative, RUN);
    CLEANUP(mem_freep) char *wanted = mem_printf("%s/here/there/runs/" RUN, scratch_dir());
    assert_string_equal(folder, wanted);
    CLEANUP(journal_freep) struct journal *journal = create(relative, RUN);
    assert_non_null(journal);
    assert_true(path_is_folder(wanted));
}

static void a_run_cannot_lead_out_of_the_state(void **state)
{
    static const char *const names[] = {"", ".", "..", "../x", "a/b", ".hidden"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(error_clear) struct error none = ERROR_INIT;
        CLEANUP(error_clear) struct error peeked = ERROR_INIT;
        struct json_data *data = NULL;
        struct journal *journal = NULL;
        assert_false(state_has_run(state_of(state), names[i]));
        assert_fails(journal_create(state_of(state), names[i], &journal, &err), ERROR_USAGE);
        assert_false(journal_open(state_of(state), names[i], &journal, &none));
        assert_int_equal(none.code, ERROR_USAGE);
        assert_false(journal_peek(state_of(state), names[i], &data, &peeked));
        assert_int_equal(peeked.code, ERROR_USAGE);
    }
}

static void what_cannot_be_made_is_told(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error lease_err = ERROR_INIT;
    CLEANUP(error_clear) struct error list_err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    struct journal *journal = NULL;
    struct lease *lease = NULL;
    struct lease_holder holder = {.who = NULL};
    CLEANUP(mem_freep) char *folder = file_of(state, "");
    CLEANUP(mem_freep) char *in_the_way = file_of(state, "runs");
    CLEANUP(mem_freep) char *leases = file_of(state, "leases");
    assert_ok(folder_make(folder, 0700, &err));
    write_text(in_the_way, "", 0);
    write_text(leases, "", 0);
    assert_fails(journal_create(state_of(state), RUN, &journal, &err), ERROR_IO);
    assert_false(state_lease(state_of(state), "run/" RUN, "anna", &lease, &holder, &lease_err));
    assert_int_equal(lease_err.code, ERROR_IO);
    assert_false(state_list(state_of(state), &runs, &list_err));
    assert_int_equal(list_err.code, ERROR_IO);
}

static void assert_advice(enum error_code code, int sys_errno, const char *wanted)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)error_set(&err, code, "could not write");
    err.sys_errno = sys_errno;
    assert_false(state_advise(&err));
    if (wanted == NULL) {
        assert_null(err.hint);
    } else {
        assert_non_null(strstr(err.hint, wanted));
    }
}

static void what_could_not_be_written_comes_with_advice(void **state)
{
    (void)state;
    assert_advice(ERROR_IO, ENOSPC, "Make room");
    assert_advice(ERROR_IO, EDQUOT, "Make room");
    assert_advice(ERROR_IO, EIO, "dmesg");
    assert_advice(ERROR_IO, EROFS, "--state");
    assert_advice(ERROR_IO, EACCES, "--state");
    assert_advice(ERROR_IO, EEXIST, NULL);
    assert_advice(ERROR_LOCKED, ENOSPC, NULL);
}

static void advice_that_is_there_stays(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)state;
    (void)error_set(&err, ERROR_IO, "could not write");
    (void)error_hint(&err, "Wait.");
    err.sys_errno = ENOSPC;
    assert_false(state_advise(&err));
    assert_string_equal(err.hint, "Wait.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_state_that_is_not_there_has_no_runs, make_state,
                                        drop_state),
        cmocka_unit_test_setup_teardown(runs_are_listed_oldest_first, make_state, drop_state),
        cmocka_unit_test_setup_teardown(a_run_of_somebody_else_is_listed_but_not_read, make_state,
                                        drop_state),
        cmocka_unit_test_setup_teardown(nobody_else_may_read_it, make_state, drop_state),
        cmocka_unit_test(a_file_is_no_state),
        cmocka_unit_test(a_relative_state_stays_where_it_was),
        cmocka_unit_test_setup_teardown(a_run_cannot_lead_out_of_the_state, make_state, drop_state),
        cmocka_unit_test_setup_teardown(what_cannot_be_made_is_told, make_state, drop_state),
        cmocka_unit_test(what_could_not_be_written_comes_with_advice),
        cmocka_unit_test(advice_that_is_there_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
