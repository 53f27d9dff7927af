/* Places where no PostgreSQL server answers, or not as one would wish. */
#include "sessions.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "headgate/interrupt.h"

/* A socket that listens on 127.0.0.1: whoever connects is let in by the kernel, and hears nothing.
 */
static int listen_somewhere(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* A port of 127.0.0.1 on which nobody listens, held by us so that nobody will. */
static int hold_port(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void a_refused_connection_says_where(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int port = 0;
    CLEANUP(fd_closep) int fd = hold_port(&port);
    assert_true(fd >= 0);
    CLEANUP(mem_freep)
    char *url = mem_printf("postgres://joe:canary-1@127.0.0.1:%d/shop", port);
    CLEANUP(mem_freep)
    char *wanted = mem_printf("could not connect to 127.0.0.1:%d/shop: connection refused", port);
    expect_open_fails(url, SOON, ERROR_UNREACHABLE, "", &err);
    assert_string_equal(err.message, wanted);
    assert_contains(err.hint, "listens");
    assert_true(err.retryable);
    error_clear(&err);
}

static void a_host_without_an_address_is_unreachable(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    expect_open_fails("postgres://joe:canary-1@no-such-host.invalid/shop", SOON, ERROR_UNREACHABLE,
                      "", &err);
    assert_contains(err.message, "could not connect to no-such-host.invalid/shop: ");
    assert_contains(err.hint, "name");
    error_clear(&err);
}

static void a_socket_that_is_not_there_is_unreachable(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *url = mem_printf("host=%s port=5999 dbname=shop", scratch_dir());
    CLEANUP(mem_freep)
    char *wanted =
        mem_printf("could not connect to %s:5999/shop: no such file or directory", scratch_dir());
    expect_open_fails(url, SOON, ERROR_UNREACHABLE, "", &err);
    assert_string_equal(err.message, wanted);
    assert_contains(err.hint, "socket");
    error_clear(&err);
}

static void a_black_hole_ends_at_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int port = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&port);
    assert_true(fd >= 0);
    CLEANUP(mem_freep) char *url = mem_printf("host=127.0.0.1 port=%d dbname=shop", port);
    CLEANUP(mem_freep)
    char *wanted =
        mem_printf("could not connect to 127.0.0.1:%d/shop: no answer within 300ms", port);
    expect_open_fails(url, deadline_in(300), ERROR_UNREACHABLE, "", &err);
    assert_string_equal(err.message, wanted);
    assert_contains(err.hint, "firewall");
    assert_true(err.retryable);
    error_clear(&err);
}

static void the_users_connect_timeout_counts_where_it_is_shorter(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int port = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&port);
    assert_true(fd >= 0);
    CLEANUP(mem_freep)
    char *url = mem_printf("host=127.0.0.1 port=%d dbname=shop connect_timeout=1", port);
    expect_open_fails(url, DEADLINE_NONE, ERROR_UNREACHABLE, "", &err);
    assert_contains(err.message, "no answer within 2s");
    error_clear(&err);
    expect_open_fails(url, deadline_in(200), ERROR_UNREACHABLE, "", &err);
    assert_contains(err.message, "no answer within 200ms");
    error_clear(&err);
}

static void a_host_that_does_not_answer_leaves_time_for_the_next(void **state)
{
    (void)state;
    int hole = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&hole);
    assert_true(fd >= 0);
    scratch_postgres();
    CLEANUP(mem_freep)
    char *url = mem_printf("host=127.0.0.1,%s/pg port=%d,5432 user=tester dbname=postgres "
                           "connect_timeout=2",
                           scratch_dir(), hole);
    CLEANUP(db_closep) struct db *db = session(url, false);
    assert_string_equal(db_identity(db)->port, "5432");
}

static void every_host_that_was_tried_is_named(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int hole = 0, refused = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&hole);
    assert_true(fd >= 0);
    CLEANUP(fd_closep) int other = hold_port(&refused);
    assert_true(other >= 0);
    CLEANUP(mem_freep)
    char *url = mem_printf("hostaddr=127.0.0.1,127.0.0.1,127.0.0.1 port=%d,%d,%d dbname=shop",
                           refused, hole, refused);
    expect_open_fails(url, deadline_in(900), ERROR_UNREACHABLE, "", &err);
    CLEANUP(mem_freep) char *of_hole = mem_printf("127.0.0.1:%d (no answer within ", hole);
    CLEANUP(mem_freep) char *of_refused = mem_printf("127.0.0.1:%d (connection refused)", refused);
    assert_contains(err.detail, of_hole);
    assert_contains(err.detail, of_refused);
    error_clear(&err);
}

/* Answers each connection with a line, in a child. */
static pid_t answer_with(int fd, const char *line)
{
    pid_t child = fork();
    if (child == 0) {
        char request[512];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int peer = accept(fd, NULL, NULL);
            ssize_t n = read(peer, request, sizeof request);
            n = n > 0 ? write(peer, line, strlen(line)) : 0;
            close(peer);
        }
    }
    return child;
}

static void something_that_is_not_postgresql_is_recognised(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int port = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&port);
    assert_true(fd >= 0);
    pid_t child = answer_with(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    CLEANUP(mem_freep)
    char *url = mem_printf("host=127.0.0.1 port=%d dbname=shop sslmode=disable", port);
    expect_open_fails(url, SOON, ERROR_UNREACHABLE, "", &err);
    assert_contains(err.hint, "PostgreSQL server that listens there");
    error_clear(&err);
    CLEANUP(mem_freep)
    char *with_ssl = mem_printf("host=127.0.0.1 port=%d dbname=shop sslmode=require", port);
    expect_open_fails(with_ssl, SOON, ERROR_UNREACHABLE, "", &err);
    assert_contains(err.hint, "PostgreSQL server that listens there");
    error_clear(&err);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void a_server_without_tls_is_not_used_where_tls_is_asked_for(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int port = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&port);
    assert_true(fd >= 0);
    pid_t child = answer_with(fd, "N");
    CLEANUP(mem_freep)
    char *url = mem_printf("postgres://joe:canary-2@127.0.0.1:%d/shop?sslmode=require", port);
    expect_open_fails(url, SOON, ERROR_UNREACHABLE, "", &err);
    assert_contains(err.message, "server does not support SSL");
    assert_contains(err.hint, "ssl");
    error_clear(&err);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void what_libpq_cannot_use_is_a_mistake_in_the_configuration(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const char *const urls[] = {"host=x sslmode=sometimes", "service=no-such-service",
                                "host=x port=99999", "host=x port=1,2"};
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        expect_open_fails(urls[i], SOON, ERROR_CONFIG, "", &err);
        assert_contains(err.message, "cannot connect with this connection string");
        error_clear(&err);
    }
}

static void a_wish_to_stop_ends_the_wait(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int port = 0;
    CLEANUP(fd_closep) int fd = listen_somewhere(&port);
    assert_true(fd >= 0);
    CLEANUP(mem_freep) char *url = mem_printf("host=127.0.0.1 port=%d dbname=shop", port);
    interrupt_install();
    raise(SIGTERM);
    expect_open_fails(url, DEADLINE_NONE, ERROR_TERMINATED, "", &err);
    error_clear(&err);
    interrupt_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_connection_says_where),
        cmocka_unit_test(a_host_without_an_address_is_unreachable),
        cmocka_unit_test(a_socket_that_is_not_there_is_unreachable),
        cmocka_unit_test(a_black_hole_ends_at_the_deadline),
        cmocka_unit_test(the_users_connect_timeout_counts_where_it_is_shorter),
        cmocka_unit_test(a_host_that_does_not_answer_leaves_time_for_the_next),
        cmocka_unit_test(every_host_that_was_tried_is_named),
        cmocka_unit_test(something_that_is_not_postgresql_is_recognised),
        cmocka_unit_test(a_server_without_tls_is_not_used_where_tls_is_asked_for),
        cmocka_unit_test(what_libpq_cannot_use_is_a_mistake_in_the_configuration),
        cmocka_unit_test(a_wish_to_stop_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
