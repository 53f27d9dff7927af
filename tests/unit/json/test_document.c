#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "headgate/file.h"
#include "reading.h"

static void write_scratch(const char *name, const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

static void a_file_is_read_with_its_folder(void **state)
{
    (void)state;
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_scratch("good.json", "{\"a\": 1}\n");
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "good.json");
    assert_ok(json_read(path, NULL, &document, &err));
    assert_string_equal(json_path(document), path);
    assert_string_equal(json_folder(document), scratch_dir());
    assert_non_null(json_arena(document));
    struct json_node root = json_root(document);
    assert_true(json_is_object(&root));
    assert_ok(json_finish(document, &err));
}

static void a_mistake_in_a_file_is_shown_with_its_line(void **state)
{
    (void)state;
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf shown = STRBUF_INIT;
    write_scratch("bad.json", "{\n  \"a\": 1,\n}\n");
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "bad.json");
    assert_fails(json_read(path, NULL, &document, &err), ERROR_CONFIG);
    assert_null(document);
    CLEANUP(mem_freep) char *shown_path = path_display(path);
    CLEANUP(mem_freep) char *message = mem_printf("%s has 1 mistake", shown_path);
    assert_string_equal(err.message, message);
    problem_render(&err.problems.items[0], false, &shown);
    assert_contains(shown.text, "error: trailing comma before \"}\"");
    assert_contains(shown.text, "bad.json:2:9");
    assert_contains(shown.text, "2 |   \"a\": 1,");
}

static void a_missing_file_is_a_mistake_of_the_configuration(void **state)
{
    (void)state;
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error folder = ERROR_INIT;
    assert_fails(json_read("no/such.json", NULL, &document, &err), ERROR_CONFIG);
    assert_string_equal(err.message, "could not read no/such.json: No such file or directory");
    assert_false(json_read(scratch_dir(), NULL, &document, &folder));
    assert_contains(folder.message, "Is a directory");
    assert_null(document);
}

static void a_file_of_100_megabytes_is_refused_unread(void **state)
{
    (void)state;
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct rusage before, after;
    scratch_sh("truncate -s 100M huge.json");
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "huge.json");
    (void)getrusage(RUSAGE_SELF, &before);
    assert_fails(json_read(path, NULL, &document, &err), ERROR_CONFIG);
    (void)getrusage(RUSAGE_SELF, &after);
    assert_contains(err.message, "huge.json is larger than 4 MiB");
    assert_null(document);
    assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
}

static void a_text_over_the_limit_is_refused(void **state)
{
    (void)state;
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "[]");
    strbuf_add_repeated(&text, ' ', JSON_FILE_LIMIT - 2);
    assert_ok(json_parse("edge.json", text.text, text.size, NULL, &document, &err));
    json_freep(&document);
    strbuf_add_char(&text, ' ');
    assert_fails(json_parse("big.json", text.text, text.size, NULL, &document, &err), ERROR_CONFIG);
    assert_string_equal(err.message, "big.json is larger than 4 MiB");
}

static void all_mistakes_come_out_at_once_and_in_order(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"b\": 1,\n \"a\": 2}", NULL);
    struct json_node a = json_member(&reading.object, "a", JSON_REQUIRED);
    struct json_node b = json_member(&reading.object, "b", JSON_REQUIRED);
    (void)json_complain(&a, "this is \"%s\"", "wrong\nand long");
    (void)json_complain_key(&b, "so is this");
    (void)json_complain_key(&b, "so is this");
    (void)json_complain(&reading.root, "and all of it");
    assert_mistakes(&reading,
                    "1:1+1 and all of it\n1:2+3 so is this\n2:7+1 this is \"wrong and long\"");
    assert_string_equal(reading.err.message, "a.json has 3 mistakes");
}

static void a_document_can_be_finished_again(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{\"b\": 1}", NULL);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct json_node b = json_member(&reading.object, "b", JSON_REQUIRED);
    assert_ok(json_finish(reading.document, &err));
    (void)json_complain(&b, "wrong");
    assert_mistakes(&reading, "1:7+1 wrong");
    assert_ok(json_finish(reading.document, &err));
}

/* Each mistake keeps its line: of a file of one long line that would be the file, again and again.
 */
static void a_file_of_mistakes_stays_small(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "{\"k0\":1");
    for (int i = 1; i < 20000; i++) {
        strbuf_printf(&text, ",\"k%d\":1", i);
    }
    strbuf_add(&text, "}");
    CLEANUP(reading_clear) struct reading reading = reading_of(text.text, NULL);
    json_object_close(&reading.object);
    assert_false(json_finish(reading.document, &reading.err));
    assert_string_equal(reading.err.message, "a.json has 20000 mistakes");
    assert_string_equal(reading.err.detail, "100 of them are shown.");
    assert_int_equal(reading.err.problems.n, 100);
    assert_null(reading.err.problems.items[0].source_line);
}

static void freeing_nothing_is_fine(void **state)
{
    struct json_document *document = NULL;
    (void)state;
    json_free(NULL);
    json_freep(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_100_megabytes_is_refused_unread),
        cmocka_unit_test(a_file_is_read_with_its_folder),
        cmocka_unit_test(a_mistake_in_a_file_is_shown_with_its_line),
        cmocka_unit_test(a_missing_file_is_a_mistake_of_the_configuration),
        cmocka_unit_test(a_text_over_the_limit_is_refused),
        cmocka_unit_test(all_mistakes_come_out_at_once_and_in_order),
        cmocka_unit_test(a_document_can_be_finished_again),
        cmocka_unit_test(a_file_of_mistakes_stays_small),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
