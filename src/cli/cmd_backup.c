/* headgate backup create, list, show and prune. */
#include "headgate/report.h"
#include "private.h"

/* --- create --- */

static bool make_plan(const struct options *options, const struct backup_request *request,
                      struct error *err)
{
    CLEANUP(backup_plan_clear) struct backup_plan plan = {0};
    if (!backup_plan_make(request, deadline_in(CONNECT_TIMEOUT), &plan, err)) {
        return false;
    }
    report_backup_plan(request, &plan, options->dry_run);
    if (error_is_set(&plan.refusal)) {
        error_move(err, &plan.refusal);
        return environment_name_error(request->environment, err);
    }
    return true;
}

/* What was made is told in any case; then what verifying it has found. */
static bool verify_made(const struct vault_desk *desk, const struct backup_request *request,
                        const struct backup_made *made, enum proof_level level, struct error *err)
{
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    CLEANUP(verification_clear) struct verification verification = {0};
    bool known = vault_find(desk->vault, request->environment->name, made->name, &item, err) &&
                 vault_desk_verify(desk, &item, level, NULL, &verification, err);
    bool is_proven = known && !error_is_set(&verification.error);
    report_backup_made(request, made, is_proven ? &verification.proof : NULL);
    if (!known || verification_is_good(&verification)) {
        return known;
    }
    return verification_error(&verification, err);
}

static bool create(const struct vault_desk *desk, struct backup_request *request,
                   enum proof_level level, struct error *err)
{
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    struct backup_screen screen = {0};
    request->observer = report_backup_observer(&screen);
    bool done = backup_create(request, &made, err);
    report_backup_observed();
    if (!done) {
        return environment_name_error(request->environment, err);
    }
    if (level != PROOF_NONE) {
        return verify_made(desk, request, &made, level, err);
    }
    report_backup_made(request, &made, NULL);
    return true;
}

static bool run_create(const struct options *options, int *status, struct error *err)
{
    CLEANUP(vault_desk_clear) struct vault_desk desk = {0};
    enum proof_level level = PROOF_NONE;
    struct backup_request request = {.with_passwords = options->with_passwords};
    (void)status;
    if ((options->level != NULL && !vault_desk_level("--verify", options->level, &level, err)) ||
        !vault_desk_open(options, &desk, err) ||
        !project_environment(options, desk.set, &request.environment, err)) {
        return false;
    }
    request.vault = desk.vault;
    request.actor = desk.actor;
    return make_plan(options, &request, err) &&
           (options->dry_run || create(&desk, &request, level, err));
}

/* --- list, show --- */

/* NULL: all of them. */
static bool find_environment(const struct options *options, const struct vault_desk *desk,
                             const char **ret_name, struct error *err)
{
    struct environment *environment = NULL;
    if (options->n_arguments == 0 && options->env == NULL) {
        *ret_name = NULL;
        return true;
    }
    if (!project_environment(options, desk->set, &environment, err)) {
        return false;
    }
    *ret_name = environment->name;
    return true;
}

static bool run_list(const struct options *options, int *status, struct error *err)
{
    CLEANUP(vault_desk_clear) struct vault_desk desk = {0};
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    const char *environment = NULL;
    (void)status;
    if (!vault_desk_open(options, &desk, err) ||
        !find_environment(options, &desk, &environment, err) ||
        !vault_list(desk.vault, environment, &list, err)) {
        return false;
    }
    report_backups(desk.vault, &list, environment);
    return true;
}

/* With the manifest that stands in the archive, where only a part of it stands beside. */
static bool show_decrypted(const struct vault_desk *desk, const struct vault_item *item,
                           struct error *err)
{
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    if (!vault_archive_open(desk->vault, item, &archive, err)) {
        return false;
    }
    struct vault_item shown = *item;
    shown.manifest = archive.manifest;
    report_backup(&shown);
    return true;
}

static bool run_show(const struct options *options, int *status, struct error *err)
{
    CLEANUP(vault_desk_clear) struct vault_desk desk = {0};
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    (void)status;
    if (!vault_desk_open(options, &desk, err) ||
        !vault_desk_find(options, &desk, NULL, &item, err)) {
        return false;
    }
    if (options->decrypt && item.encrypted) {
        return show_decrypted(&desk, &item, err);
    }
    report_backup(&item);
    return true;
}

/* --- prune --- */

struct pruning {
    struct vault_list list;
    struct prune_verdict *verdicts;
    size_t n_to_go;
};

static void pruning_clear(struct pruning *pruning)
{
    prune_verdicts_free(pruning->verdicts, pruning->list.n);
    vault_list_clear(&pruning->list);
}

static bool remove_all(const struct vault_desk *desk, const struct pruning *pruning,
                       size_t *ret_n_removed, struct error *err)
{
    for (size_t i = 0; i < pruning->list.n; i++) {
        if (pruning->verdicts[i].keeps) {
            continue;
        }
        if (!vault_remove(desk->vault, &pruning->list.items[i], err)) {
            return false;
        }
        (*ret_n_removed)++;
    }
    return true;
}

static bool prune(const struct options *options, const struct vault_desk *desk,
                  const struct environment *environment, const struct pruning *pruning,
                  struct error *err)
{
    size_t n_removed = 0;
    CLEANUP(mem_freep)
    char *question = mem_printf("Remove %zu of %zu backups of %s for good?", pruning->n_to_go,
                                pruning->list.n, environment->name);
    if (pruning->n_to_go > 0 && !confirm_by(options, environment, CONFIRM_YES, question, err)) {
        return false;
    }
    bool done = remove_all(desk, pruning, &n_removed, err);
    if (done || n_removed > 0) {
        report_pruned(&pruning->list, pruning->verdicts, n_removed);
    }
    return done;
}

static bool run_prune(const struct options *options, int *status, struct error *err)
{
    CLEANUP(vault_desk_clear) struct vault_desk desk = {0};
    CLEANUP(pruning_clear) struct pruning pruning = {0};
    struct environment *environment = NULL;
    (void)status;
    if (!vault_desk_open(options, &desk, err) ||
        !project_environment(options, desk.set, &environment, err) ||
        !vault_list(desk.vault, environment->name, &pruning.list, err)) {
        return false;
    }
    vault_weigh_pruning(desk.vault, &pruning.list, &pruning.verdicts);
    for (size_t i = 0; i < pruning.list.n; i++) {
        pruning.n_to_go += !pruning.verdicts[i].keeps;
    }
    report_pruning(&pruning.list, pruning.verdicts, options->dry_run);
    return options->dry_run || prune(options, &desk, environment, &pruning, err);
}

/* --- the table --- */

static const struct option for_create[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    VALUE("verify", "checksums|contents|restore", level, "verify it at once, as far as this"),
    FLAG("with-passwords", 0, with_passwords, "with the passwords of the roles, as hashes"),
    FLAG("dry-run", 0, dry_run, "show what would be made; make nothing"),
    {0},
};

const struct command cmd_backup_create = {
    .name = "backup create",
    .arguments = "[ENV]",
    .summary = "back up one environment into the vault",
    .description =
        "Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else "
        "development.\n\n"
        "A pg_dump of the server's own major version reads from a snapshot that a session of ours "
        "holds; its stream is digested, table by table, compressed and hashed as it comes. The "
        "backup is one file in the vault (\"vault\" of the environments file), .tar.zst, readable "
        "with tar and pg_restore alone: headgate backup show says how. It has its name only when "
        "it is whole and on the disk.\n\n"
        "Where the vault has \"recipients\", it is encrypted to them by age. A backup counts as "
        "proven when it was restored and compared: --verify restore, or headgate backup verify "
        "later. Nothing is removed; that is what headgate backup prune is for.",
    .options = for_create,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run_create,
};

static const struct option for_list[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    {0},
};

const struct command cmd_backup_list = {
    .name = "backup list",
    .arguments = "[ENV]",
    .summary = "the backups in the vault, the newest first",
    .description =
        "Of ENV, or without it of every environment. Each with its age, size, tables, rows, the "
        "release that the database had, and how far it is proven. All of it is read from the "
        "archives themselves.",
    .options = for_list,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run_list,
};

static const struct option for_show[] = {
    VALUE("env", "ENV", env, "of which environment \"latest\" is meant"),
    FLAG("decrypt", 0, decrypt, "of an encrypted one also its tables, roles and extensions"),
    {0},
};

const struct command cmd_backup_show = {
    .name = "backup show",
    .arguments = "BACKUP",
    .summary = "what a backup is, what is in it, how to open it without headgate",
    .description =
        "BACKUP is its name, the beginning of it, a path, or \"latest\": the newest of the "
        "environment that --env, DATABASE_ENV or NODE_ENV names, else of development.\n\n"
        "The text names the 20 largest tables, --json all of them with their digests. What an "
        "encrypted backup holds is told only with --decrypt, which needs \"vault.identity\" of the "
        "environments file.",
    .options = for_show,
    .least = 1,
    .most = 1,
    .argument_kind = ARGUMENT_BACKUP,
    .run = run_show,
};

static const struct option for_prune[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    FLAG("dry-run", 0, dry_run, "show what would go; remove nothing"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_backup_prune = {
    .name = "backup prune",
    .arguments = "[ENV]",
    .summary = "remove the backups of one environment that no rule keeps",
    .description =
        "The rules are \"vault.keep\" of the environments file: the last n, and of each of the "
        "last n hours, days, weeks and months that have one, the newest. Without any rule all "
        "stay. The newest one that was proven the highest always stays, and so does what cannot be "
        "read.\n\n"
        "Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else "
        "development. It shows what would go and asks for y; --confirm answers.",
    .options = for_prune,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run_prune,
};
