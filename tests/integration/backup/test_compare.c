/*
 * A restored database that is not what the archive says is called different, and the difference is
 * named; one that is the same is called the same.
 *
 * A database is backed up and loaded once. Each test takes a copy of the loaded one and changes
 * something in it. There are several schemas with one of everything, so that changes do not meet,
 * and one comparison must name them all. What is told of all large objects together is in a small
 * database.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/backup.h"
#include "headgate/file.h"
#include "headgate/mem.h"

#define SOON deadline_in(60000)

static const char one_of_everything[] =
    "create table account (id int generated always as identity primary key, name text,"
    "  state varchar(10) not null default 'new' check (state in ('new', 'paid')), owner name);\n"
    "insert into account (name) select 'account ' || i from generate_series(1, 20) i;\n"
    "insert into account (name) values (null), (''), (E'tab\\t\\\\.');\n"
    "create index account_name on account (name) where name <> '';\n"
    "create table entry (id bigint primary key, account int references account, amount numeric);\n"
    "insert into entry select i, 1 + i % 20, i / 7.0 from generate_series(1, 30) i;\n"
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
    "create statistics stats_of_entry on account, amount from entry;\n";

static const char large_sql[] =
    "select lo_from_bytea(4711, 'large'); select lo_from_bytea(4712, '');\n"
    "create table one (n int);\n"
    "insert into one values (1);\n";

static const char once[] = "alter default privileges grant select on tables to cmp_reader;\n"
                           "select lo_create(4711);\n"
                           "comment on large object 4711 is 'about it';\n";

static struct world {
    struct environments *set;
    struct vault *vault;
    struct server_programs programs;
} world;

/* A database that was backed up, and what was loaded from that. */
struct subject {
    const char *name; /* of its environment and of the database */
    const char *loaded;
    struct vault_item item;
    struct vault_archive archive;
};
static struct subject many = {.name = "many", .loaded = "many_loaded"};
static struct subject large = {.name = "large", .loaded = "large_loaded"};

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

static struct load_request request_for(const struct subject *subject,
                                       const struct conninfo *conninfo)
{
    return (struct load_request){.archive = &subject->archive,
                                 .conninfo = conninfo,
                                 .programs = world.programs.folder,
                                 .jobs = 2};
}

static void open_subject(struct subject *subject, const char *sql)
{
    struct error err = ERROR_INIT;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    struct backup_request request = {.vault = world.vault, .actor = "test"};
    fresh_database(subject->name, "template0");
    psql(subject->name, sql);
    assert_ok(environments_find(world.set, subject->name, &request.environment, &err));
    assert_ok(backup_create(&request, &made, &err));
    assert_ok(vault_find(world.vault, subject->name, made.name, &subject->item, &err));
    assert_ok(vault_archive_open(world.vault, &subject->item, &subject->archive, &err));
    fresh_database(subject->loaded, "template0");
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(subject->loaded);
    const struct load_request load = request_for(subject, conninfo);
    assert_ok(backup_load(&load, &err));
}

static void close_subject(struct subject *subject)
{
    vault_archive_clear(&subject->archive);
    vault_item_clear(&subject->item);
}

/* What comparing says of a copy of what was loaded in which this was done; the caller's. */
static struct strlist compared(const struct subject *subject, const char *sql)
{
    struct error err = ERROR_INIT;
    struct strlist differences = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist not_proven = STRLIST_INIT;
    fresh_database("changed", subject->loaded);
    fresh_database("rewritten", "template0");
    psql("changed", sql);
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of("changed");
    CLEANUP(conninfo_freep) struct conninfo *rewritten = conninfo_of("rewritten");
    const struct load_request request = request_for(subject, conninfo);
    assert_ok(backup_compare(&request, rewritten, &differences, &not_proven, &err));
    return differences;
}

static void expect_the_same(const struct subject *subject, const char *sql)
{
    CLEANUP(strlist_clear) struct strlist found = compared(subject, sql);
    CLEANUP(mem_freep) char *said = strlist_sentence(&found);
    assert_string_equal(said, "");
    assert_int_equal(found.n, 0);
}

static void the_same_is_equal(void **state)
{
    (void)state;
    expect_the_same(&large, "");
}

/* What makes no difference: where rows lie, statistics, what the server does by itself. */
static void unimportant_things_are_equal(void **state)
{
    (void)state;
    expect_the_same(&many, "vacuum full s0.account; vacuum full s1.entry; analyze;"
                           " reindex index s2.account_name");
}

#define N_SCHEMAS 7 /* and one in which nothing is changed */

struct change {
    size_t schema; /* another one for what is changed in several ways */
    const char *sql;
    const char *named; /* in one of the differences; % is the change's schema */
};

static const struct change changes[] = {
    {0, "update account set name = 'account 8' where id = 7",
     "table %.account: 23 rows in the backup and here, but not"},
    {1, "update account set name = '' where name is null",
     "table %.account: 23 rows in the backup and here, but not"},
    {2, "update account set name = name || ' ' where id = 23",
     "table %.account: 23 rows in the backup and here, but not"},
    {0, "update entry set amount = amount + 0.0000000000000001 where id = 5",
     "table %.entry: 30 rows in the backup and here, but not"},
    {1, "update entry set amount = (amount * 1.0)::numeric(40, 30) where id = 5",
     "table %.entry: 30 rows in the backup and here, but not"},
    /* each value is there once, but not in its row */
    {2,
     "update entry set amount = (select amount from entry other where other.id = 13 - entry.id)"
     " where id in (6, 7)",
     "table %.entry: 30 rows in the backup and here, but not"},
    {3, "insert into entry values (5000, 1, 1)", "table %.entry: 30 rows in the backup, 31 here"},
    {0, "insert into empty values (null)", "table %.empty: 0 rows in the backup, 1 here"},
    {4, "delete from entry where id = 17", "table %.entry: 30 rows in the backup, 29 here"},
    /* one less, and another twice */
    {0, "delete from child; insert into child (a, b, c, d) values (1, 'b', 3, 2)",
     "table %.child: 1 rows in the backup and here, but not"},
    {1, "insert into parent values (1, 'b', 2); delete from child",
     "table %.parent: 0 rows in the backup, 1 here"},
    {0, "update by_hue set h = 'red' where h = 'blue' and n = 3",
     "table %.by_hue: 12 rows in the backup and here, but not"},
    {0, "select setval('counter', 9)", "SEQUENCE SET %.counter: "},
    {1, "select setval('counter', 8, false)", "SEQUENCE SET %.counter: "},
    {0, "select nextval('fresh')", "SEQUENCE SET %.fresh: "},
    {0, "alter sequence counter increment by 2", "SEQUENCE %.counter is different"},
    {0, "select setval('account_id_seq', 1)", "SEQUENCE SET %.account_id_seq: "},
    {0, "drop index account_name", "INDEX %.account_name is missing"},
    {1, "drop index account_name; create index account_name on account (name)",
     "INDEX %.account_name is different"},
    {0, "create index one_more on entry (amount)", "INDEX %.one_more is not in the backup"},
    {0, "alter table entry disable trigger noted", "TRIGGER %.entry noted is different"},
    {1, "alter table entry enable always trigger noted", "TRIGGER %.entry noted is different"},
    {2, "drop trigger noted on entry", "TRIGGER %.entry noted is missing"},
    {0, "alter table entry drop constraint entry_account_fkey",
     "FK CONSTRAINT %.entry entry_account_fkey is missing"},
    {0, "alter table account drop constraint account_state_check", "TABLE %.account is different"},
    {1,
     "alter table account drop constraint account_state_check; alter table account add constraint"
     " account_state_check check (state in ('new', 'paid', 'lost'))",
     "TABLE %.account is different"},
    {0, "revoke select on account from cmp_reader", "ACL TABLE %.account is missing"},
    {1, "revoke grant option for select on account from cmp_reader",
     "ACL TABLE %.account is different"},
    {0, "grant insert on entry to cmp_reader", "ACL TABLE %.entry is not in the backup"},
    {2, "alter table account alter state set default 'paid'", "TABLE %.account is different"},
    {3, "alter table account alter name set storage external", "TABLE %.account is different"},
    {6, "alter table account add one_more int", "TABLE %.account is different"},
    {6, "alter table entry owner to tester",
     "TABLE %.entry belongs to cmp_owner in the backup, to tester here"},
    {0, "alter function note() owner to cmp_owner",
     "FUNCTION %.note() belongs to tester in the backup"},
    {1,
     "create or replace function note() returns trigger language plpgsql as"
     " $$ begin return null; end $$",
     "FUNCTION %.note() is different"},
    {0, "comment on table account is null", "COMMENT TABLE %.account is missing"},
    {1, "comment on table account is 'Whose money it is'", "COMMENT TABLE %.account is different"},
    {0, "drop policy own on account", "POLICY %.account own is missing"},
    {1, "alter policy own on account using (true)", "POLICY %.account own is different"},
    {0, "alter table account disable row level security", "ROW SECURITY %.account is missing"},
    {1, "alter table account force row level security", "%.account"},
    {0, "drop view seen", "VIEW %.seen is missing"},
    {1, "create or replace view seen as select id, upper(name) as name from account",
     "VIEW %.seen is different"},
    {0, "drop materialized view summed", "MATERIALIZED VIEW %.summed is missing"},
    {0, "drop statistics stats_of_entry", "STATISTICS %.stats_of_entry is missing"},
    {0, "alter type hue add value 'black'", "TYPE %.hue is different"},
    {0, "alter table child no inherit parent", "TABLE %.child is different"},
    {0, "create schema one_more", "SCHEMA one_more is not in the backup"},
    {0, "create extension citext", "EXTENSION citext is not in the backup"},
    {0, "create table another ()", "TABLE %.another is not in the backup"},
    {0, "alter default privileges revoke select on tables from cmp_reader", "DEFAULT ACL"},
    {0, "comment on large object 4711 is null", "COMMENT LARGE OBJECT 4711 is missing"},
};

static const struct change changes_of_large_objects[] = {
    {0, "select lo_put(4711, 0, 'L')", "the large objects do not have the same contents"},
    {0, "select lo_unlink(4712)", "2 large objects in the backup, 1 here"},
    {0, "select lo_create(4713)", "2 large objects in the backup, 3 here"},
    {0, "select lo_unlink(4712), lo_create(4714)", "large object"},
};

/* The caller's. */
static char *schema_name(size_t number)
{
    return mem_printf("s%zu", number);
}

static int open_world(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = path_join(scratch_dir(), "project/pipelines");
    CLEANUP(mem_freep) char *path = path_join(folder, "environments.json");
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"many\":{\"kind\":\"test\",\"url\":\"%s "
                            "dbname=many\"},\"large\":{\"kind\":\"test\",\"url\":\"%s "
                            "dbname=large\"}},\"vault\":{\"path\":\"%s/vault\"}}",
                            scratch_postgres(), scratch_postgres(), scratch_dir());
    CLEANUP(strbuf_clear) struct strbuf sql = STRBUF_INIT;
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &world.set, &err));
    assert_ok(vault_open(world.set, &world.vault, &err));
    assert_ok(servers_find_best(&world.programs, &err));
    psql("postgres", "create role cmp_owner; create role cmp_reader;");
    for (size_t i = 0; i <= N_SCHEMAS; i++) {
        CLEANUP(mem_freep) char *schema = schema_name(i);
        strbuf_printf(&sql, "create schema %s; set search_path = %s;\n%s", schema, schema,
                      one_of_everything);
    }
    strbuf_printf(&sql, "%s", once);
    open_subject(&many, sql.text);
    open_subject(&large, large_sql);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    close_subject(&many);
    close_subject(&large);
    vault_freep(&world.vault);
    environments_freep(&world.set);
    server_programs_clear(&world.programs);
    return 0;
}

static bool is_named(const struct strlist *found, const char *name)
{
    for (size_t i = 0; i < found->n; i++) {
        if (strstr(found->items[i], name) != NULL) {
            return true;
        }
    }
    return false;
}

/* The caller's. */
static char *named_in(const struct change *change, const char *schema)
{
    size_t n = strcspn(change->named, "%");
    return change->named[n] == '%'
               ? mem_printf("%.*s%s%s", (int)n, change->named, schema, change->named + n + 1)
               : mem_copy(change->named);
}

static bool is_told(const struct strlist *found, size_t change)
{
    CLEANUP(mem_freep) char *schema = schema_name(changes[change].schema);
    CLEANUP(mem_freep) char *named = named_in(&changes[change], schema);
    bool is = is_named(found, named);
    if (!is) {
        print_error("%s\n    is not told: %s\n", changes[change].sql, named);
    }
    return is;
}

static bool is_of_a_change(const char *difference)
{
    CLEANUP(mem_freep) char *untouched = schema_name(N_SCHEMAS);
    return strstr(difference, untouched) == NULL;
}

/* All of them are told, and nothing else. */
static void each_change_is_a_difference(void **state)
{
    (void)state;
    size_t n_missed = 0;
    CLEANUP(strbuf_clear) struct strbuf sql = STRBUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(mem_freep) char *schema = schema_name(changes[i].schema);
        strbuf_printf(&sql, "set search_path = %s; %s;\n", schema, changes[i].sql);
    }
    CLEANUP(strlist_clear) struct strlist found = compared(&many, sql.text);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        n_missed += is_told(&found, i) ? 0 : 1;
    }
    for (size_t i = 0; i < found.n; i++) {
        if (!is_of_a_change(found.items[i])) {
            print_error("nobody did this: %s\n", found.items[i]);
            n_missed++;
        }
    }
    if (n_missed > 0) {
        CLEANUP(mem_freep) char *said = strlist_sentence(&found);
        print_error("said: %s\n", said);
    }
    assert_int_equal(n_missed, 0);
}

static void each_change_of_large_objects_is_a_difference(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes_of_large_objects); i++) {
        const struct change *change = &changes_of_large_objects[i];
        CLEANUP(strlist_clear) struct strlist found = compared(&large, change->sql);
        CLEANUP(mem_freep) char *said = strlist_sentence(&found);
        if (!is_named(&found, change->named)) {
            fail_msg("%s\n    said: %s", change->sql, found.n > 0 ? said : "they are the same");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_equal),
        cmocka_unit_test(unimportant_things_are_equal),
        cmocka_unit_test(each_change_is_a_difference),
        cmocka_unit_test(each_change_of_large_objects_is_a_difference),
    };
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests_name("compare", tests, open_world, close_world);
}
