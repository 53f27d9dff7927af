/*
 * A backup from beginning to end: made of a real database, opened by tar and pg_restore alone,
 * verified at every level.
 */
#include "backing.h"

static const char shop[] =
    "create table customer (id bigint generated always as identity primary key, name text not "
    "null, note varchar(20) check (note in ('a', 'b')));\n"
    "insert into customer (name, note) select 'customer ' || i, 'a' from generate_series(1, 5000) "
    "i;\n"
    "create table purchase (id bigserial primary key, customer bigint references customer, total "
    "numeric, at timestamptz default now());\n"
    "insert into purchase (customer, total) select i % 5000 + 1, i / 7.0 from generate_series(1, "
    "20000) i;\n"
    "create index on purchase (at);\n"
    "create table nothing ();\n"
    "create table empty (a int);\n"
    "create view dear as select * from purchase where total > 100;\n"
    "create materialized view totals as select customer, sum(total) from purchase group by 1;\n"
    "create function f() returns trigger language plpgsql as 'begin return new; end';\n"
    "create trigger t before insert on purchase for each row execute function f();\n"
    "alter table purchase disable trigger t;\n"
    "select lo_create(4711);\n"
    "select lo_put(4711, 0, decode(repeat('00ff', 5000), 'hex'));\n"
    "do $$ begin if not exists (select from pg_roles where rolname = 'reader') then create role "
    "reader; end if; end $$;\n"
    "grant select on customer to reader;\n"
    "comment on table customer is 'who buys';\n";

static void makes_one_that_tar_and_pg_restore_open(void **state)
{
    struct error err = ERROR_INIT;
    struct backing backing;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    (void)state;
    backing_open(&backing, "opened", shop);
    assert_ok(back_up(&backing, &made, &err));
    assert_int_equal(made.n_tables, 4);
    assert_int_equal(made.rows, 25000);
    scratch_sh("psql -Xq '%s' -c 'create database by_hand'", scratch_postgres());
    scratch_sh("tar --zstd -xOf %s --wildcards 'dump/*' | pg_restore --exit-on-error -d '%s "
               "dbname=by_hand'",
               made.path, scratch_postgres());
    assert_string_equal(scratch_out("psql -XAt '%s dbname=by_hand' -c 'select count(*), "
                                    "sum(total)::text from purchase'",
                                    scratch_postgres()),
                        scratch_out("psql -XAt '%s' -c 'select count(*), sum(total)::text from "
                                    "purchase'",
                                    backing.url));
    scratch_sh("mkdir u && cd u && tar --zstd -xf %s && sha256sum --quiet -c SHA256SUMS && grep -q "
               "reader globals.sql",
               made.path);
    assert_string_equal(scratch_out("stat -c %%a %s", made.path), "600");
    backing_close(&backing);
}

static void proves_it_at_each_level(void **state)
{
    static const enum proof_level levels[] = {PROOF_CHECKSUMS, PROOF_CONTENTS, PROOF_RESTORE};
    struct error err = ERROR_INIT;
    struct backing backing;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    (void)state;
    backing_open(&backing, "proven", shop);
    assert_ok(back_up(&backing, &made, &err));
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        CLEANUP(proof_clear) struct proof proof = {0};
        CLEANUP(vault_item_clear) struct vault_item item = {0};
        assert_ok(verify(&backing, levels[i], &proof, &err));
        if (proof.failed) {
            fail_msg("%s", proof.why);
        }
        assert_int_equal(proof.level, levels[i]);
        newest(&backing, &item);
        assert_int_equal(item.proof.level, levels[i]);
        assert_string_equal(item.proof.archive, item.digest);
    }
    backing_close(&backing);
}

/* What is wanting on this machine is not the backup's fault, and takes no proof from it. */
static void is_not_called_bad_where_it_cannot_be_looked_at(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct backing backing;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    CLEANUP(proof_clear) struct proof again = {0};
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    (void)state;
    backing_open(&backing, "keyless", shop);
    scratch_sh("age-keygen -o key 2>/dev/null && age-keygen -y key >public");
    CLEANUP(mem_freep)
    char *writes = mem_printf(",\"encrypt_to\":[\"%s\"]", scratch_out("cat public"));
    CLEANUP(mem_freep)
    char *reads = mem_printf("%s,\"identity\":\"%s/key\"", writes, scratch_dir());
    backing_read(&backing, reads);
    assert_ok(back_up(&backing, &made, &err));
    assert_ok(verify(&backing, PROOF_RESTORE, &proof, &err));
    assert_false(proof.failed);
    backing_read(&backing, writes);
    assert_fails(verify(&backing, PROOF_CHECKSUMS, &again, &err), ERROR_CONFIG);
    assert_contains(err.message, "age");
    newest(&backing, &item);
    assert_false(item.proof.failed);
    assert_int_equal(item.proof.level, PROOF_RESTORE);
    backing_read(&backing, reads);
    error_clear(&err);
    assert_ok(verify(&backing, PROOF_CHECKSUMS, &again, &err));
    assert_int_equal(again.level, PROOF_RESTORE); /* and that is as old as it is */
    assert_int_equal(again.time, proof.time);
    backing_close(&backing);
}

static void says_what_it_was_made_of(void **state)
{
    struct error err = ERROR_INIT;
    struct backing backing;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    (void)state;
    backing_open(&backing, "told", shop);
    scratch_sh("psql -Xq '%s' -c \"alter database told set search_path to public, pg_catalog\" -c "
               "'revoke temporary on database told from public' -c 'grant create on database told "
               "to reader'",
               scratch_postgres());
    assert_ok(back_up(&backing, &made, &err));
    newest(&backing, &item);
    const struct manifest *manifest = item.manifest;
    assert_non_null(manifest);
    assert_string_equal(manifest->environment, "x");
    assert_string_equal(manifest->database, "told");
    assert_string_equal(manifest->actor, "anna@here");
    assert_string_equal(manifest->encoding, "UTF8");
    assert_non_null(manifest->lsn);
    assert_non_null(manifest->system_identifier);
    assert_true(manifest->has_blobs);
    assert_int_equal(manifest->blobs.rows, 1);
    assert_int_equal(manifest->n_sequences, 2);
    assert_true(strlist_has(&manifest->roles, "reader"));
    CLEANUP(mem_freep) char *settings = strlist_sentence(&manifest->database_settings);
    assert_contains(settings, "alter database %1$I set search_path to public, pg_catalog");
    assert_contains(settings, "grant CREATE on database %1$I to reader");
    for (size_t i = 0; i < manifest->n_tables; i++) {
        if (strcmp(manifest->tables[i].name, "customer") == 0) {
            assert_int_equal(manifest->tables[i].digest.rows, 5000);
            assert_true(manifest->tables[i].inserted >= -1);
        }
    }
    backing_close(&backing);
}

static void reads_one_snapshot(void **state)
{
    struct error err = ERROR_INIT;
    struct backing backing;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    (void)state;
    backing_open(&backing, "moving",
                 "create table a (i int); create table b (i int);\n"
                 "insert into a select generate_series(1, 200000); insert into b select * from a;");
    scratch_sh("for i in 1 2 3 4 5 6 7 8; do psql -Xq '%s' -c 'begin; insert into a values (1); "
               "insert into b values (1); commit' & done; wait; (for i in $(seq 200); do psql -Xq "
               "'%s' -c 'begin; insert into a values (1); insert into b values (1); commit'; done "
               ">/dev/null 2>&1 &)",
               backing.url, backing.url);
    assert_ok(back_up(&backing, &made, &err));
    assert_ok(verify(&backing, PROOF_RESTORE, &proof, &err));
    assert_false(proof.failed);
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    newest(&backing, &item);
    assert_int_equal(item.manifest->n_tables, 2);
    assert_int_equal(item.manifest->tables[0].digest.rows, item.manifest->tables[1].digest.rows);
    backing_close(&backing);
}

/* Names and texts that are no UTF-8; two of the names differ only in what a manifest cannot say. */
/* A manifest is UTF-8: there the name is what the session says, and so are the counters found. */
static void is_told_in_utf8(const struct backing *backing)
{
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    newest(backing, &item);
    const struct manifest_table *found = NULL;
    for (size_t i = 0; i < item.manifest->n_tables; i++) {
        if (text_equal(item.manifest->tables[i].name, "t\303\251")) {
            found = &item.manifest->tables[i];
        }
    }
    assert_non_null(found);
    assert_int_equal(found->inserted, 2);
}

static void proves_a_database_of_another_encoding(void **state)
{
    static const char *const encodings[] = {"LATIN1", "SQL_ASCII"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
        struct error err = ERROR_INIT;
        struct backing backing;
        CLEANUP(backup_made_clear) struct backup_made made = {0};
        CLEANUP(proof_clear) struct proof proof = {0};
        backing_open(&backing, i == 0 ? "latin1" : "sql_ascii", "select 1");
        scratch_sh("psql -Xq '%s' -c 'drop database %s' -c \"create database %s template template0 "
                   "encoding '%s' lc_collate 'C' lc_ctype 'C'\"",
                   scratch_postgres(), encodings[i], encodings[i], encodings[i]);
        scratch_sh(
            "printf 'create table t\\351 (\\350 text); create table t\\352 (a int); insert into "
            "t\\351 values (chr(66)), (\\047\\351\\377\\047); insert into t\\352 values (1);' | "
            "PGCLIENTENCODING=%s psql -Xq -v ON_ERROR_STOP=1 '%s'",
            encodings[i], backing.url);
        assert_ok(back_up(&backing, &made, &err));
        assert_ok(verify(&backing, PROOF_RESTORE, &proof, &err));
        if (proof.failed) {
            fail_msg("%s: %s", encodings[i], proof.why);
        }
        assert_int_equal(proof.rows, 3);
        if (i == 0) {
            is_told_in_utf8(&backing);
        }
        backing_close(&backing);
    }
}

/* Rows that our role does not see must not be missing in silence. */
static void is_refused_where_rows_are_hidden(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct backing backing;
    struct backup_made made = {0};
    (void)state;
    backing_open(&backing, "hidden",
                 "create table t (a int); insert into t values (1);\n"
                 "alter table t enable row level security;\n"
                 "create role peeper login; grant select on t to peeper;");
    CLEANUP(mem_freep) char *url = TAKE(backing.url);
    backing.url = mem_printf("%s user=peeper", url);
    backing_read(&backing, "");
    assert_fails(back_up(&backing, &made, &err), ERROR_BACKUP);
    assert_contains(err.detail, "row-level security");
    assert_contains(err.hint, "bypassrls");
    scratch_sh("[ -z \"$(ls -A hidden/vault)\" ]");
    backing_close(&backing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_one_that_tar_and_pg_restore_open),
        cmocka_unit_test(proves_it_at_each_level),
        cmocka_unit_test(is_not_called_bad_where_it_cannot_be_looked_at),
        cmocka_unit_test(says_what_it_was_made_of),
        cmocka_unit_test(reads_one_snapshot),
        cmocka_unit_test(is_refused_where_rows_are_hidden),
        cmocka_unit_test(proves_a_database_of_another_encoding),
    };
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
