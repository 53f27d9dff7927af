#include "document.h"

#include <string.h>

#include "headgate/file.h"
#include "syntax.h"
#include "tree.h"

#define LONG_LINE 2000

static struct json_document *document_new(const char *path, const char *shown,
                                          const struct json_sources *sources)
{
    struct json_document *document = mem_new(1, sizeof *document);
    CLEANUP(mem_freep) char *folder = path_parent(path);
    document->arena = arena_new();
    document->path = arena_copy(document->arena, path);
    document->shown = arena_copy(document->arena, shown);
    document->folder = arena_copy(document->arena, folder);
    document->text = (struct strbuf)STRBUF_INIT;
    if (sources != NULL) {
        document->sources = *sources;
    }
    return document;
}

void json_free(struct json_document *document)
{
    if (document == NULL) {
        return;
    }
    settings_clear(&document->settings);
    problems_clear(&document->problems);
    problems_clear(&document->untold);
    strbuf_clear(&document->text);
    arena_free(document->arena);
    mem_free(document);
}

void json_freep(struct json_document **document)
{
    json_free(TAKE(*document));
}

void json_digest(const struct json_document *document, char ret_digest[HASH_HEX_SIZE])
{
    hash_sha256(document->text.text, document->text.size, ret_digest);
}

static bool parse(struct json_document *document, struct error *err)
{
    struct source source = document_source(document);
    if (syntax_check(&source, &document->problems)) {
        document->root = tree_read(&source, document->arena, &document->problems);
    }
    for (size_t i = 0; i < document->problems.n; i++) {
        document_drop_long_line(&document->problems.items[i]);
    }
    return json_finish(document, err);
}

static bool refuse_large(const char *shown, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "%s is larger than %u MiB", shown, JSON_FILE_LIMIT >> 20);
    return error_hint(err, "Is this the right file?");
}

bool json_parse(const char *name, const char *text, size_t size, const struct json_sources *sources,
                struct json_document **ret_document, struct error *err)
{
    if (size > JSON_FILE_LIMIT) {
        return refuse_large(name, err);
    }
    CLEANUP(json_freep) struct json_document *document = document_new(name, name, sources);
    strbuf_add_n(&document->text, text, size);
    if (!parse(document, err)) {
        return false;
    }
    *ret_document = TAKE(document);
    return true;
}

bool json_read(const char *path, const struct json_sources *sources,
               struct json_document **ret_document, struct error *err)
{
    CLEANUP(mem_freep) char *shown = path_display(path);
    CLEANUP(json_freep) struct json_document *document = document_new(path, shown, sources);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!file_read(path, JSON_FILE_LIMIT, &document->text, &failure)) {
        if (failure.code == ERROR_INTERRUPTED || failure.code == ERROR_TERMINATED) {
            error_move(err, &failure);
            return false;
        }
        return failure.sys_errno == 0 ? refuse_large(shown, err)
                                      : error_set(err, ERROR_CONFIG, "could not read %s: %s", shown,
                                                  strerrordesc_np(failure.sys_errno));
    }
    if (!parse(document, err)) {
        return false;
    }
    *ret_document = TAKE(document);
    return true;
}

struct arena *json_arena(struct json_document *document)
{
    return document->arena;
}

const char *json_path(const struct json_document *document)
{
    return document->path;
}

const char *json_folder(const struct json_document *document)
{
    return document->folder;
}

bool json_finish(struct json_document *document, struct error *err)
{
    if (document->problems.n == 0) {
        return true;
    }
    problems_sort(&document->problems);
    size_t n_told = document->problems.n, n = n_told + document->n_untold;
    (void)error_set(err, ERROR_CONFIG, "%s has %zu mistake%s", document->shown, n,
                    n == 1 ? "" : "s");
    if (n > n_told) {
        (void)error_detail(err, "%zu of them are shown.", n_told);
    }
    problems_move(&err->problems, &document->problems);
    document->n_untold = 0;
    document->round++;
    return false;
}

void document_drop_long_line(struct problem *problem)
{
    if (problem->source_line != NULL && strlen(problem->source_line) > LONG_LINE) {
        mem_free(TAKE(problem->source_line));
    }
}

struct source document_source(const struct json_document *document)
{
    return (struct source){
        .file = document->shown, .text = document->text.text, .size = document->text.size};
}
