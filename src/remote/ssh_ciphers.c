/*
 * ssh asks for ChaCha20 first, which is the faster one where the processor has no instructions for
 * AES. Most have them by now; there AES-GCM is, on both ends.
 */
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "ssh_config.h"

static const char *const fast_ones[] = {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", NULL};

static void add_those(const char *ciphers, bool fast, struct strbuf *text)
{
    while (*ciphers != '\0') {
        size_t size = strcspn(ciphers, ",");
        if (ssh_word_is_in(ciphers, size, fast_ones) == fast) {
            strbuf_add(text, text->size > 0 ? "," : "");
            strbuf_add_n(text, ciphers, size);
        }
        ciphers += size;
        ciphers += *ciphers == ',';
    }
}

char *ssh_ciphers_fast_first(const char *ciphers)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    add_those(ciphers, true, &text);
    add_those(ciphers, false, &text);
    return strbuf_take(&text);
}

bool ssh_machine_has_aes(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
    const unsigned long both = HWCAP_AES | HWCAP_PMULL;
    return (getauxval(AT_HWCAP) & both) == both;
#else
    return false;
#endif
}
