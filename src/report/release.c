/* A release: what it is, and what was done with it. */
#include "headgate/file.h"
#include "headgate/output.h"
#include "private.h"

/* "no-transaction, lock-timeout 5s"; the caller's. */
static char *directives_text(const struct directives *directives)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    const struct {
        const char *name;
        msec value;
    } timeouts[] = {{"lock-timeout", directives->lock_timeout},
                    {"statement-timeout", directives->statement_timeout}};
    strbuf_add(&out, directives->no_transaction ? "no-transaction" : "");
    for (size_t i = 0; i < ARRAY_LEN(timeouts); i++) {
        if (timeouts[i].value >= 0) {
            CLEANUP(mem_freep) char *value = duration_format(timeouts[i].value);
            strbuf_printf(&out, "%s%s %s", out.size > 0 ? ", " : "", timeouts[i].name,
                          timeouts[i].value > 0 ? value : "0");
        }
    }
    return strbuf_take(&out);
}

static struct directives directives_of(const struct migration *migration)
{
    return (struct directives){migration->no_transaction, migration->lock_timeout,
                               migration->statement_timeout};
}

static void print_head(const struct release *release)
{
    CLEANUP(mem_freep) char *digest = short_digest(release->digest);
    CLEANUP(mem_freep) char *count = count_of(release->n, "migration");
    CLEANUP(mem_freep) char *folder = path_display(release->folder);
    output_print("Release %s  %s in %s\n", digest, count, folder);
}

static void add_row(struct table *table, const struct migration *migration)
{
    const struct directives directives = directives_of(migration);
    table_row(table);
    table_set(table, 0, STYLE_PLAIN, mem_copy(migration->name));
    table_set(table, 1, STYLE_DIM, short_digest(migration->checksum));
    table_set(table, 2, STYLE_WARN, directives_text(&directives));
    if (migration->down_path != NULL) {
        CLEANUP(mem_freep) char *down = directives_text(&migration->down);
        table_set(table, 3, STYLE_DIM,
                  mem_printf("down %.*s%s%s", DIGEST_SHOWN, migration->down_checksum,
                             down[0] != '\0' ? " " : "", down));
    }
}

static void print_text(const struct release *release)
{
    CLEANUP(table_clear) struct table table = {0};
    print_head(release);
    output_print("Digest  %s\n%s", release->digest, release->n > 0 ? "\n" : "");
    for (size_t i = 0; i < release->n; i++) {
        add_row(&table, &release->migrations[i]);
    }
    table_print(&table, "  ");
}

static void write_duration(struct json_writer *writer, const char *key, msec duration)
{
    CLEANUP(mem_freep) char *text = duration >= 0 ? duration_format(duration) : NULL;
    json_write_member_text(writer, key, text);
}

static void write_file(struct json_writer *writer, const char *path, size_t size,
                       const char *checksum, const struct directives *directives)
{
    json_write_member_text(writer, "path", path);
    json_write_member_integer(writer, "size", (int64_t)size);
    json_write_member_text(writer, "checksum", checksum);
    json_write_member_bool(writer, "no_transaction", directives->no_transaction);
    write_duration(writer, "lock_timeout", directives->lock_timeout);
    write_duration(writer, "statement_timeout", directives->statement_timeout);
}

static void write_migration(struct json_writer *writer, const struct migration *migration)
{
    const struct directives directives = directives_of(migration);
    json_write_object(writer);
    json_write_member_text(writer, "name", migration->name);
    write_file(writer, migration->path, migration->size, migration->checksum, &directives);
    json_write_key(writer, "down");
    if (migration->down_path != NULL) {
        json_write_object(writer);
        write_file(writer, migration->down_path, migration->down_size, migration->down_checksum,
                   &migration->down);
        json_write_object_end(writer);
    } else {
        json_write_text(writer, NULL);
    }
    json_write_object_end(writer);
}

void report_release(const struct release *release)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_text(release);
        return;
    }
    struct json_writer writer = document_start(&out);
    write_release(&writer, release);
    json_write_member_bool(&writer, "bundle", release->bundled);
    json_write_key(&writer, "migrations");
    json_write_array(&writer);
    for (size_t i = 0; i < release->n; i++) {
        write_migration(&writer, &release->migrations[i]);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

void report_release_file(const struct release *release, const char *done, const char *path)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *shown = path_display(path);
    if (!output_json()) {
        CLEANUP(mem_freep) char *digest = short_digest(release->digest);
        CLEANUP(mem_freep) char *count = count_of(release->n, "migration");
        output_print("Release %s  %s, %s %s\n", digest, count, done, shown);
        return;
    }
    struct json_writer writer = document_start(&out);
    write_release(&writer, release);
    json_write_member_text(&writer, "file", path);
    document_end(&writer);
}

void report_release_verified(const struct release *release, const char *signer)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_head(release);
        output_print("%s\n", release->bundled ? "Every file is what release.json says."
                                              : "Every file can be read and has no mistake.");
        output_print("%s%s\n", signer != NULL ? "Signed by " : "Its signature was not asked for.",
                     signer != NULL ? signer : "");
        return;
    }
    struct json_writer writer = document_start(&out);
    write_release(&writer, release);
    json_write_member_bool(&writer, "bundle", release->bundled);
    json_write_member_text(&writer, "signer", signer);
    document_end(&writer);
}
