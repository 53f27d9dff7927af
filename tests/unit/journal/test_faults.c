/* wraps: open write pwrite fdatasync fsync ftruncate rename unlink */
/*
 * A run's life on a disk that fails, and its death, at every call that writes.
 *
 * A life takes the lease, makes the journal and appends; which appends returned true is kept where
 * it outlives the life. Then the disk is well again, and the journal must have just those.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "journaling.h"

enum fault { FAULT_NONE, FAULT_ERROR, FAULT_ERROR_FOR_GOOD, FAULT_SHORT, FAULT_FULL, FAULT_KILL };

#define N_APPENDS 8
enum outcome { NOT_TRIED, TRUE, FALSE };

/* Shared with the child that dies. */
static struct world {
    bool armed;
    enum fault fault;
    int at, error; /* the fault comes with this call, from 1 */
    bool after;    /* to die: after the call */
    int calls;
    bool journal_failed; /* the fault was in writing the journal or the ledger */
    int unsynced;        /* FILE_ bits: written, and not synced since */
    uint64_t token;      /* of the lease that was taken; 0: none was */
    bool created;
    enum outcome outcomes[N_APPENDS];
} * world;

/* --- the disk --- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __real_pwrite(int fd, const void *bytes, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

enum { FILE_JOURNAL = 1, FILE_LEDGER = 2, FILE_LEASE = 4 };

static int file_of_fd(int fd)
{
    char link[64], path[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return text_ends(path, "/journal")            ? FILE_JOURNAL
           : text_ends(path, "/ledger")           ? FILE_LEDGER
           : strstr(path, "/leases/run:") != NULL ? FILE_LEASE
                                                  : 0;
}

static void note_file(int fd)
{
    if ((file_of_fd(fd) & (FILE_JOURNAL | FILE_LEDGER)) != 0) {
        world->journal_failed = true;
    }
}

static bool is_time(void)
{
    return world->calls == world->at ||
           (world->calls > world->at && world->at > 0 &&
            (world->fault == FAULT_ERROR_FOR_GOOD || world->fault == FAULT_FULL));
}

/* True: the call fails, with errno. */
static bool fails(int fd)
{
    if (world == NULL || !world->armed) {
        return false;
    }
    world->calls++;
    if (!is_time()) {
        return false;
    }
    if (world->fault == FAULT_KILL && !world->after) {
        (void)raise(SIGKILL);
    }
    if (world->fault != FAULT_ERROR && world->fault != FAULT_ERROR_FOR_GOOD) {
        return false;
    }
    if (fd >= 0 && world->error != EINTR) {
        note_file(fd);
    }
    errno = world->error;
    return true;
}

static void survive(void)
{
    if (world != NULL && world->armed && world->calls == world->at && world->fault == FAULT_KILL) {
        (void)raise(SIGKILL);
    }
}

/* A disk that is full takes a part, and then nothing. */
static bool shortens(size_t *n, int fd)
{
    if (world == NULL || !world->armed || !is_time() || *n < 2) {
        return false;
    }
    if (world->fault == FAULT_FULL && world->calls > world->at) {
        note_file(fd);
        errno = ENOSPC;
        return true;
    }
    *n = world->fault == FAULT_SHORT || world->fault == FAULT_FULL ? *n / 2 : *n;
    return false;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!text_starts(path, scratch_dir())) {
        return __real_open(path, flags, mode);
    }
    int result = fails(-1) ? -1 : __real_open(path, flags, mode);
    survive();
    return result;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    ssize_t result = fails(fd) || shortens(&n, fd) ? -1 : __real_write(fd, bytes, n);
    world->unsynced |= file_of_fd(fd);
    survive();
    return result;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    ssize_t result = fails(fd) || shortens(&n, fd) ? -1 : __real_pwrite(fd, bytes, n, at);
    world->unsynced |= file_of_fd(fd);
    survive();
    return result;
}

int __wrap_fdatasync(int fd)
{
    int result = fails(fd) ? -1 : 0; /* no death here takes what was not synced */
    world->unsynced &= result == 0 ? ~file_of_fd(fd) : ~0;
    survive();
    return result;
}

int __wrap_fsync(int fd)
{
    (void)fd;
    int result = fails(-1) ? -1 : 0;
    survive();
    return result;
}

int __wrap_ftruncate(int fd, off_t size)
{
    int result = fails(-1) ? -1 : __real_ftruncate(fd, size);
    survive();
    return result;
}

int __wrap_rename(const char *from, const char *to)
{
    int result = fails(-1) ? -1 : __real_rename(from, to);
    survive();
    return result;
}

int __wrap_unlink(const char *path)
{
    int result = fails(-1) ? -1 : __real_unlink(path);
    survive();
    return result;
}

/* --- a life --- */

static const struct {
    const char *kind;
    bool durable, seals;
} appends[N_APPENDS] = {
    {"run-begun", true, false},    {"step-begun", true, false}, {"hook-started", false, false},
    {"gate-waiting", true, false}, {"run-waiting", true, true}, {"run-resumed", true, false},
    {"step-ended", true, false},   {"run-ended", true, true},
};

static bool append_nth(struct journal *journal, const struct lease *lease, size_t i)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct entry entry = {.kind = appends[i].kind,
                          .actor = "anna",
                          .durable = appends[i].durable,
                          .seals = appends[i].seals};
    bool appended = journal_append(journal, lease, &entry, &err);
    if (appended && appends[i].durable) {
        assert_int_equal(world->unsynced, 0);
    }
    return appended;
}

static int live(void *context)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error made = ERROR_INIT;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
    CLEANUP(lease_freep) struct lease *lease = NULL;
    CLEANUP(journal_freep) struct journal *journal = NULL;
    world->armed = true;
    if (state_lease(context, "run/" RUN, "anna", &lease, &holder, &err)) {
        assert_int_equal(world->unsynced, 0);
        world->token = lease_token(lease);
        world->created = journal_create(context, RUN, &journal, &made);
    }
    for (size_t i = 0; i < N_APPENDS && journal != NULL; i++) {
        world->outcomes[i] = append_nth(journal, lease, i) ? TRUE : FALSE;
    }
    world->armed = false;
    return 0;
}

static void begin_again(enum fault fault, int at, int error)
{
    *world = (struct world){.fault = fault, .at = at, .error = error};
}

/* --- what must hold afterwards --- */

static bool has_event(const struct journal *journal, const char *kind, size_t *at)
{
    for (; *at < journal_count(journal); ++*at) {
        if (text_equal(journal_event(journal, *at)->kind, kind)) {
            ++*at;
            return true;
        }
    }
    return false;
}

/* All that returned true, in their order, and nothing else; `spare` may be one more, the last. */
static void assert_has_what_was_told(const struct journal *journal, bool spare)
{
    size_t at = 0, n = 0;
    for (size_t i = 0; i < N_APPENDS; i++) {
        if (world->outcomes[i] == TRUE) {
            assert_true(has_event(journal, appends[i].kind, &at));
            assert_int_equal(at, ++n);
        }
    }
    assert_true(journal_count(journal) == n || (spare && journal_count(journal) == n + 1));
}

/* The disk is well: whoever comes next finds a good state, goes on and ends. */
static void live_on(void **state, bool spare)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(state_freep) struct state *again = NULL;
    world->unsynced = 0;
    assert_ok(state_open(((struct a_state *)*state)->folder, &again, &err));
    assert_audit(again, NULL, "");
    CLEANUP(lease_freep) struct lease *lease = take_lease(again, "run/" RUN);
    assert_true(lease_token(lease) > world->token);
    CLEANUP(journal_freep)
    struct journal *journal =
        state_has_run(again, RUN) ? open_again(again, RUN) : create(again, RUN);
    assert_has_what_was_told(journal, spare);
    size_t n = journal_count(journal);
    assert_true(append_nth(journal, lease, 6));
    assert_true(append_nth(journal, lease, 7));
    CLEANUP(journal_freep) struct journal *read = open_again(again, RUN);
    assert_int_equal(journal_count(read), n + 2);
    assert_audit(again, NULL, "");
}

/* What failed in writing is not written to again; what failed before is tried again. */
static void assert_refuses_where_it_must(void)
{
    bool failed = false;
    for (size_t i = 0; i < N_APPENDS; i++) {
        if (failed && world->journal_failed) {
            assert_int_equal(world->outcomes[i], FALSE);
        } else if (failed) {
            assert_int_equal(world->outcomes[i], TRUE);
        }
        failed = failed || world->outcomes[i] == FALSE;
    }
}

static void clear_folder(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(folder_remove(((struct a_state *)*state)->folder, &err));
}

static int count_calls(void **state)
{
    begin_again(FAULT_NONE, 0, 0);
    assert_int_equal(live(state_of(state)), 0);
    for (size_t i = 0; i < N_APPENDS; i++) {
        assert_int_equal(world->outcomes[i], TRUE);
    }
    int calls = world->calls;
    live_on(state, false);
    clear_folder(state);
    return calls;
}

/* One life for each call at which the fault can come. */
static void with_fault(void **state, enum fault fault, int error)
{
    int n = count_calls(state);
    for (int at = 1; at <= n; at++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(state_freep) struct state *here = NULL;
        begin_again(fault, at, error);
        assert_ok(state_open(((struct a_state *)*state)->folder, &here, &err));
        assert_int_equal(live(here), 0);
        if (fault == FAULT_ERROR) {
            assert_refuses_where_it_must();
        }
        live_on(state, fault == FAULT_ERROR_FOR_GOOD);
        clear_folder(state);
    }
    print_message("%d places\n", n);
}

static void no_space_anywhere_is_no_false_success(void **state)
{
    with_fault(state, FAULT_ERROR, ENOSPC);
}

static void a_sick_disk_anywhere_is_no_false_success(void **state)
{
    with_fault(state, FAULT_ERROR, EIO);
}

static void a_disk_that_stays_sick_leaves_a_good_chain(void **state)
{
    with_fault(state, FAULT_ERROR_FOR_GOOD, EIO);
}

static void a_disk_that_becomes_full_in_the_middle_of_a_line(void **state)
{
    with_fault(state, FAULT_FULL, ENOSPC);
}

static void a_call_that_is_interrupted_costs_nothing(void **state)
{
    with_fault(state, FAULT_ERROR, EINTR);
}

static void a_short_write_is_gone_on_with(void **state)
{
    int n = count_calls(state);
    for (int at = 1; at <= n; at++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(state_freep) struct state *here = NULL;
        begin_again(FAULT_SHORT, at, 0);
        assert_ok(state_open(((struct a_state *)*state)->folder, &here, &err));
        assert_int_equal(live(here), 0);
        for (size_t i = 0; i < N_APPENDS; i++) {
            assert_int_equal(world->outcomes[i], TRUE);
        }
        live_on(state, false);
        clear_folder(state);
    }
}

static void die_everywhere(void **state, bool after)
{
    int n = count_calls(state);
    for (int at = 1; at <= n; at++) {
        begin_again(FAULT_KILL, at, 0);
        world->after = after;
        assert_int_equal(child_end(child_start(live, state_of(state))), -SIGKILL);
        world->armed = false;
        live_on(state, true);
        clear_folder(state);
    }
    print_message("%d places\n", n);
}

static void death_before_any_call_loses_nothing_that_was_told(void **state)
{
    die_everywhere(state, false);
}

static void death_after_any_call_loses_nothing_that_was_told(void **state)
{
    die_everywhere(state, true);
}

static int share_world(void **state)
{
    (void)state;
    world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return world == MAP_FAILED ? -1 : 0;
}

#define IN_A_STATE(test) cmocka_unit_test_setup_teardown(test, make_state, drop_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_STATE(no_space_anywhere_is_no_false_success),
        IN_A_STATE(a_sick_disk_anywhere_is_no_false_success),
        IN_A_STATE(a_disk_that_stays_sick_leaves_a_good_chain),
        IN_A_STATE(a_disk_that_becomes_full_in_the_middle_of_a_line),
        IN_A_STATE(a_call_that_is_interrupted_costs_nothing),
        IN_A_STATE(a_short_write_is_gone_on_with),
        IN_A_STATE(death_before_any_call_loses_nothing_that_was_told),
        IN_A_STATE(death_after_any_call_loses_nothing_that_was_told),
    };
    return cmocka_run_group_tests(tests, share_world, NULL);
}
