/*
 * What a text of SQL consists of: it is split into statements by the rules of PostgreSQL's lexer,
 * and PostgreSQL's own parser says what each of them is. Where the parser is older than the text
 * (it knows the syntax of PostgreSQL 15), or would need too much memory for it, the words that a
 * statement begins with decide; the server has the last word on syntax in any case, and takes one
 * statement a message, so that a wrong split is an error there and never something else that is
 * done.
 *
 * Only what decides how a statement must be run is told: may it stand in a transaction, does it end
 * one, what in the catalog proves that it is done, which relations that exist already must be
 * locked strongly for it.
 *
 * Nobody else includes libpg_query's header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/problem.h"

enum sql_kind {
    SQL_ORDINARY, /* may stand in a transaction, and ends none; SAVEPOINT and ROLLBACK TO too */
    SQL_BEGIN,    /* BEGIN, START TRANSACTION */
    SQL_COMMIT,   /* COMMIT, END */
    SQL_ROLLBACK, /* of the whole transaction: ROLLBACK, ABORT */
    SQL_PREPARE_TRANSACTION,
    SQL_CALL, /* CALL and DO: may stand in a transaction, but outside of one can end their own */
    SQL_CREATE_INDEX_CONCURRENTLY,
    SQL_DROP_INDEX_CONCURRENTLY,
    SQL_REINDEX_CONCURRENTLY,
    SQL_DETACH_CONCURRENTLY, /* ALTER TABLE ... DETACH PARTITION ... CONCURRENTLY */
    SQL_CREATE_DATABASE,
    SQL_DROP_DATABASE,
    SQL_OUTSIDE,    /* everything else that cannot run inside a transaction: VACUUM, ALTER SYSTEM,
                       CREATE TABLESPACE, CREATE SUBSCRIPTION, REINDEX DATABASE, COMMIT PREPARED,
                       DISCARD ALL, CLUSTER without a table, ... */
    SQL_COPY_STDIN, /* COPY ... FROM STDIN: its rows do not come with the text */
    SQL_COPY_STDOUT,
    SQL_META, /* a command of psql: \connect, \copy, \i */
    SQL_KIND_MAX
};
/* True where a statement of this kind must be run outside of any transaction. */
bool sql_kind_is_outside(enum sql_kind kind);

/* A name as the catalog has it (folded, unquoted); schema NULL where the text names none. */
struct sql_name {
    const char *schema, *name;
};

/* As SQL takes it: "schema"."name". The caller's. */
char *sql_name_quoted(const struct sql_name *name);

struct sql_statement {
    size_t offset, size; /* in the text; without what is blank or comment before it, without its
                            semicolon */
    enum sql_kind kind;
    const char *verb;      /* for people, upper case: "ALTER TABLE", "CREATE INDEX CONCURRENTLY" */
    struct sql_name name;  /* what it makes, drops or changes: the index, the table, the database;
                              of DETACH the partition; name NULL where it has none. A new
                              index is in the schema of its table */
    struct sql_name table; /* of CREATE INDEX its table, of DETACH the parent, of REINDEX TABLE the
                              table (name is then NULL), else NULL */
    bool if_exists;        /* IF EXISTS, IF NOT EXISTS */
    bool rewrites;         /* may write the relations it locks anew, and needs as much room again */
    bool understood;       /* the parser knew it, or its first words say all there is to know (of
                              SELECT, INSERT, ...); else only these were looked at */
    /* Relations that must exist already, and that it locks so that writers or readers wait, or so
     * that a vacuum or a dump in progress stands in its way: of ALTER TABLE, DROP TABLE, TRUNCATE,
     * CREATE INDEX, CREATE TRIGGER, LOCK TABLE, CLUSTER, REINDEX, ALTER/DROP INDEX, VIEW, ... */
    const struct sql_name *locks;
    size_t n_locks;
};

struct sql_script {
    const struct sql_statement *statements; /* in the order of the text; empty ones are left out */
    size_t n;
    struct arena *arena;
};

/* Never fails: what cannot be understood is a statement that the server will refuse. A first BOM
 * is skipped. The text need not outlive the script. */
void sql_read(const char *text, size_t size, struct sql_script *ret_script);
void sql_script_clear(struct sql_script *script);
