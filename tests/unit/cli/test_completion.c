#include "scratch.h"

#include <string.h>

#include "headgate/file.h"
#include "headgate/process.h"
#include "private.h"

static bool is_installed(const char *program)
{
    CLEANUP(mem_freep) char *path = process_find(program);
    return path != NULL;
}

static void write_script(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    assert_ok(file_write(path, text, strlen(text), 0755, &err));
}

/* The completions of all shells, and a headgate that knows a project. */
static int prepare(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        CLEANUP(mem_freep) char *text = completion_for(shells[i]);
        assert_non_null(text);
        write_script(shells[i], text);
    }
    scratch_sh("mkdir -p bin");
    write_script("bin/headgate", "#!/bin/sh\n"
                                 "case \"$*\" in\n"
                                 "'completion environments') printf "
                                 "'development\\nstaging\\nproduction\\n' ;;\n"
                                 "'completion pipelines') printf 'promote\\nrefresh\\n' ;;\n"
                                 "'completion runs') printf '2026-b\\n2026-a\\n' ;;\n"
                                 "'completion backups') printf 'shop-b\\nshop-a\\n' ;;\n"
                                 "*) exit 64 ;;\n"
                                 "esac\n");
    return 0;
}

/* What bash offers for these words, quoted for the shell; the last one is being typed. */
static const char *in_bash(const char *words)
{
    return scratch_out(
        "PATH=$PWD/bin:$PATH bash --norc -c '. ./bash; COMP_WORDS=(headgate '\"%s\"'); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(old); _headgate; "
        "echo \"${COMPREPLY[*]}\"'",
        words);
}

static void expect_in_bash(const char *words, const char *wanted)
{
    const char *offered = in_bash(words);
    if (strcmp(offered, wanted) != 0) {
        fail_msg("headgate %s<TAB> offers \"%s\", wanted \"%s\"", words, offered, wanted);
    }
}

static void expect_option_in_bash(const char *words, const char *option, bool wanted)
{
    CLEANUP(mem_freep) char *offered = mem_printf(" %s ", in_bash(words));
    CLEANUP(mem_freep) char *word = mem_printf(" --%s ", option);
    if ((strstr(offered, word) != NULL) != wanted) {
        fail_msg("headgate %s<TAB> offers \"%s\"", words, offered);
    }
}

static void another_shell_has_none(void **state)
{
    (void)state;
    assert_null(completion_for("tcsh"));
    assert_null(completion_for(""));
}

static void bash_can_read_its_own(void **state)
{
    (void)state;
    scratch_sh("bash -n bash");
    assert_string_equal(scratch_out("bash --norc -c '. ./bash; complete -p headgate'"),
                        "complete -o default -F _headgate headgate");
}

static void shellcheck_has_nothing_to_say(void **state)
{
    (void)state;
    if (!is_installed("shellcheck")) {
        skip();
    }
    scratch_sh("shellcheck -s bash bash >&2");
}

static void commands_are_completed(void **state)
{
    (void)state;
    expect_in_bash("dep", "deploy");
    expect_in_bash("config ''", "show");
    expect_in_bash("config s", "show");
    expect_in_bash("e", "embedded");
    expect_in_bash("embedded ''", "list start stop remove");
    expect_in_bash("embedded st", "start stop");
    expect_in_bash("xyz", "");
    CLEANUP(mem_freep) char *offered = mem_printf(" %s ", in_bash("''"));
    for (size_t i = 0; commands[i] != NULL; i++) {
        CLEANUP(mem_freep)
        char *word = mem_printf(" %.*s ", (int)strcspn(commands[i]->name, " "), commands[i]->name);
        assert_contains(offered, word);
    }
}

static void each_word_is_offered_once(void **state)
{
    (void)state;
    expect_in_bash("conf", "config");
    assert_string_equal(scratch_out("printf '%%s\\n' %s | sort | uniq -d", in_bash("''")), "");
}

static void environments_are_those_of_the_project(void **state)
{
    (void)state;
    expect_in_bash("deploy s", "staging");
    expect_in_bash("status d", "development");
    expect_in_bash("doctor p", "production");
    expect_in_bash("status development s", "staging");
    expect_in_bash("create s", "");
}

static void pipelines_and_runs_are_those_of_the_project(void **state)
{
    (void)state;
    expect_in_bash("plan p", "promote");
    expect_in_bash("plan r", "refresh");
    expect_in_bash("show 2", "2026-b 2026-a");
    expect_in_bash("approve 2026-a", "2026-a");
    expect_in_bash("audit v", "verify");
    expect_in_bash("audit verify 2026-b", "2026-b");
    expect_in_bash("runs 2", "");
}

static void backups_are_those_of_the_vault(void **state)
{
    (void)state;
    expect_in_bash("backup ''", "create list show verify restore prune");
    expect_in_bash("backup show s", "shop-b shop-a");
    expect_in_bash("backup verify shop-a", "shop-a");
    expect_in_bash("backup restore shop-b", "shop-b");
    expect_in_bash("backup restore shop-b --to s", "staging");
    expect_in_bash("backup create s", "staging");
    expect_in_bash("backup create --verify ''", "checksums contents restore");
    expect_in_bash("backup verify --level c", "checksums contents");
}

static void without_a_project_nothing_is_said(void **state)
{
    (void)state;
    assert_string_equal(
        scratch_out("PATH=/usr/bin:/bin bash --norc -c '. ./bash; COMP_WORDS=(headgate "
                    "deploy s); COMP_CWORD=2; headgate() { echo trouble >&2; return 65; }; "
                    "_headgate; echo \"${COMPREPLY[*]}\"' 2>&1"),
        "");
}

static void every_option_is_offered_with_its_command(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        CLEANUP(mem_freep) char *words = mem_printf("%s --", commands[i]->name);
        for (const struct option *o = commands[i]->options; o != NULL && o->name != NULL; o++) {
            expect_option_in_bash(words, o->name, true);
        }
        expect_option_in_bash(words, "json", true);
    }
    expect_option_in_bash("version --", "dry-run", false);
    expect_option_in_bash("--", "json", true);
    expect_in_bash("deploy --dr", "--dry-run");
    expect_in_bash("deploy staging --conf", "--confirm");
}

static void values_of_options_are_no_commands(void **state)
{
    (void)state;
    expect_in_bash("--release migrations dep", "deploy");
    expect_in_bash("--release status dep", "deploy");
    expect_in_bash("--release = status dep", "deploy");
    expect_in_bash("embedded --state x st", "start stop");
    expect_in_bash("deploy --env staging --dr", "--dry-run");
    expect_in_bash("-q --json dep", "deploy");
}

static void values_of_options_are_completed(void **state)
{
    (void)state;
    expect_in_bash("deploy --env s", "staging");
    expect_in_bash("deploy --env ''", "development staging production");
    expect_in_bash("deploy --confirm p", "production");
    expect_in_bash("deploy --env =", "development staging production");
    expect_in_bash("deploy --env = s", "staging");
    expect_in_bash("embedded remove --confirm ''", "remove");
    expect_in_bash("help --format ''", "text man");
}

/* Nothing is offered, so that bash offers files. */
static void paths_are_left_to_the_shell(void **state)
{
    (void)state;
    expect_in_bash("--release ''", "");
    expect_in_bash("deploy --environments ''", "");
    expect_in_bash("status --state d", "");
}

static void arguments_of_other_kinds_are_completed(void **state)
{
    (void)state;
    expect_in_bash("help dep", "deploy");
    expect_in_bash("completion f", "fish");
    expect_in_bash("completion z", "zsh");
}

static void zsh_can_read_its_own(void **state)
{
    (void)state;
    if (!is_installed("zsh")) {
        skip();
    }
    scratch_sh("zsh -n zsh");
    assert_string_equal(
        scratch_out("PATH=$PWD/bin:$PATH zsh -f -c 'compdef() { print registered $*; }; "
                    "source ./zsh; compadd() { print -r -- ${(P)2}; }; "
                    "words=(headgate deploy --env s); CURRENT=4; _headgate'"),
        "registered _headgate headgate\ndevelopment staging production");
}

static void fish_can_read_its_own(void **state)
{
    (void)state;
    if (!is_installed("fish")) {
        skip();
    }
    scratch_sh("fish --no-execute fish");
    assert_string_equal(
        scratch_out("PATH=$PWD/bin:$PATH HOME=$PWD fish -N -c 'source ./fish; complete -C "
                    "\"headgate config \"' | cut -f1"),
        "show");
}

/* What is quoted in fish's file ends where it should, whatever the table says. */
static void quotes_are_closed_for_fish(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *text = completion_for("fish");
    bool quoted = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (quoted && *c == '\\' && c[1] != '\0') {
            c++;
        } else if (*c == '\'') {
            quoted = !quoted;
        } else if (*c == '\n') {
            assert_false(quoted);
        }
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *last = strrchr(commands[i]->name, ' ');
        CLEANUP(mem_freep)
        char *rule = mem_printf(" -a %s -d '", last != NULL ? last + 1 : commands[i]->name);
        assert_contains(text, rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_shell_has_none),
        cmocka_unit_test(bash_can_read_its_own),
        cmocka_unit_test(shellcheck_has_nothing_to_say),
        cmocka_unit_test(commands_are_completed),
        cmocka_unit_test(each_word_is_offered_once),
        cmocka_unit_test(environments_are_those_of_the_project),
        cmocka_unit_test(pipelines_and_runs_are_those_of_the_project),
        cmocka_unit_test(backups_are_those_of_the_vault),
        cmocka_unit_test(without_a_project_nothing_is_said),
        cmocka_unit_test(every_option_is_offered_with_its_command),
        cmocka_unit_test(values_of_options_are_no_commands),
        cmocka_unit_test(values_of_options_are_completed),
        cmocka_unit_test(paths_are_left_to_the_shell),
        cmocka_unit_test(arguments_of_other_kinds_are_completed),
        cmocka_unit_test(zsh_can_read_its_own),
        cmocka_unit_test(fish_can_read_its_own),
        cmocka_unit_test(quotes_are_closed_for_fish),
    };
    return cmocka_run_group_tests_name("cli/completion", tests, prepare, NULL);
}
