/* What the files of this module share: styles, tables, JSON documents. */
#pragma once

#include "headgate/json_write.h"
#include "headgate/report.h"
#include "headgate/strbuf.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_COUNT };

/* The text in this style where colour is wanted, else the text. */
void style_add(struct strbuf *out, bool color, enum style style, const char *text);

#define TABLE_COLUMNS 8

/* Rows whose cells are aligned when it is printed: the width of a column is known only at the end.
 */
struct table {
    struct table_cell {
        char *text;
        enum style style;
        bool spans; /* the rest of its row; makes no column wider */
    } * cells;
    size_t n_rows;
};
void table_row(struct table *table);
/* In the last row; the text is taken. Columns that are not set are empty. */
void table_set(struct table *table, size_t column, enum style style, char *text);
/* The same for a text that goes on to the end of the row and makes no column wider. */
void table_set_long(struct table *table, size_t column, enum style style, char *text);
/* A line of its own between the rows; the text is taken. */
void table_line(struct table *table, enum style style, char *text);
/* More about the row above: each line of the text, behind a label; NULL: nothing. */
#define NOTE_INDENT "    "
void table_note(struct table *table, enum style style, const char *label, const char *text);
void table_render(const struct table *table, const char *indent, struct strbuf *out);
void table_print(const struct table *table, const char *indent);
void table_clear(struct table *table);

/* about: "step \"e2e\": " or the like, in front of the message; or "". Without
 * its mistakes. */
void error_render(struct strbuf *out, bool color, const char *about, const struct error *error);

/* Only the mistakes, each with its place. */
void problems_render(struct strbuf *out, bool color, const struct problems *problems);

/* A JSON document for stdout: {"format": 1, ... }. */
struct json_writer document_start(struct strbuf *out);
void document_end(struct json_writer *writer);

void write_error(struct json_writer *writer, const struct error *error);
/* The same with the mistakes of another error. */
void write_error_with(struct json_writer *writer, const struct error *error,
                      const struct problems *problems);
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

/* --- Markdown as GitHub reads it --- */

/* Words of which nothing is taken for markup. */
void markdown_add(struct strbuf *out, const char *text);
/* A name, as code; also within a table. */
void markdown_add_code(struct strbuf *out, const char *text);
/* "| a | b |" and the line below it; ends in NULL. */
void markdown_add_head(struct strbuf *out, const char *const *titles);
/* Words in a cell: " text |"; NULL is an empty one. */
void markdown_add_cell(struct strbuf *out, const char *text);
void markdown_add_code_cell(struct strbuf *out, const char *text);

/* --- plans of pipelines: words that text and Markdown share; the caller's --- */

bool plan_step_is_deploy(const struct plan_step *step);
/* "7 to apply", "scripts/e2e.sh --fast", "2 approvals, window Mon-Thu 08:00-16:00". */
char *plan_step_what(const struct plan *plan, const struct plan_step *step);
/* Of a step that makes a backup, or restores one: "production, about 11 GB; then restored and
 * compared". */
char *backup_words(const struct plan_step *step);
char *restore_words(const struct plan_step *step);
/* "on staging, timeout 15m, 1 retry, took 2.1 s". */
char *plan_step_terms(const struct plan_step *step);
/* "beside 4", or "". */
char *plan_step_beside(const struct plan *plan, const struct plan_step *step);
/* An earlier deploy of the same migrations in the same way; or NULL. */
const struct plan_step *plan_step_like(const struct plan *plan, const struct plan_step *step);
/* Is what speaks against this step a reason not to execute the plan? */
bool plan_step_is_refused(const struct plan_step *step);
/* The mistakes behind that: of the step's refusal, or of its deploy's. */
const struct problems *plan_step_problems(const struct plan_step *step);
/* The same, but none that an earlier step has as well: several environments, one broken file. */
const struct problems *plan_step_new_problems(const struct plan *plan,
                                              const struct plan_step *step);
/* "policy of \"production\": "; what it says as an error. */
void plan_finding_error(const struct policy_finding *finding, struct error *ret_error);
size_t plan_n_errors(const struct plan *plan);
/* "4 to apply, 1 error. Nothing was changed." */
char *plan_sum(const struct plan *plan);
void write_pipeline_plan(struct json_writer *writer, const struct plan *plan);
void text_add_plan(struct strbuf *out, const struct plan *plan, bool verbose);
void markdown_add_plan(struct strbuf *out, const struct plan *plan);

/* --- records of runs, likewise --- */

/* From its beginning to its end, or to now; "" where it has not begun. */
char *record_took(int64_t begun, int64_t ended);
/* "2026-11-20 19:05 UTC", or "". */
char *record_when(int64_t usec);
/* Only the digits that people see; "" for NULL. */
char *record_digest(const char *digest);
enum style record_style(enum run_state state);
enum style record_step_style(enum step_state state);
/* What else there is to say about a step: "4 applied, evidence e2e, flaky: tried 2 times". */
char *record_step_remark(const struct record_step *step);
/* An earlier step that has applied the same; or NULL. */
const struct record_step *record_step_like(const struct record *record,
                                           const struct record_step *step);
/* How it may go on; NULL where nobody is to do anything. */
char *record_next(const struct record *record);
/* What happened to the run as a whole, event by event: NULL where this one is none of that. */
char *record_course(const struct event *event);
/* "approved, signed", "rejected". */
char *record_approval_word(const struct approval *approval);
/* Its head: the members that a list of runs has, too. */
void write_run(struct json_writer *writer, const struct record *record);
void write_record(struct json_writer *writer, const struct record *record);
void text_add_record(struct strbuf *out, const struct record *record);
void markdown_add_record(struct strbuf *out, const struct record *record);

/* --- backups: words that their reports share; the caller's --- */

/* As one would type it from here, without the detours of how it was configured. */
char *place_shown(const char *path);
/* "12,345,678". */
char *number_grouped(uint64_t number);
/* "1 row", "12,345,678 rows". */
char *rows_of(uint64_t n);
/* How long ago that was: "40 s", "12 min", "3 h", "5 days". */
char *age_of(int64_t usec);
/* Of an encrypted one nothing is told of its tables, roles and extensions without the key. */
bool contents_are_known(const struct vault_item *item);
/* "restored and compared 2026-11-28 20:31 UTC" and how that looks. */
char *proof_words(const struct proof *proof, enum style *ret_style);
/* The members that lists, show and others have of a backup, without an object around them. */
void write_backup(struct json_writer *writer, const struct vault_item *item);
void write_proof(struct json_writer *writer, const struct proof *proof);
void write_texts(struct json_writer *writer, const char *key, const struct strlist *list);
/* An error, or null. */
void write_member_error(struct json_writer *writer, const char *key, const struct error *error);
/* A row of two cells; NULL is left out. */
void fact_add(struct table *table, const char *label, char *text);
