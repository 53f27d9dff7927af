/*
 * Liquibase's formatted SQL: "--liquibase formatted sql", then "--changeset author:id attributes"
 * before each changeset, "--rollback" lines behind it. One changeset becomes one migration.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "headgate/file.h"
#include "private.h"

struct reading {
    struct their_folder *folder;
    const struct source *source;
    const char *file; /* as the history knows it, as far as we can tell */
    bool in_changeset, left_out, in_rollback;
    size_t ignored; /* lines still to be left out; SIZE_MAX: until the end mark */
    char *delimiter;
    bool no_transaction;
    char *version, *title;
    struct strbuf up, down;
};

static void reading_clear(struct reading *reading)
{
    strbuf_clear(&reading->up);
    strbuf_clear(&reading->down);
    mem_free(reading->delimiter);
    mem_free(reading->version);
    mem_free(reading->title);
}

static void complain(struct reading *reading, const struct line *line, const char *message,
                     const char *note)
{
    problem_note(problem_add(&reading->folder->problems, reading->source, line->offset, line->size,
                             "%s", message),
                 "%s", note);
}

/* The value of "name:value" or name:"a value" in a line; NULL where it is not there. */
static char *attribute(const struct line *line, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 1; i + n < line->size; i++) {
        if (!isspace((unsigned char)line->text[i - 1]) || line->text[i + n] != ':' ||
            strncasecmp(line->text + i, name, n) != 0) {
            continue;
        }
        const char *value = line->text + i + n + 1, *end = line->text + line->size;
        bool quoted = value < end && *value == '"';
        value += quoted ? 1 : 0;
        const char *stop = value;
        while (stop < end && (quoted ? *stop != '"' : !isspace((unsigned char)*stop))) {
            stop++;
        }
        return mem_copy_n(value, (size_t)(stop - value));
    }
    return NULL;
}

static bool attribute_is(const struct line *line, const char *name, const char *wanted)
{
    CLEANUP(mem_freep) char *value = attribute(line, name);
    return value != NULL && strcasecmp(value, wanted) == 0;
}

static void finish_changeset(struct reading *reading)
{
    if (reading->in_changeset && !reading->left_out) {
        struct their_folder *folder = reading->folder;
        struct their_migration *added =
            their_add(folder, reading->version, reading->title, reading->file);
        added->text = arena_copy(folder->arena, reading->up.text);
        added->down = reading->down.size > 0 ? arena_copy(folder->arena, reading->down.text) : NULL;
        added->no_transaction = added->down_no_transaction = reading->no_transaction;
    }
    strbuf_cut(&reading->up, 0);
    strbuf_cut(&reading->down, 0);
    mem_freep(&reading->delimiter);
    mem_freep(&reading->version);
    mem_freep(&reading->title);
    reading->left_out = reading->no_transaction = reading->in_rollback = false;
}

/* author:id, either of them in double quotes where it has blanks. */
static bool split_id(const struct line *rest, struct strbuf *author, struct strbuf *id)
{
    struct strbuf *part = author;
    bool quoted = false;
    for (size_t i = 0; i < rest->size; i++) {
        char c = rest->text[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ':' && !quoted && part == author) {
            part = id;
        } else if (isspace((unsigned char)c) && !quoted && part == id) {
            if (id->size > 0) {
                break;
            }
        } else {
            strbuf_add_char(part, c);
        }
    }
    strbuf_trim_end(author);
    return author->size > 0 && id->size > 0;
}

/* "dbms:postgresql,h2" or "dbms:!oracle": is it for us? */
static bool is_for_us(const struct line *rest)
{
    CLEANUP(mem_freep) char *value = attribute(rest, "dbms");
    if (value == NULL || value[0] == '\0' || strcasecmp(value, "all") == 0) {
        return true;
    }
    bool named = strcasestr(value, "postgresql") != NULL || strcasestr(value, "edb") != NULL;
    bool not_us = strcasestr(value, "!postgresql") != NULL;
    return value[0] == '!' ? !not_us : named && !not_us;
}

/* Only what depends on the run, or on text that we do not keep, is refused. */
static void check_attributes(struct reading *reading, const struct line *rest)
{
    static const char *const by_run[] = {"context", "contextFilter", "labels", "runWith"};
    for (size_t i = 0; i < ARRAY_LEN(by_run); i++) {
        CLEANUP(mem_freep) char *value = attribute(rest, by_run[i]);
        if (value != NULL) {
            complain(reading, rest, "this changeset is not for every run",
                     "a release is the same everywhere: take contexts, labels and runWith out; "
                     "Liquibase's checksum does not count them");
            return;
        }
    }
    if (attribute_is(rest, "runAlways", "true")) {
        complain(reading, rest, "this changeset runs every time",
                 "headgate applies a migration once: take runAlways out");
    }
}

static void take_delimiter(struct reading *reading, const struct line *rest)
{
    CLEANUP(mem_freep) char *value = attribute(rest, "endDelimiter");
    const char *plain = value;
    while (plain != NULL && text_starts(plain, "\\n")) {
        plain += 2;
    }
    if (plain == NULL || text_equal(plain, ";") || plain[0] == '\0') {
        return;
    }
    if (strpbrk(plain, "\\[](){}*+?|^") != NULL) {
        complain(reading, rest, "headgate does not understand this endDelimiter",
                 "write it without a pattern");
        return;
    }
    reading->delimiter = mem_copy(plain);
}

static void begin_changeset(struct reading *reading, const struct line *rest)
{
    CLEANUP(strbuf_clear) struct strbuf author = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf id = STRBUF_INIT;
    finish_changeset(reading);
    reading->in_changeset = true;
    if (!split_id(rest, &author, &id)) {
        complain(reading, rest, "this is not author:id", "write --changeset author:id");
        reading->left_out = true;
        return;
    }
    const char *stem = path_name(reading->file);
    reading->version = mem_printf("%s:%s", author.text, id.text);
    reading->title = mem_printf("%.*s %s", (int)strcspn(stem, "."), stem, id.text);
    reading->left_out = !is_for_us(rest);
    reading->no_transaction = attribute_is(rest, "runInTransaction", "false");
    if (!reading->left_out) {
        check_attributes(reading, rest);
        take_delimiter(reading, rest);
    }
}

static void take_rollback(struct reading *reading, const struct line *rest)
{
    bool nothing = rest->size == 0 || line_equal(rest, "empty") ||
                   (rest->size >= 12 && strncasecmp(rest->text, "not required", 12) == 0);
    if (nothing) {
        return;
    }
    if (rest->size > 11 && strncasecmp(rest->text, "changesetId", 11) == 0) {
        complain(reading, rest, "this rollback is another changeset",
                 "write the statements themselves");
        return;
    }
    strbuf_add_n(&reading->down, rest->text, rest->size);
    strbuf_add_char(&reading->down, '\n');
}

static void take_ignore(struct reading *reading, const struct line *rest)
{
    CLEANUP(mem_freep) char *count = mem_copy_n(rest->text, rest->size);
    const char *value = count + strspn(count, ": ");
    reading->ignored = strcasecmp(value, "start") == 0 ? SIZE_MAX : strtoul(value, NULL, 10);
}

/* True where the line was a mark of theirs. */
static bool take_mark(struct reading *reading, const struct line *line)
{
    struct line rest;
    if (line_is_mark(line, "changeset", &rest)) {
        begin_changeset(reading, &rest);
    } else if (line_is_mark(line, "rollback", &rest)) {
        take_rollback(reading, &rest);
    } else if (line_is_mark(line, "ignoreLines", &rest)) {
        take_ignore(reading, &rest);
    } else if (line_is_mark(line, "precondition", &rest) ||
               line_is_mark(line, "preconditions", &rest)) {
        if (!reading->left_out) {
            complain(reading, line, "headgate has no preconditions",
                     "take it out; Liquibase's checksum does not count it");
        }
    } else if (line_is_mark(line, "property", &rest)) {
        complain(reading, line, "headgate fills in no properties", "write the values themselves");
    } else {
        return line_is_mark(line, "liquibase formatted", &rest) ||
               line_is_mark(line, "validCheckSum", &rest);
    }
    return true;
}

/* A delimiter of their own at the end of a line becomes a semicolon. */
static void take_sql(struct reading *reading, const struct line *line)
{
    size_t size = line->size, n = reading->delimiter != NULL ? strlen(reading->delimiter) : 0;
    while (size > 0 && isspace((unsigned char)line->text[size - 1])) {
        size--;
    }
    bool ends =
        n > 0 && size >= n && strncasecmp(line->text + size - n, reading->delimiter, n) == 0;
    strbuf_add_n(&reading->up, line->text, ends ? size - n : line->size);
    strbuf_add(&reading->up, ends ? ";\n" : "\n");
}

static struct line without_indentation(struct line line)
{
    while (line.size > 0 && (line.text[0] == ' ' || line.text[0] == '\t')) {
        line.text++, line.offset++, line.size--;
    }
    return line;
}

static bool begins_rollback_block(const struct line *line)
{
    size_t at = 2;
    if (line->size < 2 || memcmp(line->text, "/*", 2) != 0) {
        return false;
    }
    while (at < line->size && isspace((unsigned char)line->text[at])) {
        at++;
    }
    static const char words[] = "liquibase rollback";
    return line->size - at >= strlen(words) &&
           strncasecmp(line->text + at, words, strlen(words)) == 0;
}

static void take_line(struct reading *reading, const struct line *whole)
{
    struct line line = without_indentation(*whole), rest;
    if (reading->ignored > 0) {
        bool ends = line_is_mark(&line, "ignoreLines", &rest);
        reading->ignored = reading->ignored != SIZE_MAX ? reading->ignored - 1
                           : ends                       ? 0
                                                        : SIZE_MAX;
    } else if (reading->in_rollback) {
        reading->in_rollback = memmem(line.text, line.size, "*/", 2) == NULL;
        if (reading->in_rollback) {
            strbuf_add_n(&reading->down, whole->text, whole->size);
            strbuf_add_char(&reading->down, '\n');
        }
    } else if (begins_rollback_block(&line)) {
        reading->in_rollback = true;
    } else if (!take_mark(reading, &line) && reading->in_changeset) {
        take_sql(reading, whole);
    }
}

void liquibase_changesets(struct their_folder *folder, const struct source *source)
{
    const char *file = source->file;
    size_t n = folder->path != NULL ? strlen(folder->path) : 0;
    file += n > 0 && strncmp(file, folder->path, n) == 0 && file[n] == '/' ? n + 1 : 0;
    CLEANUP(reading_clear)
    struct reading reading = {
        .folder = folder, .source = source, .file = file, .up = STRBUF_INIT, .down = STRBUF_INIT};
    struct line line;
    for (size_t at = 0; source_line(source, &at, &line);) {
        take_line(&reading, &line);
    }
    finish_changeset(&reading);
    refuse_placeholders(folder, source, "write the value itself");
}
