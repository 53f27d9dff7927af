#include "chain.h"
#include "journaling.h"

#define N_EVENTS 12

/* A journal that was sealed in its middle and at its end, the ledger, and a second run. */
struct world {
    struct state *state;
    char *journal, *ledger;                  /* paths */
    struct strbuf journal_text, ledger_text; /* as they were written */
    struct strlist events, lines;            /* each with its line break */
};

static void cut_into_lines(const struct strbuf *text, struct strlist *ret_lines)
{
    struct chain_cursor cursor = {.text = text->text, .size = text->size};
    struct chain_piece piece;
    while (chain_next(&cursor, &piece)) {
        strlist_add_n(ret_lines, piece.line, piece.size + 1);
    }
}

static struct world make_world(void **state)
{
    struct world world = {.state = state_of(state),
                          .journal = file_of(state, JOURNAL_FILE),
                          .ledger = file_of(state, "ledger"),
                          .journal_text = STRBUF_INIT,
                          .ledger_text = STRBUF_INIT};
    CLEANUP(journal_freep) struct journal *journal = create(world.state, RUN);
    CLEANUP(journal_freep) struct journal *other = create(world.state, "other");
    for (int i = 1; i <= N_EVENTS; i++) {
        if (i == 6 || i == N_EVENTS) {
            append_seal(journal, "run-stopped");
            append_seal(other, "run-stopped");
        } else {
            append(journal, "step-begun");
            append(other, "step-begun");
        }
    }
    read_text(world.journal, &world.journal_text);
    read_text(world.ledger, &world.ledger_text);
    cut_into_lines(&world.journal_text, &world.events);
    cut_into_lines(&world.ledger_text, &world.lines);
    assert_int_equal(world.events.n, N_EVENTS);
    assert_int_equal(world.lines.n, 4);
    return world;
}

static void world_clear(struct world *world)
{
    mem_free(world->journal);
    mem_free(world->ledger);
    strbuf_clear(&world->journal_text);
    strbuf_clear(&world->ledger_text);
    strlist_clear(&world->events);
    strlist_clear(&world->lines);
}

static void restore(const struct world *world)
{
    write_text(world->journal, world->journal_text.text, world->journal_text.size);
    write_text(world->ledger, world->ledger_text.text, world->ledger_text.size);
}

/* Something is found, and the first that is found is about this event of this run; 0: any. */
static void assert_found_at(const struct world *world, const char *run, uint64_t number)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    assert_ok(state_audit(world->state, NULL, &audit, &err));
    assert_true(audit.n_findings > 0);
    if (number > 0) {
        assert_true(text_equal(audit.findings[0].run, run));
        assert_int_equal(audit.findings[0].number, number);
    }
    restore(world);
}

static void assert_found(const struct world *world)
{
    assert_found_at(world, NULL, 0);
}

/* Writes the lines of a file in this order; -1: none. */
static void write_lines(const char *path, const struct strlist *lines, const int *order, size_t n)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        strbuf_add(&text, order[i] >= 0 ? lines->items[order[i]] : "");
    }
    write_text(path, text.text, text.size);
}

static void in_order(int *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = (int)i;
    }
}

/* --- what is good --- */

static void what_was_not_changed_is_good(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(audit_clear) struct audit all = {.findings = NULL};
    CLEANUP(audit_clear) struct audit one = {.findings = NULL};
    CLEANUP(journal_freep) struct journal *journal = open_again(world.state, RUN);
    assert_ok(state_audit(world.state, NULL, &all, &err));
    assert_ok(state_audit(world.state, RUN, &one, &err));
    assert_int_equal(all.n_findings, 0);
    assert_int_equal(all.n_runs, 2);
    assert_int_equal(all.n_events, 2 * N_EVENTS);
    assert_non_null(strstr(world.lines.items[3], all.head));
    assert_int_equal(one.n_findings, 0);
    assert_int_equal(one.n_runs, 1);
    assert_int_equal(one.n_events, N_EVENTS);
    assert_string_equal(one.head, journal_event(journal, N_EVENTS - 1)->hash);
}

static void a_state_without_runs_is_good(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    assert_ok(state_audit(state_of(state), NULL, &audit, &err));
    assert_int_equal(audit.n_findings + audit.n_runs + audit.n_events, 0);
    assert_string_equal(audit.head, chain_start);
}

static void a_run_that_is_not_there_is_told(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error odd = ERROR_INIT;
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    assert_fails(state_audit(state_of(state), RUN, &audit, &err), ERROR_USAGE);
    assert_false(state_audit(state_of(state), "../x", &audit, &odd));
    assert_int_equal(odd.code, ERROR_USAGE);
}

/* --- the journal --- */

static void every_changed_byte_of_a_journal_is_found_with_its_event(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    uint64_t event = 1;
    for (size_t i = 0; i < world.journal_text.size; i++) {
        CLEANUP(mem_freep)
        char *text = mem_copy_n(world.journal_text.text, world.journal_text.size);
        text[i] = (char)(text[i] ^ (1 << i % 8));
        write_text(world.journal, text, world.journal_text.size);
        assert_found_at(&world, RUN, event);
        event += world.journal_text.text[i] == '\n' ? 1 : 0;
    }
}

static void every_removed_range_of_a_journal_is_found(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    for (int from = 0; from < N_EVENTS; from++) {
        for (int to = from; to < N_EVENTS; to++) {
            int order[N_EVENTS];
            in_order(order, N_EVENTS);
            for (int i = from; i <= to; i++) {
                order[i] = -1;
            }
            write_lines(world.journal, &world.events, order, N_EVENTS);
            assert_found_at(&world, RUN, (uint64_t)from + 1);
        }
    }
}

static void every_swap_and_duplicate_in_a_journal_is_found(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    for (int a = 0; a < N_EVENTS; a++) {
        for (int b = 0; b < N_EVENTS; b++) {
            int order[N_EVENTS + 1];
            in_order(order, N_EVENTS);
            order[a] = b;
            order[b] = a;
            write_lines(world.journal, &world.events, order, N_EVENTS);
            if (a != b) {
                assert_found(&world);
            }
            in_order(order, N_EVENTS);
            memmove(order + b + 1, order + b, (size_t)(N_EVENTS - b) * sizeof *order);
            order[b] = a;
            write_lines(world.journal, &world.events, order, N_EVENTS + 1);
            assert_found(&world);
        }
    }
}

static void every_inserted_line_is_found(void **state)
{
    static const char *const lines[] = {"\n", "no event\n", "{}\n", "{\"number\":7}\n"};
    CLEANUP(world_clear) struct world world = make_world(state);
    for (size_t at = 0; at < N_EVENTS; at++) {
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
            CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
            for (size_t k = 0; k < N_EVENTS; k++) {
                strbuf_add(&text, k == at ? lines[i] : "");
                strbuf_add(&text, world.events.items[k]);
            }
            write_text(world.journal, text.text, text.size);
            assert_found(&world);
        }
    }
}

/* Somebody who computes the hash of the line that he changes. */
static char *forge(const char *line, const char *before)
{
    char hash[HASH_HEX_SIZE];
    struct strbuf forged = STRBUF_INIT;
    strbuf_add_n(&forged, line, (size_t)(strstr(line, ",\"before\":\"") - line));
    char *actor = strstr(forged.text, "anna");
    memcpy(actor, "bert", 4);
    chain_close(&forged, before, hash);
    return strbuf_take(&forged);
}

static void every_forged_line_is_found(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    for (size_t at = 0; at < N_EVENTS; at++) {
        const char *digits =
            strstr(world.events.items[at], "\"before\":\"") + strlen("\"before\":\"");
        CLEANUP(mem_freep) char *before = mem_copy_n(digits, HASH_HEX_SIZE - 1);
        CLEANUP(mem_freep) char *forged = forge(world.events.items[at], before);
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        for (size_t k = 0; k < N_EVENTS; k++) {
            strbuf_add(&text, k == at ? forged : world.events.items[k]);
        }
        write_text(world.journal, text.text, text.size);
        assert_found_at(&world, RUN, at + 1 < N_EVENTS ? at + 2 : at + 1);
    }
}

static void a_journal_that_was_removed_is_found(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    assert_int_equal(unlink(world.journal), 0);
    assert_audit(world.state, NULL, RUN " 0 its journal was removed, it had 12 events");
    assert_audit(world.state, RUN, RUN " 0 its journal was removed, it had 12 events");
    write_text(world.journal, "", 0);
    assert_audit(world.state, RUN, RUN " 1 events 1 to 12 are missing");
}

static void each_finding_has_its_sentence(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    static const struct {
        const char *edit, *wanted;
    } cases[] = {
        {"3s/anna/bert/", RUN " 3 event 3 was changed"},
        {"3,4s/anna/bert/", RUN " 3 events 3 to 4 were changed"},
        {"5d", RUN " 5 event 5 is missing"},
        {"4,5d", RUN " 4 events 4 to 5 are missing"},
        {"1d", RUN " 1 event 1 is missing"},
        {"3p", RUN " 3 event 3 is there twice"},
        {"3{h;d};4G",
         RUN " 3 event 3 is missing\n" RUN " 3 event 3 was moved: it stands behind event 4"},
        {"3a no event", RUN " 3 a line behind event 3 was not written by us"},
        {"3N;s/\\n//", RUN " 3 event 3 was changed\n" RUN " 4 event 4 is missing"},
        {"12d", RUN " 12 event 12 is missing"},
        {"8,$d", RUN " 8 events 8 to 12 are missing"},
        {"12s/anna/bert/", RUN " 12 event 12 is missing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        scratch_sh("sed -i '%s' '%s'", cases[i].edit, world.journal);
        assert_audit(world.state, RUN, cases[i].wanted);
        restore(&world);
    }
}

/* --- the ledger --- */

static void every_changed_byte_of_the_ledger_is_found(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    for (size_t i = 0; i < world.ledger_text.size; i++) {
        CLEANUP(mem_freep) char *text = mem_copy_n(world.ledger_text.text, world.ledger_text.size);
        text[i] = (char)(text[i] ^ (1 << i % 8));
        write_text(world.ledger, text, world.ledger_text.size);
        assert_found(&world);
    }
}

static void every_line_of_the_ledger_that_is_not_at_its_place_is_found(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    for (int a = 0; a < 4; a++) {
        for (int b = 0; b < 4; b++) {
            int order[5];
            in_order(order, 4);
            order[a] = b;
            order[b] = a;
            write_lines(world.ledger, &world.lines, order, 4);
            if (a != b) {
                assert_found(&world);
            }
            in_order(order, 4);
            memmove(order + b + 1, order + b, (size_t)(4 - b) * sizeof *order);
            order[b] = a;
            write_lines(world.ledger, &world.lines, order, 5);
            assert_found(&world);
            in_order(order, 4);
            for (int i = a; i <= b; i++) {
                order[i] = -1;
            }
            write_lines(world.ledger, &world.lines, order, 4);
            if (a <= b) {
                assert_found(&world);
            }
        }
    }
    assert_int_equal(unlink(world.ledger), 0);
    assert_found(&world);
}

static void what_the_ledger_has_lost_is_told(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    scratch_sh("sed -i 3d '%s'", world.ledger);
    assert_audit(world.state, NULL,
                 RUN " 12 the run stopped with event 12, which the ledger has not any more\n"
                     "ledger 3 line 3 is missing");
    restore(&world);
    scratch_sh("sed -i 3,4d '%s'", world.ledger);
    assert_audit(world.state, NULL,
                 RUN " 12 the run stopped with event 12, which the ledger has not any more\n"
                     "other 12 the run stopped with event 12, which the ledger has not any more");
}

/* An edit is no reason not to let a run end; it stays to be seen. */
static void a_seal_goes_behind_a_ledger_that_was_changed(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    scratch_sh("sed -i 2s/other/anyone/ '%s'", world.ledger);
    CLEANUP(journal_freep) struct journal *third = create(world.state, "third");
    append_seal(third, "run-ended");
    assert_audit(world.state, NULL,
                 "other 6 the run stopped with event 6, which the ledger has not any more\n"
                 "ledger 2 line 2 was changed");
}

/* --- a seal that was not finished --- */

static char *pending_path(const struct world *world)
{
    return mem_printf("%s.next", world->ledger);
}

static void who_dies_before_the_ledger_is_written_leaves_no_finding(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    CLEANUP(mem_freep) char *next = pending_path(&world);
    assert_false(path_exists(next));
    scratch_sh("sed -n '$p' '%s' >'%s' && sed -i '$d' '%s'", world.ledger, next, world.ledger);
    assert_audit(world.state, NULL, "");
    assert_audit(world.state, "other", "");
    CLEANUP(journal_freep) struct journal *third = create(world.state, "third");
    append_seal(third, "run-ended");
    assert_false(path_exists(next));
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    read_text(world.ledger, &text);
    assert_true(text_starts(text.text, world.ledger_text.text));
    assert_audit(world.state, NULL, "");
}

static void a_line_that_waits_for_an_event_that_was_never_written_is_dropped(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    CLEANUP(mem_freep) char *next = pending_path(&world);
    scratch_sh("sed -n '$p' '%s' >'%s' && sed -i '$d' '%s' && sed -i '$d' '%s/runs/other/journal'",
               world.ledger, next, world.ledger, ((struct a_state *)*state)->folder);
    assert_audit(world.state, NULL, "");
    CLEANUP(journal_freep) struct journal *third = create(world.state, "third");
    append_seal(third, "run-ended");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    read_text(world.ledger, &text);
    assert_null(strstr(text.text, world.lines.items[3]));
    assert_audit(world.state, NULL, "");
}

static void a_line_that_waits_for_nothing_hides_no_cut(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    CLEANUP(mem_freep) char *next = pending_path(&world);
    static const char *const texts[] = {"", "x", "{}\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        write_text(next, texts[i], strlen(texts[i]));
        scratch_sh("sed -i '$d' '%s'", world.ledger);
        assert_found_at(&world, "other", N_EVENTS);
    }
    scratch_sh("sed -n '$p' '%s' >'%s' && sed -i 3,4d '%s'", world.ledger, next, world.ledger);
    assert_found(&world);
}

static void what_cannot_be_read_is_no_finding(void **state)
{
    CLEANUP(world_clear) struct world world = make_world(state);
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error sealed = ERROR_INIT;
    CLEANUP(error_clear) struct error opened = ERROR_INIT;
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    CLEANUP(mem_freep) char *next = pending_path(&world);
    CLEANUP(journal_freep) struct journal *journal = open_again(world.state, RUN);
    struct entry entry = {.kind = "run-ended", .actor = "anna", .seals = true};
    struct journal *none = NULL;
    scratch_sh("mkdir '%s'", next);
    assert_fails(state_audit(world.state, NULL, &audit, &err), ERROR_IO);
    assert_false(journal_append(journal, NULL, &entry, &sealed));
    assert_int_equal(sealed.code, ERROR_IO);
    scratch_sh("rmdir '%s' && rm '%s' && mkdir '%s'", next, world.ledger, world.ledger);
    assert_false(journal_open(world.state, RUN, &none, &opened));
    assert_int_equal(opened.code, ERROR_IO);
    scratch_sh("rmdir '%s'", world.ledger);
}

#define IN_A_STATE(test) cmocka_unit_test_setup_teardown(test, make_state, drop_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_STATE(what_was_not_changed_is_good),
        IN_A_STATE(a_state_without_runs_is_good),
        IN_A_STATE(a_run_that_is_not_there_is_told),
        IN_A_STATE(every_changed_byte_of_a_journal_is_found_with_its_event),
        IN_A_STATE(every_removed_range_of_a_journal_is_found),
        IN_A_STATE(every_swap_and_duplicate_in_a_journal_is_found),
        IN_A_STATE(every_inserted_line_is_found),
        IN_A_STATE(every_forged_line_is_found),
        IN_A_STATE(a_journal_that_was_removed_is_found),
        IN_A_STATE(each_finding_has_its_sentence),
        IN_A_STATE(every_changed_byte_of_the_ledger_is_found),
        IN_A_STATE(every_line_of_the_ledger_that_is_not_at_its_place_is_found),
        IN_A_STATE(what_the_ledger_has_lost_is_told),
        IN_A_STATE(a_seal_goes_behind_a_ledger_that_was_changed),
        IN_A_STATE(who_dies_before_the_ledger_is_written_leaves_no_finding),
        IN_A_STATE(a_line_that_waits_for_an_event_that_was_never_written_is_dropped),
        IN_A_STATE(a_line_that_waits_for_nothing_hides_no_cut),
        IN_A_STATE(what_cannot_be_read_is_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
