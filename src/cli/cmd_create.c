/* headgate create: a new migration. */
#include "headgate/clock.h"
#include "headgate/json_write.h"
#include "headgate/output.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(mem_freep) char *folder = NULL;
    CLEANUP(mem_freep) char *path = NULL;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    (void)status;
    if (!project_migrations_path(options, &folder, err) ||
        !migration_create(folder, options->arguments[0], wall_now_usec(), &path, err)) {
        return false;
    }
    if (output_json()) {
        struct json_writer writer = json_writer_start(&out, true);
        json_write_object(&writer);
        json_write_member_integer(&writer, "format", 1);
        json_write_member_text(&writer, "path", path);
        json_write_object_end(&writer);
        output_print("%s\n", out.text);
    } else {
        output_print("%s\n", path);
    }
    return true;
}

const struct command cmd_create = {
    .name = "create",
    .arguments = "NAME",
    .summary = "make a new migration folder",
    .description = "Makes <time>_<name>/migration.sql in the release's folder and prints its path. "
                   "The time is "
                   "later than that of every migration there is, so that the new one comes last.",
    .least = 1,
    .most = 1,
    .run = run,
};
