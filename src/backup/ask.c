/* What pg_dump says of a database, read as it comes. */
#include <unistd.h>

#include "headgate/sql.h"
#include "private.h"

struct asking {
    struct dump_reader *reader;
    bool failed, ended, enough; /* enough: one of the others */
    struct error *err;
};

/* The table of contents comes first; for what follows it is not always waited. */
static void on_output(void *context, int stream, const char *bytes, size_t size)
{
    struct asking *asking = context;
    if (stream != STDOUT_FILENO || asking->enough) {
        return;
    }
    asking->failed = !dump_reader_feed(asking->reader, bytes, size, asking->err);
    asking->ended = dump_reader_is_enough(asking->reader);
    asking->enough = asking->failed || asking->ended;
}

bool ask_pg_dump(const struct tool_place *place, const char *const *arguments,
                 const struct dump_handler *handler, struct dump_reader **ret_reader,
                 struct error *err)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    struct asking asking = {.reader = dump_reader_new(handler), .err = err};
    const struct tool_run run = {.place = *place,
                                 .program = "pg_dump",
                                 .arguments = arguments,
                                 .on_output = on_output,
                                 .enough = &asking.enough,
                                 .context = &asking};
    *ret_reader = asking.reader;
    if (!tool_run(&run, &result, err) || asking.failed) {
        return false;
    }
    return asking.ended ||
           (tool_check(&run, &result, err) && dump_reader_finish(asking.reader, err));
}

/* --- the rows of one table --- */

struct wanted_rows {
    bool (*take)(void *context, const char *bytes, size_t n, struct error *err);
    void *context;
};

static bool hand_on(void *context, const struct dump_block *block, const char *bytes, size_t n,
                    struct error *err)
{
    const struct wanted_rows *wanted = context;
    (void)block;
    return wanted->take(wanted->context, bytes, n, err);
}

bool ask_rows(const struct tool_place *place, const char *snapshot, const struct dump_entry *entry,
              bool (*take)(void *context, const char *bytes, size_t n, struct error *err),
              void *context, struct error *err)
{
    CLEANUP(dump_reader_freep) struct dump_reader *reader = NULL;
    const struct sql_name name = {.schema = entry->schema, .name = entry->tag};
    CLEANUP(mem_freep) char *quoted = sql_name_quoted(&name);
    CLEANUP(mem_freep) char *only = mem_printf("--table=%s", quoted);
    CLEANUP(mem_freep)
    char *from = snapshot != NULL ? mem_printf("--snapshot=%s", snapshot) : NULL;
    const char *const arguments[] = {"-Fc", "-Z0", "--data-only", PG_DUMP_LOCK_WAIT,
                                     only,  from,  NULL};
    struct wanted_rows wanted = {take, context};
    const struct dump_handler handler = {
        .rows = hand_on, .context = &wanted, .without_digests = true};
    size_t n = 0;
    if (!ask_pg_dump(place, arguments, &handler, &reader, err)) {
        return false;
    }
    const struct dump_block *blocks = dump_reader_blocks(reader, &n);
    bool is_it = n == 1 && text_equal(blocks[0].entry->schema, entry->schema) &&
                 text_equal(blocks[0].entry->tag, entry->tag);
    return is_it ||
           error_set(err, ERROR_BACKUP, "pg_dump wrote the rows of %zu tables, not of one", n);
}
