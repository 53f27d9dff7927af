/* Statements about tables, indexes, views, and what hangs on them: whom they lock. */
#include "tree.h"

/* The other table of a foreign key. */
static void lock_referenced(struct draft *draft, const tree_node *node)
{
    if (node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT && node->constraint->pktable != NULL) {
        draft_lock_other(draft, tree_relation(draft, node->constraint->pktable));
    }
}

static void lock_referenced_by(struct draft *draft, const tree_node *node)
{
    lock_referenced(draft, node);
    if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
        for (size_t i = 0; i < node->column_def->n_constraints; i++) {
            lock_referenced(draft, node->column_def->constraints[i]);
        }
    }
}

static void read_create(struct draft *draft, const PgQuery__CreateStmt *create)
{
    draft->statement->name = tree_relation(draft, create->relation);
    draft->statement->if_exists = create->if_not_exists;
    for (size_t i = 0; i < create->n_inh_relations; i++) {
        tree_lock(draft, create->inh_relations[i]->range_var);
    }
    for (size_t i = 0; i < create->n_table_elts; i++) {
        lock_referenced_by(draft, create->table_elts[i]);
    }
}

static void read_table(struct draft *draft, const tree_node *node)
{
    read_create(draft, node->create_stmt);
}

static void read_foreign_table(struct draft *draft, const tree_node *node)
{
    read_create(draft, node->create_foreign_table_stmt->base_stmt);
}

static void read_partition_change(struct draft *draft, const PgQuery__AlterTableCmd *command)
{
    const PgQuery__PartitionCmd *partition = command->def->partition_cmd;
    struct sql_statement *statement = draft->statement;
    tree_lock(draft, partition->name);
    if (partition->concurrent) {
        statement->kind = SQL_DETACH_CONCURRENTLY;
        statement->table = statement->name;
        statement->name = tree_relation(draft, partition->name);
    }
}

static void read_change(struct draft *draft, const PgQuery__AlterTableCmd *command)
{
    struct sql_statement *statement = draft->statement;
    statement->rewrites = statement->rewrites || tree_change_rewrites(command);
    if (command->def == NULL) {
        return;
    }
    switch ((int)command->def->node_case) {
    case PG_QUERY__NODE__NODE_PARTITION_CMD:
        read_partition_change(draft, command);
        return;
    case PG_QUERY__NODE__NODE_RANGE_VAR: /* INHERIT, NO INHERIT */
        tree_lock(draft, command->def->range_var);
        return;
    default:
        lock_referenced_by(draft, command->def);
        return;
    }
}

static void read_alter(struct draft *draft, const tree_node *node)
{
    const PgQuery__AlterTableStmt *alter = node->alter_table_stmt;
    draft->statement->name = tree_relation(draft, alter->relation);
    draft->statement->table = (struct sql_name){0};
    draft->statement->if_exists = alter->missing_ok;
    tree_lock(draft, alter->relation);
    for (size_t i = 0; i < alter->n_cmds; i++) {
        if (alter->cmds[i]->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_CMD) {
            read_change(draft, alter->cmds[i]->alter_table_cmd);
        }
    }
}

static void read_index(struct draft *draft, const tree_node *node)
{
    const PgQuery__IndexStmt *index = node->index_stmt;
    struct sql_statement *statement = draft->statement;
    statement->kind = index->concurrent ? SQL_CREATE_INDEX_CONCURRENTLY : SQL_ORDINARY;
    statement->name = (struct sql_name){.name = tree_text(draft, index->idxname)};
    statement->table = tree_relation(draft, index->relation);
    statement->if_exists = index->if_not_exists;
    tree_lock(draft, index->relation);
}

static const char *text_of(struct draft *draft, const tree_node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_STRING ? tree_text(draft, node->string->sval)
                                                          : NULL;
}

/* A list of names, without the last n_less of them. */
static struct sql_name list_name(struct draft *draft, const tree_node *node, size_t n_less)
{
    struct sql_name name = {0};
    if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_LIST) {
        return name;
    }
    const PgQuery__List *list = node->list;
    if (list->n_items > n_less) {
        name.name = text_of(draft, list->items[list->n_items - n_less - 1]);
    }
    if (list->n_items > n_less + 1) {
        name.schema = text_of(draft, list->items[list->n_items - n_less - 2]);
    }
    return name;
}

/* How many names stand behind that of the relation: 0 or 1; -1 where it is about no relation. */
static int names_behind(PgQuery__ObjectType type)
{
    switch ((int)type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
        return 0;
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
    case PG_QUERY__OBJECT_TYPE__OBJECT_RULE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
        return 1;
    default:
        return -1;
    }
}

static void lock_object(struct draft *draft, PgQuery__ObjectType type, const tree_node *object)
{
    int behind = names_behind(type);
    struct sql_name name =
        behind >= 0 ? list_name(draft, object, (size_t)behind) : (struct sql_name){0};
    if (name.name != NULL) {
        draft_lock(draft, name);
    }
}

static void read_drop(struct draft *draft, const tree_node *node)
{
    const PgQuery__DropStmt *drop = node->drop_stmt;
    struct sql_statement *statement = draft->statement;
    statement->kind = drop->concurrent ? SQL_DROP_INDEX_CONCURRENTLY : SQL_ORDINARY;
    statement->if_exists = drop->missing_ok;
    for (size_t i = 0; i < drop->n_objects; i++) {
        lock_object(draft, drop->remove_type, drop->objects[i]);
    }
    if (names_behind(drop->remove_type) == 0 && drop->n_objects > 0) {
        statement->name = list_name(draft, drop->objects[0], 0);
    }
}

static void read_comment(struct draft *draft, const tree_node *node)
{
    lock_object(draft, node->comment_stmt->objtype, node->comment_stmt->object);
}

static void read_label(struct draft *draft, const tree_node *node)
{
    lock_object(draft, node->sec_label_stmt->objtype, node->sec_label_stmt->object);
}

/* The relation that a statement of another kind is about, or NULL. */
static const PgQuery__RangeVar *relation_of(const tree_node *node)
{
    switch ((int)node->node_case) {
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return node->rename_stmt->relation;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        return node->alter_object_schema_stmt->relation;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_DEPENDS_STMT:
        return node->alter_object_depends_stmt->relation;
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
        return node->alter_seq_stmt->sequence;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
        return node->create_trig_stmt->relation;
    case PG_QUERY__NODE__NODE_RULE_STMT:
        return node->rule_stmt->relation;
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
        return node->create_policy_stmt->table;
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT:
        return node->alter_policy_stmt->table;
    default:
        return NULL;
    }
}

void tree_read_table_statement(struct draft *draft, const tree_node *node)
{
    switch ((int)node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
        read_table(draft, node);
        return;
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
        read_foreign_table(draft, node);
        return;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        read_alter(draft, node);
        return;
    case PG_QUERY__NODE__NODE_INDEX_STMT:
        read_index(draft, node);
        return;
    case PG_QUERY__NODE__NODE_DROP_STMT:
        read_drop(draft, node);
        return;
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        read_comment(draft, node);
        return;
    case PG_QUERY__NODE__NODE_SEC_LABEL_STMT:
        read_label(draft, node);
        return;
    default:
        tree_lock(draft, relation_of(node));
        return;
    }
}
