/*
 * Rows read by several sessions: byte for byte what pg_dump writes of the same database, whatever
 * is in it; and pg_dump's own way where that is not certain.
 */
#include "large.h"

#include <fcntl.h>

#include "headgate/hash.h"

/* --- byte for byte --- */

/* The SHA-256 of each block's text, by its number; of no text it is empty. */
struct texts {
    char (*sums)[HASH_HEX_SIZE];
    struct hash *hash;
    size_t n;
    uint64_t bytes;
};

static bool take_text(void *context, const struct dump_block *block, const char *bytes, size_t n,
                      struct error *err)
{
    struct texts *texts = context;
    (void)block;
    (void)err;
    texts->hash = texts->hash != NULL ? texts->hash : hash_new();
    hash_add(texts->hash, bytes, n);
    texts->bytes += n;
    return true;
}

static void end_text(void *context, const struct dump_block *block)
{
    struct texts *texts = context;
    size_t id = (size_t)block->entry->id;
    if (id >= texts->n) {
        texts->sums = mem_resize(texts->sums, id + 1, sizeof *texts->sums);
        memset(texts->sums + texts->n, 0, (id + 1 - texts->n) * sizeof *texts->sums);
        texts->n = id + 1;
    }
    if (texts->hash != NULL) {
        hash_finish(texts->hash, texts->sums[id]);
    }
    hash_freep(&texts->hash);
}

static struct dump_reader *read_dump(const char *path, struct texts *texts)
{
    struct error err = ERROR_INIT;
    const struct dump_handler handler = {.rows = take_text, .block = end_text, .context = texts};
    struct dump_reader *reader = dump_reader_new(&handler);
    CLEANUP(mem_freep) char *piece = mem_new(65536, 1);
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;
    assert_true(fd >= 0);
    while ((n = read(fd, piece, 65536)) > 0) {
        assert_ok(dump_reader_feed(reader, piece, (size_t)n, &err));
    }
    assert_ok(dump_reader_finish(reader, &err));
    return reader;
}

/* All tables have the same text, in the same order, under the same contents; and what the manifest
 * says of each is so. */
static void must_be_pg_dumps(struct backing *backing, const struct backup_made *made)
{
    CLEANUP(mem_freep) char *ours = path_join(backing->folder, "ours");
    CLEANUP(mem_freep) char *theirs = path_join(backing->folder, "theirs");
    CLEANUP(strlist_clear) struct strlist differences = STRLIST_INIT;
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    struct texts our = {0}, their = {0};
    size_t n = 0, n_theirs = 0;
    scratch_sh("tar --zstd -xOf %s --wildcards 'dump/*' >%s && PGOPTIONS='-c timezone=UTC "
               "-c bytea_output=hex' pg_dump -Fc -Z0 -d '%s' >%s",
               made->path, ours, backing->url, theirs);
    CLEANUP(dump_reader_freep) struct dump_reader *a = read_dump(ours, &our);
    CLEANUP(dump_reader_freep) struct dump_reader *b = read_dump(theirs, &their);
    newest(backing, &item);
    dump_toc_compare(dump_reader_toc(b), dump_reader_toc(a), NULL, &differences);
    assert_int_equal(differences.n, 0);
    const struct dump_block *blocks = dump_reader_blocks(a, &n);
    const struct dump_block *wanted = dump_reader_blocks(b, &n_theirs);
    assert_int_equal(n, n_theirs);
    assert_int_equal(our.bytes, their.bytes);
    const struct manifest_table *table = item.manifest->tables;
    for (size_t i = 0; i < n; i++) {
        size_t id = (size_t)wanted[i].entry->id;
        assert_int_equal(blocks[i].entry->id, wanted[i].entry->id);
        assert_string_equal(our.sums[id], their.sums[id]);
        assert_true(row_digest_equal(&blocks[i].digest, &wanted[i].digest));
        if (!blocks[i].is_blobs) {
            assert_true(row_digest_equal(&table->digest, &wanted[i].digest));
            assert_int_equal(table->at, blocks[i].at);
            assert_int_equal(table->size, blocks[i].size);
            table++;
        }
    }
    assert_int_equal(table - item.manifest->tables, item.manifest->n_tables);
    mem_free(our.sums);
    mem_free(their.sums);
    scratch_sh("rm %s %s", ours, theirs);
}

static void back_up_and_compare(struct backing *backing, bool by_several)
{
    struct error err = ERROR_INIT;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    assert_ok(back_up(backing, &made, &err));
    if ((strstr(backing->said.text, SEVERAL) != NULL) != by_several) {
        fail_msg("%s", backing->said.text);
    }
    must_be_pg_dumps(backing, &made);
}

static void must_be_proven(struct backing *backing)
{
    struct error err = ERROR_INIT;
    CLEANUP(proof_clear) struct proof proof = {0};
    assert_ok(verify(backing, PROOF_RESTORE, &proof, &err));
    if (proof.failed) {
        fail_msg("%s", proof.why);
    }
}

static void reads_what_pg_dump_reads(void **state)
{
    struct backing backing;
    (void)state;
    open_large(&backing, "large");
    back_up_and_compare(&backing, true);
    assert_string_equal(scratch_out("psql -XAt '%s' -c \"select count(*) from pg_stat_activity "
                                    "where application_name = 'headgate backup'\"",
                                    scratch_postgres()),
                        "0");
    backing_close(&backing);
}

/* Names and rows in another encoding than ours, and settings of the database that pg_dump and we
 * must both not be led by. */
static void reads_another_encoding(void **state)
{
    struct backing backing;
    (void)state;
    backing_open(&backing, "latin", "select 1");
    scratch_sh(
        "psql -Xq '%s' -c 'drop database latin' -c \"create database latin template template0 "
        "encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'\" -c 'alter database latin set "
        "bytea_output to escape' -c \"alter database latin set datestyle to 'SQL, DMY'\" -c "
        "'alter database latin set intervalstyle to iso_8601' -c \"alter database latin set "
        "timezone to 'Asia/Tokyo'\" -c 'alter database latin set extra_float_digits to 0'",
        scratch_postgres());
    scratch_sh("printf 'create table \"t\\351 x\" (\"\\350 y\" text, b bytea, t timestamptz, i "
               "interval, f float8); insert into \"t\\351 x\" select repeat(chr(233), 200), "
               "decode(md5(i::text), chr(104) || chr(101) || chr(120)), now(), i * interval "
               "\\0471 s\\047, 1 / i::float8 from generate_series(1, 60000) i' | "
               "PGCLIENTENCODING=LATIN1 psql -Xq -v ON_ERROR_STOP=1 '%s'",
               backing.url);
    back_up_and_compare(&backing, true);
    backing_close(&backing);
}

/* Rows that are not waited for, in the middle of a table of many parts, alone in one, and as the
 * last: pg_dump goes on behind what was there. */
static void reads_rows_of_any_length(void **state)
{
    struct backing backing;
    (void)state;
    open_large(&backing, "long_rows");
    scratch_sh("psql -Xq '%s' -c \"insert into large (id, x) select -1, repeat('long', 2500000)\" "
               "-c 'insert into large (id, t) select id + 100000, t from large where id > 0' -c "
               "\"insert into small select i, repeat(i::text, 9000000) from generate_series(5, 6) "
               "i\" -c \"create table before_it as select * from small limit 4\"",
               backing.url);
    back_up_and_compare(&backing, true);
    must_be_proven(&backing);
    backing_close(&backing);
}

static bool lacks_hard_cases(void)
{
    const char *fits = scratch_out(
        "psql -XAt '%s' -c \"select current_setting('server_version_num')::int >= 150000 and "
        "count(*) = 3 from pg_available_extensions where name in ('hstore', 'citext', "
        "'postgres_fdw')\"",
        scratch_postgres());
    return strcmp(fits, "t") != 0;
}

/* The hard cases of tests/backup, without what goes pg_dump's way. */
static void reads_the_hard_cases(void **state)
{
    struct backing backing;
    (void)state;
    if (lacks_hard_cases()) {
        print_message("skipped: the hard cases need PostgreSQL 15 and its contrib\n");
        return;
    }
    open_large(&backing, "hard");
    scratch_sh("psql -Xq -v ON_ERROR_STOP=1 -v tables=5 -d '%s' -f '" TEST_SUPPORT
               "/../backup/hard-cases.sql' && psql -Xq -o /dev/null -d '%s' -c 'select "
               "lo_unlink(oid) from pg_largeobject_metadata'",
               backing.url, backing.url);
    back_up_and_compare(&backing, true);
    backing_close(&backing);
}

/* --- pg_dump's way --- */

static void leaves_the_rest_to_pg_dump(void **state)
{
    static const struct {
        const char *name, *sql;
    } cases[] = {
        {"with_object", "select lo_create(1)"},
        {"with_condition", "update pg_extension set extconfig = array['small'::regclass::oid], "
                           "extcondition = array['where a > 1']"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct backing backing;
        open_large(&backing, cases[i].name);
        scratch_sh("psql -Xq -o /dev/null '%s' -c \"%s\"", backing.url, cases[i].sql);
        back_up_and_compare(&backing, false);
        backing_close(&backing);
    }
}

/* --- what is held --- */

static struct dump_reader *contents_of(struct backing *backing)
{
    CLEANUP(mem_freep) char *path = path_join(backing->folder, "contents");
    struct texts texts = {0};
    scratch_sh("pg_dump -Fc -Z0 -d '%s' >%s", backing->url, path);
    struct dump_reader *reader = read_dump(path, &texts);
    mem_free(texts.sums);
    return reader;
}

/* In the place of pg_dump: a session that has locked these, begun after ours. */
static bool is_held_beside(struct backing *backing, const char *locks)
{
    struct error err = ERROR_INIT;
    CLEANUP(origin_clear) struct origin origin = {0};
    CLEANUP(held_clear) struct held held = {0};
    CLEANUP(dump_reader_freep) struct dump_reader *reader = contents_of(backing);
    CLEANUP(db_closep) struct db *db = session(backing->url, true);
    assert_ok(origin_read(db, &origin, &err));
    CLEANUP(db_closep) struct db *other = session(backing->url, false);
    run(other, "begin");
    run(other, locks);
    bool is_held = held_take(db, dump_reader_toc(reader), origin.bytes, &held);
    must_be(db,
            "select count(*) from pg_locks where pid = pg_backend_pid() and relation = "
            "'large'::regclass and mode = 'AccessShareLock'",
            is_held ? "1" : "0");
    must_be(db, "select count(*) from large where id < 3", "2"); /* it goes on in any case */
    return is_held;
}

/* Else somebody could have emptied a table between pg_dump's end and our lock. */
static void holds_only_what_pg_dump_still_holds(void **state)
{
    struct backing backing;
    (void)state;
    open_large(&backing, "held");
    assert_true(
        is_held_beside(&backing, "lock table large, small, none, no_columns in access share mode"));
    assert_false(is_held_beside(&backing, "lock table large, small, none in access share mode"));
    assert_false(is_held_beside(&backing, "select 1"));
    assert_false(is_held_beside(&backing, "lock table small in access exclusive mode"));
    backing_close(&backing);
}

static void must_be_part(const struct held *held, size_t number, const char *wanted)
{
    struct part part = held_part(held, number);
    CLEANUP(mem_freep) char *statement = part_statement(held, &part);
    assert_string_equal(statement, wanted);
}

static void divides_large_tables_into_ranges(void **state)
{
    const struct dump_entry a = {.schema = "public",
                                 .tag = "A b",
                                 .copy = "COPY public.\"A b\" (x, \"y z\") FROM stdin;\n"},
                            b = {.schema = "public",
                                 .tag = "b",
                                 .copy = "COPY public.b (x) FROM stdin;\n"};
    struct held_table tables[] = {{&b, 0, 1, 0}, {&a, 1, 3, 100}, {&b, 4, 1, 0}};
    const struct held held = {.tables = tables, .n = 3, .n_parts = 5};
    (void)state;
    must_be_part(&held, 0, "COPY \"public\".\"b\" (x) TO stdout");
    must_be_part(&held, 1,
                 "COPY (SELECT x, \"y z\" FROM ONLY \"public\".\"A b\" WHERE ctid >= '(0,0)' AND "
                 "ctid < '(100,0)') TO stdout");
    must_be_part(&held, 2,
                 "COPY (SELECT x, \"y z\" FROM ONLY \"public\".\"A b\" WHERE ctid >= '(100,0)' AND "
                 "ctid < '(200,0)') TO stdout");
    must_be_part(&held, 3,
                 "COPY (SELECT x, \"y z\" FROM ONLY \"public\".\"A b\" WHERE ctid >= '(200,0)') TO "
                 "stdout");
    must_be_part(&held, 4, "COPY \"public\".\"b\" (x) TO stdout");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_pg_dump_reads),
        cmocka_unit_test(reads_another_encoding),
        cmocka_unit_test(reads_rows_of_any_length),
        cmocka_unit_test(reads_the_hard_cases),
        cmocka_unit_test(leaves_the_rest_to_pg_dump),
        cmocka_unit_test(holds_only_what_pg_dump_still_holds),
        cmocka_unit_test(divides_large_tables_into_ranges),
    };
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
