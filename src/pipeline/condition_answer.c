/* Answers a condition, with three values: what is not known yet leaves open only what it decides.
 */
#include "condition.h"

static enum condition_answer yes_if(bool yes)
{
    return yes ? CONDITION_YES : CONDITION_NO;
}

/* A value that is missing is the empty text. False where it is not known yet. */
static bool value_of(const struct operand *operand, const struct condition_facts *facts,
                     char **ret_value)
{
    const char *value = operand->text;
    enum fact fact = FACT_KNOWN;
    if (operand->fact != NULL) {
        fact = facts->fact(facts->context, operand->fact, &value);
    }
    if (fact == FACT_OPEN) {
        return false;
    }
    *ret_value = mem_copy(fact == FACT_KNOWN ? value : "");
    return true;
}

static enum condition_answer is_true(const struct operation *operation,
                                     const struct condition_facts *facts)
{
    CLEANUP(mem_freep) char *value = NULL;
    if (!value_of(&operation->left, facts, &value)) {
        return CONDITION_OPEN;
    }
    return yes_if(value[0] != '\0' && !text_equal(value, "0") && !text_equal(value, "false"));
}

static enum condition_answer compare(const struct operation *operation,
                                     const struct condition_facts *facts)
{
    CLEANUP(mem_freep) char *left = NULL;
    CLEANUP(mem_freep) char *right = NULL;
    if (!value_of(&operation->left, facts, &left) || !value_of(&operation->right, facts, &right)) {
        return CONDITION_OPEN;
    }
    return yes_if((text_equal(left, right) != 0) == (operation->kind == OPERATION_EQUAL));
}

static enum condition_answer opposite(enum condition_answer answer)
{
    return answer == CONDITION_OPEN ? CONDITION_OPEN : yes_if(answer == CONDITION_NO);
}

/* `decides` is the answer that settles it alone: no for "and", yes for "or". */
static enum condition_answer joined(enum condition_answer a, enum condition_answer b,
                                    enum condition_answer decides)
{
    if (a == decides || b == decides) {
        return decides;
    }
    return a == CONDITION_OPEN || b == CONDITION_OPEN ? CONDITION_OPEN : opposite(decides);
}

enum condition_answer condition_answer(const struct condition *condition,
                                       const struct condition_facts *facts)
{
    CLEANUP(mem_freep) enum condition_answer *stack = mem_new(condition->n + 1, sizeof *stack);
    size_t n = 0;
    for (size_t i = 0; i < condition->n; i++) {
        const struct operation *operation = &condition->operations[i];
        switch (operation->kind) {
        case OPERATION_IS:
            stack[n++] = is_true(operation, facts);
            break;
        case OPERATION_EQUAL:
        case OPERATION_DIFFERS:
            stack[n++] = compare(operation, facts);
            break;
        case OPERATION_NOT:
            stack[n - 1] = opposite(stack[n - 1]);
            break;
        case OPERATION_AND:
            n--;
            stack[n - 1] = joined(stack[n - 1], stack[n], CONDITION_NO);
            break;
        case OPERATION_OR:
            n--;
            stack[n - 1] = joined(stack[n - 1], stack[n], CONDITION_YES);
            break;
        }
    }
    return stack[0];
}
