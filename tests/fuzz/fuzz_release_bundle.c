/* Any bytes as a bundle: refused, or a release whose digest and texts agree. Archives that are not
 * compressed are read as well, so that the fuzzer need not invent zstd. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "headgate/file.h"
#include "headgate/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct release *release)
{
    for (size_t i = 0; i < release->n; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        const struct migration *migration = &release->migrations[i];
        assert(release_find(release, migration->name) == migration);
        assert(migration_load(migration, &text, &err) && text.size == migration->size);
        assert(migration->down_path == NULL || migration_load_down(migration, &text, &err));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(release_freep) struct release *release = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int fd = memfd_create("bundle", MFD_CLOEXEC);
    CLEANUP(mem_freep) char *path = mem_printf("/proc/self/fd/%d", fd);
    if (!fd_write_all(fd, (const char *)data, size, &err)) {
        abort();
    }
    if (release_read(path, &release, &err)) {
        look_at(release);
    } else {
        assert(err.code == ERROR_CONFIG);
    }
    return 0;
}
