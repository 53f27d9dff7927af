/* What pgBackRest 2.45 says of its backups: its own words, captured from a real one. */
#include "scratch.h"

#include <string.h>

#include "headgate/backup_tool.h"

#define SYSTEM_NUMBER "7713322703019718242"
#define STOPPED ((int64_t)1795897913 * 1000000)

static const char empty_report[] =
    "[{\"archive\":[],\"backup\":[],\"cipher\":\"none\",\"db\":[],\"name\":\"main\",\"repo\":[{"
    "\"cipher\":\"none\",\"key\":1,\"status\":{\"code\":1,\"message\":\"missing stanza path\"}}],"
    "\"status\":{\"code\":1,\"lock\":{\"backup\":{\"held\":false}},\"message\":\"missing stanza "
    "path\"}}]";

#define FULL_BACKUP                                                                                \
    "{\"archive\":{\"start\":\"000000010000000000000002\",\"stop\":\"000000010000000000000002\"}," \
    "\"backrest\":{\"format\":5,\"version\":\"2.45\"},\"database\":{\"id\":1,\"repo-key\":1},"     \
    "\"error\":false,\"info\":{\"delta\":22992582,\"repository\":{\"delta\":3043467,\"size\":"     \
    "3043467},\"size\":22992582},\"label\":\"20261128-203140F\",\"lsn\":{\"start\":\"0/2000028\"," \
    "\"stop\":\"0/2000100\"},\"prior\":null,\"reference\":null,\"timestamp\":{\"start\":"          \
    "1795897900,\"stop\":1795897913},\"type\":\"full\"}"

static char *report_of(const char *backups)
{
    return mem_printf(
        "[{\"archive\":[{\"database\":{\"id\":1,\"repo-key\":1},\"id\":\"15-1\",\"max\":"
        "\"000000010000000000000002\",\"min\":\"000000010000000000000001\"}],\"backup\":[%s],"
        "\"cipher\":\"none\",\"db\":[{\"id\":1,\"repo-key\":1,\"system-id\":" SYSTEM_NUMBER
        ",\"version\":\"15\"}],\"name\":\"main\",\"repo\":[{\"cipher\":\"none\",\"key\":1,"
        "\"status\":{\"code\":0,\"message\":\"ok\"}}],\"status\":{\"code\":0,\"lock\":{\"backup\":"
        "{\"held\":false}},\"message\":\"ok\"}}]",
        backups);
}

static void read_report(const char *text, struct tool_report *ret_report)
{
    struct error err = ERROR_INIT;
    assert_ok(backup_tool_parse(text, strlen(text), "main", ret_report, &err));
}

static void a_backup_is_read(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *text = report_of(FULL_BACKUP);
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    read_report(text, &report);
    assert_int_equal(report.status, 0);
    assert_int_equal(report.n, 1);
    const struct tool_backup *backup = &report.items[0];
    assert_string_equal(backup->label, "20261128-203140F");
    assert_string_equal(backup->type, "full");
    assert_string_equal(backup->system_identifier, SYSTEM_NUMBER);
    assert_true(backup->stopped == STOPPED);
    assert_int_equal(backup->size, 22992582);
    assert_int_equal(backup->stored, 3043467);
    assert_false(backup->has_errors);
}

static void what_is_no_report_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "ERROR: [031]", "{}", "[]", "[{\"name\":\"other\"}]"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(tool_report_clear) struct tool_report report = {0};
        assert_fails(backup_tool_parse(texts[i], strlen(texts[i]), "main", &report, &err),
                     ERROR_BACKUP);
    }
}

static void expect_lack(const char *text, const char *server, msec max_age, int64_t now,
                        const char *words)
{
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    CLEANUP(mem_freep) char *lack = NULL;
    read_report(text, &report);
    const struct tool_backup *found = backup_tool_newest(&report, server, max_age, now, &lack);
    if (words == NULL) {
        assert_non_null(found);
        assert_null(lack);
    } else {
        assert_null(found);
        assert_contains(lack, words);
    }
}

static void only_a_young_whole_backup_of_this_server_counts(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *good = report_of(FULL_BACKUP);
    CLEANUP(mem_freep) char *none = report_of("");
    CLEANUP(mem_freep) char *damaged = mem_copy(good);
    memcpy(strstr(damaged, "\"error\":false"), "\"error\":true ", strlen("\"error\":false"));
    const int64_t hour = (int64_t)3600 * 1000000, later = STOPPED + hour;
    expect_lack(good, SYSTEM_NUMBER, 7200000, later, NULL);
    expect_lack(good, SYSTEM_NUMBER, 0, STOPPED + 1000 * hour, NULL);
    expect_lack(good, SYSTEM_NUMBER, 3600000, later, NULL);
    expect_lack(good, SYSTEM_NUMBER, 3599000, later,
                "20261128-203140F is 1h 00m old, and may be 3599s");
    expect_lack(good, SYSTEM_NUMBER, 3600000, STOPPED - hour / 60, NULL);
    expect_lack(good, SYSTEM_NUMBER, 3600000, STOPPED - hour,
                "20261128-203140F ended in 1h 00m from now");
    expect_lack(good, "7713322703019718243", 0, later,
                "is of another server: system identifier " SYSTEM_NUMBER
                ", not 7713322703019718243");
    expect_lack(good, NULL, 0, later, "is of another server");
    expect_lack(damaged, SYSTEM_NUMBER, 0, later, "pgBackRest met damaged pages");
    expect_lack(none, SYSTEM_NUMBER, 0, later, "pgBackRest has none");
    expect_lack(empty_report, SYSTEM_NUMBER, 0, later, "pgBackRest says: missing stanza path");
}

/* A stanza that was upgraded, or made anew, knows several servers. */
static void a_backup_is_of_the_server_that_it_names(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *text = report_of(FULL_BACKUP);
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    char *id = strstr(text, "\"database\":{\"id\":1,\"repo-key\":1},\"error\"");
    memcpy(id, "\"database\":{\"id\":2", strlen("\"database\":{\"id\":2"));
    read_report(text, &report);
    assert_null(report.items[0].system_identifier);
}

static void the_newest_comes_first(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *text =
        report_of("{\"label\":\"old\",\"timestamp\":{\"stop\":10},\"database\":{\"id\":1}}"
                  ",{\"label\":\"new\",\"timestamp\":{\"stop\":30},\"database\":{\"id\":1}}"
                  ",{\"label\":\"middle\",\"timestamp\":{\"stop\":20}}");
    CLEANUP(tool_report_clear) struct tool_report report = {0};
    CLEANUP(mem_freep) char *lack = NULL;
    read_report(text, &report);
    assert_string_equal(report.items[0].label, "new");
    assert_string_equal(report.items[1].label, "middle");
    const struct tool_backup *found = backup_tool_newest(&report, SYSTEM_NUMBER, 0, 0, &lack);
    assert_non_null(found);
    assert_string_equal(found->label, "new");
}

/* --- verify --- */

static const char good_words[] =
    "stanza: main\nstatus: ok\n"
    "  archiveId: 15-1, total WAL checked: 2, total valid WAL: 2\n"
    "    missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n"
    "  backup: 20261128-203140F, status: valid, total files checked: 964, total valid files: 964\n"
    "    missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n";
static const char damaged_words[] =
    "stanza: main\nstatus: error\n"
    "  backup: 20261128-203140F, status: invalid, total files checked: 964, total valid files: "
    "963\n    checksum invalid: 1\n";

/* Its exit status is 0 for each of them. */
static void its_report_says_what_is_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *text, *label, *words; /* NULL: verified */
    } cases[] = {
        {good_words, "20261128-203140F", NULL},
        {good_words, "20261128-203140", "did not report on backup 20261128-203140"},
        {good_words, "20261129-000000F", "did not report on backup 20261129-000000F"},
        {damaged_words, "20261128-203140F", "status: invalid, total files checked: 964"},
        {"stanza: main\nstatus: error\n  backup: A, status: valid, total\n", "A", "status: error"},
        {"", "A", "it reported nothing"},
        {"stanza: main\n", "A", "it reported nothing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(mem_freep) char *text = NULL;
        enum tool_verdict verdict = backup_tool_read_verify(cases[i].text, cases[i].label, &text);
        assert_int_equal(verdict, cases[i].words == NULL ? TOOL_VERIFIED : TOOL_DAMAGED);
        if (cases[i].words != NULL) {
            assert_contains(text, cases[i].words);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_is_read),
        cmocka_unit_test(what_is_no_report_is_refused),
        cmocka_unit_test(only_a_young_whole_backup_of_this_server_counts),
        cmocka_unit_test(a_backup_is_of_the_server_that_it_names),
        cmocka_unit_test(the_newest_comes_first),
        cmocka_unit_test(its_report_says_what_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
