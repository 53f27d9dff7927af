#include "headgate/secret.h"

#include <stdio.h>
#include <stdlib.h>

#include "child.h"

static void assert_redacts(const char *text, const char *expected)
{
    CLEANUP(mem_freep) char *redacted = redact_copy(text);
    assert_string_equal(redacted, expected);
}

static void assert_untouched(const char *text)
{
    assert_redacts(text, text);
}

static void a_secret_within_a_secret_is_redacted_whole(void **state)
{
    (void)state;
    secret_register("inner");
    secret_register("the-inner-secret");
    assert_redacts("the-inner-secret", "***");
    assert_redacts("an inner one", "an *** one");
}

static void of_secrets_that_overlap_nothing_is_left(void **state)
{
    (void)state;
    secret_register("first-half");
    secret_register("half-of-it-all");
    assert_redacts("<first-half-of-it-all>", "<***>");
    assert_redacts("first-halfhalf-of-it-all", "***");
}

static void a_secret_within_a_text_is_needed_to_be_redacted(void **state)
{
    (void)state;
    secret_register("needed-one");
    secret_register("n1");
    assert_true(redact_needed("needed-one", 10));
    assert_true(redact_needed("DSN=needed-one;", 15));
    assert_true(redact_needed("n1", 2));
    assert_false(redact_needed("n12 needed-on", 13));
    assert_false(redact_needed("needed-one", 9));
    assert_false(redact_needed("password=unknown", 16));
}

static void a_nul_byte_does_not_end_the_search(void **state)
{
    (void)state;
    secret_register("behind-nul");
    static const char text[] = "a\0behind-nul\0b";
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    redact(text, sizeof text - 1, &out);
    assert_int_equal(out.size, 7);
    assert_memory_equal(out.text, "a\0***\0b", 7);
}

static void the_password_of_a_url_is_hidden(void **state)
{
    (void)state;
    assert_redacts("postgres://app:hunter2@db/shop", "postgres://app:***@db/shop");
    assert_redacts("(sftp://me:a:b@c@host:22/)", "(sftp://me:***@host:22/)");
    assert_redacts("redis://:hunter2@cache", "redis://:***@cache");
    assert_redacts("x://u:pa/s?s#w@h/d", "x://u:***@h/d");
    assert_redacts("\"x://u:pa\\\"ss@h\"", "\"x://u:***@h\"");
    assert_redacts("x://u:1@h x://v:2@i", "x://u:***@h x://v:***@i");
    assert_redacts("x://a:x://u:pw@h", "x://a:x://u:***@h");
    assert_redacts("x://u:5432@h/d@e", "x://u:***@h/d@e");
    assert_redacts("x://${U:-me}:pw@h", "x://${U:-me}:***@h");
    assert_redacts("x://u:${P}x@h", "x://u:***@h");
    assert_redacts("x://u:${P:-pw}@h", "x://u:***@h");
    assert_redacts("x://u:${P@h", "x://u:***@h");
    assert_redacts("x://u:${P${Q}@h", "x://u:***@h");
}

static void a_url_without_a_password_stays(void **state)
{
    (void)state;
    assert_untouched("postgres://db:5432/shop?user=a@b");
    assert_untouched("https://host/a:b@c");
    assert_untouched("postgres://me@db:5432/a@b");
    assert_untouched("postgres://[::1]:5432/a@b");
    assert_untouched("x://u:@h");
    assert_untouched("x://u:p q@h");
    assert_untouched("x://u:p\nq@h");
    assert_untouched("x://u:${P\n}q@h");
    assert_untouched("x://me@db:a/b@c");
    assert_untouched("\"x://u:p\", \"q@h\"");
    assert_untouched("{\"x://u:p\":\"q@h\"}");
    assert_untouched("x://u v:w@x");
    assert_untouched("x://u");
    assert_untouched("x://u:p");
    assert_untouched("x://");
    assert_untouched("x:/u:p@h");
    assert_untouched("x:");
}

static void an_assigned_password_is_hidden(void **state)
{
    (void)state;
    assert_redacts("host=h password=hunter2 port=1", "host=h password=*** port=1");
    assert_redacts("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql");
    assert_redacts("sslPassword \t= hunter2", "sslPassword \t= ***");
    assert_redacts("password='hunter 2' b", "password='***' b");
    assert_redacts("password='it\\'s \\\\' b", "password='***' b");
    assert_redacts("password=\"hunter 2\" b", "password=\"***\" b");
    assert_redacts("{\"url\": \"password=hunter2\"}", "{\"url\": \"password=***\"}");
    assert_redacts("\"password=\\\"hunter 2\\\" b\"", "\"password=\\\"***\\\" b\"");
    assert_redacts("\"password=\\'a\\'\"", "\"password=\\'***\\'\"");
    assert_redacts("password=a\\ b c", "password=*** c");
    assert_redacts("password='open\nnext", "password='***\nnext");
    assert_redacts("password='open\\\nnext", "password='***\nnext");
    assert_redacts("password=a\npassword=b", "password=***\npassword=***");
    assert_redacts("password=${P}x", "password=***");
    assert_redacts("password=${P:-x}", "password=***");
    assert_redacts("password=${P", "password=***");
    assert_redacts("password=ab***", "password=***");
    assert_redacts("password=\\", "password=***");
    assert_redacts("password='x password=y' z", "password='***' z");
}

static void a_password_that_is_not_there_stays(void **state)
{
    (void)state;
    assert_untouched("the password of the user");
    assert_untouched("password");
    assert_untouched("password=");
    assert_untouched("password = \nnext");
    assert_untouched("password='' b");
    assert_untouched("if (password == NULL)");
    assert_untouched("password => x");
    assert_untouched("pass=word pa");
}

static void an_interpolation_is_no_secret(void **state)
{
    (void)state;
    assert_untouched("postgres://${USER}:${PASSWORD}@${HOST}/d");
    assert_untouched("x://u:${A}${B}@h");
    assert_untouched("x://u:${cmd:pass show a@b}@h");
    assert_untouched("x://u:${P:-}@h");
    assert_untouched("password=${file:/run/secrets/db password}");
    assert_untouched("PGPASSWORD='${P}'");
}

static void what_is_redacted_stays_so(void **state)
{
    (void)state;
    assert_untouched("x://u:***@h password=*** password='***' PGPASSWORD=\"***\"");
}

static void a_known_name_does_not_hide_an_unknown_password(void **state)
{
    (void)state;
    secret_register("passwor");
    assert_redacts("password=hunter2", "***d=***");
}

static void add_all(struct redact_stream *stream, const char *text, size_t size, size_t piece,
                    struct strbuf *out)
{
    for (size_t at = 0; at < size; at += piece) {
        redact_stream_add(stream, text + at, size - at < piece ? size - at : piece, out);
    }
}

static void a_stream_may_be_cut_anywhere(void **state)
{
    (void)state;
    secret_register("cut-me");
    secret_register("me-too-please");
    secret_register("---KEY---\nab\n\ncdefghijk\n---END---");
    secret_register("x9");
    secret_register("x9-and-more");
    secret_register("zz top");
    secret_register("user:pw@h/xx");
    static const char text[] =
        "plain cut-me cut-m cut-me-too-please x9 x9a 1x9 -x9\n"
        "---KEY---\nab\n\ncdefghijk\n---END---\n"
        "---KEY---\nab\n\ncdefghijX\n---END---\n"
        "postgres://u:pw@h/d http://h:80/x@y x://${A}:${B:-b}@c :/ :// x://u:p\n"
        "password = 'a b' PGPASSWORD=\\\"x y\\\" password=${cmd:a b} pass password\n"
        "password=a\\ cut-me password='it\\'s' x9\n"
        "password=zz tap password=zz top x://user:pw@h/xy x://user:pw@h/xx password=\\\"a b\\\" x9";
    size_t size = sizeof text - 1;
    CLEANUP(mem_freep) char *expected = redact_copy(text);
    for (size_t cut = 0; cut <= size; cut++) {
        struct redact_stream stream = REDACT_STREAM_INIT;
        CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
        redact_stream_add(&stream, text, cut, &out);
        redact_stream_add(&stream, text + cut, size - cut, &out);
        redact_stream_end(&stream, &out);
        assert_string_equal(out.text, expected);
    }
    for (size_t piece = 1; piece < 40; piece++) {
        struct redact_stream stream = REDACT_STREAM_INIT;
        CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
        add_all(&stream, text, size, piece, &out);
        redact_stream_end(&stream, &out);
        assert_string_equal(out.text, expected);
    }
}

static void a_stream_passes_on_what_cannot_be_a_secret(void **state)
{
    (void)state;
    secret_register("Zebra crossing\nand more of it");
    struct redact_stream stream = REDACT_STREAM_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    static const char *const steps[][2] = {
        {"one\ntwo\n", "one\ntwo\n"},
        {"Continue? ", "one\ntwo\nContinue? "},
        {"Ze", "one\ntwo\nContinue? "},
        {"ro ", "one\ntwo\nContinue? Zero "},
        {"Zebra crossing\n", "one\ntwo\nContinue? Zero "},
        {"and more of i", "one\ntwo\nContinue? Zero "},
        {"t.", "one\ntwo\nContinue? Zero ***."},
        {"Zebra", "one\ntwo\nContinue? Zero ***."},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        redact_stream_add(&stream, steps[i][0], strlen(steps[i][0]), &out);
        assert_string_equal(out.text, steps[i][1]);
    }
    redact_stream_end(&stream, &out);
    assert_string_equal(out.text, "one\ntwo\nContinue? Zero ***.Zebra");
    redact_stream_add(&stream, "Ze", 2, &out);
    redact_stream_clear(&stream);
    assert_int_equal(stream.held.size, 0);
}

/* However long the line is, so much is held at most. */
static void assert_held_at_most(size_t limit, const char *beginning, const char *repeated)
{
    struct redact_stream stream = REDACT_STREAM_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf piece = STRBUF_INIT;
    for (int i = 0; i < 500; i++) {
        strbuf_add(&piece, repeated);
    }
    redact_stream_add(&stream, beginning, strlen(beginning), &out);
    for (int i = 0; i < 100; i++) {
        redact_stream_add(&stream, piece.text, piece.size, &out);
        assert_true(stream.held.size <= limit);
    }
    redact_stream_clear(&stream);
}

static void a_line_without_end_is_not_held(void **state)
{
    (void)state;
    secret_register("yyyyyyyy");
    assert_held_at_most(0, "", "0123456789");
    assert_held_at_most(8, "", "yyyyyyyyyy");
    assert_held_at_most(8192, "x://", "0123456789");
    assert_held_at_most(8192, "x://u:a", "0123456789");
    assert_held_at_most(8192, "x://u:@", "0123456789");
    assert_held_at_most(8192, "", "x://u:");
    assert_held_at_most(8192, "password", "          ");
    assert_held_at_most(8192, "password=", "0123456789");
    assert_held_at_most(8192, "password='", "01234 6789");
    assert_held_at_most(8192, "x://u:${", "0123456789");
    assert_held_at_most(8192, "x://u:", "${");
}

static void a_password_longer_than_anyone_has_is_hidden_up_to_there(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "password=");
    strbuf_add_repeated(&text, '7', 8192);
    CLEANUP(mem_freep) char *redacted = redact_copy(text.text);
    assert_string_equal(redacted, "password=***777777777");
}

/* What redact must do with known values, said in the plainest way. */
static void redact_plainly(const char *text, const char *const *values, size_t n, char *out)
{
    bool hidden[64] = {false};
    for (size_t v = 0; v < n; v++) {
        size_t size = strlen(values[v]);
        for (const char *at = strstr(text, values[v]); at != NULL; at = strstr(at + 1, values[v])) {
            memset(hidden + (at - text), true, size);
        }
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!hidden[i]) {
            *out++ = text[i];
        } else if (i == 0 || !hidden[i - 1]) {
            memset(out, '*', 3);
            out += 3;
        }
    }
    *out = '\0';
}

static int compare_with_the_plain_way(const void *context)
{
    (void)context;
    static const char *const values[] = {"abab", "bbba", "ba\nab", "aabbaabb", "ab\n\na", "bbbbbb"};
    unsigned seed = 1;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        secret_register(values[i]);
    }
    for (int round = 0; round < 20000; round++) {
        char text[48], expected[160];
        size_t size = (size_t)rand_r(&seed) % (sizeof text - 1);
        for (size_t i = 0; i < size; i++) {
            text[i] = "aabb\n"[rand_r(&seed) % 5];
        }
        text[size] = '\0';
        redact_plainly(text, values, ARRAY_LEN(values), expected);
        struct redact_stream stream = REDACT_STREAM_INIT;
        CLEANUP(strbuf_clear) struct strbuf streamed = STRBUF_INIT;
        CLEANUP(mem_freep) char *whole = redact_copy(text);
        add_all(&stream, text, size, 1 + (size_t)rand_r(&seed) % 9, &streamed);
        redact_stream_end(&stream, &streamed);
        if (strcmp(whole, expected) != 0 || strcmp(streamed.text, expected) != 0) {
            (void)fprintf(stderr, "%s\n  should become %s\n  became %s\n  and in pieces %s\n", text,
                          expected, whole, streamed.text);
            return 1;
        }
    }
    return 0;
}

static void whatever_the_text_and_the_cuts_no_value_is_left(void **state)
{
    (void)state;
    assert_int_equal(in_child(compare_with_the_plain_way, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_within_a_secret_is_redacted_whole),
        cmocka_unit_test(of_secrets_that_overlap_nothing_is_left),
        cmocka_unit_test(a_secret_within_a_text_is_needed_to_be_redacted),
        cmocka_unit_test(a_nul_byte_does_not_end_the_search),
        cmocka_unit_test(the_password_of_a_url_is_hidden),
        cmocka_unit_test(a_url_without_a_password_stays),
        cmocka_unit_test(an_assigned_password_is_hidden),
        cmocka_unit_test(a_password_that_is_not_there_stays),
        cmocka_unit_test(an_interpolation_is_no_secret),
        cmocka_unit_test(what_is_redacted_stays_so),
        cmocka_unit_test(a_stream_may_be_cut_anywhere),
        cmocka_unit_test(a_stream_passes_on_what_cannot_be_a_secret),
        cmocka_unit_test(a_line_without_end_is_not_held),
        cmocka_unit_test(a_password_longer_than_anyone_has_is_hidden_up_to_there),
        cmocka_unit_test(whatever_the_text_and_the_cuts_no_value_is_left),
        /* Last: what it registers stands in many texts. */
        cmocka_unit_test(a_known_name_does_not_hide_an_unknown_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
