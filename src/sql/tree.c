/* Asks libpg_query for the tree of one statement. */
#include "tree.h"

const char *tree_text(struct draft *draft, const char *text)
{
    return text != NULL && text[0] != '\0' ? arena_copy(draft->arena, text) : NULL;
}

struct sql_name tree_relation(struct draft *draft, const PgQuery__RangeVar *relation)
{
    if (relation == NULL) {
        return (struct sql_name){0};
    }
    return (struct sql_name){.schema = tree_text(draft, relation->schemaname),
                             .name = tree_text(draft, relation->relname)};
}

void tree_lock(struct draft *draft, const PgQuery__RangeVar *relation)
{
    struct sql_name name = tree_relation(draft, relation);
    if (name.name != NULL) {
        draft_lock(draft, name);
    }
}

static bool is_false_text(const char *text)
{
    return strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0 ||
           strcasecmp(text, "no") == 0;
}

static bool option_value(const PgQuery__DefElem *option)
{
    const tree_node *value = option->arg;
    if (value == NULL) {
        return true;
    }
    switch ((int)value->node_case) {
    case PG_QUERY__NODE__NODE_STRING:
        return !is_false_text(value->string->sval);
    case PG_QUERY__NODE__NODE_TYPE_NAME: /* what is a word and not reserved is read as a type */
        return value->type_name->n_names != 1 ||
               value->type_name->names[0]->node_case != PG_QUERY__NODE__NODE_STRING ||
               !is_false_text(value->type_name->names[0]->string->sval);
    case PG_QUERY__NODE__NODE_INTEGER:
        return value->integer->ival != 0;
    default:
        return true;
    }
}

static const PgQuery__DefElem *find_option(tree_node *const *options, size_t n, const char *name)
{
    for (size_t i = n; i > 0; i--) {
        const tree_node *node = options[i - 1];
        if (node->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
            text_equal(node->def_elem->defname, name)) {
            return node->def_elem;
        }
    }
    return NULL;
}

bool tree_option(tree_node *const *options, size_t n, const char *name, bool fallback)
{
    const PgQuery__DefElem *option = find_option(options, n, name);
    return option != NULL ? option_value(option) : fallback;
}

bool tree_has_option(tree_node *const *options, size_t n, const char *name)
{
    return find_option(options, n, name) != NULL;
}

static void free_parsed(PgQueryProtobufParseResult *parsed)
{
    pg_query_free_protobuf_parse_result(*parsed);
}

static void free_tree(PgQuery__ParseResult **tree)
{
    if (*tree != NULL) {
        pg_query__parse_result__free_unpacked(*tree, NULL);
    }
}

bool draft_read_tree(struct draft *draft)
{
    CLEANUP(mem_freep) char *text = mem_copy_n(draft->text, draft->statement->size);
    CLEANUP(free_parsed)
    PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(text);
    if (parsed.error != NULL) {
        return false;
    }
    CLEANUP(free_tree)
    PgQuery__ParseResult *tree = pg_query__parse_result__unpack(
        NULL, parsed.parse_tree.len, (const uint8_t *)parsed.parse_tree.data);
    if (tree == NULL || tree->n_stmts != 1 || tree->stmts[0]->stmt == NULL) {
        return false;
    }
    draft_forget_locks(draft);
    draft->statement->rewrites = false;
    draft->statement->kind = SQL_ORDINARY; /* unless it is found to be another */
    tree_read_statement(draft, tree->stmts[0]->stmt);
    return true;
}
