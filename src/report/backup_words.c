/* Words and JSON that all reports of backups share. */
#include <stdlib.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "private.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

char *place_shown(const char *path)
{
    CLEANUP(mem_freep) char *real = realpath(path, NULL);
    if (real == NULL) { /* it is not made yet */
        CLEANUP(mem_freep) char *parent = path_parent(path);
        CLEANUP(mem_freep) char *real_parent = realpath(parent, NULL);
        real = real_parent != NULL ? path_join(real_parent, path_name(path)) : NULL;
    }
    return path_display(real != NULL ? real : path);
}

char *number_grouped(uint64_t number)
{
    CLEANUP(mem_freep) char *digits = mem_printf("%llu", (unsigned long long)number);
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    size_t n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            strbuf_add_char(&out, ',');
        }
        strbuf_add_char(&out, digits[i]);
    }
    return strbuf_take(&out);
}

char *rows_of(uint64_t n)
{
    CLEANUP(mem_freep) char *number = number_grouped(n);
    return mem_printf("%s row%s", number, n == 1 ? "" : "s");
}

char *age_of(int64_t usec)
{
    int64_t age = wall_now_usec() - usec;
    if (age < 0) {
        return mem_copy("in the future"); /* another machine's clock */
    }
    if (age < MINUTE) {
        return mem_printf("%lld s", (long long)(age / SECOND));
    }
    if (age < HOUR) {
        return mem_printf("%lld min", (long long)(age / MINUTE));
    }
    return age < 2 * DAY ? mem_printf("%lld h", (long long)(age / HOUR))
                         : mem_printf("%lld days", (long long)(age / DAY));
}

char *proof_words(const struct proof *proof, enum style *ret_style)
{
    bool verified = proof->time != 0;
    *ret_style = verified && proof->failed       ? STYLE_BAD
                 : proof->level == PROOF_RESTORE ? STYLE_GOOD
                 : verified                      ? STYLE_PLAIN
                                                 : STYLE_WARN;
    return proof_sentence(proof);
}

bool contents_are_known(const struct vault_item *item)
{
    return item->manifest != NULL && !(item->encrypted && item->manifest->n_tables == 0);
}

void fact_add(struct table *table, const char *label, char *text)
{
    if (text != NULL) {
        table_row(table);
        table_set(table, 0, STYLE_DIM, mem_copy(label));
        table_set_long(table, 1, STYLE_PLAIN, text);
    }
}

/* --- JSON --- */

void write_texts(struct json_writer *writer, const char *key, const struct strlist *list)
{
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < list->n; i++) {
        json_write_text(writer, list->items[i]);
    }
    json_write_array_end(writer);
}

void write_member_error(struct json_writer *writer, const char *key, const struct error *error)
{
    json_write_key(writer, key);
    if (error_is_set(error)) {
        write_error(writer, error);
    } else {
        json_write_text(writer, NULL);
    }
}

/* Null where it was never verified. */
void write_proof(struct json_writer *writer, const struct proof *proof)
{
    json_write_key(writer, "proof");
    if (proof == NULL || proof->time == 0) {
        json_write_text(writer, NULL);
        return;
    }
    CLEANUP(mem_freep) char *time = wall_format(proof->time);
    json_write_object(writer);
    json_write_member_text(writer, "level", proof_level_name(proof->level));
    json_write_member_bool(writer, "failed", proof->failed);
    json_write_member_text(writer, "why", proof->why);
    json_write_member_text(writer, "time", time);
    json_write_member_text(writer, "actor", proof->actor);
    json_write_member_integer(writer, "milliseconds", proof->took);
    json_write_member_text(writer, "server_version", proof->server_version);
    json_write_member_integer(writer, "tables", (int64_t)proof->tables);
    json_write_member_integer(writer, "rows", (int64_t)proof->rows);
    write_texts(writer, "not_proven", &proof->not_proven);
    json_write_object_end(writer);
}

void write_backup(struct json_writer *writer, const struct vault_item *item)
{
    const struct manifest *manifest = item->manifest;
    CLEANUP(mem_freep)
    char *time = wall_format(manifest != NULL ? manifest->created : item->created);
    json_write_member_text(writer, "name", item->name);
    json_write_member_text(writer, "path", item->path);
    json_write_member_text(writer, "environment", item->environment);
    json_write_member_text(writer, "created", time);
    json_write_member_integer(writer, "size", (int64_t)item->size);
    json_write_member_bool(writer, "encrypted", item->encrypted);
    json_write_member_text(writer, "digest", item->digest[0] != '\0' ? item->digest : NULL);
    if (manifest != NULL) {
        json_write_member_text(writer, "release", manifest->release);
    }
    if (contents_are_known(item)) {
        json_write_member_integer(writer, "tables", (int64_t)manifest->n_tables);
        json_write_member_integer(writer, "rows", (int64_t)manifest_rows(manifest));
    }
    write_proof(writer, &item->proof);
    write_member_error(writer, "error", &item->error);
}
