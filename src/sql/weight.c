/*
 * What the parser would cost. libpg_query has PostgreSQL's grammar, but not the check of the stack
 * that the server has: 2,000 nested selects, or a sum of 5,000 terms, end the process. Measured on
 * the tree's way out and in again: less than 8 KB of stack for a parenthesis with a select in it,
 * less than 2 KB for each operator in a chain. A comma ends a chain; only UNION and its like go on
 * across commas.
 */
#include <sys/resource.h>

#include "draft.h"
#include "lexer.h"

#define STACK_MOST ((size_t)4 << 20)
#define STACK_OF_PARENTHESIS ((size_t)8 << 10)
#define STACK_OF_TOKEN ((size_t)2 << 10)
#define DEPTH_MOST 200
#define TOKENS_MOST 50000            /* a tree of some 50 MB */
#define BYTES_MOST ((size_t)1 << 20) /* long literals are copied six times */

struct weight {
    size_t chains[DEPTH_MOST + 1]; /* tokens since the last comma, by depth of parentheses */
    size_t depth;
    size_t sum; /* of the chains that are open */
    size_t n_unions, n_tokens;
};

static size_t stack_there_is(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur / 2 > STACK_MOST) {
        return STACK_MOST;
    }
    return (size_t)limit.rlim_cur / 2;
}

static bool opens(char c)
{
    return c == '(' || c == '[';
}

static bool closes(char c)
{
    return c == ')' || c == ']';
}

static void end_chain(struct weight *weight)
{
    weight->sum -= weight->chains[weight->depth];
    weight->chains[weight->depth] = 0;
}

static bool is_union(const struct lexer *lexer, const struct token *token)
{
    return token_is_word(lexer, token, "UNION") || token_is_word(lexer, token, "EXCEPT") ||
           token_is_word(lexer, token, "INTERSECT");
}

/* False where it nests too deep. */
static bool weigh(struct weight *weight, const struct lexer *lexer, const struct token *token)
{
    char c = token->kind == TOKEN_CHARACTER ? lexer->text[token->offset] : '\0';
    weight->n_tokens++;
    weight->n_unions += is_union(lexer, token) ? 1 : 0;
    if (c == ',') {
        end_chain(weight);
        return true;
    }
    weight->chains[weight->depth]++;
    weight->sum++;
    if (opens(c)) {
        return ++weight->depth <= DEPTH_MOST;
    }
    if (closes(c) && weight->depth > 0) {
        end_chain(weight);
        weight->depth--;
    }
    return true;
}

static size_t stack_needed(const struct weight *weight)
{
    return weight->depth * STACK_OF_PARENTHESIS + (weight->sum + weight->n_unions) * STACK_OF_TOKEN;
}

bool draft_is_parsable(const struct draft *draft)
{
    struct lexer lexer = {.text = draft->text, .size = draft->statement->size};
    struct weight weight = {0};
    struct token token;
    size_t there_is = stack_there_is();
    if (lexer.size > BYTES_MOST || memchr(lexer.text, '\0', lexer.size) != NULL) {
        return false;
    }
    sql_lexer_next(&lexer, &token);
    while (token.kind != TOKEN_END) {
        if (!weigh(&weight, &lexer, &token) || weight.n_tokens > TOKENS_MOST ||
            stack_needed(&weight) > there_is) {
            return false;
        }
        sql_lexer_next(&lexer, &token);
    }
    return true;
}
