/* What the parser's tree says, and how its nodes are read. The only header with libpg_query's. */
#pragma once

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "draft.h"

typedef PgQuery__Node tree_node;

/* The empty text is none. */
const char *tree_text(struct draft *draft, const char *text);
/* Both take NULL, which is no name. */
struct sql_name tree_relation(struct draft *draft, const PgQuery__RangeVar *relation);
void tree_lock(struct draft *draft, const PgQuery__RangeVar *relation);
/* The value of the last option of this name, as in WITH (refresh = false). */
bool tree_option(tree_node *const *options, size_t n, const char *name, bool fallback);
bool tree_has_option(tree_node *const *options, size_t n, const char *name);

/* True where a table may be written anew for this ALTER TABLE action. */
bool tree_change_rewrites(const PgQuery__AlterTableCmd *change);

/* The statement that this node is. */
void tree_read_statement(struct draft *draft, const tree_node *node);
/* Those about tables and what hangs on them. */
void tree_read_table_statement(struct draft *draft, const tree_node *node);
