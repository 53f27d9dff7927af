/* The readers of other tools' texts: whatever stands in a file, they end, and what they cut out is
 * text. The first byte chooses the reader. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../src/adopt/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_sections(struct their_folder *folder, const struct source *source, char reader)
{
    CLEANUP(strlist_clear) struct strlist includes = STRLIST_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    struct their_migration migration = {.text = ""};
    if (reader == 'd' || reader == 'g') {
        (reader == 'd' ? dbmate_sections : goose_sections)(folder, source, &migration);
        assert(migration.text != NULL);
    } else if (reader == 'l') {
        liquibase_changesets(folder, source);
    } else if (reader == 'x' || reader == 'y') {
        (reader == 'x' ? liquibase_xml : liquibase_yaml)(folder, source, &includes);
    } else if (reader == 'j') {
        (void)(liquibase_json(folder, source, &includes, &failure) || error_is_set(&failure));
    } else {
        sqitch_plan(folder, source);
    }
}

static void cut_into_parts(const struct source *source)
{
    struct part part;
    size_t at = 0, together = 0;
    while (part_next(source, &at, &part)) {
        assert(part.size > 0 && part.offset == together);
        together += part.size;
    }
    assert(together == source->size);
}

static void name_them(struct their_folder *folder)
{
    struct adoption adoption = {0};
    name_all(folder, &adoption);
    for (size_t i = 0; i < adoption.n; i++) {
        assert(adoption.items[i].text[0] != '\0' && strlen(adoption.items[i].name) <= 255);
        assert(i == 0 || strcmp(adoption.items[i - 1].name, adoption.items[i].name) < 0);
    }
    mem_free(adoption.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || memchr(data, '\0', size) != NULL) {
        return 0; /* a file with a NUL byte is refused before */
    }
    CLEANUP(mem_freep) char *text = mem_copy_n((const char *)data + 1, size - 1);
    CLEANUP(their_folder_clear) struct their_folder folder = {.path = "f", .arena = arena_new()};
    const struct source source = {"f/a.sql", text, size - 1};
    read_sections(&folder, &source, (char)data[0]);
    refuse_psql(&folder, &source);
    refuse_placeholders(&folder, &source, "remedy");
    (void)checksum_flyway(folder.arena, &source);
    (void)text_is_utf8(text, size - 1);
    cut_into_parts(&source);
    name_them(&folder);
    return 0;
}
