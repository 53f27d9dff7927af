#include "child.h"

#include <poll.h>

#include "headgate/clock.h"
#include "journaling.h"

#define KEY "environment/production"
#define FILE_OF_KEY "leases/environment:production"
#define PATIENCE 30000 /* how long a test waits for what must happen */

static struct lease *try_lease(struct state *state, const char *who, char **ret_holder)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
    struct lease *lease = NULL;
    assert_ok(state_lease(state, KEY, who, &lease, &holder, &err));
    assert_int_equal(lease == NULL, holder.who != NULL);
    if (ret_holder != NULL) {
        *ret_holder = TAKE(holder.who);
    }
    return lease;
}

static bool is_held(struct state *state, char **ret_who)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
    bool held = false;
    assert_ok(state_lease_holder(state, KEY, &held, &holder, &err));
    if (ret_who != NULL) {
        *ret_who = TAKE(holder.who);
    }
    return held;
}

static void the_second_is_told_who_has_it_since_when(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
    int64_t before = wall_now_usec();
    CLEANUP(lease_freep) struct lease *first = try_lease(state_of(state), "anna@buildhost", NULL);
    assert_non_null(first);
    CLEANUP(lease_freep) struct lease *second = NULL;
    assert_ok(state_lease(state_of(state), KEY, "bert", &second, &holder, &err));
    assert_null(second);
    assert_string_equal(holder.who, "anna@buildhost");
    assert_true(holder.since >= before && holder.since <= wall_now_usec());
}

static void to_ask_takes_and_makes_nothing(void **state)
{
    CLEANUP(mem_freep) char *folder = file_of(state, "");
    CLEANUP(mem_freep) char *who = NULL;
    assert_false(is_held(state_of(state), NULL));
    assert_false(path_exists(folder));
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
    assert_true(is_held(state_of(state), &who));
    assert_string_equal(who, "anna");
    lease_freep(&lease);
    assert_false(is_held(state_of(state), NULL));
    CLEANUP(lease_freep) struct lease *next = try_lease(state_of(state), "bert", NULL);
    assert_non_null(next);
}

static void tokens_grow_whoever_takes_it(void **state)
{
    for (uint64_t i = 1; i <= 5; i++) {
        CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
        assert_int_equal(lease_token(lease), i);
    }
}

static void keys_have_tokens_and_files_of_their_own(void **state)
{
    CLEANUP(lease_freep) struct lease *a = take_lease(state_of(state), "run/a");
    CLEANUP(lease_freep) struct lease *b = take_lease(state_of(state), "run/b");
    CLEANUP(lease_freep) struct lease *odd = take_lease(state_of(state), "../a b");
    assert_non_null(odd);
    assert_int_equal(lease_token(a), 1);
    assert_int_equal(lease_token(b), 1);
    CLEANUP(mem_freep) char *path = file_of(state, "leases/%2E.:a%20b");
    assert_true(path_exists(path));
}

/* --- deaths --- */

struct holding {
    struct state *state;
    int ready[2];
    bool forks;
};

/* Holds the lease; where it forks, in a child as well, whose id it tells. */
static int hold(void *context)
{
    struct holding *holding = context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct lease_holder holder = {.who = NULL};
    struct lease *lease = NULL;
    if (!state_lease(holding->state, KEY, "the child", &lease, &holder, &err) || lease == NULL) {
        return 1;
    }
    pid_t pid = holding->forks ? fork() : 0;
    if (pid == 0 && holding->forks) {
        (void)prctl(PR_SET_PDEATHSIG, 0);
    } else if (write(holding->ready[1], &pid, sizeof pid) != sizeof pid) {
        return 1;
    }
    (void)poll(NULL, 0, PATIENCE);
    return 1;
}

static pid_t start_holder(struct holding *holding, pid_t *ret_grandchild)
{
    assert_int_equal(pipe(holding->ready), 0);
    pid_t pid = child_start(hold, holding);
    assert_int_equal(read(holding->ready[0], ret_grandchild, sizeof *ret_grandchild),
                     sizeof *ret_grandchild);
    (void)close(holding->ready[0]);
    (void)close(holding->ready[1]);
    return pid;
}

static void the_death_of_its_holder_frees_it_at_once(void **state)
{
    struct holding holding = {.state = state_of(state)};
    pid_t none = 0, pid = start_holder(&holding, &none);
    assert_true(is_held(state_of(state), NULL));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(child_end(pid), -SIGKILL);
    assert_false(is_held(state_of(state), NULL));
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
    assert_int_equal(lease_token(lease), 2);
}

static void a_forked_child_that_lives_on_holds_it(void **state)
{
    struct holding holding = {.state = state_of(state), .forks = true};
    pid_t grandchild = 0, pid = start_holder(&holding, &grandchild);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(child_end(pid), -SIGKILL);
    CLEANUP(mem_freep) char *holder = NULL;
    assert_null(try_lease(state_of(state), "anna", &holder));
    assert_string_equal(holder, "the child");
    assert_int_equal(kill(grandchild, SIGKILL), 0);
    CLEANUP(lease_freep) struct lease *lease = NULL;
    msec deadline = deadline_in(PATIENCE);
    while (lease == NULL && !deadline_passed(deadline)) {
        lease = try_lease(state_of(state), "anna", NULL);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(lease_token(lease), 2);
}

static int let_go(void *context)
{
    struct lease *lease = context;
    lease_freep(&lease);
    return 0;
}

static void a_child_that_cleans_up_does_not_let_it_go(void **state)
{
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
    assert_int_equal(child_end(child_start(let_go, lease)), 0);
    assert_true(is_held(state_of(state), NULL));
    assert_null(try_lease(state_of(state), "bert", NULL));
}

static int linger(void *context)
{
    (void)context;
    (void)poll(NULL, 0, PATIENCE);
    return 1;
}

static void to_let_it_go_frees_it_whoever_was_forked(void **state)
{
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
    pid_t pid = child_start(linger, NULL);
    lease_freep(&lease);
    CLEANUP(lease_freep) struct lease *next = try_lease(state_of(state), "bert", NULL);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(child_end(pid), -SIGKILL);
    assert_int_equal(lease_token(next), 2);
}

/* --- races --- */

#define RACERS 8
#define ROUNDS 25

struct race {
    struct state *state;
    char *log; /* each holder writes its token, while it holds the lease */
};

static int race(void *context)
{
    struct race *race = context;
    for (int won = 0; won < ROUNDS;) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
        CLEANUP(lease_freep) struct lease *lease = NULL;
        if (!state_lease(race->state, KEY, "a racer", &lease, &holder, &err)) {
            return 1;
        }
        if (lease == NULL) {
            (void)poll(NULL, 0, 1);
            continue;
        }
        CLEANUP(mem_freep) char *line = mem_printf("%d\n", (int)lease_token(lease));
        FILE *log = fopen(race->log, "ae");
        if (log == NULL || fputs(line, log) < 0 || fclose(log) != 0) {
            return 2;
        }
        won++;
    }
    return 0;
}

static void of_eight_that_race_one_holds_it_and_tokens_grow(void **state)
{
    CLEANUP(mem_freep) char *log = mem_printf("%s/tokens", scratch_dir());
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct race context = {.state = state_of(state), .log = log};
    pid_t pids[RACERS];
    for (int i = 0; i < RACERS; i++) {
        pids[i] = child_start(race, &context);
    }
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(child_end(pids[i]), 0);
    }
    read_text(log, &text);
    const char *at = text.text;
    for (long i = 1; i <= RACERS * ROUNDS; i++) {
        char *end = NULL;
        assert_int_equal(strtol(at, &end, 10), i);
        at = end + 1;
    }
    assert_int_equal(*at, '\0');
}

/* --- the file --- */

static void a_torn_write_costs_no_token(void **state)
{
    CLEANUP(mem_freep) char *path = file_of(state, FILE_OF_KEY);
    for (int i = 0; i < 4; i++) {
        CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
        assert_int_equal(lease_token(lease), i + 1);
    }
    scratch_sh("dd if=/dev/zero conv=notrunc of='%s' bs=512 count=1 2>&1", path);
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
    assert_int_equal(lease_token(lease), 5);
}

static void a_first_lease_that_was_never_written_does_not_count(void **state)
{
    CLEANUP(lease_freep) struct lease *other = take_lease(state_of(state), "other");
    assert_non_null(other);
    CLEANUP(mem_freep) char *path = file_of(state, FILE_OF_KEY);
    write_text(path, "{\"tok", 5);
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
    assert_int_equal(lease_token(lease), 1);
}

static void a_damaged_file_is_refused(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
    struct lease *none = NULL;
    CLEANUP(mem_freep) char *path = file_of(state, FILE_OF_KEY);
    for (int i = 0; i < 2; i++) {
        CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), "anna", NULL);
        assert_non_null(lease);
    }
    scratch_sh("sed -i s/token/taken/ '%s'", path);
    assert_fails(state_lease(state_of(state), KEY, "anna", &none, &holder, &err), ERROR_REFUSED);
    assert_contains(err.message, "is damaged");
}

static void a_long_name_is_shortened(void **state)
{
    CLEANUP(strbuf_clear) struct strbuf name = STRBUF_INIT;
    CLEANUP(mem_freep) char *holder = NULL;
    strbuf_add(&name, "anna");
    strbuf_add_repeated(&name, '\1', 3000);
    CLEANUP(lease_freep) struct lease *lease = try_lease(state_of(state), name.text, NULL);
    assert_non_null(lease);
    assert_null(try_lease(state_of(state), "bert", &holder));
    assert_true(text_starts(holder, "anna\1\1"));
    assert_true(strlen(holder) > 100);
}

static void a_folder_in_its_place_is_told(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error asked = ERROR_INIT;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {.who = NULL};
    CLEANUP(mem_freep) char *path = file_of(state, FILE_OF_KEY);
    struct lease *none = NULL;
    bool held = false;
    assert_ok(folder_make(path, 0700, &err));
    assert_fails(state_lease(state_of(state), KEY, "anna", &none, &holder, &err), ERROR_IO);
    scratch_sh("rmdir '%s' && ln -s x '%s'", path, path);
    assert_false(state_lease_holder(state_of(state), KEY, &held, &holder, &asked));
    assert_int_equal(asked.code, ERROR_IO);
}

#define IN_A_STATE(test) cmocka_unit_test_setup_teardown(test, make_state, drop_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_STATE(the_second_is_told_who_has_it_since_when),
        IN_A_STATE(to_ask_takes_and_makes_nothing),
        IN_A_STATE(tokens_grow_whoever_takes_it),
        IN_A_STATE(keys_have_tokens_and_files_of_their_own),
        IN_A_STATE(the_death_of_its_holder_frees_it_at_once),
        IN_A_STATE(a_forked_child_that_lives_on_holds_it),
        IN_A_STATE(a_child_that_cleans_up_does_not_let_it_go),
        IN_A_STATE(to_let_it_go_frees_it_whoever_was_forked),
        IN_A_STATE(of_eight_that_race_one_holds_it_and_tokens_grow),
        IN_A_STATE(a_torn_write_costs_no_token),
        IN_A_STATE(a_first_lease_that_was_never_written_does_not_count),
        IN_A_STATE(a_damaged_file_is_refused),
        IN_A_STATE(a_long_name_is_shortened),
        IN_A_STATE(a_folder_in_its_place_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
