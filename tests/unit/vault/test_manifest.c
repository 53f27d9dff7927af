/*
 * Manifests, written and read.
 */
#include "manifests.h"

static struct manifest *parsed(const struct strbuf *text)
{
    struct error err = ERROR_INIT;
    struct manifest *manifest = NULL;
    assert_ok(manifest_parse(text->text, text->size, &manifest, &err));
    return manifest;
}

/* --- round trip --- */

static void what_is_written_is_read(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf again = STRBUF_INIT;
    const struct manifest wanted = some_manifest();
    manifest_write(&wanted, &text);
    CLEANUP(manifest_freep) struct manifest *found = parsed(&text);
    assert_int_equal(found->created, wanted.created);
    assert_int_equal(found->took, 4321);
    assert_string_equal(found->tables[0].name, wanted.tables[0].name);
    assert_string_equal(found->roles.items[1], "r\n2");
    assert_string_equal(found->database_settings.items[0], some_settings[0]);
    assert_true(row_digest_equal(&found->tables[0].digest, &wanted.tables[0].digest));
    assert_true(row_digest_equal(&found->blobs, &wanted.blobs));
    assert_int_equal(found->blobs.bytes, 8);
    assert_int_equal(found->tables[0].deleted, -1);
    assert_int_equal(found->n_members, 0);
    found->members = wanted.members; /* the archive's index has them */
    found->n_members = wanted.n_members;
    manifest_write(found, &again);
    assert_string_equal(again.text, text.text);
    assert_int_equal(manifest_rows(found), 3);
}

static void what_is_not_known_stays_unknown(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct manifest wanted = some_manifest();
    wanted.release = wanted.last_migration = wanted.run = NULL;
    wanted.locale_provider = wanted.icu_locale = wanted.system_identifier = NULL;
    wanted.statistics_reset = NULL;
    wanted.has_blobs = false;
    wanted.n_tables = wanted.n_extensions = 0;
    manifest_write(&wanted, &text);
    CLEANUP(manifest_freep) struct manifest *found = parsed(&text);
    assert_null(found->release);
    assert_null(found->last_migration);
    assert_null(found->run);
    assert_null(found->locale_provider);
    assert_null(found->icu_locale);
    assert_null(found->system_identifier);
    assert_null(found->statistics_reset);
    assert_false(found->has_blobs);
    assert_int_equal(found->n_tables, 0);
}

/* --- what is no manifest --- */

static void expect_refused(const char *text, size_t size, const char *sentence)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct manifest *manifest = NULL;
    if (manifest_parse(text, size, &manifest, &err)) {
        fail_msg("accepted: %s", text);
    }
    assert_null(manifest);
    assert_int_equal(err.code, ERROR_BACKUP);
    assert_contains(err.message, sentence);
}

/* The same value without the n-th member of all its objects, counted from 0; false where there are
 * not so many. */
static void write_without(struct json_writer *writer, const struct json_data *data, int *n)
{
    if (json_data_is_object(data)) {
        json_write_object(writer);
        for (size_t i = 0; i < json_data_count(data); i++) {
            const char *key = json_data_key(data, i);
            if ((*n)-- != 0) {
                json_write_key(writer, key);
                write_without(writer, json_data_member(data, key), n);
            }
        }
        json_write_object_end(writer);
    } else if (json_data_is_array(data)) {
        json_write_array(writer);
        for (size_t i = 0; i < json_data_count(data); i++) {
            write_without(writer, json_data_item(data, i), n);
        }
        json_write_array_end(writer);
    } else {
        json_write_data(writer, data);
    }
}

static void every_member_must_be_there(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(json_data_freep) struct json_data *whole = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct manifest wanted = some_manifest();
    wanted.n_members = 0;
    manifest_write(&wanted, &text);
    assert_ok(json_data_parse(text.text, text.size, &whole, &err));
    int n = 0, left = -1;
    for (; left < 0; n++) {
        CLEANUP(strbuf_clear) struct strbuf less = STRBUF_INIT;
        struct json_writer writer = json_writer_start(&less, false);
        left = n;
        write_without(&writer, whole, &left);
        if (left < 0) {
            expect_refused(less.text, less.size, "manifest");
        }
    }
    assert_int_equal(n - 1, 71); /* so many there are */
}

/* The manifest with one text in it replaced. */
static void expect_refused_with(const char *part, const char *instead, const char *sentence)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf hostile = STRBUF_INIT;
    const struct manifest wanted = some_manifest();
    manifest_write(&wanted, &text);
    const char *at = strstr(text.text, part);
    assert_non_null(at);
    strbuf_add_n(&hostile, text.text, (size_t)(at - text.text));
    strbuf_add(&hostile, instead);
    strbuf_add(&hostile, at + strlen(part));
    expect_refused(hostile.text, hostile.size, sentence);
}

static void hostile_values_are_refused(void **state)
{
    (void)state;
    expect_refused_with("\"took_ms\": 4321", "\"took_ms\": -1", "\"took_ms\" must be");
    expect_refused_with("\"took_ms\": 4321", "\"took_ms\": 1.5", "\"took_ms\" must be");
    expect_refused_with("\"took_ms\": 4321", "\"took_ms\": 1e300", "\"took_ms\" must be");
    expect_refused_with("\"took_ms\": 4321", "\"took_ms\": 99999999999999999999", "damaged");
    expect_refused_with("\"name\": \"" NAME "\"", "\"name\": null", "\"name\" must be a text");
    expect_refused_with("\"run\": \"run-1\"", "\"run\": 5", "\"run\" must be a text or null");
    expect_refused_with("2026-11-28T20:30:00.123456Z", "2026-02-30T20:30:00.123456Z",
                        "\"created\" must be a moment");
    expect_refused_with("\"in_recovery\": true", "\"in_recovery\": 1", "true or false");
    expect_refused_with("\"server_version_number\": 150020",
                        "\"server_version_number\": 4294967296",
                        "\"server_version_number\" must be");
    expect_refused_with("\"dump_id\": 200", "\"dump_id\": 2147483648", "\"dump_id\" must be");
    expect_refused_with("\"inserted\": 10", "\"inserted\": -2", "\"inserted\" must be");
    expect_refused_with("\"size\": 5000", "\"size\": 9001", "within the dump");
    expect_refused_with("\"at\": 1000", "\"at\": 10001", "within the dump");
    expect_refused_with("\"size\": 5000", "\"size\": 9223372036854775807", "within the dump");
    expect_refused_with("\"toc_end\": 900", "\"toc_end\": 10001", "within the dump");
    expect_refused_with("0000000000000001ffffffffffffffff", "1", "32 digits of hex");
    expect_refused_with("\"database_settings\": [", "\"database_settings\": [5,", "list of texts");
    expect_refused_with("\"tables\": [", "\"tables\": [null,", "\"schema\" must be a text");
    expect_refused_with("\"roles\": [", "\"roles\": {}, \"r\": [", "\"roles\" must be a list");
    expect_refused_with("\"members\": [", "\"members\": 1, \"m\": [", "\"members\" must be a list");
    expect_refused_with("\"plpgsql\"", "\"pl\\u0000\"", "damaged");
}

static void what_is_none_at_all_is_refused(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf deep = STRBUF_INIT;
    strbuf_add_repeated(&deep, '[', 100000);
    expect_refused("", 0, "the manifest is damaged");
    expect_refused("{}", 2, "this is no manifest");
    expect_refused("[]", 2, "this is no manifest");
    expect_refused("null", 4, "this is no manifest");
    expect_refused("{\"format\": \"1\"}", 15, "this is no manifest");
    expect_refused("\0\xff", 2, "the manifest is damaged");
    expect_refused(deep.text, deep.size, "the manifest is damaged");
}

static void a_later_format_names_what_helps(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct manifest *manifest = NULL;
    assert_false(manifest_parse("{\"format\": 2}", 13, &manifest, &err));
    assert_string_equal(err.message,
                        "the backup has format 2, and this version knows those up to 1");
    assert_contains(err.hint, "newer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_not_known_stays_unknown),
        cmocka_unit_test(every_member_must_be_there),
        cmocka_unit_test(hostile_values_are_refused),
        cmocka_unit_test(what_is_none_at_all_is_refused),
        cmocka_unit_test(a_later_format_names_what_helps),
    };
    return cmocka_run_group_tests_name("vault/manifest", tests, NULL, NULL);
}
