/* headgate backup restore: a backup into an environment, and the end of that. */
#include "headgate/report.h"
#include "headgate/settle.h"
#include "private.h"

#define MARK_PATIENCE 10000 /* for whoever deploys there meanwhile */
#define DROP_TIMEOUT 600000 /* dropping a large database means removing its files */

/* --- what is asked for --- */

static bool refuse(const char *message, const char *hint, struct error *err)
{
    (void)error_set(err, ERROR_USAGE, "headgate backup restore: %s", message);
    return error_hint(err, "%s", hint);
}

static bool check_usage(const struct options *options, struct error *err)
{
    bool chooses = options->tables != NULL || options->schemas != NULL || options->without_owners;
    if (options->to == NULL) {
        return refuse("it is not said to which environment", "Say --to ENV.", err);
    }
    if (options->finish && (options->n_arguments > 0 || options->env != NULL || chooses)) {
        return refuse("--finish takes only --to, --confirm and --dry-run",
                      "It drops what earlier restores have kept; no backup is involved.", err);
    }
    if (!options->finish && options->n_arguments == 0) {
        return refuse("no backup is named", "Name one (headgate backup list) or say \"latest\".",
                      err);
    }
    return true;
}

/* "orders,public.customers" */
static bool read_list(const char *option, const char *text, struct strlist *ret_list,
                      struct error *err)
{
    while (text != NULL) {
        size_t n = strcspn(text, ",");
        if (n == 0) {
            (void)error_set(err, ERROR_USAGE, "--%s has an empty name in its list", option);
            return error_hint(err, "For example: --%s a,b", option);
        }
        strlist_add_n(ret_list, text, n);
        text = text[n] == ',' ? text + n + 1 : NULL;
    }
    return true;
}

/* --- restoring --- */

static bool ask(const struct options *options, const struct restore_plan *plan, struct error *err)
{
    const struct restore_request *request = plan->request;
    const char *name = request->item->name;
    CLEANUP(mem_freep)
    char *question =
        plan->kept != NULL
            ? mem_printf("Put %s in the place of database \"%s\" of %s (%s)?", name, plan->database,
                         request->environment->name, plan->address)
            : mem_printf("Restore %s to %s (%s)?", name, request->environment->name, plan->address);
    return confirm(options, request->environment, question, err);
}

static bool execute(const struct restore_plan *plan, struct error *err)
{
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    bool done = restore_execute(plan, &result, err);
    report_backup_observed();
    if (!done) {
        return environment_name_error(plan->request->environment, err);
    }
    report_restored(plan, &result);
    /* The rows of another environment say that they are that one: the next deploy would refuse. */
    const struct deploy_conduct conduct = {.patience = MARK_PATIENCE,
                                           .actor = plan->request->actor};
    bool partial = plan->request->tables->n + plan->request->schemas->n > 0;
    return partial || marking_renew(plan->request->environment, &conduct, err);
}

static bool restore(const struct options *options, const struct restore_request *request,
                    struct error *err)
{
    CLEANUP(restore_plan_freep) struct restore_plan *plan = NULL;
    bool known = restore_plan_make(request, deadline_in(CONNECT_TIMEOUT), &plan, err);
    report_backup_observed();
    if (!known) {
        return environment_name_error(request->environment, err);
    }
    report_restore_plan(plan, options->dry_run);
    if (error_is_set(&plan->refusal)) {
        error_move(err, &plan->refusal);
        return environment_name_error(request->environment, err);
    }
    return options->dry_run || (ask(options, plan, err) && execute(plan, err));
}

static bool run_restore(const struct options *options, const struct vault_desk *desk,
                        struct environment *environment, struct error *err)
{
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    CLEANUP(strlist_clear) struct strlist tables = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist schemas = STRLIST_INIT;
    struct backup_screen screen = {0};
    const struct restore_request request = {.environment = environment,
                                            .vault = desk->vault,
                                            .item = &item,
                                            .tables = &tables,
                                            .schemas = &schemas,
                                            .without_owners = options->without_owners,
                                            .actor = desk->actor,
                                            .observer = report_backup_observer(&screen)};
    return read_list("table", options->tables, &tables, err) &&
           read_list("schema", options->schemas, &schemas, err) &&
           vault_desk_find(options, desk, environment->name, &item, err) &&
           restore(options, &request, err);
}

/* --- dropping what was kept --- */

/* They are gone for good, so development is asked for them, too. */
static bool ask_to_drop(const struct options *options, const struct environment *environment,
                        const struct strlist *kept, struct error *err)
{
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Drop %s of %s for good?", kept->n == 1 ? "this database" : "these databases",
                   environment->name);
    return confirm_by(options, environment,
                      environment->kind == KIND_PRODUCTION ? CONFIRM_NAME : CONFIRM_YES, question,
                      err);
}

static bool run_finish(const struct options *options, struct environment *environment,
                       struct error *err)
{
    CLEANUP(strlist_clear) struct strlist kept = STRLIST_INIT;
    if (!restore_list_kept(environment, deadline_in(CONNECT_TIMEOUT), &kept, err)) {
        return environment_name_error(environment, err);
    }
    report_kept(environment, &kept);
    bool drops = kept.n > 0 && !options->dry_run;
    if (drops && !ask_to_drop(options, environment, &kept, err)) {
        return false;
    }
    if (drops && !restore_finish(environment, &kept, deadline_in(DROP_TIMEOUT), err)) {
        return environment_name_error(environment, err);
    }
    report_kept_end(environment, &kept, drops);
    return true;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(vault_desk_clear) struct vault_desk desk = {0};
    struct environment *environment = NULL;
    (void)status;
    if (!check_usage(options, err) || !vault_desk_open(options, &desk, err) ||
        !environments_find(desk.set, options->to, &environment, err)) {
        return false;
    }
    return options->finish ? run_finish(options, environment, err)
                           : run_restore(options, &desk, environment, err);
}

static const struct option own[] = {
    VALUE("to", "ENV", to, "the environment that it is restored to"),
    VALUE("env", "ENV", env, "of which environment \"latest\" is meant; else that of --to"),
    VALUE("table", "T,T", tables, "only these tables: \"orders\", \"public.orders\""),
    VALUE("schema", "S,S", schemas, "only these schemas"),
    FLAG("without-owners", 0, without_owners,
         "everything belongs to the role that restores; no grants"),
    FLAG("dry-run", 0, dry_run, "show what would be done and lost; change nothing"),
    FLAG("finish", 0, finish, "drop the databases that earlier restores have kept"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_backup_restore = {
    .name = "backup restore",
    .arguments = "[BACKUP]",
    .summary = "restore a backup beside a database, compare it, and swap the two",
    .description =
        "BACKUP is its name, the beginning of it, a path, or \"latest\".\n\n"
        "It shows first how many rows were inserted, updated and deleted in each table since the "
        "backup: that is what restoring loses. Staging asks for y, production for its name; "
        "--confirm answers.\n\n"
        "Then the backup is restored into a new database beside the one that is there, compared "
        "with what was backed up, and only then both are renamed, in one transaction. After any "
        "failure or crash the old database is as it was. It is kept under a dated name until "
        "headgate backup restore --finish --to ENV drops it.\n\n"
        "With --table or --schema only these are restored, and nothing is renamed: the new "
        "database stays beside, to take from it what is needed.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_BACKUP,
    .run = run,
};
