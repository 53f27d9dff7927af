/*
 * A vault on another machine, over SFTP, whose line breaks at every moment.
 */
#include "sftp_host.h"

#define LARGE ((size_t)3 << 19)

/* All names over there. */
static size_t files_in(const char *folder)
{
    struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), folder);
    assert_ok(folder_list(path, &names, &err));
    return names.n;
}

static bool write_large(struct vault_file *file, const struct manifest *manifest, struct error *err)
{
    CLEANUP(pack_writer_freep) struct pack_writer *writer = NULL;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *bytes = mem_new(LARGE, 1);
    random_bytes(bytes, LARGE);
    manifest_write(manifest, &text);
    bool written = pack_writer_open(file->fd, file->name, 1, 1, &writer, err);
    for (size_t i = 0; i < 3 && written; i++) {
        CLEANUP(mem_freep) char *name = mem_printf("large/%zu", i);
        written = pack_writer_add(writer, name, bytes + i * (LARGE / 3), LARGE / 3, err);
    }
    return written && pack_writer_add(writer, DUMP_FOLDER "/000001", "12345", 5, err) &&
           pack_writer_add(writer, MANIFEST_MEMBER, text.text, text.size, err) &&
           pack_writer_finish(writer, err);
}

/* Made from its beginning to its end, or an error. ret_name, where it was made. */
static bool make_large(const struct vault *vault, char **ret_name, bool *ret_begun,
                       struct error *err)
{
    CLEANUP(vault_file_clear) struct vault_file file = VAULT_FILE_INIT;
    *ret_begun = vault_create(vault, "production", MOMENT, &file, err);
    if (!*ret_begun) {
        return false;
    }
    const struct manifest manifest = manifest_of(file.name, "production", MOMENT, NULL);
    if (!write_large(&file, &manifest, err)) {
        return vault_file_explain(&file, err);
    }
    file.manifest = &manifest;
    if (!vault_publish(&file, err)) {
        return false;
    }
    *ret_name = mem_copy(file.name);
    return true;
}

static void expect_whole(const struct vault *vault, const struct vault_item *item)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    assert_ok(vault_archive_open(vault, item, &archive, &err));
    assert_ok(pack_reader_check(archive.reader, 2, NULL, &err));
}

/* --- the same as in a folder of this machine --- */

static void a_backup_is_made_listed_opened_proven_and_removed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "made/here", "", true);
    CLEANUP(vault_list_clear) struct vault_list empty = {0};
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    assert_ok(vault_list(vault, NULL, &empty, &err));
    assert_int_equal(empty.n, 0);
    CLEANUP(mem_freep) char *older = make_backup(vault, "production", MOMENT, "aaaa");
    CLEANUP(mem_freep) char *newer = make_backup(vault, "production", MOMENT + HOUR, "bbbb");
    assert_int_equal(atomic_load(&host->hashed), 2);
    assert_int_equal(files_in("made/here"), 2);
    scratch_sh("[ $(stat -c %%a made/here) = 700 ] && "
               "[ \"$(stat -c %%a made/here/* | sort -u)\" = 600 ]");
    assert_ok(vault_list(vault, "production", &list, &err));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0].name, newer);
    assert_string_equal(list.items[1].manifest->release, "aaaa");
    expect_contents(vault, &list.items[1]);
    CLEANUP(mem_freep) char *path = mem_printf("%s/%s.tar.zst", vault_folder(vault), older);
    assert_true(text_starts(path, "sftp://vault1/"));
    assert_string_equal(list.items[1].path, path);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, path);
    CLEANUP(proof_clear) struct proof proof = a_proof(item.digest);
    assert_ok(vault_write_proof(vault, &item, &proof, &err));
    CLEANUP(vault_item_clear) struct vault_item proven = found(vault, "production", older);
    assert_int_equal(proven.proof.level, PROOF_RESTORE);
    assert_ok(vault_check_room(vault, 10000, &err));
    assert_ok(vault_remove(vault, &proven, &err));
    assert_ok(vault_remove(vault, &proven, &err));
    assert_int_equal(files_in("made/here"), 1);
    assert_fails(vault_check_room(vault, UINT64_MAX - 1, &err), ERROR_BACKUP);
    assert_contains(err.message, "sftp://vault1/");
}

/* More than are looked at together, some proven; one that cannot be read says so itself. */
static void many_are_listed_each_with_its_own(void **state)
{
    (void)state;
    enum { MANY = 20, BAD = 7 };
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "listing", "", true);
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i < MANY; i++) {
        CLEANUP(mem_freep) char *release = mem_printf("r%zu", i);
        strlist_take(&names, make_backup(vault, "production", MOMENT + (int64_t)i * HOUR, release));
        if (i % 3 == 0) {
            CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, names.items[i]);
            CLEANUP(proof_clear) struct proof proof = a_proof(item.digest);
            assert_ok(vault_write_proof(vault, &item, &proof, &err));
        }
    }
    scratch_sh("rm listing/%s.tar.zst; mkdir listing/%s.tar.zst", names.items[BAD],
               names.items[BAD]);
    assert_ok(vault_list(vault, NULL, &list, &err));
    assert_int_equal(list.n, MANY);
    for (size_t i = 0; i < MANY; i++) {
        const struct vault_item *item = &list.items[MANY - 1 - i];
        assert_string_equal(item->name, names.items[i]);
        if (i == BAD) {
            assert_null(item->manifest);
            assert_contains(item->error.message, "is no file");
            continue;
        }
        CLEANUP(mem_freep) char *release = mem_printf("r%zu", i);
        assert_string_equal(item->manifest->release, release);
        assert_int_equal(item->proof.level, i % 3 == 0 ? PROOF_RESTORE : PROOF_NONE);
    }
    /* What was seen then is not believed later. */
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, names.items[1]);
    CLEANUP(proof_clear) struct proof proof = a_proof(item.digest);
    assert_ok(vault_write_proof(vault, &item, &proof, &err));
    CLEANUP(vault_item_clear) struct vault_item proven = found(vault, NULL, names.items[1]);
    assert_int_equal(proven.proof.level, PROOF_RESTORE);
}

static void it_is_the_same_archive_as_on_this_machine(void **state)
{
    (void)state;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "same", "", false);
    CLEANUP(vault_freep) struct vault *here = vault_of("\"path\":\"same\"");
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, NULL);
    CLEANUP(vault_item_clear) struct vault_item there = found(vault, NULL, name);
    CLEANUP(vault_item_clear) struct vault_item item = found(here, NULL, name);
    assert_string_equal(item.digest, there.digest);
    expect_contents(here, &item);
    expect_contents(vault, &item); /* by its path: of this machine */
}

static void what_is_encrypted_is_told_without_the_key_and_read_with_it(void **state)
{
    (void)state;
    struct host *host = host_new();
    scratch_sh("age-keygen -o key 2>/dev/null && age-keygen -y key >people");
    CLEANUP(vault_freep)
    struct vault *vault =
        vault_at(host, "sealed", "\"encrypt_to\":[\"./people\"],\"identity\":\"key\"", true);
    CLEANUP(mem_freep) char *name = make_backup(vault, "production", MOMENT, "aaaa");
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    assert_true(item.encrypted);
    assert_string_equal(item.manifest->release, "aaaa");
    expect_contents(vault, &item);
    assert_int_equal(files_in("sealed"), 2);
    scratch_sh("head -c 18 sealed/*.age | grep -q ^age-encryption");
}

/* --- lines that break --- */

/* The second line is the writer's. What was begun becomes whole; what was not leaves nothing that
 * passes for a backup. */
static void a_line_that_breaks_at_any_moment_is_opened_anew(void **state)
{
    (void)state;
    size_t begun_ones = 0;
    for (size_t cut = 1; cut < LARGE + 20000; cut = cut < 800 ? cut + 190 : cut * 8 / 5) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct host *host = host_new();
        CLEANUP(mem_freep) char *folder = mem_printf("cut-%zu", cut);
        CLEANUP(vault_freep) struct vault *vault = vault_at(host, folder, "", cut % 2 == 0);
        CLEANUP(mem_freep) char *name = NULL;
        bool begun = false;
        host->cut_after[1] = cut;
        bool made = make_large(vault, &name, &begun, &err);
        assert_true(made || (!begun && err.code == ERROR_UNREACHABLE));
        begun_ones += begun;
        error_clear(&err);
        CLEANUP(vault_list_clear) struct vault_list list = {0};
        assert_ok(vault_list(vault, NULL, &list, &err));
        assert_int_equal(list.n, made ? 1 : 0);
        if (made) {
            assert_int_equal(files_in(folder), 1);
            expect_whole(vault, &list.items[0]);
        }
        scratch_sh("rm -r %s", folder);
        (void)munmap(host, sizeof *host);
    }
    assert_true(begun_ones > 10);
}

/* Each line carries one piece, and not two. */
static void many_breaks_are_survived_as_long_as_bytes_arrive(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "many", "", true);
    CLEANUP(mem_freep) char *name = NULL;
    bool begun = false;
    for (size_t i = 1; i < 12; i++) {
        host->cut_after[i] = 300000;
    }
    assert_ok(make_large(vault, &name, &begun, &err));
    assert_true(atomic_load(&host->lines) > 4);
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    expect_whole(vault, &item);
    assert_int_equal(files_in("many"), 1);
}

static void a_host_that_stays_away_is_given_up_and_nothing_is_published(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "away", "", true);
    CLEANUP(mem_freep) char *name = NULL;
    bool begun = false;
    host->cut_after[1] = 600000;
    for (size_t i = 2; i < LINES; i++) {
        host->cut_after[i] = 20;
    }
    host->cut_others = 20;
    assert_fails(make_large(vault, &name, &begun, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "vault1: ");
    assert_contains(err.detail, "The session was opened anew");
    assert_contains(err.detail, " bytes had arrived.");
    scratch_sh("[ -z \"$(ls away)\" ]");
}

static void reading_goes_on_in_another_line(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    size_t broken = 0;
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "read", "", true);
    CLEANUP(mem_freep) char *name = NULL;
    bool begun = false;
    assert_ok(make_large(vault, &name, &begun, &err));
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    for (size_t cut = 20; cut < 1000; cut += 70) { /* requests to read are small */
        CLEANUP(vault_freep) struct vault *breaks = vault_at(host, "read", "", true);
        atomic_store(&host->lines, 0);
        host->cut_after[0] = cut;
        expect_whole(breaks, &item);
        assert_true(atomic_load(&host->lines) <= 2);
        broken += atomic_load(&host->lines) == 2;
    }
    assert_true(broken > 5);
}

static void a_forked_child_reads_over_a_line_of_its_own(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "forked", "", true);
    CLEANUP(mem_freep) char *name = NULL;
    bool begun = false;
    assert_ok(make_large(vault, &name, &begun, &err));
    CLEANUP(vault_item_clear) struct vault_item item = found(vault, NULL, name);
    CLEANUP(vault_archive_clear) struct vault_archive archive = {.fd = -1};
    assert_ok(vault_archive_open(vault, &item, &archive, &err));
    pid_t children[3];
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            bool good = pack_reader_check(archive.reader, 2, NULL, &err);
            vault_archive_clear(&archive);
            _exit(good ? 0 : 1);
        }
    }
    assert_ok(pack_reader_check(archive.reader, 2, NULL, &err));
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_ok(pack_reader_check(archive.reader, 2, NULL, &err));
}

/* --- what is not whole --- */

static void what_arrived_otherwise_is_not_published(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "lies", "", true);
    CLEANUP(mem_freep) char *name = NULL;
    bool begun = false;
    host->lies = true;
    assert_fails(make_large(vault, &name, &begun, &err), ERROR_BACKUP);
    assert_contains(err.message, "its SHA-256 is another");
    assert_int_equal(files_in("lies"), 0);
}

static void a_full_disk_is_told_with_host_path_and_room(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "full", "", true);
    CLEANUP(mem_freep) char *name = NULL;
    bool begun = false;
    host->largest_file = 500000;
    assert_false(make_large(vault, &name, &begun, &err));
    assert_contains(err.message, "vault1: could not write ");
    assert_contains(err.message, "/full/.production-");
    assert_contains(err.detail, " free.");
    assert_int_equal(files_in("full"), 0);
}

static void what_was_not_published_was_never_there(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "never", "", true);
    struct vault_file file = VAULT_FILE_INIT;
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    assert_int_equal(files_in("never"), 2); /* and who writes it */
    vault_file_clear(&file);
    assert_int_equal(files_in("never"), 0);
    vault_file_clear(&file);
}

static void wait_until_empty(const char *folder)
{
    msec deadline = deadline_in(PATIENCE);
    while (files_in(folder) > 0 && !deadline_passed(deadline)) {
        deadline_sleep(deadline_in(20));
    }
    assert_int_equal(files_in(folder), 0);
}

static void a_writer_that_is_killed_leaves_nothing(void **state)
{
    (void)state;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "killed", "", true);
    pid_t pid = start_writer(vault);
    kill_writer(pid);
    wait_until_empty("killed");
}

static void parts_of_the_dead_are_swept_and_of_the_living_not(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct host *host = host_new();
    CLEANUP(vault_freep) struct vault *vault = vault_at(host, "swept", "", true);
    struct vault_file file = VAULT_FILE_INIT;
    CLEANUP(mem_freep) char *line = writer_line();
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    char *named = mem_copy_n(line, (size_t)(strstr(strchr(line, ' ') + 1, " ") - line));
    assert_ok(vault_create(vault, "production", MOMENT, &file, &err));
    scratch_sh("cd swept && touch .a.tar.zst.part .b.tar.zst.part .c.proof.json.1.part "
               ".d.proof.json.2.part && echo '%s %ld 1' >.a.tar.zst.writer.part && "
               "echo 'elsewhere pid:[1] 1 1' >.b.tar.zst.writer.part && "
               "touch -d '2 days ago' .d.proof.json.2.part",
               named, (long)pid);
    mem_free(named);
    vault_sweep(vault);
    scratch_sh("cd swept && ls -A && [ $(ls -A | wc -l) = 5 ] && [ -e .b.tar.zst.part ] && "
               "[ -e .c.proof.json.1.part ]");
    vault_file_clear(&file);
    assert_int_equal(files_in("swept"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_is_made_listed_opened_proven_and_removed),
        cmocka_unit_test(many_are_listed_each_with_its_own),
        cmocka_unit_test(it_is_the_same_archive_as_on_this_machine),
        cmocka_unit_test(what_is_encrypted_is_told_without_the_key_and_read_with_it),
        cmocka_unit_test(a_line_that_breaks_at_any_moment_is_opened_anew),
        cmocka_unit_test(many_breaks_are_survived_as_long_as_bytes_arrive),
        cmocka_unit_test(a_host_that_stays_away_is_given_up_and_nothing_is_published),
        cmocka_unit_test(reading_goes_on_in_another_line),
        cmocka_unit_test(a_forked_child_reads_over_a_line_of_its_own),
        cmocka_unit_test(what_arrived_otherwise_is_not_published),
        cmocka_unit_test(a_full_disk_is_told_with_host_path_and_room),
        cmocka_unit_test(what_was_not_published_was_never_there),
        cmocka_unit_test(a_writer_that_is_killed_leaves_nothing),
        cmocka_unit_test(parts_of_the_dead_are_swept_and_of_the_living_not),
    };
    interrupt_install();
    return cmocka_run_group_tests_name("vault/vault_sftp", tests, NULL, NULL);
}
