/*
 * Our names for their migrations. They must sort by bytes as theirs apply, be the same for every
 * environment, and lie before all that `create` will make, whose times are later than now and than
 * every time in the folder.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "headgate/clock.h"
#include "private.h"

#define DIGITS 14
#define SLUG_LIMIT 100

bool digits_are_time(const char *digits)
{
    struct tm time = {.tm_isdst = 0};
    if (strlen(digits) != DIGITS || digits[0] == '0') {
        return false;
    }
    const char *end = strptime(digits, "%Y%m%d%H%M%S", &time);
    CLEANUP(mem_freep) char *again = wall_format_digits((int64_t)timegm(&time) * 1000000);
    return end != NULL && *end == '\0' && text_equal(again, digits);
}

char *digits_after(struct arena *arena, const char *digits)
{
    if (digits_are_time(digits)) {
        struct tm time = {.tm_isdst = 0};
        (void)strptime(digits, "%Y%m%d%H%M%S", &time);
        time.tm_sec++;
        CLEANUP(mem_freep) char *later = wall_format_digits((int64_t)timegm(&time) * 1000000);
        return arena_copy(arena, later);
    }
    return arena_printf(arena, "%0*lld", DIGITS, strtoll(digits, NULL, 10) + 1);
}

/* Filled up to 14 digits; NULL where it is too long, or 14 digits that are no time, which `create`
 * could not go on from. */
static const char *filled(struct arena *arena, const char *number)
{
    number += strspn(number, "0");
    size_t n = strlen(number);
    if (n > DIGITS || (n == DIGITS && !digits_are_time(number))) {
        return NULL;
    }
    return arena_printf(arena, "%.*s%s", (int)(DIGITS - n), "00000000000000", number);
}

/* Their own numbers, where all of them can be kept and rise. */
static bool take_numbers(const struct their_folder *folder, const char **digits)
{
    const char *last = "00000000000000";
    for (size_t i = 0; i < folder->n; i++) {
        const char *number = folder->items[i].number;
        digits[i] =
            number != NULL ? filled(folder->arena, number) : digits_after(folder->arena, last);
        if (digits[i] == NULL || (number != NULL && i > 0 && strcmp(digits[i], last) <= 0)) {
            return false;
        }
        last = digits[i];
    }
    return true;
}

static void take_places(const struct their_folder *folder, const char **digits)
{
    for (size_t i = 0; i < folder->n; i++) {
        digits[i] = arena_printf(folder->arena, "%0*zu", DIGITS, i + 1);
    }
}

static char shaped(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

/* As `create` shapes names. */
static void add_slug(struct strbuf *name, const char *title)
{
    size_t begin = name->size;
    for (; *title != '\0' && name->size - begin < SLUG_LIMIT; title++) {
        char c = shaped(*title);
        if (c != '_' || (name->size > begin && name->text[name->size - 1] != '_')) {
            strbuf_add_char(name, c);
        }
    }
    while (name->size > begin && name->text[name->size - 1] == '_') {
        strbuf_cut(name, name->size - 1);
    }
    if (name->size == begin) {
        strbuf_add(name, "migration");
    }
}

static const char *our_text(struct arena *arena, const char *text, bool no_transaction,
                            const char *file)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_add(&out, no_transaction ? "-- headgate: no-transaction\n" : "");
    size_t blank = strspn(text, " \t\r\n");
    while (blank > 0 && text[blank - 1] != '\n') {
        blank--; /* the first line keeps its indentation */
    }
    size_t begin = out.size;
    strbuf_add(&out, text + blank);
    strbuf_trim_end(&out);
    if (out.size <= begin) {
        strbuf_cut(&out, 0);
        strbuf_printf(&out, "%s-- nothing is done in %s",
                      no_transaction ? "-- headgate: no-transaction\n" : "", file);
    }
    strbuf_add_char(&out, '\n');
    return arena_copy(arena, out.text);
}

void name_all(const struct their_folder *folder, struct adoption *adoption)
{
    CLEANUP(mem_freep) const char **digits = mem_new(folder->n + 1, sizeof *digits);
    if (!take_numbers(folder, digits)) {
        take_places(folder, digits);
    }
    adoption->items = mem_new(folder->n + 1, sizeof *adoption->items);
    adoption->n = folder->n;
    for (size_t i = 0; i < folder->n; i++) {
        const struct their_migration *theirs = &folder->items[i];
        struct adopt_item *ours = &adoption->items[i];
        CLEANUP(strbuf_clear) struct strbuf name = STRBUF_INIT;
        strbuf_printf(&name, "%s_", digits[i]);
        add_slug(&name, theirs->title);
        ours->version = theirs->version;
        ours->file = theirs->file;
        ours->name = arena_copy(folder->arena, name.text);
        ours->text = our_text(folder->arena, theirs->text, theirs->no_transaction, theirs->file);
        if (theirs->down != NULL && theirs->down[strspn(theirs->down, " \t\r\n")] != '\0') {
            ours->down_text =
                our_text(folder->arena, theirs->down, theirs->down_no_transaction, theirs->file);
        }
        hash_sha256(ours->text, strlen(ours->text), ours->checksum);
    }
}
