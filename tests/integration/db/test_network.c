/* What the network does to a session: latency, silence, and an end at any byte. */
#include "sessions.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#define TEXT(sql) (sql), strlen(sql)

/* --- the proxy --- */

/* Starts a relay to the server; the connection string through it. The caller's. */
static char *through_proxy(const char *name, const char *options)
{
    (void)scratch_postgres();
    scratch_sh("python3 %s/proxy.py --listen-file %s.port --to %s/pg/.s.PGSQL.5432 --count-file"
               " %s.json --control %s.control %s >%s.log 2>&1 &\n"
               "for i in $(seq 500); do [ -s %s.port ] && exit 0; sleep 0.02; done; exit 1",
               TEST_SUPPORT, name, scratch_dir(), name, name, options, name, name);
    return mem_printf("host=127.0.0.1 port=%s user=tester dbname=postgres sslmode=disable"
                      " gssencmode=disable",
                      scratch_out("cat %s.port", name));
}

/* The round trips of the proxy's connection with this number, once it has ended. */
static int round_trips(const char *name, int connection)
{
    const char *text =
        scratch_out("for i in $(seq 500); do\n"
                    "  python3 -c 'import json, sys\n"
                    "print(json.load(open(sys.argv[1]))[\"connections\"][int(sys.argv[2])]"
                    "[\"round_trips\"])' %s.json %d 2>/dev/null && exit 0; sleep 0.02\n"
                    "done; exit 1",
                    name, connection);
    return (int)strtol(text, NULL, 10);
}

static void a_hundred_statements_are_one_round_trip(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    CLEANUP(mem_freep) char *url = through_proxy("slow", "--delay-ms 25");
    CLEANUP(db_closep) struct db *idle = session(url, false);
    db_closep(&idle);
    CLEANUP(db_closep) struct db *db = session(url, false);
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    for (int i = 0; i < 98; i++) {
        db_batch_add_text(batch, TEXT("select 1"));
    }
    db_batch_commit(batch);
    msec start = clock_now();
    assert_ok(db_batch_run(db, batch, SOON, &failed, &err));
    assert_true(clock_now() - start >= 50);
    db_closep(&db);
    assert_int_equal(round_trips("slow", 1), round_trips("slow", 0) + 1);
}

/* --- cuts --- */

static void expect_consistent(bool done, size_t failed, const struct error *err)
{
    CLEANUP(db_closep) struct db *db = session(scratch_postgres(), false);
    /* the backend that was cut off may still be at it */
    run(db, "do $$ begin lock table cut; end $$");
    CLEANUP(mem_freep) char *rows = value(db, "select count(*) from cut");
    bool committed = text_equal(rows, "1");
    assert_true(committed || text_equal(rows, "0"));
    if (done) {
        assert_true(committed);
        return;
    }
    assert_int_equal(err->code, ERROR_UNREACHABLE);
    assert_false(err->retryable);
    assert_true(failed < 4);
    assert_contains(err->message, " was lost");
}

/* Whether the batch was done although the connection ended after this many bytes. */
static bool run_cut_off(const char *proxy, const char *url, const char *direction, int bytes)
{
    struct error err = ERROR_INIT;
    size_t failed = 99;
    CLEANUP(db_closep) struct db *owner = session(scratch_postgres(), false);
    run(owner, "drop table if exists cut");
    run(owner, "create table cut (a int)");
    scratch_sh("echo '--cut-after %d --direction %s' >new; mv new %s.control", bytes, direction,
               proxy);
    CLEANUP(db_closep) struct db *db = session(url, false);
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("insert into cut values (1)"));
    db_batch_add(batch, STATEMENT("select * from cut"), DB_NO_PARAMS);
    db_batch_commit(batch);
    bool done = db_batch_run(db, batch, SOON, &failed, &err);
    expect_consistent(done, failed, &err);
    error_clear(&err);
    return done;
}

/* What a session alone says until it is open, so that the cuts hit the batch. */
static int bytes_to_open(const char *proxy, const char *url, const char *key)
{
    CLEANUP(db_closep) struct db *db = session(url, false);
    db_closep(&db);
    return (int)strtol(scratch_out("for i in $(seq 500); do\n"
                                   "  python3 -c 'import json, sys\n"
                                   "print(json.load(open(sys.argv[1]))[\"connections\"][0]"
                                   "[sys.argv[2]])' %s.json %s 2>/dev/null && exit 0; sleep 0.02\n"
                                   "done; exit 1",
                                   proxy, key),
                       NULL, 10);
}

static void wherever_the_answers_are_cut_off_success_means_committed(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *url = through_proxy("answers", "");
    int open = bytes_to_open("answers", url, "to_client");
    int n_done = 0, n_lost = 0;
    for (int bytes = open + 1; bytes < open + 260; bytes += 11) {
        *(run_cut_off("answers", url, "server", bytes) ? &n_done : &n_lost) += 1;
    }
    assert_true(n_done > 0 && n_lost > 5);
}

static void wherever_the_steps_are_cut_off_success_means_committed_too(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *url = through_proxy("steps", "");
    int open = bytes_to_open("steps", url, "to_server") - 5; /* without its farewell */
    /* What opens it has the process's number in it, of which the next may have a digit more. */
    for (int bytes = open + 4; bytes < open + 240; bytes += 13) {
        (void)run_cut_off("steps", url, "client", bytes);
    }
}

static void a_network_that_goes_silent_ends_at_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    CLEANUP(mem_freep) char *url = through_proxy("silent", "--stall-after 3000");
    CLEANUP(db_closep) struct db *db = session(url, false);
    CLEANUP(mem_freep) char *big = mem_printf("select 1 /* %3000s */", "");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_add_text(batch, big, strlen(big));
    assert_fails(db_batch_run(db, batch, deadline_in(500), &failed, &err), ERROR_TIMEOUT);
    assert_int_equal(failed, 0);
    error_clear(&err);
}

static void a_reset_is_a_lost_connection_in_one_sentence(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *url = through_proxy("reset", "--cut-after 3000 --reset");
    CLEANUP(db_closep) struct db *db = session(url, false);
    CLEANUP(mem_freep)
    char *wanted = mem_printf("the connection to %s was lost: the server or the network ended it",
                              db_display(db));
    CLEANUP(mem_freep) char *big = mem_printf("select 1 /* %3000s */", "");
    assert_fails(db_run_text(db, big, strlen(big), SOON, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, wanted);
    error_clear(&err);
}

/* --- keepalives --- */

/* The socket of the only TCP connection of this program. */
static int tcp_socket(void)
{
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET) {
            return fd;
        }
    }
    return -1;
}

static int option(int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    assert_int_equal(getsockopt(tcp_socket(), level, name, &value, &size), 0);
    return value;
}

static void expect_keepalives(const char *url, const char *parameters, const int wanted[5])
{
    CLEANUP(mem_freep) char *full = mem_printf("%s %s", url, parameters);
    CLEANUP(db_closep) struct db *db = session(full, false);
    assert_true(db_is_alive(db));
    assert_int_equal(option(SOL_SOCKET, SO_KEEPALIVE), wanted[0]);
    assert_int_equal(option(IPPROTO_TCP, TCP_KEEPIDLE), wanted[1]);
    assert_int_equal(option(IPPROTO_TCP, TCP_KEEPINTVL), wanted[2]);
    assert_int_equal(option(IPPROTO_TCP, TCP_KEEPCNT), wanted[3]);
    assert_int_equal(option(IPPROTO_TCP, TCP_USER_TIMEOUT), wanted[4]);
}

static void a_dead_network_is_noticed_unless_the_user_says_otherwise(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *url = through_proxy("keepalive", "");
    expect_keepalives(url, "", (const int[]){1, 15, 5, 4, 30000});
    expect_keepalives(url, "keepalives_idle=77 tcp_user_timeout=5000",
                      (const int[]){1, 77, 5, 4, 5000});
    scratch_sh("printf '[slow]\\nkeepalives_interval=9\\nkeepalives_count=2\\n' > slow.conf");
    CLEANUP(mem_freep) char *services = mem_printf("%s/slow.conf", scratch_dir());
    assert_int_equal(setenv("PGSERVICEFILE", services, 1), 0);
    expect_keepalives(url, "service=slow", (const int[]){1, 15, 9, 2, 30000});
    assert_int_equal(unsetenv("PGSERVICEFILE"), 0);
    CLEANUP(mem_freep) char *off = mem_printf("%s keepalives=0", url);
    CLEANUP(db_closep) struct db *db = session(off, false);
    assert_true(db_is_alive(db));
    assert_int_equal(option(SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_statements_are_one_round_trip),
        cmocka_unit_test(wherever_the_answers_are_cut_off_success_means_committed),
        cmocka_unit_test(wherever_the_steps_are_cut_off_success_means_committed_too),
        cmocka_unit_test(a_network_that_goes_silent_ends_at_the_deadline),
        cmocka_unit_test(a_reset_is_a_lost_connection_in_one_sentence),
        cmocka_unit_test(a_dead_network_is_noticed_unless_the_user_says_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
