/*
 * What can be known of an encrypted backup without the key.
 *
 * age's file begins with a key of its own, wrapped for each recipient, and each of its blocks is
 * authenticated under it, the last one as the last. So its beginning and its end, with size and
 * time, name the file as long as nobody writes into its middle and turns back the clock: the same
 * that the footer's digest says of a file that is not encrypted. Whether the bytes between are
 * still what they were only reading them tells, in both.
 */
#include "headgate/file.h"
#include "headgate/json_data.h"
#include "private.h"

static bool add_edge(const struct stored *stored, uint64_t at, struct hash *hash, struct error *err)
{
    char bytes[SEAL_EDGE];
    size_t n = stored->size - at < SEAL_EDGE ? (size_t)(stored->size - at) : SEAL_EDGE;
    if (!stored_read(stored, bytes, n, at, err)) {
        return false;
    }
    hash_add(hash, bytes, n);
    return true;
}

bool seal_of(const struct stored *stored, char ret_seal[HASH_HEX_SIZE], struct error *err)
{
    CLEANUP(hash_freep) struct hash *hash = hash_new();
    CLEANUP(mem_freep)
    char *facts = mem_printf("%llu %lld.%09ld", (unsigned long long)stored->size,
                             (long long)stored->modified, stored->nanoseconds);
    hash_add_field(hash, facts);
    if (!add_edge(stored, 0, hash, err) ||
        !add_edge(stored, stored->size > SEAL_EDGE ? stored->size - SEAL_EDGE : 0, hash, err)) {
        return false;
    }
    hash_finish(hash, ret_seal);
    return true;
}

static void summarise(const struct manifest *manifest, struct strbuf *out)
{
    struct manifest summary = *manifest;
    summary.database_settings = summary.roles = summary.superusers = summary.memberships =
        (struct strlist)STRLIST_INIT;
    summary.n_extensions = summary.n_tables = summary.n_members = 0;
    manifest_write(&summary, out);
}

bool summary_write(const struct depot *depot, const struct manifest *manifest, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *name = mem_printf("%s" SUMMARY_END, manifest->name);
    summarise(manifest, &text);
    return depot->kind->write_small(depot, name, &text, err);
}

/* Nobody needs a key to write that file, and policies go by it. */
bool summary_check(const struct manifest *told, const struct manifest *manifest, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf outside = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf inside = STRBUF_INIT;
    if (told == NULL) {
        return true;
    }
    summarise(told, &outside);
    summarise(manifest, &inside);
    if (text_equal(outside.text, inside.text)) {
        return true;
    }
    (void)error_set(err, ERROR_BACKUP,
                    "%s" SUMMARY_END " beside it says something else than the backup itself",
                    manifest->name);
    return error_hint(err, "Somebody has changed that file. Remove it: the backup can be verified "
                           "and restored without.");
}

struct manifest *summary_read(const struct depot *depot, const char *name)
{
    CLEANUP(mem_freep) char *file = mem_printf("%s" SUMMARY_END, name);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    CLEANUP(manifest_freep) struct manifest *manifest = NULL;
    if (!depot->kind->read_small(depot, file, &text, &none) ||
        !manifest_parse(text.text, text.size, &manifest, &none) ||
        !text_equal(manifest->name, name)) {
        return NULL;
    }
    return TAKE(manifest);
}
