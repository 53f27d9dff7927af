/* Any bytes as a known_hosts file: the first line of the input is the host that is looked up. What
 * is found does not depend on lines of garbage in front. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "headgate/mem.h"
#include "private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20"
                          "0123456789abcdef0123456789abcdef";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t n = end != NULL ? (size_t)(end - data) : size;
    CLEANUP(mem_freep) char *host = mem_copy_n((const char *)data, n);
    CLEANUP(mem_freep) char *text = mem_copy_n((const char *)data + n, size - n);
    CLEANUP(mem_freep) char *longer = mem_printf("garbage\n%s", text);
    const struct known_file file = {"f", text, strlen(text)};
    const struct known_file longer_file = {"f", longer, strlen(longer)};
    for (int port = 22; port <= 2222; port += 2200) {
        CLEANUP(strlist_clear) struct strlist types = STRLIST_INIT;
        CLEANUP(known_answer_clear) struct known_answer answer = KNOWN_ANSWER_INIT;
        CLEANUP(known_answer_clear) struct known_answer again = KNOWN_ANSWER_INIT;
        known_hosts_look(&file, host, port, key, sizeof key - 1, &answer);
        known_hosts_look(&longer_file, host, port, key, sizeof key - 1, &again);
        known_hosts_types(&file, host, port, &types);
        assert(answer.known == again.known);
        assert((answer.where == NULL) == (answer.known == KNOWN_NOT));
        assert(answer.known != KNOWN_DIFFERS || answer.fingerprints.n > 0);
        assert(answer.known != KNOWN_MATCHES || types.n > 0);
        CLEANUP(mem_freep) char *type = host_key_type(data, size);
        assert(type == NULL || strlen(type) < size);
    }
    return 0;
}
