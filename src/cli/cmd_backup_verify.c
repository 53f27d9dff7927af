/* headgate backup verify: one backup, or all of the vault. */
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

static bool verify_one(const struct options *options, const struct vault_desk *desk,
                       enum proof_level level, struct error *err)
{
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    CLEANUP(verification_clear) struct verification verification = {0};
    if (!vault_desk_find(options, desk, NULL, &item, err) ||
        !vault_desk_verify(desk, &item, level, NULL, &verification, err)) {
        return false;
    }
    bool is_good = verification_is_good(&verification);
    if (is_good) {
        report_verification(&verification);
    }
    report_verifications(desk->vault, &verification, 1);
    return is_good || verification_error(&verification, err);
}

struct verifications {
    struct verification *items;
    size_t n;
};

static void verifications_clear(struct verifications *verifications)
{
    for (size_t i = 0; i < verifications->n; i++) {
        verification_clear(&verifications->items[i]);
    }
    mem_free(verifications->items);
}

/* One that is bad does not keep the others from being looked at. */
static bool verify_each(const struct vault_desk *desk, const struct vault_list *list,
                        enum proof_level level, struct verifications *done, size_t *ret_n_bad,
                        struct error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct vault_item *item = &list->items[i];
        struct verification *verification = &done->items[done->n++];
        if (!vault_desk_verify(desk, item, level, item->name, verification, err)) {
            return false;
        }
        *ret_n_bad += !verification_is_good(verification);
        report_verification(verification);
    }
    return true;
}

/* A vault that is empty, or a disk that is not mounted, is no success: nothing was proven. */
static bool check_sum(const struct options *options, size_t n, size_t n_bad, struct error *err)
{
    if (n == 0) {
        (void)error_set(err, ERROR_BACKUP, "there is no backup%s%s that could be verified",
                        options->env != NULL ? " of " : "",
                        options->env != NULL ? options->env : "");
        return error_hint(err, "Make one: headgate backup create %s",
                          options->env != NULL ? options->env : "ENV");
    }
    if (n_bad == 0) {
        return true;
    }
    (void)error_set(err, ERROR_BACKUP, "%zu of %zu backup%s %s bad or could not be proven", n_bad,
                    n, n == 1 ? "" : "s", n_bad == 1 ? "is" : "are");
    return error_hint(err, "Make new ones before these are needed: headgate backup create ENV "
                           "--verify restore");
}

static bool verify_all(const struct options *options, const struct vault_desk *desk,
                       enum proof_level level, struct error *err)
{
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    CLEANUP(verifications_clear) struct verifications done = {0};
    struct environment *environment = NULL;
    size_t n_bad = 0;
    if ((options->env != NULL && !environments_find(desk->set, options->env, &environment, err)) ||
        !vault_list(desk->vault, options->env, &list, err)) {
        return false;
    }
    done.items = mem_new(list.n + 1, sizeof *done.items);
    if (!verify_each(desk, &list, level, &done, &n_bad, err)) {
        return false;
    }
    report_verifications(desk->vault, done.items, done.n);
    return check_sum(options, list.n, n_bad, err);
}

static bool check_arguments(const struct options *options, struct error *err)
{
    if (options->all && options->n_arguments > 0) {
        return error_set(err, ERROR_USAGE,
                         "headgate backup verify: either a backup is named, or --all");
    }
    if (!options->all && options->n_arguments == 0) {
        (void)error_set(err, ERROR_USAGE, "headgate backup verify: no backup is named");
        return error_hint(err, "Name one (headgate backup list) or say \"latest\" or --all.");
    }
    return true;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(vault_desk_clear) struct vault_desk desk = {0};
    enum proof_level level = options->all ? PROOF_CHECKSUMS : PROOF_RESTORE;
    (void)status;
    if (!check_arguments(options, err) ||
        (options->level != NULL && !vault_desk_level("--level", options->level, &level, err)) ||
        !vault_desk_open(options, &desk, err)) {
        return false;
    }
    return options->all ? verify_all(options, &desk, level, err)
                        : verify_one(options, &desk, level, err);
}

static const struct option own[] = {
    VALUE("level", "checksums|contents|restore", level,
          "how far; restore without it, with --all checksums"),
    FLAG("all", 0, all, "every backup of the vault"),
    VALUE("env", "ENV", env, "with --all only those of ENV; else of which one \"latest\" is meant"),
    {0},
};

const struct command cmd_backup_verify = {
    .name = "backup verify",
    .arguments = "[BACKUP]",
    .summary = "prove that a backup is good, up to restoring and comparing it",
    .description =
        "BACKUP is its name, the beginning of it, a path, or \"latest\".\n\n"
        "checksums: every byte of the file is what was written. contents: the dump in it can be "
        "read to its end, and every table's rows are those that the database had. restore: it is "
        "restored into a scratch server of the same major version and compared: every definition, "
        "every table's rows, every sequence. Each level does those before it first.\n\n"
        "What came of it is kept beside the archive, and says also what could not be proven. It "
        "exits 10 where a backup is bad or could not be proven, or where --all finds none; with "
        "--all each one is looked at "
        "and told, which is for cron.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_BACKUP,
    .run = run,
};
