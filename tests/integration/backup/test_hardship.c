/* A disk that ends, and tables that an extension has made and filled. A limit on the size of files
 * stands for the disk: it holds for everybody, and nothing has to be mounted. */
#include "backing.h"

#include <sys/resource.h>

#include "headgate/interrupt.h"

#define KEYS "age-keygen -o key 2>/dev/null && age-keygen -y key >public"

/* Random texts: they cannot be made smaller than the disk. */
static const char rows[] =
    "create table noise (id int primary key, t text);"
    "insert into noise select i, md5(random()::text) || md5(random()::text) from "
    "generate_series(1, 20000) i;";

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void no_limit(void)
{
    limit_files(RLIM_INFINITY);
}

static void holds_nothing(const struct backing *backing)
{
    scratch_sh("test -z \"$(ls -A '%s/vault')\"", backing->folder);
}

static void a_vault_that_is_full_keeps_nothing(void **state)
{
    (void)state;
    struct backing backing;
    backing_open(&backing, "brimful", rows);
    scratch_sh(KEYS);
    CLEANUP(mem_freep)
    char *sealed = mem_printf(",\"encrypt_to\":[\"%s\"]", scratch_out("cat public"));
    const char *const vaults[] = {"", sealed};
    for (size_t i = 0; i < ARRAY_LEN(vaults); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(backup_made_clear) struct backup_made made = {0};
        backing_read(&backing, vaults[i]);
        limit_files(256 * 1024);
        bool done = back_up(&backing, &made, &err);
        no_limit();
        assert_false(done);
        assert_int_equal(err.code, ERROR_BACKUP);
        assert_contains(err.message, "no backup was made");
        holds_nothing(&backing);
        error_clear(&err);
        assert_ok(back_up(&backing, &made, &err));
        scratch_sh("rm '%s'/vault/*", backing.folder);
    }
    backing_close(&backing);
}

/* Neither a scratch server that cannot be made nor a proof that cannot be written says anything of
 * the backup. */
static void a_machine_without_room_says_nothing_of_the_backup(void **state)
{
    (void)state;
    static const struct {
        enum proof_level level;
        rlim_t room;
    } cases[] = {{PROOF_RESTORE, 512 * 1024}, {PROOF_CHECKSUMS, 16}};
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    struct error err = ERROR_INIT;
    struct backing backing;
    backing_open(&backing, "roomless", rows);
    assert_ok(back_up(&backing, &made, &err));
    assert_ok(verify(&backing, PROOF_CONTENTS, &proof, &err));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(vault_item_clear) struct vault_item item = {0};
        struct proof again = {0};
        limit_files(cases[i].room);
        bool known = verify(&backing, cases[i].level, &again, &err);
        no_limit();
        assert_false(known);
        error_clear(&err);
        newest(&backing, &item);
        assert_false(item.proof.failed);
        assert_int_equal(item.proof.level, PROOF_CONTENTS);
        scratch_sh("test -z \"$(find '%s/vault' -name '*.part')\"", backing.folder);
    }
    backing_close(&backing);
}

/* --- extensions --- */

/* Programs of a server, with an extension of our own, in a folder of our own: a server looks for
 * its extensions where they lie relative to its program. */
static const char tree[] =
    "bin=${HEADGATE_PG_BINDIR:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}\n"
    "case $bin in /usr/lib/postgresql/*/bin) ;; *) exit 0 ;; esac\n"
    "major=$(basename \"${bin%%/bin}\"); lib=tree/lib/postgresql/$major\n"
    "share=tree/share/postgresql/$major\n"
    "mkdir -p $lib $share/extension && cp -a $bin $lib/bin && ln -s ${bin%%bin}lib $lib/lib\n"
    "for f in /usr/share/postgresql/$major/*; do\n"
    "test \"${f##*/}\" = extension || ln -s $f $share/; done\n"
    "ln -s /usr/share/postgresql/$major/extension/* $share/extension/\n"
    "echo \"default_version = '1.0'\" >$share/extension/conf.control\n"
    "cat >$share/extension/conf--1.0.sql <<'END'\n"
    "create table conf_all (k text, v text);\n"
    "create table conf_some (k text, custom boolean);\n"
    "create table conf_none (k text);\n"
    "insert into conf_some values ('ours', false);\n"
    "insert into conf_none values ('ours');\n"
    "select pg_catalog.pg_extension_config_dump('conf_all', '');\n"
    "select pg_catalog.pg_extension_config_dump('conf_some', 'where custom');\n"
    "END\n"
    "chmod -R a+rX tree && echo $PWD/$lib/bin";

static uint64_t rows_of_table(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->n_tables; i++) {
        if (text_equal(manifest->tables[i].name, name)) {
            return manifest->tables[i].digest.rows;
        }
    }
    return UINT64_MAX;
}

/* Of a table that an extension says is to be configured, pg_dump takes the rows that its condition
 * leaves; the extension brings the others, here and where it is restored. */
static void rows_that_an_extension_says_are_ours_are_proven(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    struct backing backing;
    const char *programs = scratch_out(tree);
    if (programs[0] == '\0') {
        print_message("skipped: these servers do not lie where Debian puts them\n");
        return;
    }
    scratch_use_servers(programs);
    backing_open(&backing, "conf",
                 "create extension conf; insert into conf_all values ('a', '1'), ('b', '2');"
                 "insert into conf_some values ('own', true), ('too', true);"
                 "create table mine as select 1 as one;");
    assert_ok(back_up(&backing, &made, &err));
    newest(&backing, &item);
    assert_int_equal(rows_of_table(item.manifest, "conf_all"), 2);
    assert_int_equal(rows_of_table(item.manifest, "conf_some"), 2);
    assert_int_equal(rows_of_table(item.manifest, "conf_none"), UINT64_MAX);
    assert_ok(verify(&backing, PROOF_RESTORE, &proof, &err));
    if (proof.failed) {
        fail_msg("%s", proof.why);
    }
    assert_int_equal(proof.rows, 5);
    backing_close(&backing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            rows_that_an_extension_says_are_ours_are_proven), /* it chooses the server */
        cmocka_unit_test(a_vault_that_is_full_keeps_nothing),
        cmocka_unit_test(a_machine_without_room_says_nothing_of_the_backup),
    };
    interrupt_install();
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
