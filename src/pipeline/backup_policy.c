/*
 * Is there the backup that an environment demands before a deploy? It must be of this very database
 * (the server's system identifier, the name, and the number that the database got when it was
 * made), young enough, and proven as far as is demanded. A restore, by us or by hand, makes a
 * database anew: what was backed up before is then not what is there, however young the backup is.
 * What another tool says of its own backups is taken as it is.
 */
#include "private.h"

#define MSEC 1000
/* A backup's time is its server's; where that clock is further ahead than this, it would stay young
 * for too long. */
#define CLOCKS_APART ((msec)300000)

msec backup_max_age(const struct environment *environment)
{
    return environment->require.backup ? environment->require.backup_max_age : 0;
}

/* How near a backup is to what is demanded: the closest one is told where none is good. */
enum nearness { UNREADABLE, OF_ANOTHER, OF_BEFORE, BAD, NOT_PROVEN, TOO_OLD, OF_THE_FUTURE, GOOD };

struct demand {
    const struct environment *environment;
    const struct deploy_plan *target;
    int64_t now;
};

static msec age_of(const struct demand *demand, const struct vault_item *item)
{
    return (demand->now - item->manifest->created) / MSEC;
}

static enum proof_level level_wanted(const struct demand *demand)
{
    return demand->environment->require.backup_restored ? PROOF_RESTORE : PROOF_CHECKSUMS;
}

static enum nearness nearness_of(const struct demand *demand, const struct vault_item *item)
{
    const struct manifest *manifest = item->manifest;
    msec most = backup_max_age(demand->environment);
    if (manifest == NULL) {
        return UNREADABLE;
    }
    /* A server that does not tell who it is could be any. */
    if (manifest->system_identifier == NULL ||
        !text_equal(manifest->system_identifier, demand->target->system_identifier) ||
        !text_equal(manifest->database, demand->target->database)) {
        return OF_ANOTHER;
    }
    if (!text_equal(manifest->database_oid, demand->target->database_oid)) {
        return OF_BEFORE;
    }
    return item->proof.failed                                 ? BAD
           : item->proof.level < level_wanted(demand)         ? NOT_PROVEN
           : most > 0 && age_of(demand, item) > most          ? TOO_OLD
           : most > 0 && age_of(demand, item) < -CLOCKS_APART ? OF_THE_FUTURE
                                                              : GOOD;
}

static char *lack_of(const struct demand *demand, const struct vault_item *item,
                     enum nearness nearness)
{
    CLEANUP(mem_freep) char *proof = proof_sentence(&item->proof);
    if (nearness == UNREADABLE) {
        return mem_printf("%s cannot be read: %s", item->name,
                          item->error.message != NULL ? item->error.message : "its manifest");
    }
    if (nearness == OF_ANOTHER) {
        const char *server = item->manifest->system_identifier;
        if (server == NULL || demand->target->system_identifier == NULL) {
            return mem_printf("of %s it is not known whether it is of this server: our role may "
                              "not ask (grant execute on function pg_control_system() to it)",
                              item->name);
        }
        return mem_printf("%s is of another database: %s of the server %s", item->name,
                          item->manifest->database, server != NULL ? server : "unknown");
    }
    if (nearness == OF_BEFORE) {
        return mem_printf("%s is of before database %s was made anew, by a restore or by hand: it "
                          "is not of what is there now",
                          item->name, item->manifest->database);
    }
    if (nearness == TOO_OLD) {
        CLEANUP(mem_freep) char *age = duration_human(age_of(demand, item));
        CLEANUP(mem_freep) char *most = duration_format(backup_max_age(demand->environment));
        return mem_printf("%s is %s old, and may be %s", item->name, age, most);
    }
    if (nearness == OF_THE_FUTURE) {
        CLEANUP(mem_freep) char *ahead = duration_human(-age_of(demand, item));
        return mem_printf("%s was made in %s from now, by the clock of its server: how old it is "
                          "cannot be told; set both clocks, and make another",
                          item->name, ahead);
    }
    return mem_printf("%s: %s", item->name, proof);
}

static char *describe(const struct demand *demand, const struct vault_item *item,
                      enum nearness nearness, const struct vault *vault)
{
    if (item == NULL) {
        CLEANUP(mem_freep) char *folder = mem_copy(vault_folder(vault));
        return mem_printf("there is none in the vault %s", folder);
    }
    if (nearness == GOOD) {
        CLEANUP(mem_freep) char *proof = proof_sentence(&item->proof);
        return mem_printf("%s, %s", item->name, proof);
    }
    return lack_of(demand, item, nearness);
}

/* Newest first, so that of two that are as near the newer one counts. */
static const struct vault_item *nearest(const struct demand *demand, const struct vault_list *list,
                                        enum nearness *ret_nearness)
{
    const struct vault_item *found = NULL;
    for (size_t i = 0; i < list->n; i++) {
        enum nearness nearness = nearness_of(demand, &list->items[i]);
        if (found == NULL || nearness > *ret_nearness) {
            found = &list->items[i];
            *ret_nearness = nearness;
        }
    }
    return found;
}

static bool look_in_vault(const struct demand *demand, bool *ret_holds, char **ret_because,
                          struct error *err)
{
    CLEANUP(vault_freep) struct vault *vault = NULL;
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    enum nearness nearness = UNREADABLE;
    if (!vault_open(demand->environment->set, &vault, err) ||
        !vault_list(vault, demand->environment->name, &list, err)) {
        return false;
    }
    const struct vault_item *item = nearest(demand, &list, &nearness);
    *ret_holds = item != NULL && nearness == GOOD;
    *ret_because = describe(demand, item, nearness, vault);
    return true;
}

/* That the tool cannot be asked is an answer: nothing is proven then. */
static void ask_tool(const struct demand *demand, msec deadline, bool *ret_holds,
                     char **ret_because)
{
    const struct environment *environment = demand->environment;
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(mem_freep) char *lack = NULL;
    *ret_holds = false;
    if (!backup_tool_look(environment, deadline, &report, &failure)) {
        *ret_because = mem_copy(failure.message);
        return;
    }
    const struct tool_backup *newest =
        backup_tool_newest(&report, demand->target->system_identifier, backup_max_age(environment),
                           demand->now, &lack);
    if (newest == NULL) {
        *ret_because = TAKE(lack);
        return;
    }
    CLEANUP(mem_freep) char *time = wall_short(newest->stopped);
    *ret_holds = true;
    *ret_because = mem_printf("pgBackRest's %s, %s", newest->label, time);
}

bool backup_policy_look(const struct environment *environment, const struct deploy_plan *target,
                        msec deadline, bool *ret_holds, char **ret_because, struct error *err)
{
    const struct demand demand = {
        .environment = environment, .target = target, .now = wall_now_usec()};
    if (environment->backup_tool.name != NULL) {
        ask_tool(&demand, deadline, ret_holds, ret_because);
        return true;
    }
    return look_in_vault(&demand, ret_holds, ret_because, err);
}

char *backup_policy_hint(const struct environment *environment)
{
    if (environment->backup_tool.name != NULL) {
        return mem_printf("Make one (pgbackrest --stanza=%s backup), then ask again.",
                          environment->backup_tool.stanza);
    }
    return mem_printf(
        "Make one: headgate backup create %s --verify %s; or with a step \"backup\" of "
        "the pipeline that comes before the deploy.",
        environment->name, environment->require.backup_restored ? "restore" : "checksums");
}
