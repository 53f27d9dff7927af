/* Any bytes as a manifest: refused, or one that is the same when it is written and read again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "headgate/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(manifest_freep) struct manifest *manifest = NULL;
    CLEANUP(manifest_freep) struct manifest *again = NULL;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf second = STRBUF_INIT;
    if (!manifest_parse((const char *)data, size, &manifest, &err)) {
        assert(err.code == ERROR_BACKUP);
        return 0;
    }
    manifest_write(manifest, &text);
    if (!manifest_parse(text.text, text.size, &again, &err)) {
        abort();
    }
    manifest_write(again, &second);
    if (!text_equal(text.text, second.text)) {
        abort();
    }
    return 0;
}
