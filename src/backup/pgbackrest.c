/*
 * pgBackRest: what it says of its backups, and `verify`. It is run with --output, so that its words
 * are on stdout alone; its exit status says only whether it could work at all.
 */
#include "headgate/backup_tool.h"

#include <stdlib.h>

#include "headgate/interrupt.h"
#include "headgate/json_data.h"
#include "headgate/process.h"

#define USEC 1000000

static void tool_backup_clear(struct tool_backup *backup)
{
    mem_free(backup->label);
    mem_free(backup->type);
    mem_free(backup->system_identifier);
}

void tool_report_clear(struct tool_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        tool_backup_clear(&report->items[i]);
    }
    mem_free(report->items);
    mem_free(report->status_text);
    *report = (struct tool_report){0};
}

/* --- what it says --- */

/* A server that was made anew gets another entry in "db"; a backup says which one it is of. */
static char *system_of(const struct json_data *stanza, int64_t database)
{
    const struct json_data *list = json_data_member(stanza, "db");
    for (size_t i = 0; i < json_data_count(list); i++) {
        const struct json_data *item = json_data_item(list, i);
        int64_t number = json_data_integer(item, "system-id", 0);
        if (json_data_integer(item, "id", -1) == database && number > 0) {
            return mem_printf("%lld", (long long)number);
        }
    }
    return NULL;
}

static void read_backup(const struct json_data *stanza, const struct json_data *data,
                        struct tool_backup *backup)
{
    const struct json_data *info = json_data_member(data, "info");
    int64_t database = json_data_integer(json_data_member(data, "database"), "id", -1);
    int64_t stopped = json_data_integer(json_data_member(data, "timestamp"), "stop", 0);
    const char *label = json_data_text(data, "label");
    *backup = (struct tool_backup){
        .label = mem_copy(label != NULL ? label : "?"),
        .type = mem_copy(json_data_text(data, "type")),
        .stopped = stopped > 0 && stopped < INT64_MAX / USEC ? stopped * USEC : 0,
        .size = (uint64_t)json_data_integer(info, "size", 0),
        .stored = (uint64_t)json_data_integer(json_data_member(info, "repository"), "size", 0),
        .system_identifier = system_of(stanza, database),
        .has_errors = json_data_truth(data, "error", false),
    };
}

static int by_age(const void *a, const void *b)
{
    const struct tool_backup *first = a, *second = b;
    return first->stopped < second->stopped ? 1 : first->stopped > second->stopped ? -1 : 0;
}

static void read_stanza(const struct json_data *stanza, struct tool_report *report)
{
    const struct json_data *status = json_data_member(stanza, "status");
    const struct json_data *list = json_data_member(stanza, "backup");
    report->status = json_data_integer(status, "code", -1);
    report->status_text = mem_copy(json_data_text(status, "message"));
    report->n = json_data_count(list);
    report->items = mem_new(report->n + 1, sizeof *report->items);
    for (size_t i = 0; i < report->n; i++) {
        read_backup(stanza, json_data_item(list, i), &report->items[i]);
    }
    qsort(report->items, report->n, sizeof *report->items, by_age);
}

bool backup_tool_parse(const char *text, size_t size, const char *stanza,
                       struct tool_report *ret_report, struct error *err)
{
    CLEANUP(json_data_freep) struct json_data *data = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!json_data_parse(text, size, &data, &ignored) || !json_data_is_array(data)) {
        return error_set(err, ERROR_BACKUP, "pgbackrest info did not answer with its report");
    }
    for (size_t i = 0; i < json_data_count(data); i++) {
        const struct json_data *item = json_data_item(data, i);
        if (text_equal(json_data_text(item, "name"), stanza)) {
            *ret_report = (struct tool_report){0};
            read_stanza(item, ret_report);
            return true;
        }
    }
    return error_set(err, ERROR_BACKUP, "pgbackrest info says nothing of stanza \"%s\"", stanza);
}

/* --- running it --- */

static void add_options(struct strlist *argv, const struct environment *environment)
{
    strlist_add(argv, "pgbackrest");
    strlist_printf(argv, "--stanza=%s", environment->backup_tool.stanza);
    if (environment->backup_tool.config != NULL) {
        strlist_printf(argv, "--config=%s", environment->backup_tool.config);
    }
    strlist_add(argv, "--log-level-console=off");
    strlist_add(argv, "--log-level-stderr=error");
}

/* It has variables of its own, which the user's environment may set. */
static bool run_tool(const struct strlist *argv, msec deadline, struct process_result *ret_result,
                     struct error *err)
{
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    process_user_environment(&env);
    const struct process_spec spec = {.argv = (const char *const *)argv->items,
                                      .env = (const char *const *)env.items,
                                      .deadline = deadline};
    if (process_run(&spec, ret_result, &failure)) {
        return !ret_result->interrupted || interrupt_error(err);
    }
    (void)error_set(err, ERROR_BACKUP, "%s", failure.message);
    return error_hint(err, "Install it on this machine (Debian: apt install pgbackrest), or leave "
                           "\"backup\" of the environment away: then headgate makes its backups.");
}

/* A failure to work at all; what it says stands on stderr. */
static bool fails(const struct process_result *result, const char *what, struct error *err)
{
    CLEANUP(mem_freep) char *how = process_result_describe(result);
    CLEANUP(mem_freep) char *said = mem_copy_n(result->err.text, strcspn(result->err.text, "\n"));
    (void)error_set(err, ERROR_BACKUP, "pgbackrest %s: %s", what, how);
    return said[0] == '\0' || error_detail(err, "It says: %s", said);
}

bool backup_tool_look(const struct environment *environment, msec deadline,
                      struct tool_report *ret_report, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(process_result_clear) struct process_result result = {0};
    add_options(&argv, environment);
    strlist_add(&argv, "--output=json");
    strlist_add(&argv, "info");
    if (!run_tool(&argv, deadline, &result, err)) {
        return false;
    }
    if (result.exit_status != 0 || result.out_cut) {
        (void)fails(&result, "info", err);
        return false;
    }
    return backup_tool_parse(result.out.text, result.out.size, environment->backup_tool.stanza,
                             ret_report, err);
}

/* --- which one counts --- */

/* A clock that is further ahead than this would keep a backup young for too long. */
#define CLOCKS_APART ((msec)300000)

static char *lack_of(const struct tool_backup *backup, const char *system_identifier, msec max_age,
                     int64_t now)
{
    int64_t age = (now - backup->stopped) / 1000;
    if (backup->system_identifier == NULL ||
        !text_equal(backup->system_identifier, system_identifier)) {
        return mem_printf("%s is of another server: system identifier %s, not %s", backup->label,
                          backup->system_identifier != NULL ? backup->system_identifier : "unknown",
                          system_identifier != NULL ? system_identifier : "unknown");
    }
    if (backup->has_errors) {
        return mem_printf("%s has errors: pgBackRest met damaged pages", backup->label);
    }
    if (max_age > 0 && age > max_age) {
        CLEANUP(mem_freep) char *old = duration_human(age);
        CLEANUP(mem_freep) char *most = duration_format(max_age);
        return mem_printf("%s is %s old, and may be %s", backup->label, old, most);
    }
    if (max_age > 0 && age < -CLOCKS_APART) {
        CLEANUP(mem_freep) char *ahead = duration_human(-age);
        return mem_printf("%s ended in %s from now: how old it is cannot be told; set the clocks",
                          backup->label, ahead);
    }
    return NULL;
}

/* The closest is the one that lacks the least; of a good server, the newest. */
const struct tool_backup *backup_tool_newest(const struct tool_report *report,
                                             const char *system_identifier, msec max_age,
                                             int64_t now, char **ret_lack)
{
    CLEANUP(mem_freep) char *closest = NULL;
    bool closest_is_ours = false;
    if (report->status != 0) {
        *ret_lack =
            mem_printf("pgBackRest says: %s",
                       report->status_text != NULL ? report->status_text : "something is wrong");
        return NULL;
    }
    for (size_t i = 0; i < report->n; i++) {
        const struct tool_backup *backup = &report->items[i];
        CLEANUP(mem_freep) char *lack = lack_of(backup, system_identifier, max_age, now);
        bool ours = text_equal(backup->system_identifier, system_identifier);
        if (lack == NULL) {
            return backup;
        }
        if (closest == NULL || (ours && !closest_is_ours)) {
            mem_free(closest);
            closest = TAKE(lack);
            closest_is_ours = ours;
        }
    }
    *ret_lack = closest != NULL ? TAKE(closest) : mem_copy("pgBackRest has none");
    return NULL;
}

/* --- verify --- */

/* " status: valid" of "  backup: LABEL, status: valid, total files checked: 964": a text of the
 * line that begins so. The caller's; NULL: there is none. */
static char *line_with(const char *text, const char *beginning)
{
    for (const char *line = text; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        const char *begins = line + strspn(line, " ");
        if (text_starts(begins, beginning)) {
            return mem_copy_n(begins, size - (size_t)(begins - line));
        }
        line += size + (line[size] == '\n' ? 1 : 0);
    }
    return NULL;
}

enum tool_verdict backup_tool_read_verify(const char *text, const char *label, char **ret_text)
{
    CLEANUP(mem_freep) char *whole = line_with(text, "status: ");
    CLEANUP(mem_freep) char *wanted = mem_printf("backup: %s, status: ", label);
    CLEANUP(mem_freep) char *about = line_with(text, wanted);
    CLEANUP(mem_freep) char *valid = mem_printf("%svalid,", wanted);
    bool good = text_equal(whole, "status: ok") && about != NULL && text_starts(about, valid);
    if (good) {
        return TOOL_VERIFIED;
    }
    *ret_text = about != NULL && !text_starts(about, valid) ? TAKE(about)
                : whole == NULL                             ? mem_copy("it reported nothing")
                : about == NULL ? mem_printf("it did not report on backup %s", label)
                                : TAKE(whole);
    return TOOL_DAMAGED;
}

/* Before 2.45 or so it only wrote to its log, if it knew the command at all. */
static bool can_verify(bool *ret_can, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(process_result_clear) struct process_result result = {0};
    static const char *const words[] = {"pgbackrest", "help", "verify"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        strlist_add(&argv, words[i]);
    }
    if (!run_tool(&argv, deadline_in(60000), &result, err)) {
        return false;
    }
    *ret_can = result.exit_status == 0 && strstr(result.out.text, "--output") != NULL &&
               strstr(result.out.text, "--verbose") != NULL;
    return true;
}

bool backup_tool_verify(const struct environment *environment, const char *label,
                        const struct backup_observer *observer, enum tool_verdict *ret_verdict,
                        char **ret_text, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(process_result_clear) struct process_result result = {0};
    bool can = false;
    if (!can_verify(&can, err)) {
        return false;
    }
    if (!can) {
        *ret_verdict = TOOL_CANNOT;
        *ret_text = mem_copy("this version of pgbackrest has no verify that reports");
        return true;
    }
    if (observer->say != NULL) {
        observer->say(observer->context, "pgbackrest reads every file of its repository back");
    }
    add_options(&argv, environment);
    strlist_add(&argv, "--output=text");
    strlist_add(&argv, "--verbose");
    strlist_add(&argv, "verify");
    if (!run_tool(&argv, DEADLINE_NONE, &result, err)) {
        return false;
    }
    if (result.exit_status != 0) {
        return fails(&result, "verify", err) && false;
    }
    *ret_verdict = backup_tool_read_verify(result.out.text, label, ret_text);
    return true;
}
