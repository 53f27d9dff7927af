/* Dumps that pg_dump makes of a real database: what is read from them is what stands in it. */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "headgate/dump.h"
#include "headgate/file.h"
#include "headgate/strbuf.h"

static void sql(const char *database, const char *text)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "test.sql");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    scratch_sh("psql -qXo output -v ON_ERROR_STOP=1 -d '%s dbname=%s' -f test.sql",
               scratch_postgres(), database);
}

static const char *const schema =
    "create role clerk; create role owner_of_orders;"
    "create table empty (id int);"
    "create table orders (id serial primary key, total numeric, note text, raw bytea);"
    "alter table orders owner to owner_of_orders;"
    "create index orders_total_idx on orders (total);"
    "insert into orders (total, note, raw) select i, "
    "  case i % 5 when 0 then null when 1 then E'\\\\.' when 2 then E'a\\nb\\tc\\\\' "
    "  when 3 then '' else repeat('ö', i) end, decode(md5(i::text), 'hex')"
    "  from generate_series(1, 3000) i;"
    "insert into orders (note) select string_agg(md5(i::text), '')"
    "  from generate_series(1, 20000) i;"
    "create table marks (mark text); insert into marks values (E'\\\\.'), (E'.'), (E'\\\\'), ('');"
    "create function audit() returns trigger language plpgsql as 'begin return new; end';"
    "create trigger audit before insert on orders for each row execute function audit();"
    "grant select on orders to clerk;"
    "create table base (a int, b int); create table child (c int) inherits (base);"
    "alter table base add column d int;"
    "create table late (c int, b int, a int, d int); alter table late inherit base;"
    "insert into late values (5, 6, 7, 8);"
    "insert into child values (1, 2, 3, 4);"
    "create sequence \"Numbers, (of) all\"; select setval('\"Numbers, (of) all\"', 41);"
    "create table \"od\"\"d, (name)\" (\"a, (b)\" int, \"C\" int);"
    "insert into \"od\"\"d, (name)\" values (1, 2);"
    "select lo_from_bytea(0, 'one'); select lo_from_bytea(4000000000, ''::bytea);"
    "select lo_from_bytea(0, convert_to(repeat('large ', 100000), 'utf8'));"
    "comment on table orders is 'what was ordered';";

static int make_database(void **state)
{
    (void)state;
    scratch_sh("psql -qX -d '%s' -c 'create database shop'", scratch_postgres());
    sql("shop", schema);
    return 0;
}

/* All of a file in the scratch folder. */
static char *contents(const char *name, size_t *ret_size)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    struct strbuf text = STRBUF_INIT;
    assert_ok(file_read(path, (size_t)64 << 20, &text, &err));
    *ret_size = text.size;
    return strbuf_take(&text);
}

static char *pg_dump(const char *database, const char *options, size_t *ret_size)
{
    scratch_sh("pg_dump %s -d '%s dbname=%s' >dump", options, scratch_postgres(), database);
    return contents("dump", ret_size);
}

/* Reads all of it, in pieces of this size. */
static struct dump_reader *read_dump(const char *bytes, size_t size, size_t piece,
                                     const struct dump_handler *handler)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct dump_reader *reader = dump_reader_new(handler);
    for (size_t at = 0; at < size; at += piece) {
        assert_ok(
            dump_reader_feed(reader, bytes + at, size - at < piece ? size - at : piece, &err));
    }
    assert_ok(dump_reader_finish(reader, &err));
    return reader;
}

static struct dump_reader *dump_of(const char *database)
{
    const struct dump_handler nothing = {0};
    size_t size = 0;
    CLEANUP(mem_freep) char *bytes = pg_dump(database, "-Fc -Z0", &size);
    return read_dump(bytes, size, 100000, &nothing);
}

struct copies {
    struct strbuf texts[32]; /* by block */
    size_t n;
};

static bool take_rows(void *context, const struct dump_block *block, const char *bytes, size_t n,
                      struct error *err)
{
    struct copies *copies = context;
    (void)block;
    (void)err;
    strbuf_add_n(&copies->texts[copies->n], bytes, n);
    return true;
}

static void end_block(void *context, const struct dump_block *block)
{
    struct copies *copies = context;
    (void)block;
    copies->n++;
    assert_true(copies->n < ARRAY_LEN(copies->texts));
}

/* Of all that COPY ... TO STDOUT gives. */
static char *copy_out(const struct dump_entry *entry, size_t *ret_size)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *statement = mem_copy(entry->copy);
    char *from = strstr(statement, " FROM stdin");
    assert_non_null(from);
    *from = '\0';
    CLEANUP(mem_freep) char *copy = mem_printf("%s to stdout;", statement);
    CLEANUP(mem_freep) char *script = path_join(scratch_dir(), "copy.sql");
    assert_ok(file_write(script, copy, strlen(copy), 0644, &err));
    scratch_sh("psql -qX -d '%s dbname=shop' -f copy.sql >copied", scratch_postgres());
    return contents("copied", ret_size);
}

static void check_block(const struct dump_block *block, const struct strbuf *seen, const char *text,
                        size_t size)
{
    CLEANUP(row_hasher_freep) struct row_hasher *hasher = row_hasher_new();
    struct row_digest digest;
    row_hasher_add(hasher, text, size);
    row_hasher_take(hasher, &digest);
    assert_true(row_digest_equal(&digest, &block->digest));
    assert_int_equal(digest.bytes, block->digest.bytes);
    assert_int_equal(size, block->digest.bytes);
    assert_int_equal(seen->size, size);
    assert_memory_equal(seen->text, text, size);
}

/* The blocks of all tables against what COPY says; the texts are asked for once. */
static void check_blocks(const struct dump_reader *reader, struct copies *seen,
                         struct copies *copied)
{
    size_t n = 0;
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    assert_int_equal(n, 8);
    for (size_t i = 0; i < n; i++) {
        struct strbuf *text = &copied->texts[i];
        if (blocks[i].is_blobs) {
            assert_int_equal(seen->texts[i].size, 0);
            assert_int_equal(blocks[i].digest.rows, 3);
            assert_int_equal(blocks[i].digest.bytes, 3 + 600000);
            continue;
        }
        if (copied->n < n) {
            size_t size = 0;
            CLEANUP(mem_freep) char *bytes = copy_out(blocks[i].entry, &size);
            strbuf_add_n(text, bytes, size);
        }
        check_block(&blocks[i], &seen->texts[i], text->text, text->size);
    }
    copied->n = n;
}

static void copies_init(struct copies *copies)
{
    copies->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(copies->texts); i++) {
        copies->texts[i] = (struct strbuf)STRBUF_INIT;
    }
}

static void copies_clear(struct copies *copies)
{
    for (size_t i = 0; i < ARRAY_LEN(copies->texts); i++) {
        strbuf_clear(&copies->texts[i]);
    }
}

static void rows_and_digests_are_those_of_the_tables(void **state)
{
    static const size_t pieces[] = {1, 7, 4096, (size_t)1 << 30};
    size_t size = 0;
    CLEANUP(copies_clear) struct copies copied;
    (void)state;
    copies_init(&copied);
    CLEANUP(mem_freep) char *bytes = pg_dump("shop", "-Fc -Z0", &size);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        CLEANUP(copies_clear) struct copies seen;
        copies_init(&seen);
        const struct dump_handler handler = {
            .rows = take_rows, .block = end_block, .context = &seen};
        CLEANUP(dump_reader_freep)
        struct dump_reader *reader = read_dump(bytes, size, pieces[i], &handler);
        check_blocks(reader, &seen, &copied);
    }
}

static void one_block_can_be_read_alone(void **state)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    const struct dump_handler nothing = {0};
    size_t size = 0, n = 0, n_alone = 0;
    (void)state;
    CLEANUP(mem_freep) char *bytes = pg_dump("shop", "-Fc -Z0", &size);
    CLEANUP(dump_reader_freep) struct dump_reader *all = read_dump(bytes, size, 999, &nothing);
    const struct dump_block *blocks = dump_reader_blocks(all, &n);
    assert_int_equal(blocks[0].at, dump_reader_toc_end(all));
    assert_int_equal(blocks[n - 1].at + blocks[n - 1].size, size);
    for (size_t i = 0; i < n; i++) {
        CLEANUP(dump_reader_freep)
        struct dump_reader *alone = dump_reader_at_block(dump_reader_toc(all), &nothing);
        assert_ok(dump_reader_feed(alone, bytes + blocks[i].at, (size_t)blocks[i].size, &err));
        assert_ok(dump_reader_finish(alone, &err));
        const struct dump_block *block = dump_reader_blocks(alone, &n_alone);
        assert_int_equal(n_alone, 1);
        assert_ptr_equal(block->entry, blocks[i].entry);
        assert_true(row_digest_equal(&block->digest, &blocks[i].digest));
    }
}

static void the_contents_are_what_pg_dump_says(void **state)
{
    (void)state;
    CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_of("shop");
    const struct dump_toc *toc = dump_reader_toc(reader);
    assert_string_equal(toc->database, "shop");
    assert_in_range(toc->format, 112, 116);
    assert_contains(scratch_out("pg_dump --version"), toc->dump_version);
    const char *listed = scratch_out("pg_restore -l dump | grep -vc '^;'");
    /* pg_restore does not list what is about the session */
    assert_int_equal(toc->n, strtoul(listed, NULL, 10) + 4);
    const struct dump_entry *orders = dump_toc_find(toc, "TABLE", "public", "orders");
    assert_non_null(orders);
    assert_string_equal(orders->owner, "owner_of_orders");
    assert_int_equal(orders->section, DUMP_PRE_DATA);
    assert_false(orders->has_data);
    assert_null(orders->copy);
    const struct dump_entry *data = dump_toc_find(toc, "TABLE DATA", "public", "orders");
    assert_non_null(data);
    assert_true(data->has_data);
    assert_int_equal(data->oid, orders->oid);
    assert_string_equal(data->copy, "COPY public.orders (id, total, note, raw) FROM stdin;\n");
    assert_int_equal(data->section, DUMP_DATA);
    const struct dump_entry *index = dump_toc_find(toc, "INDEX", "public", "orders_total_idx");
    assert_int_equal(index->section, DUMP_POST_DATA);
    assert_null(dump_toc_find(toc, "INDEX", NULL, "orders_total_idx"));
}

static void other_dumps_are_refused(void **state)
{
    static const struct {
        const char *options, *says;
    } dumps[] = {{"-Fc", "compressed with gzip"},
                 {"-Fc -Z 9", "compressed with gzip"},
                 {"-Ft", "custom format"},
                 {"-Fp", "custom format"}};
    const struct dump_handler nothing = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(dumps); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(dump_reader_freep) struct dump_reader *reader = dump_reader_new(&nothing);
        size_t size = 0;
        CLEANUP(mem_freep) char *bytes = pg_dump("shop", dumps[i].options, &size);
        assert_fails(dump_reader_feed(reader, bytes, size, &err), ERROR_BACKUP);
        assert_contains(err.message, dumps[i].says);
        assert_contains(err.hint, "pg_dump -Fc -Z0");
    }
}

/* The last dump, as a database of its own. */
static void restore(const char *database, const char *options)
{
    scratch_sh("psql -qX -d '%s' -c 'create database %s'", scratch_postgres(), database);
    scratch_sh("pg_restore %s -d '%s dbname=%s' dump", options, scratch_postgres(), database);
}

static char *compare(const struct dump_reader *expected, const struct dump_reader *found,
                     const struct dump_reader *rewritten)
{
    CLEANUP(strlist_clear) struct strlist differences = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf lines = STRBUF_INIT;
    dump_toc_compare(dump_reader_toc(expected), dump_reader_toc(found),
                     rewritten != NULL ? dump_reader_toc(rewritten) : NULL, &differences);
    for (size_t i = 0; i < differences.n; i++) {
        strbuf_printf(&lines, "%s\n", differences.items[i]);
    }
    return strbuf_take(&lines);
}

static const char changes[] =
    "drop index orders_total_idx; alter table orders disable trigger audit;"
    "revoke select on orders from clerk; select setval('orders_id_seq', 40, false);"
    "create table extra (); alter table marks owner to clerk;"
    "alter table empty rename column id to number; select lo_unlink(4000000000);";

static const char differences_then[] =
    "ACL TABLE public.orders is missing\n"
    "BLOB 4000000000 is missing\n"
    "INDEX public.orders_total_idx is missing\n"
    "SEQUENCE SET public.orders_id_seq: setval(..., 3001) in the backup, "
    "setval(..., 40, false) here\n"
    "TABLE public.empty is different\n"
    "TABLE public.extra is not in the backup\n"
    "TABLE public.marks belongs to tester in the backup, to clerk here\n"
    "TABLE DATA public.empty: columns id in the backup, number here\n"
    "TABLE DATA public.extra is not in the backup\n"
    "TRIGGER public.orders audit is different\n";

static void a_restored_database_is_equal_until_it_is_changed(void **state)
{
    (void)state;
    CLEANUP(dump_reader_freep) struct dump_reader *shop = dump_of("shop");
    restore("copy", "");
    restore("again", "-s");
    CLEANUP(dump_reader_freep) struct dump_reader *copy = dump_of("copy");
    CLEANUP(dump_reader_freep) struct dump_reader *again = dump_of("again");
    CLEANUP(mem_freep) char *equal = compare(shop, copy, again);
    assert_string_equal(equal, "");
    /* what inherits later has its columns in another order there */
    CLEANUP(mem_freep) char *strict = compare(shop, copy, NULL);
    assert_string_equal(strict, "TABLE public.late is different\n");
    sql("copy", changes);
    CLEANUP(dump_reader_freep) struct dump_reader *changed = dump_of("copy");
    CLEANUP(mem_freep) char *said = compare(shop, changed, again);
    assert_string_equal(said, differences_then);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_digests_are_those_of_the_tables),
        cmocka_unit_test(one_block_can_be_read_alone),
        cmocka_unit_test(the_contents_are_what_pg_dump_says),
        cmocka_unit_test(other_dumps_are_refused),
        cmocka_unit_test(a_restored_database_is_equal_until_it_is_changed),
    };
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, make_database, NULL);
}
