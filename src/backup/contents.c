/* The stream of pg_dump, read out of an archive: any range of it, member by member. */
#include "private.h"

static bool is_of_dump(const struct pack_member *member)
{
    return text_starts(member->name, DUMP_FOLDER "/");
}

static void find_members(struct contents *contents)
{
    size_t n = 0;
    const struct pack_member *members = pack_reader_members(contents->archive->reader, &n);
    contents->members = mem_new(n + 1, sizeof(struct pack_member *));
    contents->starts = mem_new(n + 1, sizeof *contents->starts);
    for (size_t i = 0; i < n; i++) {
        if (is_of_dump(&members[i])) {
            contents->members[contents->n] = &members[i];
            contents->starts[contents->n + 1] = contents->starts[contents->n] + members[i].size;
            contents->n++;
        }
    }
    contents->held = contents->n;
}

/* --- ranges --- */

static bool hold(struct contents *contents, size_t member, struct error *err)
{
    if (contents->held == member) {
        return true;
    }
    contents->held = contents->n;
    strbuf_cut(&contents->bytes, 0);
    if (!pack_reader_read(contents->archive->reader, contents->members[member], &contents->bytes,
                          err)) {
        return false;
    }
    contents->held = member;
    return true;
}

/* The member that has this place of the stream. */
static size_t member_at(const struct contents *contents, uint64_t at)
{
    size_t low = 0, high = contents->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (contents->starts[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

bool contents_read(struct contents *contents, uint64_t at, uint64_t size,
                   bool (*sink)(void *context, const char *bytes, size_t n, struct error *err),
                   void *context, struct error *err)
{
    uint64_t end = contents->starts[contents->n];
    if (at > end || size > end - at) {
        return error_set(err, ERROR_BACKUP,
                         "the archive's manifest speaks of more data than it has");
    }
    for (size_t i = member_at(contents, at); size > 0; i++) {
        if (!hold(contents, i, err)) {
            return false;
        }
        size_t from = (size_t)(at - contents->starts[i]);
        size_t left = contents->bytes.size - from;
        size_t n = size < left ? (size_t)size : left;
        if (!sink(context, contents->bytes.text + from, n, err)) {
            return false;
        }
        at += n;
        size -= n;
    }
    return true;
}

/* --- the table of contents --- */

static bool enough(void *context, const struct dump_toc *toc)
{
    (void)context;
    (void)toc;
    return false;
}

static bool feed(void *context, const char *bytes, size_t n, struct error *err)
{
    return dump_reader_feed(context, bytes, n, err);
}

static bool read_toc(struct contents *contents, struct error *err)
{
    const struct dump_handler handler = {.toc = enough, .without_digests = true};
    contents->reader = dump_reader_new(&handler);
    if (!contents_read(contents, 0, contents->archive->manifest->toc_end, feed, contents->reader,
                       err)) {
        return false;
    }
    contents->toc = dump_reader_toc(contents->reader);
    return contents->toc != NULL ||
           error_set(err, ERROR_BACKUP, "the dump in the archive has no table of contents");
}

bool contents_open(const struct vault_archive *archive, struct contents *ret_contents,
                   struct error *err)
{
    CLEANUP(contents_clear)
    struct contents contents = {.archive = archive, .bytes = STRBUF_INIT};
    find_members(&contents);
    if (!read_toc(&contents, err)) {
        return false;
    }
    *ret_contents = contents;
    contents = (struct contents){.bytes = STRBUF_INIT};
    return true;
}

void contents_clear(struct contents *contents)
{
    mem_free(contents->members);
    mem_free(contents->starts);
    dump_reader_freep(&contents->reader);
    strbuf_clear(&contents->bytes);
    *contents = (struct contents){.bytes = STRBUF_INIT};
}

const struct dump_entry *contents_entry(const struct contents *contents, int dump_id)
{
    for (size_t i = 0; i < contents->toc->n; i++) {
        if (contents->toc->entries[i].id == dump_id) {
            return &contents->toc->entries[i];
        }
    }
    return NULL;
}

/* --- everything but rows --- */

/* What lies between the blocks of tables: blocks of large objects. */
static bool copy_between(struct contents *contents, struct temporary *to, struct error *err)
{
    const struct manifest *manifest = contents->archive->manifest;
    uint64_t at = manifest->toc_end;
    for (size_t i = 0; i <= manifest->n_tables; i++) {
        bool last = i == manifest->n_tables;
        uint64_t until = last ? manifest->dump_size : manifest->tables[i].at;
        if (until < at) {
            return error_set(err, ERROR_BACKUP, "the archive's manifest contradicts itself");
        }
        if (!contents_read(contents, at, until - at, temporary_add, to, err)) {
            return false;
        }
        at = last ? until : until + manifest->tables[i].size;
    }
    return true;
}

bool contents_skeleton(struct contents *contents, struct temporary *ret_skeleton, struct error *err)
{
    return temporary_open(ret_skeleton, err) &&
           contents_read(contents, 0, contents->archive->manifest->toc_end, temporary_add,
                         ret_skeleton, err) &&
           copy_between(contents, ret_skeleton, err);
}
