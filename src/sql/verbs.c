#include "verbs.h"

/* What begins with the words of another comes before it. */
static const struct verb verbs[] = {
    {.phrase = "INSERT"},
    {.phrase = "SELECT"},
    {.phrase = "UPDATE"},
    {.phrase = "DELETE"},
    {.phrase = "WITH"},
    {.phrase = "SET"},
    {.phrase = "COMMENT ON", .parse = true},
    {.phrase = "GRANT"},
    {.phrase = "REVOKE"},
    {.phrase = "DO", .kind = SQL_CALL},
    {.phrase = "CALL", .kind = SQL_CALL},
    {.phrase = "COPY"},
    {.phrase = "BEGIN", .kind = SQL_BEGIN},
    {.phrase = "START TRANSACTION", .kind = SQL_BEGIN},
    {.phrase = "COMMIT PREPARED", .kind = SQL_OUTSIDE},
    {.phrase = "COMMIT", .kind = SQL_COMMIT},
    {.phrase = "END", .kind = SQL_COMMIT},
    {.phrase = "ROLLBACK PREPARED", .kind = SQL_OUTSIDE},
    {.phrase = "ROLLBACK WORK TO", .shown = "ROLLBACK TO"},
    {.phrase = "ROLLBACK TRANSACTION TO", .shown = "ROLLBACK TO"},
    {.phrase = "ROLLBACK TO"},
    {.phrase = "ROLLBACK", .kind = SQL_ROLLBACK},
    {.phrase = "ABORT", .kind = SQL_ROLLBACK},
    {.phrase = "PREPARE TRANSACTION", .kind = SQL_PREPARE_TRANSACTION},
    {.phrase = "PREPARE"},
    {.phrase = "SAVEPOINT"},
    {.phrase = "RELEASE"},
    {.phrase = "VACUUM", .kind = SQL_OUTSIDE, .parse = true, .relation = true},
    {.phrase = "ANALYZE", .parse = true, .relation = true},
    {.phrase = "ANALYSE", .parse = true, .relation = true, .shown = "ANALYZE"},
    {.phrase = "REINDEX", .parse = true},
    {.phrase = "CLUSTER", .parse = true, .relation = true, .rewrites = true},
    {.phrase = "REFRESH MATERIALIZED VIEW", .parse = true, .relation = true, .rewrites = true},
    {.phrase = "LOCK TABLE", .parse = true, .relation = true},
    {.phrase = "LOCK", .parse = true, .relation = true, .shown = "LOCK TABLE"},
    {.phrase = "TRUNCATE TABLE", .parse = true, .relation = true, .shown = "TRUNCATE"},
    {.phrase = "TRUNCATE", .parse = true, .relation = true},
    {.phrase = "SECURITY LABEL", .parse = true},
    {.phrase = "DISCARD ALL", .kind = SQL_OUTSIDE},
    {.phrase = "DISCARD"},
    {.phrase = "VALUES"},
    {.phrase = "TABLE"},
    {.phrase = "MERGE"},
    {.phrase = "EXPLAIN"},
    {.phrase = "SHOW"},
    {.phrase = "RESET"},
    {.phrase = "EXECUTE"},
    {.phrase = "DEALLOCATE"},
    {.phrase = "DECLARE"},
    {.phrase = "FETCH"},
    {.phrase = "MOVE"},
    {.phrase = "CLOSE"},
    {.phrase = "LISTEN"},
    {.phrase = "UNLISTEN"},
    {.phrase = "NOTIFY"},
    {.phrase = "LOAD"},
    {.phrase = "CHECKPOINT"},
    {.phrase = "IMPORT FOREIGN SCHEMA"},
    {.phrase = "REASSIGN OWNED"},
};

static const struct object objects[] = {
    {.phrase = "TABLE", .parse = PARSE_ALL, .relation = true},
    {.phrase = "INDEX", .parse = PARSE_ALL, .relation = true},
    {.phrase = "VIEW", .parse = PARSE_ALTER | PARSE_DROP, .relation = true},
    {.phrase = "MATERIALIZED VIEW", .parse = PARSE_ALTER | PARSE_DROP, .relation = true},
    {.phrase = "SEQUENCE", .parse = PARSE_ALTER | PARSE_DROP, .relation = true},
    {.phrase = "FOREIGN TABLE", .parse = PARSE_ALL, .relation = true},
    {.phrase = "TRIGGER", .parse = PARSE_ALL, .of_table = true},
    {.phrase = "RULE", .parse = PARSE_ALL, .of_table = true},
    {.phrase = "POLICY", .parse = PARSE_ALL, .of_table = true},
    {.phrase = "STATISTICS", .parse = PARSE_CREATE},
    {.phrase = "PUBLICATION", .parse = PARSE_CREATE | PARSE_ALTER},
    {.phrase = "SUBSCRIPTION",
     .parse = PARSE_CREATE | PARSE_ALTER,
     .create = SQL_OUTSIDE,
     .drop = SQL_OUTSIDE}, /* unless it has no slot, which the text does not say */
    {.phrase = "DATABASE",
     .parse = PARSE_ALTER,
     .create = SQL_CREATE_DATABASE,
     .drop = SQL_DROP_DATABASE},
    {.phrase = "TABLESPACE", .create = SQL_OUTSIDE, .drop = SQL_OUTSIDE},
    {.phrase = "SYSTEM", .unnamed = true, .alter = SQL_OUTSIDE},
    {.phrase = "FUNCTION"},
    {.phrase = "PROCEDURE"},
    {.phrase = "ROUTINE"},
    {.phrase = "AGGREGATE"},
    {.phrase = "TYPE"},
    {.phrase = "DOMAIN"},
    {.phrase = "SCHEMA"},
    {.phrase = "EXTENSION"},
    {.phrase = "ROLE"},
    {.phrase = "USER MAPPING", .unnamed = true},
    {.phrase = "USER"},
    {.phrase = "GROUP"},
    {.phrase = "COLLATION"},
    {.phrase = "CONVERSION"},
    {.phrase = "CAST", .unnamed = true},
    {.phrase = "OPERATOR CLASS"},
    {.phrase = "OPERATOR FAMILY"},
    {.phrase = "OPERATOR", .unnamed = true},
    {.phrase = "TEXT SEARCH CONFIGURATION"},
    {.phrase = "TEXT SEARCH DICTIONARY"},
    {.phrase = "TEXT SEARCH PARSER"},
    {.phrase = "TEXT SEARCH TEMPLATE"},
    {.phrase = "EVENT TRIGGER"},
    {.phrase = "SERVER"},
    {.phrase = "FOREIGN DATA WRAPPER"},
    {.phrase = "LANGUAGE"},
    {.phrase = "ACCESS METHOD"},
    {.phrase = "TRANSFORM", .unnamed = true},
    {.phrase = "DEFAULT PRIVILEGES", .unnamed = true},
    {.phrase = "LARGE OBJECT", .unnamed = true},
    {.phrase = "OWNED", .unnamed = true},
};

const struct verb *verb_take(struct words *words)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (words_take(words, verbs[i].phrase)) {
            return &verbs[i];
        }
    }
    return NULL;
}

const struct object *object_take(struct words *words)
{
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        if (words_take(words, objects[i].phrase)) {
            return &objects[i];
        }
    }
    return NULL;
}
