/* "schedule": when the pipeline is to run by itself. It is checked, so that a mistake is found on
 * the day it is written; nothing runs by it yet. */
#include <ctype.h>
#include <string.h>

#include "headgate/strlist.h"
#include "reading.h"

struct field {
    const char *name;
    int least, most;
    const char *const *words; /* or NULL; the first one means `first_word` */
    int first_word;
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field fields[] = {
    {"minute", 0, 59, NULL, 0},           {"hour", 0, 23, NULL, 0},
    {"day of the month", 1, 31, NULL, 0}, {"month", 1, 12, months, 1},
    {"day of the week", 0, 7, days, 0},
};

/* --- one field: "*", "5", "1-5", "mon-fri", "0,30", and steps behind ranges: "0-20/5" --- */

static bool take_digits(const char **at, int *ret_number)
{
    int number = 0;
    size_t n = strspn(*at, "0123456789");
    if (n == 0 || n > 3) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        number = number * 10 + (*(*at)++ - '0');
    }
    *ret_number = number;
    return true;
}

static bool starts_with_word(const char *text, const char *word)
{
    size_t same = 0;
    while (word[same] != '\0' && tolower((unsigned char)text[same]) == word[same]) {
        same++;
    }
    return word[same] == '\0';
}

static bool take_word(const char **at, const struct field *field, int *ret_number)
{
    for (int i = 0; field->words != NULL && field->words[i] != NULL; i++) {
        if (starts_with_word(*at, field->words[i])) {
            *at += strlen(field->words[i]);
            *ret_number = field->first_word + i;
            return true;
        }
    }
    return false;
}

static bool take_value(const char **at, const struct field *field, int *ret_number)
{
    int number;
    if (!take_digits(at, &number) && !take_word(at, field, &number)) {
        return false;
    }
    *ret_number = number;
    return number >= field->least && number <= field->most;
}

static bool take_range(const char **at, const struct field *field, bool *ret_single)
{
    int first, last;
    *ret_single = false;
    if (**at == '*') {
        ++*at;
        return true;
    }
    if (!take_value(at, field, &first)) {
        return false;
    }
    if (**at != '-') {
        *ret_single = true;
        return true;
    }
    ++*at;
    return take_value(at, field, &last) && first <= last;
}

static bool field_is_good(const char *text, const struct field *field)
{
    const char *at = text;
    for (;;) {
        bool single;
        int every;
        if (!take_range(&at, field, &single)) {
            return false;
        }
        if (*at == '/' && (single || (at++, !take_digits(&at, &every)) || every == 0)) {
            return false;
        }
        if (*at != ',') {
            return *at == '\0';
        }
        at++;
    }
}

static void report_field(const struct json_node *node, const char *text, const struct field *field)
{
    struct problem *problem = json_complain(node, "\"%s\" in \"cron\" is no %s", text, field->name);
    problem_note(problem,
                 "it is * or numbers from %d to %d%s, such as %d, %d-%d or */%d; a range begins "
                 "with the smaller one",
                 field->least, field->most, field->words != NULL ? " or names" : "", field->least,
                 field->least, field->most, field->least + 2);
}

static void check_cron(const struct json_node *node, const char *cron)
{
    CLEANUP(strlist_clear) struct strlist words = STRLIST_INIT;
    const char *at = cron;
    while (*at != '\0') {
        size_t n = strcspn(at, " ");
        strlist_add_n(&words, at, n);
        at += n;
        at += strspn(at, " ");
    }
    if (words.n != ARRAY_LEN(fields) || cron[0] == ' ' || text_ends(cron, " ")) {
        problem_note(json_complain(node, "\"%s\" is no schedule", cron),
                     "write minute, hour, day of the month, month and day of the week, such as "
                     "\"0 2 * * 0\"");
        return;
    }
    for (size_t i = 0; i < words.n; i++) {
        if (!field_is_good(words.items[i], &fields[i])) {
            report_field(node, words.items[i], &fields[i]);
        }
    }
}

/* Its form: which zones there are is the machine's to say. */
static bool zone_is_good(const char *zone)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-";
    return strspn(zone, letters) > 0 && zone[strspn(zone, all)] == '\0';
}

void workflow_read_schedule(struct json_object *root)
{
    struct json_node node = json_member(root, "schedule", JSON_OPTIONAL);
    struct json_object object;
    if (!json_object_open(&node, &object, "\"schedule\"")) {
        return;
    }
    struct json_node cron = json_member(&object, "cron", JSON_REQUIRED);
    const char *text = json_text(&object, "cron", JSON_OPTIONAL, NULL);
    if (text != NULL) {
        check_cron(&cron, text);
    }
    struct json_node zone_node = json_member(&object, "timezone", JSON_OPTIONAL);
    const char *zone = json_text(&object, "timezone", JSON_OPTIONAL, "UTC");
    if (zone != NULL && !zone_is_good(zone)) {
        problem_note(json_complain(&zone_node, "\"%s\" is no time zone", zone),
                     "write one such as \"UTC\" or \"Europe/Berlin\"");
    }
    (void)json_bool(&object, "catch_up", false);
    json_object_close(&object);
}
