/* Several processes at one heap of work: each item once, the first failure ends all. */
#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "private.h"

#define ITEMS 500

struct heap {
    atomic_int *done; /* of each item, how often */
    size_t bad;       /* the item that goes wrong; ITEMS: none */
    enum { FAILS, DIES, HANGS } how;
    atomic_int *ticks;
};

static bool work(void *context, size_t item, struct error *err)
{
    struct heap *heap = context;
    atomic_fetch_add(&heap->done[item], 1);
    if (item != heap->bad) {
        return true;
    }
    if (heap->how == DIES) {
        (void)raise(SIGKILL);
    }
    (void)error_set(err, ERROR_BACKUP, "item %zu is bad", item);
    (void)error_detail(err, "very");
    (void)error_hint(err, "leave it");
    memcpy(err->sqlstate, "23505", sizeof err->sqlstate);
    return false;
}

static struct heap *heap_new(size_t bad)
{
    struct error err = ERROR_INIT;
    void *memory = NULL;
    struct heap *heap = mem_new(1, sizeof *heap);
    assert_ok(shared_new((ITEMS + 1) * sizeof(atomic_int), &memory, &err));
    heap->done = memory;
    heap->bad = bad;
    return heap;
}

static void heap_free(struct heap *heap)
{
    shared_free(heap->done, (ITEMS + 1) * sizeof(atomic_int));
    mem_free(heap);
}

static void does_each_item_once(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    for (unsigned jobs = 1; jobs <= 5; jobs++) {
        struct heap *heap = heap_new(ITEMS);
        const struct crew crew = {.n_items = ITEMS, .jobs = jobs, .work = work, .context = heap};
        assert_ok(crew_run(&crew, &err));
        for (size_t i = 0; i < ITEMS; i++) {
            assert_int_equal(atomic_load(&heap->done[i]), 1);
        }
        heap_free(heap);
    }
}

static void has_nothing_to_do(void **state)
{
    struct error err = ERROR_INIT;
    const struct crew crew = {.n_items = 0, .jobs = 2, .work = work};
    (void)state;
    assert_ok(crew_run(&crew, &err));
}

static void says_what_went_wrong(void **state)
{
    struct error err = ERROR_INIT;
    struct heap *heap = heap_new(17);
    const struct crew crew = {.n_items = ITEMS, .jobs = 3, .work = work, .context = heap};
    (void)state;
    assert_fails(crew_run(&crew, &err), ERROR_BACKUP);
    assert_string_equal(err.message, "item 17 is bad");
    assert_string_equal(err.detail, "very");
    assert_string_equal(err.hint, "leave it");
    assert_string_equal(err.sqlstate, "23505");
    error_clear(&err);
    heap_free(heap);
}

static void notices_who_died(void **state)
{
    struct error err = ERROR_INIT;
    struct heap *heap = heap_new(3);
    const struct crew crew = {.n_items = ITEMS, .jobs = 2, .work = work, .context = heap};
    (void)state;
    heap->how = DIES;
    assert_fails(crew_run(&crew, &err), ERROR_IO);
    assert_contains(err.message, "signal 9");
    error_clear(&err);
    heap_free(heap);
}

static bool sleep_long(void *context, size_t item, struct error *err)
{
    (void)context;
    (void)item;
    (void)err;
    deadline_sleep(deadline_in(60000));
    return true;
}

/* What each process tells of each item comes over the bell. */
struct bell {
    int ends[2];
    size_t heard;
    size_t enough;
};

static bool ring(void *context, size_t item, struct error *err)
{
    const struct bell *bell = context;
    (void)item;
    return write(bell->ends[1], "x", 1) == 1 || error_set_errno(err, "could not ring");
}

static bool listen(void *context, struct error *err)
{
    struct bell *bell = context;
    char bytes[64];
    ssize_t n = 0;
    while ((n = read(bell->ends[0], bytes, sizeof bytes)) > 0) {
        bell->heard += (size_t)n;
    }
    return bell->heard < bell->enough || error_set(err, ERROR_BACKUP, "that is enough");
}

static void hears_what_they_tell(void **state)
{
    struct error err = ERROR_INIT;
    struct bell bell = {.enough = ITEMS + 1};
    (void)state;
    assert_int_equal(pipe2(bell.ends, O_CLOEXEC | O_NONBLOCK), 0);
    const struct crew crew = {.n_items = ITEMS,
                              .jobs = 3,
                              .work = ring,
                              .hear = listen,
                              .bell = bell.ends[0],
                              .context = &bell};
    assert_ok(crew_run(&crew, &err));
    assert_int_equal(bell.heard, ITEMS); /* all of it, before it ends */
    bell = (struct bell){.ends = {bell.ends[0], bell.ends[1]}, .enough = ITEMS / 2};
    assert_fails(crew_run(&crew, &err), ERROR_BACKUP);
    assert_string_equal(err.message, "that is enough");
    error_clear(&err);
    (void)close(bell.ends[0]);
    (void)close(bell.ends[1]);
}

static void ask_to_stop(void *context)
{
    (void)context;
    (void)raise(SIGTERM);
}

static void gives_way(void **state)
{
    struct error err = ERROR_INIT;
    const struct crew crew = {.n_items = 2, .jobs = 2, .work = sleep_long, .tick = ask_to_stop};
    (void)state;
    interrupt_install();
    msec began = clock_now();
    assert_fails(crew_run(&crew, &err), ERROR_TERMINATED);
    assert_true(clock_now() - began < 20000);
    interrupt_forget();
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_each_item_once),  cmocka_unit_test(has_nothing_to_do),
        cmocka_unit_test(says_what_went_wrong), cmocka_unit_test(notices_who_died),
        cmocka_unit_test(hears_what_they_tell), cmocka_unit_test(gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
