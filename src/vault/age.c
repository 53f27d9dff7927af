/*
 * Encryption is age's: a program that others maintain, read by many, with one purpose. Public keys
 * and paths are all that it is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

#define PIECE ((size_t)256 * 1024)

static bool find_age(char **ret_program, struct error *err)
{
    *ret_program = process_find("age");
    if (*ret_program != NULL) {
        return true;
    }
    (void)error_set(err, ERROR_BACKUP,
                    "there is no program age on this machine, which encrypts and decrypts backups");
    return error_hint(err, "Install it: apt-get install age");
}

/* As files are opened by age itself, a missing one would be told in its words, after the dump has
 * begun. */
static bool check_readable(const char *path, const char *what, struct error *err)
{
    if (access(path, R_OK) == 0) {
        return true;
    }
    (void)error_set_errno(err, "could not read %s, %s", path, what);
    err->code = ERROR_BACKUP;
    return false;
}

static bool add_recipients(const struct vault *vault, struct strlist *argv, struct error *err)
{
    for (size_t i = 0; i < vault->recipients.n; i++) {
        const char *recipient = vault->recipients.items[i];
        bool is_path = vault_recipient_is_path(recipient);
        if (is_path && !check_readable(recipient, "a file of recipients of the vault", err)) {
            return error_hint(err, "\"encrypt_to\" of \"vault\" in environments.json names it.");
        }
        strlist_add(argv, is_path ? "-R" : "-r");
        strlist_add(argv, recipient);
    }
    return true;
}

bool age_encrypt(const struct vault *vault, int file, int *ret_input,
                 struct process_beside *ret_age, struct error *err)
{
    CLEANUP(mem_freep) char *program = NULL;
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    int ends[2];
    if (!find_age(&program, err)) {
        return false;
    }
    strlist_add(&argv, program);
    if (!add_recipients(vault, &argv, err)) {
        return false;
    }
    strlist_add(&argv, "-o");
    strlist_add(&argv, "-");
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    CLEANUP(fd_closep) int reading = ends[0];
    CLEANUP(fd_closep) int writing = ends[1];
    const struct process_spec spec = {.argv = (const char *const *)argv.items};
    if (!process_start(&spec, reading, file, ret_age, err)) {
        return false;
    }
    *ret_input = fd_take(&writing);
    return true;
}

/* Where the vault's folder is another machine's, programs of this one have their own for that. */
static const char *folder_here(const struct vault *vault)
{
    const char *wanted = getenv("TMPDIR");
    return vault->depot.kind->is_here           ? vault->depot.folder
           : wanted != NULL && wanted[0] == '/' ? wanted
                                                : "/tmp";
}

/* Where the file system knows no file without a name, one that loses it at once. */
static bool open_nameless(const struct vault *vault, const struct vault_item *item, int *ret_fd,
                          struct error *err)
{
    CLEANUP(mem_freep) char *part = NULL;
    const char *folder = folder_here(vault);
    bool taken = true;
    /* The archive may come from elsewhere. */
    if (vault->depot.kind->is_here && !vault_make_folder(vault, err)) {
        return false;
    }
    *ret_fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*ret_fd >= 0) {
        return true;
    }
    while (taken) {
        char id[UUID_SIZE];
        random_uuid(id);
        CLEANUP(mem_freep) char *name = mem_printf("%s.%.8s", item->name, id);
        if (!part_open(folder, name, &part, ret_fd, &taken, err)) {
            return false;
        }
    }
    (void)unlink(part);
    return true;
}

static bool refuse_without_identity(const struct vault_item *item, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG,
                    "backup %s is encrypted and can be read only with an identity file of age",
                    item->name);
    return error_hint(err, "Write its path into environments.json: \"vault\": { \"identity\": "
                           "\"/path/of/identity.txt\" }");
}

/* What is wanting here says nothing of the backup. */
static bool find_key(const struct vault *vault, const struct vault_item *item, char **ret_program,
                     struct error *err)
{
    if (vault->identity == NULL) {
        return refuse_without_identity(item, err);
    }
    if (find_age(ret_program, err) &&
        check_readable(vault->identity, "the identity file of the vault", err)) {
        return true;
    }
    err->code = ERROR_CONFIG;
    return false;
}

static bool refuse_decrypting(const struct vault *vault, const struct vault_item *item,
                              struct error *err)
{
    const char *said = err->detail != NULL ? err->detail : "";
    if (strstr(said, "no identity matched") != NULL) {
        err->code = ERROR_CONFIG;
        (void)error_hint(err, "Its key is another one: \"identity\" of \"vault\" in "
                              "environments.json names the file that has it.");
    } else if (err->code == ERROR_IO && said[0] != '\0' && strstr(said, "no space left") == NULL) {
        err->code = ERROR_BACKUP;
    }
    return error_prefix(err, "could not decrypt backup %s with %s", item->name, vault->identity);
}

/* From another machine its bytes go through us. That age wants no more is age's to tell. */
static bool feed(const struct stored *encrypted, int to, struct error *err)
{
    CLEANUP(mem_freep) char *room = mem_resize(NULL, PIECE, 1);
    for (uint64_t at = 0; at < encrypted->size;) {
        size_t n = encrypted->size - at < PIECE ? (size_t)(encrypted->size - at) : PIECE;
        if (!stored_read(encrypted, room, n, at, err)) {
            return false;
        }
        for (size_t sent = 0; sent < n;) {
            ssize_t some = send(to, room + sent, n - sent, MSG_NOSIGNAL);
            if (some < 0 && errno != EINTR) {
                return true;
            }
            sent += some > 0 ? (size_t)some : 0;
        }
        at += n;
    }
    return true;
}

static bool run_age(const char *const *argv, const struct stored *encrypted, int fd,
                    struct error *err)
{
    CLEANUP(process_beside_clear) struct process_beside age = PROCESS_BESIDE_INIT;
    const struct process_spec spec = {.argv = argv};
    int ends[2] = {-1, -1};
    if (encrypted->fd >= 0) {
        return process_start(&spec, encrypted->fd, fd, &age, err) &&
               process_wait(&age, DEADLINE_NONE, err);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set_errno(err, "could not make a pair of sockets");
    }
    CLEANUP(fd_closep) int theirs = ends[0];
    CLEANUP(fd_closep) int ours = ends[1];
    bool started = process_start(&spec, theirs, fd, &age, err);
    fd_closep(&theirs);
    if (!started || !feed(encrypted, ours, err)) {
        return false;
    }
    fd_closep(&ours);
    return process_wait(&age, DEADLINE_NONE, err);
}

bool age_decrypt(const struct vault *vault, const struct vault_item *item,
                 const struct stored *encrypted, int *ret_fd, struct error *err)
{
    CLEANUP(mem_freep) char *program = NULL;
    CLEANUP(fd_closep) int fd = -1;
    if (!find_key(vault, item, &program, err) || !open_nameless(vault, item, &fd, err)) {
        return false;
    }
    const char *const argv[] = {program, "-d", "-i", vault->identity, NULL};
    if (!run_age(argv, encrypted, fd, err)) {
        return refuse_decrypting(vault, item, err);
    }
    *ret_fd = fd_take(&fd);
    return true;
}
