/* Writes and reads release.json. */
#include "manifest.h"

#include "headgate/archive.h"
#include "headgate/json.h"
#include "headgate/json_write.h"

#define FORMAT 1
#define FOLDER "migrations/"

/* --- of a release --- */

static struct member *add(struct manifest *manifest, struct arena *arena, enum member_kind kind,
                          const char *migration, const char *file)
{
    struct member *member = &manifest->members[manifest->n++];
    member->kind = kind;
    member->migration = migration;
    member->path = arena_printf(arena, FOLDER "%s%s%s", migration != NULL ? migration : "",
                                migration != NULL ? "/" : "", file);
    return member;
}

static void add_small(struct manifest *manifest, struct arena *arena, enum member_kind kind,
                      const char *name, const struct release_file *file)
{
    if (file->text != NULL) {
        struct member *member = add(manifest, arena, kind, NULL, name);
        member->size = file->size;
        hash_sha256(file->text, file->size, member->sha256);
    }
}

void release_manifest_of(const struct release *release, struct arena *arena,
                         struct manifest *ret_manifest)
{
    struct manifest manifest = {.n_migrations = release->n};
    memcpy(manifest.digest, release->digest, sizeof manifest.digest);
    manifest.members = arena_alloc(arena, (2 * release->n + 2) * sizeof *manifest.members);
    add_small(&manifest, arena, MEMBER_LOCK, LOCK_FILE, &release->lock);
    add_small(&manifest, arena, MEMBER_ORDER, ORDER_FILE, &release->order);
    for (size_t i = 0; i < release->n; i++) {
        const struct migration *migration = &release->migrations[i];
        struct member *up = add(&manifest, arena, MEMBER_UP, migration->name, "migration.sql");
        up->size = migration->size;
        memcpy(up->sha256, migration->checksum, sizeof up->sha256);
        if (migration->down_path != NULL) {
            struct member *down = add(&manifest, arena, MEMBER_DOWN, migration->name, "down.sql");
            down->size = migration->down_size;
            memcpy(down->sha256, migration->down_checksum, sizeof down->sha256);
        }
    }
    *ret_manifest = manifest;
}

/* Strings are read back as they are in every JSON file of ours, where a dollar sign is doubled. */
static void write_path(struct json_writer *writer, const char *path)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (; *path != '\0'; path++) {
        strbuf_add(&text, *path == '$' ? "$" : "");
        strbuf_add_char(&text, *path);
    }
    json_write_member_text(writer, "path", text.text);
}

void release_manifest_write(const struct manifest *manifest, struct strbuf *out)
{
    struct json_writer writer = json_writer_start(out, true);
    CLEANUP(mem_freep) char *name = mem_printf("%.*s", DIGEST_SHOWN, manifest->digest);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", FORMAT);
    json_write_member_text(&writer, "name", name);
    json_write_member_text(&writer, "digest", manifest->digest);
    json_write_member_integer(&writer, "migrations", (int64_t)manifest->n_migrations);
    json_write_member_text(&writer, "headgate", HEADGATE_VERSION);
    json_write_key(&writer, "members");
    json_write_array(&writer);
    for (size_t i = 0; i < manifest->n; i++) {
        json_write_object(&writer);
        write_path(&writer, manifest->members[i].path);
        json_write_member_integer(&writer, "size", (int64_t)manifest->members[i].size);
        json_write_member_text(&writer, "sha256", manifest->members[i].sha256);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    strbuf_add_char(out, '\n');
}

/* --- from a text --- */

static void read_hash(struct json_object *object, const char *key, char ret_hash[HASH_HEX_SIZE])
{
    const char *text = json_text(object, key, JSON_REQUIRED, NULL);
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    if (text == NULL) {
        return;
    }
    if (strlen(text) != HASH_HEX_SIZE - 1 ||
        strspn(text, "0123456789abcdef") != HASH_HEX_SIZE - 1) {
        (void)json_complain(&node, "this is no SHA-256");
        return;
    }
    memcpy(ret_hash, text, HASH_HEX_SIZE);
}

/* What a path is, by its form. */
static bool take_path(const char *path, struct arena *arena, struct member *member)
{
    if (!archive_name_is_good(path) || !text_starts(path, FOLDER)) {
        return false;
    }
    const char *rest = path + strlen(FOLDER), *slash = strchr(rest, '/');
    const char *file = slash != NULL ? slash + 1 : rest;
    static const char *const files[] = {[MEMBER_LOCK] = LOCK_FILE,
                                        [MEMBER_ORDER] = ORDER_FILE,
                                        [MEMBER_UP] = "migration.sql",
                                        [MEMBER_DOWN] = "down.sql"};
    size_t kind = 0;
    while (kind < ARRAY_LEN(files) && !text_equal(files[kind], file)) {
        kind++;
    }
    bool of_migration = kind == MEMBER_UP || kind == MEMBER_DOWN;
    if (kind == ARRAY_LEN(files) || of_migration != (slash != NULL) ||
        (of_migration && rest[0] == '.')) {
        return false;
    }
    member->kind = (enum member_kind)kind;
    member->path = arena_copy(arena, path);
    member->migration = slash != NULL ? arena_copy_n(arena, rest, (size_t)(slash - rest)) : NULL;
    return true;
}

static bool may_follow(const struct member *before, const struct member *member)
{
    switch (member->kind) {
    case MEMBER_LOCK:
        return before == NULL;
    case MEMBER_ORDER:
        return before == NULL || before->kind == MEMBER_LOCK;
    case MEMBER_UP:
        return before == NULL || before->migration == NULL ||
               strcmp(before->migration, member->migration) < 0;
    case MEMBER_DOWN:
        return before != NULL && before->kind == MEMBER_UP &&
               strcmp(before->migration, member->migration) == 0;
    default:
        return false;
    }
}

static void read_member(const struct json_node *item, struct arena *arena,
                        struct manifest *manifest)
{
    struct member *member = &manifest->members[manifest->n];
    struct json_object object;
    if (!json_object_open(item, &object, "a member")) {
        return;
    }
    const char *path = json_text(&object, "path", JSON_REQUIRED, NULL);
    (void)json_member(&object, "size", JSON_REQUIRED);
    member->size = (uint64_t)json_integer(&object, "size", 0, MIGRATION_LIMIT, 0);
    read_hash(&object, "sha256", member->sha256);
    json_object_close(&object);
    if (path == NULL) {
        return;
    }
    if (!take_path(path, arena, member)) {
        (void)json_complain(item, "\"%s\" is no file of a release", path);
    } else if (!may_follow(manifest->n > 0 ? member - 1 : NULL, member)) {
        (void)json_complain(item, "\"%s\" does not belong here", path);
    } else {
        manifest->n_migrations += member->kind == MEMBER_UP;
        manifest->n++;
    }
}

static void read_members(struct json_object *root, struct arena *arena, struct manifest *manifest)
{
    struct json_node list = json_member(root, "members", JSON_REQUIRED);
    size_t n = 0;
    (void)json_array(&list, &n);
    manifest->members = arena_alloc(arena, (n + 1) * sizeof *manifest->members);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        read_member(&item, arena, manifest);
    }
    struct json_node count = json_member(root, "migrations", JSON_REQUIRED);
    int64_t said = json_integer(root, "migrations", 0, INT64_MAX, 0);
    if (manifest->n == n && count.value != NULL && said != (int64_t)manifest->n_migrations) {
        (void)json_complain(&count, "there are %zu", manifest->n_migrations);
    }
}

/* False for a manifest that only a newer program can read; what is wrong otherwise is noted in the
 * document. */
static bool read_root(struct json_document *document, struct arena *arena,
                      struct manifest *manifest, struct error *err)
{
    struct json_node node = json_root(document);
    struct json_object root;
    if (!json_object_open(&node, &root, "the file")) {
        return true;
    }
    (void)json_member(&root, "format", JSON_REQUIRED);
    int64_t format = json_integer(&root, "format", 1, INT64_MAX, FORMAT);
    if (format > FORMAT) {
        (void)error_set(err, ERROR_CONFIG, "%s has format %lld, which this headgate cannot read",
                        json_path(document), (long long)format);
        return error_hint(err, "It was made by a newer one: use that, or one at least as new.");
    }
    (void)json_text(&root, "name", JSON_REQUIRED, NULL);
    (void)json_text(&root, "headgate", JSON_REQUIRED, NULL);
    read_hash(&root, "digest", manifest->digest);
    read_members(&root, arena, manifest);
    json_object_close(&root);
    return true;
}

bool release_manifest_read(const char *shown, const char *text, size_t size, struct arena *arena,
                           struct manifest *ret_manifest, struct error *err)
{
    static const struct json_sources nothing_from_outside = {0};
    CLEANUP(json_freep) struct json_document *document = NULL;
    struct manifest manifest = {0};
    if (!json_parse(shown, text, size, &nothing_from_outside, &document, err) ||
        !read_root(document, arena, &manifest, err) || !json_finish(document, err)) {
        return false;
    }
    *ret_manifest = manifest;
    return true;
}
