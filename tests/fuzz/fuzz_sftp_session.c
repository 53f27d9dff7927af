/*
 * Any bytes as what an SFTP server sends: an input that begins with 'R' is one answer; any other is
 * all that a server says in a session in which a folder is listed, a file read and another written.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_reply(const uint8_t *data, size_t size)
{
    struct sftp_reply reply;
    struct sftp_entry entry;
    unsigned extensions = 0;
    (void)sftp_version_read((const char *)data, size, &extensions);
    if (sftp_reply_read((const char *)data, size, &reply) == NULL) {
        char *name = NULL;
        size_t names = 0;
        while ((name = sftp_reply_name(&reply, &entry)) != NULL) {
            assert(strlen(name) > 0 && strchr(name, '/') == NULL);
            mem_free(name);
            names++;
        }
        assert(names <= size);
    }
}

static void use(struct sftp *sftp)
{
    static char bytes[100000];
    CLEANUP(sftp_file_closep) struct sftp_file *in = NULL;
    CLEANUP(sftp_file_closep) struct sftp_file *out = NULL;
    CLEANUP(sftp_entries_clear) struct sftp_entries entries = {0};
    struct error errors[6] = {ERROR_INIT, ERROR_INIT, ERROR_INIT,
                              ERROR_INIT, ERROR_INIT, ERROR_INIT};
    size_t n = 0;
    bool durable = false;
    uint64_t there = 0;
    (void)!sftp_list(sftp, "/vault", &entries, &errors[0]);
    (void)!sftp_free_bytes(sftp, "/vault", &there, &errors[1]);
    if (sftp_open_to_read(sftp, "/vault/x", &in, &errors[2])) {
        (void)!sftp_read_at(in, bytes, sizeof bytes, 0, &n, &errors[3]);
        assert(n <= sizeof bytes);
    }
    if (sftp_open_to_write(sftp, "/vault/y", true, 0600, &out, &errors[4])) {
        bool written = sftp_write_at(out, bytes, sizeof bytes, 0, &errors[5]) &&
                       sftp_sync(out, &durable, &errors[5]);
        assert(written || error_is_set(&errors[5]));
        assert(sftp_arrived(out) <= sizeof bytes);
    }
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        error_clear(&errors[i]);
    }
}

/* The server has said all before it is asked; what it is asked must fit into the socket. */
static void run_session(const uint8_t *data, size_t size)
{
    CLEANUP(sftp_closep) struct sftp *sftp = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        abort();
    }
    CLEANUP(fd_closep) int theirs = ends[1];
    size_t most = size < 65536 ? size : 65536;
    if (send(theirs, data, most, MSG_NOSIGNAL) != (ssize_t)most || shutdown(theirs, SHUT_WR) != 0) {
        abort();
    }
    if (sftp_open(ends[0], "fuzz", 20000, &sftp, &err)) {
        use(sftp);
    } else {
        assert(err.code == ERROR_UNREACHABLE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'R') {
        read_reply(data + 1, size - 1);
    } else {
        run_session(data, size);
    }
    return 0;
}
