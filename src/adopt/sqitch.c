/*
 * Sqitch: sqitch.plan names the changes in their order, with the time when each was planned;
 * deploy/NAME.sql and revert/NAME.sql are their scripts; the registry is the schema sqitch.
 *
 * Scripts keep their BEGIN and COMMIT. A change that was reworked stands in the plan again; the
 * scripts of the earlier one have the suffix of a tag between the two: NAME@v1.sql. Names begin
 * with the planned times, each at least a second after the one before.
 */
#include <ctype.h>
#include <string.h>

#include "headgate/file.h"
#include "private.h"

#include "adopt_sql.h"

struct plan {
    struct their_folder *folder;
    const struct source *source;
    struct strlist tags; /* in their order */
    size_t *tag_after;   /* how many changes stood before each */
};

static void plan_clear(struct plan *plan)
{
    strlist_clear(&plan->tags);
    mem_free(plan->tag_after);
}

/* "2013-12-30T23:49:00Z" somewhere behind the name, as 14 digits; false where there is none. */
static bool find_time(const struct line *line, char ret_digits[15])
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    for (size_t i = 0; i + strlen(shape) <= line->size; i++) {
        size_t n = 0, k = 0;
        for (; k < strlen(shape); k++) {
            char c = line->text[i + k];
            bool fits = shape[k] == 'd' ? isdigit((unsigned char)c) != 0 : c == shape[k];
            if (!fits) {
                break;
            }
            if (shape[k] == 'd') {
                ret_digits[n++] = c;
            }
        }
        if (k == strlen(shape)) {
            ret_digits[n] = '\0';
            return true;
        }
    }
    return false;
}

static void complain(struct plan *plan, const struct line *line, const char *message)
{
    (void)problem_add(&plan->folder->problems, plan->source, line->offset, line->size, "%s",
                      message);
}

/* The time, but after that of the change before. */
static const char *rising(struct their_folder *folder, const char *digits)
{
    const char *last = folder->n > 0 ? folder->items[folder->n - 1].number : NULL;
    return last != NULL && strcmp(digits, last) <= 0 ? digits_after(folder->arena, last)
                                                     : arena_copy(folder->arena, digits);
}

static void add_change(struct plan *plan, const struct line *line, const char *name)
{
    struct their_folder *folder = plan->folder;
    char digits[15];
    size_t earlier = 0;
    if (!find_time(line, digits) || !digits_are_time(digits)) {
        complain(plan, line, "the change has no time");
        return;
    }
    for (size_t i = 0; i < folder->n; i++) {
        earlier += text_equal(folder->items[i].title, name) ? 1 : 0;
    }
    CLEANUP(mem_freep)
    char *version = earlier > 0 ? mem_printf("%s (%zu)", name, earlier + 1) : mem_copy(name);
    const char *number = rising(folder, digits);
    their_add(folder, version, name, name)->number = number;
}

static void add_tag(struct plan *plan, const char *name)
{
    strlist_add(&plan->tags, name);
    plan->tag_after = mem_resize(plan->tag_after, plan->tags.n, sizeof *plan->tag_after);
    plan->tag_after[plan->tags.n - 1] = plan->folder->n;
}

static void take_pragma(struct plan *plan, const struct line *line)
{
    static const char project[] = "%project=";
    CLEANUP(strbuf_clear) struct strbuf packed = STRBUF_INIT;
    for (size_t i = 0; i < line->size && line->text[i] != '#'; i++) {
        if (!isspace((unsigned char)line->text[i])) {
            strbuf_add_char(&packed, line->text[i]);
        }
    }
    if (text_starts(packed.text, project)) {
        plan->folder->project = arena_copy(plan->folder->arena, packed.text + strlen(project));
    }
}

static void take_line(struct plan *plan, struct line line)
{
    while (line.size > 0 && isspace((unsigned char)line.text[0])) {
        line.text++, line.offset++, line.size--;
    }
    if (line.size == 0 || line.text[0] == '#') {
        return;
    }
    if (line.text[0] == '%') {
        take_pragma(plan, &line);
        return;
    }
    size_t begin = strchr("@+-", line.text[0]) != NULL ? 1 : 0, end;
    while (begin < line.size && (line.text[begin] == ' ' || line.text[begin] == '\t')) {
        begin++;
    }
    for (end = begin; end < line.size && !isspace((unsigned char)line.text[end]); end++) {
    }
    CLEANUP(mem_freep) char *name = mem_copy_n(line.text + begin, end - begin);
    if (line.text[0] == '@') {
        add_tag(plan, name);
    } else if (line.text[0] == '-' || name[0] == '\0' || strstr(name, "..") != NULL ||
               name[0] == '/') {
        complain(plan, &line, "this is no change that headgate understands");
    } else {
        add_change(plan, &line, name);
    }
}

/* The script of a change: that of a reworked one has the suffix of the first tag behind it for
 * which there is a file. */
static char *script_of(const struct plan *plan, size_t change)
{
    const struct their_folder *folder = plan->folder;
    size_t next = change + 1;
    while (next < folder->n &&
           !text_equal(folder->items[next].title, folder->items[change].title)) {
        next++;
    }
    for (size_t i = 0; i < plan->tags.n && next < folder->n; i++) {
        CLEANUP(mem_freep)
        char *file = mem_printf("%s@%s.sql", folder->items[change].title, plan->tags.items[i]);
        CLEANUP(mem_freep) char *path = mem_printf("%s/deploy/%s", folder->path, file);
        if (plan->tag_after[i] > change && plan->tag_after[i] <= next && path_exists(path)) {
            return TAKE(file);
        }
    }
    return mem_printf("%s.sql", folder->items[change].title);
}

static void read_plan(struct plan *plan)
{
    struct line line;
    for (size_t at = 0; source_line(plan->source, &at, &line);) {
        take_line(plan, line);
    }
    if (plan->folder->project == NULL) {
        (void)problem_add_plain(&plan->folder->problems, plan->source->file,
                                "the plan does not name its %%project");
    }
}

void sqitch_plan(struct their_folder *folder, const struct source *source)
{
    CLEANUP(plan_clear) struct plan plan = {.folder = folder, .source = source};
    read_plan(&plan);
}

static void read_scripts(struct plan *plan, size_t change)
{
    struct their_folder *folder = plan->folder;
    struct their_migration *migration = &folder->items[change];
    struct source source;
    CLEANUP(mem_freep) char *script = script_of(plan, change);
    CLEANUP(mem_freep) char *deploy = path_join("deploy", script);
    CLEANUP(mem_freep) char *revert = path_join("revert", script);
    CLEANUP(mem_freep) char *revert_path = path_join(folder->path, revert);
    migration->file = arena_copy(folder->arena, deploy);
    if (their_text(folder, deploy, &source)) {
        refuse_psql(folder, &source);
        migration->text = source.text;
        migration->checksum = checksum_sha1(folder->arena, source.text, source.size);
    }
    if (path_exists(revert_path) && their_text(folder, revert, &source)) {
        refuse_psql(folder, &source);
        migration->down = source.text;
    }
}

static bool read_folder(struct their_folder *folder, struct error *err)
{
    struct source source;
    CLEANUP(mem_freep) char *path = path_join(folder->path, "sqitch.plan");
    CLEANUP(mem_freep) char *verify = path_join(folder->path, "verify");
    CLEANUP(plan_clear) struct plan plan = {.folder = folder, .source = &source};
    if (!path_exists(path)) {
        (void)error_set(err, ERROR_CONFIG, "there is no sqitch.plan in %s", folder->path);
        return error_hint(err, "Name the folder that it stands in with --source.");
    }
    if (!their_text(folder, "sqitch.plan", &source)) {
        return true;
    }
    read_plan(&plan);
    for (size_t i = 0; i < folder->n; i++) {
        read_scripts(&plan, i);
    }
    if (path_exists(verify)) {
        strlist_add(&folder->notes, "Scripts in verify/ have no place in a release and stay where "
                                    "they are.");
    }
    return true;
}

const struct tool tool_sqitch = {
    .name = "sqitch",
    .usual = {".", "sqitch", "db"},
    .read = read_folder,
    .history = &SQL_ADOPT_SQITCH,
    .table = "sqitch.changes",
    .same = row_same_text,
    .apply = "sqitch deploy",
    .rehash = "make it a change of its own with: sqitch rework CHANGE",
};
