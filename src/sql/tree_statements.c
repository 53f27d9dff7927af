/* Statements by their nodes. What a node does not change is as the first words have it. */
#include "tree.h"

#define SHARE_UPDATE_EXCLUSIVE                                                                     \
    4 /* PostgreSQL's lockdefs.h: the weakest lock that a vacuum minds                             \
       */

static void lock_relations(struct draft *draft, tree_node *const *nodes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (nodes[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
            tree_lock(draft, nodes[i]->range_var);
        } else if (nodes[i]->node_case == PG_QUERY__NODE__NODE_VACUUM_RELATION) {
            tree_lock(draft, nodes[i]->vacuum_relation->relation);
        }
    }
}

static void read_truncate(struct draft *draft, const tree_node *node)
{
    lock_relations(draft, node->truncate_stmt->relations, node->truncate_stmt->n_relations);
}

static void read_lock(struct draft *draft, const tree_node *node)
{
    const PgQuery__LockStmt *lock = node->lock_stmt;
    if (lock->mode >= SHARE_UPDATE_EXCLUSIVE) {
        lock_relations(draft, lock->relations, lock->n_relations);
    }
}

static void read_vacuum(struct draft *draft, const tree_node *node)
{
    const PgQuery__VacuumStmt *vacuum = node->vacuum_stmt;
    draft->statement->kind = vacuum->is_vacuumcmd ? SQL_OUTSIDE : SQL_ORDINARY;
    draft->statement->rewrites = tree_option(vacuum->options, vacuum->n_options, "full", false);
    lock_relations(draft, vacuum->rels, vacuum->n_rels);
}

static void read_cluster(struct draft *draft, const tree_node *node)
{
    const PgQuery__ClusterStmt *cluster = node->cluster_stmt;
    draft->statement->kind = cluster->relation == NULL ? SQL_OUTSIDE : SQL_ORDINARY;
    draft->statement->rewrites = true;
    draft->statement->name = tree_relation(draft, cluster->relation);
    tree_lock(draft, cluster->relation);
}

static void read_reindex(struct draft *draft, const tree_node *node)
{
    const PgQuery__ReindexStmt *reindex = node->reindex_stmt;
    struct sql_statement *statement = draft->statement;
    bool table = reindex->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE;
    bool concurrently = tree_option(reindex->params, reindex->n_params, "concurrently", false);
    const struct sql_name none = {0};
    if (!table && reindex->kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX) {
        statement->kind = concurrently ? SQL_REINDEX_CONCURRENTLY : SQL_OUTSIDE;
        statement->name = none; /* a schema's or a database's */
        return;
    }
    statement->rewrites = true;
    struct sql_name name = tree_relation(draft, reindex->relation);
    statement->kind = concurrently ? SQL_REINDEX_CONCURRENTLY : SQL_ORDINARY;
    statement->name = table ? none : name;
    statement->table = table ? name : none;
    tree_lock(draft, reindex->relation);
}

static void read_refresh(struct draft *draft, const tree_node *node)
{
    draft->statement->rewrites = true;
    tree_lock(draft, node->refresh_mat_view_stmt->relation);
}

static void read_database(struct draft *draft, const tree_node *node)
{
    const PgQuery__AlterDatabaseStmt *alter = node->alter_database_stmt;
    bool move = tree_has_option(alter->options, alter->n_options, "tablespace");
    draft->statement->kind = move ? SQL_OUTSIDE : SQL_ORDINARY;
}

/* Only where it makes a slot at the publisher. */
static void read_subscription(struct draft *draft, const tree_node *node)
{
    const PgQuery__CreateSubscriptionStmt *create = node->create_subscription_stmt;
    bool connect = tree_option(create->options, create->n_options, "connect", true);
    bool slot = tree_option(create->options, create->n_options, "create_slot", connect);
    draft->statement->kind = slot ? SQL_OUTSIDE : SQL_ORDINARY;
}

/* Before PostgreSQL 14 fewer of them are refused in a transaction: outside they always work. */
static bool is_refresh(const PgQuery__AlterSubscriptionStmt *alter)
{
    switch ((int)alter->kind) {
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_REFRESH:
        return true;
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_SET_PUBLICATION:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_ADD_PUBLICATION:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_DROP_PUBLICATION:
        return tree_option(alter->options, alter->n_options, "refresh", true);
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_OPTIONS: /* from 17 and 18 on */
        return tree_has_option(alter->options, alter->n_options, "failover") ||
               tree_has_option(alter->options, alter->n_options, "two_phase");
    default:
        return false;
    }
}

static void read_subscription_change(struct draft *draft, const tree_node *node)
{
    bool refresh = is_refresh(node->alter_subscription_stmt);
    draft->statement->kind = refresh ? SQL_OUTSIDE : SQL_ORDINARY;
}

static void lock_published(struct draft *draft, tree_node *const *objects, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const tree_node *node = objects[i];
        if (node->node_case == PG_QUERY__NODE__NODE_PUBLICATION_OBJ_SPEC &&
            node->publication_obj_spec->pubtable != NULL) {
            tree_lock(draft, node->publication_obj_spec->pubtable->relation);
        }
    }
}

static void read_publication(struct draft *draft, const tree_node *node)
{
    const PgQuery__CreatePublicationStmt *create = node->create_publication_stmt;
    lock_published(draft, create->pubobjects, create->n_pubobjects);
}

static void read_publication_change(struct draft *draft, const tree_node *node)
{
    const PgQuery__AlterPublicationStmt *alter = node->alter_publication_stmt;
    lock_published(draft, alter->pubobjects, alter->n_pubobjects);
}

static void read_statistics(struct draft *draft, const tree_node *node)
{
    lock_relations(draft, node->create_stats_stmt->relations, node->create_stats_stmt->n_relations);
}

typedef void reader(struct draft *draft, const tree_node *node);

static const struct {
    PgQuery__Node__NodeCase node;
    reader *read;
} readers[] = {
    {PG_QUERY__NODE__NODE_TRUNCATE_STMT, read_truncate},
    {PG_QUERY__NODE__NODE_LOCK_STMT, read_lock},
    {PG_QUERY__NODE__NODE_VACUUM_STMT, read_vacuum},
    {PG_QUERY__NODE__NODE_CLUSTER_STMT, read_cluster},
    {PG_QUERY__NODE__NODE_REINDEX_STMT, read_reindex},
    {PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT, read_refresh},
    {PG_QUERY__NODE__NODE_ALTER_DATABASE_STMT, read_database},
    {PG_QUERY__NODE__NODE_CREATE_SUBSCRIPTION_STMT, read_subscription},
    {PG_QUERY__NODE__NODE_ALTER_SUBSCRIPTION_STMT, read_subscription_change},
    {PG_QUERY__NODE__NODE_CREATE_PUBLICATION_STMT, read_publication},
    {PG_QUERY__NODE__NODE_ALTER_PUBLICATION_STMT, read_publication_change},
    {PG_QUERY__NODE__NODE_CREATE_STATS_STMT, read_statistics},
};

void tree_read_statement(struct draft *draft, const tree_node *node)
{
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        if (node->node_case == readers[i].node) {
            readers[i].read(draft, node);
            return;
        }
    }
    tree_read_table_statement(draft, node);
}
