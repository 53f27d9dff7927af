#include "live.h"

#include "child.h"
#include "headgate/clock.h"
#include "headgate/output.h"
#include "headgate/secret.h"
#include "terminal.h"

static int finish(void)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    return output_finish(&err) ? 0 : 1;
}

static void live(const char *text)
{
    output_live(text, strlen(text));
}

static void begin(void)
{
    output_set_up(&(struct output_settings){.level = OUTPUT_NORMAL, .color = true});
}

struct show {
    struct terminal terminal;
    int out, err; /* else the terminal */
    child_work *work;
};

static int play(const void *context)
{
    const struct show *show = context;
    if (dup2(show->out >= 0 ? show->out : show->terminal.screen, STDOUT_FILENO) < 0 ||
        dup2(show->err >= 0 ? show->err : show->terminal.screen, STDERR_FILENO) < 0) {
        return 99;
    }
    return show->work(NULL);
}

/* Runs the work on a screen of this size; what stands there at its end must be this. The work ends
 * without closing its output, as after kill -9. */
static void assert_screen_of(child_work *work, size_t rows, size_t columns, const char *expected)
{
    static struct show show;
    (void)unsetenv("NO_COLOR");
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    show = (struct show){.out = -1, .err = -1, .work = work};
    terminal_open(&show.terminal, rows, columns);
    assert_int_equal(in_child(play, &show), 0);
    CLEANUP(mem_freep) char *seen = terminal_look(&show.terminal);
    terminal_close(&show.terminal);
    assert_string_equal(seen, expected);
}

static int draw_twice(const void *context)
{
    (void)context;
    begin();
    live("one\ntwo\n");
    live("three");
    return 0;
}

static int draw_and_print(const void *context)
{
    (void)context;
    begin();
    output_print("a result\n");
    live("one\ntwo\n");
    output_print("half ");
    output_progress("progress");
    output_warning("careful");
    output_print("a line\nmore\n");
    return 0;
}

static void a_block_is_drawn_in_the_place_of_the_last_one(void **state)
{
    (void)state;
    assert_screen_of(draw_twice, 10, 40, "three\n_\n");
}

static void other_output_goes_above_it_in_its_order(void **state)
{
    (void)state;
    assert_screen_of(draw_and_print, 20, 40,
                     "a result\nhalf progress\nwarning: careful\na line\nmore\none\ntwo\n_\n");
}

static int end_by_leaving(const void *context)
{
    (void)context;
    begin();
    live("stays\n");
    output_live_end(true);
    live("goes\n");
    output_live_end(false);
    output_print("end\n");
    return finish();
}

static int end_by_finishing(const void *context)
{
    (void)context;
    begin();
    live("goes\n");
    return finish();
}

static int end_by_asking(const void *context)
{
    (void)context;
    begin();
    live("goes\n");
    output_question("Really? ");
    return 0;
}

static void a_block_that_ends_stays_or_goes(void **state)
{
    (void)state;
    assert_screen_of(end_by_leaving, 10, 40, "stays\nend\n_\n");
    assert_screen_of(end_by_finishing, 10, 40, "_\n");
    assert_screen_of(end_by_asking, 10, 40, "Really? _\n");
}

static int draw_wide(const void *context)
{
    (void)context;
    begin();
    live("0123456789abcdef\n"
         "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n"
         "\033[1;31mred and long\033[0m\n"
         "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\n"
         "broken \xff\xc3\t\x07\xe2\x82\n");
    live("gone\n");
    output_print("printed\n");
    return 0;
}

static void a_block_leaves_nothing_behind_whatever_its_characters(void **state)
{
    (void)state;
    assert_screen_of(draw_wide, 10, 10, "printed\ngone\n_\n");
}

static void no_line_is_wider_than_the_screen(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct live block = LIVE_INIT;
    static const char text[] = "0123456789abc\n"
                               "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\n"
                               "\033[1mbold and long\033[0m\n"
                               "a\tb \xff\xc3 \xe2\x82\n"
                               "\xc3\xa9\xe2\x94\x80\xf0\x9f\x9a\x80\xf5\xc3+\n";
    strbuf_add(&block.wanted, text);
    live_draw(&block, (struct screen_size){10, 10}, &out);
    assert_string_equal(out.text, "012345678\n"
                                  "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\n"
                                  "\033[1mbold and \033[0m\n"
                                  "a b ?? ??\n"
                                  "\xc3\xa9\xe2\x94\x80\xf0\x9f\x9a\x80??+\n");
    live_clear(&block);
}

static int draw_tall(const void *context)
{
    (void)context;
    begin();
    output_print("above\n");
    live("1\n2\n3\n4\n5\n6\n7\n");
    live("1\n2\n3\n4\n5\n6\n8");
    return 0;
}

static void of_a_block_that_is_too_tall_the_end_is_shown(void **state)
{
    (void)state;
    assert_screen_of(draw_tall, 4, 20, "above\n5\n6\n8\n_\n");
}

static int grow_narrower(const void *context)
{
    (void)context;
    begin();
    output_print("above\n");
    live("0123456789 0123456789\nshort\n");
    terminal_resize(STDOUT_FILENO, 10, 8);
    live("0123456789\nshorter\n");
    return 0;
}

static int grow_wider(const void *context)
{
    (void)context;
    begin();
    output_print("above\n");
    live("0123456789\n");
    terminal_resize(STDOUT_FILENO, 10, 40);
    live("0123456789 0123456789\n");
    return 0;
}

static void the_screen_may_change_its_size(void **state)
{
    (void)state;
    assert_screen_of(grow_narrower, 10, 40, "above\n0123456\nshorter\n_\n");
    assert_screen_of(grow_wider, 10, 8, "above\n0123456789 0123456789\n_\n");
}

static int draw_on_an_unknown_screen(const void *context)
{
    (void)context;
    struct screen_size size = screen_size_of(STDOUT_FILENO);
    return size.rows == 24 && size.columns == 80 ? 0 : 1;
}

static void a_terminal_that_does_not_say_is_an_ordinary_one(void **state)
{
    (void)state;
    assert_screen_of(draw_on_an_unknown_screen, 0, 0, "_\n");
}

static int draw_a_secret(const void *context)
{
    (void)context;
    begin();
    secret_register("very-secret-password");
    live("connect to very-secret-password\n");
    return 0;
}

static void a_secret_that_the_width_cuts_is_hidden(void **state)
{
    (void)state;
    assert_screen_of(draw_a_secret, 10, 24, "connect to ***\n_\n");
}

static int draw_what_steers(const void *context)
{
    (void)context;
    begin();
    live("name\033[2Jx\rz\xc2\x9b"
         "2J\n");
    live("name\033[2Jx\rz\xc2\x9b"
         "2J\n");
    return 0;
}

static void nothing_in_a_block_steers_the_terminal(void **state)
{
    (void)state;
    assert_screen_of(draw_what_steers, 10, 40, "name?[2Jx?z??2J\n_\n");
}

static int draw_below_a_line_without_end(const void *context)
{
    (void)context;
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    begin();
    live("block\n");
    strbuf_add_repeated(&line, 'x', 65536);
    output_write(line.text, line.size);
    live("block again\n");
    output_print("y\n");
    return 0;
}

static void a_block_waits_for_the_end_of_a_line(void **state)
{
    (void)state;
    static struct show show;
    show = (struct show){.out = -1, .err = -1, .work = draw_below_a_line_without_end};
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    terminal_open(&show.terminal, 50, 200);
    pid_t pid = child_start(play, &show);
    CLEANUP(strbuf_clear) struct strbuf seen = STRBUF_INIT;
    for (msec deadline = deadline_in(PATIENCE); strstr(seen.text, "again") == NULL;) {
        char bytes[4096];
        ssize_t n = read(show.terminal.keyboard, bytes, sizeof bytes);
        strbuf_add_n(&seen, bytes, n > 0 ? (size_t)n : 0);
        assert_false(deadline_passed(deadline));
    }
    assert_int_equal(child_end(pid), 0);
    assert_null(strstr(seen.text, "xblock"));
    assert_contains(seen.text, "xy\r\nblock again\r\n");
    terminal_close(&show.terminal);
}

static int draw_where_it_cannot_be(const void *context)
{
    (void)context;
    begin();
    live("block\n");
    output_print("printed\n");
    output_live_end(true);
    return output_is_live() ? 1 : finish();
}

static int draw_quietly(const void *context)
{
    (void)context;
    output_set_up(&(struct output_settings){.level = OUTPUT_QUIET});
    live("block\n");
    output_set_up(&(struct output_settings){.level = OUTPUT_NORMAL, .json = true});
    live("block\n");
    return output_is_live() ? 1 : 0;
}

static int draw_on_a_dumb_one(const void *context)
{
    return setenv("TERM", "dumb", 1) == 0 ? draw_where_it_cannot_be(context) : 2;
}

static int draw_on_a_nameless_one(const void *context)
{
    return unsetenv("TERM") == 0 ? draw_where_it_cannot_be(context) : 2;
}

static void only_a_terminal_that_can_do_it_gets_one(void **state)
{
    (void)state;
    static struct show show;
    assert_screen_of(draw_quietly, 10, 40, "_\n");
    assert_screen_of(draw_on_a_dumb_one, 10, 40, "printed\n_\n");
    assert_screen_of(draw_on_a_nameless_one, 10, 40, "printed\n_\n");
    show = (struct show){.err = -1, .work = draw_where_it_cannot_be};
    CLEANUP(mem_freep) char *path = mem_printf("%s/out", scratch_dir());
    show.out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    terminal_open(&show.terminal, 10, 40);
    assert_int_equal(in_child(play, &show), 0);
    CLEANUP(mem_freep) char *seen = terminal_look(&show.terminal);
    assert_string_equal(seen, "_\n");
    assert_string_equal(scratch_out("cat out"), "printed");
    fd_closep(&show.out);
    terminal_close(&show.terminal);
}

static int press_ctrl_c(const void *context)
{
    (void)context;
    begin();
    live("running\nCtrl-C stops\n");
    (void)dprintf(STDOUT_FILENO, "^C"); /* as the terminal shows it */
    live("stopping\n");
    return raise(SIGKILL);
}

static void whatever_ends_the_program_the_cursor_is_on_a_fresh_line(void **state)
{
    (void)state;
    static struct show show;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    show = (struct show){.out = -1, .err = -1, .work = press_ctrl_c};
    terminal_open(&show.terminal, 10, 40);
    assert_int_equal(in_child(play, &show), -SIGKILL);
    CLEANUP(mem_freep) char *seen = terminal_look(&show.terminal);
    assert_string_equal(seen, "stopping\n_\n");
    terminal_close(&show.terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_drawn_in_the_place_of_the_last_one),
        cmocka_unit_test(other_output_goes_above_it_in_its_order),
        cmocka_unit_test(a_block_that_ends_stays_or_goes),
        cmocka_unit_test(a_block_leaves_nothing_behind_whatever_its_characters),
        cmocka_unit_test(no_line_is_wider_than_the_screen),
        cmocka_unit_test(of_a_block_that_is_too_tall_the_end_is_shown),
        cmocka_unit_test(the_screen_may_change_its_size),
        cmocka_unit_test(a_terminal_that_does_not_say_is_an_ordinary_one),
        cmocka_unit_test(a_secret_that_the_width_cuts_is_hidden),
        cmocka_unit_test(nothing_in_a_block_steers_the_terminal),
        cmocka_unit_test(a_block_waits_for_the_end_of_a_line),
        cmocka_unit_test(only_a_terminal_that_can_do_it_gets_one),
        cmocka_unit_test(whatever_ends_the_program_the_cursor_is_on_a_fresh_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
