/*
 * A migration's text, taken apart into the steps in which it will be run.
 *
 * Statements between a BEGIN and its COMMIT are one step, and keep the options of their BEGIN.
 * Other statements are one step as long as all of the file may stand in transactions; where one may
 * not, or the file says no-transaction, each is a step of its own.
 */
#include "script.h"

#include <string.h>

#include "headgate/strbuf.h"

#define BOM "\xef\xbb\xbf"

struct building {
    struct script *script;
    struct problems problems;
    size_t opener; /* the BEGIN of the block that is open */
    bool may_join; /* the next loose statement belongs to the step before it */
};

static const struct sql_statement *statement_at(const struct script *script, size_t i)
{
    return &script->sql.statements[i];
}

static struct problem *complain(struct building *b, const struct sql_statement *statement,
                                const char *sentence)
{
    const char *text = b->script->text.text + statement->offset;
    size_t width = strcspn(text, "\r\n");
    return problem_add(&b->problems, &b->script->source, statement->offset,
                       width < statement->size ? width : statement->size, "%s", sentence);
}

static struct script_step *new_step(struct building *b, size_t first)
{
    struct script *script = b->script;
    struct script_step *step = &script->steps[script->n_steps++];
    *step = (struct script_step){.first = first, .opener = SCRIPT_NO_OPENER};
    return step;
}

/* --- what a file may not hold --- */

static const struct {
    enum sql_kind kind;
    const char *sentence, *note;
} never[] = {
    {SQL_ROLLBACK, "a migration cannot roll back its own transaction",
     "take the statement out: what fails is rolled back anyway"},
    {SQL_PREPARE_TRANSACTION, "a migration cannot leave a prepared transaction behind",
     "end the transaction with COMMIT"},
    {SQL_COPY_STDIN, "COPY FROM STDIN has no rows to read here",
     "write the rows as INSERT (pg_dump --inserts)"},
    {SQL_COPY_STDOUT, "nobody would read the rows of COPY TO STDOUT here",
     "take the statement out"},
    {SQL_META, "this is a command of psql, not SQL", "write it in SQL, or take it out"},
};

static bool check_never(struct building *b, const struct sql_statement *statement)
{
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        if (statement->kind == never[i].kind) {
            problem_note(complain(b, statement, never[i].sentence), "%s", never[i].note);
            return false;
        }
    }
    return true;
}

/* Without a name, what an unfinished build leaves behind could not be found again. */
static void check_name(struct building *b, const struct sql_statement *statement)
{
    if (statement->kind == SQL_CREATE_INDEX_CONCURRENTLY && statement->understood &&
        statement->name.name == NULL) {
        problem_note(complain(b, statement, "an index that is built concurrently needs a name"),
                     "an unfinished build leaves an invalid index behind, which is found again "
                     "by its name");
    }
}

/* --- steps --- */

static void add_loose(struct building *b, size_t i)
{
    struct script *script = b->script;
    const struct sql_statement *statement = statement_at(script, i);
    bool outside =
        sql_kind_is_outside(statement->kind) || (script->each_alone && statement->kind == SQL_CALL);
    if (b->may_join && !script->each_alone) {
        script->steps[script->n_steps - 1].n++;
        return;
    }
    struct script_step *step = new_step(b, i);
    step->n = 1;
    step->outside = outside;
    b->may_join = true;
}

static void add_in_block(struct building *b, size_t i)
{
    const struct sql_statement *statement = statement_at(b->script, i);
    struct script_step *step = &b->script->steps[b->script->n_steps - 1];
    if (sql_kind_is_outside(statement->kind)) {
        problem_note(complain(b, statement, "this cannot run inside a transaction"),
                     "move it out of its BEGIN ... COMMIT");
    }
    step->first = step->n == 0 ? i : step->first;
    step->n++;
}

static void open_block(struct building *b, size_t i)
{
    if (b->opener != SCRIPT_NO_OPENER) {
        problem_note(complain(b, statement_at(b->script, i), "a transaction has begun already"),
                     "end it with COMMIT first");
        return;
    }
    new_step(b, i)->opener = i;
    b->opener = i;
}

/* A block without a statement is no step. */
static void close_block(struct building *b)
{
    if (b->opener != SCRIPT_NO_OPENER && b->script->steps[b->script->n_steps - 1].n == 0) {
        b->script->n_steps--;
    }
    b->opener = SCRIPT_NO_OPENER;
    b->may_join = false;
}

static void add_statement(struct building *b, size_t i)
{
    const struct sql_statement *statement = statement_at(b->script, i);
    if (!check_never(b, statement)) {
        return;
    }
    check_name(b, statement);
    if (statement->kind == SQL_BEGIN) {
        open_block(b, i);
    } else if (statement->kind == SQL_COMMIT) {
        close_block(b);
    } else if (b->opener != SCRIPT_NO_OPENER) {
        add_in_block(b, i);
    } else {
        add_loose(b, i);
    }
}

/* The statement that makes it impossible to run the file in transactions, or NULL. */
static const char *find_why(const struct script *script)
{
    for (size_t i = 0; i < script->sql.n; i++) {
        if (sql_kind_is_outside(script->sql.statements[i].kind)) {
            return script->sql.statements[i].verb;
        }
    }
    return NULL;
}

static void build_steps(struct building *b, bool no_transaction)
{
    struct script *script = b->script;
    script->why = no_transaction ? "no-transaction" : find_why(script);
    script->each_alone = script->why != NULL;
    script->steps = mem_new(script->sql.n + 1, sizeof *script->steps);
    for (size_t i = 0; i < script->sql.n; i++) {
        add_statement(b, i);
    }
    if (b->opener != SCRIPT_NO_OPENER) {
        problem_note(complain(b, statement_at(script, b->opener), "this BEGIN has no COMMIT"),
                     "end the transaction with COMMIT, or take BEGIN out: the migration runs in "
                     "one transaction anyway");
    }
    if (script->why == NULL && script->n_steps > 1) {
        script->why = "its own transactions";
    }
    script->transactional = script->why == NULL;
}

static bool fail_with(struct building *b, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "%s cannot be run", b->script->source.file);
    problems_sort(&b->problems);
    problems_move(&err->problems, &b->problems);
    return false;
}

bool script_build(const char *file, struct strbuf *text, bool no_transaction,
                  struct script *ret_script, struct error *err)
{
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    size_t skipped = text_starts(text->text, BOM) ? strlen(BOM) : 0;
    struct building b = {.script = &script, .opener = SCRIPT_NO_OPENER};
    script.text = *text;
    *text = (struct strbuf)STRBUF_INIT;
    memmove(script.text.text, script.text.text + skipped, script.text.size - skipped);
    strbuf_cut(&script.text, script.text.size - skipped);
    script.source = (struct source){file, script.text.text, script.text.size};
    sql_read(script.text.text, script.text.size, &script.sql);
    build_steps(&b, no_transaction);
    bool good = b.problems.n == 0 || fail_with(&b, err);
    problems_clear(&b.problems);
    if (good) {
        *ret_script = script;
        script = (struct script){.text = STRBUF_INIT};
    }
    return good;
}

bool script_read(const struct migration *migration, struct script *ret_script, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    return migration_load(migration, &text, err) &&
           script_build(migration->path, &text, migration->no_transaction, ret_script, err);
}

bool script_read_begun(const struct migration *migration, struct script *ret_script,
                       struct error *err)
{
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!script_read(migration, &script, err)) {
        return false;
    }
    if (!script.transactional) {
        *ret_script = script;
        script = (struct script){.text = STRBUF_INIT};
        return true;
    }
    return migration_load(migration, &text, err) &&
           script_build(migration->path, &text, true, ret_script, err);
}

void script_clear(struct script *script)
{
    strbuf_clear(&script->text);
    sql_script_clear(&script->sql);
    mem_free(script->steps);
    script->steps = NULL;
    script->n_steps = 0;
}

char *script_mode(const struct script *script)
{
    return script->transactional ? mem_copy("in a transaction")
                                 : mem_printf("step by step (%s)", script->why);
}

/* --- an edited file --- */

static bool same_step(const struct script *a, const struct script *b, size_t i)
{
    const struct script_step *left = &a->steps[i], *right = &b->steps[i];
    bool same = left->n == right->n && left->outside == right->outside;
    for (size_t k = 0; same && k < left->n; k++) {
        const struct sql_statement *x = statement_at(a, left->first + k);
        const struct sql_statement *y = statement_at(b, right->first + k);
        same = x->size == y->size &&
               memcmp(a->text.text + x->offset, b->text.text + y->offset, x->size) == 0;
    }
    return same;
}

bool script_same_start(const struct migration *migration, const struct script *now,
                       const char *recorded_text, size_t n_steps, bool *ret_same, struct error *err)
{
    CLEANUP(script_clear) struct script before = {.text = STRBUF_INIT};
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, recorded_text);
    if (!script_build(migration->path, &text, strstr(recorded_text, "no-transaction") != NULL,
                      &before, err)) {
        return false;
    }
    /* steps are counted in another way where each statement is one */
    bool same = n_steps <= before.n_steps && n_steps <= now->n_steps &&
                before.each_alone == now->each_alone;
    for (size_t i = 0; same && i < n_steps; i++) {
        same = same_step(&before, now, i);
    }
    *ret_same = same;
    return true;
}
