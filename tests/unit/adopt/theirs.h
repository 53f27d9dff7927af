/* Folders of other tools, to be written and read. */
#pragma once

#include "scratch.h"

#include <string.h>

#include "headgate/file.h"
#include "private.h"

__attribute__((unused)) static struct their_folder empty_folder(void)
{
    struct their_folder folder = {.arena = arena_new()};
    folder.path = arena_copy(folder.arena, scratch_dir());
    return folder;
}

/* Below the scratch folder; folders are made. */
__attribute__((unused)) static void write_theirs(const char *file, const char *text)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), file);
    CLEANUP(mem_freep) char *parent = path_parent(path);
    assert_ok(folder_make(parent, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

/* Reads the subfolder. */
__attribute__((unused)) static struct their_folder read_theirs(const struct tool *tool,
                                                               const char *below)
{
    struct error err = ERROR_INIT;
    struct their_folder folder = {.arena = arena_new()};
    folder.path = arena_printf(folder.arena, "%s/%s", scratch_dir(), below);
    assert_ok(tool->read(&folder, &err));
    return folder;
}

__attribute__((unused)) static struct source source_of(const char *text)
{
    return (struct source){"f.sql", text, strlen(text)};
}

__attribute__((unused)) static void expect_problem(const struct their_folder *folder, size_t line,
                                                   const char *message)
{
    for (size_t i = 1; i < folder->problems.n; i++) {
        fail_msg("another problem: %s", folder->problems.items[i].message);
    }
    assert_int_equal(folder->problems.n, 1);
    assert_contains(folder->problems.items[0].message, message);
    assert_int_equal(folder->problems.items[0].line, line);
}

/* "1 2 R_views": the versions in their order, blanks inside as "_". */
__attribute__((unused)) static void expect_versions(const struct their_folder *folder,
                                                    const char *wanted)
{
    CLEANUP(strbuf_clear) struct strbuf got = STRBUF_INIT;
    for (size_t i = 0; i < folder->n; i++) {
        strbuf_printf(&got, "%s%s", i > 0 ? "|" : "", folder->items[i].version);
    }
    assert_string_equal(got.text, wanted);
}

/* The names that they get, parted by "|". */
__attribute__((unused)) static void expect_names(const struct their_folder *folder,
                                                 const char *wanted)
{
    struct adoption adoption = {0};
    CLEANUP(strbuf_clear) struct strbuf got = STRBUF_INIT;
    name_all(folder, &adoption);
    for (size_t i = 0; i < adoption.n; i++) {
        assert_true(i == 0 || strcmp(adoption.items[i - 1].name, adoption.items[i].name) < 0);
        strbuf_printf(&got, "%s%s", i > 0 ? "|" : "", adoption.items[i].name);
    }
    mem_free(adoption.items);
    assert_string_equal(got.text, wanted);
}
