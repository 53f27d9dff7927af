/* What is where. */
#include "headgate/file.h"
#include "headgate/output.h"
#include "private.h"

static void add_row(struct table *table, const struct environment_status *status)
{
    const struct deploy_plan *plan = status->plan;
    enum style style = STYLE_BAD;
    table_row(table);
    table_set(table, 0, STYLE_BOLD, mem_copy(status->environment->name));
    if (status->environment->target.resolved) {
        table_set(table, 1, STYLE_PLAIN, environment_display(status->environment));
    }
    if (plan == NULL) {
        bool unreachable = status->error.code == ERROR_UNREACHABLE;
        table_set(table, 3, style,
                  mem_copy(unreachable ? "cannot be reached" : "cannot be looked at"));
        return;
    }
    char *summary = plan_summary(plan, &style);
    table_set(table, 2, STYLE_PLAIN, mem_printf("PostgreSQL %s", plan->version_text));
    table_set(table, 3, style, summary);
    table_set(table, 4, STYLE_DIM, mem_printf("%zu applied", plan->count[MIGRATION_APPLIED]));
}

static const char *state_word(const struct environment_status *status)
{
    return status->plan != NULL ? plan_word(status->plan) : "unknown";
}

static bool is_up_to_date(const char *name, const struct environment_status *statuses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text_equal(statuses[i].environment->name, name)) {
            return text_equal(state_word(&statuses[i]), "up_to_date");
        }
    }
    return false;
}

/* As far as was looked: a deploy must not be advised that would be refused. */
static bool may_follow(const struct environment *environment,
                       const struct environment_status *statuses, size_t n)
{
    for (size_t i = 0; i < environment->n_after; i++) {
        if (!is_up_to_date(environment->after[i], statuses, n)) {
            return false;
        }
    }
    return true;
}

/* The first environment that could be brought forward, where nothing before it wants a person. */
static const char *next_step(const struct environment_status *statuses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool pending = text_equal(state_word(&statuses[i]), "pending");
        if (!pending && !text_equal(state_word(&statuses[i]), "up_to_date")) {
            return NULL;
        }
        if (pending && error_is_set(&statuses[i].plan->refusal)) {
            return NULL;
        }
        if (pending && may_follow(statuses[i].environment, statuses, n)) {
            return statuses[i].environment->name;
        }
    }
    return NULL;
}

static void add_indented(struct strbuf *out, const char *sentences)
{
    for (const char *c = sentences; c != NULL && *c != '\0'; c++) {
        strbuf_add(out, c == sentences || c[-1] == '\n' ? "  " : "");
        strbuf_add_char(out, *c);
    }
    strbuf_add(out, sentences != NULL ? "\n" : "");
}

static void print_trouble(const struct environment_status *status)
{
    const struct error *error = status->plan != NULL ? &status->plan->refusal : &status->error;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!error_is_set(error)) {
        return;
    }
    strbuf_add_char(&out, '\n');
    if (status->plan != NULL) { /* a failure names its environment already */
        strbuf_printf(&out, "environment \"%s\": ", status->environment->name);
    }
    strbuf_printf(&out, "%s\n", error->message);
    add_indented(&out, error->detail);
    add_indented(&out, error->hint);
    for (size_t i = 0; i < error->problems.n; i++) {
        strbuf_add_char(&out, '\n');
        problem_render(&error->problems.items[i], output_color_stdout(), &out);
    }
    output_write(out.text, out.size);
}

static void print_text(const struct environment_status *statuses, size_t n,
                       const struct release *release)
{
    CLEANUP(table_clear) struct table table = {0};
    CLEANUP(mem_freep) char *digest = short_digest(release->digest);
    CLEANUP(mem_freep) char *count = count_of(release->n, "migration");
    CLEANUP(mem_freep) char *folder = path_display(release->folder);
    output_print("Release %s  %s in %s\n\n", digest, count, folder);
    for (size_t i = 0; i < n; i++) {
        add_row(&table, &statuses[i]);
    }
    table_print(&table, "  ");
    for (size_t i = 0; i < n; i++) {
        print_trouble(&statuses[i]);
    }
    const char *next = next_step(statuses, n);
    if (next != NULL) {
        output_print("\nNext: headgate deploy %s\n", next);
    }
}

static void print_json(const struct environment_status *statuses, size_t n,
                       const struct release *release)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = document_start(&out);
    write_release(&writer, release);
    json_write_key(&writer, "environments");
    json_write_array(&writer);
    for (size_t i = 0; i < n; i++) {
        const struct environment *environment = statuses[i].environment;
        json_write_object(&writer);
        json_write_member_text(&writer, "name", environment->name);
        json_write_member_text(&writer, "kind", environment_kind_name(environment->kind));
        if (statuses[i].plan != NULL) {
            write_plan(&writer, statuses[i].plan);
        } else {
            json_write_member_text(&writer, "state", "unknown");
            json_write_key(&writer, "error");
            write_error(&writer, &statuses[i].error);
        }
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

void report_status(const struct environment_status *statuses, size_t n,
                   const struct release *release)
{
    if (output_json()) {
        print_json(statuses, n, release);
    } else {
        print_text(statuses, n, release);
    }
}
