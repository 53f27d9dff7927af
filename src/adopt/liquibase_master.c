/*
 * Liquibase's master changelogs in XML, YAML and JSON, as far as they only include other files:
 * include (file, relativeToChangelogFile) and includeAll (path). Whatever else stands there is
 * refused with its place: a change that is not written in SQL cannot be a migration of ours.
 *
 * An include is kept as "file", "*path" (includeAll), each with "~" in front where it is relative
 * to the changelog itself.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "headgate/json.h"
#include "private.h"

#define REMEDY "write the changes in formatted SQL, and only include files here"

static void add_include(struct strlist *includes, const char *name, const char *value,
                        bool relative)
{
    strlist_printf(includes, "%s%s%s", relative ? "~" : "",
                   text_equal(name, "includeAll") ? "*" : "", value);
}

static void complain(struct their_folder *folder, const struct source *source, size_t offset,
                     size_t width)
{
    problem_note(problem_add(&folder->problems, source, offset, width > 0 ? width : 1,
                             "headgate does not understand this part of a changelog"),
                 REMEDY);
}

/* --- XML --- */

/* The value of an attribute between two offsets; the caller's, or NULL. */
static char *xml_attribute(const struct source *source, size_t begin, size_t end, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = begin + 1; i + n + 2 < end; i++) {
        const char *at = source->text + i;
        if (!isspace((unsigned char)at[-1]) || strncmp(at, name, n) != 0) {
            continue;
        }
        const char *value = at + n, *stop = source->text + end;
        while (value < stop && (isspace((unsigned char)*value) || *value == '=')) {
            value++;
        }
        const char *close = value < stop && strchr("'\"", *value) != NULL
                                ? memchr(value + 1, *value, (size_t)(stop - value - 1))
                                : NULL;
        return close != NULL ? mem_copy_n(value + 1, (size_t)(close - value - 1)) : NULL;
    }
    return NULL;
}

static bool xml_is(const struct source *source, size_t at, const char *name)
{
    size_t n = strlen(name);
    return source->size - at > n && memcmp(source->text + at, name, n) == 0 &&
           strchr(" \t\r\n/>", source->text[at + n]) != NULL;
}

/* An element between "<" and ">". False where we do not understand it. */
static bool xml_element(struct their_folder *folder, const struct source *source, size_t at,
                        size_t end, struct strlist *includes)
{
    bool all = xml_is(source, at + 1, "includeAll");
    if (xml_is(source, at + 1, "databaseChangeLog") || source->text[at + 1] == '/' ||
        source->text[at + 1] == '?' || source->text[at + 1] == '!') {
        return true;
    }
    CLEANUP(mem_freep)
    char *value = all || xml_is(source, at + 1, "include")
                      ? xml_attribute(source, at, end, all ? "path" : "file")
                      : NULL;
    if (value == NULL) {
        complain(folder, source, at, end - at);
        return false;
    }
    CLEANUP(mem_freep)
    char *relative = xml_attribute(source, at, end, "relativeToChangelogFile");
    add_include(includes, all ? "includeAll" : "include", value,
                relative != NULL && strcasecmp(relative, "true") == 0);
    return true;
}

void liquibase_xml(struct their_folder *folder, const struct source *source,
                   struct strlist *ret_includes)
{
    const char *end;
    for (size_t at = 0; at < source->size; at = (size_t)(end - source->text) + 1) {
        const char *open = memchr(source->text + at, '<', source->size - at);
        if (open == NULL) {
            return;
        }
        size_t offset = (size_t)(open - source->text), left = source->size - offset;
        bool comment = left >= 4 && memcmp(open, "<!--", 4) == 0;
        end = comment ? memmem(open, left, "-->", 3) : memchr(open, '>', left);
        if (end == NULL) {
            complain(folder, source, offset, left);
            return;
        }
        end += comment ? 2 : 0;
        if (!comment &&
            !xml_element(folder, source, offset, (size_t)(end - source->text), ret_includes)) {
            return; /* told once: the rest is of that kind, as a rule */
        }
    }
}

/* --- YAML: the block style that their documentation shows --- */

struct yaml {
    const char *kind; /* "include", "includeAll"; NULL: none is open */
    char *value;
    bool relative;
};

static void yaml_close(struct yaml *yaml, struct strlist *includes)
{
    if (yaml->kind != NULL && yaml->value != NULL) {
        add_include(includes, yaml->kind, yaml->value, yaml->relative);
    }
    mem_freep(&yaml->value);
    *yaml = (struct yaml){0};
}

/* "key: value" without the quotes around the value and without a comment; both the caller's. */
static bool yaml_pair(const struct line *line, char **ret_key, char **ret_value)
{
    const char *colon = memchr(line->text, ':', line->size);
    if (colon == NULL) {
        return false;
    }
    CLEANUP(strbuf_clear) struct strbuf value = STRBUF_INIT;
    const char *at = colon + 1, *end = line->text + line->size;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    char quote = at < end && (*at == '"' || *at == '\'') ? *at++ : '\0';
    while (at < end && (quote != '\0' ? *at != quote : *at != '#')) {
        strbuf_add_char(&value, *at++);
    }
    strbuf_trim_end(&value);
    *ret_key = mem_copy_n(line->text, (size_t)(colon - line->text));
    *ret_value = strbuf_take(&value);
    return true;
}

/* False where it is nothing that we understand. */
static bool yaml_take(struct yaml *yaml, bool item, const char *key, const char *value,
                      struct strlist *includes)
{
    if (item) {
        yaml_close(yaml, includes);
        bool all = text_equal(key, "includeAll");
        yaml->kind = all ? "includeAll" : text_equal(key, "include") ? "include" : NULL;
        return yaml->kind != NULL && value[0] == '\0';
    }
    if (yaml->kind == NULL) {
        return text_equal(key, "databaseChangeLog") && value[0] == '\0';
    }
    if (text_equal(key, text_equal(yaml->kind, "include") ? "file" : "path")) {
        mem_free(yaml->value);
        yaml->value = mem_copy(value);
        return true;
    }
    yaml->relative = yaml->relative || strcasecmp(value, "true") == 0;
    return text_equal(key, "relativeToChangelogFile");
}

void liquibase_yaml(struct their_folder *folder, const struct source *source,
                    struct strlist *ret_includes)
{
    struct yaml yaml = {0};
    struct line line;
    for (size_t at = 0; source_line(source, &at, &line);) {
        bool item = false;
        while (line.size > 0 && strchr(" \t-", line.text[0]) != NULL) {
            item = item || line.text[0] == '-';
            line.text++, line.offset++, line.size--;
        }
        if (line.size == 0 || line.text[0] == '#') {
            continue;
        }
        CLEANUP(mem_freep) char *key = NULL;
        CLEANUP(mem_freep) char *value = NULL;
        if (!yaml_pair(&line, &key, &value) || !yaml_take(&yaml, item, key, value, ret_includes)) {
            complain(folder, source, line.offset, line.size);
            break;
        }
    }
    yaml_close(&yaml, ret_includes);
}

/* --- JSON --- */

static void json_include(struct json_object *entry, const char *kind, const char *what,
                         struct strlist *includes)
{
    struct json_object include;
    struct json_node node = json_member(entry, kind, JSON_OPTIONAL);
    if (node.value == NULL || !json_object_open(&node, &include, "%s", kind)) {
        return;
    }
    const char *value = json_text(&include, what, JSON_REQUIRED, NULL);
    bool relative = json_bool(&include, "relativeToChangelogFile", false);
    json_object_close(&include);
    if (value != NULL) {
        add_include(includes, kind, value, relative);
    }
}

bool liquibase_json(struct their_folder *folder, const struct source *source,
                    struct strlist *ret_includes, struct error *err)
{
    static const struct json_sources nothing = {0};
    CLEANUP(json_freep) struct json_document *document = NULL;
    struct json_object root, entry;
    size_t n = 0;
    (void)folder;
    if (!json_parse(source->file, source->text, source->size, &nothing, &document, err)) {
        return false;
    }
    struct json_node node = json_root(document);
    if (json_object_open(&node, &root, "the changelog")) {
        struct json_node list = json_member(&root, "databaseChangeLog", JSON_REQUIRED);
        (void)json_array(&list, &n);
        for (size_t i = 0; i < n; i++) {
            struct json_node item = json_item(&list, i);
            if (json_object_open(&item, &entry, "an entry of the changelog")) {
                json_include(&entry, "include", "file", ret_includes);
                json_include(&entry, "includeAll", "path", ret_includes);
                json_object_close(&entry);
            }
        }
        json_object_close(&root);
    }
    return json_finish(document, err);
}
