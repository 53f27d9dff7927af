/*
 * Which changes of a table may write it anew as a whole. A default that is the same for all rows is
 * kept beside them; one that may differ from row to row is written into each. A change of type that
 * needs no rewrite (a longer varchar) is not told from one that does: only the catalog can.
 */
#include "tree.h"

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

static const char *last_name(tree_node *const *names, size_t n)
{
    return n > 0 && names[n - 1]->node_case == PG_QUERY__NODE__NODE_STRING
               ? names[n - 1]->string->sval
               : NULL;
}

static bool is_serial(const PgQuery__TypeName *type)
{
    static const char *const serials[] = {"serial",  "bigserial", "smallserial",
                                          "serial2", "serial4",   "serial8"};
    return type != NULL && type->n_names == 1 &&
           is_one_of(last_name(type->names, type->n_names), serials, ARRAY_LEN(serials));
}

/* The same for all rows: a literal, the time of the transaction. */
static bool is_stable(const tree_node *value)
{
    static const char *const stable[] = {"now", "transaction_timestamp", "statement_timestamp",
                                         "current_setting"};
    while (value != NULL && value->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
        value = value->type_cast->arg;
    }
    if (value == NULL) {
        return true;
    }
    switch ((int)value->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION: /* CURRENT_TIMESTAMP, CURRENT_USER, ... */
        return true;
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return value->a_array_expr->n_elements == 0;
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return is_one_of(last_name(value->func_call->funcname, value->func_call->n_funcname),
                         stable, ARRAY_LEN(stable));
    default:
        return false;
    }
}

static bool is_written(const PgQuery__ColumnDef *column)
{
    for (size_t i = 0; i < column->n_constraints; i++) {
        const tree_node *node = column->constraints[i];
        if (node->node_case != PG_QUERY__NODE__NODE_CONSTRAINT) {
            continue;
        }
        int type = (int)node->constraint->contype;
        if (type == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY ||
            type == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED ||
            (type == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT &&
             !is_stable(node->constraint->raw_expr))) {
            return true;
        }
    }
    return is_serial(column->type_name);
}

bool tree_change_rewrites(const PgQuery__AlterTableCmd *change)
{
    switch ((int)change->subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod:
        return true;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
        return change->def != NULL && change->def->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF &&
               is_written(change->def->column_def);
    default:
        return false;
    }
}
