/*
 * A plan as the planner would make it, over a workflow that is really read: two deploys side by
 * side with a hook, a gate, a seed, and a hook at the end. Nothing is connected to.
 */
#pragma once

#include "scratch.h"

#include <string.h>

#include "headgate/file.h"
#include "private.h"

struct a_plan {
    struct plan plan;
    struct workflow *workflow;
    struct migration migrations[2];
    struct plan_item items[3];
    struct deploy_plan staging, production;
    struct plan_target targets[2];
    struct plan_step steps[7];
    struct policy_finding findings[5];
};

#define A_PIPELINE                                                                                 \
    "{\"name\":\"promote\",\"environments\":\"environments.json\",\"release\":\"../migrations\","  \
    "\"steps\":["                                                                                  \
    "{\"id\":\"staging\",\"deploy\":\"staging\"},"                                                 \
    "{\"id\":\"rows\",\"seed\":\"staging\",\"when\":\"env.SEED\"},"                                \
    "{\"id\":\"e2e\",\"hook\":[\"../e2e.sh\",\"--level\",\"a b\"],\"on\":\"staging\","             \
    "\"timeout\":\"15m\",\"retries\":2,\"evidence\":\"e2e\",\"on_failure\":\"continue\","          \
    "\"needs\":[\"staging\"]},"                                                                    \
    "{\"id\":\"go\",\"gate\":{\"approvals\":2,\"message\":\"Promote?\",\"exclude_author\":true,"   \
    "\"windows\":[\"Mon-Thu 08:00-16:00 Europe/Berlin\",\"Fri 08:00-12:00 Europe/Berlin\"],"       \
    "\"freeze\":[\"2026-12-20/2027-01-03\"],\"soak\":\"1h\"},\"needs\":[\"rows\",\"e2e\"]},"       \
    "{\"id\":\"live\",\"deploy\":\"production\"},"                                                 \
    "{\"id\":\"look\",\"check\":\"production\"}],"                                                 \
    "\"always\":[{\"id\":\"tell\",\"hook\":[\"../tell.sh\"]}]}"

__attribute__((unused)) static void a_file(const char *name, const char *text, mode_t mode)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    CLEANUP(mem_freep) char *folder = path_parent(path);
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), mode, &err));
}

static inline struct workflow *a_workflow(void)
{
    struct error err = ERROR_INIT;
    struct workflow *workflow = NULL;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "pipelines/promote.json");
    a_file("pipelines/promote.json", A_PIPELINE, 0644);
    a_file("pipelines/environments.json",
           "{\"environments\":{\"staging\":{\"kind\":\"staging\",\"url\":\"embedded:s\","
           "\"seed\":\"../seed.sql\"},\"production\":{\"kind\":\"production\","
           "\"url\":\"embedded:p\"}}}",
           0644);
    a_file("migrations/20260101000000_users/migration.sql", "create table users (id int);\n", 0644);
    a_file("migrations/20260102000000_index/migration.sql",
           "create index concurrently on users (id);\n", 0644);
    a_file("seed.sql", "select 1;\n", 0644);
    a_file("e2e.sh", "#!/bin/sh\n", 0755);
    a_file("tell.sh", "#!/bin/sh\n", 0755);
    const struct workflow_source source = {.path = path};
    assert_ok(workflow_read(&source, &workflow, &err));
    return workflow;
}

static inline void a_deploy(struct a_plan *a, struct deploy_plan *deploy, size_t environment)
{
    static char target[] = "db1.example.net:5432/shop", host[] = "db1.example.net", port[] = "5432",
                database[] = "shop", version[] = "15.20", identifier[] = "7710384358242300862";
    *deploy = (struct deploy_plan){.environment = &a->workflow->environments->items[environment],
                                   .release = a->workflow->release,
                                   .items = a->items,
                                   .n = ARRAY_LEN(a->items),
                                   .target = target,
                                   .host = host,
                                   .port = port,
                                   .database = database,
                                   .version_text = version,
                                   .system_identifier = identifier};
    deploy->count[MIGRATION_APPLIED] = 1;
    deploy->count[MIGRATION_PENDING] = 1;
    deploy->count[MIGRATION_UNFINISHED] = 1;
    a->targets[environment] = (struct plan_target){deploy->environment, deploy};
}

static inline void a_step(struct a_plan *a, size_t i)
{
    const struct workflow_step *step = &a->workflow->steps[i];
    a->steps[i] = (struct plan_step){.step = step, .measured = -1, .variables = STRLIST_INIT};
    if (step->environment != NULL) {
        bool first = step->environment == a->targets[0].environment;
        a->steps[i].target = &a->targets[first ? 0 : 1];
    }
}

/* Everything runs, and nothing speaks against it. */
static inline void a_plan_make(struct a_plan *a)
{
    static char transaction[] = "in a transaction",
                concurrently[] = "step by step (CREATE INDEX CONCURRENTLY)";
    static char document[] =
        "{\"format\":1,\"policies\":[],\"release\":{\"migrations\":2},\"steps\":["
        "{\"id\":\"staging\"},{\"id\":\"rows\"},{\"id\":\"e2e\"},{\"id\":\"go\"},{\"id\":\"live\"},"
        "{\"id\":\"look\"},{\"id\":\"tell\"}],\"targets\":[{\"environment\":\"staging\"}]}";
    *a = (struct a_plan){0};
    a->workflow = a_workflow();
    a->items[0] = (struct plan_item){.name = "20260101000000_users", .state = MIGRATION_APPLIED};
    a->items[1] = (struct plan_item){.name = "20260102000000_index",
                                     .state = MIGRATION_UNFINISHED,
                                     .mode = concurrently,
                                     .n_statements = 1};
    a->items[2] = (struct plan_item){.name = "20260103000000_orders",
                                     .state = MIGRATION_PENDING,
                                     .mode = transaction,
                                     .n_statements = 7};
    a_deploy(a, &a->staging, 0);
    a_deploy(a, &a->production, 1);
    assert_int_equal(a->workflow->n_all, ARRAY_LEN(a->steps));
    for (size_t i = 0; i < ARRAY_LEN(a->steps); i++) {
        a_step(a, i);
    }
    a->steps[0].deploy = &a->staging;
    a->steps[4].deploy = &a->production;
    a->steps[5].deploy = &a->production;
    static char seed[] = "seed.sql", program[] = "e2e.sh", tell[] = "tell.sh";
    a->steps[1].seed = seed;
    a->steps[2].program = program;
    a->steps[6].program = tell;
    strlist_add(&a->steps[2].variables, "DATABASE_URL");
    strlist_add(&a->steps[2].variables, "TOKEN");
    a->plan = (struct plan){.workflow = a->workflow,
                            .targets = a->targets,
                            .n_targets = 2,
                            .steps = a->steps,
                            .n = ARRAY_LEN(a->steps),
                            .findings = a->findings,
                            .to_apply = 4,
                            .document = document,
                            .made = 1795000000000000,
                            .valid_until = 1795043200000000};
    memset(a->plan.id, '7', HASH_HEX_SIZE - 1);
}

static inline void a_finding(struct a_plan *a, enum policy_state state)
{
    static char policy[] = "windows", demand[] = "window Mon-Thu 08:00-16:00",
                because[] = "not before 2026-11-23 08:00 UTC", hint[] = "Wait for Monday.",
                reason[] = "hotfix | of ticket 42";
    a->findings[a->plan.n_findings++] = (struct policy_finding){
        .step = a->steps[4].step,
        .policy = policy,
        .state = state,
        .demand = demand,
        .because = because,
        .hint = state == POLICY_FAILS ? hint : NULL,
        .reason = state == POLICY_OVERRIDDEN ? reason : NULL,
    };
}

static inline void a_plan_clear(struct a_plan *a)
{
    for (size_t i = 0; i < ARRAY_LEN(a->steps); i++) {
        strlist_clear(&a->steps[i].variables);
        error_clear(&a->steps[i].refusal);
    }
    error_clear(&a->plan.refusal);
    workflow_freep(&a->workflow);
}
