#include "headgate/secret.h"

#include <stdio.h>
#include <stdlib.h>

#include "scratch.h"

static void assert_redacts(const char *text, const char *expected)
{
    CLEANUP(mem_freep) char *redacted = redact_copy(text);
    assert_string_equal(redacted, expected);
}

static void a_secret_is_revealed_only_on_request(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *secret = secret_new("kept-value");
    assert_string_equal(secret_reveal(secret), "kept-value");
    assert_redacts("kept-value", "***");
}

static void a_freed_secret_is_still_redacted(void **state)
{
    (void)state;
    struct secret *secret = secret_new("freed-value");
    secret_freep(&secret);
    assert_null(secret);
    secret_free(NULL);
    assert_redacts("it was freed-value.", "it was ***.");
}

static void nothing_is_no_secret(void **state)
{
    (void)state;
    secret_register(NULL);
    secret_register("");
    secret_register("\n\r\n");
    assert_redacts("a\n\r\nb", "a\n\r\nb");
    assert_false(redact_needed("", 0));
    CLEANUP(secret_freep) struct secret *empty = secret_new("");
    assert_string_equal(secret_reveal(empty), "");
}

static void percent_encoding_does_not_hide_a_value(void **state)
{
    (void)state;
    secret_register("p/w:\xC3\xA4 z~._-9?");
    assert_redacts("a p/w:\xC3\xA4 z~._-9? b", "a *** b");
    assert_redacts("a p%2Fw%3A%C3%A4%20z~._-9%3F b", "a *** b");
    assert_redacts("a p%2fw%3a%c3%a4%20z~._-9%3f b", "a *** b");
}

static void an_encoded_value_is_known_decoded_too(void **state)
{
    (void)state;
    secret_register("s%3Acret%22%2f1%zz%4");
    assert_redacts("s%3Acret%22%2f1%zz%4", "***");
    assert_redacts("<s:cret\"/1%zz%4>", "<***>");
    assert_redacts("{\"password\": \"s:cret\\\"/1%zz%4\"}", "{\"password\": \"***\"}");
    secret_register("%0Aline-break%0A");
    assert_redacts("\nline-break\n", "***");
}

static void json_escapes_do_not_hide_a_value(void **state)
{
    (void)state;
    secret_register("q\"b\\s/\t\x1F\xC3\xA4\xF0\x9F\x94\x91.");
    assert_redacts("\"q\\\"b\\\\s/\\t\\u001f\xC3\xA4\xF0\x9F\x94\x91.\"", "\"***\"");
    assert_redacts("\"q\\\"b\\\\s/\\t\\u001F\xC3\xA4\xF0\x9F\x94\x91.\"", "\"***\"");
    assert_redacts("\"q\\\"b\\\\s\\/\\t\\u001f\xC3\xA4\xF0\x9F\x94\x91.\"", "\"***\"");
    assert_redacts("\"q\\\"b\\\\s/\\t\\u001f\\u00e4\\ud83d\\udd11.\"", "\"***\"");
    assert_redacts("\"q\\\"b\\\\s\\/\\t\\u001F\\u00E4\\uD83D\\uDD11.\"", "\"***\"");
}

static void bytes_that_are_no_utf_8_are_kept(void **state)
{
    (void)state;
    secret_register("bad\xFFutf\xC3");
    assert_redacts("(bad\xFFutf\xC3)", "(***)");
    assert_redacts("bad%FFutf%C3", "***");
}

static void every_long_line_of_a_value_is_a_secret(void **state)
{
    (void)state;
    secret_register("\nBEGIN-OF-KEY\r\nMIIEow/IBAAK\nshort\neightchr\n\n");
    assert_redacts("BEGIN-OF-KEY\r\nMIIEow/IBAAK\nshort\neightchr\n", "***\n");
    assert_redacts("> MIIEow/IBAAK <", "> *** <");
    assert_redacts("MIIEow%2FIBAAK", "***");
    assert_redacts("> eightchr", "> ***");
    assert_redacts("> short", "> short");
    assert_redacts("\"BEGIN-OF-KEY\\r\\nMIIEow/IBAAK\\nshort\\neightchr\\n\"", "\"***\\n\"");
}

static void the_line_break_of_a_secret_file_is_no_part_of_the_secret(void **state)
{
    (void)state;
    secret_register("fr/om\n");
    assert_redacts("fr/om", "***");
    assert_redacts("x fr/om\ny", "x ***\ny");
    assert_redacts("fr%2Fom", "***");
}

static void a_value_of_three_characters_is_redacted_only_as_a_word(void **state)
{
    (void)state;
    secret_register("q7z");
    secret_register("k");
    assert_redacts("q7z", "***");
    assert_redacts("-q7z-", "-***-");
    assert_redacts("aq7z q7za 1q7z Zq7z q7z1", "aq7z q7za 1q7z Zq7z q7z1");
    assert_redacts("k kk k", "*** kk ***");
    secret_register("q7zw");
    assert_redacts("aq7zwa", "a***a");
}

static void every_byte_may_be_a_secret(void **state)
{
    (void)state;
    secret_register("\x01");
    assert_redacts("\x01", "***");
    assert_redacts("- \x01 -", "- *** -");
}

static void a_value_larger_than_a_block_is_redacted(void **state)
{
    (void)state;
    size_t size = 200000;
    CLEANUP(mem_freep) char *value = mem_new(size + 1, 1);
    memset(value, '#', size);
    secret_register(value);
    secret_register(value);
    assert_redacts(value, "***");
    value[size - 1] = '\0';
    assert_redacts(value, value);
}

/* The VmFlags of the mapping that holds the address, as the kernel prints them; "" where it does
 * not. */
static const char *vm_flags(const void *address)
{
    static char line[512];
    FILE *maps = fopen("/proc/self/smaps", "re");
    assert_non_null(maps);
    bool inside = false;
    while (fgets(line, sizeof line, maps) != NULL) {
        char *end = line;
        uintptr_t from = strtoul(line, &end, 16);
        if (*end == '-') {
            uintptr_t to = strtoul(end + 1, NULL, 16);
            inside = from <= (uintptr_t)address && (uintptr_t)address < to;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            (void)fclose(maps);
            return line;
        }
    }
    (void)fclose(maps);
    return "";
}

static void a_core_dump_does_not_hold_a_secret(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *secret = secret_new("undumped-value");
    const char *flags = vm_flags(secret_reveal(secret));
    if (flags[0] == '\0') {
        skip();
    }
    assert_contains(flags, " dd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_revealed_only_on_request),
        cmocka_unit_test(a_freed_secret_is_still_redacted),
        cmocka_unit_test(nothing_is_no_secret),
        cmocka_unit_test(percent_encoding_does_not_hide_a_value),
        cmocka_unit_test(an_encoded_value_is_known_decoded_too),
        cmocka_unit_test(json_escapes_do_not_hide_a_value),
        cmocka_unit_test(bytes_that_are_no_utf_8_are_kept),
        cmocka_unit_test(every_long_line_of_a_value_is_a_secret),
        cmocka_unit_test(the_line_break_of_a_secret_file_is_no_part_of_the_secret),
        cmocka_unit_test(a_value_of_three_characters_is_redacted_only_as_a_word),
        cmocka_unit_test(every_byte_may_be_a_secret),
        cmocka_unit_test(a_value_larger_than_a_block_is_redacted),
        cmocka_unit_test(a_core_dump_does_not_hold_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
