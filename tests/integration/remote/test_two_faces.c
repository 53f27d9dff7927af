/* A host whose key is another one when keys are exchanged again. */
#include "hosts.h"
#include "twoface.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

#define POISON "<not from the host>"
#define MUCH ((size_t)16 << 20)
#define SH(line) ((const char *const[]){"/bin/sh", "-c", line, NULL})
#define OPENSSH (TRANSPORT == TRANSPORT_OPENSSH)

static char known_hosts[256], user_key[256];
static struct twoface face;
static struct ssh_place place;

static int open_keys(void **state)
{
    (void)state;
    interrupt_install();
    twoface_key("first", "ed25519");
    twoface_key("other", "ed25519");
    twoface_key("kin", "ecdsa");
    twoface_key("user", "ed25519");
    (void)snprintf(known_hosts, sizeof known_hosts, "%s/known", scratch_dir());
    (void)snprintf(user_key, sizeof user_key, "%s/user", scratch_dir());
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    return 0;
}

static void show(const char *settings)
{
    char line[512];
    (void)snprintf(line, sizeof line, "key=first authorized=user.pub poison='%s' %s", POISON,
                   settings);
    face = twoface_start(line);
    scratch_sh("for i in first kin; do echo \"[127.0.0.1]:%d $(cat $i.pub)\"; done >known",
               face.port);
    place = (struct ssh_place){.host = "127.0.0.1",
                               .port = face.port,
                               .user = "somebody",
                               .identity = user_key,
                               .known_hosts = known_hosts,
                               .config = "/dev/null",
                               .transport = TRANSPORT};
}

static int stop_face(void **state)
{
    (void)state;
    twoface_stop(&face);
    return 0;
}

static const char *fingerprint(const char *name)
{
    return scratch_out("ssh-keygen -lf %s.pub | cut -d' ' -f2", name);
}

/* Both keys are named, and what to do. */
static void assert_told(const struct error *err, const char *other)
{
    CLEANUP(mem_freep)
    char *message = mem_printf("somebody@127.0.0.1:%d showed another host key in the middle of the "
                               "session",
                               face.port);
    assert_int_equal(err->code, ERROR_UNREACHABLE);
    assert_contains(err->message, message);
    assert_false(err->retryable);
    assert_contains(err->detail, fingerprint("first"));
    assert_contains(err->detail, fingerprint(other));
    assert_contains(err->hint, "ssh-keygen -lf");
}

/* The exchange was not gone through with: the host never got our word for it. */
static void assert_no_new_keys(void)
{
    assert_int_equal(twoface_count(&face, "keys 2"), 0);
}

static void run_until_changed(struct remote *remote, const char *line, struct strbuf *ret_out,
                              struct error *ret_err)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_beside_clear) struct remote_beside beside = REMOTE_BESIDE_INIT;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_ok(remote_start(remote, &(struct process_spec){.argv = SH(line)}, -1, ends[1], &beside,
                           &err));
    (void)close(ends[1]);
    ssize_t n = 1;
    while (n > 0) {
        n = read(ends[0], strbuf_room(ret_out, 65536), 65536);
        strbuf_grown(ret_out, n > 0 ? (size_t)n : 0);
    }
    (void)close(ends[0]);
    assert_fails(remote_wait(&beside, deadline_in(PATIENCE), &err), ERROR_UNREACHABLE);
    error_clear(ret_err);
    error_move(ret_err, &err);
}

/* --- it is the same --- */

static void the_same_key_again_is_no_news(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    show("rekey=300000 poison=");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    const struct process_spec spec = {
        .argv = SH("i=0; while [ $i -lt 200000 ]; do echo $i; i=$((i+1)); done"),
        .deadline = deadline_in(PATIENCE),
        .keep = 4 << 20};
    assert_ok(remote_run(remote, &spec, &result, &err));
    assert_int_equal(result.exit_status, 0);
    CLEANUP(strbuf_clear) struct strbuf wanted = STRBUF_INIT;
    for (int i = 0; i < 200000; i++) {
        strbuf_printf(&wanted, "%d\n", i);
    }
    assert_int_equal(result.out.size, wanted.size);
    assert_memory_equal(result.out.text, wanted.text, wanted.size);
    assert_true(twoface_count(&face, "keys ") >= 4);
}

/* --- it is another --- */

static void another_key_ends_the_session_before_anything_comes_of_it(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    show("second=other rekey=1000");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    run_until_changed(remote, "echo before; head -c 2000 /dev/zero | tr '\\0' x; sleep 1000",
                      &out, &err);
    assert_told(&err, "other");
    assert_null(strstr(out.text, POISON));
    assert_no_new_keys();
    error_clear(&err);
    /* Who comes next comes to a new session, whose key is looked at as ever. */
    msec took = 0;
    assert_ok(remote_ping(remote, deadline_in(PATIENCE), &took, &err));
    scratch_sh("echo \"[127.0.0.1]:%d $(cat other.pub)\" >known", face.port);
    run_until_changed(remote, "head -c 2000 /dev/zero; sleep 1000", &out, &err);
    error_clear(&err);
    assert_fails(remote_ping(remote, deadline_in(PATIENCE), &took, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "the host key has changed");
}

static void an_idle_session_is_ended_as_well(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    show("second=other rekey=idle");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    run_until_changed(remote, "sleep 1000", &out, &err);
    assert_told(&err, "other");
    assert_int_equal(out.size, 0);
    assert_no_new_keys();
}

/* A session's key does not change, to whatever. (The machine's ssh looks it up as at the first
 * exchange, and has its own opinion of one that it finds.) */
static void a_key_that_is_known_as_well_is_another_one_too(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (OPENSSH) {
        return;
    }
    show("second=kin rekey=idle");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    run_until_changed(remote, "sleep 1000", &out, &err);
    assert_told(&err, "kin");
    assert_int_equal(out.size, 0);
    assert_no_new_keys();
}

static void a_pinned_key_does_not_change_either(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    show("second=kin rekey=idle");
    place.host_key = fingerprint("first");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    run_until_changed(remote, "sleep 1000", &out, &err);
    assert_told(&err, "kin");
    assert_no_new_keys();
}

static void no_password_goes_to_another_key(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    show("second=other rekey=login password=sesame");
    place.password = "sesame";
    assert_fails(remote_open(&place, deadline_in(PATIENCE), &remote, &err), ERROR_UNREACHABLE);
    if (!OPENSSH) { /* ssh takes no new keys before it is in */
        assert_told(&err, "other");
    }
    assert_int_equal(twoface_count(&face, "password"), 0);
    assert_no_new_keys();
}

/* --- connections through it --- */

/* A server that takes what comes, and answers nothing. */
static int listen_here(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int connect_to(const struct remote_way *way)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", way->host,
                   way->port);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static size_t read_rest(int fd, struct strbuf *ret_text)
{
    ssize_t n = 1;
    while (n > 0) {
        n = recv(fd, strbuf_room(ret_text, 65536), 65536, 0);
        strbuf_grown(ret_text, n > 0 ? (size_t)n : 0);
    }
    return ret_text->size;
}

static void a_connection_ends_and_gets_nothing_that_is_not_the_host_s(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(remote_way_clear) struct remote_way way = {.host = NULL};
    CLEANUP(strbuf_clear) struct strbuf there = STRBUF_INIT, here = STRBUF_INIT;
    int port = 0;
    CLEANUP(fd_closep) int listening = listen_here(&port);
    show("second=other rekey=200000");
    CLEANUP(remote_closep) struct remote *remote = open_remote(&place);
    assert_ok(remote_way_to(remote, "127.0.0.1", port, DOOR_SOCKET, deadline_in(PATIENCE), &way,
                            &err));
    CLEANUP(fd_closep) int client = connect_to(&way);
    CLEANUP(fd_closep) int server = accept(listening, NULL, NULL);
    CLEANUP(mem_freep) char *secret = mem_new(1, MUCH); /* more than is ever under way */
    memset(secret, 's', MUCH);
    (void)send(client, secret, MUCH, MSG_NOSIGNAL);
    assert_int_equal(read_rest(client, &here), 0);
    assert_true(read_rest(server, &there) < MUCH);
    assert_no_new_keys();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_same_key_again_is_no_news, stop_face),
        cmocka_unit_test_teardown(another_key_ends_the_session_before_anything_comes_of_it,
                                  stop_face),
        cmocka_unit_test_teardown(an_idle_session_is_ended_as_well, stop_face),
        cmocka_unit_test_teardown(a_key_that_is_known_as_well_is_another_one_too, stop_face),
        cmocka_unit_test_teardown(a_pinned_key_does_not_change_either, stop_face),
        cmocka_unit_test_teardown(no_password_goes_to_another_key, stop_face),
        cmocka_unit_test_teardown(a_connection_ends_and_gets_nothing_that_is_not_the_host_s,
                                  stop_face),
    };
    return cmocka_run_group_tests(tests, open_keys, NULL);
}
