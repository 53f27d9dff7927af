/* What is restored in which turn, of tables of contents that are invented. */
#include "scratch.h"

#include "private.h"

#define KEY(table, name)                                                                           \
    "ALTER TABLE ONLY " table "\n    ADD CONSTRAINT " name " FOREIGN KEY (a) REFERENCES s.t(a);\n"

static struct dump_entry entries[] = {
    {.kind = "INDEX", .schema = "s", .tag = "parts_a", .definition = "CREATE INDEX ..."},
    {.kind = "INDEX ATTACH", .schema = "s", .tag = "part_a", .definition = "ALTER INDEX ..."},
    {.kind = "FK CONSTRAINT", .schema = "s", .tag = "t t_a", .definition = KEY("s.t", "t_a")},
    {.kind = "FK CONSTRAINT",
     .schema = "s",
     .tag = "A t b",
     .definition = KEY("s.\"A t\"", "\"b\"")},
    {.kind = "COMMENT",
     .schema = "s",
     .tag = "CONSTRAINT t_a ON t",
     .definition = "COMMENT ON CONSTRAINT t_a ON s.t IS 'FOREIGN KEY';\n"},
    {.kind = "COMMENT",
     .schema = "s",
     .tag = "CONSTRAINT \"b\" ON \"A t\"",
     .definition = "COMMENT ON CONSTRAINT \"b\" ON s.\"A t\" IS 'x';\n"},
    {.kind = "COMMENT",
     .schema = "s",
     .tag = "CONSTRAINT t_a ON other",
     .definition = "COMMENT ON CONSTRAINT t_a ON s.other IS 'a check';\n"},
    {.kind = "COMMENT",
     .schema = "s",
     .tag = "TABLE t",
     .definition = "COMMENT ON TABLE s.t IS 'CONSTRAINT t_a ON s.t';\n"},
    {.kind = "EVENT TRIGGER", .tag = "watch", .definition = "CREATE EVENT TRIGGER ..."},
    {.kind = "COMMENT", .tag = "EVENT TRIGGER watch", .definition = "COMMENT ON EVENT ..."},
    {.kind = "MATERIALIZED VIEW DATA", .schema = "s", .tag = "m", .definition = "REFRESH ..."},
    {.kind = "TRIGGER", .schema = "s", .tag = "t EVENT TRIGGER", .definition = "CREATE ..."},
};
/* An entry each: b built, a attached, e at the end. */
static const char turns[] = "baeeeebbeeeb";

static const struct dump_toc toc = {.entries = entries, .n = ARRAY_LEN(entries)};

static void each_entry_has_one_turn(void **state)
{
    (void)state;
    assert_int_equal(strlen(turns), toc.n);
    for (size_t i = 0; i < toc.n; i++) {
        const struct dump_entry *entry = &entries[i];
        print_message("%s %s\n", entry->kind, entry->tag);
        assert_int_equal(is_in_turn(&toc, entry, TURN_BUILD), turns[i] == 'b');
        assert_int_equal(is_in_turn(&toc, entry, TURN_ATTACH), turns[i] == 'a');
        assert_int_equal(is_in_turn(&toc, entry, TURN_END), turns[i] == 'e');
        assert_true(is_in_turn(&toc, entry, TURN_ANY));
    }
}

static void foreign_keys_and_their_comments_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < toc.n; i++) {
        assert_int_equal(is_about_foreign_key(&toc, &entries[i]), i >= 2 && i <= 5);
    }
}

static void only_attached_indexes_need_turns(void **state)
{
    (void)state;
    const struct dump_toc plain = {.entries = entries + 2, .n = ARRAY_LEN(entries) - 2};
    assert_true(must_be_ordered(&toc));
    assert_false(must_be_ordered(&plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_has_one_turn),
        cmocka_unit_test(foreign_keys_and_their_comments_are_known),
        cmocka_unit_test(only_attached_indexes_need_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
