/*
 * Can these statements leave their session other than it was? What only changes the catalog cannot.
 * After everything else (SET, a function that is called, DO, a temporary table) the session is made
 * anew, which costs more than a small migration itself.
 */
#include <string.h>

#include "private.h"

static bool only_changes_catalog(const char *verb)
{
    static const char *const verbs[] = {
        "CREATE TABLE",    "ALTER TABLE", "DROP TABLE", "CREATE INDEX", "DROP INDEX",
        "CREATE SEQUENCE", "CREATE TYPE", "DROP TYPE",  "CREATE VIEW",  "DROP VIEW",
        "CREATE SCHEMA",   "COMMENT ON",  "GRANT",      "REVOKE",
    };
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (text_equal(verb, verbs[i])) {
            return true;
        }
    }
    return false;
}

static bool has_word(const char *text, size_t size, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= size; i++) {
        if (strncasecmp(text + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* CREATE TABLE ... AS runs a query. Words are looked for in names and comments as well, which costs
 * time at most. */
static bool spoils(const struct script *script, const struct sql_statement *statement)
{
    const char *text = script->text.text + statement->offset;
    bool runs_query =
        text_equal(statement->verb, "CREATE TABLE") &&
        (has_word(text, statement->size, "select") || has_word(text, statement->size, "values") ||
         has_word(text, statement->size, "execute"));
    return !statement->understood || !only_changes_catalog(statement->verb) || runs_query ||
           has_word(text, statement->size, "temp");
}

bool step_spoils_session(const struct script *script, const struct script_step *step)
{
    for (size_t i = step->first; i < step->first + step->n; i++) {
        if (spoils(script, &script->sql.statements[i])) {
            return true;
        }
    }
    return false;
}
