/*
 * Any bytes as a pack: refused, or its members are read, or refused. The digests would stop the
 * fuzzer at the door, so it gets behind them: an input that begins with 'S' is sealed, its rest is
 * two bytes for the length of the frames, the frames, the number of members in a byte, and the
 * index. Any other input is a file as it is.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "headgate/file.h"
#include "pack_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(const uint8_t *data, size_t size, struct strbuf *file)
{
    CLEANUP(strbuf_clear) struct strbuf index = STRBUF_INIT;
    size_t frames = (size_t)data[0] | (size_t)data[1] << 8;
    frames = frames < size - 3 ? frames : size - 3;
    strbuf_add_n(file, (const char *)data + 2, frames);
    strbuf_add_n(&index, (const char *)data + 3 + frames, size - 3 - frames);
    strbuf_add_n(file, index.text, index.size);
    pack_footer_write(frames, &index, data[2 + frames], file);
}

static void use(int fd)
{
    CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (!pack_reader_open(fd, "pack", &reader, &err)) {
        assert(err.code == ERROR_BACKUP);
        return;
    }
    size_t n = 0;
    const struct pack_member *members = pack_reader_members(reader, &n);
    for (size_t i = 0; i < n; i++) {
        CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
        CLEANUP(error_clear) struct error refused = ERROR_INIT;
        assert(pack_reader_find(reader, members[i].name) == &members[i]);
        if (pack_reader_read(reader, &members[i], &bytes, &refused)) {
            assert(bytes.size == members[i].size);
        } else {
            assert(refused.code == ERROR_BACKUP && bytes.size == 0);
        }
    }
    if (!pack_reader_check(reader, 1, NULL, &err)) {
        assert(err.code == ERROR_BACKUP && err.detail != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf file = STRBUF_INIT;
    CLEANUP(fd_closep) int fd = memfd_create("pack", MFD_CLOEXEC);
    if (size >= 4 && data[0] == 'S') {
        seal(data + 1, size - 1, &file);
    } else {
        strbuf_add_n(&file, (const char *)data, size);
    }
    if (!fd_write_all(fd, file.text, file.size, &err)) {
        abort();
    }
    use(fd);
    return 0;
}
