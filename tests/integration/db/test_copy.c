/* COPY in both directions, to its end and not. */
#include "sessions.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "headgate/db_copy.h"
#include "headgate/interrupt.h"

#define MIB ((size_t)1 << 20)
/* KiB; AddressSanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_LIMIT 1000000
#else
#define MEMORY_LIMIT 20000
#endif

static struct db *db, *other;
static pid_t backend;

static int open_both(void **state)
{
    (void)state;
    interrupt_forget();
    db = session(scratch_postgres(), false);
    other = session(scratch_postgres(), false);
    CLEANUP(mem_freep) char *pid = value(db, "select pg_backend_pid()");
    backend = (pid_t)strtol(pid, NULL, 10);
    run(other, "drop table if exists target");
    run(other, "create unlogged table target (id integer primary key, body text not null)");
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    interrupt_forget();
    db_closep(&db);
    db_closep(&other);
    return 0;
}

#define TARGET "copy target (id, body) from stdin"

static void begin(const char *copy)
{
    struct error err = ERROR_INIT;
    assert_ok(db_copy_in_begin(db, copy, SOON, &err));
}

static void put(const char *text)
{
    struct error err = ERROR_INIT;
    assert_ok(db_copy_in_put(db, text, strlen(text), SOON, &err));
}

/* Rows from this number on, about a MiB of them; the caller's. */
static char *rows_from(int first, size_t *ret_n)
{
    char *rows = mem_new(MIB + 256, 1);
    size_t n = 0;
    while (n < MIB) {
        n += (size_t)snprintf(rows + n, 256, "%d\t%0100d\n", first, first);
        first++;
    }
    *ret_n = n;
    return rows;
}

/* Puts rows until that fails; at most 2 GB, which no test wants. */
static bool put_until_it_fails(msec deadline, struct error *err)
{
    for (int i = 0; i < 2000; i++) {
        size_t n = 0;
        CLEANUP(mem_freep) char *rows = rows_from(1000000 + i * 100000, &n);
        if (!db_copy_in_put(db, rows, n, deadline, err)) {
            return false;
        }
    }
    return true;
}

static void session_goes_on(void)
{
    assert_true(db_is_alive(db));
    must_be(db, "select 'it goes on'", "it goes on");
}

/* A child that does this after a while. */
static pid_t soon(void (*act)(void))
{
    pid_t child = fork();
    if (child != 0) {
        assert_true(child > 0);
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    usleep(300000);
    act();
    _exit(0);
}

static void end_child(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void interrupt_parent(void)
{
    kill(getppid(), SIGINT);
}

static void terminate_backend(void)
{
    kill(backend, SIGTERM);
}

static void kill_backend(void)
{
    kill(backend, SIGKILL);
}

/* --- to the end --- */

struct pipe {
    size_t bytes, pieces;
};

static bool into_target(void *context, const char *bytes, size_t n, struct error *err)
{
    struct pipe *pipe = context;
    pipe->bytes += n;
    pipe->pieces++;
    return db_copy_in_put(db, bytes, n, SOON, err);
}

static long memory_kb(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void more_than_is_kept_in_memory_goes_from_table_to_table(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    int64_t rows = 0;
    run(other,
        "create unlogged table source as select i as id, repeat(md5(i::text), 32) || E'\\t\\n\\\\'"
        " as body from generate_series(1, 25000) i");
    long before = memory_kb();
    begin(TARGET);
    assert_ok(db_copy_out(other, "copy source to stdout", SOON, into_target, &pipe, &err));
    assert_ok(db_copy_in_end(db, SOON, &rows, &err));
    assert_true(pipe.bytes > 25000000);
    assert_int_equal(pipe.pieces, 25000);
    assert_int_equal(rows, 25000);
    must_be(db,
            "select (select sum(hashtext(body) % 1000 * id::bigint) from target) ="
            " (select sum(hashtext(body) % 1000 * id::bigint) from source)",
            "t");
    must_be(db, "select count(*) from target", "25000");
    assert_true(memory_kb() - before < MEMORY_LIMIT);
    run(other, "drop table source");
}

static void pieces_may_be_cut_anywhere_and_be_large(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int64_t n_rows = 0;
    size_t n = 0;
    CLEANUP(mem_freep) char *rows = rows_from(100, &n);
    begin(TARGET);
    put("1\to");
    put("ne\n");
    assert_ok(db_copy_in_put(db, rows, 0, SOON, &err));
    for (size_t i = 0; i < 1000; i++) {
        assert_ok(db_copy_in_put(db, rows + i, 1, SOON, &err));
    }
    assert_ok(db_copy_in_put(db, rows + 1000, n - 1000, SOON, &err));
    assert_ok(db_copy_in_end(db, SOON, &n_rows, &err));
    CLEANUP(mem_freep) char *count = mem_printf("%ld", (long)n_rows);
    must_be(db, "select count(*) from target", count);
    must_be(db, "select body from target where id = 1", "one");
    assert_true(n_rows > 9000);
}

static void nothing_may_be_copied_as_well(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    int64_t rows = -1;
    begin(TARGET);
    assert_ok(db_copy_in_end(db, SOON, &rows, &err));
    assert_int_equal(rows, 0);
    assert_ok(db_copy_out(db, "copy target to stdout", SOON, into_target, &pipe, &err));
    assert_int_equal(pipe.pieces, 0);
}

static void a_server_that_chatters_all_along_is_listened_to(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int64_t n_rows = 0;
    run(other, "create function chatter() returns trigger language plpgsql as"
               " $$ begin raise notice '%', repeat('x', 300); return new; end $$");
    run(other, "create trigger chatter before insert on target for each row execute function"
               " chatter()");
    begin(TARGET);
    for (int i = 0; i < 2; i++) {
        size_t n = 0;
        CLEANUP(mem_freep) char *rows = rows_from(i * 100000, &n);
        assert_ok(db_copy_in_put(db, rows, n, SOON, &err));
    }
    assert_ok(db_copy_in_end(db, SOON, &n_rows, &err));
    assert_true(n_rows > 2 * 9000);
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(db, &notices);
    assert_true(notices.n >= 1000);
    run(other, "drop table target");
    run(other, "drop function chatter");
}

/* --- a network that stops in the middle of a notice --- */

static int socket_at(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

/* Cuts the first notice in two, with more than a second between the halves. */
static void pass_on(int from, int to, bool *cuts)
{
    static char bytes[65536];
    ssize_t n = read(from, bytes, sizeof bytes);
    if (n <= 0) {
        _exit(0);
    }
    char *notice = *cuts ? memmem(bytes, (size_t)n, "a notice in two", 15) : NULL;
    size_t first = notice != NULL ? (size_t)(notice - bytes) + 8 : (size_t)n;
    (void)!write(to, bytes, first);
    if (notice != NULL) {
        *cuts = false;
        usleep(1200000);
        (void)!write(to, bytes + first, (size_t)n - first);
    }
}

static pid_t relay_between(const char *path, const char *server)
{
    struct sockaddr_un ours, theirs;
    int listening = socket_at(path, &ours);
    assert_int_equal(bind(listening, (struct sockaddr *)&ours, sizeof ours), 0);
    assert_int_equal(listen(listening, 1), 0);
    pid_t child = fork();
    if (child != 0) {
        (void)close(listening);
        return child;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool cuts = true, never = false;
    int client = accept(listening, NULL, NULL), beyond = socket_at(server, &theirs);
    if (client < 0 || connect(beyond, (struct sockaddr *)&theirs, sizeof theirs) != 0) {
        _exit(1);
    }
    for (;;) {
        struct pollfd ends[] = {{.fd = client, .events = POLLIN}, {.fd = beyond, .events = POLLIN}};
        (void)poll(ends, 2, -1);
        if (ends[0].revents != 0) {
            pass_on(client, beyond, &never);
        }
        if (ends[1].revents != 0) {
            pass_on(beyond, client, &cuts);
        }
    }
}

static void a_notice_that_comes_in_two_pieces_ends_nothing(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int64_t n_rows = 0;
    size_t n = 0;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(scratch_postgres());
    CLEANUP(mem_freep)
    char *server = mem_printf("%s/.s.PGSQL.%s", conninfo_get(conninfo, "host"),
                              conninfo_get(conninfo, "port"));
    CLEANUP(mem_freep) char *path = mem_printf("%s/.s.PGSQL.1", scratch_dir());
    CLEANUP(mem_freep)
    char *url = mem_printf("host=%s port=1 user=%s dbname=%s", scratch_dir(),
                           conninfo_get(conninfo, "user"), conninfo_get(conninfo, "dbname"));
    pid_t relay = relay_between(path, server);
    db_closep(&db);
    db = session(url, false);
    run(other, "create function chatter() returns trigger language plpgsql as"
               " $$ begin raise notice 'a notice in two pieces'; return new; end $$");
    run(other, "create trigger chatter before insert on target for each row when (new.id = 5)"
               " execute function chatter()");
    begin(TARGET);
    CLEANUP(mem_freep) char *rows = rows_from(1, &n);
    for (size_t at = 0; at < n; at += 32 << 10) {
        size_t piece = n - at < 32 << 10 ? n - at : 32 << 10;
        assert_ok(db_copy_in_put(db, rows + at, piece, SOON, &err));
        usleep(at < 128 << 10 ? 200000 : 0); /* the first half is there, the second is not */
    }
    assert_ok(db_copy_in_end(db, SOON, &n_rows, &err));
    assert_true(n_rows > 9000);
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(db, &notices);
    assert_int_equal(notices.n, 1);
    db_closep(&db);
    (void)waitpid(relay, NULL, 0);
    run(other, "drop table target");
    run(other, "drop function chatter");
}

/* --- errors of the server --- */

static void an_error_at_the_beginning_is_the_servers(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    assert_fails(db_copy_in_begin(db, "copy nowhere from stdin", SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42P01");
    error_clear(&err);
    assert_fails(db_copy_out(db, "copy nowhere to stdout", SOON, into_target, &pipe, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42P01");
    error_clear(&err);
    session_goes_on();
}

static void what_is_no_copy_of_this_direction_is_refused(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    assert_fails(db_copy_in_begin(db, "select 1", SOON, &err), ERROR_INTERNAL);
    error_clear(&err);
    assert_fails(db_copy_in_begin(db, "copy target to stdout", SOON, &err), ERROR_DATABASE);
    error_clear(&err);
    assert_fails(db_copy_out(db, TARGET, SOON, into_target, &pipe, &err), ERROR_DATABASE);
    error_clear(&err);
    assert_fails(db_copy_out(db, "select 1", SOON, into_target, &pipe, &err), ERROR_INTERNAL);
    error_clear(&err);
    session_goes_on();
}

static void a_bad_row_in_the_middle_ends_it_before_the_end_of_the_data(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    begin(TARGET);
    size_t n = 0;
    CLEANUP(mem_freep) char *rows = rows_from(100, &n);
    put("1\tone\nx\ttwo\n");
    assert_ok(db_copy_in_put(db, rows, 32 << 10, SOON, &err)); /* libpq sends that */
    usleep(300000);
    assert_fails(put_until_it_fails(SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "22P02");
    assert_contains(err.message, "invalid input syntax for type integer");
    assert_contains(err.detail, "COPY target, line 2");
    error_clear(&err);
    session_goes_on();
    must_be(db, "select count(*) from target", "0");
}

static void a_duplicate_key_is_named_at_the_end(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int64_t rows = -1;
    assert_ok(db_begin(db, SOON, &err));
    begin(TARGET);
    put("1\tone\n1\ttwo\n");
    assert_fails(db_copy_in_end(db, SOON, &rows, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "23505");
    assert_string_equal(err.constraint, "target_pkey");
    assert_int_equal(rows, -1);
    error_clear(&err);
    assert_true(db_in_transaction(db));
    db_rollback(db);
    session_goes_on();
}

static void an_error_in_the_middle_of_rows_that_come_out_is_the_servers(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    begin(TARGET);
    assert_fails(db_copy_out(other,
                             "copy (select i, 100 / (50000 - i) from generate_series(1, 60000) i)"
                             " to stdout",
                             SOON, into_target, &pipe, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "22012");
    error_clear(&err);
    assert_true(pipe.pieces > 10000);
    must_be(other, "select 1", "1");
    /* on the way out of a failure that is not the COPY's own */
    db_rollback(db);
    session_goes_on();
    must_be(db, "select count(*) from target", "0");
}

static void a_session_that_may_only_read_takes_nothing_in(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *reader = session(scratch_postgres(), true);
    assert_fails(db_copy_in_begin(reader, TARGET, SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "25006");
    error_clear(&err);
    must_be(reader, "select 1", "1");
}

/* --- one thing at a time --- */

static bool ask_meanwhile(void *context, const char *bytes, size_t n, struct error *err)
{
    (void)context;
    (void)bytes;
    (void)n;
    return db_execute(db, STATEMENT("select 1"), DB_NO_PARAMS, SOON, err);
}

static void a_session_in_the_middle_of_a_copy_does_nothing_else(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int64_t rows = 0;
    struct pipe pipe = {0};
    begin(TARGET);
    put("1\tone\n");
    assert_fails(db_copy_in_begin(db, TARGET, SOON, &err), ERROR_INTERNAL);
    assert_contains(err.message, "in the middle of a COPY");
    error_clear(&err);
    assert_fails(db_copy_out(db, "copy target to stdout", SOON, into_target, &pipe, &err),
                 ERROR_INTERNAL);
    error_clear(&err);
    assert_fails(db_execute(db, STATEMENT("select 1"), DB_NO_PARAMS, SOON, &err), ERROR_INTERNAL);
    error_clear(&err);
    assert_ok(db_copy_in_end(db, SOON, &rows, &err));
    assert_int_equal(rows, 1);
    assert_fails(db_copy_out(db, "copy target to stdout", SOON, ask_meanwhile, NULL, &err),
                 ERROR_INTERNAL);
    error_clear(&err);
    session_goes_on();
}

static void who_gives_up_between_two_pieces_rolls_back(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_ok(db_begin(db, SOON, &err));
    run(db, "create table half (a int)");
    begin(TARGET);
    put("1\tone\n");
    db_rollback(db);
    assert_false(db_in_transaction(db));
    session_goes_on();
    must_be(db, "select to_regclass('half') is null and not exists (select from target)", "t");
    begin(TARGET);
    db_closep(&db);
}

/* --- ends that come from elsewhere --- */

static void a_deadline_closes_the_session(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    begin(TARGET);
    kill(backend, SIGSTOP);
    bool done = put_until_it_fails(deadline_in(400), &err);
    kill(backend, SIGCONT);
    assert_fails(done, ERROR_TIMEOUT);
    assert_contains(err.message, "no answer from ");
    error_clear(&err);
    assert_false(db_is_alive(db));
    assert_fails(db_copy_in_put(db, "2\ttwo\n", 6, SOON, &err), ERROR_UNREACHABLE);
    error_clear(&err);
}

static void a_deadline_counts_for_rows_that_come_out_for_ever(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    begin("copy target from stdin where id < 0");
    assert_fails(db_copy_out(other, "copy (select generate_series(1, 2000000000), 'x') to stdout",
                             deadline_in(300), into_target, &pipe, &err),
                 ERROR_TIMEOUT);
    error_clear(&err);
    assert_false(db_is_alive(other));
}

static bool count_rows(void *context, const char *bytes, size_t n, struct error *err)
{
    size_t *rows = context;
    (void)bytes;
    (void)n;
    (void)err;
    ++*rows;
    return true;
}

static void says_how_many_rows_came_out(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t seen = 0;
    int64_t rows = 0;
    const struct db_copy_rows all = {.take = count_rows, .context = &seen, .longest = 1000};
    assert_ok(db_copy_out_counted(other, "copy (select 1 from generate_series(1, 5000)) to stdout",
                                  &all, SOON, &rows, &err));
    assert_int_equal(seen, 5000);
    assert_int_equal(rows, 5000);
}

/* One that came in at one go may slip through: not all of them. */
static void a_row_that_is_too_long_is_not_waited_for(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t seen = 0;
    int64_t rows = 0;
    const struct db_copy_rows all = {.take = count_rows, .context = &seen, .longest = 100000};
    assert_fails(db_copy_out_counted(other,
                                     "copy (select repeat('x', 20000000) from generate_series(1, "
                                     "200)) to stdout",
                                     &all, SOON, &rows, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, DB_ROW_TOO_LONG);
    error_clear(&err);
    assert_true(seen < 200);
    assert_false(db_is_alive(other));
}

static void a_wish_to_stop_ends_the_data(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_ok(db_begin(db, SOON, &err));
    begin(TARGET);
    pid_t child = soon(interrupt_parent);
    bool done = put_until_it_fails(DEADLINE_NONE, &err);
    end_child(child);
    assert_fails(done, ERROR_INTERRUPTED);
    error_clear(&err);
    db_rollback(db);
    interrupt_forget();
    session_goes_on();
    must_be(db, "select count(*) from target", "0");
}

static void a_wish_to_stop_that_is_there_already_is_noticed_at_the_end_too(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pollfd none = {.fd = -1, .events = 0, .revents = 0};
    int64_t rows = 0;
    begin(TARGET);
    put("1\tone\n");
    raise(SIGTERM);
    assert_int_equal(interrupt_poll(&none, 1, SOON), -1);
    assert_fails(db_copy_in_end(db, SOON, &rows, &err), ERROR_TERMINATED);
    error_clear(&err);
    interrupt_forget();
    session_goes_on();
    must_be(db, "select count(*) from target", "0");
}

static void a_server_that_waits_for_a_lock_is_stopped_too(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(other, "create table locked (a int primary key)");
    run(other, "begin");
    run(other, "insert into locked values (1)");
    begin("copy locked from stdin");
    pid_t child = soon(interrupt_parent);
    assert_ok(db_copy_in_put(db, "1\n", 2, SOON, &err));
    int64_t rows = 0;
    bool done = db_copy_in_end(db, SOON, &rows, &err);
    end_child(child);
    assert_fails(done, ERROR_INTERRUPTED);
    error_clear(&err);
    interrupt_forget();
    session_goes_on();
    run(other, "rollback");
    run(other, "drop table locked");
}

static void a_wish_to_stop_cancels_rows_that_come_out(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    begin("copy target from stdin where id < 0");
    pid_t child = soon(interrupt_parent);
    bool done = db_copy_out(other, "copy (select generate_series(1, 2000000000), 'x') to stdout",
                            DEADLINE_NONE, into_target, &pipe, &err);
    end_child(child);
    assert_fails(done, ERROR_INTERRUPTED);
    error_clear(&err);
    interrupt_forget();
    must_be(other, "select 1", "1");
    assert_true(pipe.pieces > 0);
}

static bool refuse_the_tenth(void *context, const char *bytes, size_t n, struct error *err)
{
    (void)bytes;
    (void)n;
    int *calls = context;
    *calls += 1;
    return *calls < 10 || error_set(err, ERROR_IO, "the disk is full");
}

static void rows_that_nobody_wants_any_more_are_cancelled(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int calls = 0;
    assert_fails(db_copy_out(db, "copy (select generate_series(1, 2000000000)) to stdout",
                             DEADLINE_NONE, refuse_the_tenth, &calls, &err),
                 ERROR_IO);
    assert_string_equal(err.message, "the disk is full");
    error_clear(&err);
    assert_int_equal(calls, 10);
    session_goes_on();
}

static void a_backend_that_is_ended_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    begin(TARGET);
    pid_t child = soon(terminate_backend);
    bool done = put_until_it_fails(SOON, &err);
    end_child(child);
    assert_fails(done, ERROR_UNREACHABLE);
    assert_contains(err.message, "terminating connection due to administrator command");
    assert_string_equal(err.sqlstate, "57P01");
    error_clear(&err);
    assert_false(db_is_alive(db));
    db_rollback(db);
}

/* The last one: the server ends all sessions and starts again. */
static void a_backend_that_is_killed_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pipe pipe = {0};
    begin(TARGET);
    pid_t child = soon(kill_backend);
    bool done = put_until_it_fails(SOON, &err);
    end_child(child);
    assert_fails(done, ERROR_UNREACHABLE);
    error_clear(&err);
    assert_false(db_is_alive(db));
    assert_fails(
        db_copy_out(other, "copy (select pg_sleep(60)) to stdout", SOON, into_target, &pipe, &err),
        ERROR_UNREACHABLE);
    error_clear(&err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)

int main(void)
{
    interrupt_install();
    const struct CMUnitTest tests[] = {
        TEST(more_than_is_kept_in_memory_goes_from_table_to_table),
        TEST(pieces_may_be_cut_anywhere_and_be_large),
        TEST(nothing_may_be_copied_as_well),
        TEST(a_server_that_chatters_all_along_is_listened_to),
        TEST(a_notice_that_comes_in_two_pieces_ends_nothing),
        TEST(an_error_at_the_beginning_is_the_servers),
        TEST(what_is_no_copy_of_this_direction_is_refused),
        TEST(a_bad_row_in_the_middle_ends_it_before_the_end_of_the_data),
        TEST(a_duplicate_key_is_named_at_the_end),
        TEST(an_error_in_the_middle_of_rows_that_come_out_is_the_servers),
        TEST(a_session_that_may_only_read_takes_nothing_in),
        TEST(a_session_in_the_middle_of_a_copy_does_nothing_else),
        TEST(who_gives_up_between_two_pieces_rolls_back),
        TEST(a_deadline_closes_the_session),
        TEST(a_deadline_counts_for_rows_that_come_out_for_ever),
        TEST(says_how_many_rows_came_out),
        TEST(a_row_that_is_too_long_is_not_waited_for),
        TEST(a_wish_to_stop_ends_the_data),
        TEST(a_wish_to_stop_that_is_there_already_is_noticed_at_the_end_too),
        TEST(a_server_that_waits_for_a_lock_is_stopped_too),
        TEST(a_wish_to_stop_cancels_rows_that_come_out),
        TEST(rows_that_nobody_wants_any_more_are_cancelled),
        TEST(a_backend_that_is_ended_is_a_lost_connection),
        TEST(a_backend_that_is_killed_is_a_lost_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
