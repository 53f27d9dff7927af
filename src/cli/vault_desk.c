/* What the commands about backups begin with: the vault, the backup that is named, verifying one.
 */
#include "headgate/report.h"
#include "private.h"

bool vault_desk_open(const struct options *options, struct vault_desk *desk, struct error *err)
{
    if (!project_environments(options, &desk->set, err) ||
        !vault_open(desk->set, &desk->vault, err)) {
        return false;
    }
    vault_sweep(desk->vault);
    desk->actor = project_actor();
    return true;
}

void vault_desk_clear(struct vault_desk *desk)
{
    vault_freep(&desk->vault);
    environments_freep(&desk->set);
    mem_free(desk->actor);
    *desk = (struct vault_desk){0};
}

bool vault_desk_find(const struct options *options, const struct vault_desk *desk,
                     const char *usual, struct vault_item *ret_item, struct error *err)
{
    const char *named = options->arguments[0], *origin;
    struct environment *environment = NULL;
    const char *name = options->env;
    if (name == NULL && text_equal(named, "latest")) {
        name = usual != NULL ? usual : environment_meant(NULL, &origin);
    }
    if (name != NULL && !environments_find(desk->set, name, &environment, err)) {
        return false;
    }
    return vault_find(desk->vault, name, named, ret_item, err);
}

bool vault_desk_level(const char *option, const char *text, enum proof_level *ret_level,
                      struct error *err)
{
    enum proof_level level = proof_level_named(text);
    if (level == PROOF_NONE) {
        (void)error_set(err, ERROR_USAGE, "%s: there is no level \"%s\"", option, text);
        return error_hint(err, "It is checksums, contents or restore.");
    }
    *ret_level = level;
    return true;
}

bool vault_desk_verify(const struct vault_desk *desk, const struct vault_item *item,
                       enum proof_level level, const char *about, struct verification *verification,
                       struct error *err)
{
    struct backup_screen screen = {.about = about};
    const struct verify_request request = {.vault = desk->vault,
                                           .item = item,
                                           .level = level,
                                           .actor = desk->actor,
                                           .observer = report_backup_observer(&screen)};
    *verification = (struct verification){.item = item, .level = level, .error = ERROR_INIT};
    bool known = backup_verify(&request, &verification->proof, &verification->error);
    report_backup_observed();
    if (!known && (verification->error.code == ERROR_INTERRUPTED ||
                   verification->error.code == ERROR_TERMINATED)) {
        error_move(err, &verification->error);
        return false;
    }
    return true;
}

bool verification_error(struct verification *verification, struct error *err)
{
    const char *name = verification->item->name;
    const struct proof *proof = &verification->proof;
    if (error_is_set(&verification->error)) {
        error_move(err, &verification->error);
        err->code = ERROR_BACKUP;
        return error_prefix(err, "backup %s could not be verified", name);
    }
    (void)error_set(err, ERROR_BACKUP, "backup %s is not good: %s", name,
                    proof->why != NULL ? proof->why : "it was not proven that far");
    return error_hint(err, "Make another one: headgate backup create %s",
                      verification->item->environment);
}

void verification_clear(struct verification *verification)
{
    proof_clear(&verification->proof);
    error_clear(&verification->error);
}
