/* headgate audit verify: whether the journals are what was written. */
#include "headgate/report.h"
#include "private.h"

#define HASH_DIGITS (HASH_HEX_SIZE - 1)

static bool check_expected(const char *expected, struct error *err)
{
    if (expected == NULL ||
        (strlen(expected) == HASH_DIGITS && strspn(expected, "0123456789abcdef") == HASH_DIGITS)) {
        return true;
    }
    (void)error_set(err, ERROR_USAGE, "--expect: \"%s\" is no hash of %d digits", expected,
                    HASH_DIGITS);
    return error_hint(err, "It is the head that headgate show or headgate audit verify has said.");
}

/* By its whole id also where its journal cannot be read any more. */
static bool find_run(const struct options *options, struct state *state, char **ret_run,
                     struct error *err)
{
    const char *named = options->n_arguments > 0 ? options->arguments[0] : NULL;
    if (named == NULL || state_has_run(state, named)) {
        *ret_run = mem_copy(named);
        return true;
    }
    return project_run(options, state, false, ret_run, err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(mem_freep) char *id = NULL;
    CLEANUP(audit_clear) struct audit audit = {0};
    if (!check_expected(options->expect, err) || !project_state(options, &state, err) ||
        !find_run(options, state, &id, err) || !state_audit(state, id, &audit, err)) {
        return false;
    }
    *status = report_audit(&audit, id, options->expect) ? 0 : 1;
    return true;
}

static const struct option own[] = {
    VALUE("expect", "HASH", expect, "the head that it must have, kept from an earlier report"),
    {0},
};

const struct command cmd_audit_verify = {
    .name = "audit verify",
    .arguments = "[RUN]",
    .summary = "check that no journal was changed since it was written",
    .description =
        "Every event of a run carries the hash of the one before, and the ledger of the state "
        "carries where each run has stopped. Reads all of it (or one run) and names every event "
        "that was changed, removed or put elsewhere; the exit status is then 1.\n\n"
        "Who can write to the state can also write all of it anew, with other hashes. Against that "
        "helps a head that was kept somewhere else, such as in the ticket that headgate show was "
        "pasted into: headgate audit verify RUN --expect HASH.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_RUN,
    .run = run,
};
