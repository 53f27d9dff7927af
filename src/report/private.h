/* What the files of this module share: styles, tables, JSON documents. */
#pragma once

#include "headgate/json_write.h"
#include "headgate/report.h"
#include "headgate/strbuf.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_COUNT };

/* The text in this style where colour is wanted, else the text. */
void style_add(struct strbuf *out, bool color, enum style style, const char *text);

#define TABLE_COLUMNS 6

/* Rows whose cells are aligned when it is printed: the width of a column is known only at the end.
 */
struct table {
    struct table_cell {
        char *text;
        enum style style;
    } * cells;
    size_t n_rows;
};
void table_row(struct table *table);
/* In the last row; the text is taken. Columns that are not set are empty. */
void table_set(struct table *table, size_t column, enum style style, char *text);
void table_print(const struct table *table, const char *indent);
void table_clear(struct table *table);

/* A JSON document for stdout: {"format": 1, ... }. */
struct json_writer document_start(struct strbuf *out);
void document_end(struct json_writer *writer);

void write_error(struct json_writer *writer, const struct error *error);
void write_plan(struct json_writer *writer, const struct deploy_plan *plan);
void write_release(struct json_writer *writer, const struct release *release);
/* "up to date", "7 pending", "1 failed, 2 pending"; the caller's. */
char *plan_summary(const struct deploy_plan *plan, enum style *ret_style);
/* One word for programs: "up_to_date", "pending", "attention". */
const char *plan_word(const struct deploy_plan *plan);
/* The digits of a digest that people see. */
char *short_digest(const char *digest);
/* "1 migration", "7 migrations"; the caller's. */
char *count_of(size_t n, const char *noun);
