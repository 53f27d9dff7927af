#include "scratch.h"

#include <string.h>

#include "private.h"

struct parsed {
    const struct command *command;
    struct options options;
    struct error err;
    bool good;
};

static void parsed_clear(struct parsed *parsed)
{
    options_clear(&parsed->options);
    error_clear(&parsed->err);
}

/* The words after "headgate", NULL terminated. */
static struct parsed parse(const char *const *words)
{
    struct parsed parsed = {.err = ERROR_INIT};
    char *argv[32] = {(char *)(uintptr_t) "headgate"};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    parsed.good = options_parse(argc, argv, &parsed.command, &parsed.options, &parsed.err);
    assert_int_equal(parsed.good, parsed.err.code == ERROR_NONE);
    return parsed;
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})
#define PARSED CLEANUP(parsed_clear) struct parsed

static void expect_command(const struct parsed *parsed, const struct command *command)
{
    if (!parsed->good) {
        fail_msg("refused: %s", parsed->err.message);
    }
    assert_ptr_equal(parsed->command, command);
}

static void expect_refused(const struct parsed *parsed, const char *message, const char *hint)
{
    assert_false(parsed->good);
    assert_int_equal(parsed->err.code, ERROR_USAGE);
    assert_string_equal(parsed->err.message, message);
    if (hint == NULL) {
        assert_null(parsed->err.hint);
    } else {
        assert_string_equal(parsed->err.hint, hint);
    }
}

/* --- commands --- */

static void every_command_is_found_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        char *first = mem_copy(commands[i]->name);
        char *space = strchr(first, ' ');
        char *words[3] = {first, NULL, NULL};
        size_t n = 1, used = 0;
        if (space != NULL) {
            *space = '\0';
            words[n++] = space + 1;
        }
        words[n] = first; /* what follows makes no difference */
        assert_ptr_equal(command_find(words, n, &used), commands[i]);
        assert_int_equal(used, n);
        used = 0;
        assert_ptr_equal(command_find(words, n + 1, &used), commands[i]);
        assert_int_equal(used, n);
        mem_free(first);
    }
}

static void parts_of_names_are_no_commands(void **state)
{
    (void)state;
    static const char *const parts[][2] = {
        {"", NULL},        {"dep", NULL},       {"deployx", NULL}, {"config", NULL},
        {"config", "sho"}, {"config", "showx"}, {"verify", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *words[2] = {(char *)(uintptr_t)parts[i][0], (char *)(uintptr_t)parts[i][1]};
        size_t used = 77;
        assert_null(command_find(words, words[1] != NULL ? 2 : 1, &used));
        assert_int_equal(used, 77);
    }
    size_t used = 77;
    assert_null(command_find(NULL, 0, &used));
}

static void without_words_there_is_no_command(void **state)
{
    (void)state;
    PARSED nothing = parse((const char *const[]){NULL});
    expect_command(&nothing, NULL);
    PARSED help = PARSE("--help");
    expect_command(&help, NULL);
    assert_true(help.options.help);
}

static void commands_of_two_words_may_have_options_between(void **state)
{
    (void)state;
    PARSED plain = PARSE("config", "show", "--origin");
    expect_command(&plain, &cmd_config_show);
    assert_true(plain.options.origin);
    assert_int_equal(plain.options.n_arguments, 0);
    PARSED between = PARSE("--json", "embedded", "--state", "s", "stop", "a", "-q", "b");
    expect_command(&between, &cmd_embedded_stop);
    assert_true(between.options.json);
    assert_true(between.options.quiet);
    assert_string_equal(between.options.state, "s");
    assert_int_equal(between.options.n_arguments, 2);
    assert_string_equal(between.options.arguments[0], "a");
    assert_string_equal(between.options.arguments[1], "b");
}

static void an_unknown_command_is_told_with_a_near_one(void **state)
{
    (void)state;
    PARSED near = PARSE("deplyo", "staging");
    expect_refused(&near, "there is no command \"deplyo\"", "Did you mean \"headgate deploy\"?");
    PARSED two = PARSE("confg", "show");
    expect_refused(&two, "there is no command \"confg\"", "Did you mean \"headgate config show\"?");
    PARSED second = PARSE("embedded", "remvoe", "x");
    expect_refused(&second, "there is no command \"embedded remvoe\"",
                   "Did you mean \"headgate embedded remove\"?");
    PARSED far = PARSE("frobnicate");
    expect_refused(&far, "there is no command \"frobnicate\"", "See: headgate help");
    PARSED empty = PARSE("");
    expect_refused(&empty, "there is no command \"\"", "See: headgate help");
}

static void half_a_command_is_completed(void **state)
{
    (void)state;
    PARSED config = PARSE("config");
    expect_refused(&config, "there is no command \"config\"",
                   "Did you mean \"headgate config show\"?");
    PARSED embedded = PARSE("embedded", "--json");
    expect_refused(&embedded, "there is no command \"embedded\"",
                   "Did you mean \"headgate embedded list\"?");
    assert_true(embedded.options.json);
    PARSED far = PARSE("embedded", "something-else-entirely");
    expect_refused(&far, "there is no command \"embedded something-else-entirely\"",
                   "Did you mean \"headgate embedded list\"?");
}

/* --- options --- */

static void a_value_stands_behind_a_blank_or_an_equals_sign(void **state)
{
    (void)state;
    PARSED blank = PARSE("deploy", "--env", "staging", "--release", "r");
    expect_command(&blank, &cmd_deploy);
    assert_string_equal(blank.options.env, "staging");
    assert_string_equal(blank.options.release, "r");
    assert_int_equal(blank.options.n_arguments, 0);
    PARSED equals = PARSE("deploy", "--env=staging", "--release=a=b", "--state=");
    expect_command(&equals, &cmd_deploy);
    assert_string_equal(equals.options.env, "staging");
    assert_string_equal(equals.options.release, "a=b");
    assert_string_equal(equals.options.state, "");
}

static void options_may_stand_before_their_command(void **state)
{
    (void)state;
    PARSED parsed = PARSE("--env", "staging", "--confirm", "deploy", "deploy", "--dry-run");
    expect_command(&parsed, &cmd_deploy);
    assert_string_equal(parsed.options.env, "staging");
    assert_string_equal(parsed.options.confirm, "deploy");
    assert_true(parsed.options.dry_run);
    assert_int_equal(parsed.options.n_arguments, 0);
    PARSED common = PARSE("--release", "status", "create", "x");
    expect_command(&common, &cmd_create);
    assert_string_equal(common.options.release, "status");
}

static void letters_stand_for_flags(void **state)
{
    (void)state;
    PARSED parsed = PARSE("-q", "version", "-v", "-h");
    expect_command(&parsed, &cmd_version);
    assert_true(parsed.options.quiet);
    assert_true(parsed.options.verbose);
    assert_true(parsed.options.help);
    assert_false(parsed.options.json);
}

static void every_option_sets_its_own_member(void **state)
{
    (void)state;
    PARSED parsed = PARSE("deploy", "--environments", "1", "--release", "2", "--state", "3",
                          "--json", "--no-input", "--no-color", "--quiet", "--verbose", "--env",
                          "4", "--dry-run", "--detailed-exitcode", "--confirm", "5");
    const struct options *o = &parsed.options;
    expect_command(&parsed, &cmd_deploy);
    assert_string_equal(o->environments, "1");
    assert_string_equal(o->release, "2");
    assert_string_equal(o->state, "3");
    assert_string_equal(o->env, "4");
    assert_string_equal(o->confirm, "5");
    assert_true(o->json && o->no_input && o->no_color && o->quiet && o->verbose);
    assert_true(o->dry_run && o->detailed_exitcode);
    assert_false(o->help || o->origin || o->all);
    assert_null(o->format);
}

static void the_last_one_counts(void **state)
{
    (void)state;
    PARSED parsed = PARSE("deploy", "--env", "a", "--env=b");
    expect_command(&parsed, &cmd_deploy);
    assert_string_equal(parsed.options.env, "b");
}

static void an_unknown_option_is_told_with_a_near_one(void **state)
{
    (void)state;
    PARSED near = PARSE("deploy", "--dryrun");
    expect_refused(&near, "headgate deploy: there is no option \"--dryrun\"",
                   "Did you mean \"--dry-run\"?");
    PARSED common = PARSE("config", "show", "--jsno");
    expect_refused(&common, "headgate config show: there is no option \"--jsno\"",
                   "Did you mean \"--json\"?");
    PARSED far = PARSE("deploy", "--frobnicate");
    expect_refused(&far, "headgate deploy: there is no option \"--frobnicate\"",
                   "See: headgate help deploy");
    PARSED nobody = PARSE("--frobnicate");
    expect_refused(&nobody, "there is no option \"--frobnicate\"", "See: headgate help");
    PARSED letter = PARSE("status", "-x");
    expect_refused(&letter, "headgate status: there is no option \"-x\"",
                   "See: headgate help status");
    PARSED letters = PARSE("status", "-qv");
    expect_refused(&letters, "headgate status: there is no option \"-qv\"",
                   "See: headgate help status");
    PARSED nothing = PARSE("status", "--=x");
    expect_refused(&nothing, "headgate status: there is no option \"--\"",
                   "See: headgate help status");
}

static void an_option_of_another_command_is_unknown(void **state)
{
    (void)state;
    PARSED parsed = PARSE("version", "--origin");
    expect_refused(&parsed, "headgate version: there is no option \"--origin\"",
                   "See: headgate help version");
}

static void what_is_given_to_an_unknown_option_is_not_repeated(void **state)
{
    (void)state;
    PARSED parsed = PARSE("deploy", "--password=canary");
    assert_false(parsed.good);
    assert_null(strstr(parsed.err.message, "canary"));
}

static void a_value_must_not_be_missing(void **state)
{
    (void)state;
    PARSED own = PARSE("deploy", "--env");
    expect_refused(&own, "--env needs a value: --env ENV", NULL);
    PARSED common = PARSE("--release");
    expect_refused(&common, "--release needs a value: --release PATH", NULL);
}

static void a_flag_takes_no_value(void **state)
{
    (void)state;
    PARSED parsed = PARSE("deploy", "--dry-run=yes");
    expect_refused(&parsed, "--dry-run takes no value", NULL);
}

/* --- arguments --- */

static void arguments_are_counted(void **state)
{
    (void)state;
    PARSED few = PARSE("create");
    expect_refused(&few, "headgate create: an argument is missing", "Usage: headgate create NAME");
    PARSED many = PARSE("deploy", "a", "b");
    expect_refused(&many, "headgate deploy: there are too many arguments",
                   "Usage: headgate deploy [ENV]");
    PARSED none = PARSE("version", "x");
    expect_refused(&none, "headgate version: there are too many arguments",
                   "Usage: headgate version");
    PARSED fitting = PARSE("status", "a", "b", "c");
    expect_command(&fitting, &cmd_status);
    assert_int_equal(fitting.options.n_arguments, 3);
}

static void whoever_asks_for_help_need_not_count(void **state)
{
    (void)state;
    PARSED few = PARSE("create", "--help");
    expect_command(&few, &cmd_create);
    PARSED many = PARSE("deploy", "a", "b", "-h");
    expect_command(&many, &cmd_deploy);
}

static void behind_two_dashes_everything_is_an_argument(void **state)
{
    (void)state;
    PARSED parsed = PARSE("create", "--json", "--", "--release");
    expect_command(&parsed, &cmd_create);
    assert_true(parsed.options.json);
    assert_null(parsed.options.release);
    assert_int_equal(parsed.options.n_arguments, 1);
    assert_string_equal(parsed.options.arguments[0], "--release");
    PARSED twice = PARSE("create", "--", "--");
    expect_command(&twice, &cmd_create);
    assert_string_equal(twice.options.arguments[0], "--");
    PARSED counted = PARSE("create", "--", "a", "b");
    assert_false(counted.good);
}

static void one_dash_is_an_argument(void **state)
{
    (void)state;
    PARSED parsed = PARSE("create", "-");
    expect_command(&parsed, &cmd_create);
    assert_string_equal(parsed.options.arguments[0], "-");
}

static void a_command_stands_before_the_two_dashes(void **state)
{
    (void)state;
    PARSED parsed = PARSE("--", "deploy");
    expect_refused(&parsed, "there is no command before \"--\"", "See: headgate help");
    PARSED alone = PARSE("--");
    expect_command(&alone, NULL);
    PARSED half = PARSE("config", "--", "show");
    expect_refused(&half, "there is no command \"config\"",
                   "Did you mean \"headgate config show\"?");
}

static void how_to_say_it_is_known_after_a_mistake(void **state)
{
    (void)state;
    PARSED option = PARSE("--json", "deploy", "--frobnicate");
    assert_false(option.good);
    assert_true(option.options.json);
    PARSED command = PARSE("--json", "deplyo");
    assert_false(command.good);
    assert_true(command.options.json);
    PARSED later = PARSE("deploy", "--frobnicate", "--json");
    assert_false(later.good);
    assert_true(later.options.json);
    PARSED argument = PARSE("deploy", "--frobnicate", "--", "--json");
    assert_false(argument.good);
    assert_false(argument.options.json);
    PARSED value = PARSE("deploy", "--release", "--json");
    expect_command(&value, &cmd_deploy);
    assert_string_equal(value.options.release, "--json");
    assert_false(value.options.json);
}

/* --- the table --- */

static void no_command_has_two_options_of_one_name(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        for (const struct option *o = commands[i]->options; o != NULL && o->name != NULL; o++) {
            for (const struct option *c = common_options; c->name != NULL; c++) {
                assert_string_not_equal(o->name, c->name);
                assert_true(o->letter == 0 || o->letter != c->letter);
            }
        }
    }
}

/* An option may stand before its command, so what follows it must not depend on the command. */
static void options_of_one_name_are_alike_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct option *a = commands[i]->options;
            for (; a != NULL && a->name != NULL; a++) {
                const struct option *b = commands[k]->options;
                for (; b != NULL && b->name != NULL; b++) {
                    assert_true(
                        !text_equal(a->name, b->name) ||
                        ((a->argument == NULL) == (b->argument == NULL) && a->offset == b->offset));
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_found_by_its_name),
        cmocka_unit_test(parts_of_names_are_no_commands),
        cmocka_unit_test(without_words_there_is_no_command),
        cmocka_unit_test(commands_of_two_words_may_have_options_between),
        cmocka_unit_test(an_unknown_command_is_told_with_a_near_one),
        cmocka_unit_test(half_a_command_is_completed),
        cmocka_unit_test(a_value_stands_behind_a_blank_or_an_equals_sign),
        cmocka_unit_test(options_may_stand_before_their_command),
        cmocka_unit_test(letters_stand_for_flags),
        cmocka_unit_test(every_option_sets_its_own_member),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(an_unknown_option_is_told_with_a_near_one),
        cmocka_unit_test(an_option_of_another_command_is_unknown),
        cmocka_unit_test(what_is_given_to_an_unknown_option_is_not_repeated),
        cmocka_unit_test(a_value_must_not_be_missing),
        cmocka_unit_test(a_flag_takes_no_value),
        cmocka_unit_test(arguments_are_counted),
        cmocka_unit_test(whoever_asks_for_help_need_not_count),
        cmocka_unit_test(behind_two_dashes_everything_is_an_argument),
        cmocka_unit_test(one_dash_is_an_argument),
        cmocka_unit_test(a_command_stands_before_the_two_dashes),
        cmocka_unit_test(how_to_say_it_is_known_after_a_mistake),
        cmocka_unit_test(no_command_has_two_options_of_one_name),
        cmocka_unit_test(options_of_one_name_are_alike_everywhere),
    };
    return cmocka_run_group_tests_name("cli/options", tests, NULL, NULL);
}
