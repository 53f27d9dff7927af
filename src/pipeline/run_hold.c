/* One at a time: the leases of a run. */
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "private.h"

#define LEASE_POLL 100

static bool is_held_by(struct error *err, const char *key, const char *environment,
                       struct lease_holder *holder)
{
    CLEANUP(mem_freep) char *since = wall_short(holder->since);
    if (environment != NULL) {
        (void)error_set(err, ERROR_LOCKED, "environment \"%s\" is in use by another run",
                        environment);
    } else {
        (void)error_set(err, ERROR_LOCKED, "somebody is working on run %s", path_name(key));
    }
    (void)error_detail(err, "It is held by %s, since %s.",
                       holder->who != NULL ? holder->who : "somebody", since);
    return error_hint(err, "Wait for it with --wait DURATION, or look what it does: headgate runs");
}

static bool take(struct run_hold *hold, struct state *state, const char *key,
                 const char *environment, const char *who, msec until, struct error *err)
{
    for (;;) {
        struct lease_holder holder = {0};
        struct lease *lease = NULL;
        if (!state_lease(state, key, who, &lease, &holder, err)) {
            return false;
        }
        if (lease != NULL) {
            hold->leases[hold->n++] = lease;
            return true;
        }
        bool late = deadline_passed(until);
        bool wished = interrupt_pending() != 0;
        if (late || wished) {
            (void)(late ? is_held_by(err, key, environment, &holder) : interrupt_error(err));
            lease_holder_clear(&holder);
            return false;
        }
        lease_holder_clear(&holder);
        deadline_sleep(deadline_earlier(until, deadline_in(LEASE_POLL)));
    }
}

/* In the order of their names, so that two runs cannot wait for each other. */
static void collect(const struct workflow *workflow, struct strlist *names)
{
    for (size_t i = 0; i < workflow->n_all; i++) {
        const struct environment *environment = workflow->steps[i].environment;
        if (environment != NULL && !strlist_has(names, environment->name)) {
            strlist_add(names, environment->name);
        }
    }
    strlist_sort(names);
}

bool run_hold_take(const struct workflow *workflow, struct state *state, const char *run,
                   const char *actor, msec patience, struct run_hold **ret_hold, struct error *err)
{
    CLEANUP(run_hold_freep) struct run_hold *hold = mem_new(1, sizeof *hold);
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    msec until = deadline_in(patience);
    hold->run = run != NULL ? mem_copy(run) : engine_new_run();
    CLEANUP(mem_freep)
    char *who = mem_printf("run %s of %s, process %ld", hold->run, actor, (long)getpid());
    CLEANUP(mem_freep) char *run_key = mem_printf("run/%s", hold->run);
    collect(workflow, &names);
    hold->leases = mem_new(names.n + 1, sizeof *hold->leases);
    if (!take(hold, state, run_key, NULL, who, until, err)) {
        return false;
    }
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *key = mem_printf("environment/%s", names.items[i]);
        if (!take(hold, state, key, names.items[i], who, until, err)) {
            return false;
        }
    }
    *ret_hold = TAKE(hold);
    return true;
}

void run_hold_freep(struct run_hold **hold)
{
    if (*hold == NULL) {
        return;
    }
    for (size_t i = (*hold)->n; i > 0; i--) {
        lease_freep(&(*hold)->leases[i - 1]);
    }
    mem_free((*hold)->leases);
    mem_free((*hold)->run);
    mem_free(*hold);
    *hold = NULL;
}
