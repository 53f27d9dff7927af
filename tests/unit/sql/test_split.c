/* Where statements begin and end, held against libpg_query's own scanner and parser. */
#include <stdlib.h>

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "headgate/mem.h"
#include "headgate/strbuf.h"
#include "scratch.h"
#include "split.h"

/* Each statement in brackets; a command of psql in angle brackets. */
static void assert_split_n(const char *text, size_t size, const char *expected)
{
    CLEANUP(strbuf_clear) struct strbuf found = STRBUF_INIT;
    struct splitter splitter = splitter_of(text, size);
    struct extent extent;
    while (splitter_next(&splitter, &extent)) {
        strbuf_add_char(&found, extent.meta ? '<' : '[');
        strbuf_add_n(&found, text + extent.offset, extent.size);
        strbuf_add_char(&found, extent.meta ? '>' : ']');
    }
    assert_string_equal(found.text, expected);
}

static void assert_split(const char *text, const char *expected)
{
    assert_split_n(text, strlen(text), expected);
}

static void a_semicolon_ends_a_statement_and_the_last_may_lack_one(void **state)
{
    (void)state;
    assert_split("a; b ;c", "[a][b][c]");
    assert_split("", "");
    assert_split(" ;; ; \r\n;", "");
    assert_split("-- nothing\n/* but */ -- comments", "");
    assert_split("a b\r\n c\r\n;\r\nd\r\n", "[a b\r\n c][d]");
}

static void comments_around_a_statement_are_not_of_it(void **state)
{
    (void)state;
    assert_split("/* x; */ a /* y; */ b -- z;\n; -- e;\r c; /* /* ; */ ; */ d",
                 "[a /* y; */ b][c][d]");
    assert_split("a+--;\nb", "[a+--;\nb]");
    assert_split("a*/*;*/b", "[a*/*;*/b]");
}

static void quotes_hide_semicolons(void **state)
{
    (void)state;
    assert_split("'a;''b;';\"c;\"\"d;\";e", "['a;''b;'][\"c;\"\"d;\"][e]");
    assert_split("E'a\\';b';e'\\\\';f", "[E'a\\';b'][e'\\\\'][f]");
    assert_split("E'a'';\\';b';c", "[E'a'';\\';b'][c]");
    assert_split("'a\\';b", "['a\\'][b]");
    assert_split("namE'a\\';b", "[namE'a\\'][b]");
    assert_split("U&'a;\\';u&\"b;\"\";\";U&c;n'd;';b'1;';x'f;'",
                 "[U&'a;\\'][u&\"b;\"\";\"][U&c][n'd;'][b'1;'][x'f;']");
}

static void a_literal_goes_on_behind_a_line_break_with_its_escapes(void **state)
{
    (void)state;
    assert_split("E'a' \n 'b\\';c';d", "[E'a' \n 'b\\';c'][d]");
    assert_split("E'a' -- x\n 'b\\';c';d", "[E'a' -- x\n 'b\\';c'][d]");
    assert_split("E'a' 'b\\';d", "[E'a' 'b\\'][d]");
    assert_split("E'a'\n;d", "[E'a'][d]");
}

static void dollar_quotes_hide_everything(void **state)
{
    (void)state;
    assert_split("$$a;'$$;$q$;$$;$Q$;$q$;b", "[$$a;'$$][$q$;$$;$Q$;$q$][b]");
    assert_split("$1;a$b$;c$b$;$2a;d", "[$1][a$b$][c$b$][$2a][d]");
    assert_split("$\xC3\xA4$;$\xC3\xA4$;b", "[$\xC3\xA4$;$\xC3\xA4$][b]");
}

static void what_has_no_end_takes_the_rest(void **state)
{
    (void)state;
    static const char *const begins[] = {"'",  "\"",       "E'",  "E'\\",   "$$",  "$q$ $$ ",
                                         "/*", "/* /* */", "x (", "x '' '", "U&'", "U&\""};
    for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
        CLEANUP(mem_freep) char *text = mem_printf("a; %s b; c", begins[i]);
        CLEANUP(mem_freep) char *expected = mem_printf("[a][%s b; c]", begins[i]);
        assert_split(text, expected);
    }
    assert_split("a; /* b", "[a][/* b]");
    assert_split("E'\\", "[E'\\]");
    assert_split("$", "[$]");
}

static void parentheses_and_function_bodies_keep_their_semicolons(void **state)
{
    (void)state;
    assert_split("create rule r as on insert to t do (a; b);c",
                 "[create rule r as on insert to t do (a; b)][c]");
    assert_split("a); b", "[a)][b]");
    assert_split("create or replace function f() begin atomic select case when a then b end; c; "
                 "end; d",
                 "[create or replace function f() begin atomic select case when a then b end; c; "
                 "end][d]");
    assert_split("CREATE PROCEDURE f() BEGIN /**/ ATOMIC a AS case; b.end; c (CASE END;); END; d",
                 "[CREATE PROCEDURE f() BEGIN /**/ ATOMIC a AS case; b.end; c (CASE END;); END]"
                 "[d]");
    assert_split("create function begin() return case when a then b end; c",
                 "[create function begin() return case when a then b end][c]");
    assert_split("begin; atomic; create table begin; c", "[begin][atomic][create table begin][c]");
    assert_split("create or table function begin atomic; c", /* none of ours */
                 "[create or table function begin atomic][c]");
}

static void a_line_that_begins_with_a_backslash_is_psqls(void **state)
{
    (void)state;
    assert_split("\\connect a; b \r\n \t\\d\nselect 1\n\\g\nselect \\gset; '\n\\x'",
                 "<\\connect a; b><\\d>[select 1]<\\g>[select \\gset]['\n\\x']");
    assert_split("copy t from stdin;\n\\.\na (\n\\q", "[copy t from stdin]<\\.>[a (]<\\q>");
    assert_split("\xEF\xBB\xBF \\d", "<\\d>");
}

static void offsets_are_bytes_and_a_bom_is_skipped(void **state)
{
    (void)state;
    assert_split("\xEF\xBB\xBF \xC3\xA4 '\xE2\x82\xAC;'; b\xC3\xA4;c",
                 "[\xC3\xA4 '\xE2\x82\xAC;'][b\xC3\xA4][c]");
    assert_split("\xEF\xBB", "[\xEF\xBB]");
    assert_split_n("\0;a", 3, "[");
}

struct split_list {
    struct extent items[32];
    size_t n;
};

static void split_ours(const char *text, struct split_list *ret_list)
{
    struct splitter splitter = splitter_of(text, strlen(text));
    ret_list->n = 0;
    while (splitter_next(&splitter, &ret_list->items[ret_list->n])) {
        ret_list->n++;
    }
}

/* From the tokens of PostgreSQL's scanner; false where it refuses the text. */
static bool split_theirs(const char *text, struct split_list *ret_list)
{
    PgQueryScanResult scanned = pg_query_scan(text);
    struct split_list list = {0};
    int depth = 0;
    bool open = false;
    if (scanned.error == NULL) {
        PgQuery__ScanResult *tokens = pg_query__scan_result__unpack(
            NULL, scanned.pbuf.len, (const uint8_t *)scanned.pbuf.data);
        for (size_t i = 0; i < tokens->n_tokens; i++) {
            const PgQuery__ScanToken *token = tokens->tokens[i];
            int kind = (int)token->token;
            if (kind == PG_QUERY__TOKEN__SQL_COMMENT || kind == PG_QUERY__TOKEN__C_COMMENT) {
                continue;
            }
            if (kind == ';' && depth == 0) {
                open = false;
                continue;
            }
            depth += kind == '(' ? 1 : kind == ')' && depth > 0 ? -1 : 0;
            list.n += open ? 0 : 1;
            struct extent *extent = &list.items[list.n - 1];
            extent->offset = open ? extent->offset : (size_t)token->start;
            extent->size = (size_t)token->end - extent->offset;
            open = true;
        }
        pg_query__scan_result__free_unpacked(tokens, NULL);
    }
    bool scans = scanned.error == NULL;
    pg_query_free_scan_result(scanned);
    *ret_list = list;
    return scans;
}

/* The ends are not compared: of some literals the scanner tells the first character only. */
static void assert_same_begins(const char *text, const struct split_list *theirs)
{
    struct split_list ours;
    split_ours(text, &ours);
    if (theirs->n != ours.n) {
        fail_msg("%zu statements, %zu by the scanner: %s", ours.n, theirs->n, text);
    }
    for (size_t i = 0; i < ours.n; i++) {
        if (ours.items[i].offset != theirs->items[i].offset ||
            ours.items[i].size < theirs->items[i].size) {
            fail_msg("statement %zu is %zu+%zu, %zu+%zu by the scanner: %s", i,
                     ours.items[i].offset, ours.items[i].size, theirs->items[i].offset,
                     theirs->items[i].size, text);
        }
    }
}

/* The parser's extents begin with the blanks and comments before a statement. */
static void assert_parser_splits_so(const char *text)
{
    PgQuerySplitResult theirs = pg_query_split_with_parser(text);
    struct split_list ours;
    split_ours(text, &ours);
    assert_null(theirs.error);
    assert_int_equal(theirs.n_stmts, ours.n);
    for (size_t i = 0; i < ours.n; i++) {
        size_t begin = (size_t)theirs.stmts[i]->stmt_location;
        size_t end = begin + (size_t)theirs.stmts[i]->stmt_len;
        assert_in_range(ours.items[i].offset, begin, end);
        assert_in_range(ours.items[i].offset + ours.items[i].size, begin, end);
    }
    pg_query_free_split_result(theirs);
}

static const char *const texts[] = {
    "select 1; select 2",
    ";;select 1;;",
    "select 'a;b', \"c;d\" from x; select E'\\';', E'\\\\'; select $$;$$, $q$;$$;$q$",
    "/* ; */ select /* /* ; */ ; */ 1 -- ;\n; -- ;\nselect 2",
    "create rule r as on insert to t do also (select 1; select 2); select 3",
    "select E'a'\n'\\';' ; select 2",
    "select U&'d;\\0061' , U&\"d;\\0061\"; select b'1', x'F', n';'",
    "select 1+--;\n2; select 2*/*;*/3",
    "select '\xC3\xA4;\xE2\x82\xAC' as \xC3\xA4; select \"\xC3\xA4;\"; select 3",
    "select 1\r\n;\r\n-- ;\r\nselect 2;\r\n",
    "create function f() language sql as $f$ select 1; select 2; $f$; select a$b from c",
    "prepare x as select $1; execute x(1)",
};

static void libpg_query_splits_the_same_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct split_list theirs;
        assert_true(split_theirs(texts[i], &theirs));
        assert_same_begins(texts[i], &theirs);
        assert_parser_splits_so(texts[i]);
    }
}

static void its_parser_splits_function_bodies_the_same_way(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "create function f(a int) returns int begin atomic select case a when 1 then 2 else 3 end; "
        "select case when true then case when false then 1 end end; end; select 4",
        "create or replace procedure p() language sql begin atomic insert into t values (1); "
        "delete from t; end; select 2",
        "create function f() returns int begin atomic end; select 2",
        "create function f() returns int return case when true then 1 end; select 2",
        "create procedure p() begin atomic select 1 as case; select 2 as end; select x.end from x; "
        "end; select 3",
        "create function begin() returns int return 1; select 2",
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        assert_parser_splits_so(bodies[i]);
    }
}

/* Pieces that matter, put together at random. No backslash begins a line: that is psql's. */
static void random_texts_are_split_as_by_the_scanner(void **state)
{
    (void)state;
    static const char *const pieces[] = {";",    " ",   "'",        "\"",     "a",  "E'", "a\\'",
                                         "$$",   "$q$", "--",       "\n",     "/*", "*/", "1",
                                         "U&'",  "''",  "+",        "-",      "e",  "$1", "\t",
                                         "b'0'", "/",   "\xC3\xA4", "select", "*",  "(",  ")"};
    unsigned seed = 7;
    size_t n_compared = 0;
    for (int round = 0; round < 50000; round++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        for (int i = 0; i < 9; i++) {
            strbuf_add(&text, pieces[(size_t)rand_r(&seed) % ARRAY_LEN(pieces)]);
        }
        struct split_list theirs;
        if (split_theirs(text.text, &theirs)) {
            assert_same_begins(text.text, &theirs);
            n_compared++;
        }
    }
    assert_true(n_compared > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_semicolon_ends_a_statement_and_the_last_may_lack_one),
        cmocka_unit_test(comments_around_a_statement_are_not_of_it),
        cmocka_unit_test(quotes_hide_semicolons),
        cmocka_unit_test(a_literal_goes_on_behind_a_line_break_with_its_escapes),
        cmocka_unit_test(dollar_quotes_hide_everything),
        cmocka_unit_test(what_has_no_end_takes_the_rest),
        cmocka_unit_test(parentheses_and_function_bodies_keep_their_semicolons),
        cmocka_unit_test(a_line_that_begins_with_a_backslash_is_psqls),
        cmocka_unit_test(offsets_are_bytes_and_a_bom_is_skipped),
        cmocka_unit_test(libpg_query_splits_the_same_way),
        cmocka_unit_test(its_parser_splits_function_bodies_the_same_way),
        cmocka_unit_test(random_texts_are_split_as_by_the_scanner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
