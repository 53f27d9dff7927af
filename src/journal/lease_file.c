#include "lease_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/json_data.h"

#define SLOT 2048

void lease_record_clear(struct lease_record *record)
{
    mem_free(record->who);
    *record = (struct lease_record){.token = 0};
}

/* --- reading --- */

/* What is there of both slots; -1 with errno. */
static ssize_t read_slots(int fd, char slots[2 * SLOT])
{
    size_t size = 0;
    ssize_t n = 1;
    while (n != 0 && size < 2 * SLOT) {
        n = pread(fd, slots + size, 2 * SLOT - size, (off_t)size);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        size += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)size;
}

static bool read_slot(const char *slot, size_t size, struct lease_record *ret_record)
{
    CLEANUP(json_data_freep) struct json_data *json = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!json_data_parse(slot, size, &json, &ignored)) {
        return false;
    }
    int64_t token = json_data_integer(json, "token", 0), since = 0;
    const char *who = json_data_text(json, "who"), *time = json_data_text(json, "since");
    if (token <= 0 || who == NULL || time == NULL || !wall_parse(time, &since, &ignored)) {
        return false;
    }
    lease_record_clear(ret_record);
    *ret_record =
        (struct lease_record){.token = (uint64_t)token, .who = mem_copy(who), .since = since};
    return true;
}

/* Where the first slot alone is there and cannot be read, the first lease of all died in writing
 * it: it never counted. */
bool lease_file_read(int fd, const char *path, struct lease_record *ret_record, struct error *err)
{
    char slots[2 * SLOT];
    CLEANUP(lease_record_clear) struct lease_record first = {.token = 0};
    CLEANUP(lease_record_clear) struct lease_record second = {.token = 0};
    ssize_t n = read_slots(fd, slots);
    if (n < 0) {
        return error_set_errno(err, "could not read %s", path);
    }
    size_t size = (size_t)n;
    bool has_first = read_slot(slots, size < SLOT ? size : SLOT, &first);
    bool has_second = size > SLOT && read_slot(slots + SLOT, size - SLOT, &second);
    if (!has_first && !has_second && size > SLOT) {
        (void)error_set(err, ERROR_REFUSED, "the lease file %s is damaged", path);
        (void)error_detail(err, "Which tokens were given cannot be known any more.");
        return error_hint(err, "Bring back the file from a copy of the state.");
    }
    struct lease_record *newest = second.token > first.token ? &second : &first;
    *ret_record = *newest;
    *newest = (struct lease_record){.token = 0};
    return true;
}

/* --- writing --- */

static void format(struct strbuf *line, const struct lease_record *record, size_t who_size)
{
    CLEANUP(mem_freep) char *since = wall_format(record->since);
    CLEANUP(mem_freep) char *who = mem_copy_n(record->who, who_size);
    struct json_writer writer = json_writer_start(line, false);
    json_write_object(&writer);
    json_write_member_integer(&writer, "token", (int64_t)record->token);
    json_write_member_text(&writer, "who", who);
    json_write_member_text(&writer, "since", since);
    json_write_object_end(&writer);
}

static bool write_slot(int fd, const char *bytes, off_t at)
{
    size_t done = 0;
    while (done < SLOT) {
        ssize_t n = pwrite(fd, bytes + done, SLOT - done, at + (off_t)done);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    int result = -1;
    do {
        result = fdatasync(fd);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

bool lease_file_write(int fd, const char *path, const struct lease_record *record,
                      struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    size_t who_size = strlen(record->who);
    format(&line, record, who_size);
    while (line.size > SLOT - 1) { /* what is escaped is up to six times as long */
        who_size /= 2;
        strbuf_cut(&line, 0);
        format(&line, record, who_size);
    }
    strbuf_add_repeated(&line, ' ', SLOT - 1 - line.size);
    strbuf_add_char(&line, '\n');
    if (!write_slot(fd, line.text, (off_t)((record->token - 1) % 2 * SLOT))) {
        return error_set_errno(err, "could not write %s", path);
    }
    return true;
}
