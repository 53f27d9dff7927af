/*
 * A restored database that is not what the archive says is called different, and the difference is
 * named; one that is the same is called the same.
 *
 * The database is backed up and loaded once. Each test takes a copy of the loaded one and changes
 * one thing in it.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/backup.h"
#include "headgate/file.h"
#include "headgate/mem.h"

#define SOON deadline_in(60000)

static const char source_sql[] =
    "create role cmp_owner; create role cmp_reader;\n"
    "create table account (id int generated always as identity primary key, name text,"
    "  state varchar(10) not null default 'new' check (state in ('new', 'paid')), owner name);\n"
    "insert into account (name) select 'account ' || i from generate_series(1, 2000) i;\n"
    "insert into account (name) values (null), (''), (E'tab\\t\\\\.');\n"
    "create index account_name on account (name) where name <> '';\n"
    "create table entry (id bigint primary key, account int references account, amount numeric);\n"
    "insert into entry select i, 1 + i % 2000, i / 7.0 from generate_series(1, 3000) i;\n"
    "create table empty (id int);\n"
    "create table parent (a int, b text); create table child (c int) inherits (parent);\n"
    "alter table parent add d int; insert into child values (1, 'b', 2, 3);\n"
    "create type hue as enum ('red', 'green', 'blue');\n"
    "create table by_hue (h hue, n int) partition by hash (h);\n"
    "create table by_hue_0 partition of by_hue for values with (modulus 2, remainder 0);\n"
    "create table by_hue_1 partition of by_hue for values with (modulus 2, remainder 1);\n"
    "insert into by_hue select h, n from unnest(enum_range(null::hue)) h,"
    "  generate_series(1, 4) n;\n"
    "create sequence counter start 7; select nextval('counter'), nextval('counter');\n"
    "create sequence fresh;\n"
    "create function note() returns trigger language plpgsql as"
    "  $$ begin return new; end $$;\n"
    "create trigger noted after insert on entry for each row execute function note();\n"
    "create view seen as select id, name from account;\n"
    "create materialized view summed as select account, sum(amount) from entry group by 1;\n"
    "alter table account enable row level security;\n"
    "create policy own on account using (owner = current_user);\n"
    "comment on table account is 'whose money it is';\n"
    "grant select on account to cmp_reader with grant option; alter table entry owner to "
    "cmp_owner;\n"
    "create statistics stats_of_entry on account, amount from entry;\n"
    "alter default privileges grant select on tables to cmp_reader;\n"
    "select lo_from_bytea(4711, 'large'); select lo_from_bytea(4712, '');\n"
    "comment on large object 4711 is 'about it';\n";

static struct world {
    struct environments *set;
    struct vault *vault;
    struct vault_item item;
    struct vault_archive archive;
    struct server_programs programs;
} world;

static void psql(const char *database, const char *sql)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "said.sql");
    assert_ok(file_write(path, sql, strlen(sql), 0644, &err));
    scratch_sh("psql -XAtq -v ON_ERROR_STOP=1 -d '%s dbname=%s' -f '%s' >said.out",
               scratch_postgres(), database, path);
}

static void fresh_database(const char *name, const char *template)
{
    scratch_sh("psql -Xq -v ON_ERROR_STOP=1 '%s' -c 'set client_min_messages = error'"
               " -c 'drop database if exists %s' -c 'create database %s template %s'",
               scratch_postgres(), name, name, template);
}

static struct conninfo *conninfo_of(const char *database)
{
    struct error err = ERROR_INIT;
    struct conninfo *conninfo = NULL;
    CLEANUP(mem_freep) char *text = mem_printf("%s dbname=%s", scratch_postgres(), database);
    assert_ok(conninfo_parse(text, &conninfo, &err));
    return conninfo;
}

static struct load_request request_for(const struct conninfo *conninfo)
{
    return (struct load_request){.archive = &world.archive,
                                 .conninfo = conninfo,
                                 .programs = world.programs.folder,
                                 .jobs = 2};
}

static void make_backup(void)
{
    struct error err = ERROR_INIT;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    const struct backup_request request = {
        .environment = &world.set->items[0], .vault = world.vault, .actor = "test"};
    assert_ok(backup_create(&request, &made, &err));
    assert_ok(vault_find(world.vault, "x", made.name, &world.item, &err));
    assert_ok(vault_archive_open(world.vault, &world.item, &world.archive, &err));
}

static int open_world(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(scratch_dir(), "project/pipelines");
    CLEANUP(mem_freep) char *path = path_join(folder, "environments.json");
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"%s "
                            "dbname=source\"}},\"vault\":{\"path\":\"%s/vault\"}}",
                            scratch_postgres(), scratch_dir());
    fresh_database("source", "template0");
    psql("source", source_sql);
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &world.set, &err));
    assert_ok(vault_open(world.set, &world.vault, &err));
    assert_ok(servers_find_best(&world.programs, &err));
    make_backup();
    fresh_database("loaded", "template0");
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of("loaded");
    const struct load_request request = request_for(conninfo);
    assert_ok(backup_load(&request, &err));
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    vault_archive_clear(&world.archive);
    vault_item_clear(&world.item);
    vault_freep(&world.vault);
    environments_freep(&world.set);
    server_programs_clear(&world.programs);
    return 0;
}

/* What comparing says of a copy of the loaded database in which this was done; the caller's. */
static struct strlist compared(const char *sql)
{
    struct error err = ERROR_INIT;
    struct strlist differences = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist not_proven = STRLIST_INIT;
    fresh_database("changed", "loaded");
    fresh_database("rewritten", "template0");
    psql("changed", sql);
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of("changed");
    CLEANUP(conninfo_freep) struct conninfo *rewritten = conninfo_of("rewritten");
    const struct load_request request = request_for(conninfo);
    assert_ok(backup_compare(&request, rewritten, &differences, &not_proven, &err));
    return differences;
}

static void the_same_is_equal(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist found = compared("");
    CLEANUP(mem_freep) char *said = strlist_sentence(&found);
    assert_string_equal(said, "");
    assert_int_equal(found.n, 0);
}

/* What makes no difference: where rows lie, statistics, what the server does by itself. */
static void unimportant_things_are_equal(void **state)
{
    (void)state;
    CLEANUP(strlist_clear)
    struct strlist found = compared("vacuum full; analyze; reindex index account_name");
    CLEANUP(mem_freep) char *said = strlist_sentence(&found);
    assert_string_equal(said, "");
}

static const struct change {
    const char *sql;
    const char *named; /* in one of the differences */
} changes[] = {
    {"update account set name = 'account 8' where id = 7", "account"},
    {"update account set name = '' where name is null", "account"},
    {"update account set name = name || ' ' where id = 2003", "account"},
    {"update entry set amount = amount + 0.0000000000000001 where id = 5", "entry"},
    {"update entry set amount = (amount * 1.0)::numeric(40, 30) where id = 5", "entry"},
    /* each value is there once, but not in its row */
    {"update entry set amount = (select amount from entry other where other.id = 13 - entry.id)"
     " where id in (6, 7)",
     "entry"},
    {"insert into entry values (5000, 1, 1)", "entry"},
    {"insert into empty values (null)", "empty"},
    {"delete from entry where id = 17", "entry"},
    /* one less, and another twice */
    {"delete from child; insert into child (a, b, c, d) values (1, 'b', 3, 2)", "child"},
    {"insert into parent values (1, 'b', 2); delete from child", "parent"},
    {"update by_hue set h = 'red' where h = 'blue' and n = 3", "by_hue"},
    {"select setval('counter', 9)", "counter"},
    {"select setval('counter', 8, false)", "counter"},
    {"select nextval('fresh')", "fresh"},
    {"alter sequence counter increment by 2", "counter"},
    {"select setval('account_id_seq', 1)", "account_id_seq"},
    {"drop index account_name", "account_name"},
    {"drop index account_name; create index account_name on account (name)", "account_name"},
    {"create index one_more on entry (amount)", "one_more"},
    {"alter table entry disable trigger noted", "noted"},
    {"alter table entry enable always trigger noted", "noted"},
    {"drop trigger noted on entry", "noted"},
    {"alter table entry drop constraint entry_account_fkey", "entry_account_fkey"},
    {"alter table account drop constraint account_state_check", "account"},
    {"alter table account drop constraint account_state_check; alter table account add constraint"
     " account_state_check check (state in ('new', 'paid', 'lost'))",
     "account"},
    {"revoke select on account from cmp_reader", "account"},
    {"revoke grant option for select on account from cmp_reader", "account"},
    {"grant insert on entry to cmp_reader", "entry"},
    {"alter default privileges revoke select on tables from cmp_reader", "DEFAULT"},
    {"alter table account alter state set default 'paid'", "account"},
    {"alter table account alter name set storage external", "account"},
    {"alter table account add one_more int", "account"},
    {"alter table entry owner to tester", "entry"},
    {"alter function note() owner to cmp_owner", "note"},
    {"create or replace function note() returns trigger language plpgsql as"
     " $$ begin return null; end $$",
     "note"},
    {"comment on table account is null", "account"},
    {"comment on table account is 'Whose money it is'", "account"},
    {"comment on large object 4711 is null", "4711"},
    {"drop policy own on account", "own"},
    {"alter policy own on account using (true)", "own"},
    {"alter table account disable row level security", "account"},
    {"alter table account force row level security", "account"},
    {"select lo_put(4711, 0, 'L')", "large object"},
    {"select lo_unlink(4712)", "large object"},
    {"select lo_create(4713)", "large object"},
    {"select lo_unlink(4712), lo_create(4714)", "large object"},
    {"drop view seen", "seen"},
    {"create or replace view seen as select id, upper(name) as name from account", "seen"},
    {"drop materialized view summed", "summed"},
    {"drop statistics stats_of_entry", "stats_of_entry"},
    {"alter type hue add value 'black'", "hue"},
    {"alter table child no inherit parent", "child"},
    {"create schema one_more", "one_more"},
    {"create extension citext", "citext"},
    {"create table one_more ()", "one_more"},
};

static bool is_named(const struct strlist *found, const char *name)
{
    for (size_t i = 0; i < found->n; i++) {
        if (strcasestr(found->items[i], name) != NULL) {
            return true;
        }
    }
    return false;
}

/* All of them are tried before the test fails. */
static void each_change_is_a_difference(void **state)
{
    (void)state;
    size_t n_missed = 0;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(strlist_clear) struct strlist found = compared(changes[i].sql);
        if (!is_named(&found, changes[i].named)) {
            CLEANUP(mem_freep) char *said = strlist_sentence(&found);
            print_error("%s\n    said: %s\n", changes[i].sql,
                        found.n > 0 ? said : "nothing, it is called the same");
            n_missed++;
        }
    }
    assert_int_equal(n_missed, 0);
}

static void several_changes_are_all_told(void **state)
{
    (void)state;
    CLEANUP(strlist_clear)
    struct strlist found = compared("drop index account_name; delete from entry where id = 1;"
                                    "select setval('counter', 99);");
    assert_true(is_named(&found, "account_name"));
    assert_true(is_named(&found, "entry"));
    assert_true(is_named(&found, "counter"));
    assert_int_equal(found.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_equal),
        cmocka_unit_test(unimportant_things_are_equal),
        cmocka_unit_test(each_change_is_a_difference),
        cmocka_unit_test(several_changes_are_all_told),
    };
    return cmocka_run_group_tests_name("compare", tests, open_world, close_world);
}
