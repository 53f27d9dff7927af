/* What a backup's manifest says of the dump, once it has gone by: its tables, and whom it needs. */
#include "headgate/arena.h"
#include "private.h"

/* --- tables --- */

/* The dump's names are in the database's encoding; the session says them in UTF-8, as a manifest
 * has them. */
static void find_counters(const struct origin *origin, uint32_t oid, struct manifest_table *table)
{
    const struct db_rows *rows = origin->tables;
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        if (db_integer(rows, i, 6) == (int64_t)oid) {
            table->schema = db_text(rows, i, 0);
            table->name = db_text(rows, i, 1);
            table->inserted = db_integer(rows, i, 2);
            table->updated = db_integer(rows, i, 3);
            table->deleted = db_integer(rows, i, 4);
            return;
        }
    }
}

static void take_blocks(struct origin *origin, const struct dumped *dumped)
{
    struct manifest *manifest = &origin->manifest;
    size_t n = dumped->n_blocks;
    const struct dump_block *blocks = dumped->blocks;
    manifest->tables = mem_new(n + 1, sizeof *manifest->tables);
    for (size_t i = 0; i < n; i++) {
        if (blocks[i].is_blobs) {
            manifest->has_blobs = true;
            row_digest_add(&manifest->blobs, &blocks[i].digest);
            continue;
        }
        struct manifest_table *table = &manifest->tables[manifest->n_tables++];
        *table = (struct manifest_table){.schema = blocks[i].entry->schema,
                                         .name = blocks[i].entry->tag,
                                         .dump_id = blocks[i].entry->id,
                                         .at = blocks[i].at,
                                         .size = blocks[i].size,
                                         .digest = blocks[i].digest,
                                         .inserted = -1,
                                         .updated = -1,
                                         .deleted = -1};
        find_counters(origin, blocks[i].entry->oid, table);
    }
}

static void take_toc(struct origin *origin, const struct dumped *dumped)
{
    struct manifest *manifest = &origin->manifest;
    const struct dump_toc *toc = dumped->toc;
    for (size_t i = 0; i < toc->n; i++) {
        const char *owner = toc->entries[i].owner;
        manifest->n_sequences += text_equal(toc->entries[i].kind, "SEQUENCE SET") ? 1 : 0;
        if (owner != NULL && owner[0] != '\0' && !strlist_has(&manifest->roles, owner)) {
            strlist_add(&manifest->roles, owner);
        }
    }
    if (manifest->owner != NULL && !strlist_has(&manifest->roles, manifest->owner)) {
        strlist_add(&manifest->roles, manifest->owner);
    }
    strlist_sort(&manifest->roles);
    manifest->pg_dump_version = arena_copy(origin->arena, toc->dump_version);
    manifest->dump_size = dumped->size;
    manifest->toc_end = dumped->toc_end;
}

/* --- roles --- */

/* What the roles are members of, and what that is a member of in turn. */
static void take_memberships(struct origin *origin)
{
    struct manifest *manifest = &origin->manifest;
    CLEANUP(strlist_clear) struct strlist known = STRLIST_INIT;
    for (size_t i = 0; i < manifest->roles.n; i++) {
        strlist_add(&known, manifest->roles.items[i]);
    }
    for (size_t i = 0; i < known.n; i++) { /* it grows meanwhile */
        for (size_t k = 0; k < db_rows_count(origin->memberships); k++) {
            const char *group = db_text(origin->memberships, k, 0);
            if (!text_equal(db_text(origin->memberships, k, 1), known.items[i])) {
                continue;
            }
            strlist_add(&manifest->memberships, group);
            strlist_add(&manifest->memberships, known.items[i]);
            if (!strlist_has(&known, group)) {
                strlist_add(&known, group);
            }
        }
    }
    for (size_t i = 0; i < db_rows_count(origin->superusers); i++) {
        if (strlist_has(&known, db_text(origin->superusers, i, 0))) {
            strlist_add(&manifest->superusers, db_text(origin->superusers, i, 0));
        }
    }
}

void origin_take_dump(struct origin *origin, const struct dumped *dumped)
{
    take_toc(origin, dumped);
    take_blocks(origin, dumped);
    take_memberships(origin);
}
