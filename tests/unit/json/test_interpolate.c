#include "headgate/json_write.h"
#include "headgate/secret.h"
#include "reading.h"

struct world {
    int n_commands;
    struct strbuf asked; /* what was looked up, in order */
};

static const char *variable(void *context, const char *name)
{
    struct world *world = context;
    strbuf_printf(&world->asked, "[%s]", name);
    if (text_equal(name, "SET")) {
        return "value";
    }
    if (text_equal(name, "ODD")) {
        return "${SET} $$ \"quoted\"";
    }
    return text_equal(name, "EMPTY") ? "" : NULL;
}

static bool file(void *context, const char *folder, const char *path, char **ret_text,
                 struct error *err)
{
    struct world *world = context;
    strbuf_printf(&world->asked, "[%s in %s]", path, folder);
    if (text_equal(path, "missing")) {
        (void)error_set(err, ERROR_IO, "could not read missing: No such file or directory");
        (void)error_detail(err, "It is not there.");
        return error_hint(err, "Make it.");
    }
    *ret_text = mem_copy("from a file \r\n\n");
    return true;
}

static bool command(void *context, const char *folder, const char *const *argv, char **ret_text,
                    struct error *err)
{
    struct world *world = context;
    (void)folder;
    world->n_commands++;
    for (size_t i = 0; argv[i] != NULL; i++) {
        strbuf_printf(&world->asked, "<%s>", argv[i]);
    }
    if (text_equal(argv[0], "false")) {
        return error_set(err, ERROR_IO, "false exited with status 1");
    }
    *ret_text = mem_copy("s3cret-word\n");
    return true;
}

static struct world world = {.asked = STRBUF_INIT};
static const struct json_sources sources = {
    .variable = variable, .file = file, .command = command, .context = &world};

static int forget(void **state)
{
    (void)state;
    strbuf_clear(&world.asked);
    world.n_commands = 0;
    return 0;
}

static struct reading reading_of_value(const char *value)
{
    CLEANUP(strbuf_clear) struct strbuf json = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&json, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "v", value);
    json_write_object_end(&writer);
    return reading_of(json.text, &sources);
}

static void assert_becomes(const char *value, const char *wanted)
{
    CLEANUP(reading_clear) struct reading reading = reading_of_value(value);
    const char *text = json_outside_text(&reading.object, "v", JSON_REQUIRED, NULL).text;
    assert_mistakes(&reading, "");
    assert_string_equal(text, wanted);
}

/* Columns: the value's first character is the seventh of {"v":"... */
static void assert_mistaken(const char *value, const char *wanted)
{
    CLEANUP(reading_clear) struct reading reading = reading_of_value(value);
    assert_null(json_outside_text(&reading.object, "v", JSON_REQUIRED, NULL).text);
    assert_mistakes(&reading, wanted);
}

static void variables_are_put_in(void **state)
{
    (void)state;
    assert_becomes("", "");
    assert_becomes("plain", "plain");
    assert_becomes("${SET}", "value");
    assert_becomes("a ${SET} b${SET}", "a value bvalue");
    assert_becomes("${SET:-default}", "value");
    assert_becomes("${UNSET:-default}", "default");
    assert_becomes("${EMPTY:-default}", "default");
    assert_becomes("${UNSET:-}", "");
    assert_becomes("${UNSET:-a:-b $ c $$}", "a:-b $ c $");
}

static void dollar_signs_stay_where_they_mean_nothing(void **state)
{
    (void)state;
    assert_becomes("$$", "$");
    assert_becomes("$${SET}", "${SET}");
    assert_becomes("$$${SET}", "$value");
    assert_becomes("$", "$");
    assert_becomes("$1 }{ $SET", "$1 }{ $SET");
    assert_becomes("${ODD}", "${SET} $$ \"quoted\"");
}

static void defaults_nest_up_to_eight_deep(void **state)
{
    (void)state;
    assert_becomes("${A:-${B:-x}}", "x");
    assert_becomes("${A:-${SET}/${B:-y}}", "value/y");
    assert_becomes("${A:-${B:-${C:-${D:-${E:-${F:-${G:-${H:-deep}}}}}}}}", "deep");
    assert_mistaken("${A:-${B:-${C:-${D:-${E:-${F:-${G:-${H:-${I:-x}}}}}}}}}",
                    "1:47+2 defaults are nested deeper than 8 levels");
}

static void a_default_that_is_not_needed_is_not_looked_up(void **state)
{
    (void)state;
    assert_becomes("${SET:-${file:missing}${cmd:false}${UNSET}}", "value");
    assert_string_equal(world.asked.text, "[SET]");
    assert_mistaken("${SET:-${1}}",
                    "1:14+4 \"1\" is no name of an environment variable | the forms are "
                    "${NAME}, ${NAME:-default}, ${file:PATH} and ${cmd:PROGRAM ARG}; a "
                    "dollar sign is written $$");
}

static void a_variable_that_is_not_set_is_a_mistake(void **state)
{
    (void)state;
    assert_mistaken(
        "a ${UNSET}",
        "1:9+8 environment variable \"UNSET\" is not set | ${UNSET:-default} gives a default");
    assert_mistaken(
        "${EMPTY}",
        "1:7+8 environment variable \"EMPTY\" is empty | ${EMPTY:-default} gives a default");
    assert_mistaken("${X}${SET}${Y:-${Z}}",
                    "1:7+4 environment variable \"X\" is not set | ${X:-default} gives a default\n"
                    "1:22+4 environment variable \"Z\" is not set | ${Z:-default} gives a default");
}

#define FORMS                                                                                      \
    " | the forms are ${NAME}, ${NAME:-default}, ${file:PATH} and ${cmd:PROGRAM ARG}; a dollar "   \
    "sign is written $$"

static void broken_pieces_are_shown_where_they_stand(void **state)
{
    (void)state;
    assert_mistaken("a ${SET", "1:9+5 this \"${\" has no closing \"}\"");
    assert_mistaken("${", "1:7+2 this \"${\" has no closing \"}\"");
    assert_mistaken("${A B", "1:7+5 this \"${\" has no closing \"}\"");
    assert_mistaken("${SET:-${SET}", "1:7+13 this \"${\" has no closing \"}\"");
    assert_mistaken("${file:x", "1:7+8 this \"${\" has no closing \"}\"");
    assert_mistaken("${cmd:x 'a}",
                    "1:7+11 this \"${\" has no closing \"}\" | a quote in it is not closed");
    assert_mistaken("${}", "1:7+3 \"\" is no name of an environment variable" FORMS);
    assert_mistaken("${1A} x", "1:7+5 \"1A\" is no name of an environment variable" FORMS);
    assert_mistaken("${A-x}", "1:7+6 \"A-x\" is no name of an environment variable" FORMS);
    assert_mistaken("${A:?x}", "1:7+7 expected \":-\" or \"}\" after \"A\"" FORMS);
    assert_mistaken("${file:}", "1:7+8 ${file:} names no file");
    assert_mistaken("${cmd: }", "1:7+8 ${cmd:} names no program");
    assert_mistaken("${file:${SET}/x}", "1:14+2 \"${\" cannot stand in a path or a command");
}

static void places_are_counted_in_the_file_not_in_the_value(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of(
        "{\n  \"v\": \"\\u00e9\\n\xc3\xa9\\uD83D\\uDE00\xf0\x9f\x98\x80\\u20ac\\/${\\u004eO}\"}",
        &sources);
    (void)json_text(&reading.object, "v", JSON_REQUIRED, NULL);
    assert_mistakes(
        &reading,
        "2:39+10 environment variable \"NO\" is not set | ${NO:-default} gives a default");
}

static void files_and_commands_lose_their_last_line_breaks(void **state)
{
    (void)state;
    assert_becomes("<${file:../a secret}>", "<from a file >");
    assert_becomes("<${cmd:pass show db}>", "<s3cret-word>");
    assert_string_equal(world.asked.text, "[../a secret in .]<pass><show><db>");
}

static void commands_are_cut_into_words_without_a_shell(void **state)
{
    (void)state;
    assert_becomes("${cmd: a  'b c' \"d }\"e '' \"'\" $$x *}", "s3cret-word");
    assert_string_equal(world.asked.text, "<a><b c><d }e><><'><$x><*>");
}

static void a_source_that_fails_speaks_for_itself(void **state)
{
    (void)state;
    assert_mistaken("x${file:missing}",
                    "1:8+15 could not read missing: No such file or directory | It "
                    "is not there. | Make it.");
    assert_mistaken("${cmd:false}", "1:7+12 false exited with status 1");
}

static void a_form_without_a_source_is_refused(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of(
        "{\"a\": \"${SET}\",\n\"b\": \"${file:x}\",\n\"c\": \"${cmd:x}\",\n\"d\": \"${file:-x}\"}",
        NULL);
    const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_null(json_text(&reading.object, keys[i], JSON_REQUIRED, NULL));
    }
    assert_mistakes(&reading, "1:8+6 ${NAME} cannot be used in this file\n"
                              "2:7+9 ${file:PATH} cannot be used in this file\n"
                              "3:7+8 ${cmd:PROGRAM ARG} cannot be used in this file\n"
                              "4:7+10 ${NAME} cannot be used in this file");
}

static void the_words_file_and_cmd_are_variables_with_a_default(void **state)
{
    (void)state;
    assert_becomes("${file:-x}${cmd:-y}", "xy");
    assert_string_equal(world.asked.text, "[file][cmd]");
}

static void the_parts_tell_where_they_came_from(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of_value("a${SET}b${NO:-c}${file:pw}${cmd:pass db}");
    struct json_outside_text text = json_outside_text(&reading.object, "v", JSON_REQUIRED, NULL);
    assert_string_equal(text.text, "avaluebcfrom a file s3cret-word");
    assert_string_equal(text.raw, "a${SET}b${NO:-c}${file:pw}${cmd:pass db}");
    assert_int_equal(text.n_parts, 3);
    assert_string_equal(text.parts[0].value, "value");
    assert_string_equal(text.parts[0].source, "environment variable SET");
    assert_string_equal(text.parts[1].value, "from a file ");
    assert_string_equal(text.parts[1].source, "file pw");
    assert_string_equal(text.parts[2].value, "s3cret-word");
    assert_string_equal(text.parts[2].source, "command pass");
}

static void only_json_text_makes_secrets_of_what_came_from_outside(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of_value("x-${cmd:pass}");
    (void)json_outside_text(&reading.object, "v", JSON_REQUIRED, NULL);
    assert_false(redact_needed("s3cret-word", strlen("s3cret-word")));
    (void)json_text(&reading.object, "v", JSON_REQUIRED, NULL);
    assert_true(redact_needed("s3cret-word", strlen("s3cret-word")));
}

static void a_value_is_fetched_once_however_often_it_is_read(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading =
        reading_of("{\"v\": \"${cmd:pass}\", \"w\": \"${cmd:false}\"}", &sources);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(json_text(&reading.object, "v", JSON_REQUIRED, NULL), "s3cret-word");
        assert_null(json_text(&reading.object, "w", JSON_REQUIRED, NULL));
    }
    assert_int_equal(world.n_commands, 2);
    assert_mistakes(&reading, "1:28+12 false exited with status 1");
    error_clear(&reading.err);
    assert_null(json_text(&reading.object, "w", JSON_REQUIRED, NULL));
    assert_mistakes(&reading, "1:28+12 false exited with status 1");
}

static void a_check_looks_nothing_up(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading =
        reading_of("{\"v\": \"$$ ${A:-${B}} ${file:x} ${cmd:y}\", \"w\": \"${A\"}", &sources);
    json_object_check_only(&reading.object, true);
    assert_string_equal(json_text(&reading.object, "v", JSON_REQUIRED, NULL),
                        "$$ ${A:-${B}} ${file:x} ${cmd:y}");
    assert_null(json_text(&reading.object, "w", JSON_REQUIRED, NULL));
    assert_string_equal(world.asked.text, "");
    assert_mistakes(&reading, "1:49+3 this \"${\" has no closing \"}\"");
    json_object_check_only(&reading.object, false);
    (void)json_text(&reading.object, "v", JSON_REQUIRED, NULL);
    assert_string_equal(world.asked.text, "[A][B][x in .]<y>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(variables_are_put_in, forget),
        cmocka_unit_test_teardown(dollar_signs_stay_where_they_mean_nothing, forget),
        cmocka_unit_test_teardown(defaults_nest_up_to_eight_deep, forget),
        cmocka_unit_test_teardown(a_default_that_is_not_needed_is_not_looked_up, forget),
        cmocka_unit_test_teardown(a_variable_that_is_not_set_is_a_mistake, forget),
        cmocka_unit_test_teardown(broken_pieces_are_shown_where_they_stand, forget),
        cmocka_unit_test_teardown(places_are_counted_in_the_file_not_in_the_value, forget),
        cmocka_unit_test_teardown(files_and_commands_lose_their_last_line_breaks, forget),
        cmocka_unit_test_teardown(commands_are_cut_into_words_without_a_shell, forget),
        cmocka_unit_test_teardown(a_source_that_fails_speaks_for_itself, forget),
        cmocka_unit_test_teardown(a_form_without_a_source_is_refused, forget),
        cmocka_unit_test_teardown(the_words_file_and_cmd_are_variables_with_a_default, forget),
        cmocka_unit_test_teardown(the_parts_tell_where_they_came_from, forget),
        cmocka_unit_test_teardown(only_json_text_makes_secrets_of_what_came_from_outside, forget),
        cmocka_unit_test_teardown(a_value_is_fetched_once_however_often_it_is_read, forget),
        cmocka_unit_test_teardown(a_check_looks_nothing_up, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
