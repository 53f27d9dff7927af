/* Answers to gates: real keys, real journals. */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/file.h"
#include "headgate/journal.h"
#include "headgate/run.h"
#include "headgate/secret.h"

#define RUN "20261120-190501-3f2a"
#define PLAN "1111111111111111111111111111111111111111111111111111111111111111"

/* As a plan writes it: paths start from the file that names them. */
static const char document[] =
    "{\"steps\":["
    "{\"id\":\"build\",\"kind\":\"hook\"},"
    "{\"id\":\"go\",\"kind\":\"gate\",\"gate\":{\"approvals\":2,\"approved_by\":null,"
    "\"exclude_author\":true}},"
    "{\"id\":\"signed\",\"kind\":\"gate\",\"gate\":{\"approvals\":2,\"approved_by\":\"../signers\","
    "\"exclude_author\":true}},"
    "{\"id\":\"soak\",\"kind\":\"gate\",\"gate\":{\"approvals\":0,\"approved_by\":null,"
    "\"exclude_author\":false}},"
    "{\"id\":\"staging\",\"kind\":\"deploy\",\"require\":{\"approvals\":0,\"approved_by\":null,"
    "\"exclude_author\":false}},"
    "{\"id\":\"production\",\"kind\":\"deploy\",\"require\":{\"approvals\":3,\"approved_by\":"
    "\"../signers\",\"exclude_author\":false}}]}";

struct world {
    struct state *state;
    struct journal *journal;
};

static struct world *world_of(void **state)
{
    return *state;
}

static void note(struct world *world, const char *kind, const char *step, const char *data)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const struct entry entry = {
        .kind = kind, .actor = "anna@buildhost", .step = step, .data = data, .durable = true};
    assert_ok(journal_append(world->journal, NULL, &entry, &err));
}

static void begin_run(struct world *world, const char *run)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep)
    char *data = mem_printf("{\"plan\":\"" PLAN "\",\"pipeline\":\"promote\",\"pipeline_path\":"
                            "\"%s/pipelines/promote.json\",\"environments_path\":"
                            "\"%s/pipelines/environments.json\",\"release\":\"r\","
                            "\"overrides\":[],\"document\":%s}",
                            scratch_dir(), scratch_dir(), document);
    journal_freep(&world->journal);
    assert_ok(journal_create(world->state, run, &world->journal, &err));
    note(world, "run-begun", NULL, data);
}

static void wait_at(struct world *world, const char *step)
{
    note(world, "gate-waiting", step, "{\"waits\":[\"0 of 2 approvals\"]}");
    note(world, "run-waiting", NULL, "{\"exit_status\":3}");
}

static int begin(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct world *world = mem_new(1, sizeof *world);
    scratch_sh("rm -rf pipelines line*; mkdir pipelines");
    assert_ok(state_open(scratch_state(), &world->state, &err));
    scratch_sh("rm -rf '%s'/*", scratch_state());
    begin_run(world, RUN);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = world_of(state);
    journal_freep(&world->journal);
    state_freep(&world->state);
    mem_free(world);
    return 0;
}

static struct approval_request by(const char *actor, const char *step)
{
    return (struct approval_request){.run = RUN, .actor = actor, .step = step};
}

static void expect(struct world *world, struct approval_request request, const char *sentence)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *found = NULL;
    assert_ok(run_approve(world->state, &request, &found, &err));
    assert_string_equal(found, sentence);
}

static size_t n_events(struct world *world)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(journal_catch_up(world->journal, &err));
    return journal_count(world->journal);
}

/* Refused, with these words, and nothing is written. */
static void refused(struct world *world, struct approval_request request, enum error_code code,
                    const char *message, const char *hint)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *untouched = (char *)&err, *found = untouched;
    size_t before = n_events(world);
    assert_fails(run_approve(world->state, &request, &found, &err), code);
    assert_ptr_equal(found, untouched);
    assert_contains(err.message, message);
    assert_contains(err.hint, hint);
    assert_int_equal(n_events(world), before);
}

static char *in_scratch(const char *name)
{
    return path_join(scratch_dir(), name);
}

/* --- by users --- */

static void an_approval_is_written_into_the_journal(void **state)
{
    struct world *world = world_of(state);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(record_freep) struct record *record = NULL;
    wait_at(world, "go");
    struct approval_request request = by("bob@desk", NULL);
    request.reason = "looks good";
    expect(world, request, "1 of 2 approvals of gate \"go\"");
    (void)n_events(world);
    const struct event *event = journal_event(world->journal, journal_count(world->journal) - 1);
    assert_string_equal(event->kind, "approved");
    assert_string_equal(event->actor, "bob@desk");
    assert_string_equal(event->step, "go");
    assert_true(event->token == 0); /* of a bystander */
    assert_string_equal(json_data_text(event->data, "plan"), PLAN);
    assert_string_equal(json_data_text(event->data, "step"), "go");
    assert_string_equal(json_data_text(event->data, "how"), "user");
    assert_null(json_data_text(event->data, "signer"));
    assert_string_equal(json_data_text(event->data, "reason"), "looks good");
    expect(world, by("carl@desk", NULL), "2 of 2 approvals of gate \"go\"");
    assert_ok(record_read(world->state, RUN, &record, &err));
    assert_int_equal(record->n_approvals, 2);
    assert_string_equal(record->approvals[0].who, "bob@desk");
    assert_string_equal(record->approvals[0].how, "user");
    assert_false(record->approvals[0].by_author);
}

static void approving_twice_is_no_mistake_and_changes_nothing(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "go");
    expect(world, by("bob@desk", NULL), "1 of 2 approvals of gate \"go\"");
    size_t n = n_events(world);
    expect(world, by("bob@desk", NULL),
           "bob@desk has approved before: 1 of 2 approvals of gate \"go\"");
    expect(world, by("root@server (sudo bob)", NULL),
           "bob@desk has approved before: 1 of 2 approvals of gate \"go\"");
    assert_int_equal(n_events(world), n);
}

static void the_author_may_be_excluded(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "go");
    refused(world, by("anna@elsewhere", NULL), ERROR_REFUSED,
            "gate \"go\" of run " RUN " must be approved by somebody else",
            "headgate approve " RUN " --step go");
    refused(world, by("root@buildhost (sudo anna)", NULL), ERROR_REFUSED, "somebody else", "");
    struct approval_request no = by("anna@buildhost", NULL);
    no.rejects = true; /* that is always possible */
    expect(world, no, "gate \"go\" is rejected");
}

static void a_rejection_is_for_good(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "go");
    struct approval_request no = by("bob@desk", NULL);
    expect(world, no, "1 of 2 approvals of gate \"go\"");
    no.rejects = true;
    no.reason = "the e2e tests were skipped";
    expect(world, no, "gate \"go\" is rejected");
    refused(world, no, ERROR_REFUSED, "gate \"go\" of run " RUN " was rejected by bob@desk, ",
            "headgate run promote");
    refused(world, by("carl@desk", NULL), ERROR_REFUSED, "was rejected by bob@desk",
            "begin a new run");
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *sentence = NULL;
    struct approval_request late = by("carl@desk", "go");
    assert_fails(run_approve(world->state, &late, &sentence, &err), ERROR_REFUSED);
    assert_contains(err.detail, "the e2e tests were skipped");
}

static void a_secret_in_a_reason_is_not_written(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "go");
    secret_register("hunter2-hunter2");
    struct approval_request request = by("bob@desk", NULL);
    request.reason = "works with hunter2-hunter2 \"now\"\nand later";
    expect(world, request, "1 of 2 approvals of gate \"go\"");
    (void)n_events(world);
    const struct event *event = journal_event(world->journal, journal_count(world->journal) - 1);
    assert_string_equal(json_data_text(event->data, "reason"), "works with *** \"now\"\nand later");
}

/* --- which step --- */

static void a_run_that_waits_for_nobody_says_what_it_does(void **state)
{
    struct world *world = world_of(state);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *sentence = NULL;
    struct approval_request request = by("bob@desk", NULL);
    note(world, "step-begun", "build", "{\"attempt\":1}");
    CLEANUP(lease_freep) struct lease *lease = NULL;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {0};
    assert_ok(state_lease(world->state, "run/" RUN, "a test", &lease, &holder, &err));
    assert_non_null(lease);
    refused(world, request, ERROR_USAGE, "run " RUN " waits for no approval now",
            "It can be answered ahead of time: headgate approve " RUN " --step go, or headgate "
            "approve " RUN " --step signed, or headgate approve " RUN " --step production");
    assert_fails(run_approve(world->state, &request, &sentence, &err), ERROR_USAGE);
    assert_string_equal(err.detail, "Step \"build\" is running.");
    error_clear(&err);
    wait_at(world, "soak");
    assert_fails(run_approve(world->state, &request, &sentence, &err), ERROR_USAGE);
    assert_string_equal(err.detail, "Step \"soak\" waits: 0 of 2 approvals.");
    error_clear(&err);
    lease_freep(&lease);
    note(world, "run-stopped", NULL, "{\"signal\":2}");
    request.rejects = true;
    assert_fails(run_approve(world->state, &request, &sentence, &err), ERROR_USAGE);
    assert_string_equal(err.detail, "The run is stopped.");
    assert_contains(err.hint, "headgate approve --reject " RUN " --step go");
}

static void a_gate_can_be_approved_ahead_of_time(void **state)
{
    struct world *world = world_of(state);
    expect(world, by("bob@desk", "go"), "1 of 2 approvals of gate \"go\"");
}

static void of_several_that_wait_one_must_be_named(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "go");
    wait_at(world, "signed");
    refused(world, by("bob@desk", NULL), ERROR_USAGE, "waits for approvals at 2 steps",
            "--step and one of \"go\" and \"signed\"");
    expect(world, by("bob@desk", "go"), "1 of 2 approvals of gate \"go\"");
}

static void a_step_must_be_one_that_asks(void **state)
{
    struct world *world = world_of(state);
    refused(world, by("bob@desk", "og"), ERROR_USAGE, "has no step \"og\"", "--step go");
    refused(world, by("bob@desk", "nonsense"), ERROR_USAGE, "has no step", "headgate show " RUN);
    refused(world, by("bob@desk", "build"), ERROR_USAGE, "asks nobody for approval", "--step go");
    refused(world, by("bob@desk", "soak"), ERROR_USAGE, "asks nobody for approval", "--step go");
    refused(world, by("bob@desk", "staging"), ERROR_USAGE, "asks nobody for approval", "--step");
}

static void a_gate_that_is_past_asks_nobody_any_more(void **state)
{
    struct world *world = world_of(state);
    static const char *const steps[] = {"go", "signed", "production"};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        note(world, "step-ended", steps[i], "{\"outcome\":\"done\",\"attempt\":1}");
    }
    refused(world, by("bob@desk", "go"), ERROR_USAGE, "is done: it asks nobody any more",
            "headgate cancel " RUN);
}

static void a_run_that_is_over_is_not_answered(void **state)
{
    struct world *world = world_of(state);
    note(world, "run-ended", NULL, "{\"outcome\":\"done\",\"exit_status\":0}");
    refused(world, by("bob@desk", "go"), ERROR_USAGE, "run " RUN " is over: done",
            "headgate show " RUN);
    begin_run(world, "20261120-190502-0000");
    note(world, "run-canceled", NULL, "{}");
    struct approval_request request = by("bob@desk", "go");
    request.run = "20261120-190502-0000";
    refused(world, request, ERROR_USAGE, "is over: canceled", "headgate show");
    request.run = "20991231-000000-0000";
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *sentence = NULL;
    assert_fails(run_approve(world->state, &request, &sentence, &err), ERROR_USAGE);
}

/* --- by signature --- */

static char *bob, *carl, *anna, *eve, *line_sig;

static int make_keys(void **state)
{
    (void)state;
    scratch_sh("for name in anna bob carl eve; do ssh-keygen -q -t ed25519 -N '' -C '' -f $name; "
               "echo \"$name@example.com $(cat $name.pub)\" > allowed.$name; done; "
               "cat allowed.anna allowed.bob allowed.carl > signers");
    anna = in_scratch("anna");
    bob = in_scratch("bob");
    carl = in_scratch("carl");
    eve = in_scratch("eve");
    line_sig = in_scratch("line.sig");
    return 0;
}

static int free_names(void **state)
{
    (void)state;
    mem_free(anna);
    mem_free(bob);
    mem_free(carl);
    mem_free(eve);
    mem_free(line_sig);
    return 0;
}

static struct approval_request signed_by(const char *key, const char *step)
{
    struct approval_request request = by("ci@runner", step);
    request.key = key;
    return request;
}

static struct approval_request with_signature(const char *step)
{
    struct approval_request request = by("ci@runner", step);
    request.signature = line_sig;
    return request;
}

static void sign_line(const char *key, const char *run, const char *plan, const char *step,
                      const char *word)
{
    scratch_sh("rm -f line.sig; printf 'headgate-approval-v1 %s %s %s %s\\n' > line; "
               "ssh-keygen -q -Y sign -n headgate-approval -f %s line 2>/dev/null",
               run, plan, step, word, key);
}

static void who_has_signed_is_who_has_approved(void **state)
{
    struct world *world = world_of(state);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(record_freep) struct record *record = NULL;
    wait_at(world, "signed");
    expect(world, signed_by(bob, NULL), "1 of 2 approvals of gate \"signed\"");
    expect(world, signed_by(bob, NULL),
           "bob@example.com has approved before: 1 of 2 approvals of gate \"signed\"");
    expect(world, signed_by(carl, NULL), "2 of 2 approvals of gate \"signed\"");
    assert_ok(record_read(world->state, RUN, &record, &err));
    assert_int_equal(record->n_approvals, 2);
    assert_string_equal(record->approvals[1].who, "carl@example.com");
    assert_string_equal(record->approvals[1].how, "signature");
}

static void a_signature_may_be_made_elsewhere(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "signed");
    sign_line("bob", RUN, PLAN, "signed", "approve");
    expect(world, with_signature(NULL), "1 of 2 approvals of gate \"signed\"");
    sign_line("carl", RUN, PLAN, "signed", "reject");
    struct approval_request no = with_signature(NULL);
    no.rejects = true;
    expect(world, no, "gate \"signed\" is rejected");
}

static void what_is_signed_is_the_line_that_is_documented(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *yes = approval_text("r", "p", "s", false);
    CLEANUP(mem_freep) char *no = approval_text("r", "p", "s", true);
    assert_string_equal(yes, "headgate-approval-v1 r p s approve\n");
    assert_string_equal(no, "headgate-approval-v1 r p s reject\n");
}

static void a_signature_of_something_else_is_refused(void **state)
{
    struct world *world = world_of(state);
    static const char *const others[][4] = {
        {"20261120-190501-ffff", PLAN, "signed", "approve"},
        {RUN, "2222", "signed", "approve"},
        {RUN, PLAN, "go", "approve"},
        {RUN, PLAN, "signed", "reject"},
    };
    wait_at(world, "signed");
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        sign_line("bob", others[i][0], others[i][1], others[i][2], others[i][3]);
        refused(world, with_signature(NULL), ERROR_CONFIG,
                "line.sig is not a signature for gate \"signed\" of run " RUN,
                "headgate approve " RUN " --step signed --print > line");
    }
    scratch_sh("rm line.sig; printf 'headgate-approval-v1 " RUN " " PLAN " signed approve\\n' > "
               "line; ssh-keygen -q -Y sign -n git -f bob line 2>/dev/null");
    refused(world, with_signature(NULL), ERROR_CONFIG, "is not a signature for gate", "");
    scratch_sh("echo hello > line.sig");
    refused(world, with_signature(NULL), ERROR_CONFIG, "is no signature of ssh-keygen", "--print");
    scratch_sh("rm line.sig");
    refused(world, with_signature(NULL), ERROR_CONFIG, "there is no signature at ", "--print");
}

static void only_allowed_signers_count(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "signed");
    refused(world, signed_by(eve, NULL), ERROR_REFUSED, "nobody in ", "namespaces=");
    sign_line("eve", RUN, PLAN, "signed", "approve");
    refused(world, with_signature(NULL), ERROR_REFUSED, "has made the signature ", "namespaces=");
    refused(world, by("bob@desk", NULL), ERROR_REFUSED,
            "gate \"signed\" of run " RUN " takes signatures only",
            "headgate approve " RUN " --step signed --key FILE");
    struct approval_request no = by("bob@desk", NULL);
    no.rejects = true;
    refused(world, no, ERROR_REFUSED, "takes signatures only", "--step signed --reject --key FILE");
}

static void the_author_is_excluded_under_the_name_of_the_signer_too(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "signed");
    refused(world, signed_by(anna, NULL), ERROR_REFUSED, "must be approved by somebody else",
            "--step signed");
}

static void where_nobody_is_allowed_to_sign_a_signature_is_refused(void **state)
{
    struct world *world = world_of(state);
    wait_at(world, "go");
    refused(world, signed_by(bob, NULL), ERROR_USAGE,
            "gate \"go\" of run " RUN " names no allowed signers", "--step signed");
}

static void a_deploy_is_approved_by_its_own_name(void **state)
{
    struct world *world = world_of(state);
    expect(world, signed_by(bob, "signed"), "1 of 2 approvals of gate \"signed\"");
    expect(world, by("dora@desk", "go"), "1 of 2 approvals of gate \"go\"");
    /* bob's counts, too: the same file allowed him; dora's is no signature */
    expect(world, signed_by(carl, "production"), "2 of 3 approvals of step \"production\"");
}

static void a_key_that_cannot_sign_is_told(void **state)
{
    struct world *world = world_of(state);
    CLEANUP(mem_freep) char *gone = in_scratch("gone");
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *sentence = NULL;
    struct approval_request request = signed_by(gone, "signed");
    assert_fails(run_approve(world->state, &request, &sentence, &err), ERROR_CONFIG);
    assert_contains(err.message, "the key: could not read ");
}

static void allowed_signers_that_are_gone_are_told(void **state)
{
    struct world *world = world_of(state);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *sentence = NULL;
    struct approval_request request = signed_by(bob, "signed");
    scratch_sh("mv signers away");
    bool done = run_approve(world->state, &request, &sentence, &err);
    scratch_sh("mv away signers");
    assert_false(done);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_contains(err.message, "the allowed signers: could not read ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(an_approval_is_written_into_the_journal),
        TEST(approving_twice_is_no_mistake_and_changes_nothing),
        TEST(the_author_may_be_excluded),
        TEST(a_rejection_is_for_good),
        TEST(a_secret_in_a_reason_is_not_written),
        TEST(a_run_that_waits_for_nobody_says_what_it_does),
        TEST(a_gate_can_be_approved_ahead_of_time),
        TEST(of_several_that_wait_one_must_be_named),
        TEST(a_step_must_be_one_that_asks),
        TEST(a_gate_that_is_past_asks_nobody_any_more),
        TEST(a_run_that_is_over_is_not_answered),
        TEST(who_has_signed_is_who_has_approved),
        TEST(a_signature_may_be_made_elsewhere),
        TEST(what_is_signed_is_the_line_that_is_documented),
        TEST(a_signature_of_something_else_is_refused),
        TEST(only_allowed_signers_count),
        TEST(the_author_is_excluded_under_the_name_of_the_signer_too),
        TEST(where_nobody_is_allowed_to_sign_a_signature_is_refused),
        TEST(a_deploy_is_approved_by_its_own_name),
        TEST(a_key_that_cannot_sign_is_told),
        TEST(allowed_signers_that_are_gone_are_told),
    };
    return cmocka_run_group_tests_name("pipeline/approve", tests, make_keys, free_names);
}
